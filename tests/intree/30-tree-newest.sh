#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# In the source of the newest Linux that Debian has
exec sh "$(dirname "$0")/tree.sh" sid

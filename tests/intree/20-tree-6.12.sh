#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# In the source of Linux 6.12
exec sh "$(dirname "$0")/tree.sh" bookworm-backports

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# The packages on Debian 12
exec sh "$(dirname "$0")/try.sh" bookworm

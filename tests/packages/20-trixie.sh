#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# The packages on Debian 13
exec sh "$(dirname "$0")/try.sh" trixie

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: clang
# timeout: 90
# boot: own cfi=fineibt
#
# The suites where functions check who calls them. The kernel does that by itself on a
# processor that has IBT; here it is told to, and ENDBR does nothing.
. "$(dirname "$0")/lib.sh"

check "functions check their callers" \
	sh -c 'dmesg | grep -q "SMP alternatives: Using FineIBT CFI$"'
sh "$(dirname "$0")/40-kunit.sh"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: clang
#
# The kernel of clang checks indirect calls, which the other tests on it rely on.
. "$(dirname "$0")/lib.sh"

check "callers check what they call" \
	sh -c 'dmesg | grep -q "SMP alternatives: Using kCFI$"'

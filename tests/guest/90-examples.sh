#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
# kernel: stock
# timeout: 480
# boot: own
# processors: in turn
# clock: instructions arm64 riscv64
#
# The examples do what they say, with real packets of a real resolver. (The
# debug kernels have no firmware loader, which dnsfilter reads its script by.)
. "$(dirname "$0")/lib.sh"

sh /klua/examples/test.sh
check "the demonstration goes as its text says" sh /klua/examples/demo.sh

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
#
# The examples do what they say, with real packets of a real resolver.
. "$(dirname "$0")/lib.sh"

sh /klua/examples/test.sh
check "the demonstration goes as its text says" sh /klua/examples/demo.sh

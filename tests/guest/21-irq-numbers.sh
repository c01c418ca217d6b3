#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 120
# boot: own
# clock: instructions
#
# Numbers, and all else that tests/scripts/semantics/ says, are the same with
# interrupts off. In a machine whose time is what it does: a state of this kind has a
# tenth of a second for an entry at most.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cases.sh"

load klua
load klua_runner
for file in "$scripts"/*.cases; do
	check_file "$file" kind=irq maxalloc=1000000
done

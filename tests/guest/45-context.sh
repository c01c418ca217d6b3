#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: kasan
# allow: klua: leak_[a-z_]+ \[klua_leaks\] (returned|raised) with preempt_count
# allow: WARNING: .*/lua/host\.h:
# allow: cut here|Call Trace:|RIP: 0010:
#
# A function that Lua calls and that leaves a lock held, or preemption or
# interrupts off, is reported by name where the kernel is built to find such
# mistakes; one that does not is not.
. "$(dirname "$0")/lib.sh"

load klua
dmesg_mark
load klua_leaks
dmesg_since | sed -n 's/.*klua: \(leak_.*\)/\1/p' >/tmp/said

# says FUNCTION HOW
says()
{
	like "$1 is reported" "$1 \[klua_leaks\] $2 with preempt_count *" \
		"$(grep "^$1 " /tmp/said)"
}
says leak_a_lock returned
says leak_a_lock_and_raise raised
says leak_preemption returned
says leak_interrupts returned
is "and nothing else is" 4 "$(wc -l </tmp/said)"

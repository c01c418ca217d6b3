#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock
# timeout: 120
# boot: own
# processors: in turn
# shellcheck shell=dash
#
# An irq state is entered from a kprobe on a function that the page allocator
# calls. When the probe hits while its own state runs, it gets -EBUSY and nothing
# else happens; the state itself never calls the allocator. In a task, and in the
# hard interrupt of an hrtimer.
. "$(dirname "$0")/lib.sh"

# first_of FUNCTION...: the first that this kernel has
first_of()
{
	local symbol
	for symbol; do
		grep -q " [Tt] $symbol\$" /proc/kallsyms && break
	done
	echo "$symbol"
}

# What alloc_page() calls has had four names; the newest is first. A kernel that has
# the second still, besides the first, does not call it from there.
allocate=$(first_of __alloc_frozen_pages_noprof __alloc_pages_noprof \
	__alloc_pages __alloc_pages_nodemask)

# Hits are counted, but for those inside. On riscv64 a probe is a breakpoint that runs
# as an NMI does: there each hit gets -EOPNOTSUPP.
counted=yes gets=-16
[ "$(uname -m)" != riscv64 ] || counted=no gets=-95

load klua
# What an entry of a task calls with a lock that an irq state's entry wants, too
for symbol in _raw_spin_unlock_irqrestore _raw_spin_lock; do
	grep -q " [Tt] $symbol\$" /proc/kallsyms || {
		skip "$symbol: probed inside of another state" "it is inline in this kernel"
		continue
	}
	dmesg_mark
	load klua_irq symbol="$symbol"
	is "$symbol: probed inside of another state" "klua_irq: inside: 0" \
		"$(dmesg_since | grep '^klua_irq: inside')"
	unload klua_irq
done
for symbol in $allocate get_page_from_freelist; do
	dmesg_mark
	load klua_irq symbol="$symbol"
	dmesg_since | sed -n 's/^klua_irq: //p' >/tmp/said
	is "$symbol: is a page that is allocated counted: $counted" \
		"a page: counted $counted" "$(grep '^a page' /tmp/said)"
	for from in task hrtimer; do
		is "$symbol, $from: a hit inside gets $gets, and is not counted" \
			"$from: pages() 0, 0; hits 1, the last $gets" \
			"$(grep "^$from: pages" /tmp/said)"
		is "$symbol, $from: all memory of the state is there" \
			"$from: fill() -12, 0; hits 0, the last 0" \
			"$(grep "^$from: fill" /tmp/said)"
	done
	check "$symbol: the state works on" klua run --force klua_irq -e 'return count'
	unload klua_irq
done

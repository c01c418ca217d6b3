#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: kasan
# timeout: 90
#
# Each allocation of each function fails once (tests/faults/klua_faults.c): an
# error, and nothing else, comes of it. What is leaked kmemleak finds at the
# end of the run.
. "$(dirname "$0")/lib.sh"

for kind in failslab fail_page_alloc; do
	dir=/sys/kernel/debug/$kind
	echo 0 >$dir/verbose
	echo N >$dir/ignore-gfp-wait
done
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

# Objects in the slabs that states and their blocks are in, those that KASAN
# keeps from being used again not counted.
objects()
{
	for slab in /sys/kernel/slab/kmalloc-cg-*; do
		echo 1 >"$slab/shrink"
		cat "$slab/objects"
	done | awk '{ n += $1 } END { print n }'
}

# Each failure of a create is one line.
dmesg -n 5
load klua
dmesg -c >/dev/null
objects >/dev/null
before=$(objects)
load klua_faults
dmesg | sed -n 's/.* klua_faults: //p' >/tmp/log
refused=$(dmesg | grep -c "klua: cannot create state 'faults' .*: not enough memory")
sed 's/^/# /' /tmp/log
is "every failure is an error, and no more than that" '' "$(grep '!!!' /tmp/log)"
is "the test ends" "End of test: SUCCESS" "$(tail -n 1 /tmp/log)"
errors=$(sed -n 's/^create: .*, \([0-9]*\) errors/\1/p' /tmp/log)
is "each state that is not made is one line in the log" "$errors" "$refused"
# Lua asks twice for most of them, so that one failure is felt by few alone.
# Memory that ends for good at each place is for KUnit, by the state's limit.
failed=$(sed -n 's/^create: \([0-9]*\) allocations failed, .*/\1/p' /tmp/log)
like "each of its allocations failed" '[1-9][0-9][0-9]*' "$failed"
like "some of which Lua does not ask for twice" '[1-9]*' "$errors"

# What a state leaves behind is more than this, if every failure leaves some.
unload klua_faults
unload klua
after=$(objects)
echo "# objects before: $before, after: $after"
check "the slabs hold what they did before" [ $((after - before)) -le 20 ]

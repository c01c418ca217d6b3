#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: kasan
# timeout: 300
#
# Each allocation of each function fails, alone and with all that come after it
# (tests/faults/klua_faults.c): an error, and nothing else, comes of it. What is
# leaked kmemleak finds at the end of the run.
. "$(dirname "$0")/lib.sh"

for kind in failslab fail_page_alloc; do
	dir=/sys/kernel/debug/$kind
	echo 0 >$dir/verbose
	echo N >$dir/ignore-gfp-wait
	echo Y >$dir/task-filter
	echo 100 >$dir/probability
	echo -1 >$dir/times
done
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

# Objects in the slabs that states' blocks are in, those that KASAN keeps from being
# used again not counted. The slab of the states themselves is gone with the module,
# and the kernel reports a state that is left in it.
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
dmesg | sed -n 's/^\[[^]]*\] klua_faults: //p' >/tmp/log
refused=$(dmesg | grep -c "klua: cannot create state 'faults' .*: not enough memory")
sed 's/^/# /' /tmp/log
is "every failure is an error, and no more than that" '' "$(grep '!!!' /tmp/log)"
is "the test ends" "End of test: SUCCESS" "$(tail -n 1 /tmp/log)"
# of WHAT HOW NUMBER: that number of its line
of()
{
	sed -n "s/^$1, $2: \([0-9]*\) allocations failed, \([0-9]*\) errors/\\$3/p" \
		/tmp/log
}
once=$(of create once 2)
good=$(of create 'for good' 2)
is "each state that is not made is one line in the log" $((once + good)) \
	"$refused"
# Lua asks twice for its pages, so that one failure is felt by few alone.
like "each of create's allocations failed" '[1-9]*' "$(of create once 1)"
like "some of which Lua does not ask for twice" '[1-9]*' "$once"
missed=$(($(of create 'for good' 1) - good))
check "without memory from some allocation on no state is made, but for $missed" \
	[ "$missed" -le 2 ]
for what in run 'run sleepable' call objects invoke register; do
	like "without memory from some allocation on $what fails" '[1-9]*' \
		"$(of "$what" 'for good' 2)"
done
for what in new 'new sleepable' 'new irq' 'new set' replace 'replace set'; do
	like "each of the allocations of $what failed" '[1-9]*' \
		"$(of "$what" once 1)"
	like "without memory from some allocation on $what fails" '[1-9]*' \
		"$(of "$what" 'for good' 2)"
done

# The device, by a program: what a run and a build copy in, and all of the rest.
failrun >/tmp/log 2>&1
is "failrun ends" 0 $?
sed 's/^/# /' /tmp/log
is "every failure in the device is an error, and no more than that" '' \
	"$(grep '!!!' /tmp/log)"
for what in build run; do
	like "the device: each allocation of a $what failed, some with an error" \
		"$what: [1-9]* allocations failed, [1-9]* errors" \
		"$(grep "^$what: " /tmp/log)"
done
check "the state is there" klua destroy user/failrun

# Others use these slabs, too, now and then. What a failure leaves behind is there
# after each round.
unload klua_faults
unload klua
after=$(objects)
least=$((after - before))
for round in second third; do
	before=$after
	load klua
	load klua_faults
	unload klua_faults
	unload klua
	after=$(objects)
	echo "# objects before the $round round: $before, after: $after"
	[ $((after - before)) -ge "$least" ] || least=$((after - before))
done
check "the slabs hold what they did before" [ "$least" -le 2 ]

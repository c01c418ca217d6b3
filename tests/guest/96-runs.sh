#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 240
#
# A script runs as part of whoever asked for it and holds up nobody else:
# neither requests, nor a family that comes, nor lists while states come and go.
. "$(dirname "$0")/lib.sh"

load klua
klua create r/busy
klua create r/other
klua set -s unlimited -T unlimited r/busy

# Eight that run or wait: nothing but a signal or a cancel ends one.
runners=
for _ in 1 2 3 4 5 6 7 8; do
	klua run r/busy -e 'while true do end' >/dev/null 2>&1 &
	runners="$runners $!"
done
until klua show --json r/busy | grep -q '"users":9,'; do :; done

# all_there WHAT: none of them has ended
all_there()
{
	local runner
	for runner in $runners; do
		kill -0 "$runner" 2>/dev/null || { not_ok "$1"; return; }
	done
	ok "$1"
}

check "a family comes while scripts run" insmod /klua/modules/klua_family.ko
all_there "and waits for none of them"
check "nor does one that goes" rmmod klua_family
for command in list stats info 'show r/busy' 'set -s 5k r/other' \
	       'run r/other -e x=1' 'create r/new' 'destroy r/new'; do
	# shellcheck disable=SC2086	# one word for each
	check "klua $command works meanwhile" klua $command
done
all_there "and waits for none of them, either"
check_fails "the module stays" rmmod klua

# A script is its caller's, whose end is its own, and whose account has it.
# shellcheck disable=SC2086	# one word for each
set -- $runners
for runner; do
	time=$(awk '{ print $15 }' "/proc/$runner/stat" 2>/dev/null || echo 0)
	[ "$time" -lt 10 ] || break
done
check "the processor's time is the caller's" [ "$time" -ge 10 ]
cg=/tmp/cgroup
mkdir -p $cg
mount -t cgroup2 none $cg
mkdir $cg/theirs

# in_kernel: microseconds that tasks of the control group were in the kernel for
in_kernel()
{
	sed -n 's/^system_usec //p' $cg/theirs/cpu.stat
}

# shellcheck disable=SC2016	# of that shell
sh -c 'echo $$ >/tmp/cgroup/theirs/cgroup.procs; exec klua run -s unlimited \
	-T unlimited -e "while true do end"' >/dev/null 2>&1 &
theirs=$!
until [ "$(in_kernel)" -ge 500000 ] || ! kill -0 $theirs; do sleep 0.1; done
check "and its control group's" kill $theirs
wait $theirs
rmdir $cg/theirs
umount $cg
check "cancel ends one" klua cancel r/busy
# shellcheck disable=SC2086	# one word for each
kill $runners
for runner; do
	wait "$runner" 2>/dev/null
done
is "the end of their callers ends all" 1 \
	"$(klua show --json r/busy | grep -c '"users":1,')"
like "by signals or the cancel" '*"cancels":1,*' "$(klua show --json r/busy)"

# Without a reader for what it says, a script runs all the same.
check "output that nobody reads" sh -c \
	'klua run r/other -e "for i = 1, 100 do print(i) end" | sleep 1'
unload klua

# Dumps while states come and go: complete, or said not to be.
load klua user_states_max=3000 user_bytes_max=1000000000
check "many states" nltest fill r/ 1200 16384
nltest -m 100000000 2 3:str:r/churn 11:u64:16384 </dev/null >/dev/null &
churner=$!

# incomplete LIST ERRORS: it has not all of them, and does not say so
incomplete()
{
	! grep -q 'some may be missing' "$2" &&
		[ "$(grep -c ' r/[0-9]' "$1")" -ne 1200 ]
}

failed=0
short=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
	klua list >/tmp/list 2>/tmp/said || failed=$((failed + 1))
	! incomplete /tmp/list /tmp/said || short=$((short + 1))
done
is "no list fails while states come and go" 0 $failed
is "each is complete or said not to be" 0 $short
klua stats --watch=0.1 >/tmp/stats 2>/tmp/said &
watcher=$!
until [ "$(grep -c RUNS /tmp/stats)" -gt 3 ] || ! kill -0 "$watcher"; do
	sleep 0.1
done
check "nor do statistics that are watched" kill "$watcher"
wait "$watcher" 2>/dev/null
: >/tmp/events
klua monitor --json >>/tmp/events 2>/tmp/said &
monitor=$!
until [ "$(wc -l </tmp/events)" -gt 1000 ] || ! kill -0 "$monitor"; do
	sleep 0.1
done
kill "$monitor"
wait "$monitor" 2>/dev/null
# Each state has the number after that of the one before.
is "a monitor misses no event" '' "$(cat /tmp/said; sed '$d' /tmp/events |
	sed -n 's/.*"event":"created","id":\([0-9]*\),.*/\1/p' |
	awk 'NR > 1 && $1 != id + 1 { print id, $1 } { id = $1 }')"
check "states came and went all the time" kill "$churner"
wait "$churner" 2>/dev/null
unload klua
is "the module goes with all of them" '' "$(grep '^klua ' /proc/modules)"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 120
#
# What only pauses a process ends no script of its, nor its wait for a state: job
# control, the freezer of control groups. A signal that asks for its end does. (See
# 94-terminal.sh for SIGINT, which a shell's background processes ignore.)
. "$(dirname "$0")/lib.sh"

loop='while true do for i = 1, 10000 do end print("on") end'
cg=/tmp/cgroup

# runs KIND [COMMAND]...: a script without an end; sets $runner
runs()
{
	local kind="$1"
	shift
	klua create -k "$kind" -s unlimited p/one
	[ "$kind" != sleepable ] || klua set -T unlimited p/one
	: >/tmp/out
	"$@" klua run p/one -e "$loop" >/tmp/out 2>/tmp/said &
	runner=$!
	goes_on "a script runs"
}

# waits SCRIPT: sets $waiter, which waits until the state is free to run this
waits()
{
	klua run p/one -e "$1" >/tmp/waited 2>&1 &
	waiter=$!
	until klua show --json p/one | grep -q '"users":3,'; do :; done
}

# goes_on WHAT: it prints more than it had
goes_on()
{
	local n
	n=$(wc -l </tmp/out)
	until [ "$(wc -l </tmp/out)" -gt $((n + 3)) ]; do
		kill -0 "$runner" 2>/dev/null || { not_ok "$1"; return; }
		sleep 0.1
	done
	ok "$1"
}

# ends WHAT STATUS ERRORS
ends()
{
	wait "$runner"
	is "$1: status" "$2" $?
	like "$1: words" "$3" "$(cat /tmp/said)"
	klua destroy p/one
}

load klua
runs sleepable
kill -STOP $runner
kill -CONT $runner
goes_on "a script outlives a stop of its process"
check "and is cancelled" klua cancel p/one
ends "which ends it" 1 'klua: *: cancelled*'

mkdir -p $cg
mount -t cgroup2 none $cg
mkdir $cg/theirs
runs sleepable
echo $runner >$cg/theirs/cgroup.procs
echo 1 >$cg/theirs/cgroup.freeze
echo 0 >$cg/theirs/cgroup.freeze
goes_on "a script outlives the freezer of its control group"
kill -TERM $runner
ends "SIGTERM ends it" 143 ''
rmdir $cg/theirs
umount $cg

runs sleepable
waits 'return 6 * 7'
kill -STOP $waiter
kill -CONT $waiter
klua cancel p/one
wait $waiter
is "a wait for the state outlives a stop: status" 0 $?
is "and then the script runs" 42 "$(cat /tmp/waited)"
ends "the one before is cancelled" 1 'klua: *: cancelled*'

runs sleepable
waits 'return 1'
kill -TERM $waiter
wait $waiter
is "SIGTERM ends a wait" 143 $?
goes_on "and not what it waits for"
check "which is cancelled" klua cancel p/one
ends "and ends" 1 'klua: *: cancelled*'

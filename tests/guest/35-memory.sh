#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock
# timeout: 120
# boot: own mem=192M cma=0
#
# What a state's memory does to the machine: no more is held than the limit
# allows, all of it comes back, whoever made the state is charged, and nobody
# else is killed for it. The console checker fails this test when the OOM
# killer runs or the page allocator complains.
. "$(dirname "$0")/lib.sh"

load klua
load klua_runner

# Whoever makes a state is charged for it: here up to 64 MiB.
cg=/tmp/cgroup
mkdir "$cg"
mount -t cgroup2 none "$cg" 2>/dev/null
if ! echo +memory 2>/dev/null >"$cg/cgroup.subtree_control"; then
	skip "what a state's memory does to the machine" "no memory cgroups here"
	exit 0
fi
mkdir "$cg/filler" "$cg/maker" "$cg/user"
echo $((64 << 20)) >"$cg/filler/memory.max"
echo $((16 << 20)) >"$cg/maker/memory.max"

# made CGROUP [KEY=VALUE]...: a state that this cgroup is charged for
made()
{
	echo $$ >"$cg/$1/cgroup.procs"
	shift
	lua 'return 1' keep=1 "$@"
	echo $$ >"$cg/user/cgroup.procs"
}

# fills WHAT SCRIPT [KEY=VALUE]...: it ends for want of memory, then all is back
fills()
{
	what="$1"
	script="$2"
	shift 2
	before=$(free_now)
	made filler name=filler "$@"
	lua "$script" name=filler steps=2000000000 "$@"
	is "$what: out of memory" -ENOMEM "$lua_errno"
	lost=$((before - $(free_now)))
	# Closing waits for a grace period.
	for _ in 1 2 3 4 5; do
		[ "$lost" -gt 2048 ] || break
		sleep 1
		lost=$((before - $(free_now)))
	done
	check "$what: the memory comes back, but for $lost KiB" \
		[ "$lost" -le 2048 ]
}

large='local s, t = ("x"):rep(500000), {} while true do t[#t + 1] = s .. #t end'
for context in process softirq; do
	fills "all that its maker may have, $context" "$large" \
		maxalloc=100000000000 "context=$context"
	fills "small blocks, $context" \
		'local t while true do t = {t} end' \
		maxalloc=4000000 "context=$context"
	fills "a string of one block, $context" \
		'return #("x"):rep(100 << 20)' \
		maxalloc=1000000000 "context=$context"
	fills "a table of one block, $context" \
		'local t = {} for i = 1, 1 << 30 do t[i] = i end' \
		maxalloc=1000000000 "context=$context"
done
is "nobody was killed" "oom_kill 0" "$(grep '^oom_kill ' /proc/vmstat)"

# The worst that the rounding of blocks can do: half of each two pages is air.
hostile='t = {} pcall(function() while true do
	t[#t + 1] = ("x"):rep(4070) .. #t end end) return #t'
before=$(free_now)
lua "$hostile" name=hostile keep=1 maxalloc=20000000 steps=2000000000
is "a script that wastes what it can ends" 0 "$lua_errno"
held=$((before - $(free_now)))
check "it holds $held KiB with a limit of 19532 KiB" [ "$held" -lt 31000 ]
check "which is most of what it may" [ "$held" -gt 15000 ]
lua 't = nil collectgarbage()' name=hostile keep=1 steps=2000000000
held=$((before - $(free_now)))
check "and gives it back when it needs it no more: $held KiB" \
	[ "$held" -lt 4000 ]

# charged CGROUP: KiB
charged()
{
	echo $(($(cat "$cg/$1/memory.current") / 1024))
}

made maker name=charged maxalloc=100000000 steps=2000000000
for context in process softirq; do
	maker=$(charged maker)
	user=$(charged user)
	lua 'x = {} for i = 1, 60 do x[i] = ("x"):rep(100000) .. i end' \
		name=charged keep=1 "context=$context"
	is "another's task fills the state, $context" 0 "$lua_errno"
	maker=$(($(charged maker) - maker))
	user=$(($(charged user) - user))
	case $(uname -r) in
	5.10.*)	check "nobody is charged where bottom halves are off, $context" \
			[ "$maker" -lt 2000 ] ;;
	*)	check "its maker is charged, $context: $maker KiB" \
			[ "$maker" -gt 4000 ] ;;
	esac
	check "the other is not: $user KiB" [ "$user" -lt 2000 ]
	lua 'x = nil collectgarbage()' name=charged keep=1
done
for context in process softirq; do
	lua 'local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end' \
		name=charged keep=1 "context=$context"
	is "the maker's limit holds, $context" -ENOMEM "$lua_errno"
done
is "and kills nobody" "oom_kill 0" \
	"$(grep '^oom_kill ' "$cg/maker/memory.events")"
lua 'return 1' name=charged
echo $$ >"$cg/cgroup.procs"
umount "$cg"

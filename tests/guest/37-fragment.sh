#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock
# timeout: 90
# boot: own mem=320M
#
# A machine whose free memory is single pages: whatever is larger works all the
# same, in large states and in small ones, and nobody is killed for it. The
# console checker fails this test when the OOM killer runs or the page
# allocator complains.
. "$(dirname "$0")/lib.sh"

load klua max_ms=8000
load klua_runner

# blocks ORDER: free blocks of that order and above
blocks()
{
	awk -v order="$1" '{ for (i = 5 + order; i <= NF; i++) sum += $i }
		END { print sum + 0 }' /proc/buddyinfo
}

sleep 1	# for windows to be ready
load klua_fragment
blocks=$(blocks 3)
check "$blocks free blocks are larger than 16 KiB" [ "$blocks" -lt 100 ]
free=$(awk '/^MemFree:/ { print $2 }' /proc/meminfo)
check "and yet $free KiB are free" [ "$free" -gt 80000 ]

# settled: a state that is destroyed holds its memory until it has been closed
settled()
{
	for _ in $(seq 100); do
		free=$(awk '/^MemFree:/ { print $2 }' /proc/meminfo)
		[ "$free" -le 60000 ] || return 0
		sleep 0.1
	done
	not_ok "memory comes back"
}

for context in process softirq; do
	settled
	set -- steps=2000000000 "context=$context"
	lua_ok "a string of 100 kB in a small state, $context" \
		"return #('x'):rep(100000)" 100000 maxalloc=1000000 "$@"
	lua_ok "a table of 20000 elements in a small state, $context" \
		"local t = {} for i = 1, 20000 do t[i] = i end return #t" 20000 \
		maxalloc=2000000 "$@"
	lua_ok "many blocks of many sizes in a small state, $context" \
		"local t, x = {}, ('x'):rep(1000) for i = 1, 2000 do
			t[i % 50] = x:rep(i * 37 % 60) .. i end
		return #t[7] > 0" true maxalloc=4000000 "$@"
	lua_ok "a string of 20 MiB, $context" \
		"return #('x'):rep(1024):rep(20 << 10)" $((20 << 20)) \
		maxalloc=60000000 "$@"
	lua_ok "a table of 500000 elements, $context" \
		"local t = {} for i = 1, 500000 do t[i] = i end return #t" \
		500000 maxalloc=60000000 "$@"
	lua_ok "a table of 100000 string keys, $context" \
		"local t, n = {}, 0 for i = 1, 100000 do t['k' .. i] = i end
		for k, v in pairs(t) do n = n + v end return n" 5000050000 \
		maxalloc=60000000 "$@"
	lua_fails "as much memory as there is, $context" \
		"local t, x = {}, ('x'):rep(1024) while true do
			t[#t + 1] = x:rep(1024) .. #t end" ENOMEM '*' \
		maxalloc=100000000000 "$@"
done
is "nobody was killed" "oom_kill 0" "$(grep '^oom_kill ' /proc/vmstat)"

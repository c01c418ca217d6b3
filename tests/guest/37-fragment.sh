#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock
# timeout: 90
# boot: own mem=320M cma=0
#
# A machine whose free memory is single pages. An atomic state has blocks of a
# page and below; what needs more is an ordinary memory error, after which it
# goes on. A reserved one that was made before, and a sleepable one, notice
# nothing. Nobody is killed for it. The console checker fails this test when the
# OOM killer runs or the page allocator complains.
. "$(dirname "$0")/lib.sh"

load klua
load klua_runner

# blocks ORDER: free blocks of that order and above
blocks()
{
	awk -v order="$1" '{ for (i = 5 + order; i <= NF; i++) sum += $i }
		END { print sum + 0 }' /proc/buddyinfo
}

# Blocks of 4 MiB, of which a string of 3 MiB takes one, have this order.
order=0
kib=$(page_kib)
while [ $((kib << order)) -lt 4096 ]; do
	order=$((order + 1))
done

lua 'return 1' name=reserved reserve=1 keep=1 maxalloc=8000000
# Memory that is kept for emergencies would stay in large blocks: where a page has 16 KiB
# it is 16 MiB here, and 32 more once large blocks were broken up.
echo 1024 >/proc/sys/vm/min_free_kbytes
echo 0 >/proc/sys/vm/watermark_boost_factor
load klua_fragment
blocks=$(blocks 3)
check "$blocks free blocks are larger than four pages" [ "$blocks" -lt 100 ]
is "none of them is of 4 MiB" 0 "$(blocks "$order")"
free=$(awk '/^MemFree:/ { print $2 }' /proc/meminfo)
check "and yet $free KiB are free" [ "$free" -gt 80000 ]

large="return #('x'):rep(3 << 20)"
for context in process softirq; do
	set -- steps=2000000000 "context=$context"
	lua_ok "small blocks, $context" \
		"local t = {} for i = 1, 50 do t[i] = {('x'):rep(i * 37) .. i} end
		local n = 0 for i = 1, 50 do n = n + #t[i][1] end
		return n" 47266 maxalloc=20000000 name=small keep=1 "$@"
	lua_fails "a string of 3 MiB, $context" "$large" ENOMEM \
		'*not enough memory*' name=small keep=1 "$@"
	lua_fails "a table of 200000 elements, $context" \
		"local t = {} for i = 1, 200000 do t[i] = i end" ENOMEM \
		'*not enough memory*' name=small keep=1 "$@"
	lua_ok "the state goes on, $context" \
		"return not pcall(function() $large end), 1 + 1" 'true	2' \
		name=small "$@"
	lua_ok "a reserved state has all that it may, $context" \
		"$large" $((3 << 20)) name=reserved keep=1 "$@"
done
lua_ok "so has a sleepable one" "$large" $((3 << 20)) kind=sleepable \
	maxalloc=20000000
lua 'return 1' name=reserved maxalloc=9000000
is "a reserved limit cannot rise" -EINVAL "$lua_errno"
unload klua_fragment
lua_ok "with contiguous pages the same works" "$large" $((3 << 20))
is "nobody was killed" "oom_kill 0" "$(grep '^oom_kill ' /proc/vmstat)"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock kasan
# timeout: 120
#
# Blocks as large as a state of its kind may have: they work in any context, their
# memory is used again and comes back, and limits hold.
. "$(dirname "$0")/lib.sh"

load klua
load klua_runner

# A debug kernel takes long for each byte, and keeps a shadow of each address.
if has_kasan; then
	strings=2 times=3 keys=0 parts=0 may=12288 contexts=softirq
	array=60000 many=6000000
else
	strings='1 3' times=12 keys=16000 parts=4 may=512
	contexts='process softirq'
	array=250000 many=30000000
fi

# KiB of the largest block of contiguous pages that the kernel has: 4 MiB, where a page
# has 4 KiB
contiguous=$(awk -v kib="$(page_kib)" '/^Node / {
		for (i = 5; i < NF; i++)
			kib *= 2
		print kib
		exit
	}' /proc/buddyinfo)

# back WHAT BEFORE: all of it, but for what the kernel keeps
back()
{
	lost=$(($2 - $(free_now)))
	for _ in 1 2 3 4 5; do
		[ "$lost" -gt "$may" ] || break
		sleep 1
		lost=$(($2 - $(free_now)))
	done
	check "$1: the memory comes back, but for $lost KiB" [ "$lost" -le "$may" ]
}

lua 'return 1' maxalloc=120000000	# what the kernel keeps, it has now
sleep 1
for context in $contexts; do
	set -- steps=2000000000 "context=$context"
	before=$(free_now)
	for size in $strings; do
		bytes=$((size << 20))
		lua_ok "a string of $size MiB, $context" \
			"local s = ('0123456789abcdef'):rep(64):rep($((bytes / 1024)))
			return #s, s:sub(-17, -1), s:byte($((bytes / 2)))" \
			"$bytes	f0123456789abcdef	102" \
			maxalloc=90000000 "$@"
	done
	back "strings, $context" "$before"

	# Each takes two thirds of what the state may hold, and nothing is kept.
	lua_ok "$times strings of 2 MiB, one after the other, $context" \
		"part = ('0123456789abcdef'):rep(64)
		for i = 1, $times do
			local s = part:rep(2 << 10)
			assert(#s == 2 << 20)
			s = nil collectgarbage()
		end return true" true \
		name=kept keep=1 maxalloc=6500000 "$@"
	back "one after the other, in a state that stays, $context" "$before"
	lua_ok "one that is kept, and others of other sizes, $context" \
		"kept = part:rep(1 << 10)
		for i = 1, $times do
			local s = part:rep((i % 5 + 5) << 8)
			s = nil collectgarbage()
		end
		return #kept" $((1 << 20)) name=kept keep=1 "$@"
	back "but for the kept one, $context" $((before - (1 << 10)))
	lua_ok "it is as it was, $context" \
		"local same = kept == part:rep(1 << 10) kept = nil
		collectgarbage() return same" true name=kept keep=1 "$@"
	back "and without that, $context" "$before"
	lua 'return 1' name=kept

	if [ "$keys" -gt 0 ]; then
		lua_ok "large blocks and small ones by turns, in one entry, $context" \
			"local part = ('0123456789abcdef'):rep(64)
			for i = 1, 8 do
				local s = part:rep(3500)
				s = nil collectgarbage()
				local t = {}
				for j = 1, 3600 do
					t[j] = part:sub(1, 900) .. part:sub(1, 900) .. j
				end
				t = nil collectgarbage()
			end return true" true maxalloc=8000000 "$@"
		back "large ones and small ones, $context" "$before"
	fi

	lua_ok "a table of $array elements, $context" \
		"local t = {} for i = 1, $array do t[i] = i end
		local n = 0 for i = 1, #t, 7 do n = n + t[i] - i end
		return #t, n, t[$array]" "$array	0	$array" \
		maxalloc=20000000 "$@"
	back "a table, $context" "$before"

	i=0
	while [ "$i" -lt "$parts" ]; do
		lua "t = t or {} for i = $((i * keys + 1)), $((i * keys + keys)) do
			t['k' .. i] = i end" \
			name=keys keep=1 maxalloc=20000000 "$@"
		is "string keys from $((i * keys + 1)) on, $context" 0 "$lua_errno"
		i=$((i + 1))
	done
	[ "$parts" -eq 0 ] || lua_ok "all are there, $context" \
		"local n = 0 for i = 1, $((keys * parts)) do
			if t['k' .. i] == i then n = n + 1 end end
		return n, next(t) ~= nil" "$((keys * parts))	true" \
		name=keys "$@"
	back "string keys, $context" "$before"

	lua_fails "the limit holds for a large string, $context" \
		"return #('x'):rep(1024):rep(20 << 10)" ENOMEM '*' maxalloc=20000000 "$@"
	lua_fails "and the size of contiguous pages, $context" \
		"return #('x'):rep(1024):rep($contiguous)" ENOMEM '*' \
		maxalloc=100000000000 "$@"
	lua_fails "for a table that grows, $context" \
		"local t = {} for i = 1, 1 << 30 do t[i] = i end" ENOMEM '*' \
		maxalloc=20000000 "$@"
	lua_fails "for many large strings, $context" \
		"local t, x = {}, ('x'):rep(1024) while true do
			t[#t + 1] = x:rep(1 << 10) .. #t end" ENOMEM '*' "maxalloc=$many" "$@"
	back "at the limit, $context" "$before"
done

lua 'return 1' name=raised keep=1 maxalloc=100000
lua 'return 1' name=raised keep=1 maxalloc=20000000
lua_ok "a raised limit is good for a large string" \
	"return #('x'):rep(1024):rep(3 << 10)" $((3 << 20)) name=raised

# A sleepable state has blocks that are larger than any contiguous pages.
if has_kasan; then
	mib=16 elements=500000
else
	mib=64 elements=4194304
fi
set -- kind=sleepable steps=2000000000 maxalloc=200000000
# The kernel keeps the page tables of addresses that vmalloc() has once had.
lua "local s = ('x'):rep($mib << 20) s = nil collectgarbage()
	local t = {} for i = 1, $elements do t[i] = i end" "$@"
before=$(free_now)
lua_ok "a string of $mib MiB, sleepable" \
	"local s = ('0123456789abcdef'):rep(64):rep($((mib << 10)))
	return #s, s:sub(-17, -1)" "$((mib << 20))	f0123456789abcdef" "$@"
lua_ok "a table of $elements elements, sleepable" \
	"local t = {} for i = 1, $elements do t[i] = i end
	return #t, t[$elements]" "$elements	$elements" "$@"
lua_fails "its limit holds, too" \
	"local s = ('x'):rep(1024) return #s:rep(200000)" ENOMEM '*' "$@"
back "sleepable" "$before"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
#
# The limits as an administrator sets them, and a process that is killed.
. "$(dirname "$0")/lib.sh"

insmod /klua/modules/klua.ko
for default in atomic_steps=200000 atomic_us=2000 sleepable_steps=100000000 \
	       sleepable_us=10000000 irq_steps=10000 irq_us=100; do
	is "by default ${default%=*}" "${default#*=}" \
		"$(cat "/sys/module/klua/parameters/${default%=*}")"
done
rmmod klua

load klua
load klua_runner
steps=/sys/module/klua/parameters/atomic_steps
us=/sys/module/klua/parameters/atomic_us

for bad in 0 00 0x0 -1 x 18446744073709551616 '1 2'; do
	# shellcheck disable=SC2016	# the inner shell expands it
	check_fails "a budget of $bad is refused" \
		sh -c 'echo "$1" >"$2"' sh "$bad" "$steps" 2>/dev/null
done
is "and changes nothing" 10000000 "$(cat "$steps")"

echo 1 >"$steps"
lua_fails "a budget of 1 is no more" 'return 1' ETIME '*step budget exceeded*'
echo 18446744073709551615 >"$steps"
lua_ok "the largest is unlimited" 'for i = 1, 100000 do end return 1' 1
echo 10000000 >"$steps"

# It takes two collections, which begin before there is no memory left.
for size in 20480 24576 32768 40960 49152 65536; do
	lua_ok "garbage with finalizers fits into $size bytes" '
		local n = 0
		for i = 1, 6000 do
			setmetatable({}, { __gc = function() n = n + 1 end })
		end
		collectgarbage()
		return n' 6000 name=small maxalloc=$size steps=2000000
done

# Calls that take more instructions than others take more steps, too.
costs()
{
	lua_fails "$1 costs more than $2 steps" "
		local text, date = '1e-320', { year = 2000, month = 1, day = 1 }
		for i = 1, 1000 do local x = $1 end" \
		ETIME '*step budget exceeded*' "steps=$((1000 * $2))"
}
costs 'math.log(i, 3)' 14
costs 'os.time(date)' 12
costs 'text + text' 26
costs 'tonumber(text)' 13

for bad in 0 -1 x 8000001 4294967296; do
	# shellcheck disable=SC2016	# the inner shell expands it
	check_fails "$bad microseconds are refused" \
		sh -c 'echo "$1" >"$2"' sh "$bad" "$us" 2>/dev/null
done
echo 2000 >"$us"
lua_fails "two milliseconds are over soon" 'while true do end' ETIMEDOUT \
	'*time limit exceeded*' steps=18446744073709551615
echo 8000000 >"$us"

# Each byte of a text that is compared with a set, however small the set
lua_fails "a set costs a step for each byte" \
	'return #("b"):rep(100000):match("[^a]*")' ETIME '*step budget exceeded*' \
	steps=100000
lua_ok "a single byte less" 'return #("b"):rep(100000):match("b*")' 100000 \
	steps=100000

# The reader runs the script: it is the one to kill.
lua 'x = 1' name=killed kind=sleepable keep=1
sh -c 'exec 4<>/dev/klua-runner
	printf "run name=killed kind=sleepable keep=1 steps=%s\nwhile true do end" \
		18446744073709551615 >&4
	exec cat <&4' >/dev/null &
reader=$!
until klua show --json killed | grep -q '"busy":true'; do :; done
kill -KILL $reader
lua 'return x' name=killed kind=sleepable keep=1
is "a script whose process is killed" "0: 1" "$lua_errno: $lua_text"
like "ends by the signal, not by its time" '*"signals":1,*' \
	"$(klua show --json killed)"
lua '' name=killed

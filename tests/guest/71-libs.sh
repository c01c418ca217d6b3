#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 900
# boot: own
#
# A module with a library is unloaded while scripts on the other processor keep
# and call everything of it, and in all the ways that it should not be.
. "$(dirname "$0")/lib.sh"

# Each load and unload waits for some grace periods, between runs of scripts:
# expedited ones take a third of a second in an emulated processor under KASAN, and
# so do all in five minutes.
times=1000
userdata=20000
echo 1 >/sys/kernel/rcu_expedited

# Keeps what it gets of each load of the module for some loads more, in tables,
# upvalues, coroutines and finalizers, and calls all of it again and again.
# shellcheck disable=SC2016	# it is Lua
script='
kept, good, gone, other = kept or {}, good or 0, gone or 0, other or 0
loads = loads or 0
local function try(f, ...)
	local ok, err = pcall(f, ...)
	if ok then
		good = good + 1
	elseif err:find("library .churn. of module klua_churn is gone") or
	       err:find("dead coroutine") or err:find("not found") or
	       err:find("has been released") or err:find("failed") or
	       err:find("of no registered library") then
		gone = gone + 1
	else
		other, why = other + 1, err
	end
	return ok and err
end
local lib = try(require, "churn")
if lib and lib ~= last then
	last = lib
	loads = loads + 1
	local add, box = lib.add, try(lib.box)
	local count = coroutine.wrap(lib.count)
	local call = coroutine.wrap(lib.pcall)
	try(count)
	try(call, coroutine.yield)
	local fs = { add, lib.fail, count, call, box and box.get,
		function() return add(1, 2) end }
	setmetatable({}, { __gc = function() try(add, 1, 2) end })
	kept[loads % 8 + 1] = { fs = fs, box = box }
end
for i = 1, 10 do
	for _, k in pairs(kept) do
		try(k.fs[1], i, 1)
		try(k.fs[2])
		try(k.fs[3])
		try(k.fs[4])
		if k.box then
			try(k.fs[5], k.box)
			try(k.box)
			try(k.box.get, k.box)
		end
		try(k.fs[6])
	end
	if lib then try(lib.box) end
end
return loads, good, gone, other, why'

# call_on: runs it in one state until told to stop, in the background
call_on()
{
	while [ -e /tmp/go ]; do
		lua "$script" name=keeper keep=1 maxalloc=4000000 steps=1000000
		[ "$lua_errno" = 0 ] || echo "$lua_errno: $lua_text"
	done >/tmp/failures 2>&1
	echo "$lua_text" >/tmp/counts
}

# an administrator does it, too
administer()
{
	while [ -e /tmp/go ]; do
		klua run user/admin -e "$script" >/tmp/admin 2>&1 && continue
		cat /tmp/admin
		sleep 1
	done >/tmp/admin-failures 2>&1
}

# counted WHAT: that what it returned last has calls of each kind
counted()
{
	read -r loads good gone other rest
	echo "# $1: saw $loads loads, $good calls went well, $gone found it gone"
	check "$1: saw loads" [ "$loads" -gt 0 ]
	check "$1: calls went well" [ "$good" -gt 0 ]
	check "$1: calls found the library gone" [ "$gone" -gt 0 ]
	is "$1: nothing else happened" 0 "$other${rest#nil}"
}

# An emulated processor takes a hundred times as long as a real one.
load klua print_burst=0 atomic_us=2000000
load klua_runner
check "a state of the administrator's" \
	klua create -m 4000000 -s 1000000 user/admin
touch /tmp/go
call_on &
caller=$!
administer &
admin=$!
dmesg_mark
failed=0
i=0
while [ $i -lt $times ]; do
	insmod /klua/modules/klua_churn.ko || failed=$((failed + 1))
	# One in ten stays for as long as it takes to be seen.
	[ $((i % 10)) -ne 0 ] || sleep 0.05
	rmmod klua_churn || failed=$((failed + 1))
	i=$((i + 1))
done
rm /tmp/go
wait $caller $admin
is "loaded and unloaded $times times" 0 $failed
is "scripts never failed" '' "$(cat /tmp/failures)"
is "nor the administrator's" '' "$(cat /tmp/admin-failures)"
counted "scripts" </tmp/counts
counted "the administrator" </tmp/admin
is "the module's objects were all released" '' \
	"$(dmesg_since | grep -E 'churn|library')"

lua_fails "afterwards the library is unknown or gone" "require 'churn'" \
	EREMOTEIO '*' name=keeper keep=1
check "its states work on" klua run user/admin -e 'return 1'

# in_turn WHAT MESSAGE PARAMETER...: goes without tidying up
in_turn()
{
	what=$1 message=$2
	shift 2
	dmesg_mark
	check "$what: loads" insmod /klua/modules/klua_churn.ko "$@"
	lua "churn = require 'churn' box = churn.box() return box:get()" \
		name=keeper keep=1
	is "$what: works" "0: 0" "$lua_errno: $lua_text"
	check "$what: goes" rmmod klua_churn
	is "$what: is reported" "$message" "$(dmesg_since | grep klua)"
	lua_fails "$what: is gone" "return churn.add(1, 2)" EREMOTEIO \
		"*library 'churn' of module klua_churn is gone*" \
		name=keeper keep=1
	lua_fails "$what: so are its objects" "return box:get()" EREMOTEIO \
		"*library 'churn' of module klua_churn is gone*" \
		name=keeper keep=1
}

in_turn "tidy" ''
in_turn "forgetting the library" \
	"klua: module klua_churn did not unregister library 'churn'" forget=1
in_turn "$userdata userdata on the way out" '' raw=$userdata
in_turn "leaving a state" \
	"klua: state 'churn-left' outlives module klua_churn, which made it: retired" \
	left=1
in_turn "leaving a state of a work item" \
	"klua: state 'churn-late' outlives module klua_churn, which made it: retired" \
	late=1
in_turn "leaving a listener" \
	"klua: module klua_churn did not unregister a listener" listen=1
check "leaving a listener: states come" klua create user/heard
check "leaving a listener: and go" klua destroy user/heard

# One that is inside of a state that was replaced, and that no table has.
check "a state that is replaced: loads" insmod /klua/modules/klua_churn.ko sleepable=1
klua run --force churn-sleeps -e 'while true do sleep() end' >/tmp/inside 2>&1 &
inside=$!
until klua show --json churn-sleeps | grep -q '"busy":true'; do :; done
echo 1 >/sys/module/klua_churn/parameters/replace
check "a state that is replaced: goes" rmmod klua_churn
wait $inside
like "a state that is replaced: who is inside ends" "*cancelled*" \
	"$(cat /tmp/inside)"
check_fails "a state that is replaced: its name goes" klua show churn-sleeps
# Nor does it go unnoticed when its maker returns from its init by making it.
dmesg_mark
check "a state that is forgotten: loads" insmod /klua/modules/klua_churn.ko \
	sleepable=1 forget_state=1
check "a state that is forgotten: goes" rmmod klua_churn
is "a state that is forgotten: is reported" \
	"klua: state 'churn-sleeps' outlives module klua_churn, which made it: retired" \
	"$(dmesg_since | grep klua)"
check_fails "failing to load: fails" \
	insmod /klua/modules/klua_churn.ko fail=1 left=1
lua_fails "failing to load: is gone" "return require('churn').add(1, 2)" \
	EREMOTEIO '*' name=keeper keep=1
check_fails "failing to load: its state, too" klua show churn-left
in_turn "tidy again" ''
check "the administrator's state goes" klua destroy user/admin

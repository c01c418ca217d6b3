#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 240
#
# A megabyte of whatever a script can say, and no six bytes of the address of
# anything in its state in it. Whatever is given away on purpose is found.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")/../address
found=/sys/module/klua_address/parameters/found

load klua
load klua_runner
load klua_address

# say SCRIPT [CONTEXT]: runs it where print says it to the module
say()
{
	lua "local address = require 'address'
function print(...)
	for i = 1, select('#', ...) do
		address.say(tostring((select(i, ...))))
		address.say('\n')
	end
end
targets = { pcall, string.rep, coroutine.create(print), io.stdout,
	address.light(), load 'return 1', address.say, {} }
for _, o in ipairs(targets) do address.note(o) end
$1" name=address maxalloc=8388608 steps=100000000 keep=1 context="${2-process}"
	is "the script ends well" "0: " "$lua_errno: $lua_text"
	# shellcheck disable=SC2034	# one of them is for each caller
	read -r bytes parts <"$found"
}

for context in process softirq; do
	say "rounds = 17
$(cat "$here/output.lua")" "$context"
	check "in $context a megabyte was said: $bytes" [ "$bytes" -ge 1048576 ]
	is "parts of addresses in it" 0 "$parts"
done

for form in bytes reversed x decimal; do
	say "local t = {} print(('x'):rep(100), address.leak(t, '$form'))"
	is "an address that is given away is found, as $form" 1 "$parts"
done
say "print(address.leak(print, 'x'), address.leak(pcall, 'bytes'))"
is "so are those of a Lua function and a function of the module" 2 "$parts"
lua "" name=address

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
#
# klua_runner, which other tests run their scripts with, does what they rely on.
. "$(dirname "$0")/lib.sh"

load klua
load klua_runner

lua_ok "results come back" 'return 1, "two", nil' '1	two	nil'
lua_ok "none, too" '' ''
lua_fails "an error's text comes back" 'error("oh")' EREMOTEIO '*oh*'
lua_fails "so does a syntax error's" 'x =' ENOEXEC '*unexpected symbol*' \
	chunkname=@here.lua
like "which names the chunk" 'here.lua:1:*' "$lua_text"
lua_ok "a script runs in a softirq" 'return 1' 1 context=softirq
lua_fails "and fails there" 'error("oh")' EREMOTEIO '*oh*' context=softirq

lua_ok "a state is kept" 'x = 42' '' name=kept keep=1
lua_ok "and found again" 'return x' 42 name=kept
lua_ok "and then gone" 'return x' nil name=kept

lua_fails "steps are limited" 'while true do end' ETIME '*' steps=1000
lua_fails "memory is limited" \
	'local t = {} for i = 1, 100000 do t[i] = i end' ENOMEM '*' \
	maxalloc=50000
lua_fails "no state, no run" 'return 1' ENOENT '' maxalloc=1

{ printf -- '--'; head -c 1048574 /dev/zero | tr '\0' x; } >/tmp/large
lua "$(cat /tmp/large)"
is "a script of 1 MiB runs" 0 "$lua_errno"
rm /tmp/large

# refuses WHAT REQUEST
refuses()
{
	# shellcheck disable=SC2016	# the inner shell expands it
	check_fails "$1" sh -c 'exec 4<>/dev/klua-runner
		printf "$1" >&4 && cat <&4' sh "$2"
}
refuses "an empty request is refused" ''
refuses "a command without its line's end" 'run'
refuses "an unknown command" 'walk\n'
refuses "an unknown option" 'run speed=1\n'
refuses "an option without a value" 'run name\n'
refuses "a number that is none" 'run steps=1x\n'
refuses "a context that is none" 'run context=nmi\n'

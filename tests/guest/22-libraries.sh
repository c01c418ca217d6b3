#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
# timeout: 400
# shellcheck shell=dash
#
# Programs as authors of libraries write them, each of which prints the same by
# lua5.3, by "klua run", and in a softirq, where an environment catches it.
. "$(dirname "$0")/lib.sh"

load klua
load klua_runner
cd "$(dirname "$0")/../scripts/libraries" || exit 1

catcher='local out, env = {}, setmetatable({}, {__index = _G})
local function add(s)
	out[#out + 1] = math.type(s) == "float" and ("%.14g"):format(s) or s
end
env.io = {write = function(...)
	for i = 1, select("#", ...) do add((select(i, ...))) end
end}
function env.print(...)
	local t = table.pack(...)
	for i = 1, t.n do t[i] = tostring(t[i]) end
	add(table.concat(t, "\t") .. "\n")
end
assert(load(program, "=program", "t", env))()
return table.concat(out)'

# in_softirq SCRIPT: what it prints
in_softirq()
{
	lua "local program = [====[
$(cat "$1")
]====] $catcher" context=softirq steps=100000000
	[ "$lua_errno" = 0 ] || echo "$lua_errno"
	echo "$lua_text"
}

for file in *.lua; do
	expected=$(lua5.3 "$file" 2>&1)
	is "$file prints the same by klua run" "$expected" \
		"$(klua run "$file" 2>&1)"
	is "and in a softirq" "$expected" "$(in_softirq "$file")"
done

# What require finds, below /lib/firmware/klua and while a state is built
if [ ! -d /sys/class/firmware ] && [ ! -d /sys/module/firmware_class ]; then
	skip "sources by the firmware loader" "this kernel has no firmware loader"
	exit 0
fi
source=/lib/firmware/klua
mkdir -p $source/sub
echo 'local m = {} function m.f() return "one" end return m' >$source/one.lua
echo 'return require("one").f() .. ...' >$source/sub/two.lua
echo 'loaded = (loaded or 0) + 1' >$source/three.lua
echo 'return {args = table.pack(...)}' >$source/args.lua
mkdir -p $source/whole $source/sub/whole $source/one
echo 'return "never read"' >$source/one/init.lua
echo 'return "a directory " .. select(2, ...)' >$source/whole/init.lua
echo 'return require("whole") .. ", and " .. (...)' >$source/sub/whole/init.lua
echo 'x = = 1' >$source/wrong.lua
echo 'error("oh no")' >$source/fails.lua
echo 'while true do end' >$source/endless.lua
echo 'return 1' >/lib/firmware/outside.lua
printf '#!/usr/bin/lua5.3\nreturn debug.getinfo(1, "l").currentline, x' \
	>$source/executable.lua
printf '\357\273\277return "marked"' >$source/marked.lua
printf '\357\273\277#\nreturn "both"' >$source/both.lua
printf '#' >$source/sharp.lua
printf '\357\273return "half a mark"' >$source/half.lua
printf ' #!/usr/bin/lua5.3\n' >$source/indented.lua
echo 'times = (times or 0) + 1 return false' >$source/no.lua
: >$source/empty.lua
: >$source/plain
# Compiling it takes so much memory that the collector runs.
for i in $(seq 20); do
	echo 'do'
	for j in $(seq 100); do
		echo "local function f$j() return { 'string $i $j' } end"
	done
	echo end
done >$source/large.lua

# build WHAT EXPECTED TEXT: of a state of that text
build()
{
	echo "$3" >/tmp/main.lua
	like "$1" "$2" "$(klua create user/source -f /tmp/main.lua 2>&1)"
}
build "a state is built with sources" '' 'one = require "one"
	two = require "sub.two" require "three" three = require "three"'
is "they are what they return, once" \
	"one	onesub.two	true	true	1" \
	"$(klua run user/source -e 'return one.f(), two, require("one") == one,
		three, loaded')"
like "afterwards nothing is loaded any more" \
	"*library 'fails' not found: *only while a state is built*" \
	"$(klua run user/source -e 'require "fails"' 2>&1)"
check "it goes" klua destroy user/source
build "a library may be a directory" '' 'args = require("args").args
	whole, sub = require "whole", require "sub.whole"'
is "each is called with its name and its file" \
	"2	args	klua/args.lua	a directory klua/whole/init.lua	a directory klua/whole/init.lua, and sub.whole" \
	"$(klua run user/source -e 'return args.n, args[1], args[2], whole, sub')"
check "that goes, too" klua destroy user/source
build "a first line for the shell and a byte order mark are left out" '' '
	all = { require "executable", require "marked", require "both",
		require "sharp", require "no", require "no" }'
is "the lines have their numbers, and what returns false runs once" \
	"2	marked	both	true	false	false	1" \
	"$(klua run user/source -e 'all[7] = times return table.unpack(all)')"
check "they go" klua destroy user/source
build "other bytes at the beginning are not" "*unexpected symbol near '<?239>'*" \
	'require "half"'
build "a first line that begins with a space neither" "*unexpected symbol near '#'*" \
	'require "indented"'
build "a file that cannot be read is named, and why" \
	"*cannot read 'klua/empty.lua': the file is empty*(error -*" 'require "empty"'
build "a file is no directory" "*library 'plain.sub' not found: *no file*" \
	'require "plain.sub"'
build "a library that is not there" "*library 'no.such' not found: *no file*" \
	'require "no.such"'
build "a name that no file can have" "*library 'sub/two' not found: *words*" \
	'require "sub/two"'
build "a syntax error is told" '*klua/wrong.lua:1: unexpected symbol*' \
	'require "wrong"'
build "so is another error" '*klua/fails.lua:1: oh no*' 'require "fails"'
build "and may be caught" '' 'assert(not pcall(require, "wrong"))
	assert(not pcall(require, "fails"))'
check "the state is there" klua destroy user/source
# By steps or, on a slow machine, by time
build "an endless source ends" '*exceeded*' 'require "endless"'
build "a finalizer requires nothing while a source is compiled" '' '
	setmetatable({}, { __gc = function()
		ok, why = pcall(require, "one")
	end }) require "large"'
is "and is told so" \
	"false	a finalizer requires 'one' while a library is compiled" \
	"$(klua run user/source -e 'return ok, why')"
check "that state goes" klua destroy user/source
for name in none .. . '' ../outside sub/two /etc/passwd sub..two .one one. \
	one/ 'one\0' "$(printf '%0100d' 0)"; do
	build "there is no library '$name'" '*librar*' "require '$name'"
done

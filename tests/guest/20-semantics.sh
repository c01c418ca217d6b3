#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
# timeout: 360
# shellcheck shell=dash
#
# Lua means here what tests/scripts/semantics/ says, in process context and in
# a softirq, whichever way the interpreter dispatches; and what print writes cannot
# be taken for somebody else's line.
. "$(dirname "$0")/lib.sh"

. "$(dirname "$0")/cases.sh"

check_files()
{
	for file in "$scripts"/*.cases; do
		check_file "$file" context=process
		check_file "$file" context=softirq
	done
}

chosen=/sys/module/klua/parameters/dispatch
check_fails "no dispatch is called forth" insmod /klua/modules/klua.ko \
	dispatch=forth

dispatch=gotos
load klua
is "gotos are chosen" gotos "$(cat $chosen)"
load klua_runner
check_files
unload klua_runner
unload klua

# Kernels without retpolines have gotos only.
dispatch=tree
if insmod /klua/modules/klua.ko dispatch=tree 2>/dev/null; then
	rmmod klua
else
	dispatch=gotos
fi
# What the cases print counts in the same five seconds.
load klua print_burst=300 print_burst_all=0
is "the tree is chosen where there is one" $dispatch "$(cat $chosen)"
load klua_runner
check_files

# says WHAT SCRIPT LINES: what the script prints becomes these lines in the log
says()
{
	dmesg_mark
	lua "$2" name=log
	is "$1" "$3" "$(dmesg_since | grep '^klua: ')"
}
says "print writes to the log, after the state's name" \
	'print("hello", 1, nil, true)' 'klua: log: hello	1	nil	true'
says "an empty line is one" 'print()' 'klua: log: '
says "each line of a text has the name before it" 'print("a\nb")' 'klua: log: a
klua: log: b'
says "control bytes are escaped" 'print("\27[2J\r\0\7x")' \
	'klua: log: \e[2J\r\0\ax'
says "a level is not one, a format neither" 'print("<0>oh %s %n %pK")' \
	'klua: log: <0>oh %s %n %pK'
says "print calls the global tostring" \
	'tostring = function(x) return "<" .. x .. ">" end print(1, "a")' \
	'klua: log: <1>	<a>'
says "which it looks for once" \
	'tostring = function(x) tostring = nil return "<" .. x .. ">" end print(1, "a")' \
	'klua: log: <1>	<a>'
says "io.write makes lines of what has an end" \
	'io.write("a", 1, " ", 1.5) io.stdout:write("\n", "b\nc"):write("d\n")' \
	'klua: log: a1 1.5
klua: log: b
klua: log: cd'
says "and writes floats without what tostring() adds, as in Lua 5.3" \
	'io.write(1.0, " ", -0.0, " ", 2^53, " ", 1/0, " ", "1.0", " ", 2^31, "\n")' \
	'klua: log: 1 -0 9.007199254741e+15 inf 1.0 2147483648'
says "and print ends what io.write has begun" 'io.write("a") print("b")' \
	'klua: log: ab'
says "which stays where tostring() fails" \
	'io.write("a") pcall(print, setmetatable({}, { __tostring = error })) print("b")' \
	'klua: log: ab'
says "and goes before what tostring() prints" \
	'io.write("a")
	print(setmetatable({}, { __tostring = function() print("b") return "c" end }))' \
	'klua: log: ab
klua: log: c'
says "io.write writes what is before a wrong value" \
	'pcall(io.write, "a", 1.0, {}, "b") print("c")' 'klua: log: a1c'
says "a line without an end does not grow for ever" \
	'for i = 1, 3 do io.write(("x"):rep(300)) end print("!")' \
	"klua: log: $(printf '%0600d' 0 | tr 0 x)
klua: log: $(printf '%0300d' 0 | tr 0 x)!"

# So few that all of them fit into the buffer, whenever somebody gets round to emptying it.
echo 100 >/sys/module/klua/parameters/print_burst
dmesg_mark
lua 'for i = 1, 1000 do print(i) end' name=burst
count=$(dmesg_since | grep -c '^klua: burst: ')
is "a state prints no more lines than print_burst says" 100 "$count"
echo 300 >/sys/module/klua/parameters/print_burst
lua 'print("another state")' name=other
like "which is no other state's loss" '*klua: other: another state*' \
	"$(dmesg_since)"

dmesg_mark
lua 'print(("x"):rep(5000))' name=long
is "a long line is printed whole" 5000 \
	"$(dmesg_since | tr -cd x | wc -c)"

# walk: the order in which a new state walks its table of a hundred names
walk()
{
	lua 'local names, order = {}, {}
	for i = 1, 100 do names["name" .. i] = true end
	for name in pairs(names) do order[#order + 1] = name end
	return table.concat(order, " ")'
	echo "$lua_errno: $lua_text"
}
first=$(walk)
like "a table of names is walked" '0: name*name*name*' "$first"
check "in an order that no other state has" [ "$first" != "$(walk)" ]

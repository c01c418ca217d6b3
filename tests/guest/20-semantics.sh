#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Lua means here what tests/scripts/semantics/ says, in process context and in
# a softirq; and what print writes cannot be taken for somebody else's line.
. "$(dirname "$0")/lib.sh"

scripts=$(dirname "$0")/../scripts/semantics

load klua max_ms=8000 print_burst=300
load klua_runner

# check_cases WHAT CASES CONTEXT: a check for every case
check_cases()
{
	local line
	lua "local check = (function() $(cat "$scripts/check.lua") end)()
return check([=====[
$2
]=====])" context="$3" steps=100000000
	if [ "$lua_errno" != 0 ]; then
		not_ok "$1 runs in context $3" "$lua_errno: $lua_text"
		return
	fi
	while IFS= read -r line; do
		case $line in
		"ok - "*) ok "${line#ok - }" ;;
		*) not_ok "${line#not ok - }" ;;
		esac
	done <<END
$lua_text
END
}

# check_file FILE CONTEXT: some lines at a time, each within an entry's time
check_file()
{
	local from=1 to total
	total=$(wc -l <"$1")
	while [ "$from" -le "$total" ]; do
		to=$((from + 9))
		check_cases "${1##*/}, lines $from to $to," \
			"$(sed -n "$from,${to}p" "$1")" "$2"
		from=$((to + 1))
	done
}

for file in "$scripts"/*.cases; do
	check_file "$file" process
	check_file "$file" softirq
done

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
says "tostring is not needed" 'tostring = nil print(1)' 'klua: log: 1'

dmesg_mark
lua 'for i = 1, 1000 do print(i) end' name=burst
count=$(dmesg_since | grep -c '^klua: burst: ')
is "a state prints no more lines than print_burst says" 300 "$count"
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

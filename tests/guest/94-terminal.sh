#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 240
# kernel: stock
#
# klua at a terminal: Ctrl-C ends the script that one started and none else,
# lines are edited and kept, statistics refresh.
. "$(dirname "$0")/lib.sh"

tmp=/tmp/terminal
export HOME=$tmp TERM=vt100 PS1='# '
mkdir -p "$tmp"
mkfifo "$tmp/keys"
trap '' PIPE

# start COMMAND...: on a terminal; keys TEXT... then says what happens there
start()
{
	dialog "$@" <"$tmp/keys" >"$tmp/seen" 2>&1 &
	dialog=$!
	exec 7>"$tmp/keys"
}

keys()
{
	printf '%s\n' "$@" >&7 2>/dev/null
}

# ends WHAT STATUS [TEXT]: a pattern for what was on the terminal
ends()
{
	exec 7>&-
	wait "$dialog"
	is "$1: status" "$2" $?
	like "$1: terminal" "${3-*}" "$(cat "$tmp/seen")"
}

# shown KEY VALUE: klua says so of the state, soon
shown()
{
	local i=0
	until klua show --json u/mine | grep -q "\"$1\":$2,"; do
		i=$((i + 1))
		[ $i -lt 300 ] || { not_ok "$1 is $2"; return; }
	done
}

# told FILE: what was to be done before it was told has been done
told()
{
	local i=0
	until [ -e "$1" ]; do
		i=$((i + 1))
		[ $i -lt 600 ] || { not_ok "told $1"; return; }
		sleep 0.1
	done
}

load klua
klua create --steps unlimited u/mine

start klua run u/mine -e 'print("before") while true do end'
shown busy true
keys 'line before' 'type \003'
ends "Ctrl-C ends a script" 130 \
	'before*^Cklua: (command line):1: interrupted by a signal*'

start klua run --json u/mine -e 'while true do end'
shown busy true
keys 'type \003'
ends "Ctrl-C as JSON" 130 '*"errno":4,"status":130,*'
printf "run u/mine -e 'while true do end'\ncreate u/after\n" >"$tmp/batch"
start klua batch "$tmp/batch"
shown busy true
keys 'type \003'
ends "Ctrl-C in a batch ends the line, and then the batch" 130 \
	"^Cklua: $tmp/batch:1: *interrupted by a signal*"
check_fails "no other line is run" klua show u/after

start env LD_PRELOAD=/klua/bin/early.so klua run -s 1M -e 'while true do end'
ends "Ctrl-C just before a script runs" 130 \
	'*klua: cannot run the script: interrupted before it began*'

# Somebody else's script goes on while ours waits and gives up.
klua run u/mine -e 'while true do end' 2>"$tmp/theirs" &
theirs=$!
shown busy true
start klua run u/mine -e 'return 1'
shown users 3
keys 'type \003'
ends "Ctrl-C while the state is busy" 130 '^Cklua: *while the state was busy'
shown busy true
klua cancel u/mine
wait "$theirs"
like "others' scripts go on" 'klua: *: cancelled*' "$(cat "$tmp/theirs")"

# The editor shows its prompt again when it has to show another line.
start klua repl u/mine
keys 'wait > ' 'type x = (x or 0) + 1\r' \
	'wait > ' 'type \e[A\r' \
	'wait > ' 'type x, "tw\177wice"\e[D\e[D\e[C\r' 'wait 2' 'wait twice' \
	'wait > ' 'type for i = 1, 2 do\r' \
	'wait >> ' 'type print("line", i)\r' \
	'wait >> ' 'type end\r' 'wait line' 'wait 2' \
	'wait > ' 'type nonsense(\003' 'wait ^C' \
	'wait > ' 'type if x then\r' \
	'wait >> ' 'type \003' 'wait ^C' \
	'wait > ' 'type while true do end\r' "tell $tmp/typed"
# The state is busy with each of the lines before, too.
told "$tmp/typed"
shown busy true
keys 'type \003' 'wait interrupted' \
	'wait > ' 'type x + 40\r' 'wait 42' 'wait > ' 'type \004'
ends "repl" 0 '*in the kernel*2*twice*42*'
is "repl: the history is kept" 'x = (x or 0) + 1
x = (x or 0) + 1
x, "twice"
for i = 1, 2 do
print("line", i)
end
if x then
while true do end
x + 40' "$(grep -v '^_HiStOrY' "$tmp/.klua_history" |
	sed 's/\\040/ /g')"
start klua repl u/mine
keys 'wait > ' 'type \e[A - 1\r' 'wait 41' 'wait > ' 'type \004'
ends "repl: and used again" 0

# The shell takes the terminal meanwhile, as often as it is told to. The key throws
# away what has not been read.
start sh -i
keys 'wait # ' 'type klua repl u/mine\r' 'wait > ' 'type y = 1' 'wait y = 1' \
	'type \032' 'wait Stopped' 'wait # ' 'type fg\r' 'wait y = 1' \
	'type  + 11' 'wait + 11' 'type \032' 'wait Stopped' 'wait # ' \
	'type fg\r' 'wait y = 1 + 11' 'type \r' 'wait > ' 'type y + 30\r' \
	'wait 42' 'wait > ' 'type \004' 'wait # ' 'type exit\r'
ends "repl: it is suspended, and goes on" 0
start sh -i
keys 'wait # ' 'type klua repl u/mine\r' 'wait > ' \
	'type while true do end\r' "tell $tmp/typed2"
told "$tmp/typed2"
shown busy true
keys 'type \032\003' 'wait interrupted' 'wait Stopped' 'wait # ' \
	'type fg\r' 'wait > ' 'type 6 * 7\r' 'wait 42' 'wait > ' 'type \004' \
	'wait # ' 'type exit\r'
ends "repl: while a script runs, when that has ended" 0

start klua stats --watch=0.2
keys 'wait RUNS' 'wait u/mine' 'wait RUNS' 'wait u/mine' 'type \003'
ends "stats refresh" 130
is "on a clear screen" 1 \
	"$(($(grep -c "$(printf '\033\\[H\033\\[2J')" "$tmp/seen") > 1))"

start klua stats --watch u/none
ends "stats of none" 3 'klua: u/none: cannot get the states: there is no such state*'
is "are not cleared away" 0 "$(grep -c "$(printf '\033')" "$tmp/seen")"
start klua repl u/none
ends "repl: no state, no prompt" 3 'klua: *there is no such state*'
start klua top --count 1
ends "top" 0 '*time is not measured: echo 1 >*%TIME*u/mine*'
nltest fill many/ 100
start klua top --count 1
ends "top says how many more there are" 0 '*%TIME*and [0-9]* more*'
is "and all has its place on the screen" "$(klua list | sed 1d | wc -l)" \
	"$(tr -d '\r' <"$tmp/seen" | awk '/^ *[0-9]+ +- / { n++ }
		/^and [0-9]* more$/ { n += $2 } END { print n }')"

start klua monitor
keys 'wait created' 'wait u/seen (user)' "tell $tmp/monitored" 'type \003'
until [ -e "$tmp/monitored" ] || ! kill -0 "$dialog"; do
	klua create u/seen
	klua destroy u/seen
done
ends "monitor" 130

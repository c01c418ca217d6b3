#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 120
#
# Every command of klua does what its manual says, with the exit status it
# says.
. "$(dirname "$0")/lib.sh"

tmp=/tmp/tool
mkdir -p "$tmp"

# run COMMAND...: sets $status, $out, $err
run()
{
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
}

# shows WHAT STATUS OUTPUT ERRORS COMMAND...: patterns
shows()
{
	local what="$1" want="$2" output="$3" errors="$4"
	shift 4
	run "$@"
	is "$what: status" "$want" "$status"
	like "$what: output" "$output" "$out"
	like "$what: errors" "$errors" "$err"
}

shows "without the module" 5 '' 'klua: the module klua is not loaded' klua list
shows "no command" 2 'usage: klua COMMAND*' '' klua
shows "a wrong command" 2 '' "klua: 'frob' is no command*--help" klua frob
for command in list show create destroy run repl cancel set stats monitor info
do
	shows "$command --help" 0 "usage: klua $command*--help*" '' \
		klua "$command" --help
done
shows "a wrong option" 2 '' 'klua: --frob: no such option*' klua list --frob
shows "an option of another command" 2 '' 'klua: --force: no such*' \
	klua list --force
shows "too few arguments" 2 '' 'klua: show needs*' klua show
shows "too many" 2 '' 'klua: too many*' klua show a b
shows "a wrong size" 2 '' "klua: '1Q' is no size*" klua create -m 1Q x
shows "a size too large to be one" 2 '' "*is no size*" \
	klua create -m 99999999999999T x
shows "a wrong number of steps" 2 '' "*is no number*" klua create -s 0 x
shows "a wrong id" 2 '' "klua: 'x' is no number*" klua show --id x
shows "an empty name" 2 '' "klua: a name has*" klua create ''

load klua
nl='
'

shows "an empty list" 0 '   ID ORIGIN*NAME' '' klua list
shows "an empty list as JSON" 0 '\[\]' '' klua list --json
shows "info" 0 'module *klua 0.*Lua 5.3*time statistics *off' '' klua info
shows "info as JSON" 0 '{"version":"0.*"user_states_max":256,*}' '' \
	klua info --json

shows "create" 0 '' '' klua create --memory 64K --steps 5000 one
shows "create again" 6 '' '*cannot create the state: the name is taken' \
	klua create one
shows "create with too little" 6 '' '*maxalloc is below*' \
	klua create -m 100 small
shows "create shows it as JSON" 0 '{"id":*,"name":"two","origin":"user",*}' '' \
	klua create --json two
id=$(echo "$out" | sed 's/{"id":\([0-9]*\),.*/\1/')
shows "list" 0 "*user*64K*one${nl}*user*1M*two" '' klua list
shows "show" 0 "name *two${nl}*origin *user*steps a run *10000000*last error *none" \
	'' klua show two
shows "show by number" 0 'name *two*' '' klua show --id "$id"
shows "show as JSON" 0 '{*"name":"one",*"memory_max":65536,"steps_max":5000,*}' \
	'' klua show --json one
shows "show none" 3 '' '*there is no such state' klua show three
shows "destroy" 0 '' '' klua destroy two
shows "destroy again" 3 '' '*cannot destroy*there is no such state' \
	klua destroy two

shows "run" 0 "hello${nl}3	two" '' klua -e 'print("hello") return 3, "two"'
shows "no results, no line" 0 '' '' klua run -e 'local x = 1'
shows "an empty result is a line" 0 '' '' klua run -e 'return ""'
is "and only one" 1 "$(wc -l <"$tmp/out")"
shows "a syntax error" 1 '' 'klua: (command line):1: syntax error near *' \
	klua -e 'x x'
shows "an error and its traceback" 1 before \
	"klua: (command line):1: oh*stack traceback:*'f'*" \
	klua -e 'print("before") local function f() error("oh") end f() x()'
shows "an error that is no string" 1 '' 'klua: (error object is a table value)*' \
	klua -e 'error({})'
shows "steps are limited" 1 1 '*klua: the steps are spent*' \
	klua run --steps 1000 -e 'print(1) while true do end'
shows "even to a few" 1 '' '*klua: the steps are spent*' klua run -s 1 -e ''
shows "memory is limited" 1 '' '*not enough memory*klua: out of memory*' \
	klua run -m 64K -e 'local t = {} for i = 1, 1000000 do t[i] = i end'
shows "a state is kept" 0 '' '' klua run one -e 'x = 42'
shows "and used again" 0 42 '' klua run one -e 'return x'
shows "limits are not given with a state" 2 '' '*are for a fresh state*' \
	klua run -m 1M one -e 'return x'
shows "run in no state" 3 '' '*there is no such state' \
	klua run three -e 'return 1'
shows "no script" 2 '' 'klua: which script?*' klua run
shows "no such file" 2 '' 'klua: */none: No such file*' klua run "$tmp/none"

printf '#!/bin/klua run\nprint(...)\nreturn debug, 2\n' >"$tmp/a.lua"
shows "a file" 0 "${nl}nil	2" '' klua run "$tmp/a.lua"
printf '#!/bin/klua run\n\nerror("here")\n' >"$tmp/b.lua"
shows "keeps its line numbers" 1 '' "klua: $tmp/b.lua:3: here*" \
	klua run one "$tmp/b.lua"
is "standard input" 'in 7' \
	"$(echo 'print("in", 7)' | klua run - | tr '\t' ' ')"
printf 'return "a\0b"' >"$tmp/nul.lua"
is "bytes that are no text" '61 00 62 0a' \
	"$(klua run "$tmp/nul.lua" | od -An -tx1 | sed 's/^ //')"

{
	echo 'local t = {'
	awk 'BEGIN { for (i = 0; i < 6000; i++) printf "\"%0150d\",\n", i }'
	echo '} return #t, t[6000]'
} >"$tmp/long.lua"
is "the script is long" 1 "$(($(wc -c <"$tmp/long.lua") > 900000))"
shows "a long script" 0 "6000	0*05999" '' klua run -m 8M "$tmp/long.lua"
{ cat "$tmp/long.lua"; head -c 200000 /dev/zero | tr '\0' ' '; } >"$tmp/huge"
shows "a too long script" 2 '' '*larger than 1 MiB' klua run "$tmp/huge"

klua run -m 4M -e 'for i = 1, 20000 do print(i) end' >"$tmp/out" 2>"$tmp/err"
is "long output is complete" "$(seq 20000 | md5sum)" "$(md5sum <"$tmp/out")"
is "and said to be nothing else" '' "$(cat "$tmp/err")"
shows "what is too much is dropped and said" 0 "1${nl}2${nl}3${nl}4${nl}5" \
	'klua: 38 bytes of output were dropped*' \
	klua run -o 10 -e 'for i = 1, 19 do print(i) end'
klua -e "local s = ('x'):rep(1023) for i = 1, 1100 do print(s) end" \
	>"$tmp/out" 2>"$tmp/err"
is "a mebibyte is kept" 1048576 "$(wc -c <"$tmp/out")"
is "and the rest counted" 'klua: 77824 bytes of output were dropped (see --output)' \
	"$(cat "$tmp/err")"
shows "long results are cut and said to be" 0 'xxx*' \
	'klua: 67232 bytes of the results were dropped' \
	klua -e 'return ("x"):rep(100000)'

shows "set" 0 '' '' klua set --memory 128K --steps unlimited one
shows "and seen" 0 '*"memory_max":131072,"steps_max":null,*' '' \
	klua show --json one
shows "set nothing" 2 '' 'klua: --memory or --steps*' klua set one
shows "set below use" 6 '' '*the state holds more memory than that' \
	klua set -m 9K one
shows "cancel nothing" 6 '' '*nothing runs in the state' klua cancel one
shows "cancel no state" 3 '' '*there is no such state' klua cancel three

klua run one -e 'print("go") while true do end' >"$tmp/run.out" \
	2>"$tmp/run.err" &
runner=$!
until klua show --json one | grep -q '"busy":true'; do :; done
shows "cancel" 0 '' '' klua cancel one
wait "$runner" 2>/dev/null
is "the script ends with status 1" 1 $?
like "and says why" '*klua: cancelled' "$(cat "$tmp/run.err")"
is "after what it printed" go "$(cat "$tmp/run.out")"

klua run one -e 'while true do end' >/dev/null 2>&1 &
runner=$!
until klua show --json one | grep -q '"busy":true'; do :; done
kill "$runner"
wait "$runner" 2>/dev/null
is "a script ends with its klua" 0 \
	"$(klua show --json one | grep -c '"busy":true')"
like "which is counted" '*"cancels":1,"signals":1,*' \
	"$(klua show --json one)"

klua run one -e 'local n = 0 while true do n = n + 1 if n == 400000 then return 1 end end' \
	>"$tmp/first" &
first=$!
klua run one -e 'return 2' >"$tmp/second"
wait "$first"
is "two at once wait for each other" '1 2' \
	"$(cat "$tmp/first") $(cat "$tmp/second")"

shows "stats" 0 '*| limits hit*RUNS*one' '' klua stats
shows "stats of one as JSON" 0 \
	'\[{*"name":"one",*"limit_time":0,*"last_error":"*}\]' '' \
	klua stats --json one
shows "stats of none" 3 '' '*there is no such state' klua stats three
klua stats --watch=0.1 >"$tmp/watch" &
watcher=$!
until [ "$(grep -c RUNS "$tmp/watch")" -gt 2 ]; do :; done
ok "stats are watched"
kill "$watcher"
wait "$watcher" 2>/dev/null
echo 1 >/sys/module/klua/parameters/stats
klua create timed
klua run timed -e 'for i = 1, 1000 do end'
echo 0 >/sys/module/klua/parameters/stats
like "time is measured when asked for" '*"time_ns":[1-9]*' \
	"$(klua show --json timed)"
time=$(klua show --json timed | sed 's/.*"time_ns":\([0-9]*\).*/\1/')
klua run timed -e 'for i = 1, 1000 do end'
like "and only then" "*\"time_ns\":$time,*" "$(klua show --json timed)"
like "steps are counted always" '*"runs":2,"steps":[2-9][0-9][0-9][0-9],*' \
	"$(klua show --json timed)"

repl()
{
	printf '%s\n' "$@" | klua repl >"$tmp/out" 2>"$tmp/err"
}

repl '1 + 1' 'x = 5' 'x, nil' 'for i = 1, 2 do' 'print(i)' 'end' 'x' \
	'local function f()' 'return "f"' 'end return f()'
is "repl: values, statements, more lines" "2 5	nil 1 2 5 f" \
	"$(tr '\n' ' ' <"$tmp/out" | sed 's/ $//')"
is "repl: without errors" '' "$(cat "$tmp/err")"
repl 'error("oh")' 'x x' '7'
is "repl: an error ends no session" 7 "$(cat "$tmp/out")"
like "repl: and is shown" 'klua: repl:1: oh*klua: repl:1: syntax error near*' \
	"$(cat "$tmp/err")"
repl 'do'
is "repl: an unfinished statement is an error" 1 $?
like "repl: and said to be one" '*inside a statement' "$(cat "$tmp/err")"
is "repl: in a state of one's own choice" 42 \
	"$(echo x | klua repl one)"
is "no fresh state is left" '' "$(klua list | grep -E 'run-|repl-')"

klua create "$(printf 'a\nb\\"\t\303\244\377')"
shows "a name is data" 0 '*a\\012b\\134"\\011*' '' klua list
like "in JSON, too" '*"name":"a\\u000ab\\\\\\"\\u0009?*\\ufffd"*' \
	"$(klua list --json)"

klua monitor >"$tmp/monitor" 2>"$tmp/monitor.err" &
text=$!
klua monitor --json >"$tmp/monitor.json" 2>/dev/null &
json=$!
until [ -s "$tmp/monitor" ] && [ -s "$tmp/monitor.json" ]; do
	klua create noticed
	klua destroy noticed
done
klua create watched
klua run watched -e 'error("seen")' 2>/dev/null
klua run --steps 100 -e 'while true do end' 2>/dev/null
klua destroy watched
until grep -q 'destroyed.* watched' "$tmp/monitor" &&
      grep -q 'destroyed.*"watched"' "$tmp/monitor.json"; do :; done
unload klua
wait "$text"
is "monitor ends with the module" 5 $?
wait "$json"
like "and says so" '*was unloaded' "$(cat "$tmp/monitor.err")"
cut -d ' ' -f 2- "$tmp/monitor" | tr -s ' ' |
	sed 's/run-[0-9]*/run-N/; s/ [0-9][0-9]* / /' >"$tmp/seen"
for line in 'created watched (user)' \
	    'error watched: (command line):1: seen' 'limit run-N: steps' \
	    'destroyed watched (user)' 'destroyed run-N (user)'; do
	like "monitor shows '$line'" "*$nl$line$nl*" "$nl$(cat "$tmp/seen")$nl"
done
like "and JSON" '*{"time":"*","event":"limit","id":*,"name":"run-*","limit":"steps"}*' \
	"$(cat "$tmp/monitor.json")"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 300
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

shows "without the module" 5 '' 'klua: the module klua is not loaded; see modprobe klua' \
	klua list
shows "without it there are no states" 0 '' '' klua destroy --if-exists t/none
shows "which is what may be waited for" 0 '' '' klua wait --gone t/none
shows "and told as JSON" 0 '{}' '' klua wait --gone --json t/none
shows "which is an error" 5 '' '*is not loaded; *' klua destroy t/none
shows "no command" 2 'usage: klua \[--json|--pretty] COMMAND*' '' klua
shows "a wrong command" 2 '' "klua: 'frob' is no command*--help" klua frob
shows "standard input" 2 '' "klua: '-' is no command; klua run - reads a script*" klua -
for command in list show create destroy run repl cancel set stats top monitor \
	       wait batch info help; do
	shows "$command --help" 0 "usage: klua $command*--help*" '' \
		klua "$command" --help
	shows "help $command" 0 "usage: klua $command*--help*" '' \
		klua help "$command"
done
for command in $(klua help | sed -n 's/^  \([a-z]*\)  *[A-Z].*/\1/p'); do
	is "help $command cuts no sentence" '' "$(klua help "$command" |
		sed '1,/^$/d' | grep -v '^  -' | sed '/^$/d' | tail -n 1 |
		grep -v '\.$')"
done
is "the overview cuts no sentence" '' \
	"$(klua --help | grep '^  [a-z]' | grep -v '\.$')"
for option in --version -V; do
	shows "$option" 0 'klua [0-9]*.[0-9]*' '' klua $option
done
shows "the version as JSON" 0 '{"version":"[0-9]*.[0-9]*"}' '' \
	klua --json --version
shows "help for no command" 2 '' "klua: 'frob' is no command*" klua help frob
shows "a name like options" 2 '' 'klua: -d: no such option*follows --*' \
	klua destroy -dash
shows "a wrong option" 2 '' 'klua: --frob: no such option*' klua list --frob
shows "too few arguments" 2 '' 'klua: show needs*' klua show
shows "too many" 2 '' 'klua: too many*' klua show a b
shows "a long option of another command" 2 '' 'klua: --force: no such*' \
	klua list --force
shows "a letter of another command" 2 '' 'klua: -F: no such*' klua list -F
shows "a missing value" 2 '' 'klua: -m needs a value*' klua create x -m
shows "a wrong size" 2 '' "klua: '1Q' is no size*" klua create -m 1Q x
shows "a size too large to be one" 2 '' "*is no size*" \
	klua create -m 99999999999999T x
shows "a wrong number of steps" 2 '' "*is no number*" klua create -s x x
shows "too few steps" 2 '' "klua: '0' is too few: 1 is the least*" klua create -s 0 x
shows "JSON of what is missing" 2 '{"error":"--json: a command follows it",*}' '' \
	klua --json
shows "help as JSON" 0 '{"command":"list","usage":"*","help":"Lists *","options":\[*\]}' '' \
	klua help --json list
shows "the same beside other options" 0 '{"command":"list",*}' '' \
	klua list --json --help
shows "and all of it" 0 '\[{"command":"list",*"command":"help",*}\]' '' klua -j help
shows "a wrong id" 2 '' "klua: 'x' is no number*" klua show --id x
shows "an empty name" 2 '' "klua: a name has*" klua create ''

# What cannot be written is noticed, whatever it was.
for text in --help 'help run' --version; do
	# shellcheck disable=SC2086	# one word for each
	error=$(klua $text 2>&1 >/dev/full)
	is "$text to a full disk: status" 7 $?
	is "$text to a full disk: errors" \
		'klua: cannot write the output: No space left on device' "$error"
done

for parameter in atomic_us=0 atomic_us=9000000 irq_us=0 irq_us=200000 \
		 sleepable_us=0 atomic_steps=0; do
	check_fails "the module is not loaded with $parameter" \
		insmod /klua/modules/klua.ko $parameter
done
load klua user_bytes_max=$((256 << 20))
nl='
'
check "as many usual states as the quota says" nltest fill t/ 256
shows "and no more" 6 '' '*over the quota user_states_max (256 of 256 used)' \
	klua create t/more
shows "which info shows" 0 \
	"*states from user space *256 of 256${nl}*of these together *256M of 256M$nl*" '' \
	klua info
klua destroy t/7
shows "nor more memory" 6 '' '*over the quota user_bytes_max (255M of 256M used)' \
	klua create -m 2M t/more
echo x=1 >"$tmp/x.lua"
shows "by scripts either" 6 '' '*over the quota user_bytes_max (255M of 256M used)' \
	klua create -m 2M -f "$tmp/x.lua" t/more
shows "nor by set" 6 '' '*over the quota user_bytes_max (255M of 256M used)' \
	klua set -m 4M t/8
shows "as JSON" 0 '{*"user_states_max":256,"user_states":255,"user_bytes_max":268435456,"user_bytes":267386880,*}' \
	'' klua info --json
unload klua
load klua

shows "an empty list" 0 \
	'ID MADE BY UID KIND USERS INSIDE MEMORY MAX RUNS ERRORS NAME' '' klua list
for command in list 'list --json' 'stats --watch' 'stats --json --watch' \
	       'top --watch=0.1' info 'run -e print(1)' 'run -e return(1)' \
	       '-e print(1)'; do
	# shellcheck disable=SC2086	# one word for each
	error=$(klua $command 2>&1 >/dev/full </dev/null)
	is "$command to a full disk: status" 7 $?
	like "$command to a full disk: errors" \
		'*klua: cannot write the output: No space*' "$error"
	# shellcheck disable=SC2086	# one word for each
	error=$(klua $command 2>&1 >&- </dev/null)
	is "$command to nobody: status" 7 $?
	like "$command to nobody: errors" \
		'*klua: cannot write the output: Bad file*' "$error"
done
klua monitor >/dev/full 2>"$tmp/err" &
monitor=$!
i=0
while kill -0 "$monitor" 2>/dev/null && [ $((i += 1)) -lt 100 ]; do
	klua create t/gone
	klua destroy t/gone
done
wait "$monitor"
is "monitor to a full disk ends" 7 $?
{ klua -e 'while true do print(1) end' 2>"$tmp/err"; echo $? >"$tmp/out"; } |
	head -n 1 >/dev/null
is "a reader that goes ends the script" \
	'7 klua: cannot write the output: Broken pipe' \
	"$(cat "$tmp/out" "$tmp/err" | tr '\n' ' ' | sed 's/ $//')"
# One that says nothing is noticed as well: no other error comes.
klua create t/gone
{ klua monitor --event error 2>"$tmp/err"; echo $? >"$tmp/out.gone"; } |
	head -n 1 >"$tmp/first" &
until [ -s "$tmp/first" ]; do
	klua run t/gone -e 'error("oh")' 2>/dev/null
	sleep 1
done
i=0
until [ -s "$tmp/out.gone" ] || [ $((i += 1)) -gt 600 ]; do sleep 0.1; done
is "a reader that goes ends a monitor without an event" \
	'7 klua: cannot write the output: Broken pipe' \
	"$(cat "$tmp/out.gone" "$tmp/err" | tr '\n' ' ' | sed 's/ $//')"
klua destroy t/gone
shows "repl without input" 0 '' '' sh -c 'klua repl <&-'
for command in 'repl' 'run -' 'batch -'; do
	shows "$command of what cannot be read" 2 '' 'klua: *: Is a directory' \
		sh -c "klua $command <$tmp"
done
# slowly LINE...: a line a second
slowly()
{
	local line
	for line; do
		sleep 1
		echo "$line"
	done
}
is "a script that comes slowly to an input that nobody waits for" '7 8' \
	"$(slowly 'return 7,' 8 | nltest impatient klua run - 2>&1 | tr '\t' ' ')"
is "likewise lines that are typed" '7 8' \
	"$(slowly 'return 7' 'return 8' | nltest impatient klua repl 2>&1 |
		tr '\n' ' ' | sed 's/ $//')"
is "and commands" '7 8' \
	"$(slowly "-e 'return 7'" "-e 'return 8'" | nltest impatient klua batch - 2>&1 |
		tr '\n' ' ' | sed 's/ $//')"

# What is printed must not become a request: without a standard output the
# first socket would take its place. One for each family that there may be.
cat >"$tmp/attack.lua" <<'EOD'
for family = 0x10, 0x40 do
	local name = string.pack("<I2I2z", 4 + 9, 3, "t/victim"):sub(1, 13)
	name = name .. ("\0"):rep(-#name % 4)
	local force = string.pack("<I2I2", 4, 4)
	local body = string.pack("<BBI2", 3, 1, 0) .. name .. force
	print(string.pack("<I4I2I2I4I4", 16 + #body, family, 5, 1, 0) .. body)
end
EOD
klua create t/victim
klua run "$tmp/attack.lua" >&- 2>/dev/null
check "printed requests are none" klua show t/victim
klua destroy t/victim

shows "an empty list as JSON" 0 '\[\]' '' klua list --json
shows "info" 0 'module *klua 0.*Lua 5.3*time statistics *off' '' klua info
for option in -j --json; do
	shows "$option before a command" 0 '\[\]' '' klua $option list
	shows "$option before what fails" 3 \
		'{"error":"there is no such state",*,"status":3}' '' \
		klua $option show t/none
	shows "$option before code" 0 '{"output":"",*"results":\[7\]}' '' \
		klua $option -e 'return 7'
done
shows "JSON in lines" 0 "{$nl  \"version\": *,$nl  \"time_statistics\":*$nl}" '' klua info --pretty
for options in '-p info' '--pretty info' 'info -p' 'info --json --pretty'; do
	# shellcheck disable=SC2086	# one word for each
	is "the same by klua $options" "$out" "$(klua $options)"
done
shows "an error in lines" 3 "{$nl  \"error\": \"there is no such state\",$nl  *$nl}" '' \
	klua -p show t/none
shows "info as JSON" 0 '{"version":"0.*"user_states_max":256,*}' '' \
	klua info --json

shows "create" 0 '' '' klua create --memory 64KiB --steps 5k t/one
shows "create again" 6 '' '*cannot create the state: the name is taken' \
	klua create t/one
shows "create with a name that modules may need" 6 '' \
	'*a name without a slash is for kernel modules; try user/NAME' \
	klua create minimal
check "they get it" insmod /klua/modules/minimal.ko
rmmod minimal
for size in 100 1KiB; do
	shows "create with $size" 6 '' '*too little memory: a state has at least 16384 bytes' \
		klua create -m $size t/small
done
shows "create shows it as JSON" 0 '{"id":*,"name":"t/two","origin":"user",*}' '' \
	klua create --json t/two
id=$(echo "$out" | sed 's/{"id":\([0-9]*\),.*/\1/')
shows "list" 0 "*klua*64K*t/one${nl}*klua*1M*t/two" '' klua list
klua create -m 1.5M t/half
like "sizes have fractions" '*"memory_max":1572864,*' \
	"$(klua show --json t/half)"
klua set --steps 10k t/half
like "and numbers units" '*"steps_max":10000,*' "$(klua show --json t/half)"
for time in 0 9 -1s 5000s1 0x10s 1e3ms 1.s; do
	shows "the time $time" 2 '' "klua: '$time' is no time*" \
		klua set --time $time t/half
done
shows "no time" 2 '' "klua: '0us' is too short: 1us is the least*" \
	klua set --time 0us t/half
shows "too much time" 2 '' "klua: '4295s' is too long: *4294s*8s*100ms*" \
	klua set --time 4295s t/half
check "the most" klua set --time 4294s t/half
klua destroy t/half
like "list shows who made it" "* klua\[[0-9]*] *0 sleepable *1 - *t/two" \
	"$(klua list)"
is "in a table" 1 "$(klua list | awk '/UID/ { print index($0, "UID") + 2 }
	/t\// { print index($0, " 0 sleepable") + 1 }' | sort -u | wc -l)"
is "list by patterns" 't/two' "$(klua list '*wo' 'x*' | sed '1d; s/.* //')"
is "list sorted by name" 't/one t/two' "$(klua list --sort name |
	sed '1d; s/.* //' | tr '\n' ' ' | sed 's/ $//')"
klua create 't/[ab]'
is "a name that looks like a pattern is itself" 't/[ab]' \
	"$(klua list 't/[ab]' | sed '1d; s/.* //')"
is "in stats, too" 't/[ab]' "$(klua stats 't/[ab]' | sed '1,2d; s/.* //')"
klua destroy 't/[ab]'
for command in list stats; do
	shows "$command by a pattern of no name" 3 '' \
		'klua: x\*: cannot get the states: no state has a name like that' \
		klua $command 'x*'
	shows "the same as JSON" 3 '{"error":"no state has*",*"status":3}' '' \
		klua $command --json 'x*' 'y*'
done
shows "show" 0 "name *t/two${nl}*origin *user*steps a run *10000000*last error *none" \
	'' klua show t/two
shows "show who made it" 0 "*made by *klua, pid [0-9]*, uid 0$nl*" '' \
	klua show t/two
shows "show by number" 0 'name *t/two*' '' klua show --id "$id"
like "and in a list" '*"name":"t/two",*"maker_pid":[1-9]*,"maker_uid":0,"maker_comm":"klua"*' \
	"$(klua list --json)"
shows "show as JSON" 0 '{*"name":"t/one",*"memory_max":65536,"steps_max":5000,*}' \
	'' klua show --json t/one
shows "show none" 3 '' 'klua: t/three: *there is no such state' klua show t/three
shows "and no number" 3 '' 'klua: state 4000000000: *there is no such state' \
	klua show --id 4000000000
shows "destroy" 0 '' '' klua destroy t/two
shows "an error as JSON" 3 \
	'{"error":"there is no such state","doing":"cannot*","state":"t/two","errno":2,"status":3}' \
	'' klua show --json t/two
shows "no answer as JSON" 0 '{}' '' klua set --json -s 5k t/one
shows "destroy again" 3 '' '*cannot destroy*there is no such state' \
	klua destroy t/two
for option in -x --if-exists; do
	shows "destroy $option what is not there" 0 '' '' klua destroy $option t/two
done
shows "the same as JSON" 0 '{}' '' klua destroy --json --if-exists t/two
shows "the same by number" 0 '' '' klua destroy -x --id 4000000000
klua create t/two
shows "destroy --if-exists what is there" 0 '' '' klua destroy --if-exists t/two
check_fails "it is gone" klua show t/two

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
shows "results that end in an error end their line" 1 '1	' 'klua: *no text*' \
	klua -e 'return 1, setmetatable({}, {__tostring = function() error("no text") end})'
is "and only that" 1 "$(wc -l <"$tmp/out")"
shows "steps are limited" 1 1 '*step budget exceeded*klua: --steps allows more' \
	klua run --steps 1000 -e 'print(1) while true do end'
shows "even to a few" 1 '' '*klua: --steps allows more' klua run -s 1 -e ''
shows "memory is limited" 1 '' '*not enough memory*klua: --memory allows more' \
	klua run -m 64K -e 'local t = {} for i = 1, 1000000 do t[i] = i end'
shows "a state is kept" 0 '' '' klua run t/one -e 'x = 42'
shows "and used again" 0 42 '' klua run t/one -e 'return x'
shows "limits are not given with a state" 2 '' '*are for a fresh state*' \
	klua run -m 1M t/one -e 'return x'
shows "run in no state" 3 '' '*there is no such state' \
	klua run t/three -e 'return 1'
shows "no script" 2 '' 'klua: which script?*' klua run
like "and what one is" '*A FILE, - or -e CODE is missing*' "$err"
shows "two scripts" 2 '' 'klua: -e may be given once*' \
	klua run -e 'print(1)' -e 'print(2)'
shows "a file that might be a command" 2 '' \
	"klua: 'a.lua' is no command; the file is ./a.lua*" \
	sh -c "cd $tmp && echo >a.lua && klua a.lua"
shows "no such file" 2 '' 'klua: */none: No such file*' klua run "$tmp/none"
shows "a state and no script" 2 '' \
	'klua: t/one: No such file; for a state of this name a FILE, - or -e CODE is missing*' \
	klua run t/one
for option in --force --id; do
	shows "a state and no script, with $option" 2 '' \
		"klua: which script? After '7' a FILE, - or -e CODE is missing*" \
		klua run $option 7
	shows "a script behind --, with $option" 2 '' \
		"klua: which script? After '7' a FILE, - or -e CODE comes before --*" \
		klua run $option 7 -- "$tmp/attack.lua"
done
shows "a script behind --" 2 '' \
	'klua: t/one: No such file; for a state of this name a FILE, - or -e CODE comes before -- and the arguments*' \
	klua run t/one -- "$tmp/attack.lua"
shows "code, and a file where a state is looked for" 3 '' \
	"klua: $tmp/attack.lua: cannot run the script: there is no such state; '$tmp/attack.lua' is a file, and -e CODE is the script" \
	klua run -e 'return 1' "$tmp/attack.lua"
shows "an argument where a script is looked for" 2 '' \
	"klua: first: No such file; arguments of the script $tmp/attack.lua follow --*" \
	klua run "$tmp/attack.lua" first
shows "even if it is a file" 3 '' \
	"*no such state; '$tmp/attack.lua' is a file, and a script's arguments follow --" \
	klua run "$tmp/attack.lua" "$tmp/attack.lua"
shows "two arguments" 2 '' \
	"klua: too many arguments: 'second'; those of the script follow --*" \
	klua run "$tmp/attack.lua" first second
shows "arguments behind code" 2 '' \
	"klua: too many arguments: 'b'; those of the script follow --*" klua -e x=1 a b
shows "a pattern where a state is looked for" 3 '' \
	"klua: t/n*: *no such state; patterns are for list, stats, top and monitor" \
	klua destroy 't/n*'
for command in show 'run -e x=1' repl cancel stop start 'set -s 5' destroy stats; do
	# shellcheck disable=SC2086	# one word for each
	shows "a number for a name: $command" 3 '' \
		'klua: *: there is no such state; a number is given as --id 7' \
		klua $command 7
done

check "an irq state" klua create --kind irq -m 64K t/irq
for _ in 1 2; do
	shows "has no more memory than is reserved" 6 '' \
		'*the state has less memory reserved*' klua set -m 100M t/irq
done
check "whose refusal takes no quota" klua create -m 200M t/large
check "they go" klua destroy t/irq
check "both" klua destroy t/large
check "a finalizer without an end" klua create --kind sleepable \
	-s unlimited -T unlimited t/endless
shows "is made" 0 '' '' klua run t/endless -e \
	'x = setmetatable({}, {__gc = function() while true do end end})'
check "and ends all the same" klua destroy t/endless
check "a busy state" klua create --kind sleepable -s unlimited -T unlimited t/busy
klua run t/busy -e 'while true do end' >/dev/null 2>&1 &
busy=$!
while said=$(klua set -s unlimited t/busy 2>&1); do :; done
like "is not waited for by set" '*the state is busy*' "$said"
check "is cancelled" klua cancel t/busy
wait $busy
check "and goes" klua destroy t/busy
printf 'error("\\27]0;x\\7\\xc2\\x9b31m\\xff")\n' >"$tmp/escape.lua"
shows "an error of a build is escaped" 6 '' '*\\033]0;x\\007*' \
	klua create t/escape -f "$tmp/escape.lua"

printf '#!/bin/klua run\nprint(...)\nreturn package, 2\n' >"$tmp/a.lua"
shows "a file" 0 "${nl}nil	2" '' klua run "$tmp/a.lua"
printf '#!/bin/klua run\n\nerror("here")\n' >"$tmp/b.lua"
shows "keeps its line numbers" 1 '' "klua: $tmp/b.lua:3: here*" \
	klua run t/one "$tmp/b.lua"
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
printf '\357\273\277#!/bin/klua\nreturn select("#", ...), ...\n' >"$tmp/bom"
shows "a mark before the text, and arguments" 0 "2	a b	-c" '' \
	klua run t/one "$tmp/bom" -- 'a b' -c
shows "arguments of a fresh state" 0 "1	--" '' klua run "$tmp/bom" -- --
shows "arguments of code" 0 "x" '' klua run -e 'return ...' -- x
shows "an empty argument" 0 "3	a		b" '' klua run "$tmp/bom" -- a '' b
# A name and a file that begin with a dash
check "a name that begins with a dash" klua create -- -x/y
shows "a file that does" 0 'a	--' '' sh -c "cd $tmp &&
	echo 'return ...' >-f.lua && klua run -- -f.lua -- a --"
shows "both of them" 0 '7' '' sh -c "cd $tmp && echo 'return 3 + math.tointeger(...)' >-f.lua &&
	klua run -- -x/y -f.lua -- 4"
shows "the name and standard input" 0 '8' '' \
	sh -c 'echo "return 8" | klua run -- -x/y -'
shows "the name alone" 2 '' 'klua: -x/y: No such file; for a state of*' \
	klua run -- -x/y
shows "nothing" 2 '' 'klua: which script?*' klua run --
shows "too many" 2 '' 'klua: too many arguments*' klua run -- a b c -- d
shows "code and its arguments" 0 '-x/y' '' klua run -e 'return ...' -- -x/y
check "it goes" klua destroy -- -x/y
printf '#!/usr/bin/env klua\nreturn ...\n' >"$tmp/script"
chmod +x "$tmp/script"
shows "a script that is a program" 0 "-x	y z" '' "$tmp/script" -x 'y z'
{ cat "$tmp/long.lua"; head -c 200000 /dev/zero | tr '\0' ' '; } >"$tmp/huge"
shows "a too long script" 2 '' '*larger than 1 MiB' klua run "$tmp/huge"

{
	printf '#!%0200d\nreturn "a part"' 0
	head -c $((1024 * 1024 - 100)) /dev/zero | tr '\0' ' '
	head -c 1000 /dev/zero | tr '\0' ' '
	echo 'error("the rest")'
} >"$tmp/huge"
shows "of which no part is run" 2 '' '*larger than 1 MiB' klua run "$tmp/huge"

echo 'a, b = 1, 1' >"$tmp/b1.lua"
echo 'b = a + 1' >"$tmp/b2.lua"
echo 'x x' >"$tmp/b3.lua"
echo 'c = 3' >"$tmp/b4.lua"
echo 'error("oh")' >"$tmp/bad.lua"
klua run -m 4M -e 'for i = 1, 20000 do print(i) end' >"$tmp/out" 2>"$tmp/err"
is "long output is complete" "$(seq 20000 | md5sum)" "$(md5sum <"$tmp/out")"
is "and said to be nothing else" '' "$(cat "$tmp/err")"
# On one processor nobody reads while a script runs that must not sleep.
shows "what is too much is dropped and said" 0 '1*' \
	'klua: * bytes of output were dropped*' \
	taskset -c 0 klua run -k atomic -m 4M -o 4K -e 'for i = 1, 2000 do print(i) end'
is "results are complete" 10000000 \
	"$(klua run -s unlimited -T unlimited -m 64M -o 32M -e 'return ("x"):rep(9999999)' | wc -c)"
shows "or the script fails" 1 'x*' '*the results do not fit into*' \
	taskset -c 0 klua run -k atomic -m 8M -o 64K -e 'return ("x"):rep(100000)'
shows "and there is an end" 1 '' '*the results are larger than 16 MiB*' \
	klua run -s unlimited -T unlimited -m 128M -o 32M -e 'return ("x"):rep(17000000)'

# json WHAT RESULTS CODE: the results that the code gives
json()
{
	like "JSON: $1" \
		"{\"output\":\"\",\"dropped\":0,\"steps\":*,\"results\":$2}" \
		"$(klua run --json -e "$3")"
}

# no_json WHAT ERROR CODE
no_json()
{
	like "JSON: $1" \
		"{*\"error\":\"$2*\",\"errno\":121,\"status\":1}" \
		"$(klua run --json -e "$3")"
}

json "values" '[[]1,-2,true,false,null,"x"]' 'return 1, -2, true, false, nil, "x"'
json "no values" '[[]]' ''
json "tables" '[[]{"a":[[]1,[[]],{"b":"c"}]}]' 'return {a = {1, {}, {b = "c"}}}'
cat >"$tmp/texts.lua" <<'EOD'
return "\"\\\1\n\xc3\xa4\xff"
EOD
cat >"$tmp/texts.json" <<'EOD'
["\"\\\u0001\nä�"]
EOD
is "JSON: texts" "$(cat "$tmp/texts.json")" \
	"$(klua run --json "$tmp/texts.lua" | sed 's/.*"results"://; s/}$//')"
json "the largest integers" '[[]9223372036854775807,-9223372036854775808]' \
	'return math.maxinteger, math.mininteger'
json "floats, which read back the same" \
	'[[]0.1,0.30000000000000004,0.3333333333333333,9007199254740992.0,1e+100,4.9406564584125e-324,-0.0]' \
	'return 0.1, 0.1 + 0.2, 1 / 3, 2.0 ^ 53, 1e100, 5e-324, -0.0'
json "sixty-four levels" "$(printf '[[]%064d' 0 | sed 's/0/[[]/g')*" \
	'local t = {} for i = 1, 63 do t = {t} end return t'
no_json "cycles" 'JSON has no table that contains itself' \
	'local t = {} t.t = {t} return t'
no_json "depth" 'more than 64 tables inside of each other' \
	'local t = {} for i = 1, 64 do t = {t} end return t'
# Each of ten thousand tables is compared with the sixty that it is in.
like "JSON: comparisons with the tables around are charged" \
	'*"errno":62,*' "$(klua run --json -s 300k -e '
	local t, inner = {}, {}
	for i = 1, 10000 do t[i] = inner end
	for i = 1, 60 do t = {t} end
	return t')"
cat >"$tmp/keys.lua" <<'EOD'
return {["a\0b"] = 1, ["a\0c"] = 2, ["z\n"] = 3}
EOD
is "JSON: keys with a NUL" '"a\u0000b":1 "a\u0000c":2 "z\n":3' \
	"$(klua run --json "$tmp/keys.lua" | grep -o '"[az]\\[^,}]*' | sort |
		tr '\n' ' ' | sed 's/ $//')"
json "keys in UTF-8" '[[]{"ä":1}]' 'return {["\xc3\xa4"] = 1}'
no_json "keys that would look the same" 'JSON has no key that is not UTF-8' \
	'return {["\xff"] = 1, ["\xfe"] = 2}'
for key in '\xc0\x80' '\xed\xa0\x80' '\xf4\x90\x80\x80' 'a\xc3' '\xe0\x80\x80'; do
	no_json "the key $key" 'JSON has no key that is not UTF-8' \
		"return {[\"$key\"] = 1}"
done
no_json "functions" 'JSON has no function' 'return print'
no_json "holes" 'JSON has no table whose keys' 'return {1, nil, 3}'
no_json "mixed keys" 'JSON has no table whose keys' 'return {1, a = 2}'
like "JSON: output and an error" \
	'{"output":"a\\nb\\n",*"error":"(command line):1: oh\\nstack*","errno":121,"status":1}' \
	"$(klua run --json -e 'print("a\nb") error("oh")')"
like "JSON: a limit" '{*"errno":62,"status":1,"reason":"the steps are spent*"}' \
	"$(klua run --json -s 100 -e 'while true do end')"
klua run --json -m 4M -s unlimited -T unlimited \
	-e 'local s = ("x"):rep(199999) for i = 1, 85 do print(s) end return 7' \
	>"$tmp/out" 2>"$tmp/err"
is "JSON: there is an end to the output" 0 $?
like "JSON: which is said" '*"dropped":222784,"steps":*,"results":\[7\]}' \
	"$(tail -c 100 "$tmp/out")"
is "JSON: what is kept is 16 MiB, its lines' ends two bytes of them" \
	$((16777216 + 83)) "$(sed 's/^{"output":"//; s/","dropped":.*//' "$tmp/out" |
		tr -d '\n' | wc -c)"
is "JSON: to people, too" \
	'klua: 222784 bytes of output were dropped (JSON has 16 MiB of it at most)' \
	"$(cat "$tmp/err")"
shows "JSON: a script that does not run" 3 \
	'{"error":"there is no such state","doing":"cannot run the script","state":"t/none","errno":2,"status":3}' \
	'' klua run --json t/none -e 'return 1'

# Where a script may wait it does, for whoever reads, within its time.
is "a slow reader gets all" "$(seq 30000 | md5sum)" \
	"$(klua -e 'for i = 1, 30000 do print(i) end' |
		{ sleep 1; cat; } | md5sum)"
mkfifo "$tmp/slow"
klua -e 'print("now") while true do end' >"$tmp/slow" 2>/dev/null &
runner=$!
read -r line <"$tmp/slow"
is "output comes while the script runs" now "$line"
kill "$runner"
wait "$runner" 2>/dev/null
{ klua run -T 300ms -e 'while true do print(("x"):rep(1000)) end' \
	2>"$tmp/err"; echo $? >"$tmp/out"; } | { sleep 3; cat; } >/dev/null
is "nobody is waited for longer than the limit on time" 1 "$(cat "$tmp/out")"
like "which is said" '*time limit exceeded*klua: --time allows more' "$(cat "$tmp/err")"

shows "create with scripts" 0 '' '' klua create -k atomic -T 20ms -m 2M \
	-f "$tmp/b1.lua" -f "$tmp/b2.lua" t/built
like "its kind and limits" \
	'*"kind":"atomic",*"memory_max":2097152,*"time_max_us":20000,*' \
	"$(klua show --json t/built)"
shows "its scripts ran in order" 0 '1	2' '' klua run t/built -e 'return a, b'
before=$(cat /sys/module/klua/parameters/sleepable_steps)
echo 1000000 >/sys/module/klua/parameters/sleepable_steps
echo 'while true do end' >"$tmp/endless.lua"
shows "a script that takes more than building may" 6 '' \
	'klua: t/endless: cannot create the state: *step budget exceeded*sleepable_steps and sleepable_us, not by --steps' \
	klua create -s 1 -f "$tmp/endless.lua" t/endless
echo 1 >/sys/module/klua/parameters/sleepable_steps
shows "fewer steps than the libraries take" 6 '' \
	'klua: t/endless: cannot create the state: *sleepable_steps*' klua create t/endless
shows "and with a script" 6 '' \
	'klua: t/endless: cannot create the state: step budget exceeded*' \
	klua create -f "$tmp/endless.lua" t/endless
echo "$before" >/sys/module/klua/parameters/sleepable_steps
# A script that a state is made with ends as one that is run: by any signal that would
# end klua, also one that leaves a core. Nothing else ends this one in time.
parameters=/sys/module/klua/parameters
times=$(cat $parameters/sleepable_us)
echo 4000000000 >$parameters/sleepable_us
echo 1000000000000 >$parameters/sleepable_steps
klua create -f "$tmp/endless.lua" t/endless 2>/dev/null &
builder=$!
until [ "$(awk '{ print $15 }' /proc/$builder/stat)" -ge 10 ]; do sleep 0.1; done
kill -ABRT "$builder"
wait "$builder" 2>/dev/null
is "a signal ends a script that a state is made with" 134 $?
echo "$times" >$parameters/sleepable_us
echo "$before" >$parameters/sleepable_steps
shows "create what is there" 6 '' '*cannot create the state: the name is taken' \
	klua create -f "$tmp/b1.lua" t/built
shows "a script that fails makes none" 6 '' \
	"klua: t/bad: cannot create the state: $tmp/bad.lua:1: oh*stack traceback:*" \
	klua create -f "$tmp/bad.lua" t/bad
shows "none" 3 '' '*no such state' klua show t/bad
shows "nor one that cannot be compiled" 6 '' '*syntax error*' \
	klua create -f "$tmp/b3.lua" t/bad
shows "replace" 0 '' '' klua replace -f "$tmp/b4.lua" t/built
shows "it is another one" 0 'nil	3' '' klua run t/built -e 'return a, c'
like "with the limits that it had" \
	'*"kind":"atomic",*"memory_max":2097152,*"time_max_us":20000,*' \
	"$(klua show --json t/built)"
shows "a script that fails replaces none" 6 '' '*bad.lua:1: oh*' \
	klua replace -f "$tmp/bad.lua" t/built
shows "the old one stays" 0 '3' '' klua run t/built -e 'return c'
shows "replace by another kind" 6 '' \
	'*: the state of this name is atomic, and only one of that kind takes its place' \
	klua replace -k sleepable -f "$tmp/b4.lua" t/built
shows "replace nothing" 3 '' \
	'*cannot replace the state: there is no state of this name to replace; --create makes one' \
	klua replace -f "$tmp/b4.lua" t/fresh
check_fails "makes nothing" klua show t/fresh
shows "unless told to" 0 '{"id":*"kind":"sleepable",*}' '' \
	klua replace --create --json -f "$tmp/b4.lua" t/fresh
shows "which replaces it the next time" 0 '' '' \
	klua replace -C -f "$tmp/b4.lua" t/fresh
shows "a kind with less time is another kind first" 6 '' \
	'*: the state of this name is sleepable, and only one of that kind takes its place' \
	klua replace -k irq -f "$tmp/b4.lua" t/fresh
shows "replace without a script" 2 '' 'klua: --file says*' klua replace t/fresh
shows "scripts of modules' names" 6 '' '*name without a slash*' \
	klua create -f "$tmp/b4.lua" fresh
shows "no such kind" 2 '' "klua: 'soft' is no kind*" klua create -k soft t/x
shows "time that the kind cannot have" 6 '' '*more time than a state of this kind*' \
	klua create -k atomic -T 1000s t/x
shows "an irq state" 0 '*"kind":"irq",*"reserved":true,*' '' \
	klua create --json -k irq -m 64K t/irq
shows "a script in it" 0 7 '' klua run t/irq -e 'return 7'
shows "reserved memory" 0 '*"reserved":true,*' '' \
	klua create --json -r -k atomic t/reserved
shows "stays reserved" 0 '*"reserved":true,*' '' \
	klua replace --json -f "$tmp/b1.lua" t/reserved
for state in built fresh irq reserved; do
	check "destroy t/$state" klua destroy t/$state
done

shows "stop" 0 '' '' klua stop t/one
shows "a stopped state is shown" 0 '*stopped*t/one*' '' klua list
shows "run in a stopped state" 6 '' '*the state is stopped (see klua start)' \
	klua run t/one -e 'return 1'
check "its limits can be changed" klua set -s 5k t/one
shows "start" 0 '' '' klua start t/one
shows "run in it again" 0 1 '' klua run t/one -e 'return 1'
klua set -s unlimited t/one
klua run t/one -e 'while true do end' 2>"$tmp/err" &
runner=$!
until klua show --json t/one | grep -q '"busy":true'; do :; done
check "stop while a script runs" klua stop t/one
wait "$runner"
is "ends that" 1 $?
check "until it is started" klua start t/one
klua set -s 5k t/one

shows "set" 0 '' '' klua set --memory 128K --steps unlimited t/one
shows "and seen" 0 '*"memory_max":131072,"steps_max":null,*' '' \
	klua show --json t/one
shows "set nothing" 2 '' 'klua: --memory, --steps or --time*' klua set t/one
klua run t/one -e 'held = ("x"):rep(20000)'
shows "set below use" 6 '' '*the state holds more memory than that, garbage included' \
	klua set -m 17K t/one
klua run t/one -e 'held = nil'
shows "set below the least" 6 '' '*too little memory: a state has at least 16384 bytes' \
	klua set -m 9K t/one
shows "set the time" 0 '' '' klua set --time 1.5s t/one
like "and see it" '*"time_max_us":1500000,*' "$(klua show --json t/one)"
klua set --time 10s t/one
shows "cancel nothing" 6 '' '*nothing runs in the state' klua cancel t/one
shows "cancel no state" 3 '' '*there is no such state' klua cancel t/three

klua run t/one -e 'print("go") while true do end' >"$tmp/run.out" \
	2>"$tmp/run.err" &
runner=$!
until klua show --json t/one | grep -q '"busy":true'; do :; done
shows "who is inside of it" 0 "*inside *klua, pid $runner${nl}made by *" '' \
	klua show t/one
like "and in a list" "* klua\\[$runner] *t/one" "$(klua list)"
like "and as JSON" "*\"runner_pid\":$runner,\"runner_comm\":\"klua\",*" \
	"$(klua list --json)"
shows "cancel" 0 '' '' klua cancel t/one
wait "$runner" 2>/dev/null
is "the script ends with status 1" 1 $?
is "and says why, once" "klua: (command line):1: cancelled
stack traceback:
	(command line):1: in main chunk
	[C]: in ?" "$(cat "$tmp/run.err")"
is "after what it printed" go "$(cat "$tmp/run.out")"

# As all that a script of the shell starts in the background
klua run t/one -e 'while true do end' >/dev/null 2>"$tmp/run.err" &
runner=$!
until klua show --json t/one | grep -q '"busy":true'; do :; done
kill -INT "$runner"
check "a klua that ignores the interrupt key goes on" klua cancel t/one
wait "$runner" 2>/dev/null
like "to its end" '*cancelled*' "$(cat "$tmp/run.err")"

klua run t/one -e 'while true do end' >/dev/null 2>&1 &
runner=$!
until klua show --json t/one | grep -q '"busy":true'; do :; done
kill "$runner"
wait "$runner" 2>/dev/null
is "a script ends with its klua" 0 \
	"$(klua show --json t/one | grep -c '"busy":true')"
like "which is counted" '*"cancels":[1-9]*,"signals":1,*' \
	"$(klua show --json t/one)"

klua run t/one -e 'local n = 0 while true do n = n + 1 if n == 400000 then return 1 end end' \
	>"$tmp/first" &
first=$!
klua run t/one -e 'return 2' >"$tmp/second"
wait "$first"
is "two at once wait for each other" '1 2' \
	"$(cat "$tmp/first") $(cat "$tmp/second")"

shows "stats" 0 '*| limits hit*RUNS*t/one' '' klua stats
is "its bars are around the limits" '  STEPS   TIME    MEM  STACK' \
	"$(awk 'NR == 1 { first = index($0, "|"); last = length }
		NR == 2 { print substr($0, first - 1, last - first + 1) }' "$tmp/out")"
shows "stats of one as JSON" 0 \
	'\[{*"name":"t/one",*"limit_time":0,*"last_error":"*}\]' '' \
	klua stats --json t/one
shows "stats of none" 3 '' '*there is no such state' klua stats t/three
klua stats --watch=0.1 >"$tmp/watch" &
watcher=$!
until [ "$(grep -c RUNS "$tmp/watch")" -gt 2 ]; do :; done
ok "stats are watched"
kill "$watcher"
wait "$watcher" 2>/dev/null
# As watch and vmstat take it; what is no number is a pattern.
for words in '--watch 0.1' '-w 0.1' '--watch=0.1 t/one' '--watch t/one' \
	     '--watch 0.1 t/o*'; do
	# shellcheck disable=SC2086	# one word for each
	klua stats $words >"$tmp/watch" 2>&1 &
	watcher=$!
	until [ "$(grep -c ' t/one$' "$tmp/watch")" -gt 1 ] ||
	      ! kill -0 "$watcher" 2>/dev/null; do :; done
	check "stats $words go on" kill "$watcher"
	wait "$watcher" 2>/dev/null
done
like "top --watch 0.1" '*%TIME*t/one*' "$(klua top --watch 0.1 --count 2)"
shows "an interval that is none" 2 '' "klua: '0' is no time between*" \
	klua stats --watch 0
echo 1 >/sys/module/klua/parameters/stats
klua create t/timed
klua run t/timed -e 'for i = 1, 1000 do end'
echo 0 >/sys/module/klua/parameters/stats
like "time is measured when asked for" '*"time_ns":[1-9]*' \
	"$(klua show --json t/timed)"
time=$(klua show --json t/timed | sed 's/.*"time_ns":\([0-9]*\).*/\1/')
klua run t/timed -e 'for i = 1, 1000 do end'
like "and only then" "*\"time_ns\":$time,*" "$(klua show --json t/timed)"
like "steps are counted always" '*"runs":2,"steps":[2-9][0-9][0-9][0-9],*' \
	"$(klua show --json t/timed)"

is "stats of none are not cleared away" '' "$(klua stats --watch t/none 2>/dev/null)"
is "stats by pattern" 't/one' "$(klua stats 't/*e' | sed '1,2d; s/.* //')"
like "top" '*%TIME*RUNS/S*t/one*' "$(klua top --watch=0.1 --count 2)"
echo 1 >/sys/module/klua/parameters/stats
klua create t/zz
while klua run t/zz -e 'for i = 1, 100000 do end'; do :; done 2>/dev/null &
busy=$!
until klua top --json --watch=1 --count 1 |
	grep -q '^\[{"id":[0-9]*,"name":"t/zz","time_percent":[0-9.]*[1-9]'; do :; done
ok "top shows the busiest first"
until klua destroy t/zz 2>/dev/null; do :; done
wait "$busy"
klua create --time unlimited --steps unlimited t/zz
klua run t/zz -e 'while true do end' 2>/dev/null &
busy=$!
until klua show --json t/zz | grep -q '"busy":true'; do :; done
# time_ns STATE
time_ns()
{
	klua show --json "$1" | sed 's/.*"time_ns":\([0-9]*\).*/\1/'
}
first=$(time_ns t/zz)
check "the time of an entry in progress counts" [ "$first" -gt 0 ]
check "as it passes" [ "$(time_ns t/zz)" -gt "$first" ]
shows "wait for one that is busy in vain" 6 '' '*the state is busy' \
	klua wait --idle --timeout 0.2 t/zz
shows "and for one that is not there" 6 '' '*there is no such state' \
	klua wait --idle --timeout 0.2 t/nobody
klua cancel t/zz
wait "$busy"
klua destroy t/zz
echo 0 >/sys/module/klua/parameters/stats
like "top as JSON, time not measured" '\[{"id":*,"name":"t/one","time_percent":null,*}\]' \
	"$(klua top --json --watch=0.1 --count 1 't/*e')"
shows "top says so" 0 "   ID  %TIME *$nl *[0-9] *- *t/one" \
	'klua: time is not measured: echo 1 >/sys/module/klua/parameters/stats' \
	klua top --watch=0.1 --count 1 t/one
klua create t/none
for command in 'top --watch=0.1 --count 1' stats; do
	# shellcheck disable=SC2086	# one word for each
	is "$command sorted by name" 't/none t/one' "$(klua $command --sort name 't/[on]*ne' \
		2>/dev/null | sed '/NAME$/d; /limits hit/d; s/.* //' | tr '\n' ' ' | sed 's/ $//')"
	# shellcheck disable=SC2086	# one word for each
	is "$command sorted by number" 't/one t/none' "$(klua $command --sort id 't/[on]*ne' \
		2>/dev/null | sed '/NAME$/d; /limits hit/d; s/.* //' | tr '\n' ' ' | sed 's/ $//')"
done
is "stats sorted by runs" 't/one t/none' "$(klua stats --sort runs 't/[on]*ne' |
	sed '1,2d; s/.* //' | tr '\n' ' ' | sed 's/ $//')"
is "and by name" 't/none t/one' "$(klua stats --sort name 't/[on]*ne' |
	sed '1,2d; s/.* //' | tr '\n' ' ' | sed 's/ $//')"
klua destroy t/none
shows "wait for a state" 0 '' '' klua wait t/one
for what in 'wait t/one' 'wait --gone t/none' 'stop t/one' 'start t/one'; do
	# shellcheck disable=SC2086	# one word for each
	shows "nothing to say as JSON: $what" 0 '{}' '' klua --json $what
done
shows "wait in vain" 6 '' '*waited in vain: there is no such state' \
	klua wait --timeout 0.2 t/none
shows "one look" 6 '' 'klua: t/none: waited in vain: there is no such state' \
	klua wait --timeout 0 t/none
shows "that sees it" 0 '' '' klua wait --timeout 0 t/one
shows "wait for an end in vain" 6 '' '*the state is still there' \
	klua wait --gone --timeout 0.2 t/one
klua wait t/late &
waiter=$!
klua create t/late
wait "$waiter"
is "a state that comes ends a wait" 0 $?
klua run t/late -e 'while true do end' 2>/dev/null &
runner=$!
until klua show --json t/late | grep -q '"busy":true'; do :; done
klua wait --idle t/late &
waiter=$!
klua cancel t/late
wait "$runner"
wait "$waiter"
is "a state that is idle ends a wait" 0 $?
klua wait --gone t/late &
waiter=$!
klua destroy t/late
wait "$waiter"
is "a state that goes ends a wait" 0 $?

cat >"$tmp/batch" <<'EOD'
# a comment
create t/batch   # another one

run t/batch -e 'print("a b", ...)' -- "c \"d\"" e\ f
set -s 5k 't/batch'
destroy t/batch
EOD
shows "batch" 0 'a b	c "d"	e f' '' klua batch "$tmp/batch"
printf 'create t/x\ndestroy t/y\ndestroy t/x\n' >"$tmp/batch"
shows "batch: the first error ends it" 3 '' \
	"klua: $tmp/batch:2: t/y: cannot destroy the state: there is no such state" \
	klua batch "$tmp/batch"
check "batch: what came before is done" klua destroy t/x
printf 'create t/x\ndestroy t/y\nrun t/x -e "x x"\ndestroy t/x\n' >"$tmp/batch"
shows "batch: told to go on it does" 3 '' \
	"klua: $tmp/batch:2: t/y: cannot destroy*${nl}klua: $tmp/batch:3: *syntax error*" \
	klua batch --continue "$tmp/batch"
check_fails "batch: to the last line" klua show t/x
printf 'show t/x\nlist\n' >"$tmp/batch"
shows "batch: in lines of JSON" 3 "{$nl  \"error\":*$nl}$nl\[*$nl\]" '' \
	klua batch -K -p "$tmp/batch"
printf 'list \303\233\033[31m *\r\n\302\233x\n' >"$tmp/batch"
shows "batch: words are data, and lines end as elsewhere" 2 '*NAME*' \
	"klua: $tmp/batch:2: '"'\\302\\233x'"' is no command*" \
	klua batch "$tmp/batch"
printf '\357\273\277create t/x\ndestroy t/x\n' >"$tmp/batch"
shows "batch: a mark before the first line" 0 '' '' klua batch "$tmp/batch"
printf 'batch "%s"\n' "$tmp/batch" >"$tmp/batch"
shows "batch: one that runs itself has an end" 2 '' \
	"klua: $tmp/batch:1: $tmp/batch: more than 8 batches run each other*" \
	klua batch "$tmp/batch"
for end in '\n' '\r\n' ''; do
	printf 'run -e "return 1" %b' "\\\\$end" >"$tmp/batch"
	shows "batch: a line that wants to go on" 2 '' \
		"klua: $tmp/batch:1: a ? ends the line,*" klua batch "$tmp/batch"
done
printf 'run -e x(\n' >"$tmp/batch"
shows "batch: as JSON a script's error has its line" 1 '{"output":*"line":1}' '' \
	klua batch --json "$tmp/batch"
printf 'list\0 --frob\n' >"$tmp/batch"
shows "batch: nothing of a line is left out" 2 '' '*there is a NUL in the line*' \
	klua batch "$tmp/batch"
shows "batch: words without an end" 2 '' "klua: -:1: there is no end to a '*" \
	sh -c "echo \"list 'x\" | klua batch -"
shows "batch: no file" 2 '' "klua: $tmp: Is a directory" klua batch "$tmp"
check "batch: a state" klua create -s unlimited -T unlimited t/batch
printf 'run t/batch -e "while true do end"\ncreate t/after\n' >"$tmp/batch"
klua batch "$tmp/batch" &
batch=$!
until klua show --json t/batch | grep -q '"busy":true'; do :; done
kill -KILL "$batch"
wait "$batch" 2>/dev/null
check "batch: what runs ends with it" klua wait --idle -t 60 t/batch
klua cancel t/batch 2>/dev/null
check_fails "batch: and so do the other lines" klua show t/after
klua destroy t/batch

# Each line is done when it is there, and what follows it is its own to read.
is "batch: a command reads what follows it" 'read 7' \
	"$(printf 'create t/x\ndestroy t/x\nrun -\nreturn "read", 7\n' | klua batch - |
		tr '\t' ' ')"
mkfifo "$tmp/lines"
klua batch - <"$tmp/lines" &
batch=$!
exec 7>"$tmp/lines"
echo 'create t/came' >&7
check "batch: a line is done before the next one comes" klua wait t/came
echo 'destroy t/came' >&7
check "batch: so is that" klua wait --gone t/came
exec 7>&-
wait "$batch"
is "batch: the end of the lines is its end" 0 $?

# Whatever is wrong, and wherever --json is, what says so is JSON.
wrong_json()
{
	local status="$1" error="$2"
	shift 2
	shows "JSON: klua $*" "$status" \
		"{\"error\":\"$error\",\"doing\":\"*\",\"errno\":*,\"status\":$status*}" \
		'' klua "$@"
}

wrong_json 2 "'frob' is no command" frob --json
wrong_json 2 '--frob: no such option' list --frob --json
wrong_json 2 '-d: no such option*' destroy --json -dash
wrong_json 2 '--force: no such option' list --json --force
wrong_json 2 '-F: no such option*' list -jF
wrong_json 2 'show needs*' show -j
wrong_json 2 "too many arguments: 'b'" show --json a b
wrong_json 2 '-m needs a value' create --json x -m
wrong_json 2 "'1Q' is no size*" create -m 1Q --json x
wrong_json 2 "'x' is no number*" show --id --json x
wrong_json 2 'a name has*' create --json ''
wrong_json 2 '*: No such file*' run --json "$tmp/none"
wrong_json 2 'which script?*' run --json
wrong_json 2 '--file says*' replace --json t/x
wrong_json 2 '*: No such file*' batch --json "$tmp/none"
printf 'list\nlist --sort x\n' >"$tmp/batch"
shows "JSON: in a batch" 2 \
	"\[*\]$nl{\"error\":\"'x' is none of*\",\"doing\":\"list\",\"errno\":0,\"status\":2,\"file\":\"$tmp/batch\",\"line\":2}" \
	'' klua batch --json "$tmp/batch"
printf 'run t/none -e x=1\n' >"$tmp/batch"
shows "JSON: a script in a batch" 3 \
	'{"error":"there is no such state",*"status":3,"file":*,"line":1}' \
	'' klua batch --json "$tmp/batch"
printf "list 'x\n" >"$tmp/batch"
shows "JSON: a line that is none" 2 \
	'{"error":"there is no end to a *",*"status":2,"file":*,"line":1}' \
	'' klua batch --json "$tmp/batch"
printf 'show t/none --json\n' >"$tmp/batch"
shows "JSON: one line of a batch" 3 '{"error":*"line":1}' '' \
	klua batch "$tmp/batch"

# A module's state, and what it does by calls that want no traceback themselves
mkdir -p /lib/firmware
cp /klua/examples/luadev/luadev.lua /lib/firmware/
load luadev
shows "a module's state" 0 "*${nl}origin *kernel${nl}*made by *module luadev$nl*" \
	'' klua show luadev
like "and in a list" '* luadev *- sleepable *2 - *luadev' "$(klua list luadev)"
like "and as JSON" \
	'*"name":"luadev","origin":"kernel",*"owner":"luadev",*"users":2,*' \
	"$(klua list --json)"
cat >"$tmp/fails.lua" <<'EOD'
local function deepest(n)
	if n == 0 then error("deep") end
	deepest(n - 1)
	return n
end
function begin()
	deepest(2)
	return 0
end
EOD
klua run --force luadev "$tmp/fails.lua"
check_fails "a script that fails in a call of the module" \
	sh -c 'echo x >/dev/luadev'
last_trace()
{
	klua show luadev | sed '1,/^last error .*errno /d; s/^ *//'
}
cat >"$tmp/trace" <<EOD
$tmp/fails.lua:2: deep
stack traceback:
	[C]: in global 'error'
	$tmp/fails.lua:2: in upvalue 'deepest'
	$tmp/fails.lua:3: in upvalue 'deepest'
	$tmp/fails.lua:3: in upvalue 'deepest'
	$tmp/fails.lua:7: in function <$tmp/fails.lua:6>
EOD
is "leaves its whole traceback" "$(cat "$tmp/trace")" \
	"$(last_trace)"
like "and as JSON" '*"last_error":"*fails.lua:2: deep\\nstack traceback:\\n\\t*:6>",*' \
	"$(klua list --json luadev)"
sed -i 's/(2)/(50)/' "$tmp/fails.lua"
klua run --force luadev "$tmp/fails.lua"
check_fails "a deeper one" sh -c 'echo x >/dev/luadev'
is "as far as twenty functions" 20 "$(klua show luadev | grep -c ': in ')"
like "which is said" "*$nl *	..." "$(klua show luadev)"
sed -i 's/error("deep")/while true do end/; s/(50)/(2)/' "$tmp/fails.lua"
klua run --force luadev "$tmp/fails.lua"
klua set --force luadev --steps 10k
check_fails "an endless one" sh -c 'echo x >/dev/luadev'
cat >"$tmp/trace" <<EOD
$tmp/fails.lua:2: step budget exceeded
stack traceback:
	$tmp/fails.lua:2: in function <$tmp/fails.lua:1>
	$tmp/fails.lua:3: in function <$tmp/fails.lua:1>
	$tmp/fails.lua:3: in function <$tmp/fails.lua:1>
	$tmp/fails.lua:7: in function <$tmp/fails.lua:6>
EOD
is "leaves the places of its functions" "$(cat "$tmp/trace")" "$(last_trace)"
klua set --force luadev --steps 100M
sed -i 's/while true.*end end/local t = {} while true do t[#t + 1] = {} end end/' \
	"$tmp/fails.lua"
klua run --force luadev "$tmp/fails.lua"
check_fails "a greedy one" sh -c 'echo x >/dev/luadev'
sed -i '1s/.*/not enough memory/' "$tmp/trace"
is "leaves them, too" "$(cat "$tmp/trace")" "$(last_trace)"
unload luadev

repl()
{
	printf '%s\n' "$@" | klua repl >"$tmp/out" 2>"$tmp/err"
}

repl '1 + 1' 'x = 5' 'x, nil' 'for i = 1, 2 do' 'print(i)' 'end' 'x' \
	'local function f()' 'return "f"' 'end return f()'
is "repl: values, statements, more lines" "2 5	nil 1 2 5 f" \
	"$(tr '\n' ' ' <"$tmp/out" | sed 's/ $//')"
is "repl: without errors" '' "$(cat "$tmp/err")"
repl '=1 + 1' '= "a",' '2' '=' 'x =' '3' '=x == 3'
is "repl: = in front of an expression" "2 a	2 true" \
	"$(tr '\n' ' ' <"$tmp/out" | sed 's/ $//')"
is "repl: is no error" '' "$(cat "$tmp/err")"
repl 'error("oh")' 'x x' '7'
is "repl: an error ends no session" 7 "$(cat "$tmp/out")"
like "repl: and is shown" 'klua: repl:1: oh*klua: repl:1: syntax error near*' \
	"$(cat "$tmp/err")"
repl 'x x'
is "repl: a syntax error shows no frames" 'klua: repl:1: syntax error near '"'x'" \
	"$(cat "$tmp/err")"
repl 'load = nil' 'string = nil' '1 + 1'
is "repl: whatever the state's globals are" 2 "$(cat "$tmp/out")"
shows "repl: no state, no prompt" 3 '' '*there is no such state' \
	klua repl t/none
repl 'do'
is "repl: an unfinished statement is an error" 1 $?
like "repl: and said to be one" '*inside a statement' "$(cat "$tmp/err")"
# Any bytes are, as in a file: a NUL is no end of anything.
printf '1 + 1\n\0\n"a\0b"\n7\0\n8' | klua repl >"$tmp/out" 2>"$tmp/err"
is "repl: nothing is lost behind a NUL" '2\na\0b\n8\n' \
	"$(od -An -c "$tmp/out" | tr -d ' \n')"
is "repl: which is said where it has no place" \
	"klua: repl:1: unexpected symbol klua: there is a NUL in what was typed klua: repl:1: unexpected symbol near '7' klua: there is a NUL in what was typed" \
	"$(tr '\n' ' ' <"$tmp/err" | sed 's/ $//')"
is "repl: in a state of one's own choice" 42 \
	"$(echo x | klua repl t/one)"
is "no fresh state is left" '' "$(klua list | grep -E 'run/|repl/')"

# Nothing of a name is unseen, and nothing of it drives the terminal.
klua create "$(printf 'a/\342\200\213b\302\255\302\233\342\200\256\363\240\200\201\177')"
is "nothing of a name is unseen" \
	'a/\342\200\213b\302\255\302\233\342\200\256\363\240\200\201\177' \
	"$(klua list 'a/*' | sed '1d; s/.* //')"
like "nor as JSON" \
	'*"name":"a/\\u200bb\\u00ad\\u009b\\u202e\\udb40\\udc01\\u007f"*' \
	"$(klua list --json 'a/*')"
klua destroy --id "$(klua list 'a/*' | awk 'NR == 2 { print $1 }')"
klua create "$(printf 'a/\nb\\"\t\303\244\377\302\233\342\200\256')"
shows "a name is data" 0 '*a/\\012b\\134"\\011ä\\377\\302\\233\\342\\200\\256' \
	'' klua list
cat >"$tmp/name.json" <<'EOD'
"a/\nb\\\"\t
EOD
is "in JSON, too" "$(cat "$tmp/name.json")" \
	"$(klua list --json | grep -o '"a/[a-z\\"]*')"
shows "a traceback's tabs are shown as such" 0 "*${nl} *	*in main chunk*" '' \
	sh -c 'klua run t/one -e "error(1)" 2>/dev/null; klua show t/one'
shows "another network namespace" 5 '' \
	'klua: the family klua is in the initial network namespace only; *' \
	unshare -n klua list
shows "where scripts run in states" 0 2 '' \
	unshare -n klua run t/one -e 'return 1 + 1'
shows "and make them, as is said" 0 '{"id":[0-9]*,"name":"t/far"}' \
	'klua: the state was made; what the family klua would say of it is not to be had' \
	unshare -n klua create --json -f "$tmp/b1.lua" t/far
shows "and replace them" 0 '{"id":[0-9]*,"name":"t/far"}' 'klua: the state was made;*' \
	unshare -n klua replace --json -f "$tmp/b1.lua" t/far
shows "or not" 6 '' 'klua: t/far: cannot create the state: the name is taken' \
	unshare -n klua create -f "$tmp/b1.lua" t/far
klua destroy t/far

# Those who look again and again notice that the module is unloaded: stopped where
# they do not look, since a dump would hold it. (Linux 5.10 says 0 in wchan.)
looks()
{
	klua "$@" >"$tmp/out" 2>"$tmp/err" &
	looks=$!
	until grep -q nanosleep "/proc/$looks/stack"; do :; done
	kill -STOP "$looks"
	unload klua
}
# What the kernel has loaded is noted. While a module goes its directory is there,
# and there is no family of its any more.
loader=$(cat /proc/sys/kernel/modprobe)
printf '#!/bin/sh\necho "$@" >>%s\n' "$tmp/asked" >"$tmp/modprobe"
chmod +x "$tmp/modprobe"
echo "$tmp/modprobe" >/proc/sys/kernel/modprobe
: >"$tmp/asked"
for command in 'top --watch=5' 'stats --watch=5' 'stats --watch=5 t/one' \
	       'wait t/never' 'wait --idle t/never'; do
	# shellcheck disable=SC2086	# one word for each
	looks $command
	mount -t tmpfs none /sys/module
	mkdir /sys/module/klua
	kill -CONT "$looks"
	wait "$looks"
	is "klua $command ends with the module" 5 $?
	umount /sys/module
	like "and says so" 'klua: *the module klua was unloaded' \
		"$(cat "$tmp/err")"
	is "and has nothing loaded" '' "$(cat "$tmp/asked")"
	load klua
	klua create t/one
	: >"$tmp/asked"
done
klua list >/dev/null
unload klua
klua list 2>/dev/null
like "who looks for the first time does" '*klua*' "$(cat "$tmp/asked")"
echo "$loader" >/proc/sys/kernel/modprobe
load klua
klua create t/one
# A module that goes begins no dump any more.
for command in 'top --watch=0.1' 'stats --watch=0.1'; do
	# shellcheck disable=SC2086	# one word for each
	shows "klua $command while the module goes" 5 '*' \
		'*klua: cannot get the states: the module klua was unloaded' \
		env LD_PRELOAD=/klua/bin/going.so klua $command
done
klua create t/late
looks wait --gone t/late
kill -CONT "$looks"
wait "$looks"
is "states go with the module" 0 $?
load klua
looks wait t/late
load klua
klua create t/late
kill -CONT "$looks"
wait "$looks"
is "and come with the next" 0 $?

klua monitor >"$tmp/monitor" 2>"$tmp/monitor.err" &
text=$!
klua monitor --json >"$tmp/monitor.json" 2>/dev/null &
json=$!
klua monitor -E error --event limit 't/watch*' run/none >"$tmp/monitor.some" 2>&1 &
some=$!
until [ -s "$tmp/monitor" ] && [ -s "$tmp/monitor.json" ] &&
      [ -s "$tmp/monitor.some" ]; do
	klua create t/watch
	klua run t/watch -e 'error("watched")' 2>/dev/null
	klua destroy t/watch
	klua create t/noticed
	klua destroy t/noticed
done
klua create t/watched
klua run t/watched -e 'error("seen")' 2>/dev/null
klua set -s 100 t/watched
klua run t/watched -e 'while true do end' 2>/dev/null
klua run --steps 100 -e 'while true do end' 2>/dev/null
# Nobody but the kernel is listened to.
port=$(awk -v pid="$json" '$2 == 16 && $3 == pid { print $3 }' /proc/net/netlink)
is "the monitor's port is found" "$json" "$port"
check "a forged event is sent" nltest forge "$json" t/forged
klua destroy t/watched
until grep -q 'destroyed.* t/watched' "$tmp/monitor" &&
      grep -q 'destroyed.*"t/watched"' "$tmp/monitor.json"; do :; done
unload klua
wait "$text"
is "monitor ends with the module" 5 $?
wait "$json"
wait "$some"
is "monitor shows what it was asked for" 'error limit' "$(sed '$d' "$tmp/monitor.some" |
	grep ' t/watch' | awk '{ print $2 }' | sort -u | tr '\n' ' ' | sed 's/ $//')"
is "and nothing else" '' "$(sed '$d' "$tmp/monitor.some" | grep -v ' t/watch')"
shows "a kind of event that is none" 2 '' "klua: 'death' is none of created,*" \
	klua monitor -E death
like "and says so" '*was unloaded' "$(cat "$tmp/monitor.err")"
cut -d ' ' -f 2- "$tmp/monitor" | tr -s ' ' |
	sed 's/run\/[0-9]*/run\/N/; s/ [0-9][0-9]* / /' >"$tmp/seen"
for line in 'created t/watched (user)' \
	    'error t/watched: (command line):1: seen' 'limit run/N: steps' \
	    'destroyed t/watched (user)' 'destroyed run/N (user)'; do
	like "monitor shows '$line'" "*$nl$line$nl*" "$nl$(cat "$tmp/seen")$nl"
done
is "monitor shows no forged event" 0 "$(grep -c forged "$tmp/monitor.json")"
like "and JSON" '*{"time":"*","event":"limit","id":*,"name":"run/*","limit":"steps"}*' \
	"$(cat "$tmp/monitor.json")"

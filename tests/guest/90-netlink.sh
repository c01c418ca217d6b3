#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 400
#
# The netlink family answers wrong requests with an errno and words, lists many
# states consistently, and survives readers that go away; statistics and
# tracepoints say what happened.
. "$(dirname "$0")/lib.sh"

# The numbers of uapi/klua.h
get=1 create=2 destroy=3 set=4 cancel=5 info=6 listen=7
id=2 name=3 force=4 ephemeral=6 memory=11 steps=12 time=30 all=38

# answers WHAT ANSWER NLTEST-ARGUMENT...: a pattern
answers()
{
	local what="$1" answer="$2"
	shift 2
	like "$what" "$answer" "$(nltest "$@" 2>&1)"
}

load klua

answers "info" '0: , 1 replies' $info
answers "info takes nothing" '22: Unknown attribute type, 0 replies' \
	$info $id:u32:1
answers "info takes nothing at all" '22: *, 0 replies' $info 1:u32:1
answers "no such command" '95: *' 99
answers "no command at all" '22: *' -k 16 $info
answers "half a header" '22: *' -k 18 $info
answers "which state?" "22: a state's id or name is needed, 0 replies" $get
answers "an id of another size" '22: invalid attribute length*' \
	$get $id:hex:0100
answers "an id that is a word too long" '22: invalid attribute length*' \
	$get $id:u64:1
answers "the id 0" '34: integer out of range*' $get $id:u32:0
answers "no such id" '2: there is no such state*' $get $id:u32:4000000000
answers "a name without its end" '22: Attribute failed policy*' \
	$get $name:raw:abc
answers "an empty name" '2: there is no such state*' $get $name:str:
answers "a name of 64 bytes" '22: Attribute failed policy*' $get \
	$name:str:aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd
answers "a name with a NUL inside" '22: there is a NUL inside*' \
	$get $name:hex:61006200
answers "another one" '22: there is a NUL inside*' $create $name:hex:610062
answers "an attribute that is cut" '22: *' -k 22 $get $name:str:abc
answers "an unknown attribute" '22: Unknown attribute*' $get 99:u32:1
answers "another operation's attribute" '22: Unsupported attribute*' \
	$get $name:str:u/a $memory:u64:8192
answers "all of one state" '22: this is for a dump*' $get $all:flag
answers "all of all" '0: , 0 replies' -d $get $all:flag
answers "all of one name" '22: a dump has all states*' -d $get $name:str:u/a
answers "all of one number" '22: a dump has all states*' -d $get $id:u32:1
answers "create without a name" '22: a name is needed*' $create
answers "create with an empty name" '22: a name without a slash*' \
	$create $name:str:
answers "create with a name that is for modules" \
	'22: a name without a slash is for kernel modules*' $create $name:str:a
least=16384
answers "create with too little" "22: too little memory: *$least bytes*" \
	$create $name:str:u/a $memory:u64:10
for kind in sleepable atomic irq; do
	check_fails "a state, $kind, with a byte less than the least memory" \
		klua create -k $kind -m $((least - 1)) u/least
	check "and with the least memory" klua create -k $kind -m $least u/least
	klua destroy u/least
done
like "which info shows" "*\"memory_min\":$least,*" "$(klua info --json)"
answers "create with far too much" '122: over the quota user_bytes_max*' \
	$create $name:str:u/a $memory:u64:0xffffffffffffffff
answers "create with no steps" '34: integer out of range*' \
	$create $name:str:u/a $steps:u64:0
answers "create" '0: , 1 replies' $create $name:str:u/a
answers "create again" '17: the name is taken*' $create $name:str:u/a
answers "the last of two names counts" '0: , 1 replies' \
	$get $name:str:u/b $name:str:u/a
answers "id and name must fit" '2: there is no such state*' \
	$get $name:str:u/a $id:u32:4000000000
answers "set nothing" '22: there is nothing to set*' $set $name:str:u/a
answers "set too much" '22: too much memory: at most 2^63 - 1*' \
	$set $name:str:u/a $memory:u64:0xffffffffffffffff
answers "set too little" "22: too little memory: * $least bytes*" \
	$set $name:str:u/a $memory:u64:$((least - 1))
answers "set more than all may have" '122: over the quota user_bytes_max*' \
	$set $name:str:u/a $memory:u64:1000000000
klua run u/a -e 'x = ("x"):rep(20000)'
klua set -s 77 -T 777ms u/a
for limits in "$steps:u64:5 $time:u64:5000 $memory:u64:1000000000" \
	      "$steps:u64:5 $time:u64:5000 $memory:u64:$least" \
	      "$steps:u64:5 $memory:u64:65536 $time:u64:5 $memory:u64:1"; do
	# shellcheck disable=SC2086	# one word for each
	answers "set several limits, one of which is wrong" '[1-9]*: *, 0 replies' \
		$set $name:str:u/a $limits
	like "sets none of them" \
		'*"memory_max":1048576,"steps_max":77,"time_max_us":777000,*' \
		"$(klua show --json u/a)"
done
for us in 4294967296 5000000000 0xfffffffffffffffe; do
	answers "set a time of $us us" '22: more time than a state*' \
		$set $name:str:u/a $time:u64:$us
	answers "create with it" '22: more time than a state*' \
		$create $name:str:u/b $time:u64:$us
done
answers "set several limits" '0: , 0 replies' $set $name:str:u/a \
	$memory:u64:500000 $steps:u64:7 $time:u64:7000
like "sets all of them" \
	'*"memory_max":500000,"steps_max":7,"time_max_us":7000,*' \
	"$(klua show --json u/a)"
answers "cancel nothing" '3: nothing runs in the state*' $cancel $name:str:u/a
answers "set takes force" '0: , 0 replies' $set $name:str:u/a $steps:u64:5 \
	$force:flag
answers "listen" '0: , 0 replies' $listen
answers "listen takes nothing" '22: *, 0 replies' $listen $id:u32:1
answers "destroy with force" '0: , 0 replies' \
	$destroy $name:str:u/a $force:flag
answers "nothing to destroy" '2: there is no such state*' $destroy $name:str:u/a

nltest $create $name:str:u/tied $ephemeral:flag >/dev/null
is "a tied state goes with its socket" 0 "$(klua list | grep -c tied)"
# A socket's port may be another one's before anybody is told that it is closed.
check "a module that makes that last" insmod /klua/modules/klua_family.ko \
	slow_port=4242
mkfifo /tmp/first /tmp/next
nltest -p 4242 -t 1 $create $name:str:u/first $ephemeral:flag \
	</tmp/first >/tmp/said1 &
first=$!
exec 5>/tmp/first
until grep -q replies /tmp/said1; do :; done
nltest -p 4242 -t 1 $create $name:str:u/next $ephemeral:flag \
	</tmp/next >/tmp/said2 5>&- &
next=$!
exec 6>/tmp/next
exec 5>&-
until grep -q replies /tmp/said2; do :; done
check "the end of a socket is not told yet" klua show u/first
echo 0 >/sys/module/klua_family/parameters/slow_port
wait "$first"
is "then its states go" 0 "$(klua list | grep -c u/first)"
check "and not those of the next one that has its port" klua show u/next
exec 6>&-
wait "$next"
is "which go with that" 0 "$(klua list | grep -c u/next)"
rmmod klua_family
mkfifo /tmp/typed
klua repl </tmp/typed >/dev/null 2>&1 &
repl=$!
exec 6>/tmp/typed
until klua list | grep -q "repl/$repl"; do :; done
kill -KILL "$repl"
wait "$repl" 2>/dev/null
exec 6>&-
is "even if that is killed" 0 "$(klua list | grep -c repl/)"

# Held with a running script, its state outlives the socket that made it.
klua run --steps unlimited -e 'while true do end' 2>/dev/null &
first=$!
until klua list | grep -q "run/$first"; do :; done
check_fails "the module stays while a script runs" rmmod klua
klua cancel "run/$first"
wait "$first"

unload klua
load klua user_states_max=2000 user_bytes_max=1000000000

i=0
while [ $i -lt 200 ]; do
	nltest $create "$name:str:u/state$i" $memory:u64:65536 >/dev/null
	i=$((i + 1))
done
is "a dump has all states" 200 "$(klua list | grep -c ' u/state')"
is "by number" "$(seq 1 200)" \
	"$(klua list | sed 1d | awk '{ print $1 }')"
answers "in one dump" '0: , 200 replies' -d $get

# 200 states are more than one buffer: a reader that stops half-way holds the
# module but nothing else.
mkfifo /tmp/stop
nltest -d -t 1 $get </tmp/stop >/tmp/half &
reader=$!
exec 5>/tmp/stop
until grep -q replies /tmp/half; do :; done
check_fails "the module stays during a dump" rmmod klua
check "and works" klua destroy u/state7
is "as others see" 199 "$(klua list | grep -c ' u/state')"
exec 5>&-
wait "$reader"
like "the rest of the dump says that it is not consistent" \
	'0: , *[0-9] replies, interrupted' "$(tail -n 1 /tmp/half)"
mkfifo /tmp/stop2
nltest -d -t 1 $get </tmp/stop2 >/tmp/half2 &
reader=$!
exec 5>/tmp/stop2
until grep -q replies /tmp/half2; do :; done
kill -KILL "$reader"
wait "$reader" 2>/dev/null
exec 5>&-
klua monitor >/dev/null 2>&1 &
monitor=$!
unload klua
is "a monitor does not hold it" '' "$(grep '^klua ' /proc/modules)"
wait "$monitor"

# What is destroyed counts until it is closed. That takes a while here, and a
# request waits for it no longer than for anything else: others wait for it.
load klua user_states_max=2 sleepable_us=4000000
klua create u/endless
klua run u/endless -e \
	'x = setmetatable({}, {__gc = function() while true do end end})'
klua create u/second
check "a state that takes long to close" klua destroy u/endless
answers "is not waited for by create" \
	'11: over the quota user_states_max until destroyed states are closed: ask again, 0 replies' \
	$create $name:str:u/third
check "but by klua" klua create u/third
answers "when nothing is being closed" \
	'122: over the quota user_states_max, 0 replies' $create $name:str:u/fourth
unload klua
load klua user_bytes_max=18446744073709551615
answers "a quota that is no quota allows no more than can be counted" \
	'122: over the quota user_bytes_max, 0 replies' \
	$create $name:str:u/large $memory:u64:9223372036854775808
check "but that" klua create -m 9223372036854775807 u/first
check "and that again" klua create -m 9223372036854775807 u/second
answers "and then it is used up" \
	'122: over the quota user_bytes_max, 0 replies' \
	$create $name:str:u/third $memory:u64:65536
unload klua
load klua user_bytes_max=4194304 sleepable_us=4000000
klua create -m 2M u/endless
klua run u/endless -e \
	'x = setmetatable({}, {__gc = function() while true do end end})'
klua create u/second
klua destroy u/endless
answers "nor is its memory by set" \
	'11: over the quota user_bytes_max until destroyed states are closed: ask again, 0 replies' \
	$set $name:str:u/second $memory:u64:4000000
check "but by klua" klua set -m 4000000 u/second
echo x=1 >/tmp/x.lua
klua set -m 2M u/second
klua create -m 2M u/endless
klua run u/endless -e \
	'x = setmetatable({}, {__gc = function() while true do end end})'
klua destroy u/endless
check "also with scripts" klua create -m 2M -f /tmp/x.lua u/third
unload klua

# A set of states, one for each processor, is one state to the administrator. It
# has a function that each processor calls in its own.
load klua
load luapkt
processors=$(nproc)
mib=1048576

# each COMMAND...: on each processor
each()
{
	local cpu=0
	while [ $cpu -lt "$processors" ]; do
		taskset -c $cpu "$@"
		cpu=$((cpu + 1))
	done
}

like "a set has the memory of all" "*\"users\":1,\"members\":$processors,*\"memory_max\":$((processors * mib)),*" \
	"$(klua show --json luapkt)"
each klua run --force luapkt -e 'x = ("x"):rep(200000)'
each klua run --force luapkt -e 'error("oh")' 2>/dev/null
like "and what all of them hold and did" \
	"*\"memory\":$((processors * 2))[0-9]*,*\"runs\":$((processors * 2)),*\"errors\":$processors,*\"last_error\":\"*oh*" \
	"$(klua list --json luapkt)"
each klua run --force luapkt -e 'error("again")' 2>/dev/null
last=$((processors - 1))
taskset -c $last klua run --force luapkt -e 'error("last")' 2>/dev/null
like "the last error is the last one's" '*"last_error":"*: last*' \
	"$(klua stats --json luapkt)"
taskset -c 0 klua run --force luapkt -e 'error("first")' 2>/dev/null
like "whichever that is" '*"last_error":"*: first*' "$(klua stats --json luapkt)"
# Whichever of them it happens in, the number is the set's.
klua monitor --json luapkt >/tmp/told 2>&1 &
monitor=$!
until [ -s /tmp/told ]; do
	klua run --force luapkt -e 'error("begin")' 2>/dev/null
done
cpu=0
while [ $cpu -lt "$processors" ]; do
	taskset -c $cpu klua run --force luapkt -e "error('of $cpu')" 2>/dev/null
	until grep -q "of $cpu" /tmp/told; do :; done
	cpu=$((cpu + 1))
done
kill "$monitor"
wait "$monitor" 2>/dev/null
is "what is told of its states has the set's number" \
	"$(klua show --json luapkt | sed 's/^{"id":\([0-9]*\),.*/\1/')" \
	"$(sed -n 's/.*"event":"error","id":\([0-9]*\),.*/\1/p' /tmp/told | sort -u)"
check "limits are set for all" klua set --force -m 600K -s 500 -T 7s luapkt
is "each has them" "$processors" "$(each klua run --force luapkt -e \
	'for i = 1, 100000 do end' 2>&1 | grep -c 'step budget')"
like "as they are shown" "*\"memory_max\":$((processors * 600 * 1024)),\"steps_max\":500,\"time_max_us\":7000000,*" \
	"$(klua show --json luapkt)"
# The last one holds more than the others may.
klua set --force -m 1M -s 200000 -T 8s luapkt
taskset -c $last klua run --force luapkt -e 'y = ("y"):rep(500000)'
answers "or for none" '16: the state holds more memory than that*' \
	$set $name:str:luapkt $force:flag $memory:u64:400000 $steps:u64:9
like "if one of them cannot have them" "*\"memory_max\":$((processors * mib)),\"steps_max\":200000,*" \
	"$(klua show --json luapkt)"
is "not even for a moment longer" 0 "$(each klua run --force luapkt -e \
	'for i = 1, 1000 do end' 2>&1 | grep -c 'step budget')"

# Of two that set other limits at a time each has to undo what it did, since a state of
# the set is busy: as each found it, all states of the set have the same.
klua set --force -s unlimited -T 8s luapkt
taskset -c $last klua run --force luapkt -e 'while true do end' >/dev/null 2>&1 &
runner=$!
until klua show --json luapkt | grep -q '"busy":true'; do :; done
setters=
for steps in 500 600 700 800; do
	taskset -c 0 klua set --force -s $steps luapkt >/dev/null 2>&1 &
	setters="$setters $!"
done
# shellcheck disable=SC2086	# one word for each
wait $setters
klua cancel luapkt 2>/dev/null
wait "$runner"
ended=$(each klua run --force luapkt -e 'for i = 1, 100000 do end' 2>&1 |
	grep -c 'step budget')
check "limits that are set at a time are all or none: $ended of $processors" \
	[ "$((ended == 0 || ended == processors))" = 1 ]
klua set --force -s 200000 -T 8s luapkt

# Nor does a module that sets them for itself meanwhile leave them mixed.
load klua_runner
cat >/tmp/setter <<'EOD'
exec 4<>/dev/klua-runner
printf 'run name=theirs kind=sleepable percpu=1 keep=1 steps=900\nx = 1' >&4
read -r said <&4
echo "$said"
EOD
lua 'x = 1' name=theirs kind=sleepable percpu=1 keep=1
mixed=
for _ in 1 2 3 4 5; do
	klua set --force -s unlimited theirs
	taskset -c $last klua run --force theirs -e 'while true do end' \
		>/dev/null 2>&1 &
	runner=$!
	until klua show --json theirs | grep -q '"busy":true'; do :; done
	taskset -c 0 klua set --force -s 500 theirs >/dev/null 2>&1 &
	setter=$!
	taskset -c 0 sh /tmp/setter >/tmp/said &
	module=$!
	wait "$setter"
	klua cancel theirs
	wait "$runner"
	wait "$module"
	is "the module has set them" 0 "$(cat /tmp/said)"
	ended=$(each klua run --force theirs -e 'for i = 1, 100000 do end' 2>&1 |
		grep -c 'step budget')
	[ "$ended" -eq "$processors" ] || mixed="$mixed $ended"
done
is "limits that a module sets meanwhile are those of all" '' "$mixed"
klua destroy --force theirs
unload klua_runner

# Stopped is stopped, whatever the module puts there instead.
klua monitor --json >/tmp/gates 2>/dev/null &
monitor=$!
until [ -s /tmp/gates ]; do
	klua create u/heard
	klua destroy u/heard
done
check "the whole set is stopped" klua stop luapkt
is "each of it" "$processors" "$(each klua run --force luapkt -e '' 2>&1 |
	grep -c 'is stopped')"
echo 'function policy() return true end' >/dev/luapkt
like "what replaces it is stopped" '*"name":"luapkt",*"stopped":true,*' \
	"$(klua show --json luapkt)"
is "each of that, too" "$processors" "$(each klua run --force luapkt -e '' 2>&1 |
	grep -c 'is stopped')"
check "stopping it again" klua stop luapkt
check "until it is started" klua start luapkt
is "then all run" '' "$(each klua run --force luapkt -e '' 2>&1)"
echo 'function policy() return true end' >/dev/luapkt
like "and what replaces it" '*"name":"luapkt",*"stopped":false,*' \
	"$(klua show --json luapkt)"
klua create u/last
until grep -q u/last /tmp/gates; do sleep 0.1; done
is "listeners hear of it, each time once" \
	'stopped created stopped started created' \
	"$(sed -n '/"destroyed"/d
		s/.*"event":"\([a-z]*\)".*"name":"luapkt".*/\1/p' /tmp/gates |
		tr '\n' ' ' | sed 's/ $//')"
like "with the state's number and name" \
	'*{"time":"*","event":"stopped","id":[1-9]*,"name":"luapkt","origin":"kernel"}*' \
	"$(cat /tmp/gates)"
kill "$monitor"
wait "$monitor" 2>/dev/null
unload luapkt
unload klua

# A state that failed in each way, and what is known of it afterwards.
load klua atomic_us=300000 sleepable_us=300000
echo 1 >/sys/module/klua/parameters/stats

counted()
{
	klua run u/counted -e "$1" >/dev/null 2>&1
}

# figure KEY: what klua says
figure()
{
	klua show --json u/counted | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

klua create --memory 256K --time 8s u/counted
counted 'return 1'
counted 'error("oh")'
counted 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) end'
counted 'local function f() return pcall(f) end f()'
klua set --steps 1000 u/counted
counted 'while true do end'
klua set --steps unlimited --time 100ms u/counted
counted 'while true do end'
klua set --time 8s u/counted
for end in 'klua cancel u/counted' 'kill -KILL'; do
	klua run u/counted -e 'while true do end' >/dev/null 2>&1 &
	runner=$!
	until klua show --json u/counted | grep -q '"busy":true'; do :; done
	[ "${end#kill}" = "$end" ] || end="$end $runner"
	$end
	wait "$runner" 2>/dev/null
done
is "runs and errors are counted" '8 6' "$(figure runs) $(figure errors)"
for limit in limit_steps limit_time limit_memory limit_stack cancels signals; do
	is "$limit is counted" 1 "$(figure $limit)"
done
peak=$(figure memory_peak)
check "the peak of memory is kept: $peak, now $(figure memory)" \
	[ "$((peak > $(figure memory) && peak > 200000 && peak <= 262144))" = 1 ]
# One of the runs took its 100 ms.
is "so is the time" 1 "$(($(figure time_ns) >= 100000000))"
is "and the last error" 4 "$(figure last_errno)"
sleep 1
is "with its age" 1 "$(($(figure last_error_age_ms) >= 1000))"

dmesg_mark
load minimal
like "a kernel module's state is marked" '*"name":"minimal","origin":"kernel"*' \
	"$(klua list --json)"
log=$(dmesg_since)
like "the log lists it" \
	'*minimal: atomic, curralloc *, kernel, runs 1, *, errors 0, *, last error none*' \
	"$log"
like "the log has the same figures" \
	"*u/counted: sleepable, curralloc $(figure memory), maxalloc 262144, peak $(figure memory_peak), users 1, id $(figure id), user, runs 8, steps $(figure steps), time $(figure time_ns) ns, errors 6, limits hit: steps 1 time 1 memory 1 stack 1 cancel 1 signal 1, last error -4, * s ago: *:1: interrupted by a signal*" \
	"$log"
unload minimal

tracing=/sys/kernel/tracing
if [ -e $tracing/events/klua ]; then
	echo >$tracing/trace
	echo 1 >$tracing/events/klua/enable
	klua create "$(printf 'tr/\nced')"
	klua run "$(printf 'tr/\nced')" -e 'print("a\nb") error("oh")' >/dev/null 2>&1
	klua run --steps 10 -e 'while true do end' 2>/dev/null
	klua destroy "$(printf 'tr/\nced')"
	echo 0 >$tracing/events/klua/enable
	traced=$(sed '/^#/d; s/^[^:]*: //' $tracing/trace)
	for event in 'create: id=* name=tr/\\nced memory=* memory_max=1048576' \
		     'run_begin: id=* name=tr/\\nced *' \
		     'print: id=* name=tr/\\nced text=a\\nb' \
		     'run_end: id=* name=tr/\\nced steps=[1-9]* stopped=0' \
		     'error: id=* name=tr/\\nced errno=-121 text=*:1: oh\\nstack*' \
		     'limit: id=* name=run/* limit=steps' \
		     'run_end: id=* name=run/* steps=[1-9]* stopped=-62' \
		     'destroy: id=* name=tr/\\nced *'; do
		like "traced: $event" "*$event*" "$traced"
	done
else
	skip "tracepoints" "this kernel does not trace events"
fi
unload klua

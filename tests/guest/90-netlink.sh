#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 120
#
# The netlink family answers wrong requests with an errno and words, lists many
# states consistently, and survives readers that go away; statistics and
# tracepoints say what happened.
. "$(dirname "$0")/lib.sh"

# The numbers of uapi/klua.h
get=1 create=2 destroy=3 set=4 run=5 cancel=6 info=7
id=2 name=3 force=4 ephemeral=6 memory=11 steps=12
script=4 chunkname=5 output=6

# answers WHAT ANSWER NLTEST-ARGUMENT...: a pattern
answers()
{
	local what="$1" answer="$2"
	shift 2
	like "$what" "$answer" "$(nltest "$@" 2>&1)"
}

load klua max_ms=8000

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
answers "another operation's attribute" '22: Unknown attribute*' \
	$get $name:str:a $memory:u64:8192
answers "create without a name" '22: a name is needed*' $create
answers "create with an empty name" '22: the name is empty*' \
	$create $name:str:
answers "create with too little" '22: maxalloc is below KLUA_MIN_ALLOC*' \
	$create $name:str:a $memory:u64:10
answers "create with far too much" '122: over user_states_max or user_bytes*' \
	$create $name:str:a $memory:u64:0xffffffffffffffff
answers "create with no steps" '34: integer out of range*' \
	$create $name:str:a $steps:u64:0
answers "create" '0: , 1 replies' $create $name:str:a
answers "create again" '17: the name is taken*' $create $name:str:a
answers "the last of two names counts" '0: , 1 replies' \
	$get $name:str:b $name:str:a
answers "id and name must fit" '2: there is no such state*' \
	$get $name:str:a $id:u32:4000000000
answers "set nothing" '22: there is nothing to set*' $set $name:str:a
answers "set too much" '22: too little or too much memory*' \
	$set $name:str:a $memory:u64:0xffffffffffffffff
answers "set more than all may have" '122: over user_bytes_max*' \
	$set $name:str:a $memory:u64:100000000
answers "cancel nothing" '3: nothing runs in the state*' $cancel $name:str:a
answers "run nothing" '22: a script is needed*' $run $name:str:a
answers "run in nothing" "22: a state's id or name*" $run $script:raw:x=1
answers "run" '0: , 1 replies' $run $name:str:a $script:raw:x=1
answers "run an empty script" '0: , 1 replies' $run $name:str:a $script:zero:0
answers "a script in pieces" '0: , 1 replies' \
	$run $name:str:a $script:raw:x= $script:raw:1234
answers "is put together" '0: , 1 replies' \
	$run $name:str:a $script:raw:'assert(x == 12' $script:raw:'34)'
answers "a script with a NUL" '8: *, 1 replies' $run $name:str:a $script:zero:1
answers "a script that fails" '121: ?*, 1 replies' \
	$run $name:str:a $script:raw:'error("e")'
answers "17 MiB in a field" '34: integer out of range*' \
	$run $name:str:a $script:raw:x=1 $output:u32:17825792
answers "a chunk's name too long" '34: *' \
	$run $name:str:a $script:raw:x=1 $chunkname:zero:300
answers "a chunk's name with a NUL inside" '22: there is a NUL inside*' \
	$run $name:str:a $script:raw:x=1 $chunkname:hex:3d610062
# 17 times 61,683 bytes is more than 1 MiB, 16 times is not.
pieces=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	pieces="$pieces $script:spaces:61683"
done
# shellcheck disable=SC2086	# one word for each
{
	answers "a script of nearly 1 MiB" '0: , 1 replies' \
		$run $name:str:a $pieces
	answers "a script of more" '7: the script is larger than 1 MiB*' \
		$run $name:str:a $pieces $script:spaces:61683
}
answers "a run of a dump" '95: *' -d $run $name:str:a $script:raw:x=1
answers "destroy with force" '0: , 0 replies' \
	$destroy $name:str:a $force:flag
answers "nothing to destroy" '2: there is no such state*' $destroy $name:str:a

nltest $create $name:str:tied $ephemeral:flag >/dev/null
is "a tied state goes with its socket" 0 "$(klua list | grep -c tied)"
mkfifo /tmp/typed
klua repl </tmp/typed >/dev/null 2>&1 &
repl=$!
exec 6>/tmp/typed
until klua list | grep -q "repl-$repl"; do :; done
kill -KILL "$repl"
wait "$repl" 2>/dev/null
exec 6>&-
is "even if that is killed" 0 "$(klua list | grep -c repl-)"

# Held with a running script, its state outlives the socket that made it.
klua run --steps unlimited -e 'while true do end' 2>/dev/null &
first=$!
until klua list | grep -q "run-$first"; do :; done
check_fails "the module stays while a script runs" rmmod klua
klua cancel "run-$first"
wait "$first"

unload klua
load klua user_states_max=2000 user_bytes_max=1000000000

i=0
while [ $i -lt 200 ]; do
	nltest $create "$name:str:state$i" $memory:u64:65536 >/dev/null
	i=$((i + 1))
done
is "a dump has all states" 200 "$(klua list | grep -c ' state')"
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
check "and works" klua destroy state7
is "as others see" 199 "$(klua list | grep -c ' state')"
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

# A state that failed in each way, and what is known of it afterwards.
load klua max_ms=300
echo 1 >/sys/module/klua/parameters/stats

counted()
{
	klua run counted -e "$1" >/dev/null 2>&1
}

# figure KEY: what klua says
figure()
{
	klua show --json counted | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

klua create --memory 256K counted
counted 'return 1'
counted 'error("oh")'
counted 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) end'
counted 'local function f() return pcall(f) end f()'
klua set --steps 1000 counted
counted 'while true do end'
klua set --steps unlimited counted
counted 'while true do end'
echo 8000 >/sys/module/klua/parameters/max_ms
for end in 'klua cancel counted' 'kill -KILL'; do
	klua run counted -e 'while true do end' >/dev/null 2>&1 &
	runner=$!
	until klua show --json counted | grep -q '"busy":true'; do :; done
	[ "${end#kill}" = "$end" ] || end="$end $runner"
	$end
	wait "$runner" 2>/dev/null
done
is "runs and errors are counted" '8 6' "$(figure runs) $(figure errors)"
for limit in limit_steps limit_time limit_memory limit_stack cancels signals; do
	is "$limit is counted" 1 "$(figure $limit)"
done
is "the peak of memory is kept" 1 \
	"$(($(figure memory_peak) > $(figure memory) &&
	    $(figure memory_peak) > 240000 && $(figure memory_peak) <= 262144))"
is "so is the time" 1 "$(($(figure time_ns) > 300000000))"
is "and the last error" 4 "$(figure last_errno)"
sleep 1
is "with its age" 1 "$(($(figure last_error_age_ms) >= 1000))"

dmesg_mark
load minimal
like "a kernel module's state is marked" '*"name":"minimal","origin":"kernel"*' \
	"$(klua list --json)"
log=$(dmesg_since)
like "the log lists it" \
	'*minimal: curralloc *, kernel, runs 1, *, errors 0, *, last error none*' \
	"$log"
like "the log has the same figures" \
	"*counted: curralloc $(figure memory), maxalloc 262144, peak $(figure memory_peak), users 1, id $(figure id), user, runs 8, steps $(figure steps), time $(figure time_ns) ns, errors 6, limits hit: steps 1 time 1 memory 1 stack 1 cancel 1 signal 1, last error -4, * s ago: *:1: interrupted by a signal*" \
	"$log"
unload minimal

tracing=/sys/kernel/tracing
if [ -e $tracing/events/klua ]; then
	echo >$tracing/trace
	echo 1 >$tracing/events/klua/enable
	klua create "$(printf 'tr\nced')"
	klua run "$(printf 'tr\nced')" -e 'print("a\nb") error("oh")' >/dev/null 2>&1
	klua run --steps 10 -e 'while true do end' 2>/dev/null
	klua destroy "$(printf 'tr\nced')"
	echo 0 >$tracing/events/klua/enable
	traced=$(sed '/^#/d; s/^[^:]*: //' $tracing/trace)
	for event in 'create: id=* name=tr\\nced memory=* memory_max=1048576' \
		     'run_begin: id=* name=tr\\nced *' \
		     'print: id=* name=tr\\nced text=a\\nb' \
		     'run_end: id=* name=tr\\nced steps=[1-9]* stopped=0' \
		     'error: id=* name=tr\\nced errno=-121 text=*:1: oh\\nstack*' \
		     'limit: id=* name=run-* limit=steps' \
		     'run_end: id=* name=run-* steps=[1-9]* stopped=-62' \
		     'destroy: id=* name=tr\\nced *'; do
		like "traced: $event" "*$event*" "$traced"
	done
else
	skip "tracepoints" "this kernel does not trace events"
fi
unload klua

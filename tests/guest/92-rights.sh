#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 300
# boot: own audit=1
#
# Nobody but the administrator reads or changes states, states that kernel
# modules made are safe from mistakes, what users make is limited, and a kernel
# that is locked down runs no script.
. "$(dirname "$0")/lib.sh"

chmod 755 /klua /klua/bin /klua/bin/*
load klua user_states_max=4 user_bytes_max=4194304
load klua_runner
klua create u/mine

# refused WHAT STATUS ERRORS COMMAND
refused()
{
	local errors status
	errors=$(sh -c "$4" 2>&1 >/dev/null)
	status=$?
	is "$1: status" "$2" "$status"
	like "$1: words" "$3" "$errors"
}

# unprivileged WHAT KLUA-ARGUMENTS
unprivileged()
{
	refused "nobody: $1" 4 'klua: *CAP_SYS_ADMIN is needed' \
		"su -s /bin/sh nobody -c 'PATH=/bin:/klua/bin klua $2'"
}

unprivileged list list
unprivileged show 'show u/mine'
unprivileged 'show what is not there' 'show u/none'
unprivileged create 'create u/other'
unprivileged destroy 'destroy u/mine'
unprivileged set 'set -s 5 u/mine'
unprivileged run 'run u/mine -e "return 1"'
unprivileged 'run in a fresh state' 'run -e "return 1"'
unprivileged cancel 'cancel u/mine'
unprivileged stats stats
refused 'nobody: monitor' 4 'klua: cannot listen to events: *' \
	"su -s /bin/sh nobody -c 'PATH=/bin:/klua/bin klua monitor'"
like "nobody may ask for the version" 'module *' \
	"$(su -s /bin/sh nobody -c 'PATH=/bin:/klua/bin klua info')"
for request in '1 3:str:u/mine' '-d 1' '2 3:str:u/x' '3 3:str:u/mine' \
	       '4 3:str:u/mine 12:u64:5' '5 3:str:u/mine' 7
do
	for how in -c -o -s; do
		# shellcheck disable=SC2086	# one word for each
		is "no other capability, nor of who opened the socket or sends alone, will do: $how $request" \
			'1: CAP_SYS_ADMIN is needed, 0 replies' \
			"$(nltest $how $request)"
	done
done
is "nor that of who opened the device" 1 "$(nltest device)"
like "after all this" '\[{*"name":"u/mine",*"runs":0,*}\]' "$(klua list --json)"

lua 'x = 1' name=theirs keep=1
refused "a module's state is not destroyed" 4 '*has to be forced (--force)' \
	'klua destroy theirs'
check "unless that is forced" klua destroy --force theirs
lua 'x = 1' name=theirs keep=1
refused "nor is a script run in it" 4 '*has to be forced (--force)' \
	'klua run theirs -e "x = 2"'
refused "nor typed" 4 '*has to be forced (--force)' 'echo x=2 | klua repl theirs'
refused "nor its limits changed" 4 '*has to be forced (--force)' 'klua set -s 5 theirs'
refused "be it to 4,000 GiB" 4 '*has to be forced (--force)' 'klua set -m 4000G theirs'
refused "which force does not give" 4 '*made the state allowed less' \
	'klua set --force -m 4000G theirs'
check "unless that is forced" klua set --force -s 5k theirs
max=$(klua show --json theirs | sed 's/.*"memory_max":\([0-9]*\).*/\1/')
refused "and gets no more memory than its module allowed" 4 \
	'*the module that made the state allowed less' \
	"klua set --force -m $((max + 1)) theirs"
check "but less" klua set --force -m $((max - 1)) theirs
check "and that again" klua set --force -m "$max" theirs
check "and unlimited steps" klua set --force -s unlimited theirs
klua run --force theirs -e 'while true do end' 2>/dev/null &
runner=$!
until klua show --json theirs | grep -q '"busy":true'; do :; done
refused "and never while it is held" 6 '*somebody holds the state' \
	'klua destroy --force theirs'
klua cancel theirs
wait "$runner"
check "afterwards it is" klua destroy --force theirs

klua create -m 64K u/two
klua create -m 64K u/three
klua create -m 64K u/four
refused "users make so many states" 6 '*over the quota user_states_max*' \
	'klua create -m 64K u/five'
refused "and fresh ones count" 6 '*over the quota user_states_max*' \
	'klua -e "return 1"'
lua 'x = 1' name=theirs keep=1
like "others do not" '*theirs*' "$(klua list)"
klua destroy u/two
check "what is destroyed counts no more" klua create -m 64K u/five
klua destroy u/three
klua destroy u/four
refused "users take so much memory" 6 '*over the quota user_bytes_max*' \
	'klua create -m 4M u/six'
refused "nor may a state grow so far" 6 '*over the quota user_bytes_max*' \
	'klua set -m 4M u/five'
check "but up to there" klua set -m 3M u/five
check "and back" klua set -m 64K u/five
klua create -m 2900K u/seven
check "which counts at once" klua show u/seven

# What replaces a state may be there beside it, in addition to the quotas, once.
echo 'x = 1' >/tmp/x.lua
klua create -m 64K u/eight
refused "the quotas are used up" 6 '*over the quota user_states_max*' \
	'klua create -m 64K u/nine'
check "a state is replaced all the same" klua replace -f /tmp/x.lua u/seven
check "and again" klua replace -f /tmp/x.lua u/seven
refused "but not by a much larger one" 6 '*over the quota user_bytes_max*' \
	'klua replace -m 3M -f /tmp/x.lua u/seven'
klua set -s unlimited -T unlimited u/seven
id=$(klua show --json u/seven | sed 's/^{"id":\([0-9]*\),.*/\1/')
klua run u/seven -e 'while true do end' 2>/dev/null &
runner=$!
until klua show --json u/seven | grep -q '"busy":true'; do :; done
check "also while somebody is in it" klua replace -f /tmp/x.lua u/seven
refused "but nothing else beside both" 6 '*over the quota user_states_max*' \
	'klua replace -f /tmp/x.lua u/seven'
refused "whatever it is" 6 '*over the quota user_states_max*' \
	'klua replace -f /tmp/x.lua u/eight'
klua cancel --id "$id"
wait "$runner"
gone "$id"
check "until one of them is gone" klua replace -f /tmp/x.lua u/eight

# A reserved state takes more of the machine than its limit, and keeps it.
for state in u/five u/seven u/eight; do
	klua destroy $state
done
refused "what is reserved counts" 6 '*over the quota user_bytes_max*' \
	'klua create -r -m 2400K u/reserved'
check "all of it" klua create -r -m 1900K u/reserved
used=$(klua info --json | sed 's/.*"user_bytes":\([0-9]*\).*/\1/')
check "which is half as much again: $used" [ "$used" -ge $((3874 << 10)) ]
check "a lower limit" klua set -m 64K u/reserved
is "gives nothing back" "$used" \
	"$(klua info --json | sed 's/.*"user_bytes":\([0-9]*\).*/\1/')"
check "nor does a higher one take it again" klua set -m 1900K u/reserved
is "as it was counted" "$used" \
	"$(klua info --json | sed 's/.*"user_bytes":\([0-9]*\).*/\1/')"

# What is not for them does not reach those who wait for it, even if they
# listened before the module came.
unload klua_runner
unload klua
mkfifo /tmp/nobody
su -s /bin/sh nobody -c '/klua/bin/nltest listen' </tmp/nobody >/tmp/heard &
nobody=$!
exec 5>/tmp/nobody
until grep -q listening /tmp/heard; do :; done
load klua
klua monitor >/tmp/monitor 2>&1 5>&- &
monitor=$!
until [ -s /tmp/monitor ]; do
	klua create u/secret
	klua run u/secret -e 'error("secret")' 2>/dev/null
	klua destroy u/secret
done
exec 5>&-
wait "$nobody"
is "nobody hears events" '0 messages' "$(tail -n 1 /tmp/heard)"
kill "$monitor"
wait "$monitor" 2>/dev/null

# Nor does whoever has the port of a listener that is closed, as long as nobody is
# told that it was.
check "a module that makes that last" insmod /klua/modules/klua_family.ko \
	slow_port=4242
mkfifo /tmp/tune /tmp/take
nltest tune 4242 </tmp/tune >/tmp/tuned &
tuner=$!
exec 5>/tmp/tune
until grep -q listening /tmp/tuned; do sleep 0.1; done
nltest take 4242 </tmp/take >/tmp/taken 5>&- &
taker=$!
exec 6>/tmp/take
exec 5>&-
until grep -q bound /tmp/taken; do sleep 0.05; done
check "it is not told yet" kill -0 "$tuner"
klua create u/secret
klua destroy u/secret
klua wait --gone u/secret
echo 0 >/sys/module/klua_family/parameters/slow_port
wait "$tuner"
klua create u/secret
klua destroy u/secret
klua wait --gone u/secret
exec 6>&-
wait "$taker"
is "nobody hears events by another's port" '0 messages' \
	"$(tail -n 1 /tmp/taken)"
rmmod klua_family
klua create u/mine
is "nobody has the device" 'crw------- 0 0' \
	"$(stat -c '%A %u %g' /dev/klua)"
refused "one who was given it does no more with it" 4 '*CAP_SYS_ADMIN is needed' \
	'chmod 666 /dev/klua; su -s /bin/sh nobody -c "/klua/bin/klua run u/mine -e x=1"'

# Without a daemon for it the audit log is the kernel's own, where a thread of the
# kernel's brings the records, as many as the limit on messages lets it.
echo 0 >/proc/sys/kernel/printk_ratelimit
script='return "audited"'
klua run u/mine -e "$script" >/dev/null
klua run u/mine -e "$script" -- one 'two three' >/dev/null
klua stop u/mine
klua start u/mine
load klua_runner
lua 'x = 1' name=theirs keep=1
klua set --force -m 4000G -s 7k theirs 2>/dev/null
echo 'x = 1' >/tmp/built.lua
klua create -m 64K -f /tmp/built.lua u/built
klua destroy u/built
mkdir -p /lib/firmware/klua
echo 'return 7' >/lib/firmware/klua/needed.lua
echo 'x = require("needed")' >/tmp/needs.lua
klua create -m 64K -f /tmp/needs.lua u/needs
klua replace -m 64K -f /tmp/built.lua u/needs
echo 'error("fails")' >/tmp/fails.lua
klua replace -f /tmp/fails.lua u/needs 2>/dev/null
klua destroy u/needs
klua stop theirs
klua start --force theirs
lua 'x = 1' name=doomed keep=1
klua destroy --force doomed
klua set --force -m 1M -s 5k -T 5ms theirs
for _ in $(seq 600); do
	dmesg | grep -q 'op=klua_set .*state=746865697273 .* res=1' && break
	sleep 0.1
done
sum=$(printf '%s' "$script" | sha256sum | cut -d ' ' -f 1)
args=$(printf 'one\0two three\0' | sha256sum | cut -d ' ' -f 1)
# The names u/mine, theirs, u/built and doomed
for record in "op=klua_run id=[0-9]* state=752f6d696e65 force=0 size=16 sha256=$sum * uid=0 *" \
	      "op=klua_run id=[0-9]* state=752f6d696e65 force=0 size=16 sha256=$sum args=2 args_size=14 args_sha256=$args * uid=0 *" \
	      "op=klua_build id=0 state=752f6275696c74 force=0 size=6 sha256=$(sha256sum </tmp/built.lua | cut -d ' ' -f 1) * uid=0 *" \
	      "op=klua_require id=[0-9]* state=752f6e65656473 file=6b6c75612f6e65656465642e6c7561 force=0 size=9 sha256=$(sha256sum </lib/firmware/klua/needed.lua | cut -d ' ' -f 1) * uid=0 *" \
	      'op=klua_create id=[1-9]* state=752f6e65656473 force=0 * uid=0 * res=1' \
	      'op=klua_replace id=[1-9]* state=752f6e65656473 force=0 * uid=0 * res=1' \
	      'op=klua_replace id=0 state=752f6e65656473 force=0 * uid=0 * res=0' \
	      'op=klua_start id=[0-9]* state=746865697273 force=1 * uid=0 * res=1' \
	      'op=klua_destroy id=[0-9]* state=646f6f6d6564 force=1 * uid=0 * res=1' \
	      'op=klua_stop id=[0-9]* state=752f6d696e65 force=0 * uid=0 * res=1' \
	      'op=klua_start id=[0-9]* state=752f6d696e65 force=0 * uid=0 * res=1' \
	      'op=klua_set id=[0-9]* state=746865697273 force=1 memory=4294967296000 steps=7000 * uid=0 * res=0' \
	      'op=klua_set id=[0-9]* state=746865697273 force=1 memory=1048576 steps=5000 time_us=5000 * uid=0 * res=1'; do
	like "the audit log has '$record'" "*$record*" "$(dmesg)"
done
klua destroy --force theirs
unload klua_runner

mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
lockdown=/sys/kernel/security/lockdown
if [ -w $lockdown ]; then
	load klua_runner
	lua 'x = 1' name=theirs keep=1
	mkfifo /tmp/before /tmp/after
	for when in before after; do
		nltest -t 1 2 "3:str:u/$when" 6:flag \
			</tmp/$when >/tmp/said-$when 5>&- &
		[ $when = after ] || exec 5>/tmp/before
		[ $when = before ] || exec 6>/tmp/after
		until grep -q replies /tmp/said-$when; do sleep 0.1; done
		klua run "u/$when" -e "x = setmetatable({}, {__gc =
			function() print('$when' .. ' finalized') end})"
	done
	exec 5>&-
	klua wait --gone u/before
	until dmesg | grep -q 'before finalized'; do sleep 0.1; done
	echo integrity >$lockdown
	exec 6>&-
	check "locked down: a state goes with its socket" \
		klua wait --gone --timeout 60 u/after
	refused "locked down: run" 4 '*the kernel is locked down' \
		'klua run u/mine -e "return 1"'
	refused "locked down: run in a fresh state" 4 '*is locked down' \
		'klua -e "return 1"'
	echo 'x = 1' >/tmp/x.lua
	for command in 'destroy u/mine' 'set -s 5 u/mine' 'set -F -s 5 theirs' \
		       'destroy --force theirs' 'repl u/mine' \
		       'create -f /tmp/x.lua u/x' 'start u/mine' \
		       'replace -f /tmp/x.lua u/mine'; do
		refused "locked down: $command" 4 '*the kernel is locked down' \
			"klua $command"
	done
	for parameter in atomic_steps atomic_us sleepable_steps sleepable_us \
			 irq_steps irq_us user_states_max user_bytes_max \
			 print_burst print_burst_all; do
		file=/sys/module/klua/parameters/$parameter
		before=$(cat $file)
		check_fails "locked down: $parameter" \
			sh -c "echo 5 >$file 2>/dev/null"
		is "locked down: $parameter is as it was" "$before" \
			"$(cat $file)"
	done
	like "locked down: list" '*u/mine*' "$(klua list)"
	check "locked down: stop" klua stop u/mine
	klua create u/final
	unload klua_runner
	# Closes all states, and only then is done.
	unload klua
	is "locked down: but without its finalizers" 0 \
		"$(dmesg | grep -c 'after finalized')"
else
	skip "lockdown" "this kernel has none"
fi

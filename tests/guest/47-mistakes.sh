#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock kasan
# boot: own
# allow: klua: state 'mistakes': push_too_much \[klua_mistakes\] misuses
# allow: WARNING: .*(klua_misused|lua/core\.c|run\.c|refcount\.c)|refcount_t: underflow
# allow: cut here|Call Trace:|RIP: 0010:|has[_ ]locks|locks? held
# allow: Voluntary context switch within RCU|WARNING: .*rcu_note_context_switch
# allow: BUG: scheduling while atomic|sleeping function called|preempt_count
# allow: BUG: using __this_cpu_(read|write)\(\) in preemptible
#
# Mistakes of a consumer that no error can answer (tests/mistakes/): a kernel that
# is built to find mistakes names who made them, and the machine goes on.
. "$(dirname "$0")/lib.sh"

debug=
[ ! -e /sys/kernel/debug/kmemleak ] || debug=yes

load klua

# make MISTAKE: its log is /tmp/log afterwards
make()
{
	dmesg_mark
	load klua_mistakes "what=$1"
	unload klua_mistakes
	dmesg_since >/tmp/log
}

# says WHAT EXPRESSION: in the log
says()
{
	check "$1" grep -qE "$2" /tmp/log
}

make put
says "put too often: the state is named" \
	"klua: state 'mistakes' was put more often than it was held"
says "put too often: the kernel counts no lower" "refcount_t: underflow"
check_fails "put too often: nobody finds the state" klua show mistakes
make unheld
says "a state is retired that nobody holds: by name" \
	"klua: retire_unheld \[klua_mistakes\] retires state 'mistakes', which nobody holds"
says "a state is retired that nobody holds: is refused" "unheld: -22"
check_fails "a state is retired that nobody holds: no count goes wrong" \
	grep -q refcount_t /tmp/log
make sleep
# With PREEMPT_RT who has a spinlock may have to wait, but not of his own will.
says "a lock kept where one sleeps: is reported" \
	"scheduling while atomic|Voluntary context switch within RCU"
says "a lock kept where one sleeps: by name" "sleep_locked.*klua_mistakes"
make retire
says "a state is retired where one may not sleep: it stays" \
	"retire: -95, still locked: 1"
if [ "$debug" ]; then
	says "a state is retired where one may not sleep: is reported" \
		"sleeping function called"
	says "a state is retired where one may not sleep: by name" \
		"retire_in_softirq.*klua_mistakes"
fi
make late
says "a state is retired that somebody keeps locked: is said" \
	"klua: state 'mistakes' was retired, and cannot be closed before it is unlocked"
says "a state is retired that somebody keeps locked: it is closed in the end" "late: 0"
check_fails "a state is retired that somebody keeps locked: nobody finds it" \
	klua show mistakes
if [ "$debug" ]; then
	make push
	says "values without room: who pushes them is named" \
		"state 'mistakes': push_too_much \[klua_mistakes\] misuses.*stack overflow"
	is "values without room: once" 1 "$(grep -c misuses /tmp/log)"
	says "values without room: what does not fit is an error" \
		"push: -121, .*stack overflow"
	make call
	check "a call without the lock: is reported for each kind" \
		[ "$(grep -c 'WARNING: .*/run\.c:' /tmp/log)" -ge 2 ]
	says "a call without the lock: by name" "call_unlocked.*klua_mistakes"
	make enter
	says "an entry without the lock: is reported" "WARNING: .*/run\.c:"
	says "an entry without the lock: by name" "enter_unlocked.*klua_mistakes"
	make create
	says "a state where one may not sleep: is reported" \
		"sleeping function called"
	says "a state where one may not sleep: by name" \
		"create_in_softirq.*klua_mistakes"
	says "a state where one may not sleep: is not made" "create: 0"
	# Last of all: the watch over locks ends with this.
	make end
	says "a lock kept at the end: is reported" "locks held"
	says "a lock kept at the end: by name" "klua_state_lock|s->mutex"
fi
unload klua
check_fails "klua can be unloaded" grep -q '^klua ' /proc/modules

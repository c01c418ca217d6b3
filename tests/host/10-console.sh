#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a kernel says when something is wrong is seen in its console.
. "$(dirname "$0")/../lib.sh"

awk_file=$(dirname "$0")/../vm/console.awk
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
: >"$tmp/allow"

# verdict TEXT: what the checker makes of a console with that line
verdict()
{
	printf '[    1.000000] %s\n' "$1" >"$tmp/console"
	if awk -f "$awk_file" "$tmp/allow" "$tmp/console" >"$tmp/out"; then
		echo clean
	else
		echo bad
	fi
}

while read -r text; do
	is "is a fault: $text" bad "$(verdict "$text")"
done <<'EOF'
WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x0/0x10 [klua]
BUG: kernel NULL pointer dereference, address: 0000000000000000
BUG: scheduling while atomic: insmod/100/0x00000002
BUG: sleeping function called from invalid context at mm/slab.h:1
BUG: KASAN: slab-use-after-free in klua_state_put+0x1/0x2 [klua]
BUG: KCSAN: data-race in klua_state_get / klua_state_put
BUG kmalloc-64 (Tainted: G           O      ): Redzone overwritten
UBSAN: array-index-out-of-bounds in lvm.c:1:1
Oops: 0000 [#1] PREEMPT SMP NOPTI
general protection fault, probably for non-canonical address 0xdead
kernel BUG at mm/slub.c:1!
WARNING: possible circular locking dependency detected
WARNING: inconsistent lock state
WARNING: suspicious RCU usage
INFO: task insmod:1 blocked for more than 120 seconds.
watchdog: BUG: soft lockup - CPU#0 stuck for 60s! [insmod:1]
rcu: INFO: rcu_preempt self-detected stall on CPU
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
refcount_t: addition on 0; use-after-free.
list_del corruption, ffff->next is LIST_POISON1
Kernel panic - not syncing: Fatal exception in interrupt
insmod: page allocation failure: order:10, mode:0xcc0
Out of memory: Killed process 1 (sh)
BUG: MAX_LOCKDEP_CHAINS too low!
workqueue: work func tell_records [klua] enqueued on deprecated workqueue. Use another.
klua_x: Unknown symbol klua_state_get (err -2)
Call Trace:
EOF

while read -r text; do
	is "is none: $text" clean "$(verdict "$text")"
done <<'EOF'
klua: loading out-of-tree module taints kernel.
klua: module verification failed: signature and/or required key missing - tainting kernel
kmemleak: Kernel memory leak detector initialized (mem pool available: 1)
kasan: KernelAddressSanitizer initialized
kcsan: enabled early
... MAX_LOCKDEP_ENTRIES:     32768
... MAX_LOCK_DEPTH:          48
Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
Spectre V2 : WARNING is not said here
mtrr: your CPUs had inconsistent fixed MTRR settings
klua: x: not enough memory
EOF

# An allowed text is allowed to the test that asked for it, and to no other.
printf 'mine\tWARNING: on purpose\n' >"$tmp/allow"
is "not allowed outside a test" bad "$(verdict 'WARNING: on purpose')"
is "not allowed to another test" bad \
	"$(verdict "klua-test: other begins
WARNING: on purpose")"
is "allowed to its test" clean \
	"$(verdict "klua-test: mine begins
WARNING: on purpose")"
is "another text is not allowed" bad \
	"$(verdict "klua-test: mine begins
WARNING: by accident")"

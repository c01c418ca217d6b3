#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock
# boot: own
# allow: cut here|kernel BUG at .*/ldo\.c:|invalid opcode: 0000
# allow: Call Trace|RIP: 0010:luaD_throw|exited with (preempt_count|irqs)
# allow: Internal error: Oops - BUG:
#
# On arm64 the exception that stops the task never ends for what watches over idle
# processors, and over what exceptions are masked where tasks are switched.
# allow: WARNING: .* (ct_kernel_exit|__switch_to)
#
# A consumer that lets a Lua error out of any protected call (tests/panic/) is
# said to be at fault before the kernel stops the task; all others go on.
. "$(dirname "$0")/lib.sh"

if [ "$(uname -m)" = riscv64 ]; then
	skip "others go on" "there BUG() runs as an NMI does, and stops the machine"
	exit 0
fi

load klua
load klua_runner
lua_ok "a state is there" 'x = 42' '' name=other keep=1

echo 0 >/proc/sys/kernel/panic_on_oops
dmesg_mark
load klua_panic
echo 1 >/proc/sys/kernel/panic_on_oops
dmesg_since >/tmp/log
is "no thread went on" '' "$(grep 'went on' /tmp/log)"

# said NAME MESSAGE FUNCTION: these two lines, then the kernel's own
said()
{
	sed -n "/^klua: state '$1': /,/^invalid opcode/p" /tmp/log >/tmp/said
	is "$1: the state and the message are named, on one line" \
		"klua: state '$1': Lua error outside any protected call: $2" \
		"$(head -n 1 /tmp/said)"
	like "$1: so is whoever is at fault" \
		"klua: at fault is *: $3+0x*/0x* \[klua_panic\]" \
		"$(sed -n 2p /tmp/said)"
	like "$1: before the kernel stops the task" "kernel BUG at *" \
		"$(sed -n 4p /tmp/said)"
}
# shellcheck disable=SC1003	# a backslash in the log
said message 'oh\n<0>klua: %s%n all is well' raise_message
said table 'no message' raise_table
said script "[string \"local t = nil; t.x = 1\"]:1: attempt to index a nil value (local 't')" \
	call_script
said function raised call_function
said memory 'not enough memory' exhaust_memory

lua_ok "other states go on" 'return x' 42 name=other
unload klua_panic
unload klua_runner
unload klua
check_fails "and klua can be unloaded" grep -q '^klua ' /proc/modules

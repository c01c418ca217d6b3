#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock
# timeout: 90
# boot: own
# processors: 1
#
# Lua errors skip functions that a tracer has on its stack of return addresses.

. "$(dirname "$0")/lib.sh"

tracing=/sys/kernel/tracing

# traced WHAT [TEXT]: a consumer raises errors, and so does a script; TEXT is
# in the trace (while the module is there to name its functions)
traced()
{
	check "$1: a consumer's errors arrive" insmod /klua/modules/klua_traced.ko
	[ $# -lt 2 ] || check "$1: it was traced" grep -q "$2" $tracing/trace
	rmmod klua_traced
	lua 'local n = 0
for i = 1, 200 do
	if not pcall(string.rep) then n = n + 1 end
	if not pcall(coroutine.wrap(error), i) then n = n + 1 end
end
return n'
	is "$1: a script's errors arrive" "0: 400" "$lua_errno: $lua_text"
	lua 'error("out")'
	like "$1: an error leaves the entry" '*EREMOTEIO' "$lua_errno"
}

load klua
load klua_runner

traced "not traced"

# The whole kernel, then the consumer alone, so that its functions stay in the
# buffer. (A filter for a module that is not loaded waits for it.)
echo function_graph >$tracing/current_tracer
traced "function_graph"
echo nop >$tracing/current_tracer
echo ':mod:klua_traced' >$tracing/set_ftrace_filter
echo function_graph >$tracing/current_tracer
traced "function_graph on the consumer" raise_deeper
echo nop >$tracing/current_tracer
echo >$tracing/set_ftrace_filter

# A return probe on a function that errors skip, and on one that they end in.
# (The event, too, waits for the module.)
{
	echo 'r:klua_deeper klua_traced:raise_deeper'
	echo 'r:klua_catch klua_traced:catch'
} >$tracing/kprobe_events
echo 1 >$tracing/events/kprobes/enable
traced "return probes" klua_catch
echo 0 >$tracing/events/kprobes/enable
echo >$tracing/kprobe_events

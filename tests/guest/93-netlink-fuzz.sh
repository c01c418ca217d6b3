#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# Mutated messages to every operation, and mutated runs and builds, from five
# programs at once on the same names: each is answered, each refusal has words,
# nothing stays behind. Meanwhile klua itself does the same.
. "$(dirname "$0")/lib.sh"

count=1000
load klua atomic_steps=20000 sleepable_steps=20000 atomic_us=300000 sleepable_us=300000 user_states_max=50

# The seed is the boot's own; it is in the output of what fails.
seed=$(awk '{ print int($1 * 100) }' /proc/uptime)
dmesg -n 5
# One of those that are made has no limits; here is one from the beginning.
klua create --time unlimited --steps unlimited fuzz/2
fuzzers=
for i in 1 2 3 4 5; do
	nltest fuzz "$seed$i" "$count" >"/tmp/fuzz$i" 2>&1 &
	fuzzers="$fuzzers $!"
done
echo 'fuzzed = true' >/tmp/fuzzed.lua

# while_they_live COMMAND...: again and again, whatever comes of it but a signal
while_they_live()
{
	local status=0
	# shellcheck disable=SC2086	# one word for each
	while kill -0 $fuzzers 2>/dev/null; do
		"$@" >/dev/null 2>&1
		status=$?
		[ $status -lt 128 ] || echo "$* ended with status $status"
	done
}

while_they_live klua replace --create -f /tmp/fuzzed.lua fuzz/0 >/tmp/klua1 &
clients=$!
while_they_live klua wait --idle --timeout 0.1 fuzz/1 >/tmp/klua2 &
clients="$clients $!"
i=1
for fuzzer in $fuzzers; do
	wait "$fuzzer"
	is "fuzzer $i with seed $seed$i ends well" 0 $?
	sed 's/^/# /' "/tmp/fuzz$i"
	like "and says so" "sent $count, fine *, without text 0, without answer 0*" \
		"$(cat "/tmp/fuzz$i")"
	i=$((i + 1))
done
# shellcheck disable=SC2086	# one word for each
wait $clients
is "no signal ends klua" '' "$(cat /tmp/klua1 /tmp/klua2)"
for what in get create destroy set stop start run build replace; do
	check "$what succeeded, too" grep -q "$what [1-9]" /tmp/fuzz1 \
		/tmp/fuzz2 /tmp/fuzz3 /tmp/fuzz4 /tmp/fuzz5
done
dmesg -n 8
check "states can be listed" klua list
check "and run" klua -e 'return 1'
unload klua
is "the module is gone" '' "$(grep '^klua ' /proc/modules)"

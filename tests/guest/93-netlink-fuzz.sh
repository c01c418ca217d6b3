#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
#
# Mutated messages to every operation, from four programs at once: each is
# answered, each refusal has words, nothing stays behind.
. "$(dirname "$0")/lib.sh"

count=2000
load klua steps=20000 max_ms=300 user_states_max=50

# The seed is the boot's own; it is in the output of what fails.
seed=$(awk '{ print int($1 * 100) }' /proc/uptime)
dmesg -n 5
fuzzers=
for i in 1 2 3 4; do
	nltest fuzz "$seed$i" "$count" >"/tmp/fuzz$i" 2>&1 &
	fuzzers="$fuzzers $!"
done
i=1
for fuzzer in $fuzzers; do
	wait "$fuzzer"
	is "fuzzer $i with seed $seed$i ends well" 0 $?
	sed 's/^/# /' "/tmp/fuzz$i"
	like "and says so" "sent $count, fine *, without text 0, without answer 0" \
		"$(cat "/tmp/fuzz$i")"
	i=$((i + 1))
done
dmesg -n 8
check "states can be listed" klua list
check "and run" klua -e 'return 1'
unload klua
is "the module is gone" '' "$(grep '^klua ' /proc/modules)"

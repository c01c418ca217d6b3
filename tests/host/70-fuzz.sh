#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# A minute of fuzzing finds nothing, and would find what a patch of the core
# repairs: without it, the known inputs alone show the fault.
. "$(dirname "$0")/../lib.sh"

fuzz=$(dirname "$0")/../fuzz/run.sh

if ! "$(dirname "$0")/../vm/need.sh" fuzz; then
	skip "fuzzing" "needs $("$fuzz" --packages)"
	exit 0
fi

out=$("$fuzz" --secs "${FUZZ_SECS:-60}" 2>&1)
is "nothing is found" 0 "$?"
like "and it says how much was run" '*
fuzz: script: [1-9]* executions, [1-9]* edges; program: [1-9]* executions, [1-9]* edges; cycles: [1-9]* executions, [1-9]* edges; 0 found' "
$out"
echo "$out" | tail -n 1

out=$("$fuzz" --secs 0 --kind script --without 5 2>&1)
is "memory that is used after it was freed is found" 1 "$?"
like "as such" '*heap-use-after-free*to run it again*' "$out"

# Closing separates objects in the middle of a cycle, which has to mark them.
out=$(FUZZ_BREAK='s/marks = !all ||.*/marks = !all;/' "$fuzz" --secs 0 --kind program 2>&1)
is "a finalizer in C that is not called is found" 1 "$?"
like "as such" '*were not called once*to run it again*' "$out"

out=$(FUZZ_UNLIMITED=1 "$fuzz" --secs 0 --kind script 2>&1)
is "a script without an end is found" 1 "$?"
like "as such" '*timeout*to run it again*' "$out"

out=$("$fuzz" --hunt --secs "${FUZZ_SECS:-30}" 2>&1)
is "nothing takes more than its steps" 0 "$?"
like "and it says how much was run" '*
fuzz: hunt: [1-9]* executions, [1-9]* edges; 0 found' "
$out"
echo "$out" | tail -n 1

# It ends with what it finds, after some thousand inputs.
out=$(FUZZ_UNCHARGED=1 "$fuzz" --hunt --secs 300 2>&1)
is "a function that is not charged is found" 1 "$?"
like "as what takes too long" '*BROKEN: * instructions for * steps*to run it again*' \
	"$out"

check_fails "an unknown option is refused" "$fuzz" --fast
check_fails "an unknown kind is refused" "$fuzz" --kind quick

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 600
# boot: own
# clock: instructions
#
# No script of tests/scripts/hostile/ lets an entry into an atomic state pass its
# limit on time by more than 100,000 instructions and 500,000 for each MiB of heap.
# Prints for each size of the state the longest stretch that nothing could end, and
# what is allowed: see tests/bench/overshoot.c. So does none pass it whose results are
# written as JSON.
. "$(dirname "$0")/lib.sh"

scripts=$(dirname "$0")/../scripts/hostile
newline='
'
# Finalizers that do not end are to have an end when a state is closed.
load klua print_burst=1 sleepable_steps=100000 sleepable_us=1000
load klua_overshoot

# judge SIZE OVER ALLOWED HEAP: adds to $row and $wrong
judge()
{
	row="$row $2/$3"
	[ "$2" -le "$3" ] ||
		wrong="$wrong$1 bytes: $2, allowed $3; $4 KiB of heap$newline"
}

# measure: $script in each size
measure()
{
	local size over allowed heap row='' wrong='' sizes=0
	exec 4<>/dev/klua-overshoot
	printf '%s' "$script" >&4
	while read -r size over allowed heap _; do
		judge "$size" "$over" "$allowed" "$heap"
		sizes=$((sizes + 1))
	done <&4
	exec 4>&-
	echo "# $name$row"
	[ "$sizes" -eq 4 ] || wrong="measured in $sizes sizes$newline"
	if [ "$wrong" ]; then
		not_ok "$name ends in time" "$wrong"
	else
		ok "$name"
	fi
}

# each_of FILE COMMAND: for every script of it
each_of()
{
	local group line name='' script=''
	group=${1##*/}
	group=${group%.lua}
	while IFS= read -r line <&7; do
		case $line in
		"--- "*)
			[ ! "$name" ] || "$2"
			name=$group/${line#--- }
			script='' ;;
		esac
		script=$script$line$newline
	done 7<"$1"
	[ ! "$name" ] || "$2"
}

for file in "$scripts"/*.lua; do
	each_of "$file" measure
done
check "there are at least 150 scripts" test "$checks" -ge 150

# Results are written under the lock, too, and each byte of these becomes six.
like "results as JSON end in time" '*"error":"*time limit exceeded*' \
	"$(klua run -k atomic -m 8M -o 1M -s unlimited -T 3ms --json \
		-e 'return ("\1"):rep(100000)' 2>&1 | tail -c 300)"

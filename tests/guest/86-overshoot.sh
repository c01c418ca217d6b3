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
# limit on time by more than 100,000 instructions and 500,000 for each MiB of heap,
# but for those in tests/bench/overshoot.list, which do not get worse. Prints for
# each size of the state the longest stretch that nothing could end, and what is
# allowed: see tests/bench/overshoot.c.
. "$(dirname "$0")/lib.sh"

scripts=$(dirname "$0")/../scripts/hostile
known=$(dirname "$0")/../bench/overshoot.list
newline='
'
# Finalizers that do not end are to have an end when a state is closed.
load klua print_burst=1 sleepable_steps=100000 sleepable_us=1000
load klua_overshoot

# known_for SCRIPT: what it was measured at, or nothing
known_for()
{
	local script over
	while read -r script over _; do
		[ "$script" != "$1" ] || echo "$over"
	done <"$known"
}

# judge SIZE OVER ALLOWED HEAP: adds to $row and $wrong
judge()
{
	local most="$3" was
	row="$row $2/$3"
	[ "$2" -gt "$3" ] || return 0
	was=$(known_for "$name")
	[ ! "$was" ] || most=$((was + was / 4))
	[ "$2" -le "$most" ] ||
		wrong="$wrong$1 bytes: $2, allowed $most; $4 KiB of heap$newline"
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

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 300
# boot: own kmemleak=off
# clock: instructions others
#
# No script of tests/scripts/hostile/ does harm: each ends as its file says, in
# process context and in a softirq, with a small and a large maxalloc, and its
# state still runs "return 1+1". What the kernel says meanwhile is for the
# harness to judge. Prints how each ended and how long that took.
#
# The kernel's leak detector takes as long as all else that watches an
# allocation, and finds nothing here: a state that is closed with memory left
# says so itself.
. "$(dirname "$0")/lib.sh"

scripts=$(dirname "$0")/../scripts/hostile
sizes='65536 8388608'
default_steps=100000
newline='
'

# Each allocation takes a tenth of a millisecond on a kernel with KASAN: what
# fills a state is to fill it there, too, before its time is over.
debug=
if [ -e /sys/kernel/debug/kmemleak ]; then
	debug=1
	sizes='65536 786432'
fi
load klua print_burst=20
load klua_runner

# What follows starts no process: there are thousands of requests.

# ask OPTIONS SCRIPT: sets $errno and, its first line, $text
ask()
{
	errno=
	text=
	exec 4<>/dev/klua-runner
	printf 'run name=hostile-%s context=%s %s\n%s' "$context" "$context" \
		"$1" "$2" >&4 && {
		read -r errno
		IFS= read -r text
	} <&4
	exec 4>&-
	errno=${errno#-}
}

# ended_so "ERRNO|ERRNO TEXT": do $errno and $text match?
ended_so()
{
	local pattern=
	case "|${1%% *}|" in
	*"|$errno|"*) ;;
	*) return 1 ;;
	esac
	case $1 in
	*" "*) pattern=${1#* } ;;
	esac
	# shellcheck disable=SC2254	# it is a pattern
	case $text in
	$pattern) ;;
	*) return 1 ;;
	esac
}

# ended ENDS: do they match one of these with " | " in between?
ended()
{
	local rest="$1 | "
	while [ "$rest" ]; do
		! ended_so "${rest%%" | "*}" || return 0
		rest=${rest#*" | "}
	done
	return 1
}

# clock: sets $now in milliseconds, as exact as /proc/uptime
clock()
{
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}0
	now=${now#"${now%%[!0]*}"}
}

# run MAXALLOC ENDS: adds to $column and $wrong
run()
{
	local start
	clock
	start=$now
	ask "keep=1 maxalloc=$1 steps=$steps" "$script"
	clock
	column="$column${column:+, }$errno $((now - start))"
	ended "$2" ||
		wrong="$wrong$context, maxalloc $1: $errno: $text$newline"
	ask '' 'return 1+1'
	[ "$errno: $text" = '0: 2' ] ||
		wrong="$wrong$context, maxalloc $1, afterwards: $errno: $text$newline"
}

# run_script: in $context; prints a line with how it ended, lines with what is
# wrong with that, and one with "."
run_script()
{
	local column='' wrong=''
	run "${sizes%% *}" "${small:-$ends}"
	run "${sizes##* }" "$ends"
	printf '%s\n%s.\n' "$column" "$wrong"
}

# collect: what run_script prints, into $column and added to $wrong
collect()
{
	local line
	column=
	if ! IFS= read -r column; then
		wrong="${wrong}did not run$newline"
		return
	fi
	while IFS= read -r line && [ "$line" != . ]; do
		wrong="$wrong$line$newline"
	done
}

# report_script: as it ended in both contexts
report_script()
{
	local wrong='' process column
	collect <&5
	process=$column
	collect <&6
	printf '# %-36s %-22s %-26s %s\n' "$name" "${ends%% *}" "$process" \
		"$column"
	if [ "$wrong" ]; then
		not_ok "$name ends with $ends" "$wrong"
	else
		ok "$name"
	fi
	[ ! "$peer" ] ||
		peers="$peers# | $name | $peer | ${process##*, } ms |$newline"
}

# each_of FILE COMMAND: for every script of it, with what it says about itself
each_of()
{
	local group line name='' ends='' small='' steps='' peer='' script=''
	group=${1##*/}
	group=${group%.lua}
	while IFS= read -r line <&7; do
		case $line in
		"--- "*)
			[ ! "$name" ] || "$2"
			name=$group/${line#--- }
			ends='' small='' steps=$default_steps peer='' script='' ;;
		"-- ends: "*) ends=${line#-- ends: } ;;
		"-- small: "*) small=${line#-- small: } ;;
		"-- steps: "*) steps=${line#-- steps: } ;;
		"-- debug ends: "*) [ ! "$debug" ] || ends=${line#-- debug ends: } ;;
		"-- debug steps: "*) [ ! "$debug" ] || steps=${line#-- debug steps: } ;;
		"-- peer: "*) peer=${line#-- peer: } ;;
		esac
		script=$script$line$newline
	done 7<"$1"
	[ ! "$name" ] || "$2"
}

# each COMMAND
each()
{
	local file
	for file in "$scripts"/*.lua; do
		each_of "$file" "$1"
	done
}

# One processor runs them in one context, another in the other.
tmp=$(mktemp -d)
for context in process softirq; do
	mkfifo "$tmp/$context"
	each run_script >"$tmp/$context" &
done
exec 5<"$tmp/process" 6<"$tmp/softirq"
rm -r "$tmp"

peers=
printf '# %-36s %-22s %-26s %s\n' script 'must end with' \
	"process: ${sizes% *}, ${sizes#* }; ms" 'softirq'
each report_script
printf '# | script | kernel scripting before | KLua, 8 MiB |\n%s' "$peers"
check "there are at least 150 scripts" test "$checks" -ge 150

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 300
#
# No script of tests/scripts/hostile/ does harm: each ends as its file says, in
# process context and in a softirq, with a small and a large maxalloc, and its
# state still runs "return 1+1". What the kernel says meanwhile is for the
# harness to judge. Prints how each ended and how long that took.
. "$(dirname "$0")/lib.sh"

scripts=$(dirname "$0")/../scripts/hostile
sizes='65536 8388608'
default_steps=100000
newline='
'

# Where every allocation is traced, and each takes a millisecond, scripts get
# less memory and fewer steps, of which most need no more to hit the same limit.
# Steps, or the clock, may then stop them before memory does.
slow=
if [ -e /sys/kernel/debug/kmemleak ]; then
	slow=1
	sizes='65536 524288'
	default_steps=20000
	fewer_steps=10000
	most_steps=200000
fi
load klua max_ms=8000 print_burst=20
load klua_runner

# What follows starts no process: there are thousands of requests.

# ask OPTIONS SCRIPT: sets $errno and, its first line, $text
ask()
{
	errno=
	text=
	exec 4<>/dev/klua-runner
	printf 'run name=hostile %s\n%s' "$1" "$2" >&4 && {
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
	case "$slow$errno|${1%% *}|" in
	1ETIMEDOUT*"|ETIME|"*|1ETIME*"|ENOMEM|"*) return 0 ;;
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

# run CONTEXT MAXALLOC ENDS: adds to $column and $wrong
run()
{
	local start
	clock
	start=$now
	ask "keep=1 context=$1 maxalloc=$2 steps=$steps" "$script"
	clock
	column="$column${column:+, }$errno $((now - start))"
	ended "$3" || wrong="$wrong$1, maxalloc $2: $errno: $text$newline"
	ask "context=$1" 'return 1+1'
	[ "$errno: $text" = '0: 2' ] ||
		wrong="$wrong$1, maxalloc $2, afterwards: $errno: $text$newline"
}

# run_script: $name, with what else its file says about it
run_script()
{
	local context size wrong='' process='' softirq='' column
	case "$slow|$ends|" in
	1*"|ETIME"*|1*"|ENOMEM"*)
		[ "$steps" -ne "$default_steps" ] || steps=$fewer_steps
		[ "$steps" -le "$most_steps" ] || steps=$most_steps ;;
	esac
	# What is large there is small for some.
	[ ! "$slow" ] || [ ! "$small" ] || ends="$ends | $small"
	for context in process softirq; do
		column=
		for size in $sizes; do
			if [ "$size" = "${sizes%% *}" ]; then
				run "$context" "$size" "${small:-$ends}"
			else
				run "$context" "$size" "$ends"
			fi
		done
		eval "$context=\$column"
	done
	printf '# %-36s %-22s %-26s %s\n' "$name" "${ends%% *}" "$process" \
		"$softirq"
	if [ "$wrong" ]; then
		not_ok "$name ends with $ends" "$wrong"
	else
		ok "$name"
	fi
	[ ! "$peer" ] ||
		peers="$peers# | $name | $peer | ${process##*, } ms |$newline"
}

# run_file FILE: every script in it
run_file()
{
	local group line name='' ends='' small='' steps='' peer='' script=''
	group=${1##*/}
	group=${group%.lua}
	while IFS= read -r line; do
		case $line in
		"--- "*)
			[ ! "$name" ] || run_script
			name=$group/${line#--- }
			ends='' small='' steps=$default_steps peer='' script='' ;;
		"-- ends: "*) ends=${line#-- ends: } ;;
		"-- small: "*) small=${line#-- small: } ;;
		"-- steps: "*) steps=${line#-- steps: } ;;
		"-- peer: "*) peer=${line#-- peer: } ;;
		esac
		script=$script$line$newline
	done <"$1"
	[ ! "$name" ] || run_script
}

peers=
printf '# %-36s %-22s %-26s %s\n' script 'must end with' \
	'process: 64 KiB, 8 MiB; ms' 'softirq: 64 KiB, 8 MiB; ms'
for file in "$scripts"/*.lua; do
	run_file "$file"
done
printf '# | script | kernel scripting before | KLua, 8 MiB |\n%s' "$peers"
check "there are at least 150 scripts" test "$checks" -ge 150

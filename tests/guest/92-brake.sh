#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 60
#
# What a module has stopped user space starts by force only, and a module does not
# start what user space has stopped.
. "$(dirname "$0")/lib.sh"

load klua
load klua_runner
klua create t/one

# shows WHAT STATUS OUTPUT ERRORS COMMAND...: patterns
shows()
{
	local what="$1" want="$2" output="$3" errors="$4" status
	shift 4
	"$@" >/tmp/out 2>/tmp/err
	status=$?
	is "$what: status" "$want" "$status"
	like "$what: output" "$output" "$(cat /tmp/out)"
	like "$what: errors" "$errors" "$(cat /tmp/err)"
}

# owner stop|start NAME: as the module that made the state does
owner()
{
	exec 4<>/dev/klua-runner
	printf '%s name=%s\n' "$1" "$2" >&4
	is "the module: $1" 0 "$(head -n 1 <&4)"
	exec 4>&-
}

# runs WHAT: a script runs in the module's state
runs()
{
	shows "$1" 0 1 '' klua run --force theirs -e 'return 1'
}

lua 'x = 1' name=theirs keep=1
owner stop theirs
shows "what its module has stopped is stopped" 6 '' \
	'*: a kernel module has stopped the state (see klua start --force)' \
	klua run --force theirs -e 'return 1'
shows "it is not started" 4 '' \
	'klua: *: cannot start the state: a kernel module has stopped the state; this has to be forced (--force)' \
	klua start theirs
check "nor if user space has stopped it, too" klua stop theirs
shows "it is not started, either" 4 '' '*this has to be forced (--force)' klua start theirs
shows "by force it is" 0 '{}' '' klua start --json --force theirs
runs "it is started"
owner stop theirs
owner start theirs
check "what user space has stopped" klua stop theirs
owner start theirs
shows "its module does not start" 6 '' '*the state is stopped (see klua start)' \
	klua run --force theirs -e 'return 1'
shows "user space does, without force" 0 '' '' klua start theirs
runs "it is started, too"
klua stop theirs
owner stop theirs
owner start theirs
shows "a stop of its module's is over" 0 '' '' klua start theirs
owner stop t/one
shows "nor does user space start one of its own that a module has stopped" 4 '' \
	'*this has to be forced (--force)' klua start t/one
check "but by force" klua start -F t/one
klua destroy --force theirs

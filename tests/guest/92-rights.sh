#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock
# timeout: 120
# boot: own
#
# Nobody but the administrator reads or changes states, states that kernel
# modules made are safe from mistakes, what users make is limited, and a kernel
# that is locked down runs no script.
. "$(dirname "$0")/lib.sh"

chmod 755 /klua /klua/bin /klua/bin/*
load klua user_states_max=4 user_bytes_max=4194304
load klua_runner
klua create mine

# refused WHAT STATUS ERRORS COMMAND
refused()
{
	local errors status
	errors=$(sh -c "$4" 2>&1 >/dev/null)
	status=$?
	is "$1: status" "$2" "$status"
	like "$1: words" "$3" "$errors"
}

# unprivileged WHAT KLUA-ARGUMENTS
unprivileged()
{
	refused "nobody: $1" 4 'klua: *CAP_SYS_ADMIN is needed' \
		"su -s /bin/sh nobody -c 'PATH=/bin:/klua/bin klua $2'"
}

unprivileged list list
unprivileged show 'show mine'
unprivileged 'show what is not there' 'show none'
unprivileged create 'create other'
unprivileged destroy 'destroy mine'
unprivileged set 'set -s 5 mine'
unprivileged run 'run mine -e "return 1"'
unprivileged 'run in a fresh state' 'run -e "return 1"'
unprivileged cancel 'cancel mine'
unprivileged stats stats
refused 'nobody: monitor' 4 'klua: cannot listen to events: *' \
	"su -s /bin/sh nobody -c 'PATH=/bin:/klua/bin klua monitor'"
like "nobody may ask for the version" 'module *' \
	"$(su -s /bin/sh nobody -c 'PATH=/bin:/klua/bin klua info')"
for request in '1 3:str:mine' '-d 1' '2 3:str:x' '3 3:str:mine' \
	       '4 3:str:mine 12:u64:5' '5 3:str:mine 4:raw:x=1' '6 3:str:mine'
do
	# shellcheck disable=SC2086	# one word for each
	is "no other capability will do: $request" \
		'1: CAP_SYS_ADMIN is needed, 0 replies' \
		"$(nltest -c $request)"
done
like "after all this" '\[{*"name":"mine",*"runs":0,*}\]' "$(klua list --json)"

lua 'x = 1' name=theirs keep=1
refused "a module's state is not destroyed" 4 '*has to be forced' \
	'klua destroy theirs'
check "unless that is forced" klua destroy --force theirs
lua 'x = 1' name=theirs keep=1
klua run theirs -e 'while true do end' 2>/dev/null &
runner=$!
until klua show --json theirs | grep -q '"busy":true'; do :; done
refused "and never while it is held" 6 '*somebody holds the state' \
	'klua destroy --force theirs'
klua cancel theirs
wait "$runner"
check "afterwards it is" klua destroy --force theirs

klua create -m 64K two
klua create -m 64K three
klua create -m 64K four
refused "users make so many states" 6 '*over user_states_max or *' \
	'klua create -m 64K five'
refused "and fresh ones count" 6 '*over user_states_max or *' \
	'klua -e "return 1"'
lua 'x = 1' name=theirs keep=1
like "others do not" '*theirs*' "$(klua list)"
klua destroy two
check "what is destroyed counts no more" klua create -m 64K five
klua destroy three
klua destroy four
refused "users take so much memory" 6 '*over user_states_max or *' \
	'klua create -m 4M six'
refused "nor may a state grow so far" 6 '*over user_bytes_max' \
	'klua set -m 4M five'
check "but up to there" klua set -m 3M five
check "and back" klua set -m 64K five
klua create -m 2900K seven
check "which counts at once" klua show seven

mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
lockdown=/sys/kernel/security/lockdown
if [ -w $lockdown ]; then
	klua destroy seven
	echo integrity >$lockdown
	refused "locked down: run" 4 '*the kernel is locked down' \
		'klua run mine -e "return 1"'
	refused "locked down: run in a fresh state" 4 '*is locked down' \
		'klua -e "return 1"'
	like "locked down: list" '*mine*' "$(klua list)"
else
	skip "lockdown" "this kernel has none"
fi

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 120
#
# States that were replaced or destroyed while somebody is in them are listed when
# asked for, shown, cancelled and stopped by their numbers, until they are closed.
. "$(dirname "$0")/lib.sh"

# number STATE...: its own
number()
{
	klua show --json "$@" | sed 's/^{"id":\([0-9]*\),.*/\1/'
}

# runs STATE [OPTION]...: a script without an end; sets $runner
runs()
{
	local state="$1"
	shift
	klua run "$@" "$state" -e 'while true do end' >/dev/null 2>/tmp/said &
	runner=$!
	until klua show --json "$state" | grep -q '"busy":true'; do :; done
}

# listed STATE: numbers and kinds of all of the name
listed()
{
	klua list --all "$1" | awk 'NR > 1 { print $1, $4 }' | tr '\n' ' ' |
		sed 's/ $//'
}

echo 'x = 1' >/tmp/x.lua
load klua
klua create -s unlimited -T unlimited t/one
is "all there are" "$(klua list)" "$(klua list --all)"
old=$(number t/one)
runs t/one
check "a state is replaced while a script runs in it" \
	klua replace -f /tmp/x.lua t/one
new=$(number t/one)
is "the list has the new one" "$new" "$(klua list t/one | awk 'NR > 1 { print $1 }')"
is "a list of all has the old one, too" "$old replaced $new sleepable" \
	"$(listed t/one)"
like "with who is inside" "*$old klua\\[*] *0 replaced *1 klua\\[$runner] *t/one*" \
	"$(klua list -a)"
like "as JSON" "*{\"id\":$old,*\"replaced\":true,\"destroyed\":false,\"busy\":true,\"users\":1,*" \
	"$(klua list -a --json)"
like "it is shown" '*kind *sleepable, replaced*inside *klua, pid*' \
	"$(klua show --id "$old")"
check_fails "but takes no limits" klua set --id -s 5 "$old"
check_fails "nor a script" klua run --id "$old" -e 'x = 1'
check_fails "nor is it destroyed again" klua destroy --id "$old"
check "whoever waits for its end sees it" klua wait --gone --id --timeout 9 "$old"
check "what runs in it is cancelled" klua cancel --id "$old"
wait "$runner"
like "and ends" 'klua: *: cancelled*' "$(cat /tmp/said)"
gone "$old"
is "then it is gone" "$new sleepable" "$(listed t/one)"
is "and nothing runs in its number" 3 \
	"$(klua cancel --id "$old" 2>/dev/null; echo $?)"

klua set -s unlimited -T unlimited t/one
old=$new
runs t/one
klua replace -f /tmp/x.lua t/one
check "one that was replaced is stopped" klua stop --id "$old"
wait "$runner"
is "which ends what runs in it" 1 $?
like "and stops what has its place" '*"stopped":true,*' "$(klua show --json t/one)"
klua destroy t/one

# Whose state ends with a socket that is closed, while somebody else is in it.
mkfifo /tmp/tie
nltest -t 1 2 3:str:t/tied 6:flag 12:u64:0xffffffffffffffff \
	30:u64:0xffffffffffffffff </tmp/tie >/tmp/tied &
tied=$!
exec 5>/tmp/tie
until klua show t/tied >/dev/null 2>&1; do :; done
old=$(number t/tied)
runs t/tied 5>&-
exec 5>&-
wait "$tied"
is "a state that was destroyed is in a list of all" "$old destroyed" \
	"$(listed t/tied)"
klua create t/tied
is "beside another one of its name" "$old destroyed $(number t/tied) sleepable" \
	"$(listed t/tied)"
check "and can be cancelled" klua cancel --id "$old"
wait "$runner"
gone "$old"
klua destroy t/tied

# A set, in one state of which somebody is
load klua_runner
lua 'x = 1' name=theirs kind=sleepable percpu=1 steps=0xffffffffffffffff keep=1
old=$(number theirs)
taskset -c $(($(nproc) - 1)) klua run --force theirs -e 'while true do end' \
	>/dev/null 2>&1 &
runner=$!
until klua show --json theirs | grep -q '"busy":true'; do :; done
lua 'x = 2' name=theirs kind=sleepable percpu=1 replace=1 keep=1
new=$(number theirs)
is "a set that was replaced" "$old replaced $new sleepable" "$(listed theirs)"
like "has one user" '*"users":1,*' "$(klua show --json --id "$old")"
check "is cancelled" klua cancel --id "$old"
wait "$runner"
gone "$old"
is "and then gone" "$new sleepable" "$(listed theirs)"
check "as the new one" klua destroy --force theirs
is "nothing is left" "$(klua list)" "$(klua list --all)"

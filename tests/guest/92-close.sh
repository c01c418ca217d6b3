#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 300
# boot: own
# clock: instructions
#
# Whoever closes a socket of generic netlink, which anybody may, does not pay for the
# states of others, be they tied to a socket or not.
. "$(dirname "$0")/lib.sh"

closes=200
load klua user_states_max=2000 user_bytes_max=100000000
before=$(nltest close $closes)
check "many states" nltest fill u/ 1000 16384
mkfifo /tmp/tie
nltest -t 1 2 3:str:u/tied 6:flag 11:u64:16384 </tmp/tie >/tmp/tied &
tied=$!
exec 5>/tmp/tie
until [ -s /tmp/tied ]; do sleep 0.1; done
after=$(nltest close $closes)
check "a close takes no longer with them: $before, then $after ns" \
	[ "$after" -lt $((2 * before)) ]
exec 5>&-
wait "$tied"
check "and the state that is tied goes with its socket" \
	klua wait --gone --timeout 60 u/tied
unload klua

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 300
#
# 10,000 states while others come and go: each list has all of them.
. "$(dirname "$0")/lib.sh"

count=10000
load klua user_states_max=20000 user_bytes_max=1000000000
check "$count states" nltest fill r/ $count 16384
nltest -m 100000000 2 3:str:r/churn 11:u64:16384 </dev/null >/dev/null &
churner=$!
failed=0
short=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
	klua list >/tmp/list 2>/tmp/said || failed=$((failed + 1))
	[ "$(grep -c ' r/[0-9]' /tmp/list)" -eq $count ] || short=$((short + 1))
done
is "no list fails while states come and go" 0 $failed
is "each has all that were there" 0 $short
check "they came and went all the time" kill "$churner"
wait "$churner" 2>/dev/null
unload klua

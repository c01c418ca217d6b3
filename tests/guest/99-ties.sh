#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 400
#
# 60,000 states that one socket makes and loses: nothing is left of them while the
# socket is there.
. "$(dirname "$0")/lib.sh"

# objects: those of the slab caches that ties and states are of
objects()
{
	awk '/^(kmalloc|klua_state|radix_tree_node)/ { n += $2 } END { print n }' \
		/proc/slabinfo
}

count=60000
load klua user_states_max=2000
mkfifo /tmp/many
before=$(objects)
nltest -m $count 2 3:str:u/many 6:flag 11:u64:16384 </tmp/many >/tmp/created &
maker=$!
exec 5>/tmp/many
until [ -s /tmp/created ]; do sleep 0.1; done
is "a socket makes and loses many states" "0: , $count created" \
	"$(cat /tmp/created)"
# What waits for a grace period goes with that.
i=0
while [ $(($(objects) - before)) -gt $((count / 20)) ] && [ $((i += 1)) -lt 600 ]; do
	sleep 0.1
done
left=$(($(objects) - before))
check "and keeps nothing of them: $left objects" [ $left -le $((count / 20)) ]
exec 5>&-
wait "$maker"
unload klua

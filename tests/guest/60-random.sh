#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock kasan
# timeout: 90
#
# Random hostile programs do no harm. A failure names the seed and the number
# of the state, with which tests/fuzz/random.c runs its programs again;
# RANDOM_SEED sets the seed, RANDOM_SECS how long this takes.
. "$(dirname "$0")/lib.sh"

# Steps, not time, end the programs: where every allocation is traced, and each
# takes a millisecond, a step may, too.
steps=65536
[ ! -e /sys/kernel/debug/kmemleak ] || steps=2048

dmesg -n 4
load klua print_burst=1
dmesg -c >/dev/null
if insmod /klua/modules/klua_random.ko "seed=${RANDOM_SEED:-0}" \
	"secs=${RANDOM_SECS:-30}" "steps=$steps"; then
	ok "random programs do no harm"
	rmmod klua_random
else
	not_ok "random programs do no harm" \
		"$(dmesg | grep -F '!!!' | head -n 20)"
fi
said=$(dmesg | sed -n 's/.* klua_random: \(seed .*: .*\)/\1/p' | tail -n 1)
echo "# $said"
like "and there were many" \
	'seed *: [1-9][0-9]* programs in [1-9]* states, 0 promises broken*' \
	"$said"

# The same seed, the same programs.
programs()
{
	dmesg -c >/dev/null
	insmod /klua/modules/klua_random.ko seed=7 states=2 show=1 &&
		rmmod klua_random
	dmesg | sed -n '/klua_random: state 0/,/klua_random: seed/{
		s/.*klua_random: //; /^seed/d; p
	}'
}
once=$(programs)
is "a seed gives the same programs" "$once" "$(programs)"
like "which are shown" 'state 0, *local a,b,c,d=*state 1, *' "$once"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: guest.sh SECONDS [PARAMETER=VALUE]...
#
# Runs in the VM for run.sh: the torture for SECONDS in all, a quarter of them
# in each way, with what it has counted now and then, and all of it at the end.
. "$(dirname "$0")/../guest/lib.sh"

part=$((($1 + 3) / 4))
shift
: >/tmp/totals

# show: what the torture has said since it was last asked
show()
{
	dmesg -c | sed -n '/cannot create/d; s/.* klua_torture: //p' |
		tee -a /tmp/log
}

# torture WHAT PARAMETER=VALUE...
torture()
{
	what=$1
	shift
	echo "$what, $part s"
	dmesg -c >/dev/null
	: >/tmp/log
	load klua_torture "secs=$part" stat_secs=20 "$@"
	while grep -q Y /sys/module/klua_torture/parameters/running; do
		sleep 1
		show
	done
	unload klua_torture
	show
	like "$what" "End of test: SUCCESS: *" "$(tail -n 1 /tmp/log)"
	is "$what: no anomaly" '' "$(grep '!!!' /tmp/log)"
	grep -v '^after' /tmp/log | grep ' states used and closed, ' \
		>>/tmp/totals
}

# What the kernel finds shows all the same; lists do not.
dmesg -n 5
watch_races
load klua
torture "few states" names=3 seed=11 "$@"
torture "many states" names=200 creators=4 finders=4 seed=12 "$@"
torture "without destroy_all" names=4 destroy_alls=0 seed=13 "$@"
torture "processors and memory come and go" names=8 hotplugs=1 pressures=1 \
	pressure_mb=400 seed=14 "$@"
unload klua
sh "$(dirname "$0")/../guest/leaks.sh"
awk '	{ states += $1; calls += $6; unsure += $11; audits += $13; bad += $15 }
	END { printf "in all: %d states used and closed, %d calls counted, %d unsure, %d audits, %d anomalies\n",
		states, calls, unsure, audits, bad }' /tmp/totals

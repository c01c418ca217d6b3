#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
# kernel: stock kasan kcsan
#
# The states manager under torture (tests/torture/): no promise is broken. And
# a manager with one step broken: the torture notices, whichever step it is.
. "$(dirname "$0")/lib.sh"

# torture WHAT VERDICT PARAMETER=VALUE...
torture()
{
	what=$1 verdict=$2
	shift 2
	dmesg -c >/dev/null
	load klua_torture "$@"
	while grep -q Y /sys/module/klua_torture/parameters/running; do
		sleep 1
	done
	unload klua_torture
	dmesg | sed -n '/cannot create/d; s/.* klua_torture: //p' >/tmp/log
	like "$what" "End of test: $verdict: *" "$(tail -n 1 /tmp/log)"
	case $verdict in
	SUCCESS)
		grep -v ' of test: ' /tmp/log | sed 's/^/# /'
		is "$what: no anomaly" '' "$(grep '!!!' /tmp/log)" ;;
	*)
		like "$what: says what" '*!!!*' "$(grep '!!!' /tmp/log)" ;;
	esac
}

# Lists are long: they need not go over the serial line.
dmesg -n 5
watch_races
load klua
torture "few states" SUCCESS names=3 secs=6 seed=1
both=$(grep -c '^processor [01]: did' /tmp/log)
is "few states: on both processors" 2 "$both"
torture "many states" SUCCESS names=200 secs=6 seed=2 creators=4 finders=4
torture "without destroy_all" SUCCESS names=2 secs=3 seed=3 destroy_alls=0
torture "processors and memory come and go" SUCCESS names=8 secs=4 seed=4 \
	hotplugs=1 pressures=1 pressure_mb=400

# What is broken is done by whoever finds out, and by no others, so that most ways are
# noticed within a second; what needs luck gets time for it.
few="listers=0 destroy_alls=0 secs=60 audit_ms=50 close_secs=2 seed=5"
basic="$few replacers=0 retirers=0 stoppers=0 callers=0 librarians=0"
others="$few creators=0 destroyers=0 finders=0 readers=0 runners=0 cancellers=0"
# shellcheck disable=SC2086	# one word for each parameter
torture "a copy, not broken" SUCCESS $few names=2 secs=3 close_secs=60 busted=none

# What is broken may well be a race, too, and that is no news here.
[ ! -d /sys/module/kcsan ] || exit 0

# busted HOW PARAMETER=VALUE...: the torture fails on a manager broken in that way
busted()
{
	how=$1
	shift
	torture "busted=$how" FAILURE "$@" "busted=$how"
}

# shellcheck disable=SC2086	# one word for each parameter
{
	busted no_rcu $basic names=2
	busted no_recheck $basic names=1 creators=4
	busted ref_from_zero $basic names=2
	busted no_grace $basic names=2
	busted check_then_act $basic names=2 finders=4 hold_us=50000
	busted replace_gap $others replacers=2 callers=4
	busted retire_no_wait $others replacers=2 retirers=2 callers=4
	busted stop_then_act $others names=1 replacers=2 retirers=2 stoppers=2
	busted first_cpu $others
	busted only_front $others
	busted lib_no_grace $others
	busted lib_no_wait $others
}

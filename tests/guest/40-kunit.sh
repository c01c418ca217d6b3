#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: short
# timeout: 90
#
# The KUnit suites, which on a kernel without KUnit run all the same
# (tests/kunit/suite.h). Each case becomes a check of this test.
. "$(dirname "$0")/lib.sh"

# cases: turns the log of a module's suites into checks
cases()
{
	name=$suite
	why=''
	while IFS= read -r line; do
		case $line in
		"    # Subtest: "*) name=${line##* } ;;
		"    ok "*" # SKIP "*)
			what=${line#    ok * }
			skip "$name: ${what%% # SKIP *}" "${line#* # SKIP }" ;;
		"    ok "*) ok "$name: ${line##* }"; why= ;;
		"    not ok "*) not_ok "$name: ${line##* }" "$why"; why= ;;
		"    # "*|"    "*) why="$why$line
" ;;
		esac
	done <"$1"
}

# Building a state has the time of a sleepable one: on a machine that others use,
# the default, which klua_kinds looks at, ends what is to succeed.
load klua print_burst=0 atomic_us=2000000
time=/sys/module/klua/parameters/sleepable_us
for suite in klua_states klua_alloc klua_run klua_limits klua_core klua_lib \
	klua_percpu klua_kinds klua_invoke klua_life; do
	dmesg_mark
	case $suite in
	klua_kinds) echo 10000000 >$time ;;
	*) echo 100000000 >$time ;;
	esac
	load "${suite}_kunit"
	dmesg_since >/tmp/log
	cases /tmp/log
	check "$suite: ran to its end" grep -qE "^(not )?ok [0-9]+ $suite" /tmp/log
	unload "${suite}_kunit"
done

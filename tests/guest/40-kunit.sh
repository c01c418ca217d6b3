#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90
#
# The KUnit suites, which on a kernel without KUnit run all the same
# (tests/kunit/suite.h). Each case becomes a check of this test.
. "$(dirname "$0")/lib.sh"

# cases: turns the log of a suite into checks
cases()
{
	why=''
	while IFS= read -r line; do
		case $line in
		"    ok "*) ok "$suite: ${line##* }"; why= ;;
		"    not ok "*) not_ok "$suite: ${line##* }" "$why"; why= ;;
		"    # "*|"    "*) why="$why$line
" ;;
		esac
	done <"$1"
}

load klua print_burst=0
for suite in klua_states klua_alloc klua_run klua_limits klua_core; do
	dmesg_mark
	load "${suite}_kunit"
	dmesg_since >/tmp/log
	cases /tmp/log
	check "$suite: ran to its end" grep -qE "^(not )?ok [0-9]+ $suite" /tmp/log
	unload "${suite}_kunit"
done

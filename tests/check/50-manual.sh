#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# klua's manual is a well-formed one, and the manual and bash's completion have
# every command and every option that the program has.
set -- '*.8'
. "$(dirname "$0")/lib.sh"

tests/vm/need.sh check || exit 1
each mandoc -Tlint

tool=tools/klua
# The table of commands has their functions in it, that of options their letters.
commands=$(sed -n 's/^\t{ "\([a-z]*\)", .* cmd_[a-z]*,.*/\1/p' $tool/klua.c)
options=$(sed -n 's/^\t{ "\([a-z]*\)", [a-z]*_argument, .*/\1/p' $tool/klua.c)
is "some commands are found" 1 "$(($(echo "$commands" | wc -w) > 5))"
is "and options" 1 "$(($(echo "$options" | wc -w) > 5))"
for command in $commands; do
	check "the manual has $command" grep -qx "\.B $command" $tool/klua.8
	check "completion has $command" grep -qw "$command" $tool/klua.bash
done
for option in $options; do
	[ "$option" != help ] || continue
	check "the manual has --$option" \
		grep -q '^\.BR.*\\-\\-'"$option" $tool/klua.8
	check "completion has --$option" grep -q -e "--$option" $tool/klua.bash
done

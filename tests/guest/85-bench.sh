#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# kernel: stock
# timeout: 200
# boot: own
# clock: instructions
#
# Nothing takes 3 % more instructions, or memory, than when somebody last said
# how much it may take: tests/bench/run.sh --update, for this kernel's version.
# On another one the figures are shown, and nothing is judged.
. "$(dirname "$0")/lib.sh"

bench=$(dirname "$0")/../bench
baseline=$bench/baseline-$(uname -r).csv

sh "$bench/guest.sh" "$bench/short" >/tmp/figures 2>/tmp/err
is "the benchmark runs" "0 " "$? $(cat /tmp/err)"

if [ ! -e "$baseline" ]; then
	grep -v '^#' /tmp/figures | sed 's/^/# /'
	skip "no more instructions than before" "no baseline for $(uname -r)"
	exit 0
fi
awk -f "$bench/compare.awk" "$baseline" /tmp/figures >/tmp/compared
while IFS= read -r line; do
	case $line in
	"ok - "*) ok "${line#ok - }";;
	"not ok - "*) not_ok "${line#not ok - }";;
	*) echo "$line";;
	esac
done </tmp/compared

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# kernel: stock
# timeout: 240
# boot: own log_buf_len=64M
# clock: instructions
# memory: 3G
#
# 100,000 states: each is found, as quickly as one of ten, listed, destroyed.
. "$(dirname "$0")/lib.sh"

# A list of 100,000 lines is not for the serial line.
dmesg -n 5
memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
count=100000
if [ "$memory" -lt 2500000 ]; then
	count=10000
	skip "100,000 states" "only $((memory / 1024)) MiB, so $count"
fi

load klua
dmesg -c >/dev/null
load klua_scale "count=$count"
# More than dmesg has room for
timeout 10 cat /proc/kmsg | sed -n 's/^<[0-9]*>\[[^]]*\] //p' >/tmp/log
grep '^klua_scale: ' /tmp/log | sed 's/^/# /'
check "each is found" grep -q "found $count of $count states" /tmp/log
is "each is listed" "$count" "$(grep -c 'klua:   scale-[0-9]*: ' /tmp/log)"
check "and counted" grep -q "klua: total: $count states" /tmp/log

# flat WHAT WORD: the slowest within 20 % of the quickest
flat()
{
	times=$(sed -n "s/.*klua_scale: among .*[:,] \\([0-9]*\\) for one that $2 .*/\\1/p" \
		/tmp/log | sort -n)
	first=$(echo "$times" | head -n 1)
	last=$(echo "$times" | tail -n 1)
	check "$1 takes as long among $count as among 10 ($first to $last)" \
		[ $((last * 100)) -le $((first * 120)) ]
}
flat "finding a state" "is there,"
flat "finding none" "is not"

dmesg -c >/dev/null
unload klua_scale
unload klua
check_fails "all are destroyed and closed" grep -q '^klua ' /proc/modules
dmesg | sed -n 's/.* klua_scale: /# /p'
is "without a word of complaint" '' \
	"$(dmesg | grep -vE 'klua_scale: destroyed in')"

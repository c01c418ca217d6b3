#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in the VM for run.sh: each script on each build of klua.ko and in user
# space, ROUNDS times in turn. A line for each: build, script, ns.

here=$(dirname "$0")

kernel()	# BUILD
{
	insmod "/klua/$1/klua.ko" max_ms=8000
	insmod "/klua/$1/klua_bench.ko"
	for script in "$here"/scripts/*.lua; do
		name=${script##*/}
		exec 4<>/dev/klua-bench
		cat "$script" >&4
		echo "$1 ${name%.lua} $(cut -d ' ' -f 2 <&4)"
		exec 4>&-
	done
	sed "s/^/$1 /" </dev/klua-bench
	rmmod klua_bench klua
}

user()
{
	for script in "$here"/scripts/*.lua; do
		name=${script##*/}
		lua5.3 -e "local f = assert(loadfile('$script'))
			local t = os.clock(); f()
			print(string.format('user ${name%.lua} %d',
				(os.clock() - t) * 1e9 // 1))"
	done
}

for _ in 1 2 3; do
	for build in modules unchecked; do
		kernel "$build"
	done
	user
done

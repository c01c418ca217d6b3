#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: guest.sh PLAN
#
# Runs in the VM for run.sh. Each line of PLAN is "BUILD ITEM": a directory of
# modules below /klua (where there is none, its modules/), or "user" for
# Debian's lua5.3; and a group of rows, or a script below scripts/. Prints
# "# BUILD ITEM", then its lines "BUILD ROW VALUE".

here=$(dirname "$0")
plan=$1
loaded=

die()
{
	echo "guest.sh: $*" >&2
	exit 1
}

# use BUILD: have its modules loaded, and no other's
use()
{
	[ "$1" != "$loaded" ] || return 0
	[ -z "$loaded" ] || rmmod klua_bench klua || die "$loaded stays loaded"
	loaded=
	[ "$1" != user ] || return 0
	dir=/klua/$1
	[ -d "$dir" ] || dir=/klua/modules
	if ! insmod "$dir/klua.ko" atomic_us=8000000 sleepable_us=8000000 \
		dispatch=gotos ||
	   ! insmod "$dir/klua_bench.ko"; then
		die "cannot load $1"
	fi
	loaded=$1
}

# ask COMMAND [SCRIPT]...: what klua_bench answers
ask()
{
	command=$1
	shift
	exec 4<>/dev/klua-bench
	{ echo "$command"; [ $# -eq 0 ] || cat "$@"; } >&4
	cat <&4 || die "$command $*: klua_bench cannot"
	exec 4>&-
}

# Those in the lists of each processor, too
free_pages()
{
	awk '$1 == "nr_free_pages" || $1 == "count:" { n += $2 }
		END { print n }' /proc/zoneinfo
}

# What 1000 states take of the machine's memory, by the state
memory()
{
	before=$(free_pages)
	asked=$(ask hold)
	after=$(free_pages)
	echo "$asked"
	echo "memory-real $(((before - after) * 4096 / 1000))"
	ask drop >/dev/null
	sleep 1
}

# heaps KIB...: of each kind, of each size
heaps()
{
	for size; do
		echo "local limit = $size" >/tmp/limit.lua
		for file in "$here"/scripts/heap/*.lua; do
			kind=${file##*/}
			ask heap /tmp/limit.lua "$here/scripts/heap.lua" "$file" |
				sed "s|^[a-z]*|&-${size}K/${kind%.lua}|"
		done
	done
}

user()		# SCRIPT
{
	lua5.3 -e "local f = assert(loadfile('$here/scripts/$1.lua'))
		local t = os.clock(); f()
		print(string.format('$1 %d', (os.clock() - t) * 1e9 // 1))"
}

# item BUILD ITEM: lines "ROW VALUE"
item()
{
	case $1:$2 in
	user:*) user "$2";;
	*/*) ask script "$here/scripts/$2.lua" | sed "s|^script|$2|";;
	*:memory) memory;;
	*:gc) heaps 100 400 1024 4096 16384;;
	*) ask "$2";;
	esac
}

while read -r build what; do
	[ "$build" != '#' ] || continue
	echo "# $build $what"
	use "$build"
	item "$build" "$what" | sed "s|^|$build |"
done <"$plan"
use user

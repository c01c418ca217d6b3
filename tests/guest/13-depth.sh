#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 240
# boot: own randomize_kstack_offset=on
#
# How deep each form of nesting goes is the same number in each of a hundred runs,
# in process context and in a softirq, wherever the kernel puts a system call's
# stack, and it is no less than what doc/limits.md promises; on Debian 12's kernels it is
# what that page says that it was there.
. "$(dirname "$0")/lib.sh"

script=$(cat "$(dirname "$0")/../scripts/depth.lua")
runs=50

# Its table for x86-64 and arm64. Other kernels may have larger frames: there all has
# to be the same, however deep.
list=$(dirname "$0")/../scripts/depth.list

load klua
load klua_runner

# measure CONTEXT: sets $depths
measure()
{
	lua "$script" context="$1" steps=50000000
	depths=$lua_text
	[ "$lua_errno" = 0 ] || depths="$lua_errno: $lua_text"
}

# same CONTEXT: how many runs, of $runs, give what the first one gave
same()
{
	local n=0 i=0
	while [ "$i" -lt "$runs" ]; do
		i=$((i + 1))
		measure "$1"
		[ "$depths" != "$first" ] || n=$((n + 1))
	done
	echo "$n"
}

measure process
first=$depths
is "runs in process context that go as deep as the first" "$runs" \
	"$(same process)"
is "runs in a softirq that go as deep" "$runs" "$(same softirq)"

# depth NAME: of the first run
depth()
{
	echo "$first" | sed -n "s/^$1 //p"
}

printf '# | form | depth on this kernel |\n'
echo "$first" | sed 's/^\([^ ]*\) \(.*\)/# | \1 | \2 |/'
is "each form has a promise" "$(sed '/^#/d; /^$/d; s/ .*//' "$list" | sort)" \
	"$(echo "$first" | cut -d ' ' -f 1 | sort)"

machine=$(uname -m)
if has_kasan || [ -d /sys/module/kcsan ]; then
	machine=debug
fi
# promised NAME LEAST MOST: the most is what the page has of Debian 12's kernels
promised()
{
	check "$1 goes $2 deep" [ "$(depth "$1")" -ge "$2" ]
	case $(uname -r) in
	6.1.0-*-amd64|6.1.0-*-arm64)
		is "as deep as doc/limits.md says" "$3" "$(depth "$1")" ;;
	esac
}

while read -r name _ amd64 amd64_most arm64 arm64_most; do
	case $name,$machine in
	,*|'#'*)	;;
	*,x86_64)	promised "$name" "$amd64" "$amd64_most" ;;
	*,aarch64)	promised "$name" "$arm64" "$arm64_most" ;;
	*)		check "$name goes deep" [ "$(depth "$name")" -ge 2 ] ;;
	esac
done <"$list"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernel: stock kasan
# timeout: 240
# boot: own randomize_kstack_offset=on
#
# How deep each form of nesting goes is the same number in each of a hundred runs,
# in process context and in a softirq, wherever the kernel puts a system call's
# stack, and it is no less than the README promises.
. "$(dirname "$0")/lib.sh"

script=$(cat "$(dirname "$0")/../scripts/depth.lua")
runs=50

# What the README's table promises, for x86-64 and for arm64. Other kernels may
# have larger frames: there all has to be the same, however deep.
promises='pcall 16 12
pcall-of-pcall 24 16
coroutine.wrap 16 11
coroutine.resume 16 11
generators 14 9
gsub 12 10
gsub-reverse 12 10
sort 16 11
tostring 16 12
index 20 18
add 16 11
reader 5 4
parentheses 190 190
tables 190 190
tables-of-values 190 190
tables-of-keys 190 190
concatenation 190 190
power 190 190
unary 190 190
arguments 190 190
indices 190 190
variables 190 190
functions 25 20
functions-global 25 20
functions-assigned 25 20
functions-local 25 20
functions-returned 25 20
functions-passed 25 20
functions-in-tables 25 20
upvalues 25 20
do 30 22
if 20 15
if-else 25 20
while 20 15
repeat 25 22
for 20 15
for-in 20 15'

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
is "each form has a promise" "$(echo "$promises" | cut -d ' ' -f 1 | sort)" \
	"$(echo "$first" | cut -d ' ' -f 1 | sort)"

machine=$(uname -m)
if grep -q kasan_ /proc/kallsyms || [ -d /sys/module/kcsan ]; then
	machine=debug
fi
while read -r name amd64 arm64; do
	case $machine in
	x86_64)		least=$amd64 ;;
	aarch64)	least=$arm64 ;;
	*)		least=2 ;;
	esac
	check "$name goes $least deep" [ "$(depth "$name")" -ge "$least" ]
done <<END
$promises
END

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: time.sh [option]...
#
# Measures time, in user space on this machine's processor: the code of klua.ko
# for Debian's kernel, linked with stand-ins for what it calls of the kernel
# (native/). All builds, each with plain jumps and with retpolines, and Debian's
# lua5.3 and lua5.4 take turns, round by round. Each round has the code at another
# of eight places, since where it lies can make a script 4 % faster or slower. Prints
# tables, and leaves them in
# build/bench as time.md, with every figure as time.txt, medians as time.csv, and
# what a packet's parts take as packet-parts.svg.
#
#   -r, --rows NAME,...	only these: entry, create, smp, a group of scripts
#			(seven, twenty, floats), or a script (seven/fib);
#			those that only run.sh has are left out
#   -n, --rounds N	how often (16)
#   -b, --base REV	another revision beside this one; it has to have native/
#   -w, --without N,...	this tree without patch N of lua/patches beside it, and
#			what that patch is worth; 20+21 leaves out both at once
#   -l, --limits no	without the build that has no limits
#   -c, --cpu N		on processor N (the last one)
#       --into FILE	puts the tables into FILE, too, between the lines
#			"<!-- time -->" and "<!-- end of time -->"
#
# It counts what the process runs, and not when others run. An otherwise idle
# machine gives smaller spreads all the same: others share its caches.
set -eu -o pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$(dirname "$0")/build.sh"

rows=entry,create,seven,twenty,floats,smp
rounds=16
base=
without=
limits=yes
cpu=$(($(nproc --all) - 1))
into=
command="tests/bench/time.sh${*:+ $*}"
options=$(getopt -n "$prog" -o r:n:b:w:l:c:h \
	-l rows:,rounds:,base:,without:,limits:,cpu:,into:,help -- "$@") ||
	{ usage >&2; exit 2; }
eval set -- "$options"
while [ "$1" != -- ]; do
	case $1 in
	-r|--rows) rows=$2;;
	-n|--rounds) rounds=$2;;
	-b|--base) base=$2;;
	-w|--without) without=$2;;
	-l|--limits) limits=$2;;
	-c|--cpu) cpu=$2;;
	--into) into=$2;;
	-h|--help) usage; exit 0;;
	esac
	shift 2
done
[ $# -eq 1 ] || { usage >&2; exit 2; }
case $rounds$cpu in
*[!0-9]*) die "a number is wanted" ;;
esac
cd "$top"
[ "$(uname -m)" = x86_64 ] || die "stand-ins are there for x86-64 only"

builds=(this ${base:+base})
for patches in ${without//,/ }; do
	builds+=("without-$patches")
done
[ "$limits" = no ] || builds+=(unchecked)

# What to run, in order
items=()
for row in ${rows//,/ }; do
	case $row in
	entry|create) items+=("$row");;
	smp)
		[ "$(nproc)" -lt 2 ] || items+=(smp)
		[ "$(nproc)" -ge 2 ] ||
			echo "$prog: without smp, which wants two processors" ;;
	seven|twenty|floats) mapfile -t -O ${#items[@]} items < <(scripts_of "$row");;
	*/*)
		[ -e "$bench/scripts/$row.lua" ] || die "there is no script $row"
		items+=("$row") ;;
	memory|scale|gc|limits) ;;
	*) die "there are no rows $row, see --help";;
	esac
done

[ ${#items[@]} -gt 0 ] || exit 0

# leave_out PATCHES DIRECTORY: undoes them in a copy of the tree
leave_out()
{
	LUA_TARBALL=${LUA_TARBALL:-$build/lua/lua-5.3.6.tar.gz} \
		"$2/lua/import.sh" --force
	core_without "$1" "$2/history"
	cp "$2"/history/*.[ch] "$2/lua/src"
}

# How many places the code has. They are 16 bytes apart, by which functions are aligned.
places=8

# link BUILD SOURCES: klua.o and klua_bench's rows as the programs SOURCES/native-PLACE
link()
{
	local out=$2/native-objects src=$2 file place
	local log=$build/logs/bench-$1.log
	local flags=(-O2 -fno-builtin -fno-tree-loop-distribute-patterns
		-mgeneral-regs-only -mincoming-stack-boundary=3
		-mpreferred-stack-boundary=4)
	mkdir -p "$out"
	{
		# Names that the linker can say the beginning of.
		for file in klua.o "$bench"/{main,entry,smp}.o; do
			objcopy --rename-section .retpoline_sites=retpoline_sites \
				--rename-section .return_sites=return_sites \
				--rename-section .data..percpu=percpu \
				"$src/$file" "$out/$(basename "$file" .o)-k.o"
		done
		for file in kernel text threads; do
			cc -c "${flags[@]}" "$bench/native/$file.c" \
				-o "$out/$file.o"
		done
		cc -c "$bench/native/thunks.S" -o "$out/thunks.o"
		cc -c -O2 "$bench/native/main.c" -o "$out/main.o"
		missing "$out"/*-k.o >"$out/missing.S"
		cc -c "$out/missing.S" -o "$out/missing.o"
		for ((place = 0; place < places; place++)); do
			echo ".fill $((place * 16)), 1, 0x90" |
				cc -c -x assembler - -o "$out/before.o"
			cc -static -no-pie -z muldefs \
				-Wl,--section-start=percpu=0x8000000 \
				"$out"/{main,kernel,text,threads,thunks,missing}.o \
				"$out"/{before,klua-k,main-k,entry-k,smp-k}.o \
				-o "$src/native-$place"
		done
	} >"$log" 2>&1 || die "it does not link, see $log"
}

# missing OBJECT...: weak functions that say which one of them was called
missing()
{
	nm -u "$@" | awk '
		$1 == "U" && !seen[$2]++ {
			print ".weak " $2 "\n" $2 ":\tmov $1f, %edi"
			print "\tand $-16, %rsp\n\tcall native_missing"
			print "1:\t.asciz \"" $2 "\""
		}
		END { print ".section .note.GNU-stack, \"\", @progbits" }'
}

# run PROGRAM...: on the one processor
run()
{
	taskset -c "$cpu" "$@"
}

# user LUA SCRIPT: as guest.sh does
user()
{
	run "$1" -e "local f = assert(loadfile('$bench/scripts/$2.lua'))
		local t = os.clock(); f()
		print(string.format('%d', (os.clock() - t) * 1e9 // 1))"
}

# native ROUND BUILD ITEM OPTION...: lines "ROW NS"
native()
{
	local program=$build/bench/src-$2/native-$(($1 % places)) name=$3
	set -- "${@:4}" -s "$1"
	case $name in
	*/*) run "$program" "$@" script "$bench/scripts/$name.lua" |
		sed "s|^script|$name|" ;;
	smp) "$program" "$@" smp ;;
	*) run "$program" "$@" "$name" ;;
	esac
}

# item ROUND ITEM: lines "BUILD JUMPS ROW NS"
item()
{
	local b
	for b in "${builds[@]}"; do
		# Where there are no limits there are no entries to speak of.
		[[ $b != unchecked || $2 == */* ]] || continue
		native "$1" "$b" "$2" | sed "s|^|$b plain |"
		native "$1" "$b" "$2" -r -t | sed "s|^|$b retpolines |"
	done
	[[ $2 == */* ]] || return 0
	for b in lua5.3 lua5.4; do
		! command -v $b >/dev/null ||
			echo "$b plain $2 $(user $b "$2")"
	done
}

tests/vm/need.sh build
tests/vm/need.sh time || echo "$prog: without Debian's lua5.3 and lua5.4"
tests/vm/stock.sh
mkdir -p "$build/logs" "$build/bench"
for b in "${builds[@]}"; do
	src=$build/bench/src-$b
	case $b in
	base) checkout "$base" "$src";;
	*) copy "$src";;
	esac
	copy_bench "$src"
	case $b in
	without-*) leave_out "${b#without-}" "$src" ;;
	esac
	case $b in
	unchecked) compile "$b" "$src" KLUA_UNCHECKED=y;;
	*) compile "$b" "$src";;
	esac
	link "$b" "$src"
done

out=$build/bench
: >"$out/time.txt"
for ((round = 1; round <= rounds; round++)); do
	say "round $round of $rounds"
	for i in "${items[@]}"; do
		item $round "$i" >>"$out/time.txt"
	done
done
perl "$bench/time.pl" "$bench/rows" "$out/time.txt" "$out/time.csv" \
	"command=$command" "date=$(date -u +%F)" "rounds=$rounds" \
	"revision=$(git describe --always --dirty)" "base=$base" \
	"processor=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
	"compiler=$(cc -dumpfullversion)" \
	"kernel=$(cat "$build/kernels/stock/release")" | tee "$out/time.md"
perl "$bench/plot.pl" "$out/time.csv" "$out"
[ -z "$into" ] || into_file "$into" time "$out/time.md"

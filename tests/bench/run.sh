#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh [option]...
#
# Measures klua.ko in a VM whose clock counts instructions, and what two
# processors do in another one. Prints tables, and leaves them, with all
# figures, in build/bench as bench.json, bench.csv, and plots (*.svg).
#
#   -r, --rows NAME,...	only these: a group (entry, create, memory, scale, gc,
#			seven, twenty, floats, limits, smp), or a script (seven/fib)
#   -b, --base REV	measures another revision of this tree, too, in turns
#   -n, --rounds N	how often (3); scale is measured once
#   -s, --stock-lua no	without Debian's lua5.3
#   -o, --output DIR	in place of build/bench
#       --into FILE	puts the tables into FILE, too, between the lines
#			"<!-- bench -->" and "<!-- end of bench -->"
#       --update	measures what tests/guest/85-bench.sh does, and nothing
#			else, and makes that the baseline it compares with
#
# In the instruction-counting VM figures are repeatable and do not depend on
# what else this machine does; with two processors they do.
set -eu -o pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$(dirname "$0")/build.sh"
here=$bench

rows=entry,create,memory,scale,gc,seven,twenty,floats,limits,smp
base=
rounds=3
user=yes
out=$build/bench
into=
update=
command="tests/bench/run.sh${*:+ $*}"
options=$(getopt -n "$prog" -o r:b:n:s:o:h \
	-l rows:,base:,rounds:,stock-lua:,output:,into:,update,help -- "$@") ||
	{ usage >&2; exit 2; }
eval set -- "$options"
while [ "$1" != -- ]; do
	case $1 in
	-r|--rows) rows=$2;;
	-b|--base) base=$2;;
	-n|--rounds) rounds=$2;;
	-s|--stock-lua) user=$2;;
	-o|--output) out=$2;;
	--into) into=$2;;
	--update)
		update=1
		shift
		continue ;;
	-h|--help) usage; exit 0;;
	esac
	shift 2
done
[ $# -eq 1 ] || { usage >&2; exit 2; }
cd "$top"

# What to measure in the instruction-counting VM, in order, each once
items=()
declare -A listed=()
add()
{
	local item
	for item; do
		[ -n "${listed[$item]-}" ] || items+=("$item")
		listed[$item]=1
	done
}

if [ "$update" ]; then
	user=no
	base=
	rows=$(sed '/^#/d' "$here/short" | cut -d ' ' -f 2 | paste -sd ,)
fi

builds=(this ${base:+base})
smp=
for row in ${rows//,/ }; do
	case $row in
	entry|create|memory|scale|gc) add "$row";;
	seven|twenty|floats)
		# shellcheck disable=SC2046	# one word for each script
		add $(scripts_of "$row") ;;
	limits)
		# shellcheck disable=SC2046	# one word for each script
		add entry $(scripts_of seven)
		builds+=(unchecked) ;;
	smp) smp=1;;
	*/*)
		[ -e "$here/scripts/$row.lua" ] || die "there is no script $row"
		add "$row" ;;
	*) die "there are no rows $row, see --help";;
	esac
done

# payload BUILD SOURCES: its modules, for the VM
payload()
{
	local file
	mkdir -p "$tmp/payload/$1"
	for file in klua.ko "$here/klua_bench.ko"; do
		objcopy --strip-debug "$2/$file" "$tmp/payload/$1/${file##*/}"
	done
}

# plan: "BUILD ITEM" for each thing to do, all builds in turns
plan()
{
	local round item b
	for ((round = 1; round <= rounds; round++)); do
		for b in "${builds[@]}"; do
			for item in "${items[@]}"; do
				case $b:$item in
				unchecked:entry|unchecked:seven/*) ;;
				unchecked:*) continue;;
				*:scale) [ $round = 1 ] || continue;;
				esac
				echo "$b $item"
			done
		done
		[ "$user" = yes ] || continue
		for item in "${items[@]}"; do
			[[ $item != */* ]] || echo "user $item"
		done
	done
}

plan_smp()
{
	local b
	for b in "${builds[@]}"; do
		[ "$b" = unchecked ] || echo "$b smp"
	done
}

# progress TOTAL: passes figures on, and says on standard error how far it is
progress()
{
	local n=0 line start=$SECONDS
	while IFS= read -r line; do
		case $line in
		"# "*)
			n=$((n + 1))
			say "$n of $1, $((SECONDS - start)) s: ${line#\# }" ;;
		*" "*" "[0-9]*) echo "$line";;
		*) say "$line";;
		esac
	done
}

# boot PLAN [OPTION]...: carries it out in a VM; prints the figures
boot()
{
	cp "$1" "$tmp/payload/plan"
	shift
	tests/vm/vm "$@" -n bench -t 7200 "$tmp/payload" |
		progress "$(wc -l <"$tmp/payload/plan")"
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

tests/vm/need.sh build vm
tests/vm/stock.sh
tests/vm/rootfs.sh
mkdir -p "$build/logs" "$build/bench" "$out"
tmp=$(mktemp -d "$build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

for b in "${builds[@]}"; do
	src=$build/bench/src-$b
	case $b in
	base) checkout "$base" "$src";;
	*) copy "$src";;
	esac
	copy_bench "$src"
	case $b in
	unchecked) compile "$b" "$src" KLUA_UNCHECKED=y;;
	*) compile "$b" "$src";;
	esac
	payload "$b" "$src"
done
mkdir -p "$tmp/payload/bench"
cp -r "$here/scripts" "$here/guest.sh" "$tmp/payload/bench/"
echo 'exec sh /klua/bench/guest.sh /klua/plan' >"$tmp/payload/main"

# 100,000 states take two gigabytes.
memory=512M
[ -z "${listed[scale]-}" ] || memory=3G

: >"$tmp/figures"
plan >"$tmp/plan"
if [ -s "$tmp/plan" ]; then
	say "counting instructions"
	boot "$tmp/plan" -i -m "$memory" >>"$tmp/figures"
fi
if [ "$smp" ]; then
	say "two processors"
	plan_smp >"$tmp/plan"
	boot "$tmp/plan" -c 2 >>"$tmp/figures"
fi
perl "$here/report.pl" "$here/rows" "$tmp/figures" "$out" \
	"kernel=$(cat "$build/kernels/stock/release")" \
	"revision=$(git describe --always --dirty)" "base=$base" \
	"date=$(date -u +%F)" "rounds=$rounds" "command=$command" |
	tee "$out/bench.md"
perl "$here/plot.pl" "$out/bench.csv" "$out"

[ -z "$into" ] || into_file "$into" bench "$out/bench.md"

if [ "$update" ]; then
	{
		echo "# SPDX-License-Identifier: GPL-2.0-only"
		echo "# Made by tests/bench/run.sh --update."
		awk -F , '$1 == "this" { print $2 "," $4 }' "$out/bench.csv"
	} >"$here/baseline-$(cat "$build/kernels/stock/release").csv"
fi

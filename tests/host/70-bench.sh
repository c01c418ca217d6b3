#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmark's tables say what was measured, and the comparison with the
# baseline finds what it is there for.
. "$(dirname "$0")/../lib.sh"

bench=$(dirname "$0")/../bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# compare FIGURE...: of rows a, b..., with a baseline of 1000 for a and for b
compare()
{
	printf '# a comment\na,1000\nb,1000\n' >"$tmp/baseline"
	printf '# this a\n' >"$tmp/figures"
	row=a
	for figure; do
		echo "this $row $figure"
		row=$(echo "$row" | tr a-y b-z)
	done >>"$tmp/figures"
	awk -f "$bench/compare.awk" "$tmp/baseline" "$tmp/figures"
}

is "nothing has changed" "ok - a: 1000, +0.0 % from the baseline
ok - b: 1000, +0.0 % from the baseline" "$(compare 1000 1000.00)"
is "3 % more is bearable" "ok - b: 1030, +3.0 % from the baseline" \
	"$(compare 1000 1030 | tail -n 1)"
is "a little more than that is not" \
	"not ok - b: 1031, +3.1 % from the baseline" \
	"$(compare 1000 1031 | tail -n 1)"
is "much less is told" "ok - b: 960, -4.0 % from the baseline
# much better: if on purpose, update the baseline" \
	"$(compare 1000 960 | tail -n 2)"
is "a row that is gone is missed" "not ok - b: was not measured" \
	"$(compare 1000 | tail -n 1)"
is "a new row has to get into the baseline" \
	"not ok - c: 1000, not in the baseline" \
	"$(compare 1000 1000 1000 | tail -n 1)"
is "of several figures the mean counts" \
	"not ok - a: 1040, +4.0 % from the baseline" "$(
		compare 1000 1000 >/dev/null
		echo "this a 1080" >>"$tmp/figures"
		awk -f "$bench/compare.awk" "$tmp/baseline" "$tmp/figures" |
			head -n 1)"
is "figures that are none fail" "not ok - a: was not measured
not ok - b: was not measured" "$(compare | sort)"

# Goals of each kind, met and not; medians; the build to compare with
cat >"$tmp/rows" <<'EOF'
low  | insn  | a low row   | <= 100         | peer | proto
high | insn  | a high row  | <= 100         | |
same | Minsn | a script    | <= 1.00 x user | |
part | %     | a part      | >= 0.95 x all  | |
all  | %     | the whole   |                | |
none | insn  | unmeasured  | <= 1           | |
EOF
cat >"$tmp/figures" <<'EOF'
this low 99
this low 90
this low 91
this high 110
this same 2200000
user same 2000000
this part 120
this all 125
base high 100
EOF
perl "$bench/report.pl" "$tmp/rows" "$tmp/figures" "$tmp" kernel=k date=d \
	revision=r rounds=1 command=c base=b >"$tmp/table"

# row TITLE: its line without the padding
row()
{
	grep "^| $1" "$tmp/table" | tr -s ' '
}

like "the median counts, and meets its goal" \
	"| a low row | 91 |*| 10.0 % | <= 100 | met | peer | proto |" "$(row a.low)"
like "a goal is missed by so much, and the base is beside it" \
	"| a high row | 110 | 100 | +10.0 % |*| not met (+10.0 %) |*" "$(row a.high)"
like "a script is judged by the same in user space" \
	"| a script | 2.20 M |*| 2.00 M | 1.10 |*not met (+10.0 %)*" "$(row a.script)"
like "a goal can be another row, and a least" \
	"| a part | 120.0 % |*| >= 0.95 x all | met |*" "$(row a.part)"
is "what was not measured has no line" '' "$(row unmeasured)"
# shellcheck disable=SC2016	# it is perl that expands them
check "the JSON says the same" perl -MJSON::PP -e '
	my %rows = map { ($_->{row} => $_) }
		   grep { $_->{build} eq "this" }
		   @{decode_json(join "", <>)->{rows}};
	exit !($rows{low}{median} == 91 && $rows{low}{verdict} eq "met" &&
	       $rows{high}{verdict} eq "not met (+10.0 %)")' "$tmp/bench.json"
is "and so does the CSV" "this,low,insn,91,90,99,3" \
	"$(grep this,low "$tmp/bench.csv")"

# What a patch is worth: each round with itself, the best rows first
cat >"$tmp/time" <<'EOF'
this plain low 100
without-5 plain low 104
this plain high 100
without-5 plain high 110
this plain low 200
without-5 plain low 212
this plain high 300
without-5 plain high 330
this retpolines low 100
without-5 retpolines low 99
EOF
like "the rows that gain most from a patch" '*
| 5 | high +10.0 ± 0.0 %, low +5.0 ± 0.5 % | low -1.0 ± 0.0 % |*' \
	"$(perl "$bench/time.pl" "$tmp/rows" "$tmp/time" "$tmp/gain.csv" command=c date=d \
		revision=r rounds=2 base= processor=p compiler=c kernel=k 2>&1)"

check "no plot without its rows" perl "$bench/plot.pl" "$tmp/bench.csv" "$tmp"
is "and no file" '' "$(find "$tmp" -name '*.svg')"
printf 'this,find-10,insn,100,,,1\nthis,find-1000,insn,110,,,1\n' \
	>>"$tmp/bench.csv"
check "a plot with them" perl "$bench/plot.pl" "$tmp/bench.csv" "$tmp"
check "and it has a line" grep -q '<polyline.* points="80.0,[0-9.]* 520.0,' \
	"$tmp/find-states.svg"

# Medians of time, and the picture of a packet's parts
cat >"$tmp/times" <<'EOF'
this plain packet-find 7
this plain packet-find 9
this plain packet-find 8
this plain packet-lock 14
this plain packet-call 40
this plain packet-bytes 60
this plain dispatch 63
this retpolines packet-find 8
EOF
perl "$bench/time.pl" "$bench/rows" "$tmp/times" "$tmp/time.csv" command=c date=d \
	rounds=1 revision=r base= without= processor=p compiler=g kernel=k \
	>"$tmp/time.md"
like "a median of time, and its spread" "*8.0 ± 6 % |*" \
	"$(grep "a packet's parts" "$tmp/time.md")"
is "the CSV says the same" "this plain,packet-find,ns,8" \
	"$(grep plain,packet-find "$tmp/time.csv")"
check "a picture of a packet's parts" perl "$bench/plot.pl" "$tmp/time.csv" "$tmp"
is "a bar for each build that has them all" "1 63" \
	"$(sed -n 's/.*text-anchor="end">plain jumps<.*/1/p; s/.*>\(63\)<.*/\1/p
		s/.*retpolines.*/too many/p' "$tmp/packet-parts.svg" | xargs)"
is "a part is what it adds" 3 \
	"$(grep -c '>\(6\|26\|3\)</text>' "$tmp/packet-parts.svg")"

# What two processors get done, beside its goal
cat >"$tmp/times" <<'EOF'
this plain smp-loop 200
this plain smp-percpu 196
this retpolines smp-loop 200
this retpolines smp-percpu 195
EOF
perl "$bench/time.pl" "$bench/rows" "$tmp/times" "$tmp/time.csv" command=c date=d \
	rounds=1 revision=r base= without= processor=p compiler=g kernel=k \
	>"$tmp/time.md"
like "two processors that meet the goal" \
	'*plain jumps: 0.980 of a loop that shares nothing (goal at least 0.98: met)' \
	"$(grep -e '- .*plain jumps' "$tmp/time.md")"
like "and that do not" '*0.975 of *: missed by 0.005)' \
	"$(grep -e '- .*retpolines' "$tmp/time.md")"
is "in percent" 'this plain,smp-percpu,%,196' \
	"$(grep 'this plain,smp-p' "$tmp/time.csv")"

# The module's code in user space, with all that it calls there
out=$("$bench/time.sh" -r create,smp -n 1 -l no 2>&1) || true
like "a state is made and closed in user space" \
	"*create + destroy, libraries open | *" "$out"
[ "$(nproc)" -lt 2 ] ||
	like "and two processors are in states" "*entries on one state | *" "$out"

for script in "$bench"/scripts/seven/*.lua "$bench"/scripts/twenty/*.lua; do
	name=${script#"$bench/scripts/"}
	check "$name has its row" grep -q "^${name%.lua} " "$bench/rows"
done
check_fails "rows that do not exist are refused" \
	"$bench/run.sh" --rows entry,nonsense
check "run.sh --help helps" "$bench/run.sh" --help

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh [-n PAIRS] [-c PROGRAMS] [-f SEED]
#
# Compares the core's floats with this machine's processor and C library: PAIRS
# random pairs of operands (10 millions) for each operation, bit by bit; as many
# floats printed and read; integers and strings in all formats (formats.lua); and
# PROGRAMS generated programs (300) of 2,000 random
# statements each, run by lua5.3 and by the core in user space. With the same
# SEED (the time) the programs are the same. LUA names a lua5.3. The exit status
# is 1 when something differs.
set -eu
. "$(dirname "$0")/../vm/common.sh"
here=$top/tests/numbers

pairs=10000000
programs=300
seed=$(date +%s)
[ "${1-}" != --help ] || set -- -h
while getopts n:c:f:h opt; do
	case $opt in
	n) pairs=$OPTARG ;;
	c) programs=$OPTARG ;;
	f) seed=$OPTARG ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
case $pairs$programs$seed in
*[!0-9]*) die "a number is wanted" ;;
esac
LUA=${LUA:-lua5.3}
command -v "$LUA" >/dev/null || die "lua5.3 is needed: apt-get install lua5.3"

"$top/lua/import.sh"
mkdir -p "$build"
tmp=$(mktemp -d "$build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

if [ "$pairs" -gt 0 ]; then
	say "floats: $pairs pairs of operands for each operation"
	"${CC:-cc}" -std=gnu11 -O2 -ffp-contract=off -w -I"$top/lua" -I"$top" \
		"$here/test.c" -o "$tmp/test" -lm
	wrong=0
	"$tmp/test" "$pairs" >"$tmp/out" || wrong=1
	grep -v '^ok' "$tmp/out" || true
	[ "$wrong" -eq 0 ] || exit 1
fi

say "programs: $programs, from seed $seed"
"${CC:-cc}" -std=gnu11 -O2 -fwrapv -w -I"$top" -I"$top/lua" -I"$top/lua/src" \
	"$top/lua/core.c" "$here/host.c" -o "$tmp/host"
"$LUA" "$here/formats.lua" >"$tmp/theirs"
"$tmp/host" "$here/formats.lua" >"$tmp/ours" 2>&1 || true
if ! diff "$tmp/theirs" "$tmp/ours" >"$tmp/diff"; then
	echo "formats differ:"
	head -n 6 "$tmp/diff"
	exit 1
fi

different=0
end=$((seed + programs))
while [ "$seed" -lt "$end" ]; do
	"$LUA" "$here/programs.lua" "$seed" 2000 >"$tmp/program.lua"
	"$LUA" "$tmp/program.lua" >"$tmp/theirs" 2>&1
	"$tmp/host" "$tmp/program.lua" >"$tmp/ours" 2>&1 || true
	if ! diff "$tmp/theirs" "$tmp/ours" >"$tmp/diff"; then
		different=$((different + 1))
		echo "seed $seed differs (run.sh -n 0 -c 1 -f $seed):"
		head -n 6 "$tmp/diff"
	fi
	seed=$((seed + 1))
done
echo "numbers: $programs programs, $different differ"
[ "$different" -eq 0 ]

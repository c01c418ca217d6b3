#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh
#
# What the limits cost: the scripts of tests/bench/scripts and the ways into a
# state, in guest instructions (QEMU's -icount, one boot), on klua.ko as it is,
# on the same source with every check compiled out, and in Debian's lua5.3 in
# the same VM. Medians of three rounds; the spread is the largest difference
# between rounds of one row.
set -eu
. "$(dirname "$0")/../vm/common.sh"
cd "$top"

case ${1-} in
'') ;;
-h|--help) usage; exit 0;;
*) usage >&2; exit 2;;
esac

tests/vm/need.sh build vm
tests/vm/stock.sh
tests/vm/rootfs.sh
tests/vm/modules.sh stock

# The same tree, built without limits.
unchecked=$build/modules/unchecked
rm -rf "$unchecked"
cp -a "$build/modules/stock" "$unchecked"
find "$unchecked" \( -name '*.o' -o -name '*.ko' \) -delete
make -s -C "$build/kernels/stock/kdir" M="$unchecked" KLUA_UNCHECKED=y \
	-j"$(nproc)" modules >"$build/logs/unchecked.log" 2>&1 ||
	die "the build without limits fails, see $build/logs/unchecked.log"

tmp=$(mktemp -d "$build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
tests/vm/payload.sh stock "$tmp"
mkdir -p "$tmp/unchecked" "$tmp/bench"
objcopy --strip-debug "$unchecked/klua.ko" "$tmp/unchecked/klua.ko"
cp "$tmp/modules/klua_bench.ko" "$tmp/unchecked/"
cp -r tests/bench/scripts tests/bench/guest.sh "$tmp/bench/"
echo 'exec sh /klua/bench/guest.sh' >"$tmp/main"

say "booting the VM"
tests/vm/vm -i -n bench -t 1500 "$tmp" >"$build/bench.txt"

LC_ALL=C sort "$build/bench.txt" | awk '
	function median(key,	a, n) {
		n = split(values[key], a, " ")
		sort3(a, n)
		low = a[1]; high = a[n]
		if (low && 100 * (high - low) / low > spread)
			spread = 100 * (high - low) / low
		return a[int((n + 1) / 2)]
	}
	function sort3(a, n,	i, j, t) {
		for (i = 1; i <= n; i++)
			for (j = i + 1; j <= n; j++)
				if (a[j] + 0 < a[i] + 0) { t = a[i]; a[i] = a[j]; a[j] = t }
	}
	function row(name, scale, unit,	with, without, user) {
		with = median("modules " name)
		without = median("unchecked " name)
		user = median("user " name)
		printf "| %s | %s | %s | %+.1f %% | %s |\n", name,
			sprintf(unit, with / scale), sprintf(unit, without / scale),
			100 * (with - without) / without,
			user ? sprintf("%.2f", with / user) : ""
	}
	NF == 3 { values[$1 " " $2] = values[$1 " " $2] " " $3; names[$2] = 1 }
	END {
		print "| | with limits | without | cost | / user lua5.3 |"
		print "| --- | ---: | ---: | ---: | ---: |"
		n = split("fib loop sieve table string trees coroutine", s, " ")
		for (i = 1; i <= n; i++) row(s[i], 1e6, "%.1f M")
		n = split("find+put lock+pcall+unlock klua_state_call", s, " ")
		for (i = 1; i <= n; i++) row(s[i], 1, "%d")
		printf "\nGuest instructions; kernel %s; largest spread between rounds %.1f %%.\n",
			release, spread
	}' release="$(cat "$build/kernels/stock/release")"

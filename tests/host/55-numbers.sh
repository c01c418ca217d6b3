#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# Floats are computed right: bit by bit what this machine's processor and C library
# give, or within 1 ulp where nobody rounds right; and faults in the functions
# would be found.
. "$(dirname "$0")/../lib.sh"

top=$(dirname "$0")/../..
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Numbers of each kind that are tried, which takes a minute. Fewer show what is broken
# on purpose.
count=${NUMBERS:-3000000}

# compile [FLAG...]: the test, with the functions as they are in $tmp
compile()
{
	"${CC:-cc}" -std=gnu11 -O2 -ffp-contract=off -Wall "$@" \
		-I"$tmp" -I"$top" "$top/tests/numbers/test.c" -o "$tmp/test" \
		-lm
}

# fresh [SED EXPRESSION]
fresh()
{
	for file in float decimal elementary; do
		sed "${1-}" "$top/lua/$file.h" >"$tmp/$file.h"
	done
}

fresh
check "the test compiles" compile
"$tmp/test" "$count" >"$tmp/out"
sed -n '/^ok\|^not ok\|^#/p' "$tmp/out"

fresh 's/__x86_64__/other/'
check "and with what is for other processors" compile
check "which gives the same" "$tmp/test" $((count / 30))
fresh
check "and with the sanitizers" compile -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all
check "which find nothing" "$tmp/test" $((count / 60))

# A test that cannot fail is none: each of these breaks one place.
while IFS='|' read -r what expression; do
	fresh "$expression"
	if cmp -s "$top/lua/float.h" "$tmp/float.h" &&
	   cmp -s "$top/lua/decimal.h" "$tmp/decimal.h" &&
	   cmp -s "$top/lua/elementary.h" "$tmp/elementary.h"; then
		not_ok "found out: $what" "the expression changes nothing"
	elif ! compile -w; then
		not_ok "found out: $what" "it does not compile"
	else
		check_fails "found out: $what" "$tmp/test" 30000
	fi
done <<'END'
ties are rounded up|s/0x1ff + (m >> 10 & 1)/0x200/
what is shifted out of a sum is lost|s/ | ((mb << (64 - n)) != 0)//
denormal numbers have an exponent too many|s/eb ? eb : 1/eb/
a remainder of a quotient is lost|s/q | (rem != 0))/q)/
the digits of 10^19 are one short|s/CHUNK_DIGITS	19/CHUNK_DIGITS	18/
a tie of digits is rounded up|s/more = keep .. (d->digits\[keep - 1\] & 1)/more = true/
numerals have 20 digits|s/BIG_DIGITS	770/BIG_DIGITS	20/
a quotient is not corrected|s/while (borrow) {/while (0) {/
the series of sines is short|s/COUNT(sin_series), x), x)/COUNT(sin_series) - 4, x), x)/
fewer bits of 2\/pi|s/0x3991d639835339f4/0x3991d639835339f5/
the exponential is cut off|s/n = COUNT(exp_series) - 1/n = COUNT(exp_series) - 8/
ln(2) is wrong in bit 50|s/0xb17217f7d1cf79ab/0xb17217f7d1cf39ab/
END

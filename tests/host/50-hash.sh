#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The hash of strings, outside the kernel: what tests/hash/test.c says, with the
# function as patch 16 has it.
. "$(dirname "$0")/../lib.sh"

top=$(dirname "$0")/../..
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$top/lua/import.sh" || exit 1
sed -n '/^static lua_Unsigned bytesat/,/^unsigned int luaS_hashlongstr/p' \
	"$top/lua/src/lstring.c" | sed '$d' >"$tmp/hash"

# compile [SED EXPRESSION]: the test, with the hash changed that way
compile()
{
	sed "${1-}" "$tmp/hash" >"$tmp/hash.h"
	"${CC:-cc}" -std=gnu11 -O1 -g -Wall -Wextra ${1+-w} \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-I"$tmp" "$top/tests/hash/test.c" -o "$tmp/test"
}

check "the test compiles" compile
check "the hash's properties hold" "$tmp/test"

# A test that cannot fail is none: each of these breaks the hash in one place.
while IFS='|' read -r what expression; do
	if ! compile "$expression"; then
		not_ok "found out: $what" "it does not compile"
	elif cmp -s "$tmp/hash" "$tmp/hash.h"; then
		not_ok "found out: $what" "the expression changes nothing"
	else
		check_fails "found out: $what" "$tmp/test"
	fi
done <<'END'
the seed is not used|s/\* (lua_Unsigned)seed//
the length is not used|s/ \^ l, secret/, secret/
the last bytes are left out|s/h ^= bytesat(last, 8);//
bytes in the middle are left out|s/(; str < last; str += 8)/(; str < last; str += 9)/
it reads beyond the end|s/str + l - 4, 4/str + 4, 4/
it reads before the beginning|s/str + l - 4, 4/str + l - 8, 8/
only the low half of a product|s/ ^ (lua_Unsigned)(p >> 64)//
one product only|s/fold(fold(h, secret) ^ l, secret)/fold(h ^ l, secret)/
END

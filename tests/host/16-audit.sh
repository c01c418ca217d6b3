#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# lua/AUDIT.md has every call in the patched core that takes as long as a script
# makes it, and no other.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$top/lua/import.sh" || exit 1

# audit DIRECTORY: what its core has and the tables do not, and the reverse
audit()
{
	"$top/tests/audit/calls.pl" "$1"/src/*.[ch] "$1"/*.[ch] >"$tmp/calls" &&
		diff "$tmp/rows" "$tmp/calls"
}

sed -n 's/^| \([a-z0-9_]*\.[ch]\) | \([^ ]*\) | \([^ ]*\) | \([0-9]*\) | [^|]* |$/\1 \2 \3 \4/p' \
	"$top/lua/AUDIT.md" | LC_ALL=C sort >"$tmp/rows"
is "the tables have rows" 1 "$(($(wc -l <"$tmp/rows") > 50))"
is "each call is in a row, and each row has calls" "" "$(audit "$top/lua" 2>&1)"

# A test that cannot fail is none.
cp -r "$top/lua" "$tmp/lua"
sed -i 's/^static int str_len .*/&\n  if (strlen("x") == 2) return 0;/' \
	"$tmp/lua/src/lstrlib.c"
like "a new call is found" "*> lstrlib.c str_len strlen 1" "$(audit "$tmp/lua")"
sed -i 's/strlen("x")/0/; s/klua_textlen(L, data + pos)/strlen(data + pos)/' \
	"$tmp/lua/src/lstrlib.c"
like "another call is found" "*> lstrlib.c str_unpack strlen 1" \
	"$(audit "$tmp/lua")"

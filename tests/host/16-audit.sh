#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
#
# lua/AUDIT.md has every call that takes as long as a script makes it, in the patched
# core and in what runs for a script beside it, and no other.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$top/lua/import.sh" || exit 1

# audit DIRECTORY: what is there and not in the tables, and the reverse
audit()
{
	"$top/tests/audit/calls.pl" "$1"/lua/src/*.[ch] "$1"/lua/*.[ch] \
		"$1/events.c" "$1/heap.c" "$1/results.c" >"$tmp/calls" &&
		diff "$tmp/rows" "$tmp/calls"
}

sed -n 's/^| \([a-z0-9_]*\.[ch]\) | \([^ ]*\) | \([^ ]*\) | \([0-9]*\) | [^|]* |$/\1 \2 \3 \4/p' \
	"$top/lua/AUDIT.md" | LC_ALL=C sort >"$tmp/rows"
is "the tables have rows" 1 "$(($(wc -l <"$tmp/rows") > 50))"
is "each call is in a row, and each row has calls" "" "$(audit "$top" 2>&1)"

# A test that cannot fail is none.
cp -r "$top/lua" "$top/events.c" "$top/heap.c" "$top/results.c" "$tmp"
sed -i 's/^static int str_len .*/&\n  if (strlen("x") == 2) return 0;/' \
	"$tmp/lua/src/lstrlib.c"
like "a new call is found" "*> lstrlib.c str_len strlen 1" "$(audit "$tmp")"
sed -i 's/strlen("x")/0/; s/klua_textlen(L, data + pos)/strlen(data + pos)/' \
	"$tmp/lua/src/lstrlib.c"
like "another call is found" "*> lstrlib.c str_unpack strlen 1" \
	"$(audit "$tmp")"
sed -i 's/strlen(data + pos)/klua_textlen(L, data + pos)/' \
	"$tmp/lua/src/lstrlib.c"
is "the copy is as it was" "" "$(audit "$tmp")"

# One call of each function of the kind, where none was
kind='memcpy memmove memset memset64 memchr memrchr memchr_inv memcmp memscan bcmp
	strlen strnlen strcpy strncpy strscpy strlcpy strcat strncat strlcat strcmp
	strncmp strcasecmp strncasecmp strcoll strchr strrchr strnchr strchrnul strstr
	strnstr strpbrk strspn strcspn strsep strim strstrip strreplace skip_spaces
	strtol strtoul strtoll strtoull strtod kstrtol kstrtoull simple_strtoul
	sprintf snprintf vsnprintf scnprintf vscnprintf sscanf vsscanf kasprintf
	kstrdup kstrndup kmemdup kvmemdup bin2hex hex2bin string_escape_mem crc32
	jhash siphash xxh64 utf8_to_utf32 copy_from_user copy_to_user sort
	l_sprintf lua_integer2str lua_number2str klua_textlen klua_textfind klua_copy
	luaO_str2num luaO_tostring l_str2int l_str2d b_str2int'
{
	echo "static void every(void)"
	echo "{"
	for name in $kind; do
		echo "	$name(0);"
	done
	echo "}"
} >>"$tmp/results.c"
is "a call of each function of the kind is found" \
	"$(echo "$kind" | tr -s ' \t' '\n' | LC_ALL=C sort)" \
	"$(audit "$tmp" | sed -n 's/^> results.c every \([^ ]*\) 1$/\1/p')"
cp "$top/results.c" "$tmp"
is "all is as it was again" "" "$(audit "$tmp")"

# Each row is missed when it is gone.
cp "$tmp/rows" "$tmp/all"
missed=0
count=$(wc -l <"$tmp/all")
for row in $(seq "$count"); do
	sed "${row}d" "$tmp/all" >"$tmp/rows"
	[ "$(diff "$tmp/rows" "$tmp/calls")" != \
	  "$((row - 1))a$row
> $(sed -n "${row}p" "$tmp/all")" ] || missed=$((missed + 1))
done
is "each row is missed when it is gone" "$count" "$missed"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# What a script learns of addresses, outside the kernel: what tests/address says,
# with the core as it is, and with one that gives them away.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
here=$top/tests/address
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$top/lua/import.sh" || exit 1

# compile LUA: the test, with the core in that directory
compile()
{
	"${CC:-cc}" -std=gnu11 -O1 -g -w -I"$top" -I"$1" -I"$1/src" \
		"$here/test.c" "$1/core.c" -o "$tmp/test"
}

try()
{
	"$tmp/test" "$here/attack.lua" "$here/output.lua"
}

check "the test compiles" compile "$top/lua"
check "a script learns no address" try

# found_out WHAT FILE EXPRESSION: with that file of the core, or host.h, changed
found_out()
{
	cp -r "$top/lua" "$tmp/lua"
	sed -i "$3" "$tmp/lua/$2"
	if cmp -s "$tmp/lua/$2" "$top/lua/$2"; then
		not_ok "found out: $1" "the expression changes nothing"
	elif ! said=$(compile "$tmp/lua" 2>&1); then
		not_ok "found out: $1" "$said"
	else
		try >/dev/null 2>&1
		is "found out: $1" 1 $?
	fi
	rm -rf "$tmp/lua"
}

found_out "places by the address" src/ltable.c \
	's/^\thashpow2(t, klua_pointer_hash(.*/\thashmod(t, point2uint(p))/'
found_out "the address as a text" host.h \
	'/^klua_pointer_id/,/^}/s/return .*/return (unsigned long)p;/'

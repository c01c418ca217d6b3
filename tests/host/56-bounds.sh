#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# The core never indexes an array beyond the length that it was declared with, which is
# what kernels with CONFIG_UBSAN_BOUNDS look at: the scripts of tests/address run in a
# core that ends at such an index.
# shellcheck disable=SC2154	# common.sh sets top
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm/common.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# compile SOURCES: the test of addresses, with that patched core
compile()
{
	"${CC:-cc}" -std=gnu11 -O1 -w -fsanitize=bounds-strict \
		-fsanitize-undefined-trap-on-error -I"$top" -I"$top/lua" -I"$1" \
		"$top/tests/address/test.c" "$top/lua/core.c" -o "$tmp/test"
}

run()
{
	(cd "$top/tests/address" && exec "$tmp/test" attack.lua output.lua)
}

"$top/lua/import.sh" || exit 1
check "the core compiles with bounds that are checked" compile "$top/lua/src"
check "every index is within bounds" run

check "the same without patch 2" core_without 2 "$tmp/src"
check "that compiles, too" compile "$tmp/src"
run >/dev/null 2>&1
is "and ends at an index that is not" $((128 + 4)) $?

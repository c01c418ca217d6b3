#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Where tests/scripts/semantics/ does not say that KLua differs, stock Lua 5.3
# gives the same answers, and where it does, the other ones.
. "$(dirname "$0")/../lib.sh"

cd "$(dirname "$0")/../scripts/semantics" || exit 1
if ! command -v lua5.3 >/dev/null; then
	skip "stock Lua agrees" "there is no lua5.3 here"
	exit 0
fi
for file in *.cases; do
	different=$(lua5.3 -e "local file = assert(io.open('$file'))
		print(dofile('check.lua')(file:read('a'), true))" 2>&1 |
		grep -v '^ok - ')
	is "stock Lua agrees with $file" '' "$different"
done

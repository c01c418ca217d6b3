#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: man.sh KERNEL-DOC DIRECTORY
#
# Renders what states.h and lua/lib.h document as man pages, NAME.9 in
# DIRECTORY each, with the kernel's scripts/kernel-doc. Whatever that warns of
# is an error.
set -eu

if [ $# -ne 2 ]; then
	sed -n 's/^# \{0,1\}\(usage: .*\)/\1/p' "$0" >&2
	exit 2
fi
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$2"
dir=$(CDPATH='' cd -- "$2" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What klua.ko's own files alone use
private='klua_states_init klua_states_exit klua_libdesc klua_frame'
# shellcheck disable=SC2046,SC2086	# one word for each
"$1" -man $(printf -- '-nosymbol %s ' $private) \
	"$top/states.h" "$top/lua/lib.h" >"$tmp/pages" 2>"$tmp/warnings"
if [ -s "$tmp/warnings" ]; then
	cat "$tmp/warnings" >&2
	exit 1
fi
[ -s "$tmp/pages" ]

rm -f "$dir"/*.9
# .TH "klua_state_get" 9 ..., and of a struct .TH "Kernel API" 9 "struct x" ...
awk -v dir="$dir" '
	/^\.TH / {
		split($0, word, "\"")
		name = word[2] == "Kernel API" ? word[4] : word[2]
		sub(/.* /, "", name)
		if (page)
			close(page)
		page = dir "/" name ".9"
	}
	# What whatis finds is a name, and "struct" is none.
	/^struct klua_[a-z_]* \\-/ { sub(/^struct /, "") }
	page { print >page }
' "$tmp/pages"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Each function that KLua exports says right above itself in which context it
# may be called and what it returns, and each field of struct klua_state by
# which rule of the legend it is protected.
set -- '*.c'
. "$(dirname "$0")/lib.sh"

# documentation FILE FUNCTION: the kernel-doc comment that ends where it begins
documentation()
{
	awk -v begin="[ *]$2\\\\(" '
		/^\/\*\*/ { text = "" }
		{ text = text $0 "\n" }
		/^ \*\/$/ { getline; if ($0 ~ begin) printf "%s%s", text, $0 }
	' "$1"
}

# documented FILE FUNCTION: says what is missing
documented()
{
	doc=$(documentation "$1" "$2")
	case $doc in
	'') echo "no kernel-doc right above it"; return ;;
	*" * $2 - "*) ;;
	*) echo "no first line '$2 - what it does'" ;;
	esac
	case $doc in
	*"
 * Context: "*) ;;
	*) echo "no Context:" ;;
	esac
	case $(echo "$doc" | tail -n 1) in
	"void $2"*) return ;;
	esac
	case $doc in
	*"
 * Return: "*) ;;
	*) echo "no Return:" ;;
	esac
}

# Those of Lua itself, exported in lua/, its manual describes.
exports()
{
	for file in $files; do
		[ "${file%/*}" = lua ] || sed -n \
			"s|^EXPORT_SYMBOL_KLUA(\\(.*\\));\$|$file \\1|p" "$file"
	done
}

count=0
while read -r file function; do
	count=$((count + 1))
	is "$function is documented" '' "$(documented "$file" "$function")"
done <<EOF
$(exports)
EOF
check "all exports were found" [ $count -ge 16 ]

fields=$(sed -n '/^ \* struct klua_state - /,/^ \*\//s/^ \* @//p' states.h)
check "there are fields" [ "$(echo "$fields" | wc -l)" -ge 30 ]
is "each field says how it is protected" '' \
	"$(echo "$fields" | grep -vE '^[A-Za-z0-9_]+:[[:space:]]*([A-Z]|SE): ')"

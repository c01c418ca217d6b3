#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Each function that KLua exports says in which context it may be called and what
# it returns, with each error, and has a man page of that. The tables of doc/api.md have
# it, too, and each errno, and the samples there are code that is built. The table of
# depths in doc/limits.md has what tests/guest/13-depth.sh compares with. Each field of struct klua_state says by
# which rule of the legend it is protected.
set -- '*.c'
. "$(dirname "$0")/lib.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# documentation FUNCTION: its kernel-doc comment, and what follows that
documentation()
{
	awk -v first=" * $1() - " '
		/^\/\*\*/ { getline; if (index($0, first) == 1) found = 1 }
		found { print }
		found && /^[^ ]/ { exit }
	' states.h
}

# returned: what the kernel-doc in $doc says of it
returned()
{
	echo "$doc" | sed -n '/^ \* Return: /,/^ \*\//p'
}

# documented_return FUNCTION PROTOTYPE: it says what its type has, errors above all
documented_return()
{
	local errors
	case ${2#static inline } in
	"void $1("*) return ;;
	"int $1("*|"int __must_check $1("*|"#define $1("*)
		errors='-E[A-Z0-9]|-1: ' ;;
	"bool $1("*) errors='false: ' ;;
	"struct klua_state *"*) errors='NULL|ERR_PTR\(-E' ;;
	"void *$1("*|"lua_Number $1("*) errors=. ;;
	*) echo "an unknown type: $2"; return ;;
	esac
	returned | grep -qE -e "$errors|as klua_[a-z_]*\(|error that klua_[a-z_]*\(" ||
		echo "no errors in Return:"
}

# documented FUNCTION: says what is missing
documented()
{
	doc=$(documentation "$1")
	case $doc in
	'') echo "no kernel-doc in states.h"; return ;;
	*"
 * Context: "*) ;;
	*) echo "no Context:" ;;
	esac
	documented_return "$1" "$(echo "$doc" | tail -n 1)"
	[ -s "$tmp/$1.9" ] || echo "no man page"
}

# Those of Lua itself its manual describes. What is exported with __ has a namesake
# without, for those that have no lock, or as which states.h passes THIS_MODULE.
exports()
{
	for file in $files; do
		sed -n 's/^EXPORT_SYMBOL_KLUA(\(_*\)\(klua_.*\));$/\1\2\n\2/p' "$file"
	done | sort -u
}

tests/vm/need.sh build && tests/vm/stock.sh || exit 1
is "the man pages render without a warning" '' \
	"$(doc/man.sh build/kernels/stock/kdir/scripts/kernel-doc "$tmp" 2>&1)"

# shown FUNCTION: the tables of doc/api.md have it; those with __ go by the others' names
shown()
{
	case $1 in
	__klua_*) grep -qF "\`__klua_state_invoke\`, \`_run\`, \`_call\`, \`_set_*\`" doc/api.md ;;
	*) grep -q "^| .*\`$1(.*\`.* |" doc/api.md ;;
	esac
}

count=0
while read -r function; do
	count=$((count + 1))
	is "$function is documented" '' "$(documented "$function")"
	check "doc/api.md has $function" shown "$function"
done <<END
$(exports)
END
check "all exports were found" [ $count -ge 41 ]

# What the pages call a function is one.
for function in $(cat README.md doc/*.md | grep -o '\`_*klua_[a-z_]*(' | tr -d '\`(' | sort -u); do
	check "$function(), which a page tells of, is exported" grep -qE "[ *]$function\(|define $function\(" \
		states.h
done
errors=$(sed -n '/^ \* Return:/,/^ \*\//p' states.h | grep -oe '-E[A-Z0-9]*' | sort -u)
for errno in $errors; do
	check "doc/api.md says what $errno means" grep -q "^| [^|]*\`$errno\`.* |" doc/api.md
done

# anchors FILE: those of its headings
anchors()
{
	sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

# lost FILE: what it links to that is not there
lost()
{
	grep -o ']([^):]*)' "$1" | sed 's/^](//; s/)$//' | sort -u | while read -r link; do
		to=${link%%#*}
		to=${to:-$1}
		if [ ! -e "$to" ]; then
			echo "$link"
		elif [ "$link" != "${link#*#}" ]; then
			anchors "$to" | grep -qxF -e "${link#*#}" || echo "$link"
		fi
	done
}
for file in README.md */*.md */*/*.md; do
	is "each file and heading that $file links to is there" '' \
		"$(cd "$(dirname "$file")" && lost "${file##*/}")"
done

# stripped: lines of C without comments and indentation
stripped()
{
	sed -E 's|[[:space:]]*/\*.*\*/$||; s/^[[:space:]]*//; /^$/d'
}

# sample FILE: what doc/api.md shows of it
sample()
{
	awk -v from="<!-- from $1 -->" '
		$0 == from { wanted = 1 }
		/^```/ { if (inside) wanted = 0; inside = wanted && !inside; next }
		inside
	' doc/api.md
}

# Its samples: one is an example as a whole (10-tree.sh), of the others each line is.
samples=0
while read -r file; do
	samples=$((samples + 1))
	stripped <"$file" >"$tmp/code"
	check "doc/api.md has a sample of $file" [ "$(sample "$file" | wc -l)" -ge 2 ]
	is "it is from there" '' \
		"$(sample "$file" | stripped | grep -vxFf "$tmp/code")"
done <<END
$(sed -n 's/^<!-- from \(.*\) -->$/\1/p' doc/api.md)
END
check "there are samples" [ $samples -ge 2 ]
is "no other sample is in C" '' "$(awk '/^<!-- from / { from = 1 }
	/^```/ { fence = !fence; c = /^```c/ || from && fence; if (!fence) from = 0; next }
	fence && !c && /;$/ { print }' README.md doc/*.md)"

# depths ROW: how the table of doc/limits.md gives the least of its forms in the list
depths()
{
	awk -v row="$1" '
		$2 == row {
			for (i = 3; i <= 6; i++)
				if (!n || $i < least[i])
					least[i] = $i
			n++
		}
		END { printf "%d (%d) | %d (%d)", least[3], least[4], least[5], least[6] }
	' tests/scripts/depth.list
}

while IFS='=' read -r row text; do
	check "doc/limits.md has the depths of $row" \
		grep -qF "| $text | $(depths "$row") |" doc/limits.md
done <<'END'
pcall=`pcall`
coroutines=coroutines, by `coroutine.wrap` or `coroutine.resume`
generators=iterators that are coroutines
gsub=callbacks of `gsub`
metamethods=comparisons of `table.sort`, `__add`, `__tostring`
index=functions for `__index`
reader=`load` with a function that calls `load`
expressions=parentheses, constructors, arguments, indices, operators such as `..` in source
functions=functions in source, whatever form they have
statements=`for`, `while`, `if`
blocks=`do`, `repeat`
END

fields=$(sed -n '/^ \* struct klua_state - /,/^ \*\//s/^ \* @//p' states.h)
check "there are fields" [ "$(echo "$fields" | wc -l)" -ge 30 ]
is "each field says how it is protected" '' \
	"$(echo "$fields" | grep -vE '^[A-Za-z0-9_]+:[[:space:]]*([A-Z]|SE): ')"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The examples take less than half of the C that the same jobs took before there
# was what they stand on, and examples/README.md says how much.
set -- 'examples/*.c'
. "$(dirname "$0")/lib.sh"

# lines FILE: those that have anything but a comment
lines()
{
	awk '{
		code = ""
		while ($0 != "") {
			if (inside) {
				at = index($0, "*/")
				$0 = at ? substr($0, at + 2) : ""
				inside = !at
				continue
			}
			at = match($0, /\/[*\/]/)
			code = code (at ? substr($0, 1, at - 1) : $0)
			inside = substr($0, at, 2) == "/*" && at
			$0 = inside ? substr($0, at + 2) : ""
		}
		n += code ~ /[^ \t]/
	} END { print n + 0 }' "$1"
}

# rows: "MODULE FIRST NOW" of the table
rows()
{
	# shellcheck disable=SC2016	# backticks of Markdown
	sed -n '/^<!-- lines -->$/,/^<!-- end of lines -->$/{
		s/^| `\([a-z]*\)` |.* | \([0-9]*\) | \([0-9]*\) |$/\1 \2 \3/p
	}' examples/README.md
}

count=0
while read -r module first now; do
	count=$((count + 1))
	is "the lines of $module are counted" "$now" \
		"$(lines "examples/$module/$module.c")"
	check "$module has less than half of $first" [ $((now * 2)) -lt "$first" ]
done <<END
$(rows)
END
is "all jobs are there" 8 "$count"
for file in $files; do
	name=${file%/*}
	name=${name#examples/}
	check "examples/README.md tells of $name" grep -q "^| \[$name\]\|^\`$name\`" \
		examples/README.md
done

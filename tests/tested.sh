#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tested.sh [--update]
#
# Prints the table that tests/README.md has of what each kernel passed of the shortest
# tests: what run.sh has noted in build/tested and, of kernels that were not tried in
# this clone, the row that is there. --update puts it into tests/README.md.
set -eu
export LC_ALL=C
. "$(dirname "$0")/vm/common.sh"

readme=$top/tests/README.md

# short: the names of the shortest tests, in order
short()
{
	grep -l '^# others: short' "$top"/tests/guest/[0-9]*.sh |
		sed 's|.*/[0-9]*-||; s|\.sh$||'
}

# row KERNEL: "TEST CHECKS FAILED SECONDS RELEASE DATE" are the fields of a note
row()
{
	awk -v kernel="$1" -v tests="$(short | paste -s -d ' ')" '
		{
			cell[$1] = $3 ? $2 ", " $3 " failed" : $2
			seconds[$1] = $4
			release = $5
			if ($6 > day)
				day = $6
		}
		END {
			n = split(tests, test, " ")
			for (i = 1; i <= n; i++) {
				cells = cells " | " (test[i] in cell ? cell[test[i]] : "-")
				sum += seconds[test[i]]
			}
			printf "| %s | %s | %s%s | %d |\n", kernel, release, day,
				cells, sum
		}' "$build/tested/$1"
}

table()
{
	echo "| kernel | release | tried$(short | sed 's/^/ | /' | tr -d '\n') | seconds |"
	echo "| --- | --- | ---$(short | sed 's/.*/ | ---/' | tr -d '\n') | --- |"
	for kernel in $("$top/tests/vm/debian.sh" -l); do
		if [ -e "$build/tested/$kernel" ]; then
			row "$kernel"
		else
			sed -n "/^<!-- tested -->/,/^<!-- end /{/^| $kernel |/p}" "$readme"
		fi
	done
}

case $#${1-} in
0)	table ;;
1--update)
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	table >"$tmp/table"
	sed -e "/^<!-- tested -->/r $tmp/table" \
		-e '/^<!-- tested -->/,/^<!-- end /{/^|/d}' "$readme" >"$tmp/new"
	cat "$tmp/new" >"$readme" ;;
*)	usage ;;
esac

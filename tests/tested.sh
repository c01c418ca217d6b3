#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tested.sh [--update]
#
# Prints the two tables that tests/README.md has of what each kernel passed: of the
# shortest tests, and of all that run there on demand. They are made of what run.sh has
# noted in build/tested and, of kernels that were not tried in this clone, of the row that
# is there. --update puts them into tests/README.md.
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

# ours KERNEL TABLE: prints its row in the README's TABLE, if there is one
ours()
{
	sed -n "/^<!-- $2 -->/,/^<!-- end /{/^| $1 |/p}" "$readme"
}

table()
{
	echo "| kernel | release | tried$(short | sed 's/^/ | /' | tr -d '\n') | seconds |"
	echo "| --- | --- | ---$(short | sed 's/.*/ | ---/' | tr -d '\n') | --- |"
	for kernel in $("$top/tests/vm/debian.sh" -l); do
		if [ -s "$build/tested/$kernel" ]; then
			row "$kernel"
		else
			ours "$kernel" tested
		fi
	done
}

# whole_row KERNEL: of a kernel that has passed more than the shortest tests
whole_row()
{
	"$top/tests/run.sh" -l -k "$1" guest |
		awk -v kernel="$1" -v short="$(short | paste -s -d ' ')" '
		FNR == NR {
			if ($3 == kernel)
				test[++n] = $2
			next
		}
		{
			noted[$1] = 1
			checks += $2
			failed[$1] = $3
			release = $5
			if ($6 > day)
				day = $6
			more += index(" " short " ", " " $1 " ") == 0
		}
		END {
			for (i = 1; i <= n; i++) {
				if (test[i] in noted && !failed[test[i]])
					passed++
				else
					rest = rest (rest ? ", " : "") test[i]
			}
			if (more)
				printf "| %s | %s | %s | %d of %d | %d | %s |\n", kernel,
					release, day, passed, n, checks,
					rest ? rest : "-"
		}' - "$build/tested/$1"
}

whole_table()
{
	echo "| kernel | release | tried | tests passed | checks | failed, or not tried |"
	echo "| --- | --- | --- | --- | --- | --- |"
	for kernel in $("$top/tests/vm/debian.sh" -l); do
		row=
		[ ! -s "$build/tested/$kernel" ] || row=$(whole_row "$kernel")
		[ -n "$row" ] || row=$(ours "$kernel" 'all tested')
		[ -z "$row" ] || echo "$row"
	done
}

# put NAME FILE: as the README's table of that name
put()
{
	sed -e "/^<!-- $1 -->/r $2" -e "/^<!-- $1 -->/,/^<!-- end /{/^|/d}" "$readme" \
		>"$tmp/new"
	cat "$tmp/new" >"$readme"
}

case $#${1-} in
0)
	table
	echo
	whole_table ;;
1--update)
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	table >"$tmp/table"
	whole_table >"$tmp/whole"
	put tested "$tmp/table"
	put 'all tested' "$tmp/whole" ;;
*)	usage ;;
esac

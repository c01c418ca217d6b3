#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# netlink/klua.yaml, which programs in other languages read, has the same
# numbers as uapi/klua.h, which C programs read.
. "$(dirname "$0")/../lib.sh"

cd "$(dirname "$0")/../.." || exit 1

# in_header PREFIX: "NUMBER name-in-the-yaml" a line, in order
in_header()
{
	sed -n "s/^\t$1\([A-Z_]*\)\( = \([0-9]*\)\)\{0,1\},.*/\1 \3/p" uapi/klua.h |
		awk '{ if (NF > 1) n = $2; print n++ + 0, $1 }' |
		tr '[:upper:]_' '[:lower:]-'
}

# The first one of each list says what number it has; the rest follow.
attributes_of()
{
	awk -v set="$1" '
		/^attribute-sets:/ { inside = 1 }
		/^operations:/ { inside = 0 }
		inside && /^    name: / { here = $2 == set }
		here && /^        name: / { if (name) print n++, name; name = $2 }
		here && /^        value: / { n = $2 }
		END { if (name) print n++, name }' netlink/klua.yaml
}

operations()
{
	awk '
		/^operations:/ { inside = 1 }
		inside && /^      name: / { if (name) print n++, name; name = $2 }
		inside && /^      value: / { n = $2 }
		END { if (name) print n++, name }' netlink/klua.yaml |
		grep -v ' events$'
}

entries_of()
{
	awk -v set="$1" '
		/^    name: / { here = $2 == set }
		here && /^    entries: / {
			gsub(/[][,]/, "")
			for (i = 2; i <= NF; i++)
				print i - 2, $i
		}' netlink/klua.yaml
}

for set in state info event; do
	prefix=KLUA_A_$(echo $set | tr '[:lower:]' '[:upper:]')_
	is "attributes: $set" "$(in_header "$prefix")" "$(attributes_of $set)"
done
is "operations" "$(in_header KLUA_CMD_)" "$(operations)"
for enum in origin kind limit; do
	prefix=KLUA_$(echo $enum | tr '[:lower:]' '[:upper:]')_
	is "values: $enum" "$(in_header "$prefix")" "$(entries_of $enum)"
done

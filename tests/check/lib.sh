# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What the style checks share: they look at the files that git tracks or would
# track, from the top of the tree.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

files=$(git ls-files --cached --others --exclude-standard "$@" |
	while read -r file; do [ ! -f "$file" ] || echo "$file"; done)

# each COMMAND...: it says nothing about, and succeeds for, each of $files
each()
{
	local file said
	for file in $files; do
		if said=$("$@" "$file" 2>&1) && [ -z "$said" ]; then
			ok "$file"
		else
			not_ok "$file" "$said"
		fi
	done
}

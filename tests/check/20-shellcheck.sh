#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# No script has a line that shellcheck complains about.
set --
. "$(dirname "$0")/lib.sh"

tests/vm/need.sh check || exit 1
files=$(for file in $files; do
	case $file in
	*.sh) echo "$file" ;;
	*) ! head -n 3 "$file" | grep -qE '^#!.*sh$|shellcheck shell=' ||
		echo "$file" ;;
	esac
done)
each shellcheck

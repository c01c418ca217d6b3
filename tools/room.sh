#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: room.sh DIRECTORY MIB WHAT
#
# Says so, with exit status 2, where DIRECTORY, or what there is of its path, has not
# that much room: before WHAT is half done.
set -eu

[ $# -eq 3 ] || { sed -n '3,/^[^#]/{/^#/!d; s/^# \{0,1\}//; p}' "$0" >&2; exit 2; }
dir=$1
while [ ! -d "$dir" ]; do
	dir=$(dirname "$dir")
done
left=$(($(df -Pm "$dir" | awk 'END { print $4 }')))
[ "$left" -ge "$2" ] || {
	echo "$3 needs $2 MiB of disk, and $dir has $left" >&2
	exit 2
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: inside.sh ROOT COMMAND...
#
# Runs COMMAND with ROOT as the root directory, where this tree and the cache
# are found under their own names. Nothing of that stays, and nothing of it is seen
# outside.
set -eu
. "$(dirname "$0")/common.sh"

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -ge 2 ] || { usage >&2; exit 2; }
root=$1
shift

mkdir -p "$root$top" "$root$cache"
# Who is not root here is so in a namespace of its own.
# shellcheck disable=SC2016	# the shell inside expands it
set -- sh -eu -c '
	root=$1 top=$2 cache=$3
	shift 3
	mount --rbind /proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount --bind "$top" "$root$top"
	mount --bind "$cache" "$root$cache"
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C \
		chroot "$root" "$@"
	' sh "$root" "$top" "$cache" "$@"
if [ "$(id -u)" -eq 0 ]; then
	exec unshare --mount "$@"
else
	exec unshare --mount --map-root-user "$@"
fi

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What every script of the harness starts with. $top is the tree, $build what
# is made from it, $cache what was downloaded or took long to build and is
# worth keeping for the next clone.

# shellcheck disable=SC2034	# the scripts that read this file use them
prog=${0##*/}
top=$(CDPATH='' cd -- "$(dirname -- "$0")" &&
	while [ ! -e states.h ] && [ "$PWD" != / ]; do cd ..; done && pwd)
build=$top/build
cache=${KLUA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/klua}

# The flags and variables of a make that called us are not meant for the makes
# that we call.
unset MAKEFLAGS MFLAGS MAKELEVEL

die()
{
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}

say()
{
	printf '==> %s\n' "$*" >&2
}

# room DIRECTORY MIB WHAT: dies where there is not that much, before WHAT half fills it
room()
{
	said=$("$top/tools/room.sh" "$@" 2>&1) || die "$said"
}

# as_root CMD...: through sudo only when that is needed
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "only root can do this, and there is no sudo: $*"
	fi
}

# usage: the script's opening comment, wherever we are by now
self=$(readlink -f "$0")
usage()
{
	sed -n '3,/^[^#]/{/^#/!d; s/^# \{0,1\}//; p}' "$self"
}

# rootfs_of KERNEL: the archive of the VM's programs for its architecture
rootfs_of()
{
	triplet=$(cat "$build/kernels/$1/triplet" 2>/dev/null || true)
	echo "$build/rootfs${triplet:+-$1}.cpio"
}

# publish TMPDIR DIR: a finished directory appears under its name at once
publish()
{
	rm -rf "$2"
	mkdir -p "$(dirname "$2")"
	mv -T "$1" "$2"
}

# core_without PATCHES DIR: the patched core as a git history at DIR, without those
# patches in its files. PATCHES is a number, or several with "+" between them.
core_without()
{
	rm -rf "$2"
	"$top/lua/import.sh" --git "$2" >&2 || return
	for number in $(echo "$1" | tr + '\n' | sort -rn); do
		commit=$(git -C "$2" log --format=%h \
			--grep="^${number#"${number%%[!0]*}"}: ")
		[ "$commit" ] || die "there is no patch $number"
		git -C "$2" revert --no-commit "$commit" >/dev/null 2>&1 ||
			die "patch $number cannot be left out alone"
	done
}

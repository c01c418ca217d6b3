#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: build.sh [DIRECTORY]
#
# Makes the Debian packages klua, klua-dkms and klua-dev in DIRECTORY (by default
# build/deb), for the Debian that this machine runs. The patched Lua core is in
# klua-dkms, so that what dkms does needs no network. Installs what building them
# needs, if apt can; KLUA_LINTIAN=no leaves lintian out.
set -eu
. "$(dirname "$0")/../../tests/vm/common.sh"

# sources: everything that is not made from something else
sources()
{
	find . \( -path ./build -o -path ./.git -o -path ./lua/src \) -prune -o \
		-type f ! -name '*.o' ! -name '*.ko' ! -name '*.mod' \
		! -name '*.mod.c' ! -name '.*' ! -name modules.order \
		! -name Module.symvers -printf '%P\0'
	find lua/src -type f -print0
}

# make_tree: the packages' source, at $tree
make_tree()
{
	mkdir "$tree" &&
	sources | xargs -0 cp -p --parents -t "$tree" &&
	mv "$tree/tools/deb/debian" "$tree/debian"
}

# build_in_tree: the packages, beside $tree
build_in_tree()
{
	cd "$tree" && dpkg-buildpackage -us -uc -b
}

# quietly WHAT FUNCTION: a failure is one line, and the rest in a file if there is
# room for it
quietly()
{
	said=$( ("$2") 2>&1 </dev/null) && return
	why=$(echo "$said" | grep -m 1 'No space left' ||
		echo "$said" | grep -m 1 -E '(^|[ :])(error|Error|E):|[Uu]nmet') ||
		why=$(echo "$said" | tail -n 1)
	echo "$said" 2>/dev/null >"$out/log" || rm -f "$out/log"
	[ ! -e "$out/log" ] || why="$why (all is in $out/log)"
	die "$1: $why"
}

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -le 1 ] || { usage >&2; exit 2; }
out=${1:-$build/deb}
mkdir -p "$out" 2>/dev/null || die "cannot make the directory $out"
out=$(CDPATH='' cd -- "$out" && pwd)
rm -f "$out/log"
"$top/tests/vm/need.sh" deb
"$top/lua/import.sh"

cd "$top"
version=$(sed -n 's/^#define KLUA_VERSION[[:space:]]*"\(.*\)"/\1/p' internal.h)
changelog=$(dpkg-parsechangelog -l tools/deb/debian/changelog -S Version)
[ "${changelog%-*}" = "$version" ] ||
	die "internal.h says $version, and tools/deb/debian/changelog $changelog"

tmp=$(mktemp -d "$out/tmp.XXXXXX" 2>/dev/null) || die "cannot write to $out"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
tree=$tmp/klua-$version
say "building the packages of KLua $changelog"
quietly "cannot copy the sources to $out" make_tree
quietly "the packages do not build" build_in_tree
if [ "${KLUA_LINTIAN-}" != no ]; then
	# They are made for the machine's owner and close no bug of Debian's.
	lintian --allow-root --fail-on error,warning \
		--suppress-tags initial-upload-closes-no-bugs "$tmp"/*.changes ||
		die "lintian does not like the packages"
fi
mv "$tmp"/*.deb "$tmp"/*.changes "$tmp"/*.buildinfo "$out/"
ls "$out"/*.deb

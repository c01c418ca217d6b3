#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: stock.sh
#
# Downloads Debian's stock kernel and the headers to build modules for it,
# installing neither, and unpacks them as build/kernels/stock:
#   bzImage	the kernel
#   kdir	KDIR for modules
#   release	what uname -r says in it
# KERNEL=bzImage and KDIR=directory, given together, take their place.
set -eu
. "$(dirname "$0")/common.sh"

out=$build/kernels/stock
# MiB of disk for what is unpacked
need=400

# depends PACKAGE PATTERN: the packages it depends on whose name matches
depends()
{
	apt-cache --no-all-versions show "$1" 2>/dev/null |
		sed -n 's/^Depends: //p' | tr -d ' ' | tr ',' '\n' |
		sed 's/(.*//' | grep -E "^$2\$" || true
}

own()
{
	if [ -z "${KERNEL-}" ] || [ -z "${KDIR-}" ]; then
		die "KERNEL= and KDIR= must be given together"
	fi
	[ -f "$KERNEL" ] || die "KERNEL=$KERNEL: no such file"
	[ -f "$KDIR/include/generated/utsrelease.h" ] ||
		die "KDIR=$KDIR: not the build directory of a kernel"
	rm -rf "$out"
	mkdir -p "$out"
	ln -s "$(realpath "$KERNEL")" "$out/bzImage"
	ln -s "$(realpath "$KDIR")" "$out/kdir"
	sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		"$KDIR/include/generated/utsrelease.h" >"$out/release"
	touch "$out/own"
}

# resolve: the image and the three packages its modules are built with
resolve()
{
	image=$(depends linux-image-amd64 'linux-image-[0-9].*')
	headers=$(depends linux-headers-amd64 'linux-headers-[0-9].*')
	rest=$(depends "${headers:-none}" 'linux-(headers|kbuild)-.*')
	[ "$image" ] && [ "$headers" ] && [ "$rest" ]
}

case ${1-} in
-h|--help) usage; exit 0;;
'') ;;
*) usage >&2; exit 2;;
esac

# What the caller's own kernel left must not be taken for Debian's.
if [ "${KERNEL-}${KDIR-}" ]; then
	own
	exit
fi
[ -e "$out/release" ] && [ ! -e "$out/own" ] && exit

[ "$(uname -m)" = x86_64 ] ||
	die "the stock kernel is an x86-64 one; give KERNEL= and KDIR="
command -v apt-cache >/dev/null ||
	die "no apt here to fetch a kernel with; give KERNEL= and KDIR="
if ! resolve; then
	say "apt's package lists lack a kernel: apt-get update"
	said=$(as_root apt-get -q update 2>&1) || die "apt-get update failed:" \
		"$(echo "$said" | grep -m 1 '^E:')"
	resolve || die "apt offers no linux-image-amd64; give KERNEL= and KDIR="
fi

mkdir -p "$build/kernels"
room "$build" "$need" "Debian's kernel"
tmp=$(mktemp -d "$build/kernels/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# shellcheck disable=SC2086	# one word for each package
"$top/tests/vm/debs.sh" $image $headers $rest >"$tmp/debs"

say "unpacking $image"
while read -r deb; do
	case ${deb##*/} in
	linux-image-*)
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$tmp" --wildcards './boot/vmlinuz-*' ;;
	*)
		dpkg-deb -x "$deb" "$tmp" ;;
	esac
done <"$tmp/debs"

# The headers find their other half at an absolute path, where it would be
# once installed; make that relative to where they are.
# shellcheck disable=SC2016	# make expands it
sed -i 's|/usr/src|$(dir $(lastword $(MAKEFILE_LIST)))..|' \
	"$tmp/usr/src/$headers/Makefile"
mv "$tmp"/boot/vmlinuz-* "$tmp/bzImage"
ln -s "usr/src/$headers" "$tmp/kdir"
(cd "$tmp" && rm -r boot usr/share debs)
chmod 755 "$tmp"
echo "${headers#linux-headers-}" >"$tmp/release"
publish "$tmp" "$out"

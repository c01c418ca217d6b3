#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: programs.sh SET
#
# Makes build/programs-SET.cpio: programs of others that a test in the VM tries
# on KLua, each as Debian packages it, to be unpacked over the VM's usual ones.
# Without apt the archive is empty. The sets are
#
#   clients	python3, trace-cmd, perf and bash in their usual places, and from
#		Linux's source /usr/src/ynl, the client that needs nothing but a
#		family's YAML specification
#   systemd	systemd as the VM's first process, with kmod
set -eu
. "$(dirname "$0")/common.sh"

# packages SET: what there is to be run comes with all that it needs
packages()
{
	case $1 in
	clients) echo python3-minimal python3-yaml python3-jsonschema \
		      trace-cmd linux-perf bash ;;
	systemd) echo systemd kmod ;;
	*) die "no such set of programs: $1" ;;
	esac
}

# Linux 6.1 is older than ynl.
source=linux-source-6.12

# ynl: its directory in the cache
ynl()
{
	deb=$("$top/tests/vm/debs.sh" "$source")
	dir=$cache/ynl-$(basename "$deb" .deb)
	if [ ! -e "$dir" ]; then
		say "unpacking ynl from ${deb##*/}"
		mkdir "$tmp/ynl"
		dpkg-deb --fsys-tarfile "$deb" |
			tar -xO "./usr/src/$source.tar.xz" |
			tar -xJ -C "$tmp/ynl" --strip-components=1 --wildcards \
				"$source/Documentation/netlink/genetlink*.yaml" \
				"$source/tools/net/ynl/*.py"
		publish "$tmp/ynl" "$dir"
	fi
	echo "$dir"
}

# unpack PACKAGE...: without what Python's compiler and other languages would
# find, and what is configured or shown to people
unpack()
{
	"$top/tests/vm/debs.sh" --closure "$@" >"$tmp/debs"
	while read -r deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" \
			--exclude='./etc/*' --exclude='./usr/share/*' \
			--exclude='./var/*' --exclude='./usr/lib/*/gconv' \
			--exclude='./usr/lib/*/perl*' --exclude='./usr/sbin/*' \
			--exclude='./usr/lib/python3*/test'
	done <"$tmp/debs"
}

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
set=$1
packages=$(packages "$set")
out=$build/programs-$set.cpio

[ -z "$(find "$out" -newer "$0" 2>/dev/null)" ] || exit 0

mkdir -p "$build"
tmp=$(mktemp -d "$build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
root=$tmp/root
mkdir -p "$root/usr/src"

if command -v apt-get >/dev/null; then
	say "the VM's programs of the set $set: unpacking Debian packages"
	# shellcheck disable=SC2086	# one word for each package
	unpack $packages
	[ "$set" != clients ] || cp -r "$(ynl)" "$root/usr/src/ynl"
fi
(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0) >"$tmp/cpio"
mv "$tmp/cpio" "$out"

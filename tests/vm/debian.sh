#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: debian.sh NAME
#        debian.sh -l
#        debian.sh --table
#
# Downloads the kernel NAME of debian.list, the headers to build modules for it
# and the compiler it was built with, installs none of them, and links what it
# made of them to build/kernels/NAME:
#   bzImage	the kernel, whatever its format
#   kdir	KDIR for modules, to be built by tests/vm/inside.sh root
#   root	a root directory with make, the compiler and, for another
#		architecture, what the VM's programs are made of
#   release	what uname -r says in it
#   arch	Debian's name for the architecture
#   triplet	what the names of its tools begin with, empty for this machine's
#   compiler	the name of the compiler in the root
#   make	what make is to be told
# It is kept in the cache for all clones, and newer packages are looked for every
# seven days. -l prints the names, --table what README shows of them.
set -eu
export LC_ALL=C
. "$(dirname "$0")/common.sh"

# Part of the result's name: to be raised when this script makes something
# else than before from the same packages.
recipe=4
# MiB of disk, at most: 400 are package lists, 300 packages, 700 what is unpacked
need=1500
here=$top/tests/vm

# What a build in the root takes besides the compiler and the headers
tools='make binutils coreutils dash bash sed grep findutils mawk perl-base
	diffutils gzip xz-utils kmod pkgconf'
# The programs that the VM of another architecture gets, and what klua and
# nltest are linked with
guest='busybox-static dnsmasq-base lua5.3 libmnl-dev libedit-dev libjson-c-dev libc6-dev
	ncurses-base'

# field N: of the line of debian.list
field()
{
	awk -v name="$name" -v n="$1" '!/^#/ && $1 == name { print $n }' \
		"$here/debian.list"
}

# table: the kernels as README shows them, with the one of tests/vm/stock.sh and the
# ones that build-kernel.sh compiles by another compiler, or for another architecture
table()
{
	echo '| kernel | machine | Debian suite | tests |'
	echo '| --- | --- | --- | --- |'
	# shellcheck disable=SC2016	# nothing to expand
	echo '| 6.1 `stock` | x86-64 | bookworm | all, each time |'
	awk '!/^#/ && NF {
		machine["amd64"] = "x86-64"
		machine["arm64"] = "arm64"
		machine["riscv64"] = "riscv64"
		what = $4 ~ /^rt-/ ? ", PREEMPT_RT" : ""
		what = what ($4 ~ /16k$/ ? ", pages of 16 KiB" : "")
		printf "| %s%s `%s` | %s | %s | %s |\n", $6, what, $1,
			machine[$2], $3, $5 == "short" ? \
			"the shortest each time, all on demand" : "on demand"
	}' "$here/debian.list"
	# shellcheck disable=SC2016	# nothing to expand
	echo '| 6.12, by clang 19 with kCFI `clang` | x86-64 | bookworm-backports |' \
		'the shortest on demand |'
	# shellcheck disable=SC2016	# nothing to expand
	echo '| 6.1, with KASAN by software tags `kasan-arm64` | arm64 | bookworm |' \
		'the shortest on demand |'
}

# depends PACKAGE: what it depends on, one a line
depends()
{
	apt-cache --no-all-versions show "$1" 2>/dev/null |
		sed -n 's/^Depends: //p' | tr -d ' ' | tr ',' '\n' |
		sed 's/[(:].*//' || true
}

# one PATTERN: the first line that matches as a whole
one()
{
	grep -xE -m 1 -- "$1"
}

# resolve: the names of the packages
resolve()
{
	image=$(depends "linux-image-$flavour:$arch" |
		one 'linux-image-[0-9].*') &&
	headers=$(depends "linux-headers-$flavour:$arch" |
		  one 'linux-headers-[0-9].*') || return 1
	needs=$(depends "$headers:$arch")
	common=$(echo "$needs" | one 'linux-headers-.*-common(-rt)?') &&
	kbuild=$(echo "$needs" | one 'linux-kbuild-.*') &&
	gcc=$(echo "$needs" | sed -n 's/.*\(gcc-[0-9]*\).*/\1/p' | one '.*') ||
		return 1
	release=${headers#linux-headers-}
	# Where the image is of two parts, the kernel is in this one.
	binary=$(depends "$image:$arch" | one 'linux-binary-.*') || binary=$image
	case $arch in
	amd64) triplet='' ARCH=x86 ;;
	arm64) triplet=aarch64-linux-gnu ARCH=arm64 ;;
	riscv64) triplet=riscv64-linux-gnu ARCH=riscv ;;
	*) die "debian.list: $name: unknown architecture $arch" ;;
	esac
}

# packages: the files of all that the root is made of
packages()
{
	# shellcheck disable=SC2086	# one word for each package
	set -- $tools "$gcc${triplet:+-$triplet}" "$kbuild"
	if [ "$triplet" ]; then
		for package in $guest; do
			set -- "$@" "$package:$arch"
		done
	fi
	"$here/debs.sh" --closure "$@" || return
	"$here/debs.sh" "$headers:$arch" "$common" "$binary:$arch"
}

# unpack: as dpkg does it where /usr is merged
unpack()
{
	root=$tmp/root
	for dir in bin sbin lib lib64; do
		mkdir -p "$root/usr/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
	mkdir -p "$root/proc" "$root/dev" "$root/tmp"
	while read -r deb; do
		case ${deb##*/} in
		linux-image-*|linux-binary-*)
			dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tmp" \
				--wildcards '*/vmlinu[xz]*' ;;
		*)
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x -C "$root" --keep-directory-symlink \
					--exclude='./usr/share/doc' \
					--exclude='./usr/share/man' \
					--exclude='./usr/share/locale' ;;
		esac
	done <"$tmp/debs"
	ln -sf mawk "$root/usr/bin/awk"
	mv "$(find "$tmp/boot" "$tmp/usr" "$tmp/lib" -name 'vmlinu[xz]*' \
		2>/dev/null)" "$tmp/bzImage"
	(cd "$tmp" && rm -rf boot usr lib debs)
}

case ${1-} in
-h|--help)
	usage
	exit 0 ;;
--table)
	table
	exit 0 ;;
-l)
	awk '!/^#/ && NF { print $1 }' "$here/debian.list"
	exit 0 ;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
name=$1
arch=$(field 2)
suite=$(field 3)
flavour=$(field 4)
from="$recipe $arch $suite $flavour"
[ "$arch" ] || die "there is no kernel $name in debian.list"

# link ENTRY: as build/kernels/NAME
link()
{
	ln -sfnT "$1" "$build/kernels/$name.tmp.$$"
	mv -T "$build/kernels/$name.tmp.$$" "$build/kernels/$name"
}

mkdir -p "$build/kernels" "$cache"
exec 9>"$cache/debian-$name.lock"
flock 9
# Debian is asked for a newer one every seven days.
for entry in "$cache/debian-$name-"????????????; do
	[ "$(cat "$entry/from" 2>/dev/null)" = "$from" ] || continue
	[ "$(find "$entry/from" -mtime -7)" ] || continue
	link "$entry"
	exit
done
room "$cache" "$need" "Debian's kernel for $name"
APT_CONFIG=$("$here/apt.sh" "$suite")
export APT_CONFIG
resolve || die "Debian's $suite has no kernel linux-image-$flavour for $arch"

tmp=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
packages >"$tmp/debs" || die "cannot fetch Debian's kernel $release ($suite)"
key=$({ echo "$recipe"; sed 's|.*/||' "$tmp/debs"; } | sha256sum | cut -c 1-12)
entry=$cache/debian-$name-$key
if [ ! -e "$entry" ]; then
	say "$name: unpacking $release and $gcc"
	set +e
	said=$(set -e; unpack 2>&1)
	status=$?
	set -e
	[ $status -eq 0 ] || die "cannot unpack Debian's kernel $release:" \
		"$(echo "$said" | grep -m 1 'No space left' || echo "$said" | sed 1q)"
	ln -s "root/usr/src/$headers" "$tmp/kdir"
	echo "$release" >"$tmp/release"
	echo "$arch" >"$tmp/arch"
	echo "$triplet" >"$tmp/triplet"
	echo "${triplet:+$triplet-}$gcc" >"$tmp/compiler"
	echo "ARCH=$ARCH CROSS_COMPILE=${triplet:+$triplet-}" \
	     "CC=$(cat "$tmp/compiler") HOSTCC=$gcc" >"$tmp/make"
	chmod 755 "$tmp"
	find "$cache" -maxdepth 1 -name "debian-$name-????????????" -exec rm -rf {} +
	publish "$tmp" "$entry"
fi
echo "$from" >"$entry/from"
link "$entry"

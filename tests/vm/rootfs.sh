#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: rootfs.sh [KERNEL]
#
# Makes build/rootfs.cpio, the programs inside the VM: from Debian packages
# that are downloaded but not installed or, where there is no apt, from the
# programs of this machine. (lua5.3, which only comparisons need, may be missing
# there.) For a KERNEL of another architecture they are those of its root, see
# debian.sh, and the archive is one of its own.
set -eu
. "$(dirname "$0")/common.sh"

# Each line: a Debian package and the programs the guest gets out of it. The
# libraries these need come along by themselves.
programs='
	busybox-static	/bin/busybox
	dnsmasq-base	/usr/sbin/dnsmasq
	lua5.3		/usr/bin/lua5.3
'

# The same for what klua needs there, descriptions of terminals included.
libraries='
	libmnl0		libmnl.so.0
	libedit2	libedit.so.2
	libjson-c5	libjson-c.so.5
	ncurses-base
'
terminals='l/linux v/vt100 s/screen x/xterm-256color'


# from_debian: unpacks the packages under $src
from_debian()
{
	say "the VM's programs: unpacking Debian packages"
	src=$tmp/src
	# shellcheck disable=SC2046	# one word for each package
	"$top/tests/vm/debs.sh" --closure \
		$(echo "$programs$libraries" | awk '{ print $1 }') >"$tmp/debs"
	while read -r deb; do
		dpkg-deb -x "$deb" "$src"
	done <"$tmp/debs"
}

# needed FILE: the libraries it names, and the program interpreter
needed()
{
	LC_ALL=C readelf -ld "$1" | sed -n \
		-e 's/.*(NEEDED).*\[\(.*\)\]/\1/p' \
		-e 's/.*program interpreter: .*\/\(.*\)]/\1/p'
}

find_lib()
{
	for dir in "/$libs" "/usr/$libs" /lib64 /usr/lib64 /lib /usr/lib; do
		[ ! -e "$src$dir/$1" ] || { echo "$src$dir/$1"; return; }
	done
	die "the VM's programs need $1, which none of their packages has"
}

add_lib()
{
	[ ! -e "$root/$libs/$1" ] || return 0
	cp -L "$(find_lib "$1")" "$root/$libs/"
	add_libs "$root/$libs/$1"
}

# add_libs FILE: copies what FILE needs, and what that needs
add_libs()
{
	for lib in $(needed "$1"); do
		add_lib "$lib"
	done
}

add_program()
{
	program=$src$1
	if [ -z "$src" ]; then
		program=$(PATH=$PATH:/usr/sbin:/sbin command -v "${1##*/}") || {
			[ "$1" != /usr/bin/lua5.3 ] || return 0
			die "there is no ${1##*/} on this machine to put into the VM"
		}
	fi
	cp -L "$program" "$root/bin/"
	add_libs "$program"
}

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -le 1 ] || { usage >&2; exit 2; }
kernel=${1:-stock}
out=$(rootfs_of "$kernel")
triplet=$(cat "$build/kernels/$kernel/triplet" 2>/dev/null || true)
libs=lib/${triplet:-x86_64-linux-gnu}

# Nothing but this script decides what is inside.
[ -z "$(find "$out" -newer "$0" 2>/dev/null)" ] || exit 0

mkdir -p "$build"
tmp=$(mktemp -d "$build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/etc" "$root/$libs" \
	"$root/lib64" "$root/proc" "$root/root" "$root/run" "$root/sys" \
	"$root/tmp" "$root/var/lib/misc"

src=
if [ "$triplet" ]; then
	src=$build/kernels/$kernel/root
elif command -v apt-get >/dev/null; then
	from_debian
fi
for path in $(echo "$programs" | awk '{ for (i = 2; i <= NF; i++) print $i }')
do
	add_program "$path"
done
for lib in $(echo "$libraries" | awk '{ print $2 }'); do
	add_lib "$lib"
done
# Without a terminal's description the line editor knows a plain one only.
for terminal in $terminals; do
	for dir in /lib/terminfo /usr/share/terminfo /usr/lib/terminfo; do
		[ -e "$src$dir/$terminal" ] || continue
		mkdir -p "$root/lib/terminfo/${terminal%/*}"
		cp -L "$src$dir/$terminal" "$root/lib/terminfo/$terminal"
		break
	done
done

# Where programs look for the dynamic linker
case $triplet in
'')	ln -s "../$libs/ld-linux-x86-64.so.2" "$root/lib64/" ;;
*)
	for linker in "$root/$libs"/ld-linux-*; do
		ln -s "${libs#lib/}/${linker##*/}" "$root/lib/"
	done ;;
esac
echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false' >"$root/etc/passwd"
echo 'root:x:0:
nogroup:x:65534:' >"$root/etc/group"
echo '127.0.0.1 localhost' >"$root/etc/hosts"

(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0) >"$tmp/cpio"
mv "$tmp/cpio" "$out"

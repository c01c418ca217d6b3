#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# One's own kernel, and a machine without apt: what lacks is named, and what is
# given is taken. In a tree of its own whose PATH has no apt.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
"$top/tests/vm/need.sh" build vm || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/tests/vm" "$tmp/bin"
touch "$tmp/states.h"
cp "$top"/tests/vm/*.sh "$tmp/tests/vm/"

# All of this machine's tools but apt, and what a machine may lack
IFS=:
for dir in $PATH:/usr/sbin:/sbin; do
	ln -s "$dir"/* "$tmp/bin/" 2>/dev/null
done
unset IFS
rm -f "$tmp"/bin/apt* "$tmp"/bin/dpkg* "$tmp"/bin/busybox "$tmp"/bin/dnsmasq \
	"$tmp"/bin/lua5.3

# step SCRIPT [VARIABLE=VALUE]...: of the harness, with $sets; sets $status and
# $err
step()
{
	script=$1
	shift
	# shellcheck disable=SC2086	# one word for each set
	err=$(env -u KERNEL -u KDIR PATH="$tmp/bin" "$@" \
		"$tmp/tests/vm/$script" $sets 2>&1)
	status=$?
}

# refused WHAT MESSAGE SCRIPT [VARIABLE=VALUE]...
refused()
{
	what=$1 message=$2
	shift 2
	step "$@"
	like "$what is refused" "2 $message" "$status $err"
	is "$what: in one line" 1 "$(echo "$err" | wc -l)"
}

sets=
refused "no kernel and no apt" \
	"stock.sh: no apt * give KERNEL= and KDIR=" stock.sh
refused "KERNEL alone" "stock.sh: * must be given together" \
	stock.sh KERNEL=/dev/null
refused "KDIR alone" "stock.sh: * must be given together" stock.sh KDIR=/
refused "a KERNEL that is not there" \
	"stock.sh: KERNEL=/none: no such file" stock.sh KERNEL=/none KDIR=/
refused "a KDIR that is none" "stock.sh: KDIR=$tmp: not the build *" \
	stock.sh KERNEL="$0" KDIR="$tmp"

mkdir -p "$tmp/kdir/include/generated"
echo '#define UTS_RELEASE "1.2.3-own"' \
	>"$tmp/kdir/include/generated/utsrelease.h"
cp "$0" "$tmp/my kernel"
step stock.sh KERNEL="$tmp/my kernel" KDIR="$tmp/kdir"
is "one's own kernel is taken" "0 " "$status $err"
out=$tmp/build/kernels/stock
is "its image, build directory and release" "$tmp/my kernel
$tmp/kdir
1.2.3-own" "$(realpath "$out/bzImage" "$out/kdir"; cat "$out/release")"
refused "and is not taken for Debian's afterwards" "stock.sh: no apt *" stock.sh

# The programs for the VM: two that are none, with the libraries of another
printf '#!/bin/sh\necho cat; echo ls\n' >"$tmp/bin/busybox"
cp -L "$tmp/bin/make" "$tmp/bin/dnsmasq"
chmod +x "$tmp/bin/busybox"
step rootfs.sh
is "the VM's programs are taken from this machine" 0 "$status"
files=$(cpio --quiet -it <"$tmp/build/rootfs.cpio")
for file in bin/busybox bin/dnsmasq lib/x86_64-linux-gnu/libc.so.6 \
	lib/x86_64-linux-gnu/libmnl.so.0; do
	like "$file is there" "*
$file
*" "$files"
done

rm "$tmp/bin/qemu-system-x86_64" "$tmp/bin/cpio"
sets="build vm"
step need.sh
like "a machine without apt lists all that it lacks" \
	"2 need.sh: this machine lacks: qemu-system-x86_64 cpio*" "$status $err"
for text in "qemu-system-x86 cpio" apt-get KERNEL= KDIR= LUA_TARBALL=; do
	like "and names $text" "*$text*" "$err"
done

# With apt: what lacks is named and then installed, through sudo if need be
fake()	# TOOL BODY
{
	rm -f "$tmp/bin/$1"
	printf '#!/bin/sh\n%s\n' "$2" >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}
said="==> this machine lacks: qemu-system-x86_64 cpio
==> installing the Debian packages: qemu-system-x86 cpio"
# shellcheck disable=SC2016	# the fakes expand it
{
	fake apt-get 'echo "$*" >>"$LOG"'
	fake sudo 'echo sudo >>"$LOG"; exec "$@"'
}

# installs WHAT LOG
installs()
{
	rm -f "$tmp/log"
	step need.sh LOG="$tmp/log"
	is "$1 it is said and done" "0 $said" "$status $err"
	like "$1 with these commands" "$2" "$(cat "$tmp/log")"
}
fake id 'echo 0'
installs "as root" "-* install qemu-system-x86 cpio"
fake id 'echo 1000'
installs "as somebody else" "sudo
sudo
-* install qemu-system-x86 cpio"
rm "$tmp/bin/sudo"
step need.sh LOG="$tmp/log"
like "without sudo that is refused" "2 *
need.sh: only root can do this, and there is no sudo: *" "$status $err"

fake id 'echo 0'
fake apt-get 'echo "E: Unable to locate package x"; exit 100'
step need.sh
is "and so is what apt does not have" "2 $said
==> apt's package lists may be too old: apt-get update
need.sh: cannot install qemu-system-x86 cpio: E: Unable to locate package x" \
	"$status $err"

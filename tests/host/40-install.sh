#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# What "make install" installs is enough to build a consumer with, and "make
# uninstall" leaves nothing of it. In a copy of the tree, for the stock kernel.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$top" || exit 1
tests/vm/need.sh build vm && tests/vm/stock.sh || exit 1
kdir=$top/build/kernels/stock/kdir
kver=$(cat build/kernels/stock/release)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir "$tmp/src" "$tmp/root" "$tmp/consumer"
find . \( -path ./build -o -path ./.git \) -prune -o -type f \
	\( -name '*.[chS]' -o -name Kbuild -o -name Makefile -o -name '*.sh' \
	   -o -name '*.patch' -o -name .stamp -o -name 'klua.8' -o -name 'klua.bash' -o -name klua.yaml \
	   -o -name klua.conf -o -name 'klua@.service' \) ! -name '*.mod.c' \
	-exec cp -p --parents -t "$tmp/src" {} +
tarball=$top/build/lua/lua-5.3.6.tar.gz
[ ! -e "$tarball" ] || export LUA_TARBALL="$tarball"

# make_in_copy ARGUMENT...: make hands its own variables down through MAKEFLAGS
make_in_copy()
{
	env -u MAKEFLAGS -u MAKELEVEL -u KDIR \
		make -C "$tmp/src" DESTDIR="$tmp/root" "$@"
}

check "make install" make_in_copy KDIR="$kdir" install
check "the module is where modprobe looks" \
	test -e "$tmp/root/lib/modules/$kver/updates/klua.ko"

if unshare -rm true 2>/dev/null; then
	mkdir "$tmp/full"
	# shellcheck disable=SC2016	# the shell inside expands it
	said=$(env -u MAKEFLAGS -u MAKELEVEL unshare -rm sh -c '
		mount -t tmpfs -o size=3m none "$1/full" || exit
		make -s -C "$1/src" DESTDIR="$1/full" KDIR="$2" install
		echo "$?$(find "$1/full" -type f)"' sh "$tmp" "$kdir" 2>&1)
	like "on a disk that is nearly full it says so, and installs nothing" \
		"*make install needs * MiB of disk, and $tmp/full has 3*
2" "$said"
else
	skip "a disk that is nearly full" "no unshare -rm here"
fi

check "the kernel's own make clean, which knows no configuration" \
	make -C "$kdir" M="$tmp/src" clean

info=$(objcopy -O binary --only-section=.modinfo \
	"$tmp/root/lib/modules/$kver/updates/klua.ko" /dev/stdout |
	tr '\0' '\n')
for field in license=GPL 'description=?*' 'version=[0-9]*'; do
	like "the module has a $field" "*
$field
*" "
$info
"
done

check "the program is there" "$tmp/root/usr/local/sbin/klua" --help
check "the family's specification is there" \
	test -e "$tmp/root/usr/local/share/klua/klua.yaml"
unit=$tmp/root/usr/local/lib/systemd/system/klua@.service
check "a unit for states that are made at boot is there" test -e "$unit"
is "with the paths of the programs that it starts" 3 \
	"$(grep -c '^Exec[A-Za-z]*=/usr/local/sbin/klua ' "$unit")"
if command -v systemd-analyze >/dev/null; then
	# Of a program that is not there it would complain.
	sed "s|/usr/local/sbin|$tmp/root&|" "$unit" >"$tmp/klua@test.service"
	is "systemd takes it" '' \
		"$(systemd-analyze verify --man=no "$tmp/klua@test.service" 2>&1)"
else
	skip "systemd takes it" "there is none here"
fi
check "the module is loaded at boot" grep -qx klua \
	"$tmp/root/usr/local/lib/modules-load.d/klua.conf"
check "and its manual" test -e "$tmp/root/usr/local/share/man/man8/klua.8"
check "and that of the API" \
	test -e "$tmp/root/usr/local/share/man/man9/klua_state_new.9"

for example in examples/*/*.c; do
	cp "$example" "$tmp/consumer/"
	example=${example##*/}
	echo "obj-m += ${example%.c}.o"
done >"$tmp/consumer/Kbuild"
# shellcheck disable=SC2016	# make's variable
echo 'ccflags-y += -I$(KLUA)' >>"$tmp/consumer/Kbuild"
headers=$tmp/root/usr/src/klua-headers-$kver
rm -rf "$tmp/src"
is "every symbol for it is in the namespace" '' \
	"$(awk '$NF != "KLUA"' "$headers/Module.symvers")"
symbols=$(awk '$2 ~ /klua_/ { print $2 }' "$headers/Module.symvers")
check "KLua's functions are found" [ "$(echo "$symbols" | wc -l)" -ge 40 ]
is "each has a man page" '' "$(for symbol in $symbols; do
	[ -s "$tmp/root/usr/local/share/man/man9/$symbol.9" ] || echo "$symbol"
done)"
check "the examples build against what was installed" make -C "$kdir" \
	M="$tmp/consumer" KLUA="$headers" \
	KBUILD_EXTRA_SYMBOLS="$headers/Module.symvers" modules
is "all of them" "$(wc -l <"$tmp/consumer/Kbuild")" \
	"$(find "$tmp/consumer" -name '*.ko' | awk 'END { print NR + 1 }')"

mkdir "$tmp/src"
cp -p --parents -t "$tmp/src" Makefile states.h tools/klua/Makefile
check "make uninstall" make_in_copy KDIR="$kdir" uninstall
is "leaves no file" '' "$(find "$tmp/root" -name '*klua*')"

text=$(make_in_copy KDIR="$tmp/none" 2>&1)
like "a missing KDIR is named" "*No kernel headers at $tmp/none.*" "$text"
is "in one line" 1 "$(echo "$text" | grep -vc '^make')"

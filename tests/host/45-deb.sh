#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# The Debian packages: they are made, lintian likes them, and what klua-dkms has
# makes a module without a network, as DKMS would.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$top" || exit 1
tests/vm/need.sh build vm deb && tests/vm/stock.sh || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

check "the packages are made" tools/deb/build.sh "$tmp/debs"
is "nothing else is left" 3 "$(find "$tmp/debs" -name '*.deb' | wc -l)"
for package in klua klua-dkms klua-dev; do
	check "$package is there" dpkg-deb -x "$tmp/debs/${package}"_*.deb \
		"$tmp/$package"
done

for file in usr/sbin/klua usr/lib/systemd/system/klua@.service \
	usr/share/man/man8/klua.8.gz usr/share/klua/klua.yaml \
	usr/share/bash-completion/completions/klua; do
	check "klua has $file" test -e "$tmp/klua/$file"
done
check "the program starts" "$tmp/klua/usr/sbin/klua" --help
check "no module is loaded where there may be none" \
	test ! -e "$tmp/klua/usr/lib/modules-load.d"
for file in states.h compat.h uapi/klua.h lua/lib.h lua/src/lua.h; do
	check "klua-dev has $file" test -e "$tmp/klua-dev/usr/include/klua/$file"
done
check "klua-dev has the manual" \
	test -s "$tmp/klua-dev/usr/share/man/man9/klua_state_new.9.gz"
like "klua.pc says where Module.symvers is" \
	"/usr/src/klua-headers-6.1.0-x/Module.symvers" \
	"$(PKG_CONFIG_PATH=$tmp/klua-dev/usr/share/pkgconfig pkg-config \
		--define-variable=KVER=6.1.0-x --variable=symvers klua)"

# full MIB: on a disk of that size; what is said, and what is left
cat >"$tmp/full" <<'END'
mount -t tmpfs -o size="$2m" none "$1" || exit 9
said=$(KLUA_LINTIAN=no tools/deb/build.sh "$1" 2>&1)
echo "$? $(ls -A "$1" | grep -vx log) $(echo "$said" | grep -v '^==>')"
END
if unshare -rm true 2>/dev/null; then
	mkdir "$tmp/disk"
	for room in 1 8; do
		said=$(unshare -rm sh "$tmp/full" "$tmp/disk" $room 2>&1)
		like "a full disk ($room MiB): is said, and leaves nothing" \
			"2  build.sh: *: No space left on device" "$said"
		is "in one line" 1 "$(echo "$said" | wc -l)"
	done
else
	skip "a full disk" "no unshare -rm here"
fi

# What DKMS does with its configuration, where it can be without a network
cat >"$tmp/dkms" <<'END'
kernelver=$2 kernel_source_dir=$3 dkms_tree=$4 arch=x86_64
set -e
cd "$1"
. ./dkms.conf
[[ $kernelver =~ $BUILD_EXCLUSIVE_KERNEL && $arch =~ $BUILD_EXCLUSIVE_ARCH ]]
[[ ! 5.4.0-1 =~ $BUILD_EXCLUSIVE_KERNEL ]]
[ "${PWD##*/}" = "$PACKAGE_NAME-$PACKAGE_VERSION" ]
mkdir -p "$dkms_tree/klua/$PACKAGE_VERSION/$kernelver/$arch"
eval "${MAKE[0]}"
[ -e "${BUILT_MODULE_NAME[0]}.ko" ]
exec ./$POST_BUILD
END
none=
if unshare -rn true 2>/dev/null; then
	none='unshare -rn'
fi
kernel=$(cat build/kernels/stock/release)
# shellcheck disable=SC2086	# one word for each of the command
check "DKMS can build the module${none:+ without a network}" \
	env -u MAKEFLAGS -u MAKELEVEL -u LUA_TARBALL $none bash "$tmp/dkms" \
	"$tmp"/klua-dkms/usr/src/klua-* "$kernel" \
	"$top/build/kernels/stock/kdir" "$tmp/tree"
check "what other modules are linked with is kept" grep -q klua_state_new \
	"$tmp"/tree/klua/*/"$kernel"/x86_64/Module.symvers

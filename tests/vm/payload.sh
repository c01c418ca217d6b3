#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: payload.sh KERNEL DIRECTORY
#
# Fills DIRECTORY with what the VM finds under /klua whatever it is to do: the
# modules of build/modules/KERNEL in modules/, the examples' scripts in
# examples/, all of tests/ that is for the VM, in bin/ klua, nltest, failrun and
# dialog, netlink/ and tools/ with what is no program there, doc/administration.md, and in
# installed/ what "make install" installs of tools/. /klua/main is the caller's to
# add.
set -eu
. "$(dirname "$0")/common.sh"

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 2 ] || { usage >&2; exit 2; }

dir=$(realpath "$build/kernels/$1")
triplet=$(cat "$dir/triplet" 2>/dev/null || true)
programs=$build/tools${triplet:+-$triplet}

# with COMMAND...: where the tools for the architecture are
with()
{
	if [ "$triplet" ]; then
		"$top/tests/vm/inside.sh" "$dir/root" env \
			PKG_CONFIG_LIBDIR="/usr/lib/$triplet/pkgconfig" "$@"
	else
		"$@"
	fi
}

# Others may want the same programs at the same time.
mkdir -p "$build"
exec 9>"$build/tools.lock"
flock 9

mkdir -p "$2/modules" "$2/bin"
find "$build/modules/$1" -name '*.ko' -exec cp -t "$2/modules" {} +
# Debugging symbols make the modules ten times as large, and the boot longer.
with "${triplet:+$triplet-}strip" --strip-debug "$2/modules"/*.ko
for source in tools/klua tests/netlink; do
	with make -s -C "$top/$source" O="$programs" \
		${triplet:+CC="$(cat "$dir/compiler")"}
done
with make -s -C "$top/tools/klua" O="$programs" DESTDIR="$(realpath "$2")/installed" \
	${triplet:+CC="$(cat "$dir/compiler")"} install
cp "$programs/klua" "$programs/nltest" "$programs/failrun" \
	"$programs/dialog" "$programs/early.so" "$programs/going.so" "$2/bin/"
install -D -m 644 -t "$2/doc" "$top/doc/administration.md"
(cd "$top" && find examples netlink tools \( -name '*.sh' -o -name '*.lua' \
	-o -name '*.yaml' -o -name '*.bash' \) \
	-exec cp -p --parents -t "$2" {} +)
# tests/ itself, but what is for the host and what was compiled already
(cd "$top/tests" && find . \( -path ./vm -o -path ./host -o -path ./check \) \
	-prune -o -type f ! -name '*.[chSo]' ! -name '*.ko' ! -name Kbuild \
	-exec cp -p --parents -t "$2" {} +)

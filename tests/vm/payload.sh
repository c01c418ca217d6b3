#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: payload.sh KERNEL DIRECTORY
#
# Fills DIRECTORY with what the VM finds under /klua whatever it is to do: the
# modules of build/modules/KERNEL in modules/, the examples' scripts in
# examples/, all of tests/ that is for the VM, in bin/ klua, nltest and dialog,
# and netlink/ and tools/ with what is no program there. /klua/main is the
# caller's to add.
set -eu
. "$(dirname "$0")/common.sh"

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 2 ] || { usage >&2; exit 2; }

mkdir -p "$2/modules"
# Debugging symbols make the modules ten times as large, and the boot longer.
find "$build/modules/$1" -name '*.ko' | while read -r module; do
	objcopy --strip-debug "$module" "$2/modules/${module##*/}"
done
make -s -C "$top/tools/klua" O="$build/tools"
make -s -C "$top/tests/netlink" O="$build/tools"
mkdir -p "$2/bin"
cp "$build/tools/klua" "$build/tools/nltest" "$build/tools/dialog" "$2/bin/"
(cd "$top" && find examples netlink tools \( -name '*.sh' -o -name '*.lua' \
	-o -name '*.yaml' -o -name '*.bash' \) \
	-exec cp -p --parents -t "$2" {} +)
# tests/ itself, but what is for the host and what was compiled already
(cd "$top/tests" && find . \( -path ./vm -o -path ./host -o -path ./check \) \
	-prune -o -type f ! -name '*.[chSo]' ! -name '*.ko' ! -name Kbuild \
	-exec cp -p --parents -t "$2" {} +)

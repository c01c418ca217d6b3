#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: payload.sh KERNEL DIRECTORY
#
# Fills DIRECTORY with what the VM finds under /klua whatever it is to do: the
# modules of build/modules/KERNEL, the examples' scripts, and the shell
# functions that scripts in the VM share. /klua/main is the caller's to add.
set -eu
. "$(dirname "$0")/common.sh"

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 2 ] || { usage >&2; exit 2; }

mkdir -p "$2/modules" "$2/guest"
# Debugging symbols make the modules ten times as large, and the boot longer.
find "$build/modules/$1" -name '*.ko' | while read -r module; do
	objcopy --strip-debug "$module" "$2/modules/${module##*/}"
done
(cd "$top" && find examples \( -name '*.sh' -o -name '*.lua' \) \
	-exec cp -p --parents -t "$2" {} +)
cp "$top/tests/lib.sh" "$2/"
cp "$top/tests/guest/lib.sh" "$2/guest/"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: splice.sh LINUX
#
# Copies KLua and its KUnit suites into the kernel source LINUX, as lib/klua,
# and makes it known to the kernel's build. Then, there,
#   tools/testing/kunit/kunit.py run --kunitconfig=lib/klua
# runs the suites, in a kernel that is a process (ARCH=um), or with
# --arch=x86_64 in QEMU. Anything that was in lib/klua before goes away.
set -eu
. "$(dirname "$0")/../vm/common.sh"

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
linux=$(CDPATH='' cd -- "$1" && pwd)
for file in lib/Kconfig lib/Makefile tools/testing/kunit/kunit.py; do
	[ -f "$linux/$file" ] || die "$linux: no $file, not a kernel with KUnit"
done

"$top/lua/import.sh"
to=$linux/lib/klua
rm -rf "$to"
mkdir "$to"
cd "$top"
# What the modules are made of; of the tests the suites only
find . \( -path ./build -o -path ./.git -o -path ./tests -o -path ./tools \
	-o -path ./examples \) -prune -o -type f \( -name '*.[chS]' \
	-o -name Kconfig \) ! -name '*.mod.c' \
	-exec cp --parents -t "$to" {} +
cp --parents -t "$to" tests/kunit/*.[ch]
cp tests/kunit/kunitconfig "$to/.kunitconfig"

# Objects are chosen by the configuration, and included files are looked for
# from the top of the source. The core has been imported.
# shellcheck disable=SC2016	# make expands these
in_tree()
{
	sed -e 's/^obj-m := klua\.o$/obj-$(CONFIG_KLUA) += klua.o/' \
	    -e 's/^obj-m :=/obj-$(CONFIG_KLUA_KUNIT_TEST) :=/' \
	    -e 's/\$(src)/$(srctree)\/$(obj)/g' \
	    -e '/^# Fetched and patched/,$d' "$1"
}
in_tree Kbuild >"$to/Kbuild"
# shellcheck disable=SC2016
echo 'obj-$(CONFIG_KLUA_KUNIT_TEST) += tests/kunit/' >>"$to/Kbuild"
in_tree tests/kunit/Kbuild >"$to/tests/kunit/Kbuild"

line='source "lib/klua/Kconfig"'
grep -qxF "$line" "$linux/lib/Kconfig" || echo "$line" >>"$linux/lib/Kconfig"
# shellcheck disable=SC2016
line='obj-$(CONFIG_KLUA) += klua/'
grep -qxF "$line" "$linux/lib/Makefile" || echo "$line" >>"$linux/lib/Makefile"

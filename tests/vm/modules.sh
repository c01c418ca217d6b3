#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: modules.sh [-s] KERNEL
#
# Builds klua.ko and every consumer module of the tree (a directory with its
# own Kbuild, such as examples/minimal) for build/kernels/KERNEL, in a copy of
# the sources at build/modules/KERNEL. Compiler, objtool and modpost warnings
# are printed and kept in build/modules/KERNEL.warnings.
#
# -s builds all of it anew with W=1 and sparse, at build/modules/KERNEL-strict.
set -eu
. "$(dirname "$0")/common.sh"

# sources DIRECTORY: "path<tab>time<tab>size" of what a module is made from
sources()
{
	(cd "$1" && find . \( -path ./build -o -path ./.git \) -prune -o \
		-type f \( -name '*.[chS]' -o -name Kbuild -o -name import.sh \
		-o -name '*.patch' -o -name .stamp \) ! -name '*.mod.c' -printf '%P\t%T@\t%s\n' | LC_ALL=C sort)
}

# copy: brings $src up to date, leaving alone what did not change so that
# kbuild compiles only what did
copy()
{
	cut -f 1 "$src/.sources.new" |
		(cd "$top" && xargs cp -p -u --parents -t "$src")
	sources "$src" | cut -f 1 | while read -r file; do
		[ -e "$top/$file" ] || rm -f "$src/$file"
	done
}

# compile DIRECTORY [SYMVERS]
compile()
{
	echo "== $1"
	make -C "$kdir" M="$1" -j"$(nproc)" KLUA="$src" \
		KBUILD_EXTRA_SYMBOLS="${2-}" ${strict:+W=1 C=2} modules
}

compile_all()
{
	compile "$src" || return 1
	for dir in $consumers; do
		compile "$src/$dir" "$src/Module.symvers" || return 1
	done
}

strict=
case ${1-} in
-h|--help) usage; exit 0;;
-s) strict=-strict; shift;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
kernel=$1
kdir=$build/kernels/$kernel/kdir
[ -e "$kdir/Makefile" ] || die "there is no kernel $build/kernels/$kernel"

src=$build/modules/$kernel$strict
log=$build/logs/modules-$kernel$strict.log
mkdir -p "$build/modules" "$build/logs"

# One build of one kernel's modules at a time
exec 9>"$src.lock"
flock 9
"$top/lua/import.sh" 9>&-

identity="$(realpath "$kdir") $(cksum <"$kdir/Module.symvers")"
if [ "$strict" ] || [ "$identity" != "$(cat "$src/.kernel" 2>/dev/null)" ]; then
	rm -rf "$src"
fi
mkdir -p "$src"
echo "$identity" >"$src/.kernel"
sources "$top" >"$src/.sources.new"
! cmp -s "$src/.sources.new" "$src/.sources" || exit 0

say "building the modules for the kernel '$kernel'"
copy
consumers=$(cd "$src" && find . -mindepth 2 -name Kbuild ! -path './lua/*' \
	-printf '%P\n' | sed 's|/Kbuild$||' | LC_ALL=C sort)
if ! compile_all >"$log" 2>&1 9>&-; then
	grep -iE 'error|undefined' "$log" | head -n 20 >&2 || true
	die "the modules do not build, see $log"
fi
grep -i 'warning' "$log" >"$src.warnings" || true
cat "$src.warnings" >&2
mv "$src/.sources.new" "$src/.sources"

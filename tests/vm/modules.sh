#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: modules.sh [-s] KERNEL [DIRECTORY]...
#
# Builds klua.ko, and the consumer modules below each DIRECTORY of the tree (by
# default all: whatever has a Kbuild of its own), for build/kernels/KERNEL. That
# happens in a copy of the sources, build/modules/KERNEL. Warnings of compiler,
# objtool and modpost are printed and kept in build/modules/KERNEL.warnings.
#
# -s builds all of it anew, at build/modules/KERNEL-strict, with W=1, sparse, and
# a warning for each function that takes more than 1 KiB of the stack.
set -eu
. "$(dirname "$0")/common.sh"

# sources DIRECTORY: "path<tab>time<tab>size" of what a module is made from
sources()
{
	(cd "$1" && find . \( -path ./build -o -path ./.git \) -prune -o \
		-type f \( -name '*.[chS]' -o -name Kbuild -o -name import.sh \
		-o -name '*.patch' -o -name .stamp \) ! -name '*.mod.c' \
		-printf '%P\t%T@\t%s\n' | LC_ALL=C sort)
}

# copy: brings $src up to date, leaving alone what did not change so that
# kbuild compiles only what did
copy()
{
	cut -f 1 "$src.sources" |
		(cd "$top" && xargs cp -p -u --parents -t "$src")
	sources "$src" | cut -f 1 | while read -r file; do
		[ -e "$top/$file" ] || rm -f "$src/$file"
	done
}

# kmake ARG...: by the compiler of the kernel, where it brought one, or by the one that
# plain "make" chooses
kmake()
{
	dir=$(realpath "$build/kernels/$kernel")
	if [ ! -d "$dir/root" ]; then
		# shellcheck disable=SC2046	# one word, or none
		make -C "$kdir" $(make -s -f "$top/Makefile" KDIR="$kdir" llvm) "$@"
		return
	fi
	inside=$(realpath "$kdir")
	# shellcheck disable=SC2046	# one word for each variable of make's
	"$top/tests/vm/inside.sh" "$dir/root" make -C "${inside#"$dir/root"}" \
		$(cat "$dir/make") "$@"
}

# compile DIRECTORY [SYMVERS]: unless it has been since the sources changed
compile()
{
	[ ! -e "$1/.built" ] || return 0
	say "building ${1#"$build/"}"
	status=0
	kmake M="$1" -j"$(nproc)" KLUA="$src" \
		KBUILD_EXTRA_SYMBOLS="${2-}" \
		${strict:+W=1 C=2 CF=-Wno-external-function-has-definition} \
		${strict:+KCFLAGS=-Wframe-larger-than=1024} \
		modules </dev/null >"$log" 2>&1 9>&- || status=$?
	cat "$log" >>"$log.all"
	# After an error of its own sparse warns of nothing any more.
	grep -iE 'warning|: error: ' "$log" >>"$src.warnings" || true
	if [ "$status" -ne 0 ]; then
		grep -iE 'error|undefined' "$log" | head -n 20 >&2 || true
		cp "$log" "$log.failed"
		say "${1#"$build/"} does not build, see $log.failed"
		return 1
	fi
	touch "$1/.built"
}

strict=
case ${1-} in
-h|--help) usage; exit 0;;
-s) strict=-strict; shift;;
esac
[ $# -gt 0 ] || { usage >&2; exit 2; }
kernel=$1
shift
[ $# -gt 0 ] || set -- .
kdir=$build/kernels/$kernel/kdir
[ -e "$kdir/Makefile" ] || die "there is no kernel $build/kernels/$kernel"

src=$build/modules/$kernel$strict
log=$build/logs/modules-$kernel$strict.log
mkdir -p "$build/modules" "$build/logs"

# One build of one kernel's modules at a time
exec 9>"$src.lock"
flock 9
"$top/lua/import.sh" 9>&-

# A warning comes only when what it is about is compiled: while there are some,
# all is compiled anew.
identity="$(realpath "$kdir") $(cksum <"$kdir/Module.symvers")"
sources "$top" >"$src.sources"
stale=
cmp -s "$src.sources" "$src/.sources" || stale=1
if [ "$strict" ] || [ "$identity" != "$(cat "$src/.kernel" 2>/dev/null)" ] ||
   { [ "$stale" ] && [ -s "$src.warnings" ]; }; then
	rm -rf "$src"
	stale=1
fi
if [ "$stale" ]; then
	mkdir -p "$src"
	copy
	find "$src" -name .built -delete
	echo "$identity" >"$src/.kernel"
	: >"$src.warnings"
	: >"$log.all"
	mv "$src.sources" "$src/.sources"
fi

compile "$src" || exit 2
for dir; do
	(cd "$src" && find "$dir" -mindepth 1 -name Kbuild ! -path './Kbuild' \
		! -path '*/lua/*' -printf '%h\n') | LC_ALL=C sort
done >"$src.consumers"
failed=
while read -r dir; do
	compile "$src/${dir#./}" "$src/Module.symvers" || failed=1
done <"$src.consumers"
cat "$src.warnings" >&2
[ -z "$failed" ] || exit 2

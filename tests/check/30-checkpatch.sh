#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 900
#
# The kernel's own style checker finds nothing. It is taken out of Debian's
# package of the kernel's source, once.
set -- '*.c' '*.h' '*.S'
. "$(dirname "$0")/lib.sh"

package=linux-source-6.1
tests/vm/need.sh check || exit 1
deb=$(tests/vm/debs.sh "$package") || exit 1
cache=${KLUA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/klua}
dir=$cache/checkpatch-$(basename "$deb" .deb)

if [ ! -e "$dir" ]; then
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$tmp" --strip-components=2 \
			"$package/scripts/checkpatch.pl" \
			"$package/scripts/spelling.txt" \
			"$package/scripts/const_structs.checkpatch" || exit 1
	mv -T "$tmp" "$dir" || exit 1
fi

# What a kind of file cannot follow: the core's macros replace Lua's own, and
# programs are no kernel code.
style()
{
	local ignore=
	case $1 in
	lua/*|luaconf.h|internal.h|compat.h)
		ignore=MACRO_ARG_REUSE,ARRAY_SIZE,AVOID_BUG,COMPLEX_MACRO
		ignore=$ignore,PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES
		ignore=$ignore,SPACING,LONG_LINE,EXPORT_SYMBOL
		# Of these some are compiled outside the kernel, too.
		ignore=$ignore,BIT_MACRO,NEW_TYPEDEFS ;;
	tests/address/*|tests/bench/native/*|tests/fuzz/*|tests/netlink/*|tests/alloc/*|tests/numbers/*|tools/*)
		ignore=PREFER_KERNEL_TYPES,AVOID_EXTERNS,ARRAY_SIZE,VOLATILE
		ignore=$ignore,PREFER_DEFINED_ATTRIBUTE_MACRO,NEW_TYPEDEFS,LINE_SPACING,SPACING ;;
	# It looks at a lock before it tries to take it, and asserts nothing.
	enter.c)
		ignore=USE_LOCKDEP ;;
	# Walks of kinds, which are plain variables, and Lua in strings
	tests/kunit/*)
		ignore=MACRO_ARG_REUSE,REPEATED_WORD,PARENTHESIS_ALIGNMENT
		ignore=$ignore,OPEN_ENDED_LINE ;;
	# Its macros take the place of the manager's own functions and loops.
	tests/torture/busted.c)
		ignore=MACRO_ARG_REUSE,SPACING ;;
	# Interrupts are off.
	tests/irq/*)
		ignore=USLEEP_RANGE,LINE_SPACING ;;
	examples/syscount/*)
		ignore=LINE_SPACING ;;
	# The hash is the core's, and takes its types.
	tests/hash/*)
		ignore=PREFER_KERNEL_TYPES,NEW_TYPEDEFS,ARRAY_SIZE ;;
	esac
	perl "$dir/checkpatch.pl" --no-tree --no-summary --strict --show-types \
		--terse ${ignore:+--ignore $ignore} --file "$1"
}
each style

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Builds of klua.ko and klua_bench.ko beside each other, for run.sh and time.sh:
# each from a tree of its own below build/bench. After tests/vm/common.sh.
# shellcheck disable=SC2154	# top and build are common.sh's

bench=tests/bench

# scripts_of DIRECTORY: its scripts, by their rows' names
scripts_of()
{
	local file
	for file in "$top/$bench/scripts/$1"/*.lua; do
		echo "$1/$(basename "$file" .lua)"
	done
}

# kbuild BUILD DIRECTORY [VARIABLE]...: the modules of a directory
kbuild()
{
	local log=$build/logs/bench-$1.log dir=$2
	shift 2
	make -C "$build/kernels/stock/kdir" M="$dir" -j"$(nproc)" "$@" \
		modules </dev/null >"$log" 2>&1 || die "it does not build, see $log"
}

# compile BUILD SOURCES [VARIABLE]...: klua.ko and our klua_bench.ko for it
compile()
{
	local name=$1 src=$2
	shift 2
	say "building $name"
	lua/import.sh
	LUA_TARBALL=${LUA_TARBALL:-$build/lua/lua-5.3.6.tar.gz} "$src/lua/import.sh"
	kbuild "$name" "$src" "$@"
	kbuild "$name" "$src/$bench" KLUA="$src" \
		KBUILD_EXTRA_SYMBOLS="$src/Module.symvers" "$@"
}

# checkout REVISION DIRECTORY: its tree; objects of an earlier run are kept
checkout()
{
	local id
	id=$(git rev-parse --verify --quiet "$1^{commit}") ||
		die "there is no revision $1"
	[ "$id" != "$(cat "$2/.revision" 2>/dev/null)" ] || return 0
	rm -rf "$2"
	mkdir -p "$2"
	git archive "$id" | tar -x -C "$2"
	echo "$id" >"$2/.revision"
}

# copy DIRECTORY: the tree as it is, what did not change left alone
copy()
{
	mkdir -p "$1"
	rm -rf "$1/lua/patches"
	git ls-files -co --exclude-standard -- Kbuild '*.[chS]' lua uapi |
		xargs cp -p -u --parents -t "$1"
}

copy_bench()	# DIRECTORY
{
	mkdir -p "$1/$bench"
	cp -p -u "$bench"/*.[ch] "$bench/Kbuild" "$1/$bench/"
}

# into_file FILE NAME TABLES: puts tables between the two lines of that name
into_file()
{
	local new
	new=$(awk -v name="$2" -v tables="$3" '
		$0 == "<!-- end of " name " -->" { inside = 0 }
		!inside { print }
		$0 == "<!-- " name " -->" {
			inside = 1
			while ((getline line <tables) > 0) print line
		}' "$1") && printf '%s\n' "$new" >"$1"
}

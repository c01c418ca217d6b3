#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build one of the debug kernels the tests boot, from Debian's kernel source.
#
# A kernel takes minutes to build and never changes until its configuration,
# the source or the compiler does. So it is built once into a cache that all
# clones of this project share, under a name made of those three, and a clone
# holds a link to it.

set -euo pipefail
export LC_ALL=C

readonly package=linux-source-6.1
# What a build needs beyond dpkg and coreutils
readonly packages=(apt bc binutils bison flex gcc libc6-dev libelf-dev make
		   perl tar util-linux xz-utils)
readonly commands=(apt-get apt-cache bc ld bison flex gcc make perl tar setsid
		   flock xz)
# Part of a cached kernel's name: raise it when this script builds or keeps
# something else than before from the same input
readonly recipe=1
readonly need_mib=4096

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly out=${here%/tests/vm}/build/kernels
readonly cache=${KLUA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/klua}

jobs=$(nproc)
work=
job=

usage()
{
	cat <<END
Usage: ${0##*/} [-j N] NAME
       ${0##*/} --packages

Build the debug kernel NAME ($(names)) from Debian's $package,
unless the cache has it, and link it to build/kernels/NAME:

  bzImage    boots under QEMU
  kdir       builds modules: make -C build/kernels/NAME/kdir M=DIR
  release    what uname -r says in it

The package is downloaded with apt-get download, never installed. The log of
a build is build/kernels/NAME.log.

  -j N        run N jobs at once (default: $jobs)
  --packages  print the Debian packages that a build needs
  -h, --help  print this text

Environment:
  KLUA_CACHE        where kernels are kept; removing it is always safe
                    (default: \$XDG_CACHE_HOME/klua or ~/.cache/klua)
  LINUX_SOURCE_DEB  a $package package to take instead of apt's

Exit status: 0 when build/kernels/NAME is ready, 1 on failure, 2 on wrong use.
END
}

say()
{
	echo "build-kernel: $*" >&2
}

die()
{
	say "error: $*"
	exit 1
}

wrong_use()
{
	say "$* (see --help)"
	exit 2
}

# Every fragment but the base is a kernel
names()
{
	local f list=

	for f in "$here"/kernel-*.config; do
		f=${f##*/kernel-}
		[ "$f" = base.config ] || list+="${list:+, }${f%.config}"
	done
	echo "$list"
}

check_tools()
{
	local c missing=()

	for c in "${commands[@]}"; do
		command -v "$c" >/dev/null || missing+=("$c")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "not found: ${missing[*]}; needed: apt-get install ${packages[*]}"
	echo '#include <gelf.h>' | gcc -E - >/dev/null 2>&1 ||
		die "gelf.h not found; needed: apt-get install libelf-dev libc6-dev"
}

# The lines that the final configuration must contain, comments dropped
wanted()
{
	grep -hE '^(CONFIG_|# CONFIG_[A-Z0-9_]+ is not set$)' \
		"$here/kernel-base.config" "$here/kernel-$name.config"
}

source_version()
{
	if [ -n "${LINUX_SOURCE_DEB:-}" ]; then
		[ "$(dpkg-deb -f "$LINUX_SOURCE_DEB" Package)" = "$package" ] ||
			die "LINUX_SOURCE_DEB=$LINUX_SOURCE_DEB is not a $package package"
		dpkg-deb -f "$LINUX_SOURCE_DEB" Version
	else
		apt-cache show --no-all-versions "$package" 2>/dev/null |
			sed -n 's/^Version: //p'
	fi
}

# Leave the package in $deb
fetch()
{
	local dir

	if [ -n "${LINUX_SOURCE_DEB:-}" ]; then
		deb=$LINUX_SOURCE_DEB
		return
	fi
	deb=$cache/${package}_${version//:/%3a}_all.deb
	[ ! -e "$deb" ] || return 0
	say "downloading $package $version"
	dir=$work/download
	mkdir "$dir"
	# apt checks the signature; its own user cannot write to our directory
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download \
		"$package=$version") ||
		die "apt-get download $package=$version failed; try apt-get update"
	mv "$dir"/*.deb "$deb"
}

unpack()
{
	say "unpacking $package $version"
	mkdir "$work/linux"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$work/linux" --strip-components=1 ||
		die "cannot unpack $deb"
}

# kbuild would take ARCH, M, O, MAKEFLAGS and more from the environment of the
# make that may have called us
kmake()
{
	exec setsid env -i PATH="$PATH" HOME="$HOME" LC_ALL=C \
		KBUILD_BUILD_USER=klua KBUILD_BUILD_HOST=klua \
		make -C "$work/linux" -j "$jobs" "$@" </dev/null >>"$log" 2>&1
}

# Run kmake in a process group of its own, so that cleanup() can end it
run()
{
	local start=$SECONDS last=$SECONDS status=0

	kmake "$@" &
	job=$!
	while kill -0 "$job" 2>/dev/null; do
		sleep 1
		[ $((SECONDS - last)) -ge 60 ] || continue
		last=$SECONDS
		say "$(grep -cE '^  (CC|AS) ' "$log") files compiled in" \
			"$(((SECONDS - start) / 60)) min"
	done
	wait "$job" || status=$?
	job=
	[ $status -eq 0 ] && return
	tail -n 20 "$log" >&2
	die "make $* failed with status $status; all of it is in $log"
}

configure()
{
	local missed

	wanted >"$work/wanted"
	run KCONFIG_ALLCONFIG="$work/wanted" allnoconfig
	# Kconfig drops without a word what it does not know or cannot satisfy
	missed=$(grep -vxFf "$work/linux/.config" "$work/wanted") || return 0
	die "these lines of kernel-base.config or kernel-$name.config do not" \
		"hold in the configuration of $package $version:"$'\n'"$missed"
}

# What a build of external modules reads, and no more
pack_kdir()
{
	cd "$work/linux"
	{
		find . arch/x86 -maxdepth 1 -name 'Makefile*'
		find include scripts arch/x86/include \
			\( -type f -o -type l \) ! -name '*.o' ! -name '*.a'
		echo .config
		echo Module.symvers
		echo tools/objtool/objtool
	} | tar -c --no-recursion -T - | tar -x -C "$work/out/kdir"
}

build()
{
	local start=$SECONDS deb

	work=$(mktemp -d "$cache/.build-XXXXXXXX")
	: >"$log"
	fetch
	unpack
	say "configuring $name"
	configure
	say "compiling $name with $jobs jobs"
	run bzImage modules
	mkdir -p "$work/out/kdir"
	cp "$work/linux/arch/x86/boot/bzImage" "$work/out/bzImage"
	cp "$work/linux/include/config/kernel.release" "$work/out/release"
	(pack_kdir) || die "cannot pack the tree for modules"
	mv -T "$work/out" "$entry"
	say "built $name, $(cat "$entry/release"), in $((SECONDS - start)) s"
}

cleanup()
{
	if [ -n "$job" ]; then
		kill -TERM -- "-$job" 2>/dev/null || true
		wait "$job" 2>/dev/null || true
	fi
	[ -z "$work" ] || rm -rf "$work"
}

# One build at a time in the cache. A make that outlives a killed script keeps
# the lock, so what is found here once we hold it is nobody's.
locked_build()
{
	local avail

	mkdir -p "$cache" || die "cannot make the cache directory $cache"
	exec 9>"$cache/lock"
	if ! flock -n 9; then
		say "waiting for another build in $cache"
		flock 9
	fi
	[ ! -e "$entry" ] || return 0
	rm -rf "$cache"/.build-*
	avail=$(df -m --output=avail "$cache" | tail -n 1)
	[ "$avail" -ge $need_mib ] ||
		die "$cache has $avail MiB left, a build needs $need_mib"
	trap cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	build
}

name=
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--packages)
		echo "${packages[*]}"
		exit 0
		;;
	-j*)
		jobs=${1#-j}
		if [ -z "$jobs" ]; then
			jobs=${2:-}
			shift
		fi
		[[ $jobs =~ ^[1-9][0-9]*$ ]] || wrong_use "-j needs a number"
		;;
	-*)
		wrong_use "unknown option $1"
		;;
	*)
		[ -z "$name" ] || wrong_use "one kernel at a time"
		name=$1
		;;
	esac
	shift
done
[ -n "$name" ] || wrong_use "which kernel? One of $(names)"
[[ ", $(names), " == *", $name, "* ]] ||
	wrong_use "no kernel is called '$name'; there are $(names)"

check_tools
version=$(source_version)
[ -n "$version" ] ||
	die "apt knows no $package: run apt-get update, or set LINUX_SOURCE_DEB"
key=$({
	wanted
	echo "$recipe"
	gcc --version | head -n 1
	ld --version | head -n 1
} | sha256sum | cut -c 1-12)
entry=$cache/kernel-$name-${version//:/%3a}-$key
log=$out/$name.log

mkdir -p "$out"
[ -e "$entry" ] || locked_build
ln -sfnT "$entry" "$out/.$name.$$"
mv -T "$out/.$name.$$" "$out/$name"
say "build/kernels/$name is $(cat "$entry/release")"

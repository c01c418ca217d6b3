#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What KLua cannot be built for, or with, is said in one line, with exit status
# 2, and nothing is left half-made. A stand-in for a kernel's build directory reads
# Kbuild as a kernel of that kind would.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$top" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
lua/import.sh || exit 1
mkdir "$tmp/tree" "$tmp/kdir"
cp -p --parents Makefile Kbuild tools/room.sh "$tmp/tree/"
cp -rp lua "$tmp/tree/"
gcc=$(gcc -dumpversion)
gcc=${gcc%%.*}

# kernel SETTING...: what the Makefile and the configuration of one set
kernel()
{
	# shellcheck disable=SC2016	# make expands it
	printf '%s\n' 'obj = $(M)' 'CC = gcc' CONFIG_CC_IS_GCC=y \
		"CONFIG_GCC_VERSION=${gcc}0100" "$@" 'include $(M)/Kbuild' \
		'.PHONY: modules' 'modules: ; @touch $(M)/built' \
		>"$tmp/kdir/Makefile"
	: >"$tmp/kdir/Module.symvers"
}

# build ARGUMENT...: sets status, said, left; looks for programs in $bin first
bin=
build()
{
	find "$tmp/tree" | sort >"$tmp/before"
	said=$(env -u MAKEFLAGS -u MAKELEVEL -u KDIR PATH="$bin$PATH" \
		make -C "$tmp/tree" KDIR="$tmp/kdir" "$@" 2>&1)
	status=$?
	said=$(echo "$said" | grep -v '^make')
	left=$(find "$tmp/tree" | sort | diff "$tmp/before" -)
}

# refused WHAT LINE ARGUMENT...
refused()
{
	what=$1 line=$2
	shift 2
	build "$@"
	is "$what: status" 2 $status
	like "$what: says so" "$line" "$said"
	is "$what: in one line" 1 "$(echo "$said" | wc -l)"
	is "$what: leaves nothing" '' "$left"
}

new='VERSION=6 PATCHLEVEL=1 KERNELRELEASE=6.1.0 SRCARCH=x86'
# shellcheck disable=SC2086	# one word for each setting
kernel $new CONFIG_X86_64=y
build
check "a kernel that is right is none of these" test -e "$tmp/tree/built"
rm -f "$tmp/tree/built"

kernel VERSION=5 PATCHLEVEL=4 KERNELRELEASE=5.4.7 SRCARCH=x86 CONFIG_X86_64=y
refused "an old kernel" "*KLua needs Linux 5.10 or later, and this is 5.4.7*"
kernel VERSION=4 PATCHLEVEL=19 KERNELRELEASE=4.19.1 SRCARCH=x86 CONFIG_X86_64=y
refused "an older one" "*KLua needs Linux 5.10 or later, and this is 4.19.1*"

kernel VERSION=6 PATCHLEVEL=1 KERNELRELEASE=6.1.0 SRCARCH=s390 CONFIG_64BIT=y
refused "another architecture" "*KLua runs on x86-64, arm64 and riscv64, *s390*"
kernel VERSION=6 PATCHLEVEL=1 KERNELRELEASE=6.1.0 SRCARCH=x86 CONFIG_X86_32=y
refused "32 bits" "*KLua runs on x86-64, arm64 and riscv64, and*"
kernel VERSION=6 PATCHLEVEL=1 KERNELRELEASE=6.1.0 SRCARCH=riscv CONFIG_RISCV=y
refused "RISC-V with 32 bits" "*KLua runs on x86-64, arm64 and riscv64, *riscv*"

kernel VERSION=6 PATCHLEVEL=1 KERNELRELEASE=6.1.0 SRCARCH=x86 CONFIG_ARM64=y
refused "a kernel of another architecture, without a word of that" \
	"*This kernel is for arm64, and make compiles for x86: say ARCH=arm64, and *"
kernel VERSION=6 PATCHLEVEL=1 KERNELRELEASE=6.1.0 SRCARCH=um CONFIG_X86_64=y
build
check "a kernel that is a process is none" test -e "$tmp/tree/built"
rm -f "$tmp/tree/built"

# shellcheck disable=SC2086
kernel $new CONFIG_X86_64=y
refused "no compiler of that name" \
	"*There is no compiler gcc-none: say CC=, or LLVM= for clang*" CC=gcc-none
# shellcheck disable=SC2086
kernel $new CONFIG_X86_64=y CONFIG_GCC_VERSION=90300
refused "another gcc" "*This kernel was compiled by gcc 9, and gcc is gcc $gcc: say CC=*"
# shellcheck disable=SC2086
kernel $new CONFIG_X86_64=y CONFIG_CC_IS_GCC= CONFIG_CC_IS_CLANG=y \
	CONFIG_CLANG_VERSION=140006
refused "a kernel that clang compiled" \
	"*This kernel was compiled by clang 14, and gcc is gcc $gcc: *LLVM= for clang*"

# llvm VERSION: what make tells a kernel that this clang compiled, where the tools
# have 19 in their names
mkdir -p "$tmp/kdir/include/config" "$tmp/bin"
printf '#!/bin/sh\n' >"$tmp/bin/ld.lld-19"
chmod +x "$tmp/bin/ld.lld-19"
llvm()
{
	# shellcheck disable=SC2016	# make expands it
	echo 'modules: ; @echo "[$(LLVM)]"' >"$tmp/kdir/Makefile"
	echo "CONFIG_CLANG_VERSION=$1" >"$tmp/kdir/include/config/auto.conf"
	shift
	bin=$tmp/bin:
	build -s "$@"
	echo "$said"
}
is "a kernel that gcc compiled takes no LLVM" "[]" "$(llvm 0)"
is "one that clang compiled takes the tools of its version" "[-19]" \
	"$(llvm 190107)"
is "or those without a version" "[1]" "$(llvm 180103)"
is "or what is asked for" "[-20]" "$(llvm 190107 LLVM=-20)"
rm -r "$tmp/kdir/include"

# shellcheck disable=SC2086
kernel $new CONFIG_X86_64=y
rm "$tmp/kdir/Module.symvers"
refused "headers without Module.symvers" \
	"$tmp/kdir has no Module.symvers: KLua would not load. Build *"
rm "$tmp/kdir/Makefile"
refused "no headers" "No kernel headers at $tmp/kdir.*"

# full FILE...: make on a disk of 12 MiB, where these are already: what it says, its
# status, and which of them is there then
# shellcheck disable=SC2016	# the shell inside expands it
full()
{
	env -u MAKEFLAGS -u MAKELEVEL unshare -rm sh -c '
		tmp=$1
		shift
		mount -t tmpfs -o size=12m none "$tmp/disk" &&
		cp -r "$tmp/tree" "$tmp/disk/" && cd "$tmp/disk/tree" || exit
		touch none "$@"
		make -s KDIR="$tmp/kdir" 2>&1 | grep -v "^make"
		ls built none "$@" 2>/dev/null' sh "$tmp" "$@"
}
# shellcheck disable=SC2086
kernel $new CONFIG_X86_64=y
mkdir "$tmp/disk"
if unshare -rm true 2>/dev/null; then
	like "a disk that is nearly full is said in one line, and nothing is begun" \
		"KLua needs 40 MiB of disk, and $tmp/disk/tree has [0-9]*
none" "$(full)"
	is "where the module was built once there is room enough" "built
klua.ko
none" "$(full klua.ko)"
else
	skip "a disk that is nearly full" "no unshare -rm here"
fi

# Where no package can be fetched, the core cannot.
# shellcheck disable=SC2086
kernel $new CONFIG_X86_64=y
rm -rf "$tmp/tree/lua/src"
mkdir "$tmp/none"
for tool in apt-get curl wget; do
	printf '#!/bin/sh\nexit 100\n' >"$tmp/none/$tool"
	chmod +x "$tmp/none/$tool"
done
mkdir -p "$tmp/tree/build/lua"
: >"$tmp/tree/build/lua/.lock"
said=$(env -u MAKEFLAGS -u MAKELEVEL -u LUA_TARBALL PATH="$tmp/none:$PATH" \
	make -s -C "$tmp/tree" KDIR="$tmp/kdir" 2>&1)
is "no network: status" 2 $?
said=$(echo "$said" | grep -vE '^make|^  FETCH ')
like "no network: says so" "import.sh: cannot download lua-5.3.6.tar.gz *" "$said"
is "no network: in one line" 1 "$(echo "$said" | wc -l)"
check "no network: leaves no core" test ! -e "$tmp/tree/lua/src"


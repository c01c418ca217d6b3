#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: need.sh SET...
#
# Checks that this machine has the tools of each SET, and installs those it
# lacks with apt-get after saying which. Sets: build (compile the module),
# vm (boot it), vm-arm64, vm-riscv64 (other machines), kernels (compile the debug
# kernels), kernel-clang, kernel-arm64 (and these), intree (compile KLua in kernel
# sources), check (check the style), fuzz (fuzz the Lua core in user space), time
# (what the benchmark in user space compares with), tool (check the program klua),
# deb (make Debian packages), system (install Debian in a directory).
set -eu
. "$(dirname "$0")/common.sh"

# tools SET: one "what:package" a line; what is a command or a file
tools()
{
	case $1 in
	build)	echo "make:make gcc:gcc ld:binutils perl:perl patch:patch" \
		     "/usr/include/stdio.h:libc6-dev" \
		     "$(lib libelf.so.1):libelf1" ;;
	vm)	echo "qemu-system-x86_64:qemu-system-x86 cpio:cpio" \
		     "readelf:binutils make:make gcc:gcc pkg-config:pkgconf" \
		     "/usr/include/libmnl/libmnl.h:libmnl-dev" \
		     "/usr/include/editline/readline.h:libedit-dev" \
		     "/usr/include/json-c/json.h:libjson-c-dev"
		# With apt these come as packages that are not installed.
		command -v apt-get >/dev/null ||
			echo "busybox:busybox-static dnsmasq:dnsmasq-base" ;;
	vm-amd64) ;;
	vm-arm64) echo "qemu-system-aarch64:qemu-system-arm" ;;
	vm-riscv64) echo "qemu-system-riscv64:qemu-system-misc" \
		     "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin:opensbi" ;;
	kernels)
		echo "bc:bc bison:bison flex:flex xz:xz-utils perl:perl" \
		     "/usr/include/libelf.h:libelf-dev" \
		     "/usr/include/openssl/opensslv.h:libssl-dev" ;;
	kernel-arm64)
		tools kernels
		tools vm-arm64
		echo "aarch64-linux-gnu-gcc-12:gcc-12-aarch64-linux-gnu" ;;
	kernel-clang)
		tools kernels
		echo "clang-19:clang-19 ld.lld-19:lld-19 llvm-nm-19:llvm-19" ;;
	intree)	tools kernels
		echo "python3:python3" \
		     "aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu" \
		     "riscv64-linux-gnu-gcc:gcc-riscv64-linux-gnu" ;;
	check)	echo "perl:perl shellcheck:shellcheck mandoc:mandoc sparse:sparse" \
		     "xz:xz-utils" ;;
	tool)	echo "clang:clang cppcheck:cppcheck valgrind:valgrind" ;;
	deb)	tools vm
		echo "dpkg-buildpackage:dpkg-dev dh:debhelper dh_dkms:dh-dkms" \
		     "lintian:lintian dkms:dkms $(kernel_doc)" ;;
	system)	echo "debootstrap:debootstrap" ;;
	time)	echo "lua5.3:lua5.3 lua5.4:lua5.4 taskset:util-linux" ;;
	fuzz)	echo "clang:clang $(libfuzzer):libclang-rt-14-dev" ;;
	*)	die "no such set of tools: $1" ;;
	esac
}

# libfuzzer: where it is, for whichever clang, or where it would be
libfuzzer()
{
	file=libclang_rt.fuzzer-x86_64.a
	for dir in /usr/lib/llvm-*/lib/clang/*/lib/linux; do
		[ ! -e "$dir/$file" ] || { echo "$dir/$file"; return; }
	done
	echo "/usr/lib/llvm-14/lib/clang/14/lib/linux/$file"
}

# kernel_doc: the script that some kernel's headers came with
kernel_doc()
{
	for file in /usr/lib/linux-kbuild-*/scripts/kernel-doc; do
		echo "$file:linux-headers-$(dpkg --print-architecture)"
		return
	done
}

# lib NAME: where the dynamic linker finds it, or a name that exists nowhere
lib()
{
	for dir in /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib64 \
		   /usr/lib64 /usr/lib; do
		[ ! -e "$dir/$1" ] || { echo "$dir/$1"; return; }
	done
	echo "/lib64/$1"
}

present()
{
	case $1 in
	/*)	[ -e "$1" ];;
	*)	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null;;
	esac
}

missing=
packages=
add()
{
	case " $packages " in
	*" $2 "*) ;;
	*) packages="$packages $2" ;;
	esac
	missing="$missing $1"
}

case ${1-} in
-h|--help) usage; exit 0;;
'') usage >&2; exit 2;;
esac

for set in "$@"; do
	for tool in $(tools "$set"); do
		present "${tool%%:*}" || add "${tool%%:*}" "${tool#*:}"
	done
done
[ "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	cat >&2 <<-EOF
	$prog: this machine lacks:$missing
	(Debian's names for the packages:$packages)
	There is no apt-get here to install them with: please do it by hand.
	What would be downloaded as Debian packages can be given instead:
	  KERNEL=bzImage KDIR=dir  a kernel to boot and its build directory
	  LUA_TARBALL=file         lua-5.3.6.tar.gz
	EOF
	exit 2
fi

say "this machine lacks:$missing"
say "installing the Debian packages:$packages"
# What that has to say must not go to the log.
as_root true
# Another run may be installing at the same time: that is waited for.
# shellcheck disable=SC2086	# one word for each package
install()
{
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=900 \
		install $packages </dev/null >"$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install; then
	say "apt's package lists may be too old: apt-get update"
	as_root apt-get -q update </dev/null >"$log" 2>&1 || true
	install || die "cannot install$packages:" \
		"$(grep -m 1 '^E:' "$log" || tail -n 1 "$log")"
fi

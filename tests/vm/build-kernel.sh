#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: build-kernel.sh [-j JOBS] NAME
#        build-kernel.sh --packages
#
# Compiles the debug kernel NAME (kasan, kcsan, clang or kasan-arm64) from Debian's
# kernel source, which it downloads but does not install, and links it to
# build/kernels/NAME:
#   bzImage	the kernel, whatever its format
#   kdir	KDIR for modules
#   release	what uname -r says in it
# and, for another architecture, root, arch, triplet, compiler and make, which are those
# of Debian's kernel for it (debian.sh).
#
# What is compiled in says kernel-base.config with kernel-NAME.config, and for
# NAME-ARCHITECTURE kernel-NAME.config between them: a later line holds. As this
# takes minutes, the result is kept in the cache for all clones, under a name
# made of what went into it. The compiler's words go to build/kernels/NAME.log.
#
#   -j JOBS	how many at once (one for each processor)
#   --packages	prints the Debian packages a build needs, and does nothing
set -eu
export LC_ALL=C
. "$(dirname "$0")/common.sh"

# Part of the result's name: to be raised when this script makes something
# else than before from the same input.
recipe=1
# MiB of disk while compiling: 1500 are source, 650 objects
need=3072
# "what:package", what is a command or a file
tools="bc:bc bison:bison dpkg-deb:dpkg flex:flex flock:util-linux gcc:gcc
       ld:binutils make:make perl:perl tar:tar xz:xz-utils
       /usr/include/stdio.h:libc6-dev /usr/include/gelf.h:libelf-dev"

here=$top/tests/vm
kernels=$build/kernels
jobs=$(nproc)
name=
work=
job=

# Every fragment but the base is a kernel.
names()
{
	for fragment in "$here"/kernel-*.config; do
		fragment=${fragment##*/kernel-}
		[ "$fragment" = base.config ] || echo "${fragment%.config}"
	done
}

present()
{
	case $1 in
	/*)	[ -e "$1" ];;
	*)	command -v "$1" >/dev/null;;
	esac
}

# particulars: of the kernel $name. $suite is Debian's that has the source, where that
# is not this machine's own; $llvm is what the names of clang's tools end with; $arch
# the kernel's name for the architecture, $image the file that boots, $prefix what the
# names of its binutils begin with, and $cross what make is told for an architecture that
# is not this machine's. kbuild warns where a module's compiler has another name than the
# kernel's, so $compiler is that of Debian's kernel ("make", see above).
particulars()
{
	source=linux-source-6.1
	suite=
	llvm=
	arch=x86
	image=bzImage
	prefix=
	compiler=gcc
	cross=
	case $name in
	clang)
		# Linux 6.1 checks indirect calls on arm64 only.
		source=linux-source-6.12
		suite=bookworm-backports
		llvm=-19
		tools="$tools clang$llvm:clang$llvm ld.lld$llvm:lld$llvm \
		       llvm-nm$llvm:llvm$llvm" ;;
	*-arm64)
		arch=arm64
		image=Image.gz
		prefix=aarch64-linux-gnu-
		compiler=${prefix}gcc-12
		cross="ARCH=arm64 CROSS_COMPILE=$prefix CC=$compiler"
		tools="$tools $compiler:gcc-12-aarch64-linux-gnu" ;;
	esac
}

# packages [missing]: those of $tools, or those of what this machine lacks
packages()
{
	for tool in $tools; do
		[ "${1-}" ] && present "${tool%%:*}" || echo "${tool#*:}"
	done | tr '\n' ' '
}

# What make is told beyond the configuration: KCSAN watches the modules and, of
# the kernel, what works on their memory or orders their accesses. Watched as a
# whole the kernel reports races of its own, between its timers for one, in any
# test that takes a minute.
# shellcheck disable=SC2016	# make expands it, in each directory
overrides()
{
	[ "$name" = kcsan ] || return 0
	watched='lib lib/% kernel/locking kernel/rcu'
	printf '%s' 'KCSAN_SANITIZE=$(if $(filter '"$watched"',$(obj)),y,n)'
}

# renamed: the lines of kernel-base.config as newer kernels have them
renamed()
{
	if [ "$source" = linux-source-6.1 ]; then
		cat
		return
	fi
	sed -E '/^CONFIG_(BASE_FULL|RANDOM_TRUST_CPU)=/d
		s/^CONFIG_(RETPOLINE|RETHUNK|SLS)=/CONFIG_MITIGATION_\1=/'
}

# fragments: the files that say what is compiled in, the last one last
fragments()
{
	echo "$here/kernel-base.config"
	[ "$name" = "${name%-arm64}" ] || echo "$here/kernel-${name%-arm64}.config"
	echo "$here/kernel-$name.config"
}

# The lines that the kernel's .config has to contain, one for each option
wanted()
{
	# shellcheck disable=SC2046	# one word for each file
	awk '
	/^CONFIG_[A-Z0-9_]+=/ { option = substr($0, 1, index($0, "=") - 1) }
	/^# CONFIG_[A-Z0-9_]+ is (not set|another machine.s)$/ { option = $2 }
	option {
		if (!(option in line))
			order[++n] = option
		line[option] = /another machine.s$/ ? "" : $0
		option = ""
	}
	END {
		for (i = 1; i <= n; i++)
			if (line[order[i]])
				print line[order[i]]
	}' $(fragments) | renamed
}

# compilers: which they are
compilers()
{
	if [ "$llvm" ]; then
		"clang$llvm" --version | head -n 1
		"ld.lld$llvm" --version | head -n 1
		return
	fi
	"$compiler" --version | head -n 1
	"${prefix}ld" --version | head -n 1
}

# entry_of VERSION: where the cache has the kernel made of that source
entry_of()
{
	key=$({
		wanted
		echo "$recipe${overrides:+ $overrides}"
		compilers
	} | sha256sum | cut -c 1-12)
	echo "$cache/kernel-$name-$1-$key"
}

# shellcheck disable=SC2086	# one word for each variable of make's
# kmake ARG...: nothing that kbuild reads from the environment, such as ARCH,
# M or MAKEFLAGS, gets there from the make that may have called us.
kmake()
{
	exec setsid env -i PATH="$PATH" HOME="$HOME" LC_ALL=C \
		KBUILD_BUILD_USER=klua KBUILD_BUILD_HOST=klua \
		make -C "$work/linux" -j "$jobs" ${llvm:+"LLVM=$llvm"} $cross "$@" \
		</dev/null >>"$log" 2>&1
}

# run ARG...: kmake in a process group that cleanup() can end as a whole
run()
{
	kmake "$@" &
	job=$!
	began=$(date +%s)
	minutes=1
	while kill -0 "$job" 2>/dev/null; do
		sleep 1
		[ $(($(date +%s) - began)) -ge $((minutes * 60)) ] || continue
		say "$name: $(grep -cE '^  (CC|AS) ' "$log") files compiled" \
			"in $minutes min"
		minutes=$((minutes + 1))
	done
	wait "$job" || {
		job=
		tail -n 20 "$log" >&2
		die "make $* failed; all it said is in $log"
	}
	job=
}

# Kconfig drops without a word what it does not know or cannot satisfy.
configure()
{
	wanted >"$work/wanted"
	run KCONFIG_ALLCONFIG="$work/wanted" allnoconfig
	if missed=$(grep -vxFf "$work/linux/.config" "$work/wanted"); then
		die "not so in the configuration of $source $version," \
		    "though $(fragments | sed 's|.*/||' | paste -s -d ' ') say it:
$missed"
	fi
}

# What compiling a module reads, and no more
pack_kdir()
{
	(
		cd "$work/linux"
		find . "arch/$arch" -maxdepth 1 -name 'Makefile*'
		find include scripts "arch/$arch/include" \
			\( -type f -o -type l \) ! -name '*.o' ! -name '*.a'
		echo .config
		echo Module.symvers
		[ "$arch" != x86 ] || echo tools/objtool/objtool
	) >"$work/files"
	tar -c -C "$work/linux" --no-recursion -T "$work/files" \
		-f "$work/kdir.tar"
	mkdir "$work/out/kdir"
	tar -x -C "$work/out/kdir" -f "$work/kdir.tar"
}

build()
{
	start=$(date +%s)
	: >"$log"
	say "$name: unpacking $source $version"
	mkdir "$work/linux" "$work/out"
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$source.tar.xz" |
		tar -xJ -C "$work/linux" --strip-components=1 ||
		die "cannot unpack $deb"
	configure
	say "$name: compiling the kernel, a matter of minutes"
	run ${overrides:+"$overrides"} "$image" modules
	cp "$work/linux/arch/$arch/boot/$image" "$work/out/bzImage"
	cp "$work/linux/include/config/kernel.release" "$work/out/release"
	pack_kdir
	mv -T "$work/out" "$entry"
	say "$name: done after $(($(date +%s) - start)) s"
}

cleanup()
{
	if [ "$job" ]; then
		kill -TERM "-$job" 2>/dev/null || true
		wait "$job" || true
	fi
	[ -z "$work" ] || rm -rf "$work"
}

# A make that outlives a killed script keeps the lock, so what lies about once
# we hold it is nobody's.
locked_build()
{
	missing=$(packages missing)
	[ -z "$missing" ] || die "this machine lacks the packages $missing"

	exec 9>"$cache/kernel.lock"
	flock -n 9 || {
		say "$name: waiting, another kernel is being compiled"
		flock 9
	}
	[ ! -e "$entry" ] || return 0
	rm -rf "$cache"/kernel.tmp.*
	room "$cache" "$need" "a build"
	work=$(mktemp -d "$cache/kernel.tmp.XXXXXX")
	build
}

while [ $# -gt 0 ]; do
	case $1 in
	-h|--help)
		usage
		exit 0 ;;
	--packages)
		packages
		echo
		exit 0 ;;
	-j)
		[ $# -gt 1 ] || { usage >&2; exit 2; }
		jobs=$2
		shift ;;
	-j*)
		jobs=${1#-j} ;;
	-*)
		usage >&2
		exit 2 ;;
	*)
		[ -z "$name" ] || { usage >&2; exit 2; }
		name=$1 ;;
	esac
	shift
done
case $jobs in
''|*[!0-9]*|0*) die "-j $jobs: not a number of jobs";;
esac
[ "$name" ] || { usage >&2; exit 2; }
names | grep -qxF -- "$name" ||
	die "there is no kernel $name, only $(names | tr '\n' ' ')"
[ "$(uname -m)" = x86_64 ] || die "the debug kernels are compiled on x86-64"
particulars
if [ "$suite" ]; then
	APT_CONFIG=$("$here/apt.sh" "$suite")
	export APT_CONFIG
fi

trap cleanup EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$kernels" "$cache"
log=$kernels/$name.log
# The package itself is only needed for what the cache has not. What apt then
# downloads may be newer than what its lists knew before.
overrides=$(overrides)
version=$(apt-cache show --no-all-versions "$source" 2>/dev/null |
	sed -n 's/^Version: //p')
entry=$(entry_of "$version")
if [ ! -e "$entry" ]; then
	deb=$("$here/debs.sh" "$source")
	version=$(dpkg-deb -f "$deb" Version)
	entry=$(entry_of "$version")
	[ -e "$entry" ] || locked_build
fi
# Debian's kernel may be a newer one by now, in another place.
if [ "$cross" ]; then
	"$here/debian.sh" "$arch"
	for file in root arch triplet compiler make; do
		ln -sfnT "$(realpath "$kernels/$arch")/$file" "$entry/$file"
	done
fi
ln -sfnT "$entry" "$kernels/$name.tmp.$$"
mv -T "$kernels/$name.tmp.$$" "$kernels/$name"

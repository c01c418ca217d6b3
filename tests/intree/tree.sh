#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tree.sh SUITE
#
# KLua in the kernel source of Debian's SUITE, where tests/kunit/splice.sh puts it: it
# compiles for each architecture, as a module with all that "make allmodconfig" turns
# on, and built in; compiler, objtool and sparse find nothing to warn of; and the suites
# pass in a kernel that is a process. It takes long, so that "make test" does it only
# when asked: make test GROUP=intree.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
suite=$1
mkdir -p "$top/build/logs"
tmp=$(mktemp -d "$top/build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
linux=$tmp/linux
logs=$top/build/logs/intree-$suite

# checker: the suite's own sparse, since a kernel refuses one that is too old for it,
# with the libraries that it was linked with. Of riscv's -march it gets the letters:
# sparse 0.6.4 ends at the names of extensions that follow them (rv64imac_zicsr), which
# stand for instructions of the assembler and no C that it could look at.
checker()
{
	"$top/tests/vm/debs.sh" --closure sparse >"$tmp/debs" || return
	while read -r deb; do
		dpkg-deb -x "$deb" "$tmp/sparse" || return
	done <"$tmp/debs"
	libs=$(find "$tmp/sparse" -type d -name x86_64-linux-gnu -path '*/lib/*' |
		paste -s -d :)
	loader=$(find "$tmp/sparse" -path '*/lib64/ld-linux-x86-64.so.2')
	cat >"$tmp/check" <<-EOF
		#!/bin/sh
		for word do
			shift
			case \$word in
			-march=rv*) word=\${word%%_*} ;;
			esac
			set -- "\$@" "\$word"
		done
		exec "$loader" --library-path "$libs" "$tmp/sparse/usr/bin/sparse" "\$@"
	EOF
	chmod +x "$tmp/check"
}

# unpack: Debian's newest of the suite, at $linux, with KLua in it
unpack()
{
	"$top/tests/vm/need.sh" build intree &&
	APT_CONFIG=$("$top/tests/vm/apt.sh" "$suite") || return
	export APT_CONFIG
	checker || return
	package=$(apt-cache show --no-all-versions linux-source |
		sed -n 's/^Depends: \(linux-source-[0-9.]*\).*/\1/p') &&
	deb=$("$top/tests/vm/debs.sh" "$package") &&
	mkdir "$linux" &&
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$linux" --strip-components=1 &&
	"$top/tests/kunit/splice.sh" "$linux"
}

# kmake ARG...: for $arch, in a directory of its own
kmake()
{
	env -u MAKEFLAGS -u MAKELEVEL make -C "$linux" O="$tmp/$arch" ARCH="$arch" \
		CROSS_COMPILE="$cross" -j"$(nproc)" "$@" </dev/null
}

# What needs tools that have nothing to do with KLua, or stops at the first warning
without='CONFIG_DEBUG_INFO_NONE=y
# CONFIG_WERROR is not set
# CONFIG_GCC_PLUGINS is not set
# CONFIG_MODULE_SIG is not set
# CONFIG_RUST is not set
# CONFIG_HEADERS_INSTALL is not set'

# configure TARGET LINE...: by the kernel's make TARGET, with these lines. $is is what
# the configuration says of KLua, and what Kconfig could not satisfy.
configure()
{
	target=$1
	shift
	printf '%s\n' "$without" "$@" >"$tmp/config"
	mkdir -p "$tmp/$arch"
	kmake KCONFIG_ALLCONFIG="$tmp/config" "$target" >"$tmp/log" 2>&1
	is=$({
		grep -E '^CONFIG_KLUA(_KUNIT_TEST)?=' "$tmp/$arch/.config"
		grep 'unmet direct' "$tmp/log"
	} 2>&1 | paste -s -d ' ')
}

# succeeds WHAT LOG COMMAND...: the command does; all it says is in LOG
succeeds()
{
	what=$1 log=$2
	shift 2
	if "$@" >"$log" 2>&1; then
		ok "$what"
	else
		not_ok "$what" "$(tail -n 20 "$log")"
	fi
}

# compile HOW: KLua alone, of the kernel only what that needs
compile()
{
	succeeds "$arch, $1: it compiles" "$logs-$arch-$1.log" \
		kmake W=1 C=2 CHECK="$tmp/check" CF=-Wno-external-function-has-definition lib/klua/
	check "$arch, $1: sparse has looked" grep -q '^  CHECK .*lib/klua/states\.c' \
		"$log"
	grep -iE '(warning|error: ).*lib/klua/|lib/klua/.*(warning|error: )' "$log" \
		>"$tmp/warnings"
	is "$arch, $1: without a warning" '' \
		"$("$top/tests/check/warnings.sh" "$tmp/warnings")"
	rm -rf "${tmp:?}/$arch"
}

# suites: by the kernel's own tool, with the limits that ../guest/40-kunit.sh sets
suites()
{
	cd "$linux" && env -u MAKEFLAGS -u MAKELEVEL tools/testing/kunit/kunit.py run \
		--kunitconfig=lib/klua --build_dir="$tmp/um" --jobs="$(nproc)" \
		--kernel_args=klua.print_burst=0 --kernel_args=klua.atomic_us=2000000 </dev/null
}

# suites_wanted, suites_seen: the names, in the sources and in the kernel's log
suites_wanted()
{
	sed -n 's/^\t\.name = "\(klua_[a-z_]*\)",$/\1/p' \
		"$linux"/lib/klua/tests/kunit/*_kunit.c | sort
}

suites_seen()
{
	sed -n 's/.*# Subtest: \(klua_[a-z_]*\).*/\1/p' "$tmp/um/test.log" | sort
}

# skipped: "CASE WHY" of each case that this kernel cannot run
skipped()
{
	sed -n 's/.* ok [0-9]* \([a-z_]*\) # SKIP \(.*\)/\1 \2/p' "$tmp/um/test.log"
}

if ! unpack >"$tmp/log" 2>&1; then
	not_ok "KLua is in the kernel source of $suite" "$(tail -n 5 "$tmp/log")"
	exit
fi

for arch in x86 arm64 riscv; do
	case $arch in
	x86) cross= ;;
	arm64) cross=aarch64-linux-gnu- ;;
	riscv) cross=riscv64-linux-gnu- ;;
	esac
	configure allmodconfig
	is "$arch: allmodconfig has it" \
		'CONFIG_KLUA=m CONFIG_KLUA_KUNIT_TEST=m' "$is"
	compile module
	configure alldefconfig CONFIG_SMP=y CONFIG_NET=y CONFIG_KUNIT=y \
		CONFIG_KLUA=y CONFIG_KLUA_KUNIT_TEST=y
	is "$arch: it can be built in" 'CONFIG_KLUA=y CONFIG_KLUA_KUNIT_TEST=y' "$is"
	compile built-in
done

arch=i386
cross=
configure allmodconfig
is "$arch: it is not offered" '' "$is"
rm -rf "${tmp:?}/$arch"

succeeds "the suites pass in a kernel that is a process" "$logs-kunit.log" suites
is "all of them have run" "$(suites_wanted)" "$(suites_seen)"
skipped >"$tmp/skipped"
while read -r case why; do
	skip "$case" "$why"
done <"$tmp/skipped"

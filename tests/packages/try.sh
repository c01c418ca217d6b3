#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: try.sh SUITE
#
# What happens to the Debian packages on a system of SUITE that debootstrap made: they
# are installed, upgraded, used, signed and purged, and that system's kernel runs the
# module that DKMS makes. It takes many minutes, so that "make test" does it only when
# asked: make test GROUP=packages.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
suite=$1
mkdir -p "$top/build"
tmp=$(mktemp -d "$top/build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
root=$tmp/root
version=$(sed -n 's/^#define KLUA_VERSION[[:space:]]*"\(.*\)"/\1/p' \
	"$top/internal.h")

# inside COMMAND...: in the system under test
inside()
{
	"$top/tests/vm/inside.sh" "$root" env DEBIAN_FRONTEND=noninteractive \
		"$@" </dev/null
}

# system: of the suite, at $root, with its kernel $kernel, as it is before KLua comes
system()
{
	"$top/tests/vm/need.sh" build vm deb && "$top/tests/vm/rootfs.sh" &&
	entry=$("$top/tests/vm/system.sh" "$suite") &&
	cp -a "$entry" "$root" || return
	mkdir -p "$root$top" "$root/debs"
	kernel=$(basename "$(echo "$root"/lib/modules/*)")
}

# files: all that the system has, but for the logs and notes of its own tools
files()
{
	(cd "$root" && find . \( -path ./proc -o -path ./dev -o -path ./debs \
		-o -path ./tmp -o -path ./var/log -o -path ./var/cache \
		-o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune \
		-o -print | LC_ALL=C sort)
}

# packages VERSION: those of this tree as that version, at /debs/VERSION there.
# They are made once for all systems.
packages()
{
	copy=$tmp/tree-$1
	mkdir "$copy"
	"$top/lua/import.sh" &&
	(cd "$top" && find . \( -path ./build -o -path ./.git \) -prune -o \
		-type f -print0 | xargs -0 cp -p --parents -t "$copy") &&
	sed -i "s/^\(#define KLUA_VERSION[[:space:]]*\)\".*/\1\"$1\"/" \
		"$copy/internal.h" &&
	sed -i "s/^klua (.*)/klua ($1-1)/" \
		"$copy/tools/deb/debian/changelog" || return
	key=$(cd "$copy" && find . ! -path './tests/*' -type f -print0 |
		LC_ALL=C sort -z | xargs -0 cat | sha256sum | cut -c 1-12)
	made=$top/build/packages/$key
	[ -e "$made" ] || {
		KLUA_LINTIAN=no "$copy/tools/deb/build.sh" "$tmp/made-$1" &&
		mkdir -p "$top/build/packages" &&
		{ mv -T "$tmp/made-$1" "$made" 2>/dev/null || [ -e "$made" ]; }
	} || return
	mkdir "$root/debs/$1"
	cp "$made"/*.deb "$root/debs/$1/"
}

# install VERSION: upgrades where another one is there
install()
{
	inside sh -c "apt-get -y --no-install-recommends --allow-downgrades \
		install /debs/$1/*.deb"
}

# module: the file that DKMS made
module()
{
	echo "$root/lib/modules/$kernel/updates/dkms"/klua.ko*
}

# installed WHAT VERSION: DKMS has that one, and nothing of another
installed()
{
	like "$1: DKMS has built it for this system's kernel" \
		"klua/$2, $kernel, x86_64: installed" "$(inside dkms status klua)"
	is "$1: the module is of that version" "$2" \
		"$(inside modinfo -k "$kernel" -F version klua)"
	check "$1: depmod knows it" grep -q '/dkms/klua\.ko' \
		"$root/lib/modules/$kernel/modules.dep"
	check "$1: what other modules are linked with is that of this module" \
		cmp "$root/usr/src/klua-headers-$kernel/Module.symvers" \
		"$root/var/lib/dkms/klua/$2/$kernel/x86_64/Module.symvers"
	# shellcheck disable=SC2016	# dpkg-query expands it
	is "$1: the program is of that version" "$2-1" \
		"$(inside dpkg-query -f '${Version}' -W klua)"
	is "$1: nothing is there of another one" '' \
		"$(cd "$root" && find usr var/lib/dkms -name "klua-[0-9]*" \
			! -name "klua-$2" -o -path "*/dkms/klua/[0-9]*" \
			-prune ! -name "$2" -print)"
}

# payload: what the VM gets, the module as it was installed and as a copy that has
# lost its signature
payload()
{
	mkdir -p "$tmp/payload" || return
	case $(module) in
	*.xz) xz -dc "$(module)" ;;
	*) cat "$(module)" ;;
	esac >"$tmp/payload/klua.ko" &&
	cp "$root/usr/sbin/klua" "$tmp/payload/" &&
	strip --strip-debug -o "$tmp/payload/unsigned.ko" "$tmp/payload/klua.ko"
}

# boot [OPTION]...: this system's kernel, on which the script on standard input runs; by
# a clock that counts instructions, so that no processor seems to be lost where others
# want this machine's
boot()
{
	at=$top/build/kernels/packages-$$
	mkdir -p "$at"
	cp "$root/boot/vmlinuz-$kernel" "$at/bzImage"
	{ echo "echo == klua"; cat; } >"$tmp/payload/main"
	said=$("$top/tests/vm/vm" -k "packages-$$" -n "packages-$suite" -t 1800 \
		-i "$@" "$tmp/payload" 2>&1)
	status=$?
	rm -r "$at"
	said=$(echo "$said" | tr -d '\r')
	# The firmware writes there, too.
	said=${said##*== klua
}
}

# owner_key: what comes with the firmware for such a purpose, a key that the variables
# in OVMF_VARS_4M.snakeoil.fd have as the owner's, is where DKMS looks for one
owner_key()
{
	mkdir -p "$tmp/ovmf" "$root/var/lib/dkms"
	dpkg-deb --fsys-tarfile "$("$top/tests/vm/debs.sh" ovmf)" |
		tar -x -C "$tmp/ovmf" --strip-components=3 &&
	cp "$tmp/ovmf"/ovmf/PkKek-1-snakeoil.* "$root/tmp/" &&
	inside openssl rsa -in /tmp/PkKek-1-snakeoil.key -passin pass:snakeoil \
		-out /var/lib/dkms/mok.key &&
	inside openssl x509 -in /tmp/PkKek-1-snakeoil.pem -outform DER \
		-out /var/lib/dkms/mok.pub
}

# enforcing VARIABLES: what a kernel says that takes signed modules only, has
# Debian's keys, and those of the firmware's owner
enforcing()
{
	mkdir -p "$tmp/uefi"
	cp "$tmp/ovmf/OVMF/OVMF_CODE_4M.fd" "$tmp/uefi/"
	cp "$tmp/ovmf/OVMF/$1" "$tmp/uefi/OVMF_VARS_4M.fd"
	boot -u "$tmp/uefi" -a module.sig_enforce=1 <<-'END'
		for module in unsigned klua; do
			if insmod /klua/$module.ko 2>/tmp/err; then
				echo "$module: loaded"
				/klua/klua -e 'return 6 * 7' 2>&1
				rmmod klua
			else
				echo "$module: $(sed 's/.*: //' /tmp/err)"
			fi
		done
	END
}

system && owner_key >/dev/null 2>&1 || exit 1
files >"$tmp/before"
# One before the first that there is, as this tree makes it
old=0.0.1
for each in $old "$version"; do
	check "the packages of $each are made" packages "$each"
done

check "$old is installed" install $old
installed "install" $old
check "upgrade" install "$version"
installed "upgrade" "$version"

# A consumer is built with what klua-dev and DKMS have there.
inside cp -r /usr/share/doc/klua-dev/examples/minimal /tmp/minimal
# shellcheck disable=SC2016	# the shell inside expands it
check "an example of klua-dev builds" inside sh -c '
	headers=/usr/src/klua-headers-$1
	make -C "/lib/modules/$1/build" M=/tmp/minimal KLUA="$headers" \
		KBUILD_EXTRA_SYMBOLS="$headers/Module.symvers" modules
	' sh "$kernel"

payload || exit 1
cp "$root/tmp/minimal/minimal.ko" "$tmp/payload/"
boot <<-'END'
	uname -r
	insmod /klua/klua.ko && cat /sys/module/klua/version
	insmod /klua/minimal.ko && dmesg | grep -o 'minimal: hello.*'
	rmmod minimal
	/klua/klua create user/try && /klua/klua -e 'return _VERSION, 6 * 7'
	/klua/klua destroy user/try && rmmod klua && echo gone
END
is "this system's kernel runs the module that DKMS made" \
	"0 $kernel
$version
minimal: hello from Lua 5.3	42
Lua 5.3	42
gone" "$status $said"

is "DKMS signs with the key of the machine's owner" SnakeOil \
	"$(inside modinfo -k "$kernel" -F signer klua)"
enforcing OVMF_VARS_4M.fd
is "a kernel that takes signed modules only takes none where the key is unknown" \
	"0 unsigned: Key was rejected by service
klua: Key was rejected by service" "$status $said"
enforcing OVMF_VARS_4M.snakeoil.fd
# With a key of its own the firmware has Secure Boot on, which locks the kernel down.
is "where the firmware has it, that of DKMS, and then no script from user space" \
	"0 unsigned: Key was rejected by service
klua: loaded
klua: cannot run the script: the kernel is locked down" "$status $said"

check "purge, with what came for them alone" inside apt-get -y --auto-remove purge \
	klua klua-dkms klua-dev
rm -rf "$root/tmp/minimal"
files >"$tmp/after"
is "purge leaves no file, and takes none that was there" '' \
	"$(diff "$tmp/before" "$tmp/after" | grep '^[<>]')"
is "and no word of it" '' \
	"$(grep -rl klua "$root/etc" "$root/lib/modules/$kernel"/modules.* \
		"$root/var/lib/systemd" 2>/dev/null)"
is "and no note of dpkg's" '' \
	"$(inside dpkg-query -W 'klua*' 2>/dev/null)"

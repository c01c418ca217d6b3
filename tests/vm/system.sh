#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: system.sh SUITE
#
# Prints the path of a root directory with Debian's SUITE (bookworm, trixie) as
# debootstrap installs it, with that system's kernel, headers and DKMS: what the
# packages of KLua are tried in. It is kept in the cache for all clones, to be
# copied and not changed, and made anew after thirty days.
set -eu
export LC_ALL=C
. "$(dirname "$0")/common.sh"

# Part of the result's name: to be raised when this script makes something else.
recipe=2
# MiB of disk while it is installed
need=2048
here=$top/tests/vm
key=/usr/share/keyrings/debian-archive-keyring.gpg
packages='linux-image-amd64 linux-headers-amd64 dkms openssl kmod xz-utils'

# inside COMMAND...: in the new root
inside()
{
	"$here/inside.sh" "$tmp/root" env DEBIAN_FRONTEND=noninteractive \
		INITRD=No "$@" </dev/null
}

# sources: of security, too, where the kernels come from
sources()
{
	for of in "debian $suite" "debian-security $suite-security"; do
		echo "deb http://deb.debian.org/${of% *} ${of#* } main"
	done
}

# make: what apt of this machine says of proxies and old mirrors holds there
# shellcheck disable=SC2086	# one word for each package
make_root()
{
	debootstrap --variant=minbase --keyring="$key" "$suite" "$tmp/root" \
		http://deb.debian.org/debian &&
	sources >"$tmp/root/etc/apt/sources.list" &&
	{ apt-config dump |
		grep -iE '^Acquire::(.*proxy|.*Check-Valid-Until)' || true
	} >"$tmp/root/etc/apt/apt.conf.d/10machine" &&
	inside apt-get -q update &&
	inside apt-get -q -y --no-install-recommends install $packages &&
	inside apt-get clean
}

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
suite=$1
[ "$(id -u)" -eq 0 ] || die "only root can install a system in a directory"

mkdir -p "$cache"
entry=$cache/system-$suite-$recipe
exec 9>"$entry.lock"
flock 9
if [ -z "$(find "$entry" -maxdepth 0 -mtime -30 2>/dev/null)" ]; then
	room "$cache" "$need" "Debian's $suite"
	"$here/need.sh" system 9>&-
	say "installing Debian's $suite in a directory, a matter of minutes"
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM HUP
	make_root >"$tmp/log" 2>&1 9>&- || {
		mkdir -p "$build/logs"
		cp "$tmp/log" "$build/logs/system-$suite.log"
		die "cannot install Debian's $suite, see build/logs/system-$suite.log:" \
		    "$(grep -m 1 -E '^[EW]: ' "$tmp/log")"
	}
	touch "$tmp/root"
	publish "$tmp/root" "$entry"
fi
echo "$entry"

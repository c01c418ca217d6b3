#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: apt.sh SUITE
#
# Prints the path of a configuration of apt (for APT_CONFIG) that knows Debian's
# SUITE for the architectures in debian.list, and no other source. This machine's
# own sources, lists and packages are neither used nor changed. Its package lists
# are fetched when there are none, or none of the last seven days.
set -eu
. "$(dirname "$0")/common.sh"

mirror=http://deb.debian.org
key=/usr/share/keyrings/debian-archive-keyring.gpg

# sources: what of the mirror the suite needs
sources()
{
	case $suite in
	sid)	echo "debian sid" ;;
	*)
		release=${suite%-backports}
		echo "debian $release"
		echo "debian-security $release-security"
		[ "$release" = "$suite" ] || echo "debian $suite" ;;
	esac | while read -r archive of; do
		echo "deb [arch=$arches signed-by=$key] $mirror/$archive $of main"
	done
}

# Of the machine's own configuration only what it says of proxies holds here, and
# whether a mirror may be older than its own date says.
config()
{
	apt-config dump | grep -iE '^Acquire::(.*proxy|.*Check-Valid-Until)' || true
	echo "Dir::Etc::main \"/dev/null\";"
	echo "Dir::Etc::parts \"/dev/null\";"
	echo "Dir::Etc::sourcelist \"$dir/sources.list\";"
	echo "Dir::Etc::sourceparts \"/dev/null\";"
	echo "Dir::Etc::preferences \"/dev/null\";"
	echo "Dir::Etc::preferencesparts \"/dev/null\";"
	echo "Dir::State \"$dir\";"
	echo "Dir::State::status \"$dir/status\";"
	echo "Dir::Cache \"$dir\";"
	echo "APT::Architecture \"amd64\";"
	echo "APT::Architectures { \"$(echo "$arches" | sed 's/,/"; "/g')\"; };"
	# Of other suites the newest version is wanted, that of security's too.
	[ "$suite" = "${suite%-backports}" ] ||
		echo "APT::Default-Release \"$suite\";"
	echo "APT::Install-Recommends \"false\";"
	echo "APT::Sandbox::User \"root\";"
	echo "Acquire::Languages \"none\";"
	echo "Acquire::Retries \"3\";"
}

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
suite=$1
arches=$({ echo amd64; awk -v s="$suite" '!/^#/ && $3 == s { print $2 }' \
	"$top/tests/vm/debian.list"; } | sort -u | paste -s -d ,)
command -v apt-get >/dev/null ||
	die "no apt-get here to fetch Debian's kernels of $suite with"
[ -e "$key" ] || die "there is no $key to check Debian's $suite with"

dir=$cache/apt-$suite
mkdir -p "$dir/lists/partial" "$dir/archives/partial"
exec 9>"$dir/lock"
flock 9
# What apt has worked out holds while these files are not touched.
[ -e "$dir/status" ] || : >"$dir/status"
config >"$dir/apt.conf"
sources >"$dir/sources.new"
if ! cmp -s "$dir/sources.new" "$dir/updated" ||
   [ -z "$(find "$dir/updated" -mtime -7)" ]; then
	cp "$dir/sources.new" "$dir/sources.list"
	say "fetching the package lists of Debian's $suite"
	APT_CONFIG=$dir/apt.conf apt-get -q update </dev/null \
		>"$dir/log" 2>&1 9>&- ||
		die "cannot fetch the package lists of Debian's $suite:" \
		    "$(grep -m 1 '^[EW]:' "$dir/log")"
	cp "$dir/sources.list" "$dir/updated"
fi
echo "$dir/apt.conf"

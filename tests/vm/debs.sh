#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: debs.sh [--closure] PACKAGE...
#
# Downloads Debian packages, without installing any, into the cache and prints
# the path of each file. --closure adds all that the packages depend on. Where
# apt finds them says APT_CONFIG, if it is set (see apt.sh).
set -eu
. "$(dirname "$0")/common.sh"

debs=$cache/debs

# list PACKAGE...: "name size SHA256:hash" of each file to $tmp/files
list()
{
	if [ "$closure" ]; then
		# With an empty status file, which the configurations of apt.sh
		# have, apt resolves as if nothing were installed.
		apt-get -y --print-uris \
			${own:+-o Dir::State::status="$tmp/status"} \
			-o Dir::Cache::archives="$tmp" -o Debug::NoLocking=1 \
			-o Acquire::ForceHash=SHA256 \
			-o APT::Install-Recommends=false install "$@"
	else
		apt-get --print-uris download "$@"
	fi >"$tmp/out" 2>"$tmp/err" || return 1
	sed -n "s/^'[^']*' //p" "$tmp/out" >"$tmp/files"
}

# have FILE SHA256:HASH
have()
{
	[ -s "$debs/$1" ] &&
		echo "${2#SHA256:}  $debs/$1" | sha256sum --check --status
}

# missing: the packages of $tmp/files that the cache lacks, as name=version, and the
# bytes of each
missing()
{
	while read -r file bytes hash; do
		have "$file" "$hash" && continue
		echo "$file $bytes" | sed 's/%3a/:/
			s/^\([^_]*\)_\([^_]*\)_\([^ ]*\)\.deb /\1:\3=\2 /; s/:all=/=/'
	done <"$tmp/files"
}

# fetch NAME=VERSION...: into the cache, each file whole or not at all
fetch()
{
	say "downloading $# Debian package$([ $# -eq 1 ] || echo s) for $wanted"
	mkdir -p "$tmp/debs"
	(cd "$tmp/debs" &&
	 apt-get -q -o APT::Sandbox::User=root download "$@") \
		>"$tmp/out" 2>"$tmp/err" || return 1
	mv "$tmp"/debs/*.deb "$debs/"
}

# all PACKAGE...: everything asked for is in the cache
all()
{
	list "$@" || return 1
	missing >"$tmp/missing"
	[ -s "$tmp/missing" ] || return 0
	room "$debs" "$(awk '{ n += $2 } END { print int(n / 2^20) + 1 }' \
		"$tmp/missing")" "the download of $wanted"
	# shellcheck disable=SC2046	# one word for each package
	fetch $(cut -d ' ' -f 1 "$tmp/missing")
}

update()
{
	if [ "$own" ]; then
		as_root apt-get -q update
	else
		apt-get -q update
	fi
}

own=yes
[ -z "${APT_CONFIG-}" ] || own=
closure=
case ${1-} in
-h|--help)	usage; exit 0;;
--closure)	closure=1; shift;;
esac
[ $# -gt 0 ] || { usage >&2; exit 2; }
command -v apt-get >/dev/null ||
	die "no apt-get here to fetch Debian packages with: $*"

wanted=$*
mkdir -p "$debs"
tmp=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
: >"$tmp/status"

# Lists that lack a package, or name files that the mirror no longer has, are
# too old; only then is it worth asking for new ones.
if ! all "$@"; then
	say "apt's package lists are too old: apt-get update"
	update >"$tmp/out" 2>"$tmp/err" ||
		die "apt-get update failed: $(grep '^[EW]:' "$tmp/err" | head -n 1)"
	all "$@" || die "cannot download: $(grep '^E:' "$tmp/err" | head -n 1)"
fi

while read -r file _ hash; do
	have "$file" "$hash" || die "wrong hash: $debs/$file"
	echo "$debs/$file"
done <"$tmp/files"

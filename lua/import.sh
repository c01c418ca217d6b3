#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Put the patched Lua core into lua/src: find the upstream tarball, check its
# hash, unpack, drop what is not used, apply lua/patches in order.
#
# Nothing is left half-made: all happens in a temporary directory, which takes
# its place in one rename at the end.

set -eu

version=5.3.6
sha256=fc5fd69bb8736323f026672b1b7235da613d7177e72558893a0bdcd320466d60
debian=$version-2	# the version of Debian's source package lua5.3

usage()
{
	cat <<EOF
Usage: lua/import.sh [--force]
       lua/import.sh --git DIR
       lua/import.sh --from-git DIR

Make lua/src from upstream Lua $version and lua/patches. Does nothing when
lua/src is up to date, unless --force is given.

  --git DIR       make a git repository at DIR, which must not exist: the
                  upstream sources, tagged "upstream", and a commit for each
                  patch, its number before its subject
  --from-git DIR  make lua/patches anew from the commits since "upstream" in
                  the repository at DIR. A commit without a number gets the one
                  after its predecessor's.

Environment:
  LUA_TARBALL  take this lua-$version.tar.gz instead of downloading one

Without LUA_TARBALL the tarball comes from build/, from Debian's source package
lua5.3 through apt, or from lua.org, whichever works first. Its SHA-256 is
checked wherever it comes from.
EOF
}

die()
{
	echo "import.sh: $*" >&2
	exit 2
}

mode=src
dir=
case "$#${1-}" in
1--help|1-h) usage; exit 0 ;;
1--force) mode=force ;;
2--git|2--from-git)
	mode=${1#--}
	# An absolute path stays what it is.
	dir=$(realpath -m -- "$2")
	;;
0) ;;
*) usage >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.."
src=lua/src
build=build/lua
tarball=$build/lua-$version.tar.gz

for tool in tar gzip patch sha256sum; do
	command -v $tool >/dev/null || die "$tool is needed and is not installed"
done

# git as far as it is needed here, whatever its user has configured
repository()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$dir" "$@"
}

# patch_of COMMIT: the commit as a file of lua/patches
patch_of()
{
	repository log -1 --format=%B "$1" | sed '1s/^[0-9]*: //'
	repository diff --no-ext-diff --no-color --no-renames --src-prefix=a/ \
		--dst-prefix=b/ -U3 "$1^" "$1" | sed '/^index /d'
}

# Writes lua/patches from the history at $dir.
patches_from_git()
{
	command -v git >/dev/null || die "git is needed and is not installed"
	commits=$(repository rev-list --reverse upstream..HEAD 2>/dev/null) ||
		die "$dir is not a repository that --git made"
	[ "$commits" ] || die "$dir has no commit after \"upstream\""
	[ -z "$(repository status --porcelain --untracked-files=no)" ] ||
		die "$dir has changes that are not committed"
	[ -z "$(repository rev-list --merges upstream..HEAD)" ] ||
		die "$dir has merges, which patches cannot show"
	new=lua/patches.new
	rm -rf $new
	mkdir $new
	trap 'rm -rf lua/patches.new' EXIT
	last=0
	for commit in $commits; do
		subject=$(repository log -1 --format=%s "$commit")
		number=$(expr "$subject" : '\([0-9][0-9]*\): ') ||
			number=$((last + 1))
		[ "$number" -gt "$last" ] ||
			die "\"$subject\" comes after number $last"
		last=$number
		name=$(echo "${subject#*: }" | sed 's/[^A-Za-z0-9.]\+/-/g')
		patch_of "$commit" \
			>"$new/$(printf '%04d' "$number")-$name.patch"
	done
	rm -rf lua/patches
	mv $new lua/patches
}

if [ "$mode" = from-git ]; then
	patches_from_git
	exit 0
fi
if [ "$mode" = git ]; then
	command -v git >/dev/null || die "git is needed and is not installed"
	[ ! -e "$dir" ] || die "$dir exists already"
fi

stamp=$(cat lua/import.sh lua/patches/*.patch | sha256sum | cut -d' ' -f1)
if [ "$mode" = src ] && [ "$(cat $src/.stamp 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi

# quietly WHAT COMMAND...: a failure is one line, with the first of its own
quietly()
{
	what=$1
	shift
	said=$("$@" 2>&1) || die "$what: $(echo "$said" | sed 1q)"
}

hash_of()
{
	sha256sum "$1" | cut -d' ' -f1
}

# One lock for parallel builds: the second waits and finds the work done.
mkdir -p $build
if command -v flock >/dev/null && [ -z "${KLUA_IMPORT_LOCKED-}" ]; then
	KLUA_IMPORT_LOCKED=1 exec flock $build/.lock lua/import.sh "$@"
fi

# Under the lock, what another run left can only be a killed one's.
[ -z "${KLUA_IMPORT_LOCKED-}" ] || rm -rf $build/tmp.*
tmp=$(mktemp -d $build/tmp.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# Debian's orig tarball is the upstream file. The list of source packages is
# temporary: the machine's own configuration stays as it is.
from_apt()
{
	command -v apt-get >/dev/null || return 1
	mkdir -p "$tmp/apt/sources" "$tmp/apt/lists/partial"
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		case "$f" in
		*.sources) sed 's/^Types:.*/Types: deb-src/' "$f" ;;
		*) continue ;;
		esac > "$tmp/apt/sources/${f##*/}" 2>/dev/null || true
	done
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb /deb-src /p' > "$tmp/apt/sources.list"
	set -- -qq -o Dir::Etc::sourcelist="$PWD/$tmp/apt/sources.list" \
		-o Dir::Etc::sourceparts="$PWD/$tmp/apt/sources" \
		-o Dir::State::lists="$PWD/$tmp/apt/lists" \
		-o APT::Sandbox::User=
	(
		cd "$tmp/apt" &&
		apt-get "$@" update &&
		apt-get "$@" source --download-only "lua5.3=$debian"
	) >"$tmp/apt/log" 2>&1 || return 1
	mv "$tmp/apt/lua5.3_$version.orig.tar.gz" "$tmp/tarball"
}

from_web()
{
	url=https://www.lua.org/ftp/lua-$version.tar.gz
	if command -v curl >/dev/null; then
		curl -fsSL --max-time 60 -o "$tmp/tarball" $url 2>/dev/null
	elif command -v wget >/dev/null; then
		wget -q -T 60 -O "$tmp/tarball" $url 2>/dev/null
	else
		return 1
	fi
}

if [ -n "${LUA_TARBALL-}" ]; then
	if [ ! -f "$LUA_TARBALL" ] || [ ! -r "$LUA_TARBALL" ]; then
		die "cannot read LUA_TARBALL=$LUA_TARBALL"
	fi
	[ "$(hash_of "$LUA_TARBALL")" = $sha256 ] ||
		die "LUA_TARBALL=$LUA_TARBALL is not lua-$version.tar.gz: its SHA-256 is $(hash_of "$LUA_TARBALL"), not $sha256"
	quietly "cannot copy $LUA_TARBALL" cp "$LUA_TARBALL" "$tmp/tarball"
elif [ -r $tarball ] && [ "$(hash_of $tarball)" = $sha256 ]; then
	quietly "cannot copy $tarball" cp $tarball "$tmp/tarball"
else
	echo "  FETCH   lua-$version"
	from_apt || from_web ||
		die "cannot download lua-$version.tar.gz from Debian or lua.org; get it elsewhere and set LUA_TARBALL=its-path"
	[ "$(hash_of "$tmp/tarball")" = $sha256 ] ||
		die "the downloaded lua-$version.tar.gz is wrong: its SHA-256 is $(hash_of "$tmp/tarball"), not $sha256"
	cp "$tmp/tarball" $tarball.new
	mv $tarball.new $tarball
fi

echo "  IMPORT  lua-$version"
quietly "cannot unpack the tarball" \
	tar -xzf "$tmp/tarball" -C "$tmp" --no-same-owner "lua-$version/src"
new=$tmp/lua-$version/src
(
	cd "$new"
	# Replaced by luaconf.h and lua/shim, or of no use in a kernel.
	rm -f luaconf.h lprefix.h Makefile lua.c luac.c lua.hpp linit.c \
		liolib.c loslib.c loadlib.c lbitlib.c ldblib.c ldump.c \
		lundump.c
)

# commit: what is in $new, with the message that standard input has
commit()
{
	repository add -A
	GIT_AUTHOR_NAME=KLua GIT_AUTHOR_EMAIL=none GIT_COMMITTER_NAME=KLua \
	GIT_COMMITTER_EMAIL=none GIT_AUTHOR_DATE="@0 +0000" \
	GIT_COMMITTER_DATE="@0 +0000" repository commit -q -F -
}

if [ "$mode" = git ]; then
	place=$dir
	dir=$new
	repository init -q
	repository symbolic-ref HEAD refs/heads/klua
	echo "Lua $version, as far as KLua uses it" | commit
	repository tag upstream
fi
for p in lua/patches/*.patch; do
	quietly "$p does not apply" \
		patch -s -p1 -F0 --no-backup-if-mismatch -d "$new" -i "$PWD/$p"
	[ "$mode" = git ] || continue
	number=$(expr "$p" : 'lua/patches/0*\([0-9]*\)-')
	sed -n "1s/^/$number: /; /^diff --git /q; p" "$p" | commit
done
if [ "$mode" = git ]; then
	mv "$new" "$place"
	exit 0
fi
(echo "$stamp" >"$new/.stamp") 2>/dev/null || die "cannot write $src/.stamp"
# Moved away, not removed: what is at lua/src is whole at every instant.
[ ! -e $src ] || mv $src "$tmp/old"
mv "$new" $src

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
#
# The patches of the core as a git history and back: nothing is lost on the way,
# and a history that patches cannot show is refused. In a tree of its own.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
"$top/tests/vm/need.sh" build && "$top/lua/import.sh" >/dev/null || exit 1
LUA_TARBALL=${LUA_TARBALL:-$top/build/lua/lua-5.3.6.tar.gz}
export LUA_TARBALL

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
mkdir -p "$tree/lua"
cp "$top/lua/import.sh" "$tree/lua/"
cp -r "$top/lua/patches" "$tree/lua/"
import=$tree/lua/import.sh

# in_git DIR ARG...
in_git()
{
	dir=$1
	shift
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$tmp/$dir" \
		-c user.name=me -c user.email=me@example "$@"
}

# head_of DIR
head_of()
{
	in_git "$1" rev-parse HEAD
}

# refused WHAT MESSAGE OPTION DIR: and the patches stay what they were
refused()
{
	before=$(cat "$tree"/lua/patches/* | sha256sum)
	err=$("$import" "$3" "$4" 2>&1 >/dev/null)
	is "$1 is refused" 2 $?
	like "$1: in a line that says so" "import.sh: $2" "$err"
	is "$1: the patches stay as they were" "$before" \
		"$(cat "$tree"/lua/patches/* | sha256sum)"
	is "$1: nothing is left" "import.sh patches" \
		"$(cd "$tree/lua" && echo *)"
}

check "the history is made" "$import" --git "$tmp/first"
is "a commit for each patch" "$(find "$top/lua/patches" -type f | wc -l)" \
	"$(in_git first rev-list --count upstream..HEAD)"
is "its end is the core that is compiled" "" \
	"$(diff -r -x .git -x .stamp "$tmp/first" "$top/lua/src" 2>&1 | head)"
like "a commit has the patch's number and reason" \
	"8: Chains in tables*Integers whose low bits agree*" \
	"$(in_git first log -1 --format=%B --grep='^8: ')"
is "no more patches than one can review" 1 \
	"$(($(in_git first rev-list --count upstream..HEAD) <= 30))"
check "and is made into patches" "$import" --from-git "$tmp/first"
is "which are the ones that there are" "" \
	"$(diff -rq "$tree/lua/patches" "$top/lua/patches" 2>&1 | head)"
check "these into a history" "$import" --git "$tmp/second"
is "which is the same" "$(head_of first)" "$(head_of second)"

# What one does there
echo '/* changed */' >>"$tmp/first/lapi.c"
refused "a change that is not committed" "* has changes that are not *" \
	--from-git "$tmp/first"
in_git first commit -qam "A change of one's own"
check "a commit without a number gets one" "$import" --from-git "$tmp/first"
check "the next" test -e "$tree/lua/patches/$(printf '%04d' "$(($(
	in_git first log -1 --skip=1 --format=%s | cut -d : -f 1) + 1))"\
)-A-change-of-one-s-own.patch"
check "it applies" "$import"
is "and is there" '/* changed */' "$(tail -n 1 "$tree/lua/src/lapi.c")"
rm -rf "$tree/lua/src"

refused "a directory that exists" "*/second exists already" --git "$tmp/second"
refused "a directory without a history" "* is not a repository *" \
	--from-git "$tmp"
in_git second commit -q --allow-empty -m "3: again"
refused "a number that is out of order" '"3: again" comes after number *' \
	--from-git "$tmp/second"
in_git second reset -q --hard HEAD^
in_git second checkout -qb side HEAD^
in_git second commit -q --allow-empty -m "another"
in_git second merge -q --no-edit klua
refused "a merge" "* has merges, *" --from-git "$tmp/second"
in_git second checkout -q upstream
refused "a history without a patch" "* has no commit after *" \
	--from-git "$tmp/second"
"$import" --git >"$tmp/out" 2>&1
is "an option without its directory is a usage error" 2 $?

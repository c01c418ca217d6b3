#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# lua/import.sh takes nothing but the right tarball, says in one line what is
# wrong, and leaves nothing half-made. In a tree of its own, with no network
# but what this test says there is.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
"$top/tests/vm/need.sh" build && "$top/lua/import.sh" >/dev/null || exit 1
good=$top/build/lua/lua-5.3.6.tar.gz
# Where LUA_TARBALL is used nothing is put there.
[ -e "$good" ] || good=$LUA_TARBALL
unset LUA_TARBALL

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
bin=$tmp/bin
mkdir -p "$tree/lua" "$bin"
cp "$top/lua/import.sh" "$tree/lua/"
cp -r "$top/lua/patches" "$tree/lua/"

# A PATH with all that the import may use and nothing else; none of it, and
# what fakes say below, reaches a network.
for tool in sh sleep cat cut dirname sed sha256sum mkdir mktemp mv rm cp tar gzip \
	patch flock; do
	ln -s "$(command -v $tool)" "$bin/"
done

# fake TOOL BODY
fake()
{
	rm -f "$bin/$1"
	printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}

no_network()
{
	fake apt-get 'echo "E: Failed to fetch" >&2; exit 100'
	fake curl 'echo "curl: (6) Could not resolve host" >&2; exit 6'
	rm -f "$bin/wget"
}

# import [VARIABLE=VALUE]... [OPTION]: sets $status and $err; says in $left
# what is there afterwards
import()
{
	err=$(env PATH="$bin" "$@" "$tree/lua/import.sh" 2>&1 >"$tmp/out")
	status=$?
	left=$(cd "$tree" && find . -mindepth 1 ! -path ./lua ! -path ./build \
		! -path ./build/lua ! -path './lua/patches*' \
		! -path './lua/src/*' ! -name import.sh ! -name .lock)
}

# refused WHAT MESSAGE [VARIABLE=VALUE]...
refused()
{
	what=$1 message=$2
	shift 2
	import "$@"
	is "$what is refused" 2 $status
	like "$what: in a line that says so" "import.sh: $message" "$err"
	is "$what: in one line" 1 "$(echo "$err" | wc -l)"
	is "$what: leaves nothing" "" "$left"
}

no_network
refused "a dead network" "cannot download lua-5.3.6.tar.gz *LUA_TARBALL=*"
rm "$bin/apt-get" "$bin/curl"
refused "a machine without apt, curl and wget" "cannot download *"
for tool in tar gzip patch sha256sum; do
	mv "$bin/$tool" "$bin/none"
	refused "a machine without $tool" \
		"$tool is needed and is not installed" LUA_TARBALL="$good"
	mv "$bin/none" "$bin/$tool"
done
# shellcheck disable=SC2016	# the fakes expand it
fake wget 'while [ "$1" != -O ]; do shift; done; echo rubbish >"$2"'
refused "a download that is something else" "the downloaded * is wrong: *"
fake apt-get 'echo rubbish >lua5.3_5.3.6.orig.tar.gz'
refused "the same from apt" "the downloaded * is wrong: *"
no_network

refused "a LUA_TARBALL that is not there" "cannot read LUA_TARBALL=/none" \
	LUA_TARBALL=/none
refused "a directory" "cannot read LUA_TARBALL=$tmp" LUA_TARBALL="$tmp"
head -c 100000 "$good" >"$tmp/cut.tar.gz"
refused "a truncated LUA_TARBALL" \
	"LUA_TARBALL=$tmp/cut.tar.gz is not lua-5.3.6.tar.gz: *" \
	LUA_TARBALL="$tmp/cut.tar.gz"
{ cat "$good"; echo; } >"$tmp/long.tar.gz"
refused "one with a byte too many" "LUA_TARBALL=* is not *" \
	LUA_TARBALL="$tmp/long.tar.gz"
: >"$tmp/empty"
refused "an empty one" "LUA_TARBALL=* is not *" LUA_TARBALL="$tmp/empty"

# A good one, then what must not change it
whole=./lua/src
import LUA_TARBALL="$good"
is "the right LUA_TARBALL is taken without a network" "0 " "$status $err"
is "and the source is there" "$whole" "$left"
cp -r "$tree/lua/src" "$tmp/first"
is "the same as this tree's" "" \
	"$(diff -r "$tmp/first" "$top/lua/src" 2>&1 | head)"
import
is "a second import has nothing to do" "0  " "$status $err $(cat "$tmp/out")"
said=$(cd "$tmp" && env PATH="$bin" LUA_TARBALL="$good" tree/lua/import.sh --force 2>&1)
like "it may be called from anywhere" "0 *IMPORT *" "$? $said"

# unchanged WHAT: the source is still the one imported first
unchanged()
{
	is "$1: the source stays as it was" "" \
		"$(diff -r "$tmp/first" "$tree/lua/src" 2>&1 | head)"
}
echo "# changed" >>"$tree/lua/import.sh"
import
is "an import that is to be made anew and cannot fails" 2 $status
unchanged "not imported"
is "and nothing else" "$whole" "$left"

# shellcheck disable=SC2016	# the fake expands it
fake patch 'kill -TERM $PPID; sleep 0.1'
import LUA_TARBALL="$good"
is "an import that is interrupted fails" "1 " "$status $err"
unchanged "interrupted"
is "interrupted: leaves nothing" "$whole" "$left"

# shellcheck disable=SC2016	# the fake expands it
fake patch 'kill -KILL $PPID'
import LUA_TARBALL="$good"
is "so does one that is killed" 137 $status
unchanged "killed"

echo 'this is no patch' >"$tree/lua/patches/9999-broken.patch"
ln -sf "$(command -v patch)" "$bin/patch"
import LUA_TARBALL="$good"
like "a patch that does not apply is named" \
	"2 *import.sh: lua/patches/9999-broken.patch does not apply: patch: *" \
	"$status $err"
unchanged "not patched"
is "and what the killed one left is gone" "$whole" "$left"
rm "$tree/lua/patches/9999-broken.patch"

import LUA_TARBALL="$good"
is "and then the import is made" "0  $whole" "$status $err $left"
check_fails "anew" cmp -s "$tmp/first/.stamp" "$tree/lua/src/.stamp"

# A disk with more room each time, until it is enough. Whoever may not mount one
# here does so in a namespace.
cat >"$tmp/full" <<'END'
mount -t tmpfs -o size="$3k" none "$1" || exit 9
mkdir "$1/lua"
cp -r "$2/lua/import.sh" "$2/lua/patches" "$1/lua/"
err=$("$1/lua/import.sh" 2>&1 >/dev/null)
echo "$? $(echo "$err" | wc -l) $(cd "$1" && echo lua/src build/lua/tmp*) $err"
END
mkdir "$tmp/disk"
if unshare -rm true 2>/dev/null; then
	wrong=
	full=0
	room=800
	while :; do
		said=$(LUA_TARBALL="$good" unshare -rm sh "$tmp/full" \
			"$tmp/disk" "$tree" $room 2>&1)
		case $said in
		"0 1 lua/src "*) break ;;
		"2 1 lua/src build/lua/tmp* import.sh: "*) full=$((full + 1)) ;;
		*) wrong="$wrong
$said" ;;
		esac
		room=$((room + 100))
		[ $room -lt 9000 ] || break
	done
	is "a full disk is said in one line" '' "$wrong"
	check "it was full at several points" [ $full -ge 5 ]
	like "with room the import is made" "0 1 lua/src *" "$said"
else
	skip "a full disk is said in one line" "no unshare -rm here"
fi

# The same with this machine's tools, where that can be had without a network.
if unshare -rn true 2>/dev/null; then
	rm -rf "$tree/lua/src" "$tree/build"
	err=$(unshare -rn "$tree/lua/import.sh" 2>&1 >/dev/null)
	like "this machine's own tools, no network: a line that says so" \
		"import.sh: cannot download *" "$err"
	is "in one line" 1 "$(echo "$err" | wc -l)"
else
	skip "this machine's own tools, no network" "no unshare -rn here"
fi

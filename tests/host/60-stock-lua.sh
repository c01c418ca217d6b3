#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# Where tests/scripts/semantics/ does not say that KLua differs, stock Lua 5.3
# gives the same answers, and where it does, the other ones.
. "$(dirname "$0")/../lib.sh"

vm=$(CDPATH='' cd -- "$(dirname -- "$0")/../vm" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The VM has one, with its libraries.
"$vm/need.sh" vm && "$vm/rootfs.sh" || exit 1
(cd "$tmp" && cpio --quiet -idm bin/lua5.3 'lib/x86_64-linux-gnu/*' \
	<"$vm/../../build/rootfs.cpio")
lib=$tmp/lib/x86_64-linux-gnu
if [ ! -e "$tmp/bin/lua5.3" ]; then
	skip "stock Lua agrees" "there is neither apt nor lua5.3 here"
	exit 0
fi

# lua ARGUMENT...
lua()
{
	TZ=UTC "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$tmp/bin/lua5.3" "$@"
}

# A minute of them. A seed that has found a fault is among them.
cat >"$tmp/lua" <<END
#!/bin/sh
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$tmp/bin/lua5.3" "\$@"
END
chmod +x "$tmp/lua"
out=$(LUA=$tmp/lua "$vm/../numbers/run.sh" -n 0 -c 300 -f 1795675400 2>&1)
like "generated programs give the same" '*
numbers: 300 programs, 0 differ' "$out"

cd "$vm/../scripts/semantics" || exit 1
for file in *.cases; do
	different=$(lua -e "local file = assert(io.open('$file'))
		print(dofile('check.lua')(file:read('a'), true))" 2>&1 |
		grep -v '^ok - ')
	is "stock Lua agrees with $file" '' "$different"
done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels of tests/vm/debian.list: README says which they are, and one that
# cannot be fetched is a failure with one line that says so.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$top/tests/vm/debian.sh" --table >"$tmp/table"
sed -n '/^| kernel /,/^$/{/^$/!p}' "$top/README.md" >"$tmp/readme"
check "README has the table of debian.sh --table" \
	diff "$tmp/readme" "$tmp/table"

# A tree with a test that is noted of one of them
tree=$tmp/tree
mkdir -p "$tree/tests" "$tree/build/tested"
: >"$tree/states.h"
cp -r "$top/tests/vm" "$top/tests/guest" "$top/tests/tested.sh" "$top/tests/run.sh" \
	"$top/tests/README.md" "$tree/tests/"
{
	echo "runner 21 2 8 9.9-amd64 2030-01-02"
	echo "depth 40 0 9 9.9-amd64 2030-01-03"
} >"$tree/build/tested/6.12"
"$tree/tests/tested.sh" --update
# rows TREE TABLE
rows()
{
	sed -n "/^<!-- $2 -->/,/^<!-- end /{/^| [^k-]/p}" "$1/tests/README.md"
}
like "tested.sh puts what was noted into the table" \
	"| 6.12 | 9.9-amd64 | 2030-01-03 | 21, 2 failed | - *| 8 |" \
	"$(rows "$tree" tested | grep '^| 6.12 |')"
like "and what passed of all into the other" \
	"| 6.12 | 9.9-amd64 | 2030-01-03 | 1 of * | 61 | runner, limits, tracing, *" \
	"$(rows "$tree" 'all tested' | grep '^| 6.12 |')"
for table in tested 'all tested'; do
	is "and leaves the other kernels ($table)" \
		"$(rows "$top" "$table" | grep -v '^| 6.12 |')" \
		"$(rows "$tree" "$table" | grep -v '^| 6.12 |')"
	is "all kernels are in that table ($table)" "$("$top/tests/vm/debian.sh" -l)" \
		"$(rows "$top" "$table" | awk '{ print $2 }')"
done

# on KERNEL...: all of these are among what "make test" runs the shortest tests on
on()
{
	ran=" $("$top/tests/run.sh" -l guest/10-runner.sh) "
	for kernel; do
		case $ran in
		*" $kernel "*) ;;
		*) echo "not on $kernel"; return 1 ;;
		esac
	done
}
check "the shortest tests run on the newest kernel, the oldest, an RT and arm64" \
	on stock newest oldest newest-rt arm64

# An apt that reaches nobody
mkdir "$tmp/bin"
printf '#!/bin/sh\necho "E: Could not resolve the host" >&2\nexit 100\n' \
	>"$tmp/bin/apt-get"
chmod +x "$tmp/bin/apt-get"
err=$(PATH=$tmp/bin:$PATH KLUA_CACHE=$tmp/cache \
	"$top/tests/vm/debian.sh" newest 2>&1 >"$tmp/out")
is "a kernel that cannot be fetched is a failure" 2 "$?"
is "that says one line" \
	"==> fetching the package lists of Debian's sid
apt.sh: cannot fetch the package lists of Debian's sid: E: Could not resolve the host" \
	"$err"
check "and leaves nothing half-made" \
	test -z "$(find "$tmp/cache" -name 'tmp.*' -o -name 'debian-newest-*')"

# So do the other kernels, and the systems that the packages are tried on.
printf '#!/bin/sh\necho 0\n' >"$tmp/bin/id"
for tool in apt-cache debootstrap; do
	cp "$tmp/bin/apt-get" "$tmp/bin/$tool"
done
chmod +x "$tmp/bin/id"
# fetched SCRIPT NAME: without a network, what it says but for how it goes on
fetched()
{
	err=$(PATH=$tmp/bin:$PATH KLUA_CACHE=$tmp/cache \
		"$top/tests/vm/$1" "$2" 2>&1 >"$tmp/out")
	echo "$? $(echo "$err" | grep -v '^==>')"
	find "$tmp/cache" -name 'tmp.*' -o -name 'kernel-*' -o -name 'system-*-[0-9]'
}
is "a kernel whose source cannot be fetched is one, in one line" \
	"2 debs.sh: apt-get update failed: E: Could not resolve the host" \
	"$(fetched build-kernel.sh kasan)"
like "and so is a system" "2 system.sh: cannot install Debian's nosuch, see \
build/logs/system-nosuch.log: E: Could not resolve the host" \
	"$(fetched system.sh nosuch)"

# The disk is full before anything is fetched to it.
if unshare -rm true 2>/dev/null; then
	mkdir "$tmp/disk"
	# shellcheck disable=SC2016	# the shell inside expands it
	err=$(unshare -rm sh -c '
		mount -t tmpfs -o size=8m none "$1/disk" || exit
		PATH=$1/bin:$PATH KLUA_CACHE=$1/disk "$2/tests/vm/debian.sh" oldest
		echo "$? $(ls "$1/disk")"' sh "$tmp" "$top" 2>&1)
	is "a disk that is full is said in one line, and nothing is begun" \
		"debian.sh: Debian's kernel for oldest needs 1500 MiB of disk, and \
$tmp/disk has 8
2 debian-oldest.lock" "$err"
	# shellcheck disable=SC2016	# the shell inside expands it
	like "and so it is for a system" "system.sh: Debian's trixie needs 2048 MiB of \
disk, and $tmp/disk has 8
2 system-trixie-*.lock" "$(unshare -rm sh -c '
		mount -t tmpfs -o size=8m none "$1/disk" || exit
		PATH=$1/bin:$PATH KLUA_CACHE=$1/disk "$2/tests/vm/system.sh" trixie
		echo "$? $(ls "$1/disk")"' sh "$tmp" "$top" 2>&1)"
else
	skip "a disk that is full" "no unshare -rm here"
fi

mkdir "$tmp/has"
cat >"$tmp/has/apt-get" <<'END'
#!/bin/sh
echo "'http://mirror/large_1_all.deb' large_1_all.deb 1000000000000000 SHA256:0"
END
chmod +x "$tmp/has/apt-get"
err=$(PATH=$tmp/has:$PATH KLUA_CACHE=$tmp/cache "$top/tests/vm/debs.sh" large 2>&1)
like "a download that has no room is not begun" "2 debs.sh: the download of large \
needs 953674317 MiB of disk, and $tmp/cache/debs has *" "$? $err"
is "which is one line" 1 "$(echo "$err" | wc -l)"

# This machine's own settings
echo 'Acquire::Check-Valid-Until "false"; APT::Install-Recommends "true";' \
	>"$tmp/own.conf"
PATH=$tmp/bin:$PATH KLUA_CACHE=$tmp/cache APT_CONFIG=$tmp/own.conf \
	"$top/tests/vm/apt.sh" sid >"$tmp/out" 2>&1
is "what this machine says of old mirrors holds" \
	'Acquire::Check-Valid-Until "false";' \
	"$(grep Check-Valid-Until "$tmp/cache/apt-sid/apt.conf")"
is "what else it says does not" 'APT::Install-Recommends "false";' \
	"$(grep Install-Recommends "$tmp/cache/apt-sid/apt.conf")"

err=$("$top/tests/vm/debian.sh" none 2>&1)
is "a name that is none is said so" \
	"2 debian.sh: there is no kernel none in debian.list" "$? $err"

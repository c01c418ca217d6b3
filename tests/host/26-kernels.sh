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

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
#
# The test runner counts what fails, whichever way it fails. It runs here in a
# tree of its own whose VM is a script.
. "$(dirname "$0")/../lib.sh"

tests=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$tmp/tests/vm" "$tmp/tests/host" "$tmp/tests/guest" \
	"$tmp/build/modules"
touch "$tmp/states.h"
cp "$tests/run.sh" "$tests/lib.sh" "$tmp/tests/"
cp "$tests/vm/common.sh" "$tmp/tests/vm/"
cp "$tests/guest/main" "$tmp/tests/guest/"
for step in need.sh stock.sh rootfs.sh modules.sh payload.sh build-kernel.sh; do
	printf '#!/bin/sh\n' >"$tmp/tests/vm/$step"
done

# vm LINE...: what the VM prints, and the status it ends with
vm()
{
	cat >"$tmp/tests/vm/vm" <<-EOF
	#!/bin/sh
	while getopts k:n:t:q:a:A: opt; do
		[ "\$opt" != n ] || name=\$OPTARG
	done
	mkdir -p "$tmp/build/logs"
	for log in console out bad; do : >"$tmp/build/logs/\$name.\$log"; done
	echo " \$* " >"$tmp/options"
	printf '$bad' >"$tmp/build/logs/\$name.bad"
	printf '%b' '$1'
	exit $2
	EOF
	chmod +x "$tmp"/tests/vm/*
}
bad=

# verdict ARGUMENT...: the last line and the exit status
verdict()
{
	"$tmp/tests/run.sh" "$@" >"$tmp/out" 2>&1
	status=$?
	echo "$(tail -n 1 "$tmp/out"), status $status"
}

# test_script GROUP BODY
test_script()
{
	rm -f "$tmp/tests/host/10-it.sh" "$tmp/tests/guest/10-it.sh"
	# shellcheck disable=SC2016	# the script expands it
	printf '. "$(dirname "$0")/../lib.sh"\n%s\n' "$2" \
		>"$tmp/tests/$1/10-it.sh"
}

test_script host 'ok a; not_ok b; skip c because; is d 1 1; is e 1 2'
is "a script's checks are counted" "2 passed, 2 failed, 1 skipped, status 1" \
	"$(verdict)"
test_script host 'ok a; (ok b)'
is "all good" "2 passed, 0 failed, status 0" "$(verdict)"
test_script host 'ok a; exit 3'
is "a script that ends badly fails" "1 passed, 1 failed, status 1" \
	"$(verdict)"
test_script host ':'
is "a script without checks fails" "0 passed, 1 failed, status 1" "$(verdict)"
is "a test that is not there fails" "status 2" \
	"$(verdict nosuch | sed 's/.*, //')"

test_script guest ':'
vm '# begin it\nok 1 - a\n# end it\n' 0
is "the VM's checks are counted" "2 passed, 0 failed, status 0" \
	"$(verdict -k stock)"
is "on each kernel" "4 passed, 0 failed, status 0" "$(verdict)"
vm '# begin it\nok 1 - a\n' 121
is "a VM that ends early fails its test and itself" \
	"2 passed, 2 failed, status 1" "$(verdict -k stock)"
vm '' 121
is "a VM that never begins, too" "1 passed, 2 failed, status 1" \
	"$(verdict -k stock)"
mkdir -p "$tmp/build/kernels/stock"
echo 9.9 >"$tmp/build/kernels/stock/release"
# noted: what of that is kept for tests/tested.sh, without seconds and the date
noted()
{
	verdict -k stock >/dev/null
	cut -d ' ' -f 1-3,5 "$tmp/build/tested/stock"
}
vm '# begin it\nok 1 - a\nnot ok 2 - b\n# end it\n' 0
is "what a kernel passed is noted" "it 2 1 9.9" "$(noted)"
vm '# begin it\nok 1 - a\n' 121
is "and forgotten where it does not end" "" "$(noted)"
bad='it\t3: WARNING: x\n'
vm '# begin it\nok 1 - a\n# end it\n' 120
is "or the console shows a warning" "" "$(noted)"
vm '# begin it\nok 1 - a\n# end it\n' 120
is "a warning on the console fails its test" "2 passed, 1 failed, status 1" \
	"$(verdict -k stock)"
bad=
vm '# begin it\nok 1 - a\n# end it\n' 0
echo 'x.c:1: warning: y' >"$tmp/build/modules/stock.warnings"
is "a compiler's warning fails" "1 passed, 1 failed, status 1" \
	"$(verdict -k stock)"
printf '#!/bin/sh\nexit 2\n' >"$tmp/tests/vm/modules.sh"
is "modules that do not build fail" "0 passed, 1 failed, status 1" \
	"$(verdict -k stock)"

# One of Debian's other kernels, which this machine has to fetch
printf '#!/bin/sh\n' >"$tmp/tests/vm/modules.sh"
rm "$tmp/build/modules/stock.warnings"
# shellcheck disable=SC2016	# the script expands it
printf '#!/bin/sh\n[ "$1" = -l ] && echo other || : >"%s/fetched"\n' "$tmp" \
	>"$tmp/tests/vm/debian.sh"
chmod +x "$tmp/tests/vm/debian.sh"
echo 'other amd64 sid amd64 short 7' >"$tmp/tests/vm/debian.list"
mkdir -p "$tmp/build/kernels/other"
echo amd64 >"$tmp/build/kernels/other/arch"
printf '# others: short\n' >"$tmp/tests/guest/10-it.sh"
cat >"$tmp/tests/host/20-wait.sh" <<EOF
. "\$(dirname "\$0")/../lib.sh"
n=0
until [ -e "$tmp/fetched" ] || [ \$((n += 1)) -gt 100 ]; do sleep 0.1; done
check "it is fetched while the tests before it run" test -e "$tmp/fetched"
EOF
is "other kernels are fetched meanwhile" "7 passed, 0 failed, status 0" \
	"$(verdict)"
rm "$tmp/tests/host/20-wait.sh"

# counted: on which kernels and architectures the clock counts instructions
counted()
{
	printf '# clock: %s\n# boot: own\n' "$1" >"$tmp/tests/guest/10-it.sh"
	for k in stock other; do
		for arch in amd64 arm64; do
			echo $arch >"$tmp/build/kernels/other/arch"
			verdict -k $k >/dev/null
			! grep -q ' -i ' "$tmp/options" || echo "$k $arch,"
			[ $k = other ] || break
		done
	done
}
is "the clock counts instructions on the architectures that a test names" \
	"other arm64," "$(counted 'instructions riscv64 arm64')"
is "or on all others" "other amd64,
other arm64," "$(counted 'instructions others')"
is "or everywhere" "stock amd64,
other amd64,
other arm64," "$(counted 'instructions')"

# Of three of them, for two processors, the first one waits for the last one.
mkdir "$tmp/bin"
printf '#!/bin/sh\necho 2\n' >"$tmp/bin/nproc"
chmod +x "$tmp/bin/nproc"
cat >"$tmp/tests/vm/modules.sh" <<EOF
#!/bin/sh
[ "\$1" != 9 ] || : >"$tmp/last"
[ "\$1" = 1 ] || exit 0
n=0
until [ -e "$tmp/last" ] || [ \$((n += 1)) -gt 200 ]; do sleep 0.1; done
[ -e "$tmp/last" ]
EOF
# shellcheck disable=SC2016	# the script expands it
printf '#!/bin/sh\n[ "$1" != -l ] || printf "%%s\\n" 1 2 9\n' >"$tmp/tests/vm/debian.sh"
for k in 1 2 9; do
	echo "$k amd64 sid amd64 short 7" >>"$tmp/tests/vm/debian.list"
	mkdir "$tmp/build/kernels/$k"
	echo amd64 >"$tmp/build/kernels/$k/arch"
done
printf '# others: short\n' >"$tmp/tests/guest/10-it.sh"
is "another kernel begins as soon as one has ended" \
	"10 passed, 0 failed, status 0" "$(PATH=$tmp/bin:$PATH verdict)"

# Both kernels' tests run at a time: the first waits for the second's.
rm "$tmp"/tests/vm/debian.*
printf '#!/bin/sh\n' >"$tmp/tests/vm/debian.sh"
cat >"$tmp/tests/vm/modules.sh" <<EOF
#!/bin/sh
: >"$tmp/begun-\$1"
n=0
until [ -e "$tmp/begun-stock" ] && [ -e "$tmp/begun-kasan" ] ||
	[ \$((n += 1)) -gt 200 ]; do sleep 0.1; done
[ -e "$tmp/begun-stock" ]
EOF
chmod +x "$tmp"/tests/vm/*.sh
: >"$tmp/tests/guest/10-it.sh"
vm '# begin it\nok 1 - a\none\ntwo\nnot ok 2 - b\n# end it\n' 0
is "as many kernels at a time as there are processors" \
	"4 passed, 2 failed, status 1" "$(PATH=$tmp/bin:$PATH verdict)"
like "what a test says stands before the line that says how it ended" \
	"*    one
    two
FAILED: *: it: b
*: it: 2 checks, 1 failed (0 s)
*    one
    two
FAILED: *: it: b*
What failed:
    *: it: b
    *: it: b

4 passed, 2 failed" "$(cat "$tmp/out")"

# .ci/run adds up what its parts say, and believes none that says nothing.
mkdir "$tmp/.ci"
cp "$tests/../.ci/run" "$tmp/.ci/"

# sum TEST CHECK: the end of .ci/run when make's targets run these commands
sum()
{
	printf 'test:\n\t@%s\ncheck:\n\t@%s\n' "$1" "$2" >"$tmp/Makefile"
	env -u MAKEFLAGS -u MAKELEVEL "$tmp/.ci/run" >"$tmp/out" 2>&1
	status=$?
	echo "$(tail -n 1 "$tmp/out"), status $status"
}

is "CI adds up" "7 passed, 0 failed, 1 skipped, status 0" \
	"$(sum 'echo 3 passed, 0 failed' 'echo 4 passed, 0 failed, 1 skipped')"
is "CI fails with its tests" "6 passed, 1 failed, status 1" \
	"$(sum 'echo 3 passed, 1 failed; false' 'echo 3 passed, 0 failed')"
is "CI fails with what dies without a word" "3 passed, 1 failed, status 1" \
	"$(sum 'echo 3 passed, 0 failed' 'exit 3')"
is "CI fails with what says all is well and fails" \
	"6 passed, 1 failed, status 1" \
	"$(sum 'echo 3 passed, 0 failed; exit 3' 'echo 3 passed, 0 failed')"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# "make run SCRIPT=" shows what a script prints and returns, or its error, and
# ends with 0 or 1; "make shell" gives a prompt, or with SCRIPT= takes commands. First with a script in the
# place of the VM, then with both.
. "$(dirname "$0")/../lib.sh"

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$tmp/tests/vm" "$tmp/build"
cp "$top/Makefile" "$top/states.h" "$tmp/"
cp "$top/tests/vm/common.sh" "$top/tests/vm/play.sh" "$tmp/tests/vm/"
for step in need.sh stock.sh rootfs.sh modules.sh payload.sh; do
	printf '#!/bin/sh\n' >"$tmp/tests/vm/$step"
done
# shellcheck disable=SC2016	# the fake VM expands it
printf '#!/bin/sh\nls "$3/script"; exit "$(cat "$3"/script/*)"\n' \
	>"$tmp/tests/vm/vm"
chmod +x "$tmp"/tests/vm/*

# run ARGUMENT...: make run in $tree; sets $status, $out and $err
tree=$tmp
run()
{
	out=$(env -u MAKEFLAGS -u MAKELEVEL make -C "$tree" \
		--no-print-directory run "$@" 2>"$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

for n in 0 1; do
	echo $n >"$tmp/s.lua"
	run SCRIPT="$tmp/s.lua"
	is "make's exit status is the script's $n" $n $status
	is "and make says nothing of its own" "==> booting the VM" "$err"
done
echo 121 >"$tmp/s.lua"
run SCRIPT="$tmp/s.lua"
is "it is neither when the VM breaks down" 2 $status
run -n SCRIPT="$tmp/s.lua"
is "make -n does nothing" "0 " "$status $(echo "$out" | grep s.lua)"

name="-it's a \"script\" %s.lua"
echo 0 >"$tmp/$name"
run SCRIPT="$name"
is "a script may have any name" "0 $name" "$status $out"

# refused WHAT MESSAGE ARGUMENT...
refused()
{
	what=$1 message=$2
	shift 2
	run "$@"
	is "$what is refused" 2 $status
	is "in one line" "play.sh: $message" "$(echo "$err" | grep -v '^make')"
}
refused "a script that is not there" "no.lua: no such file" SCRIPT=no.lua
refused "a directory" "build: no such file" SCRIPT=build
head -c 1048577 /dev/zero >"$tmp/large"
refused "a script of more than 1 MiB" "large: larger than 1 MiB" SCRIPT=large
refused "a limit that is no number" "MAXALLOC=1x: not a number with a unit of K, ..." \
	SCRIPT=s.lua MAXALLOC=1x
refused "nor steps" "STEPS=-1: not a number with a unit of k, ..." \
	SCRIPT=s.lua STEPS=-1

# The real thing
tree=$top
printf 'print("hello from", _VERSION)\nreturn "a" .. "b", 7 // 2, nil\n' \
	>"$tmp/good.lua"
run SCRIPT="$tmp/good.lua" MAXALLOC=65536 STEPS=1000
is "a script's output and results come out" "0 hello from	Lua 5.3
ab	3	nil" "$status $out"

printf 'print("begun")\nlocal function f() error("my error") end\nf()\n' \
	>"$tmp/bad.lua"
run SCRIPT="$tmp/bad.lua"
like "so do an error and where it was, after what was printed before" \
	"1 begun
klua: bad.lua:2: my error
stack traceback:*bad.lua:3: in main chunk*" "$status $out"

run SCRIPT="$tmp/good.lua" MAXALLOC=8192
is "a limit too small for a state is an error like any other" \
	"1 klua: cannot create a state: too little memory: a state has at least 16384 bytes" \
	"$status $out"

# The prompt comes when all else is there; what is typed before may be lost.
mkfifo "$tmp/in"
env -u MAKEFLAGS -u MAKELEVEL make -C "$top" shell \
	<"$tmp/in" >"$tmp/out" 2>&1 &
exec 4>"$tmp/in"
for _ in $(seq 600); do
	! sed '1,/turns this machine off/d' "$tmp/out" | grep -q '# ' || break
	sleep 0.5
done
printf 'klua run -e "return 6 * 7"\nexit\n' >&4
exec 4>&-
wait $!
is "make shell ends well" 0 $?
like "after a prompt where klua works" "*
42
*" "$(tr -d '\r' <"$tmp/out")"

printf 'klua run -e "return 6 * 7"\nexit %s\n' 0 >"$tmp/good.sh"
printf 'klua run -e "return 6 * 7"\nexit %s\n' 3 >"$tmp/bad.sh"
for name in good bad; do
	out=$(env -u MAKEFLAGS -u MAKELEVEL make -C "$top" --no-print-directory shell \
		SCRIPT="$tmp/$name.sh" 2>"$tmp/err")
	status=$?
	[ $name = good ] && wanted=0 || wanted=2
	is "make shell takes the commands of a file, and their status: $name" \
		"$wanted 42" "$status $out"
done
like "which is said where it is not 0" "*shell*Error 3" "$(tail -n 1 "$tmp/err")"

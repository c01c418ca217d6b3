#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: play.sh demo
#        play.sh script FILE
#        play.sh shell
#
# What "make run" and "make shell" do: gets all that a VM needs, boots it and
# runs there the demonstration, one's own Lua script, or a shell.
#   MAXALLOC=bytes	the memory the script may hold
#   STEPS=n		the steps it may take
# Exit status of a script: 0; 1 after an error, of which klua(8) has several
# kinds; that of vm when the VM itself failed.
set -eu
. "$(dirname "$0")/common.sh"
cd "$top"

number()	# NAME VALUE
{
	case $2 in
	*[!0-9]*) die "$1=$2: not a number";;
	esac
}

case "${1-} $#" in
"demo 1"|"shell 1") ;;
"script 2")
	[ -f "$2" ] || die "$2: no such file"
	[ "$(wc -c <"$2")" -le 1048576 ] || die "$2: larger than 1 MiB" ;;
"-h 1"|"--help 1") usage; exit 0;;
*) usage >&2; exit 2;;
esac
number MAXALLOC "${MAXALLOC-}"
number STEPS "${STEPS-}"

tests/vm/need.sh build vm
tests/vm/stock.sh
tests/vm/rootfs.sh
tests/vm/modules.sh stock examples tests/runner

tmp=$(mktemp -d "$build/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
tests/vm/payload.sh stock "$tmp"

case $1 in
demo)
	echo 'exec sh /klua/examples/demo.sh' >"$tmp/main"
	say "booting the VM"
	tests/vm/vm -n demo "$tmp" ;;
script)
	mkdir "$tmp/script"
	cp -- "$2" "$tmp/script/"
	{
		# What is printed goes to the kernel's log, too: not shown twice.
		echo 'dmesg -n 5'
		echo 'insmod /klua/modules/klua.ko || exit'
		# One file and no option, whatever its name.
		echo 'set -- /klua/script/*'
		echo "klua run --memory ${MAXALLOC:-16M}" \
		     "${STEPS:+--steps $STEPS} \"\$1\" || exit 1"
	} >"$tmp/main"
	say "booting the VM"
	tests/vm/vm -n script "$tmp" ;;
shell)
	cat >"$tmp/main" <<-'EOF'
	insmod /klua/modules/klua.ko
	echo
	echo "klua.ko is loaded; more modules are in /klua/modules, the examples in"
	echo "/klua/examples. 'exit' turns this machine off."
	EOF
	tests/vm/vm -s "$tmp" ;;
esac

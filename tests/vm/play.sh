#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: play.sh demo
#        play.sh script FILE
#        play.sh shell [FILE]
#
# What "make run" and "make shell" do: gets all that a VM needs, boots it and
# runs there the demonstration, one's own Lua script, or a shell: one on this terminal,
# or one that reads its commands from FILE.
#   MAXALLOC=size	the memory the script may hold, 16M
#   STEPS=n		the steps it may take, 100M
#   TIME=time		the time it may take, 10s; "unlimited" for no limit
# Each is what klua(8) takes for it.
# Exit status of a script: 0; 1 after an error, of which klua(8) has several
# kinds; that of vm when the VM itself failed. Of a shell's FILE: its own, or that of vm,
# also when the kernel's messages have a warning.
set -eu
. "$(dirname "$0")/common.sh"
cd "$top"

# amount NAME VALUE UNITS: a number, with a fraction or a unit or without
amount()
{
	[ -z "$2" ] || echo "$2" |
		grep -qiE "^([0-9]+([.][0-9]+)?($3)?|unlimited)\$" ||
		die "$1=$2: not a number with a unit of ${3%%|*}, ..."
}

case "${1-} $#" in
"demo 1"|"shell 1") ;;
"shell 2")
	[ -f "$2" ] || die "$2: no such file" ;;
"script 2")
	[ -f "$2" ] || die "$2: no such file"
	[ "$(wc -c <"$2")" -le 1048576 ] || die "$2: larger than 1 MiB" ;;
"-h 1"|"--help 1") usage; exit 0;;
*) usage >&2; exit 2;;
esac
amount MAXALLOC "${MAXALLOC-}" 'K|M|G|KiB|MiB|GiB'
amount STEPS "${STEPS-}" 'k|M|G'
amount TIME "${TIME-}" 'us|ms|s'

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
	# What is printed goes to the kernel's log, too: not shown twice. There is one
	# file, and it is no option whatever its name.
	cat >"$tmp/main" <<-EOF
	dmesg -n 5
	insmod /klua/modules/klua.ko || exit
	cd /klua/script && set -- *
	case \$1 in -*) set -- "./\$1" ;; esac
	klua run --memory ${MAXALLOC:-16M} ${STEPS:+--steps $STEPS} \\
		${TIME:+--time $TIME} "\$1" || exit 1
	EOF
	say "booting the VM"
	tests/vm/vm -n script "$tmp" ;;
shell)
	cat >"$tmp/main" <<-'EOF'
	insmod /klua/modules/klua.ko
	mkdir -p /lib/firmware && cp /klua/examples/*/*.lua /lib/firmware/
	[ ! -e /klua/typed ] || exec sh /klua/typed
	echo
	echo "klua.ko is loaded; more modules are in /klua/modules, the examples in"
	echo "/klua/examples. 'exit' turns this machine off."
	EOF
	if [ $# -eq 2 ]; then
		cp -- "$2" "$tmp/typed"
		say "booting the VM"
		tests/vm/vm -n shell "$tmp"
	else
		tests/vm/vm -s "$tmp"
	fi ;;
esac

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh [-k KERNEL]... [-s SECONDS] [PARAMETER=VALUE]...
#
# Tortures the states manager on each KERNEL (stock, kasan and kcsan), one after
# the other and each in a VM, for SECONDS (60): a quarter of them over few names,
# over many, without destroy_all, and with processors and memory that come and
# go. Each PARAMETER of klua_torture.ko holds for all four. Every 20 seconds a
# line says what was counted. Exit status: 0 when no promise was broken and no
# kernel complained, 1 when one was, 2 when this machine cannot do it.
set -eu
. "$(dirname "$0")/../vm/common.sh"
cd "$top"

kernels=
secs=60
[ "${1-}" != --help ] || set -- -h
while getopts k:s:h opt; do
	case $opt in
	k) kernels="$kernels $OPTARG";;
	s) secs=$OPTARG;;
	h) usage; exit 0;;
	*) usage >&2; exit 2;;
	esac
done
shift $((OPTIND - 1))
case $secs in
''|*[!0-9]*|0*) die "-s $secs: not a number of seconds";;
esac
for parameter; do
	case $parameter in
	*[!a-z0-9_=]*|=*|*=*=*) die "$parameter: not PARAMETER=VALUE";;
	*=*) ;;
	*) die "$parameter: not PARAMETER=VALUE";;
	esac
done

tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

prepare()	# KERNEL
{
	if [ "$1" = stock ]; then
		tests/vm/stock.sh
	else
		tests/vm/need.sh kernels
		tests/vm/build-kernel.sh "$1"
	fi
	tests/vm/modules.sh "$1" tests/torture
}

# torture KERNEL [PARAMETER=VALUE]...: a part may end with a minute's wait for
# states to close, and there is the boot.
torture()
{
	kernel=$1
	shift
	say "$kernel: torture for $secs s"
	tmp=$(mktemp -d "$build/tmp.XXXXXX")
	tests/vm/payload.sh "$kernel" "$tmp"
	echo "exec sh /klua/torture/guest.sh $secs $*" >"$tmp/main"
	status=0
	tests/vm/vm -k "$kernel" -n "torture-$kernel" -t $((secs + 900)) \
		-q 400 -a log_buf_len=4M "$tmp" || status=$?
	rm -rf "$tmp"
	tmp=
	[ "$status" -ne 2 ] || exit 2
	out=$build/logs/torture-$kernel.out
	if [ "$status" -eq 0 ] && grep -q '^in all: ' "$out" &&
	   ! grep -q '^not ok' "$out"; then
		echo "$kernel: SUCCESS"
	else
		echo "$kernel: FAILURE, see build/logs/torture-$kernel.console"
		failed=1
	fi
}

failed=0
tests/vm/need.sh build vm
tests/vm/rootfs.sh
for kernel in ${kernels:-stock kasan kcsan}; do
	prepare "$kernel"
	torture "$kernel" "$@"
done
exit $failed

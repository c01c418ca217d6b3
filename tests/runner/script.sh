# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# /klua/main of "make run SCRIPT=": runs /klua/script.lua in a fresh state with
# the options in /klua/options, and shows what it printed, and its results or
# its error.

# Printing to a serial line would cost the script the time it may take.
dmesg -n 5
insmod /klua/modules/klua.ko print_burst=0 || exit
insmod /klua/modules/klua_runner.ko || exit

exec 4<>/dev/klua-runner
{
	printf 'run name=script %s\n' "$(tr '\n' ' ' </klua/options)"
	cat /klua/script.lua
} >&4
read -r status <&4 || exit
dmesg | sed -n 's/^\[[^]]*\] klua: script: //p'
case $status in
0)
	sed 's/^/=> /' <&4
	echo ;;
*)
	printf 'error (%s): ' "$status"
	cat <&4
	echo
	# Without a state there is no message; the kernel's log has the cause.
	dmesg | sed -n 's/^\[[^]]*\] klua: cannot create/cannot create/p' ;;
esac
exec 4<&-
rmmod klua_runner klua
[ "$status" = 0 ]

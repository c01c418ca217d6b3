#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: stock kasan
# timeout: 60
#
# Whatever consumers leave behind, klua.ko is unloaded, and all is freed.
. "$(dirname "$0")/lib.sh"

gone()
{
	check_fails "$1: klua is gone" grep -q '^klua ' /proc/modules
}

# leave WHAT PARAMETER=VALUE...: klua_leave leaves things; unloads klua
leave()
{
	what=$1
	shift
	load klua
	load klua_leave "$@"
	dmesg -c >/dev/null
	unload klua_leave
	unload klua
	gone "$what"
	# A debug kernel also says which task has had the deepest stack so far.
	dmesg | sed 's/^\[[^]]*\] //; /used greatest stack depth/d' >/tmp/log
	is "$what: nothing else goes wrong" '' \
		"$(grep -vE 'still held|outlives' /tmp/log)"
}

# Of states that klua_leave has left. A newline in a name is \n in the log.
outlives="outlives module klua_leave, which made it: retired"

load klua
load klua_runner
check_fails "klua stays while a consumer is loaded" rmmod klua
check "and works" grep -q '^klua .*klua_runner' /proc/modules
unload klua_runner
unload klua
gone "without consumers"

leave "states alive" alive=2
is "states alive: are named" "klua: state 'alive\\n0' $outlives
klua: state 'alive\\n1' $outlives" "$(LC_ALL=C sort /tmp/log)"
leave "closes queued" queued=20
is "closes queued: are no fault" '' "$(cat /tmp/log)"
leave "holds forgotten" held=2 orphans=1 alive=2
is "holds forgotten: are named" "klua: state 'alive\\n0' $outlives
klua: state 'alive\\n1' $outlives
klua: state 'held\\n0' $outlives
klua: state 'held\\n0' was still held 1 times at exit
klua: state 'held\\n1' $outlives
klua: state 'held\\n1' was still held 1 times at exit
klua: state 'orphan\\n0' was still held 2 times at exit" \
	"$(LC_ALL=C sort /tmp/log)"

gc='setmetatable({}, {__gc = function() while true do end end})'
leave "endless finalizers" alive=1 queued=2 held=1 script="\"$gc\""
gc='local function f() setmetatable({}, {__gc = f}) end f()'
leave "finalizers that make more of them" alive=1 queued=2 script="\"$gc\""

# Where there is kmemleak, the run ends with a look at what it has found.
[ ! -e /sys/kernel/debug/kmemleak ] || exit 0

# 1,000 states are 12 MB at least.
available()
{
	echo 3 >/proc/sys/vm/drop_caches
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}
lose()
{
	for _ in 1 2 3 4 5; do
		insmod /klua/modules/klua.ko
		insmod /klua/modules/klua_leave.ko alive=100 held=50 orphans=50
		rmmod klua_leave klua
	done
}
lose
before=$(available)
lose
after=$(available)
echo "# memory available before 1000 states: $before kB, after: $after kB"
check "what is left behind is freed" [ $((before - after)) -lt 6000 ]

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: demo.sh
#
# Shows KLua at work, inside the VM: a packet filter whose policy is a Lua
# script, in front of a real DNS server, asked by a real resolver. Exit status
# 0 only if all went as the text says.
set -u

case ${1-} in
-h|--help) sed -n '4,8s/^# \{0,1\}//p' "$0"; exit 0;;
esac
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

wrong=0

step()
{
	printf '\n== %s\n' "$*"
}

# show COMMAND: types and runs it
show()
{
	echo "# $*"
	sh -c "$*" || fail "that command failed"
}

fail()
{
	echo "!! NOT AS EXPECTED: $*"
	wrong=$((wrong + 1))
}

# lookup NAME ADDRESS: asks for it; "no answer" is an address, too
lookup()
{
	wait=10
	[ "$2" != "no answer" ] || wait=1
	got=$(ask "$1" "$wait")
	case $got in
	*timed\ out*) got="no answer" ;;
	esac
	printf '# nslookup %-20s -> %s\n' "$1" "$got"
	[ "$got" = "$2" ] || fail "that should be: $2"
}

# The lines that the script printed since the mark
decisions()
{
	since | grep -E '(accept|drop)[[:space:]]' | sed 's/^/  /'
}

# ask_on: asks for one name again and again, a line of "ANSWER" each, and waits for
# it as many seconds as $work/asking says
ask_on()
{
	while [ -e "$work/asking" ]; do
		case $(ask www.shop.test "$(cat "$work/asking")") in
		192.0.2.1) echo answered ;;
		*) echo silent ;;
		esac
		sleep 0.1
	done
}

# until_asked N: that has been asked for N times
until_asked()
{
	while [ "$(wc -l <"$work/live")" -lt "$1" ]; do
		sleep 0.1
	done
}

step "A DNS server on 127.0.0.1 that answers for every name"
start_server
lookup www.allowed.test 192.0.2.1
lookup www.blocked.test 192.0.2.1

step "KLua and the packet filter are loaded; its policy is a Lua script"
load klua && load dnsfilter && be_verbose && load dnsctl || exit 1
echo "# insmod klua.ko; insmod dnsfilter.ko; insmod dnsctl.ko"
echo "# klua run --force dnsfilter -e 'verbose = true'"
show "sed -n '/^blocked/,/^}/p' $firmware/dnsfilter.lua"

step "The same questions again: each packet now goes through verdict()"
mark
lookup www.allowed.test 192.0.2.1
lookup www.blocked.test "no answer"
lookup BLOCKED.test "no answer"
lookup notblocked.test 192.0.2.1
echo "What the script decided, from the kernel's log:"
decisions
[ "$(decisions | wc -l)" -eq 4 ] || fail "four decisions should be in the log"
[ "$(seen www.blocked.test)" -eq 1 ] ||
	fail "the server should have seen www.blocked.test once, before the filter"

step "A second module changes the script's table while questions flow"
echo 10 >"$work/asking"
: >"$work/live"
ask_on >"$work/live" &
asker=$!
until_asked 7
before_to=$(wc -l <"$work/live")
show 'echo "block shop.test" > /dev/dnsctl'
echo 1 >"$work/asking"
blocked_at=$(wc -l <"$work/live")
until_asked $((blocked_at + 2))
show 'cat /dev/dnsctl'
during_to=$(wc -l <"$work/live")
show 'echo "unblock shop.test" > /dev/dnsctl'
echo 10 >"$work/asking"
unblocked_at=$(wc -l <"$work/live")
until_asked $((unblocked_at + 6))
rm "$work/asking"
wait "$asker"

# A question under way at the change may end either way.
phase()
{
	sed -n "$1,$2p" "$work/live" | sort | uniq -c | tr -s ' \n' ' '
}
before=$(phase 1 "$before_to")
during=$(phase $((blocked_at + 2)) "$during_to")
after=$(phase $((unblocked_at + 2)) '$')
echo "A client that kept asking for www.shop.test was"
echo "  before:$before"
echo "  while blocked:$during"
echo "  after:$after"
case $before in *silent*|'') fail "it should be answered before";; esac
case $during in *answered*|'') fail "it should be silent while blocked";; esac
case $after in *silent*|'') fail "it should be answered after";; esac

step "What is refused, and why"
mark
echo '# echo "block not a name" > /dev/dnsctl'
echo "block not a name" >/dev/dnsctl && fail "that should be refused"
since | sed 's/^/  /'

step "A third module: the smallest one; and the states that there are now"
mark
load minimal || fail "minimal.ko does not load"
since | sed 's/^/  /'

step "All modules go"
show "rmmod minimal dnsctl dnsfilter klua"
lookup www.blocked.test 192.0.2.1

step "Summary"
if [ "$wrong" -gt 0 ]; then
	echo "$wrong of the things above did not happen as they should."
	exit 1
fi
cat <<EOF
A Lua function in the kernel read every DNS question to this machine. The
names on its list, and all below them, got no answer and never reached the
server; all others were answered. The list was changed from a second module
while packets flowed, and the change held from the next packet on. Everything
was unloaded again.
EOF

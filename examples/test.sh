#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: test.sh
#
# Tests dnsfilter and dnsctl inside the VM, with packets of a real resolver to
# a real server. Prints KTAP. Exit status 1 when a test failed.
set -u

case ${1-} in
-h|--help) sed -n '4,7s/^# \{0,1\}//p' "$0"; exit 0;;
esac
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

ctl=/dev/dnsctl
parameters=/sys/module/dnsfilter/parameters

# What a test returns that makes no sense on this kernel
skip=4

# What a test may claim; each gives the reason when it does not hold

is()
{
	[ "$1" = "$2" ] || { echo "got '$1', not '$2'"; return 1; }
}

answered()
{
	is "$(ask "$@")" 192.0.2.1
}

# unanswered NAME: and the server was not even asked
unanswered()
{
	before=$(seen "$1")
	got=$(ask "$1" 1)
	case $got in
	*timed\ out*) ;;
	*) echo "$1: got '$got', not a time-out"; return 1;;
	esac
	is "$(seen "$1")" "$before"
}

# logged TEXT: the kernel said it since the mark
logged()
{
	since | grep -qF -- "$1" && return
	echo "the kernel did not say '$1' but:"
	since
	return 1
}

tell()
{
	echo "$1" >$ctl
}

# refused COMMAND WHY TEXT: the write fails for that reason, with this text in
# the log
refused()
{
	mark
	# shellcheck disable=SC2059	# the caller's bytes, with escapes
	printf "$1" >"$work/command"
	if got=$(cat "$work/command" 2>&1 >$ctl); then
		echo "'$1' was taken"
		return 1
	fi
	case $got in
	*"$2") ;;
	*) echo "'$1': $got, not $2"; return 1;;
	esac
	logged "$3"
}

# with SCRIPT PARAMETER...: dnsfilter loaded anew with that script
with()
{
	unload dnsfilter || return 1
	script=$1
	shift
	load dnsfilter script="$script" "$@"
}

# does_not_load SCRIPT TEXT: and leaves no state behind
does_not_load()
{
	unload dnsfilter || return 1
	mark
	if load dnsfilter script="$1" 2>/dev/null; then
		echo "$1 was taken"
		unload dnsfilter
		return 1
	fi
	logged "$2" && load dnsfilter && unload dnsfilter
}

# The tests, each a function; its output is shown when it fails

modules_load()
{
	load inject && load klua && load dnsfilter verbose=1 && load dnsctl
}

allowed_name_is_answered()
{
	mark
	answered www.allowed.test && logged "www.allowed.test"
}

blocked_name_is_not()
{
	mark
	unanswered blocked.test && logged "blocked.test"
}

name_below_a_blocked_one_is_not()
{
	unanswered a.b.blocked.test
}

case_does_not_matter()
{
	unanswered BLOCKED.Test
}

like_named_are_answered()
{
	answered notblocked.test && answered blocked.test.test
}

other_types_of_question_are_filtered()
{
	before=$(grep -c 'query.* blocked\.test from' "$work/queries")
	nslookup -type=mx -retry=1 -timeout=1 blocked.test 127.0.0.1
	nslookup -type=txt -retry=1 -timeout=1 blocked.test 127.0.0.1
	is "$(grep -c 'query.* blocked\.test from' "$work/queries")" "$before"
}

ipv6_is_filtered()
{
	[ "$ipv6" ] || return $skip
	answered six.test 10 ::1 || return 1
	case $(ask blocked.test 1 ::1) in
	*timed\ out*) ;;
	*) echo "answered by IPv6"; return 1;;
	esac
}

# How many packets were put together: the field ReasmOKs
reassembled()
{
	awk '$1 == "Ip:" { n = $16 } END { print n }' /proc/net/snmp
}

# With 48 bytes of payload a fragment the kernel puts together a packet that
# has the end of the name elsewhere than its beginning.
fragments_hide_nothing()
{
	x=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
	before=$(reassembled)
	ip link set lo mtu 68
	answered $x.$x.$x.allowed.test && unanswered $x.$x.$x.blocked.test
	ok=$?
	ip link set lo mtu 65536
	[ "$(reassembled)" -gt "$before" ] ||
		{ echo "no packet was fragmented"; ok=1; }
	return $ok
}

list_is_readable()
{
	is "$(sort $ctl | tr '\n' ' ')" "ads.example blocked.test "
}

list_changes_live()
{
	answered www.shop.test &&
	tell "block shop.test" && unanswered www.shop.test &&
	tell "unblock shop.test" && answered www.shop.test &&
	tell "unblock blocked.test" && answered blocked.test &&
	tell "block blocked.test" && unanswered blocked.test
}

commands_are_lenient()
{
	printf '  block   Shop.TEST. \n' >$ctl &&
	printf 'block shop.test' >$ctl &&
	is "$(sort $ctl | tr '\n' ' ')" "ads.example blocked.test shop.test " &&
	printf 'unblock\tSHOP.test\n' >$ctl && list_is_readable
}

bad_commands_are_refused()
{
	x63=$(printf '%063d' 0)
	inval="Invalid argument"
	refused '\n' "$inval" "write 'block NAME' or 'unblock NAME'" &&
	refused 'drop a.test\n' "$inval" "write 'block NAME'" &&
	refused 'BLOCK a.test\n' "$inval" "write 'block NAME'" &&
	refused 'block\n' "$inval" "there is no name" &&
	refused 'block \n' "$inval" "there is no name" &&
	refused 'block .\n' "$inval" "there is no name" &&
	refused 'block a..test\n' "$inval" "an empty label" &&
	refused 'block .test\n' "$inval" "an empty label" &&
	refused 'block a.test..\n' "$inval" "an empty label" &&
	refused 'block a test\n' "$inval" "letters, digits" &&
	refused 'block a\nblock b\n' "$inval" "letters, digits" &&
	refused 'block \351t\351.test\n' "$inval" "letters, digits" &&
	refused 'block %%s%%n.test\n' "$inval" "letters, digits" &&
	refused 'block a.test\0\n' "$inval" "a NUL byte" &&
	refused "block 0$x63.test\n" "$inval" "more than 63 bytes" &&
	refused "block $x63.$x63.$x63.$x63\n" "$inval" "more than 253 bytes" &&
	refused "block $x63.$x63.$x63.$x63.$x63\n" "$inval" "more bytes than" &&
	refused 'unblock never.test\n' "No such file or directory" \
		"never.test was not blocked" &&
	list_is_readable
}

longest_name_is_taken()
{
	x61=$(printf '%061d' 0)
	name=00$x61.00$x61.00$x61.$x61
	tell "block $name" && answered www.allowed.test &&
	unanswered "$name" && tell "unblock $name."
}

names_are_never_code()
{
	refused 'block x"]=1 blocked={} --\n' "Invalid argument" "letters" &&
	refused 'block ]]..blocked..[[\n' "Invalid argument" "letters" &&
	list_is_readable
}

# under_fire COMMAND: while three clients ask without pause, each answered
under_fire()
{
	: >"$work/asking"
	before=$(seen www.allowed.test)
	for client in 1 2 3; do
		while [ -e "$work/asking" ]; do
			answered www.allowed.test
		done >"$work/wrong$client" &
	done
	"$@"
	status=$?
	rm "$work/asking"
	sleep 1
	cat "$work"/wrong?
	asked=$(($(seen www.allowed.test) - before))
	echo "$asked questions meanwhile"
	[ $status -eq 0 ] && [ "$(cat "$work"/wrong? | wc -c)" -eq 0 ] &&
		[ $asked -ge 3 ]
}

change_100_times()
{
	for i in $(seq 100); do
		tell "block name$i.example" || return 1
	done
	is "$(wc -l <$ctl)" 102 || return 1
	for i in $(seq 100); do
		tell "unblock name$i.example" || return 1
	done
	list_is_readable
}

list_changes_under_fire()
{
	under_fire change_100_times
}

# The commands of the background fail whenever the filter is not there.
reload_10_times()
{
	while [ -e "$work/asking" ]; do
		cat $ctl
		tell "block shop.test"
	done >/dev/null 2>&1 &
	for _ in $(seq 10); do
		if ! load dnsfilter || ! sleep 0.2 || ! unload dnsfilter; then
			return 1
		fi
	done
}

filter_reloads_under_fire()
{
	unload dnsfilter && under_fire reload_10_times &&
	load dnsfilter verbose=1 &&
	list_is_readable
}

# The request of a TFTP client is no DNS; taken for that, it has thousands of
# questions.
other_payload_is_judged()
{
	mark
	timeout 1 tftp -g -l /dev/null -r file 127.0.0.1 53 2>/dev/null
	logged "hides its name"
}

# The bytes of a DNS message, in hexadecimal: a header with one question, the
# end of a question, and the name allowed.test or blocked.test with its length
dns_header=123401000001000000000000
dns_end=0000010001
allowed=07616c6c6f7765640474657374
blocked=07626c6f636b65640474657374

# inject PAYLOAD [LENGTH [PORT]]: a UDP packet, whose header may lie
inject()
{
	printf '04d2%04x%04x0000%s\n' "${3:-53}" \
		"${2:-$((${#1} / 2 + 8))}" "$1" \
		>/sys/module/inject/parameters/packet
}

# The policy, with a line in the log of what it was given and what came out.
spy()
{
	cat "$firmware/dnsfilter.lua" - >$firmware/spy.lua <<-'EOF'
	local judge = verdict
	function verdict(packet)
		local good, answer = pcall(judge, packet)
		print("spy", answer, #packet, (packet:sub(1, 60):gsub(".",
			function(c) return ("%02x"):format(c:byte()) end)))
		return good and answer or error(answer, 0)
	end
	EOF
	with spy.lua
}

# injected ANSWER BYTES PAYLOAD [LENGTH]: of such a packet, whether it is in
# one piece or in many, the script gets that many BYTES and gives that ANSWER
injected()
{
	digits=$(($2 < 60 ? $2 * 2 : 120))
	line="spy	$1	$2	$(printf "%.${digits}s" "$3")"
	shift 2
	mark
	for piece in 0 1 5 64; do
		echo $piece >/sys/module/inject/parameters/piece
		inject "$@" || return 1
	done
	logged "$line" && is "$(since | grep -cF "$line")" 4
}

# not_judged PACKET: the script is not asked about these bytes of UDP, but is
# about the packet after it
not_judged()
{
	for piece in 0 1; do
		echo $piece >/sys/module/inject/parameters/piece
		mark
		echo "$1" >/sys/module/inject/parameters/packet || return 1
		inject $dns_header$allowed$dns_end
		is "$(since | cut -f -3)" "klua: dnsfilter: spy	accept	30" ||
			return 1
	done
}

packets_in_pieces_are_judged()
{
	spy || return 1
	x1000=$(printf '%02000d' 0)
	question=$dns_header$blocked$dns_end
	injected accept 30 $dns_header$allowed$dns_end &&
	injected drop 30 $question &&
	injected drop 512 $question"$x1000" &&
	injected drop 18 $dns_header"c00c00010001"
}

damaged_packets_are_judged()
{
	short="shorter than a DNS header"
	cut="the question is cut short"
	injected "$short" 0 "" &&
	injected "$short" 1 00 &&
	injected "$short" 11 ${dns_header%00} &&
	injected "$cut" 12 $dns_header &&
	injected "$cut" 16 ${dns_header}07626c6f &&
	injected "$cut" 25 $dns_header$blocked &&
	injected "the question has no type and class" 29 \
		$dns_header${blocked}00000100
}

# The server sees no more than the UDP header counts.
lengths_that_lie_are_judged()
{
	injected "$short" 11 "$question" 19 &&
	injected "$cut" 14 "$question" 22 &&
	injected drop 30 "$question" 1000 &&
	injected drop 30 "$question" 65535 &&
	injected drop 30 "$question" 7 &&
	injected drop 30 "$question" 0
}

other_packets_are_not()
{
	not_judged "" && not_judged 04 && not_judged 04d20035000800 &&
	not_judged "04d2003600260000$question"
}

# fails SCRIPT TEXT: with the script failing on each packet, fail_open decides
fails()
{
	with "$1" maxalloc=65536 || return 1
	mark
	answered www.allowed.test && logged "packet accepted: $2" || return 1
	echo N >$parameters/fail_open
	mark
	unanswered www.allowed.test && logged "packet dropped: $2"
}

error_goes_by_fail_open()
{
	cat >$firmware/error.lua <<-'EOF'
	function verdict() error("o\27ops") end
	EOF
	fails error.lua 'policy:1: o\eops'
}

wrong_verdict_goes_by_fail_open()
{
	echo 'function verdict() return 42 end' >$firmware/odd.lua
	fails odd.lua 'verdict() returned 42, not "accept" or "drop"'
}

endless_script_goes_by_fail_open()
{
	echo 'function verdict() while true do end end' >$firmware/endless.lua
	fails endless.lua "" && logged "(-ETIME)"
}

endless_script_cannot_go_on()
{
	echo 'function verdict()
		while true do pcall(function() while true do end end) end
	end' >$firmware/endless.lua
	fails endless.lua "" && logged "(-ETIME)"
}

greedy_script_goes_by_fail_open()
{
	echo 'function verdict() local t = {}
		for i = 1, 1 << 40 do t[i] = {} end
	end' >$firmware/greedy.lua
	fails greedy.lua "" && logged "(-ENOMEM)"
}

errors_do_not_flood_the_log()
{
	echo 'function verdict() error("no") end' >$firmware/failing.lua
	with failing.lua || return 1
	mark
	for _ in $(seq 50); do
		inject ""
	done
	lines=$(since | grep -c 'no verdict')
	echo "$lines lines of log for 50 errors"
	[ "$lines" -ge 1 ] && [ "$lines" -le 20 ]
}

absent_script_does_not_load()
{
	does_not_load absent.lua "no script /lib/firmware/absent.lua"
}

broken_script_does_not_load()
{
	echo 'function verdict( return' >$firmware/broken.lua
	does_not_load broken.lua "script broken.lua: policy:1: "
}

failing_script_does_not_load()
{
	echo 'local t = nil; t.x = 1' >$firmware/failing.lua
	does_not_load failing.lua "script failing.lua: policy:1: "
}

endless_chunk_does_not_load()
{
	echo 'while true do end' >$firmware/chunk.lua
	does_not_load chunk.lua "(-ETIME"
}

script_without_verdict_does_not_load()
{
	echo 'blocked = {}' >$firmware/idle.lua
	does_not_load idle.lua "it defines no function verdict()"
}

compiled_script_does_not_load()
{
	printf '\033Lua\123\000\031\223\r\n' >$firmware/compiled.lua
	does_not_load compiled.lua "script compiled.lua: "
}

script_without_list_is_reported()
{
	echo 'function verdict() return "accept" end' >$firmware/nolist.lua
	with nolist.lua || return 1
	mark
	if tell "block a.test" 2>/dev/null || cat $ctl 2>/dev/null; then
		echo "there is no list, and yet no error"
		return 1
	fi
	logged "the script has no table 'blocked'"
}

# A list that fills the state's memory: the command that would need more says
# so, those before it hold, and packets are judged as before.
full_list_is_reported()
{
	with dnsfilter.lua maxalloc=49152 || return 1
	i=0
	while [ $i -lt 2000 ]; do
		got=$( { tell "block name$i.example"; } 2>&1) || break
		i=$((i + 1))
	done
	case $got in
	*"memory") ;;
	*) echo "after $i names: '$got'"; return 1;;
	esac
	is "$(wc -l <$ctl)" $((i + 2)) && answered www.allowed.test &&
	unanswered blocked.test && unanswered name0.example
}

commands_without_filter_fail()
{
	unload dnsfilter || return 1
	mark
	got=$( { tell "block a.test"; } 2>&1)
	case $got in
	*"No such device") ;;
	*) echo "got '$got'"; return 1;;
	esac
	logged "no state dnsfilter" && ! cat $ctl 2>/dev/null
}

without_filter_all_is_answered()
{
	answered blocked.test
}

used_modules_stay()
{
	! rmmod klua 2>/dev/null || { echo "klua went under dnsctl"; return 1; }
	exec 3<$ctl
	! rmmod dnsctl 2>/dev/null || { echo "dnsctl went while open"; return 1; }
	exec 3<&-
}

minimal_says_hello()
{
	unload minimal
	mark
	load minimal && logged "minimal: hello from Lua 5.3	42"
}

all_unload()
{
	unload inject minimal dnsctl dnsfilter klua && answered blocked.test &&
	[ ! -e $ctl ]
}

tests='
modules_load
allowed_name_is_answered
blocked_name_is_not
name_below_a_blocked_one_is_not
case_does_not_matter
like_named_are_answered
other_types_of_question_are_filtered
ipv6_is_filtered
fragments_hide_nothing
list_is_readable
list_changes_live
commands_are_lenient
bad_commands_are_refused
longest_name_is_taken
names_are_never_code
list_changes_under_fire
filter_reloads_under_fire
other_payload_is_judged
packets_in_pieces_are_judged
damaged_packets_are_judged
lengths_that_lie_are_judged
other_packets_are_not
error_goes_by_fail_open
wrong_verdict_goes_by_fail_open
endless_script_goes_by_fail_open
endless_script_cannot_go_on
greedy_script_goes_by_fail_open
errors_do_not_flood_the_log
absent_script_does_not_load
broken_script_does_not_load
failing_script_does_not_load
endless_chunk_does_not_load
script_without_verdict_does_not_load
compiled_script_does_not_load
script_without_list_is_reported
full_list_is_reported
commands_without_filter_fail
without_filter_all_is_answered
minimal_says_hello
used_modules_stay
all_unload
'

echo "KTAP version 1"
echo "1..$(echo "$tests" | wc -w)"
start_server
number=0
failed=0
for test in $tests; do
	number=$((number + 1))
	what=$(echo "$test" | tr _ ' ')
	$test >"$work/said" 2>&1
	case $? in
	0) echo "ok $number - $what" ;;
	"$skip") echo "ok $number - $what # SKIP not on this kernel" ;;
	*)
		echo "not ok $number - $what"
		sed 's/^/# /' "$work/said"
		failed=$((failed + 1)) ;;
	esac
done
[ $failed -eq 0 ]

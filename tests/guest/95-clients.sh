#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 240
# boot: own
# memory: 1G
# programs: clients
#
# Programs that know nothing of KLua: the kernel's ynl with netlink/klua.yaml
# alone, trace-cmd and perf with the tracepoints, bash with the completion.
. "$(dirname "$0")/lib.sh"

if [ ! -e /usr/src/ynl ]; then
	skip "clients" "there are no Debian packages to take them from"
	exit
fi
load klua

# ynl finds the schema that it checks the specification by beside that.
netlink=/usr/src/ynl/Documentation/netlink
mkdir $netlink/specs
cp /klua/netlink/klua.yaml $netlink/specs/

ynl()
{
	/usr/bin/python3.11 /usr/src/ynl/tools/net/ynl/cli.py \
		--spec $netlink/specs/klua.yaml --output-json "$@" 2>&1
}

hex()
{
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

is "ynl: a dump, and the specification keeps to the schema" '[]' \
	"$(ynl --dump state-get)"

replies=$(ynl --no-schema \
	--multi state-create '{"name": "u/made", "memory-max": 65536}' \
	--multi state-create '{"name": "u/other", "kind": "atomic"}' \
	--multi state-get '{"name": "u/made"}' \
	--multi state-set '{"name": "u/made", "steps-max": 5}' \
	--multi state-stop '{"name": "u/other"}' \
	--multi state-get '{"name": "u/other"}' \
	--multi state-start '{"name": "u/other", "force": true}' \
	--multi state-destroy '{"name": "u/other"}' \
	--multi listen '{}' \
	--multi info-get '{}')
state='{"id": 1, "name": "u/made", "origin": "user", *"memory-max": 65536, *}'
like "ynl: create, get, set, stop, start, destroy, listen, info" \
	"[[]$state, {*\"name\": \"u/other\"*}, $state, null, null, {*\"name\": \"u/other\"*\"stopped\": true*}, null, null, null, {\"version\": *}]" \
	"$replies"
klua run u/made -e '' 2>/dev/null
like "ynl: a dump has what is left" \
	'[[]{"id": 1, "name": "u/made", *"steps-max": 5, *"runs": 1, *}]' \
	"$(ynl --no-schema --dump state-get)"
klua set -s unlimited -T unlimited u/made
klua run u/made -e 'while true do end' 2>/tmp/cancelled &
runner=$!
until klua show --json u/made | grep -q '"busy":true'; do :; done
is "ynl: cancel" null "$(ynl --no-schema --do cancel --json '{"name": "u/made"}')"
wait "$runner"
like "ynl: ends what runs" 'klua: *: cancelled*' "$(cat /tmp/cancelled)"
like "ynl: errors have words" '*Netlink error: *nothing runs in the state*' \
	"$(ynl --no-schema --do cancel --json '{"id": 1}')"

klua run u/made -e 'while true do end' 2>/dev/null &
runner=$!
until klua show --json u/made | grep -q '"busy":true'; do :; done
echo x=1 >/tmp/next.lua
klua replace -f /tmp/next.lua u/made
like "ynl: a dump of all has what was replaced" \
	'[[]{"id": 3, "name": "u/made", *}, {"id": 1, "name": "u/made", *"replaced": true*}]' \
	"$(ynl --no-schema --dump state-get --json '{"all": true}')"
is "ynl: which its number cancels" null \
	"$(ynl --no-schema --do cancel --json '{"id": 1}')"
wait "$runner"

# Events of every kind, again and again until ynl has listened and ended.
cat >/tmp/listen.py <<'EOD'
import json
import sys
import time
sys.path.append('/usr/src/ynl/tools/net/ynl')
try:
    from lib import YnlFamily
except ImportError:
    from pyynl.lib import YnlFamily
family = YnlFamily(sys.argv[1], schema='')
family.do('listen', {})
open('/tmp/listening', 'w').close()
end = time.time() + 3
while time.time() < end:
    family.check_ntf()
    time.sleep(0.1)
print(json.dumps(list(family.async_msg_queue), default=bytes.hex))
EOD
klua create u/noisy
(
	while [ ! -e /tmp/heard ]; do
		klua create u/passing
		klua stop u/passing
		klua start u/passing
		klua destroy u/passing
		klua run u/noisy -e 'pcall(function() local t = {}
			while true do t[#t + 1] = ("x"):rep(9999) end end)'
		klua run u/noisy -e 'error("heard")'
	done
) >/dev/null 2>&1 &
events=$(/usr/bin/python3.11 /tmp/listen.py $netlink/specs/klua.yaml 2>&1)
touch /tmp/heard
wait $!
for event in '"state-created", "msg": {"id": *, "name": "u/passing"' \
	     '"state-destroyed", "msg": {"id": *, "name": "u/passing"' \
	     '"state-stopped", "msg": {"id": *, "name": "u/passing"' \
	     '"state-started", "msg": {"id": *, "name": "u/passing"' \
	     '"limit-hit", "msg": {*"name": "u/noisy"*"limit": "memory"' \
	     '"script-error", "msg": {*"name": "u/noisy"*"errno": 121*"message": *'"$(hex heard)"
do
	like "ynl: hears $event" "*{\"name\": $event*" "$events"
done

cat >/tmp/session <<'EOD'
klua create "$(printf 'a/\nb')"
klua run "$(printf 'a/\nb')" -e 'print("seen") error("oh")'
klua run --steps 10 -e 'while true do end'
klua destroy "$(printf 'a/\nb')"
EOD

# has_events WHO TEXT: a line of each event, as it is shown
has_events()
{
	local event
	for event in 'create:*id=* name=a/\\nb memory=* memory_max=1048576' \
		     'run_begin:*id=* name=a/\\nb *' \
		     'print:*id=* name=a/\\nb text=seen' \
		     'error:*id=* name=a/\\nb errno=-121 text=*:1: oh\\nstack*' \
		     'run_end:*id=* name=a/\\nb steps=[1-9]* stopped=0' \
		     'limit:*id=* name=run/* limit=steps' \
		     'run_end:*id=* name=run/* steps=[1-9]* stopped=-62' \
		     'destroy:*id=* name=a/\\nb *'; do
		like "$1: $event" "*$event*" "$2"
	done
}

export PATH="$PATH:/usr/bin"
check "trace-cmd: record" trace-cmd record -q -o /tmp/trace.dat -e klua \
	sh /tmp/session
has_events "trace-cmd" "$(trace-cmd report -i /tmp/trace.dat 2>&1)"
check "perf: record" perf record -q -a -o /tmp/perf.data -e 'klua:*' \
	sh /tmp/session
has_events "perf" "$(perf script -i /tmp/perf.data 2>&1)"

# What klua calls JSON, Python takes for that, whatever the names.
name=$(printf 'q/"\\\n\001\177\303\244\303(\355\240\200\377')
klua monitor --json >/tmp/events.json 2>/dev/null &
monitor=$!
until [ -s /tmp/events.json ]; do
	klua create u/noticed
	klua destroy u/noticed
done
klua create --json "$name" >/tmp/create.json
klua run "$name" -e 'error("\0\n\"\\ \xff \xc3\xa4")' 2>/dev/null
klua set --steps 1000 "$name"
klua run "$name" -e 'while true do end' 2>/dev/null
klua run "$name" -e 'error("\0\n\"\\ \xff \xc3\xa4")' 2>/dev/null
for listing in list stats info; do
	klua $listing --json >/tmp/$listing.json
done
klua show --json "$name" >/tmp/show.json
klua destroy "$name"
until grep -q '"event":"destroyed",[^}]*"name":"q/' /tmp/events.json; do :; done
kill "$monitor"
for listing in create list stats info show; do
	check "klua $listing --json is JSON" \
		/usr/bin/python3.11 -m json.tool /tmp/$listing.json /dev/null
done
check "klua monitor --json is a line of JSON for each event" \
	/usr/bin/python3.11 -m json.tool --json-lines /tmp/events.json /dev/null
for event in created error limit destroyed; do
	like "klua monitor --json tells '$event'" \
		"*\"event\":\"$event\",\"id\":*,\"name\":\"q/*" \
		"$(cat /tmp/events.json)"
done

# A message is a line at once, since others may write to the same log.
cat >/tmp/lines.py <<'EOD'
import socket
import subprocess
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
subprocess.run(['klua', 'show', 'u/none'], stderr=theirs)
theirs.close()
ours.setblocking(False)
print(ours.recv(1000).decode(), end='')
EOD
is "a message is one piece" \
	'klua: u/none: cannot get the state: there is no such state' \
	"$(/usr/bin/python3.11 /tmp/lines.py 2>&1)"

# completes WHAT WORDS WORD...: what can follow, for the last word
completes()
{
	local what="$1" words="$2"
	shift 2
	# shellcheck disable=SC2016	# for bash
	is "completion: $what" "$words" "$(/bin/bash -c '
		. /klua/tools/klua/klua.bash
		COMP_WORDS=(klua "$@")
		COMP_CWORD=$#
		$(complete -p klua | sed "s/.*-F \([^ ]*\) .*/\1/")
		echo "${COMPREPLY[*]}"' bash "$@" 2>&1)"
}

klua create u/noise
klua create "$(printf 'u/odd name')"
cd /klua/examples/dnsfilter || exit
completes "commands" 'show stop start set stats' s
completes "options" '--id --json --pretty --help' show --
completes "all of them" '--all' list --a
completes "the rest of one" '--steps' create --s
completes "options after a state" \
	'--force --id --json --memory --pretty --steps --time --help' set u/noisy --
completes "options of two words" '--id --if-exists' destroy --i
completes "states" 'u/noisy u/noise' show u/n
completes "states, of all the plain ones" 'u/made u/noisy u/noise' cancel ''
completes "states to watch" 'u/noisy u/noise' monitor u/n
completes "states after an option" 'u/noisy' set --steps 5 u/noisy
completes "keys to sort by" 'steps' list --sort s
completes "kinds of events" 'stopped started' monitor --event st
completes "commands to help with" 'show stop start set stats' help s
completes "scripts" 'test.lua' run t
completes "scripts to make a state with" 'test.lua' replace -f t
completes "no times" '' set --time ''
completes "no values" '' create --memory ''
completes "no names" '' create n
completes "a value behind =" 'atomic sleepable irq' create --kind =
completes "the rest of one" 'sleepable' create --kind = s
completes "a key behind =" 'steps' top --sort = s
completes "commands behind --json" 'show stop start set stats' --json s
completes "options of such" '--id --json --pretty --help' -j show --
completes "a script in the place of a command" './test.lua' ./t
completes "options behind code" '--steps' -e 'return 1' --s
completes "nothing after nonsense" '' frob ''
for state in u/made u/noisy u/noise "$(printf 'u/odd name')"; do
	klua destroy "$state"
done
unload klua
completes "no states without the module" '' show ''
check_fails "which is not loaded for that" test -e /sys/module/klua

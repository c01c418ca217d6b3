#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# klua's manual is a well-formed one and says what klua's own help says: each
# command with what it takes, each option. It also has each key of the JSON, each
# event, each parameter of the module and each tracepoint.
set -- '*.8'
. "$(dirname "$0")/lib.sh"

tests/vm/need.sh check vm || exit 1
each mandoc -Tlint

tool=tools/klua
make -s -C $tool O="$PWD/build/tools" || exit 1
klua=build/tools/klua
# In one line, without what only makes it look well
manual=$(mandoc -Tascii $tool/klua.8 | sed 's/.\x08//g' | tr -s ' \n' ' ')

# in_manual WHAT TEXT
in_manual()
{
	case $manual in
	*" $2"*) ok "the manual has $1" ;;
	*) not_ok "the manual has $1" "looked for: $2" ;;
	esac
}

commands=$($klua help | sed -n 's/^  \([a-z]*\)  *[A-Z].*/\1/p')
is "commands are found" 1 "$(($(echo "$commands" | wc -w) > 12))"
for command in $commands; do
	in_manual "$command" "$command "
	# Usages that begin a line; what a usage goes on with is indented more.
	$klua help "$command" | sed '/^$/,$d; s/^usage: /       /' |
		sed -e ':a' -e 'N' -e '$!ba' -e 's/\n          *  / /g' |
		tr -s ' ' | sed 's/^ //' >build/usages
	while read -r usage; do
		in_manual "'$usage'" "$usage"
	done <build/usages
	for option in $($klua help "$command" |
			sed -n 's/^  \(-[A-Za-z], --[a-z-]*\).*/\1/p' |
			tr -d ' '); do
		in_manual "$option" "${option%%,*}, ${option#*,}"
	done
done
rm -f build/usages

# The texts of tables in the sources
keys=$(sed -n 's/.*{ KLUA_A_STATE_[A-Z_]*, [A-Z]*, "\([a-z_]*\)" },/\1/p
	s/.*json_add([a-z]*, "\([a-z_]*\)".*/\1/p' $tool/*.c)
is "keys are found" 1 "$(($(echo "$keys" | wc -w) > 40))"
for key in $keys; do
	in_manual "the key $key" "$key"
done
for event in created destroyed stopped started error limit; do
	in_manual "the event $event" "$event"
done
parameters=$(sed -n 's/^MODULE_PARM_DESC(\([a-z_]*\),.*/\1/p' ./*.c)
is "parameters are found" 1 "$(($(echo "$parameters" | wc -w) > 4))"
for parameter in $parameters; do
	in_manual "the parameter $parameter" "$parameter "
done
tracepoints=$(sed -n 's/^DEFINE_EVENT[A-Z_]*([a-z_]*, \([a-z_]*\),$/\1/p
	s/^TRACE_EVENT[A-Z_]*(\([a-z_]*\),$/\1/p' tracepoints.h)
is "tracepoints are found" 1 "$(($(echo "$tracepoints" | wc -w) > 5))"
for tracepoint in $tracepoints; do
	in_manual "the tracepoint $tracepoint" "$tracepoint"
done

# What completion offers it asks klua for.
for option in $($klua help list | grep -o -- '--[a-z]*'); do
	[ "$option" = --sort ] || continue
	check "completion has the keys to sort by" grep -q \
		"'id name runs steps time errors memory'" $tool/klua.bash
done

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What a test script is written with, on the host and in the VM alike. Each
# check is one line "ok N - what" or "not ok N - what" on the script's first
# standard output, whatever the script later redirects; lines that begin with
# "# " say more about the line before them.

set -u
exec 3>&1
checks=0

ok()
{
	checks=$((checks + 1))
	echo "ok $checks - $1" >&3
}

# not_ok WHAT [MORE]
not_ok()
{
	checks=$((checks + 1))
	echo "not ok $checks - $1" >&3
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/# /' >&3
}

# skip WHAT WHY
skip()
{
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2" >&3
}

# check WHAT COMMAND...: the command succeeds; its output tells why if not
check()
{
	local what="$1" output status
	shift
	if output=$("$@" 2>&1); then
		ok "$what"
	else
		status=$?
		not_ok "$what" "$* ended with status $status
$output"
	fi
}

# check_fails WHAT COMMAND...: it does not
check_fails()
{
	local what="$1" output
	shift
	if output=$("$@" 2>&1); then
		not_ok "$what" "$* succeeded
$output"
	else
		ok "$what"
	fi
}

# is WHAT EXPECTED ACTUAL
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "expected: $2
     got: $3"
	fi
}

# like WHAT PATTERN ACTUAL: a shell pattern
like()
{
	# shellcheck disable=SC2254	# it is a pattern
	case $3 in
	$2) ok "$1";;
	*) not_ok "$1" "expected: $2
     got: $3";;
	esac
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154	# lua() of lib.sh sets its results
#
# Sourced after lib.sh by the tests that run scripts/semantics/.

scripts=$(dirname "$0")/../scripts/semantics

# check_cases WHAT CASES KEY=VALUE...: a check for every case
check_cases()
{
	local line what="$1" cases="$2"
	shift 2
	lua "local check = (function() $(cat "$scripts/check.lua") end)()
return check([=====[
$cases
]=====])" steps=100000000 "$@"
	if [ "$lua_errno" != 0 ]; then
		not_ok "$what runs with $*" "$lua_errno: $lua_text"
		return
	fi
	while IFS= read -r line; do
		case $line in
		"ok - "*) ok "${line#ok - }" ;;
		*) not_ok "${line#not ok - }" ;;
		esac
	done <<END
$lua_text
END
}

# check_file FILE KEY=VALUE...: some lines at a time, each within an entry's time
check_file()
{
	local file="$1" from=1 to total
	shift
	total=$(wc -l <"$file")
	while [ "$from" -le "$total" ]; do
		to=$((from + 9))
		check_cases "${file##*/}, lines $from to $to," \
			"$(sed -n "$from,${to}p" "$file")" "$@"
		from=$((to + 1))
	done
}

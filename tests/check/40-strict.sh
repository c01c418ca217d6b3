#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# The compiler with W=1, objtool, modpost and sparse find nothing to warn of, and
# no function takes more than 1 KiB of the stack.
set -- '*.c' '*.h' '*.S'
. "$(dirname "$0")/lib.sh"

tests/vm/need.sh build check && tests/vm/stock.sh || exit 1
tests/vm/modules.sh -s stock >/dev/null 2>&1 ||
	not_ok "the modules build" "$(tail -n 20 build/logs/modules-stock-strict.log)"

# A sparse that gives up says nothing of anything, but of this it always says so.
warnings=build/modules/stock-strict.warnings
check "sparse has looked" grep -q "imbalance in 'klua_state_lock'" $warnings
found=$(tests/check/warnings.sh $warnings)
core=$(echo "$found" | grep '/lua/src/')
found=$(echo "$found" | grep -v '/lua/src/')
clean()
{
	! echo "$found" | grep -F "/$1:"
}
each clean
other=$found
for file in $files; do
	other=$(echo "$other" | grep -vF "/$file:")
done
is "and in nothing else" '' "$other"
is "the compiler finds nothing in the Lua core" '' "$core"

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

# Warnings name the file they are about. What sparse says of the Lua core is
# upstream's style; a warning of the compiler's ends with the option for it.
# sparse knows no lock that is taken on one way out only: those that try for a
# lock, and the RCU sections that the broken managers leave out.
# Of those one is heard: a sparse that gives up says nothing of anything.
warnings=build/modules/stock-strict.warnings
check "sparse has looked" grep -q "imbalance in 'klua_state_lock'" $warnings
found=$(grep -v '/lua/src/' $warnings |
	grep -vE "context imbalance in '(atomic_lock_try|atomic_lock|irq_lock|klua_state_lock|klua_state_lock_any|klua_state_lock_try|klua_state_unlock|error_trylock|klua_trace_take|error_keep|records_trylock|record_add|copy_state_lock_asleep|copy_state_unlock|enter_rcu|leave_rcu)'")
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
is "the compiler finds nothing in the Lua core" '' \
	"$(grep '/lua/src/.*\[-W.*\]$' $warnings)"

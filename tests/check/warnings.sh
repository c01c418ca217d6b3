#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: warnings.sh FILE
#
# Prints of FILE, which holds the warnings of a build with W=1 and sparse, those that
# count. Warnings name the file they are about. What sparse says of the Lua core is
# upstream's style; a warning of the compiler's ends with the option for it. sparse
# knows no lock that is taken on one way out only: those that try for a lock, and the
# RCU sections that the broken managers leave out.
set -eu
. "$(dirname "$0")/../vm/common.sh"

case ${1-} in
-h|--help) usage; exit 0;;
esac
[ $# -eq 1 ] || { usage >&2; exit 2; }
grep -vE '/lua/src/.*[^]]$' "$1" |
	grep -vE "context imbalance in '(atomic_lock_try|atomic_lock|irq_lock|irq_trylock|klua_state_lock|klua_state_lock_any|klua_state_lock_try|klua_state_unlock|error_trylock|trace_hide|error_keep|records_trylock|record_add|copy_state_lock_asleep|copy_state_unlock|enter_rcu|leave_rcu)'" ||
	true

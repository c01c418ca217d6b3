#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# The VM's ways to end, good and bad, each have their own exit status.
. "$(dirname "$0")/../lib.sh"

vm=$(dirname "$0")/../vm
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$vm/need.sh" vm && "$vm/stock.sh" && "$vm/rootfs.sh" || exit 1

# run COMMAND [OPTION]...: as /klua/main; sets $status and $out
run()
{
	echo "$1" >"$tmp/main"
	shift
	out=$("$vm/vm" -n "host-vm-$$" "$@" "$tmp" 2>"$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

run 'echo out; echo err >&2; uname -s >/dev/kmsg; exit 7'
is "the exit status comes out" 7 "$status"
is "both outputs come out, the kernel's messages do not" "out
err" "$out"

# Every one of these would be a healthy run but for one line.
run 'echo "WARNING: CPU: 0 PID: 1 at x.c:1" >/dev/kmsg; echo done'
is "a warning fails the run" "120 done" "$status $out"
like "and is shown" "*WARNING: CPU: 0 PID: 1 at x.c:1*" "$err"

run 'echo begun; echo c >/proc/sysrq-trigger'
is "an oops ends the VM" "121 begun" "$status $out"
like "and its cause is shown" "*sysrq triggered crash*" "$err"

run 'echo begun; sleep 100' -q 8
is "silence ends the VM" "124 begun" "$status $out"

run 'while sleep 1; do echo alive; done' -t 12
is "a run that takes too long is ended" 124 "$status"
like "and says so" "*took longer than 12 s*" "$err"

rm -f "$vm/../../build/logs/host-vm-$$".*

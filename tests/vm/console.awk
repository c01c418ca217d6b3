# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f console.awk ALLOW CONSOLE
#
# Prints "TEST<tab>LINE: text" for each line of a kernel's console that no
# healthy run has, and fails when there is one. Each line of the file ALLOW is
# "TEST<tab>expression": what that one test may make the kernel say.

BEGIN {
	FS = "\t"
	test = "boot"
	# What stops, warns, or finds a fault, in the kernel's own words
	bad = "WARNING: |BUG: |BUG [a-z]|kernel BUG at|Oops|Call Trace|" \
	      "Kernel panic|general protection|double fault|stack guard page|" \
	      "[Uu]nable to handle|divide error|invalid opcode|Bad frame|" \
	      "Attempted to kill init|nobody cared|do_IRQ: .*No irq handler|" \
	      "cut here|RIP: 0010|" \
	      "UBSAN: |KASAN: |KCSAN: |KFENCE: |KMSAN: |ODEBUG: |" \
	      "new suspected memory leaks|unreferenced object|" \
	      "[Cc]orruption|corrupted|Redzone|Poison overwritten|" \
	      "field-spanning write|buffer overflow detected|" \
	      "[Rr]efcount_t: |refcount.*(leak|saturated|underflow)|" \
	      "possible (circular|recursive|irq lock inversion)|" \
	      "possible deadlock|inconsistent lock state|" \
	      "suspicious RCU usage|bad unlock balance|held lock freed|" \
	      "lock held when returning|Invalid wait context|" \
	      "DEBUG_LOCKS_WARN_ON|" \
	      "turning off the locking correctness validator|" \
	      "scheduling while atomic|sleeping function called|" \
	      "Voluntary context switch within RCU|preempt_count|" \
	      "soft lockup|hard LOCKUP|self-detected stall|" \
	      "detected (expedited )?stalls|blocked for more than|" \
	      "starved for|invoked oom-killer|Out of memory|" \
	      "page allocation failure|Unknown symbol|disagrees about version|" \
	      "\\[klua[a-z_]*\\] enqueued on deprecated workqueue|" \
	      "[Uu]npatched return thunk|missing return thunk"
}

FILENAME == ARGV[1] {
	allowed[++allows] = $2
	owner[allows] = $1
	next
}

# A test's beginning, as tests/guest/main writes it to the kernel's log
match($0, /klua-test: [^ ]+ begins/) {
	split(substr($0, RSTART), word, " ")
	test = word[2]
	next
}

$0 ~ bad {
	for (i = 1; i <= allows; i++)
		if (owner[i] == test && $0 ~ allowed[i])
			next
	printf "%s\t%d: %s\n", test, FNR, $0
	found = 1
}

END { exit found }

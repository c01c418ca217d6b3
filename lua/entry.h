/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every entry into a state does first and last. Each packet comes by here,
 * so it is inline where the core is entered; klua_arm_slow() and klua_disarm()
 * do the same and whatever an entry seldom needs.
 */
#ifndef KLUA_ENTRY_H
#define KLUA_ENTRY_H

#include "budget.h"

#ifdef __KERNEL__

#include <linux/jump_label.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <asm/stacktrace.h>

DECLARE_STATIC_KEY_FALSE(klua_watched);

/*
 * How far the stack may grow. On the task's own stack to a quarter from its
 * end: whatever function of a consumer or of the kernel the deepest call
 * makes, printk() say, fits into that quarter; interrupts have a stack of their
 * own or need a few hundred bytes. Above it an eighth is kept for handling the
 * error of getting there: a gsub() with a message handler needs 2 KiB. The
 * bounds of the stacks of interrupts cannot be had by a module, so there an
 * entry gets a fixed share: 5 KiB of 16, and 2 for the error, leave 9 for what
 * came before and what may interrupt. Under KASAN THREAD_SIZE and all frames
 * are larger alike.
 */
#define KLUA_STACK_RESERVE	(THREAD_SIZE / 4)
#define KLUA_STACK_HANDLING	(THREAD_SIZE / 8)
#define KLUA_STACK_SHARE	(THREAD_SIZE / 16 * 5)

static __always_inline unsigned long klua_stack_limit(void)
{
	unsigned long sp = current_stack_pointer;
	unsigned long base = (unsigned long)task_stack_page(current);

	if (sp - base < THREAD_SIZE)
		return base + KLUA_STACK_RESERVE + KLUA_STACK_HANDLING;
	return sp - KLUA_STACK_SHARE;
}

/* The entry is here. */
static __always_inline void klua_entry_arm(struct klua_limits *lim)
{
	WRITE_ONCE(lim->cpu, raw_smp_processor_id());
	WRITE_ONCE(lim->cancel, 0);
	/* Written under the lock; a reader sees the old or the new value. */
	data_race(lim->runs++);
	WRITE_ONCE(lim->stack, klua_stack_limit());
}

/* It is over, and took @steps. */
static __always_inline void klua_entry_disarm(struct klua_limits *lim, u64 steps)
{
	/* As above */
	data_race(lim->steps += steps);
	WRITE_ONCE(lim->cpu, -1);
	WRITE_ONCE(lim->stack, KLUA_UNARMED);
}

/* Who looks for mistakes sees each entry in run.c, with all checks there. */
#define KLUA_ENTRY_CHECKED \
	(IS_ENABLED(CONFIG_PROVE_LOCKING) || IS_ENABLED(CONFIG_KCSAN))

/* Nobody wants to know when entries begin and end, as on most machines. */
static __always_inline bool klua_entry_unwatched(void)
{
	return !KLUA_ENTRY_CHECKED && !static_branch_unlikely(&klua_watched);
}

#else /* !__KERNEL__ */

/* Frames are larger than in the kernel, and those of sanitizers much larger. */
#define KLUA_STACK_HANDLING	(8 * 1024)

#define klua_entry_arm(lim)		((void)(lim))
#define klua_entry_disarm(lim, steps)	((void)(lim), (void)(steps))
#define klua_entry_unwatched()		false

#endif /* !__KERNEL__ */

#endif /* KLUA_ENTRY_H */

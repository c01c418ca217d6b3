/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The begin and the end of an entry into a state. They are inline in the core, since
 * each packet is an entry. klua_arm_slow() and klua_disarm() do the same, and in
 * addition what only few entries need.
 */
#ifndef KLUA_ENTRY_H
#define KLUA_ENTRY_H

#include "budget.h"

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <asm/stacktrace.h>

DECLARE_STATIC_KEY_FALSE(klua_watched);

/*
 * Where the kernel has retpolines the interpreter's loop is compiled twice (patch 19),
 * and klua_tree says which one runs. main.c sets it once, when the module is loaded,
 * so that choosing costs a no-op or a jump.
 */
#if defined(CONFIG_RETPOLINE) || defined(CONFIG_MITIGATION_RETPOLINE)
#define KLUA_TWO_LOOPS		1
#else
#define KLUA_TWO_LOOPS		0
#endif

DECLARE_STATIC_KEY_FALSE(klua_tree);
#define klua_by_tree()		static_branch_unlikely(&klua_tree)

/*
 * An entry may use this many bytes of the C stack, counted from where it began: 6 KiB
 * of 16. The number is the same on a task's stack and on an interrupt's, so a script
 * that fits once fits always.
 *
 * Handling an error may use KLUA_STACK_HANDLING more. KLUA_STACK_RESERVE is for the
 * functions that Lua calls at the deepest point, such as printk(), and for an interrupt
 * that comes there. On a task's stack that leaves some 6 KiB to our callers, and an
 * entry that finds less than it needs is refused. A module cannot find out the bounds
 * of an interrupt's stack, a third of which may be used before a netfilter hook is
 * called. Under KASAN THREAD_SIZE and all frames grow by the same factor.
 */
#define KLUA_STACK_SHARE	(THREAD_SIZE / 8 * 3)
#define KLUA_STACK_HANDLING	(THREAD_SIZE / 32 * 3)
#define KLUA_STACK_RESERVE	(THREAD_SIZE / 8)

/* An entry on a task's stack is refused unless this many bytes of it are left. */
#define KLUA_STACK_NEEDED \
	(KLUA_STACK_SHARE + KLUA_STACK_HANDLING + KLUA_STACK_RESERVE)

/* A nested entry with fewer bytes than this could not even raise its error. */
#define KLUA_STACK_MINIMUM	(THREAD_SIZE / 16)

/*
 * @stack of an entry that may use no stack: every stack pointer is below it. It is not
 * KLUA_UNARMED, and does not wrap round when the bytes for a finalizer are added.
 */
#define KLUA_STACK_NONE		(KLUA_UNARMED - THREAD_SIZE)

/*
 * The innermost entry on this processor that cannot be preempted: into an atomic or
 * irq state, and none on PREEMPT_RT. An interrupt that enters puts its entry on top,
 * and removes it before it returns.
 */
DECLARE_PER_CPU(struct klua_limits *, klua_inside);

/* The number of entries in task_entries (enter.c) */
extern atomic_t klua_task_entries;

void klua_task_enter(struct klua_limits *lim);
void klua_task_leave(struct klua_limits *lim);
void klua_entry_nest(struct klua_limits *lim);

/* Is the entry in task_entries, and not in klua_inside? */
static __always_inline bool klua_entry_by_task(const struct klua_limits *lim)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) || unlikely(lim->preemptible);
}

/* Is too little of this task's stack left? False on any other stack. */
static __always_inline bool klua_stack_short(unsigned long sp)
{
	return sp - (unsigned long)task_stack_page(current) < KLUA_STACK_NEEDED;
}

bool klua_stack_fits_nested(void);

/* Is there enough of the C stack for an entry that begins here? */
static __always_inline bool klua_stack_fits(void)
{
	if (unlikely(this_cpu_read(klua_inside) ||
		     atomic_read(&klua_task_entries)))
		return klua_stack_fits_nested();
	return !klua_stack_short(current_stack_pointer);
}

/* Arm the limits: the entry begins at this stack pointer. */
static __always_inline void klua_entry_arm(struct klua_limits *lim)
{
	unsigned long sp = current_stack_pointer;

	WRITE_ONCE(lim->entry, lim->entry + 1);
	lim->stack_top = sp;
	WRITE_ONCE(lim->stack, unlikely(klua_stack_short(sp)) ?
			       KLUA_STACK_NONE : sp - KLUA_STACK_SHARE);
	if (klua_entry_by_task(lim)) {
		klua_task_enter(lim);
		return;
	}
	lim->outer = __this_cpu_read(klua_inside);
	if (unlikely(lim->outer || atomic_read(&klua_task_entries)))
		klua_entry_nest(lim);
	__this_cpu_write(klua_inside, lim);
}

/* Disarm the limits: the entry is over, and took @steps. */
static __always_inline void klua_entry_disarm(struct klua_limits *lim, u64 steps)
{
	struct klua_limits *outer = lim->outer;

	/* An entry in task_entries does not go into klua_inside. */
	if (unlikely(outer) && klua_entry_by_task(outer))
		outer = NULL;
	if (klua_entry_by_task(lim))
		klua_task_leave(lim);
	else
		__this_cpu_write(klua_inside, outer);
	/* The writer has the lock; a reader gets the old value or the new. */
	data_race(lim->steps += steps);
	WRITE_ONCE(lim->stack, KLUA_UNARMED);
	WRITE_ONCE(lim->entry, lim->entry + 1);
}

/*
 * In kernels that look for mistakes each entry takes the slow path, with the checks of
 * run.c.
 */
#define KLUA_ENTRY_CHECKED \
	(IS_ENABLED(CONFIG_PROVE_LOCKING) || IS_ENABLED(CONFIG_KCSAN))

/* Are neither tracepoints nor statistics of entries on, as on most machines? */
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that KLua builds for, Linux 5.10 and later. The rest
 * of KLua is written for the newest kernel; this file adds what older ones lack.
 */
#ifndef KLUA_COMPAT_H
#define KLUA_COMPAT_H

#include <linux/irq_work.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "KLua needs Linux 5.10 or later"
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)
#include <linux/stdarg.h>
#else
#include <linux/mm.h>
#include <linux/slab.h>
#include <stdarg.h>
#endif

/*
 * Hexadecimal digits of a byte. Newer kernels have them in <linux/hex.h>. Up to 6.12, and
 * perhaps later, <linux/kernel.h> gives them as well.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/hex.h>
#else
#include <linux/kernel.h>
#endif

/* A kernel without modules does not define this event, which never happens there. */
#ifndef CONFIG_MODULES
#define MODULE_STATE_GOING	2
#endif

/* From Linux 6.13 on a namespace is named by a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define KLUA_IMPORT_NS			MODULE_IMPORT_NS("KLUA")
#define EXPORT_SYMBOL_KLUA(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "KLUA")
#else
#define KLUA_IMPORT_NS			MODULE_IMPORT_NS(KLUA)
#define EXPORT_SYMBOL_KLUA(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, KLUA)
#endif

/* Can a module see which modules use another one? Since 6.13 it cannot. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0) && defined(CONFIG_MODULE_UNLOAD)
#define KLUA_MODULE_USE
#endif

/* Since Linux 6.17 the queue whose work is bound to no processor has another name. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define system_dfl_wq		system_unbound_wq
#endif

/* Linux before 5.12 has no IRQ_WORK_INIT_HARD(). */
#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(function) \
	((struct irq_work){ .flags = ATOMIC_INIT(IRQ_WORK_HARD_IRQ), .func = (function) })
#endif

#ifndef in_hardirq
#define in_hardirq()			in_irq()
#endif

/*
 * Without lockdep the condition is not compiled: it may use functions that do not exist
 * then.
 */
#ifndef lockdep_assert
#ifdef CONFIG_LOCKDEP
#define lockdep_assert(cond)		WARN_ON(debug_locks && !(cond))
#else
#define lockdep_assert(cond)		do { } while (0)
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define kthread_complete_and_exit(done, code)	complete_and_exit(done, code)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

/* Before 6.13 a high-resolution timer got its function apart from the rest. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#include <linux/hrtimer.h>

static inline void klua_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*function)(struct hrtimer *),
				      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}

static inline void klua_hrtimer_setup_on_stack(struct hrtimer *timer,
					       enum hrtimer_restart (*function)(struct hrtimer *),
					       clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init_on_stack(timer, clock, mode);
	timer->function = function;
}

#define hrtimer_setup			klua_hrtimer_setup
#define hrtimer_setup_on_stack		klua_hrtimer_setup_on_stack
#endif

/*
 * set_active_memcg() for Linux 5.10, which does not export what an interrupt needs:
 * memory that is allocated in interrupts, or with bottom halves off, is charged to nobody.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0) && defined(CONFIG_MEMCG)
#include <linux/sched/mm.h>

static inline struct mem_cgroup *klua_set_active_memcg(struct mem_cgroup *memcg)
{
	struct mem_cgroup *old;

	if (in_interrupt())
		return NULL;
	old = get_current()->active_memcg;
	get_current()->active_memcg = memcg;
	return old;
}

#define set_active_memcg		klua_set_active_memcg
#endif

/*
 * Hold the file in @slot. NULL: the file is being freed, though its memory is still
 * there.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define klua_get_file(slot)		get_file_active(slot)
#else
#define klua_get_file(slot) ({						\
	struct file *klua_file = *(slot);				\
									\
	klua_file && get_file_rcu(klua_file) ? klua_file : NULL;	\
})
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define KLUA_SHA256_HEADER		<crypto/sha2.h>
#else
#define KLUA_SHA256_HEADER		<crypto/sha.h>
#endif

/*
 * Does a task have a list of the return addresses that return probes have replaced, from
 * which a throw has to take those that it skips (lua/try.h)? Where the architecture has
 * rethooks, these take the place of the list. Linux before 5.11 has one table for all
 * tasks and finds an address in it by the stack pointer, so that skipped ones do no harm.
 */
#if defined(CONFIG_KRETPROBES) && !defined(CONFIG_KRETPROBE_ON_RETHOOK) && \
	LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define KLUA_KRETPROBE_INSTANCES
#endif

/*
 * The first command whose requests are validated strictly; Linux before 6.1 does not do
 * that.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define KLUA_RESV_START_OP(cmd)		.resv_start_op = (cmd)
#else
#define KLUA_RESV_START_OP(cmd)		.maxattr = 0
#endif

/* The symbol of a system call's function is this and the call's name. For probes. */
#if defined(CONFIG_X86)
#define KLUA_SYSCALL_PREFIX		"__x64_sys_"
#elif defined(CONFIG_ARM64)
#define KLUA_SYSCALL_PREFIX		"__arm64_sys_"
#else
#define KLUA_SYSCALL_PREFIX		"__riscv_sys_"
#endif

#endif /* KLUA_COMPAT_H */

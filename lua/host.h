/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Lua core takes from where it runs: the C library's functions, the
 * stack pointer, protected calls, random numbers, somewhere to print.
 * Included before everything else in core.c.
 */
#ifndef KLUA_HOST_H
#define KLUA_HOST_H

#ifdef __KERNEL__

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/string.h>
#include <asm/stacktrace.h>
#include "entry.h"
#include "try.h"

/* Kernel macros with names that the core uses for its own. */
#undef abs
#undef isalnum
#undef isalpha
#undef isascii
#undef iscntrl
#undef isdigit
#undef isgraph
#undef islower
#undef isprint
#undef ispunct
#undef isspace
#undef isupper
#undef isxdigit
#undef max
#undef min
#undef next
#undef toascii
#undef tolower
#undef toupper

/* objtool follows the interpreter's computed gotos by such a table. */
#define KLUA_JUMP_TABLE		__annotate_jump_table

#define klua_stack_pointer()	current_stack_pointer
#define klua_random()		get_random_u64()
#define abort()			BUG()

/* int only, and as an expression */
#define abs(x)			((x) < 0 ? -(x) : (x))

/* No locale in the kernel: strings compare by their bytes. */
#define strcoll			strcmp

/*
 * What a consumer's function must leave as it found it. Looked at where the
 * kernel is built to find such mistakes; costs nothing elsewhere.
 */
#if defined(CONFIG_PROVE_LOCKING) || defined(CONFIG_DEBUG_ATOMIC_SLEEP)
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>

struct klua_context {
	int preempt;
	int irqs_off;
	int locks;
};

static inline struct klua_context klua_context(void)
{
	return (struct klua_context) {
		.preempt = preempt_count(),
		.irqs_off = irqs_disabled(),
#ifdef CONFIG_LOCKDEP
		.locks = lockdep_depth(current),
#endif
	};
}

static inline void klua_context_check(struct klua_context was, void *fn,
				      const char *how)
{
	struct klua_context is = klua_context();

	WARN(is.preempt != was.preempt || is.irqs_off != was.irqs_off ||
	     is.locks != was.locks,
	     "klua: %ps %s with preempt_count %x (was %x), interrupts %s (was %s), %d locks (was %d)\n",
	     fn, how, is.preempt, was.preempt,
	     is.irqs_off ? "off" : "on", was.irqs_off ? "off" : "on",
	     is.locks, was.locks);
}

#define KLUA_CONTEXT_CHECKS
#endif

#else /* !__KERNEL__ */

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KLUA_JUMP_TABLE
#define noinline		__attribute__((noinline))
#ifdef __clang__
#define __noclone
#else
#define __noclone		__attribute__((noclone))
#endif
#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define klua_stack_pointer()	((unsigned long)__builtin_frame_address(0))
#define strcoll			strcmp

#ifndef LUAI_TRY
#define luai_jmpbuf		jmp_buf
#define LUAI_THROW(L, c)	longjmp((c)->b, 1)
#define LUAI_TRY(L, c, a) \
	do { \
		if (setjmp((c)->b) == 0) \
			a \
	} while (0)
#endif

unsigned long long klua_random(void);

#endif /* !__KERNEL__ */

#define luai_makeseed()		((unsigned int)klua_random())
#define l_randomizePivot()	((unsigned int)klua_random())

#undef current

#endif /* KLUA_HOST_H */

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
#include "try.h"

/* Kernel macros with names that the core uses for its own. */
#undef abs
#undef current
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

#define klua_stack_pointer()	current_stack_pointer
#define klua_random()		get_random_u64()
#define abort()			BUG()

/* int only, and as an expression */
#define abs(x)			((x) < 0 ? -(x) : (x))

/* No locale in the kernel: strings compare by their bytes. */
#define strcoll			strcmp

#else /* !__KERNEL__ */

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define unlikely(x)		__builtin_expect(!!(x), 0)
#define klua_stack_pointer()	((unsigned long)__builtin_frame_address(0))
#define strcoll			strcmp

unsigned long long klua_random(void);

#endif /* !__KERNEL__ */

#define luai_makeseed()		((unsigned int)klua_random())
#define l_randomizePivot()	((unsigned int)klua_random())

#endif /* KLUA_HOST_H */

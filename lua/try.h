/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protected calls and throws: what setjmp() and longjmp() are to user space.
 *
 * A protected call is a function call of its own, not a function that returns
 * twice, so the compiler and objtool need to be told nothing. Each architecture
 * has a file setjmp_<arch>.S with two functions:
 *
 * klua_try(L, ud, buf, f): save the callee-saved registers on the stack and the
 * stack pointer in @buf, call klua_try_call(L, ud, f), return.
 *
 * klua_throw(buf): make the klua_try() that filled @buf return. Nothing between
 * the two frames runs again.
 *
 * Both must run on the same stack. They do, because every function that Lua calls
 * returns on the stack that it was called on.
 */
#ifndef KLUA_TRY_H
#define KLUA_TRY_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/llist.h>
#include <linux/sched.h>
#include <asm/stacktrace.h>

#include "compat.h"

/* Kbuild has a file for these. lua/README says what another architecture takes. */
#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64) && \
	!(defined(CONFIG_RISCV) && defined(CONFIG_64BIT))
#error "KLua has no lua/setjmp_<arch>.S for this architecture"
#endif

struct lua_State;

struct klua_frame;

struct klua_jmpbuf {
	unsigned long sp;
	struct klua_frame *frames;
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	int graph_depth;
#endif
#ifdef CONFIG_RETHOOK
	struct llist_node *rethooks;
#endif
#ifdef KLUA_KRETPROBE_INSTANCES
	struct llist_node *kretprobes;
#endif
};

asmlinkage void klua_try(struct lua_State *L, void *ud,
			 struct klua_jmpbuf *buf,
			 void (*f)(struct lua_State *L, void *ud));
asmlinkage void klua_throw(struct klua_jmpbuf *buf);

/*
 * klua_try() calls this function, which calls @f. The indirect call is in C, so that
 * the compiler adds what the kernel wants checked before it, such as the type of @f.
 */
asmlinkage void klua_try_call(struct lua_State *L, void *ud,
			      void (*f)(struct lua_State *L, void *ud));

#if defined(CONFIG_KASAN_STACK) && defined(CONFIG_KASAN_GENERIC)
void __asan_allocas_unpoison(void *top, long bottom);

/*
 * The frames that a throw skips leave their red zones poisoned, and the next
 * function that uses this part of the stack would be reported. This is what
 * compiled code calls to forget variable-length arrays; it is exported.
 *
 * Under KASAN by software tags there is nothing to do. A skipped frame leaves its tags
 * in the memory. The next function that uses the memory either tags it first, or uses a
 * pointer made of the stack pointer, whose tag matches all others.
 */
static __always_inline void klua_unpoison(struct klua_jmpbuf *buf)
{
	__asan_allocas_unpoison((void *)current_stack_pointer, buf->sp);
}
#else
static __always_inline void klua_unpoison(struct klua_jmpbuf *buf)
{
}
#endif

/*
 * The graph tracer and return probes keep the return addresses of the functions
 * they watch on stacks of their own. The core is not traced (Kbuild), but a
 * consumer's function that a throw skips may be: forget its entries, or a later
 * return would go to the wrong place. A return probe's node that is forgotten
 * is lost to its probe, which then misses one hit in the future.
 */
static __always_inline void klua_trace_save(struct klua_jmpbuf *buf)
{
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	buf->graph_depth = current->curr_ret_stack;
#endif
#ifdef CONFIG_RETHOOK
	buf->rethooks = current->rethooks.first;
#endif
#ifdef KLUA_KRETPROBE_INSTANCES
	buf->kretprobes = current->kretprobe_instances.first;
#endif
}

static __always_inline void klua_trace_restore(struct klua_jmpbuf *buf)
{
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	current->curr_ret_stack = buf->graph_depth;
#endif
#ifdef CONFIG_RETHOOK
	current->rethooks.first = buf->rethooks;
#endif
#ifdef KLUA_KRETPROBE_INSTANCES
	current->kretprobe_instances.first = buf->kretprobes;
#endif
}

/*
 * BUG() is never reached. It tells objtool, which sees one object at a time,
 * that the code ends here.
 */
static __always_inline __noreturn void klua_unwind(struct klua_jmpbuf *buf)
{
	klua_trace_restore(buf);
	klua_unpoison(buf);
	klua_throw(buf);
	BUG();
}

/*
 * Macros that ldo.c uses; f, L and ud are variables there. A throw ends the calls into
 * modules that it skips, since unregistering a library waits for these.
 */
#define luai_jmpbuf		struct klua_jmpbuf
#define LUAI_THROW(L, c) \
	do { \
		if (unlikely(klua_limits(L)->frames != (c)->b.frames)) { \
			klua_frames_leave(klua_limits(L), (c)->b.frames); \
			klua_limits_shorten(klua_limits(L)); \
		} \
		klua_unwind(&(c)->b); \
	} while (0)
#define LUAI_TRY(L, c, a) \
	do { \
		(c)->b.frames = klua_limits(L)->frames; \
		klua_trace_save(&(c)->b); \
		klua_try(L, ud, &(c)->b, f); \
	} while (0)

#endif /* KLUA_TRY_H */

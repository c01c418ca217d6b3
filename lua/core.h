/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the patches of the Lua core call. Seen by the core only.
 */
#ifndef KLUA_CORE_H
#define KLUA_CORE_H

#include "budget.h"

/*
 * The host makes every state with its limits as the allocator's data. A pointer
 * to them lies right before every lua_State, behind the consumer's own extra
 * space: a charge is then one load, one subtraction and one jump.
 */
#define klua_limits(L)	(((struct klua_limits **)(L))[-1])

/* A call of a C function counts as this many VM instructions. */
#define KLUA_COST_CCALL		4

/* A line for the log, which may have to wait for a console */
#define KLUA_COST_LINE		16

/* Running out of memory costs a collection, which is charged as it works. */
#define KLUA_COST_EMERGENCY	16

/* The collector counts bytes: a step for every 32 of them. */
#define KLUA_GC_SHIFT		5

/* Bytes that a step of the collector may do before it is charged for them. */
#define KLUA_GC_BATCH		4096

/*
 * Passes over the ephemeron tables in one collection. Each pass resolves one
 * link of a chain of them in the worst order; real programs need two or three.
 */
#define KLUA_EPHEMERON_ROUNDS	32

void klua_charge_slow(lua_State *L);

#ifndef KLUA_UNCHECKED
/* Count @n steps without raising anything: for places where nothing may. */
#define klua_owe(L, n)	((void)(klua_limits(L)->budget.left -= (long)(n)))

/* Count @n steps; raises an error that cannot be caught when they are spent. */
#define klua_charge(L, n) \
	do { \
		klua_owe(L, n); \
		if (unlikely(klua_limits(L)->budget.left < 0)) \
			klua_charge_slow(L); \
	} while (0)

#else
/* For tests/bench alone, which shows what the limits cost. */
#undef klua_arm
#define klua_arm(lim)		((void)(lim), 0)
#define klua_owe(L, n)		((void)(n))
#define klua_charge(L, n)	((void)(n))
#endif

/* memcpy() and friends do 16 bytes in the time of about one instruction. */
#define klua_charge_bytes(L, n)		klua_charge(L, (size_t)(n) >> 4)

/* memchr(), strcmp(), strlen() look at one after the other. */
#define klua_charge_scan(L, n)		klua_charge(L, (size_t)(n) >> 2)

/* This entry has hit a limit, and everything in it has to end. */
#define klua_stopped(L) \
	(klua_limits(L)->budget.stopped && klua_armed(klua_limits(L)))

/* Somebody would catch an error raised now. */
#define klua_protected(L)	((L)->errorJmp || G(L)->mainthread->errorJmp)

/* Below the limit, or no limit set: one comparison for the common case. */
#ifdef KLUA_UNCHECKED
#define klua_stack_check(L)	0
#else
#define klua_stack_check(L) \
	unlikely(klua_stack_pointer() < klua_limits(L)->stack)
#endif

#define klua_stack_low(L) \
	(klua_stack_check(L) && klua_armed(klua_limits(L)) && \
	 (klua_limits(L)->stack_hit = true))

#define klua_stack_out(L) \
	(klua_stack_pointer() < klua_limits(L)->reserve)

/*
 * Call a function of a consumer, and say so when it returns, or raises an
 * error, with a lock held or preemption or interrupts not as they were.
 */
#ifdef KLUA_CONTEXT_CHECKS
static inline int klua_call_c(lua_State *L, lua_CFunction f)
{
	struct klua_context was = klua_context();
	int n = f(L);

	klua_context_check(was, f, "returned");
	return n;
}

/* The innermost C function is the one that raised, or called what did. */
static inline void *klua_raiser(lua_State *L)
{
	CallInfo *ci = L->ci;

	while (ci && (isLua(ci) || !ttisfunction(ci->func)))
		ci = ci->previous;
	if (!ci)
		return NULL;
	return ttislcf(ci->func) ? fvalue(ci->func) : clCvalue(ci->func)->f;
}

#define klua_try_begin()	struct klua_context klua_was = klua_context()
#define klua_try_end(L, status) \
	do { \
		if ((status) != LUA_OK) \
			klua_context_check(klua_was, klua_raiser(L), "raised"); \
	} while (0)
#else
#define klua_call_c(L, f)	((*(f))(L))
#define klua_try_begin()	((void)0)
#define klua_try_end(L, status)	((void)0)
#endif

/*
 * A finalizer in C may give back what its module holds, so it gets a small
 * budget of its own, even in an entry that has spent its own.
 */
static inline struct klua_budget klua_budget_grant(struct klua_limits *lim)
{
	struct klua_budget saved = lim->budget;

	lim->budget.stopped = 0;
	lim->budget.total = KLUA_FINALIZER_STEPS;
	lim->budget.slice = KLUA_FINALIZER_STEPS;
	lim->budget.left = KLUA_FINALIZER_STEPS;
	return saved;
}

static inline void klua_budget_restore(struct klua_limits *lim,
				       struct klua_budget saved)
{
	long spent = lim->budget.slice - lim->budget.left;

	lim->budget = saved;
	lim->budget.left -= spent;
}

#endif /* KLUA_CORE_H */

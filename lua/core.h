/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the patches of the Lua core call. Seen by the core only.
 */
#ifndef KLUA_CORE_H
#define KLUA_CORE_H

#include "entry.h"

/*
 * The host makes every state with its limits as the allocator's data. Behind
 * the consumer's own extra space, right before every lua_State, lie a pointer
 * to them and the steps that are left until the next look. The steps are with
 * the coroutine that runs: a charge is then one subtraction and one jump. Every
 * other coroutine has none, so whoever runs one by a way that the core does not
 * see brings the steps there by its first charge (klua_charge_slow()).
 */
#define klua_limits(L)	(((struct klua_limits **)(L))[-2])
#define klua_left(L)	(((long *)(L))[-1])

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
/* Count @n steps; true when that calls for klua_charge_slow(). */
#define klua_spend(L, n)	unlikely((klua_left(L) -= (long)(n)) < 0)

/* Bring the steps that are left to @L; returns where they were. */
static inline lua_State *klua_take(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);
	lua_State *was = lim->running;

	if (was == L)
		return was;
	if (was) {
		klua_left(L) += klua_left(was);
		klua_left(was) = 0;
	} else {
		klua_left(L) = lim->budget.slice;
	}
	lim->running = L;
	return was;
}

/* Who takes steps, or NULL outside of an entry. */
#define klua_running(L)	(klua_limits(L)->running)

/*
 * Count @n steps without raising anything: for places where nothing may, or
 * where whoever comes next looks soon enough.
 */
static inline void klua_owe(lua_State *L, size_t n)
{
	lua_State *ran = klua_running(L);

	if (ran)
		klua_left(ran) -= (long)n;
}

/* Steps go with who runs: from @was, who does, to @L, who has none. */
static inline void klua_switch(lua_State *was, lua_State *L)
{
	long left = klua_left(was);

	klua_left(was) = 0;
	klua_left(L) += left;
	klua_running(L) = L;
}

/* Bring the steps that are left to where the host sees them. */
static inline void klua_park(struct klua_limits *lim)
{
	if (!lim->running)
		return;
	lim->budget.left = klua_left(lim->running);
	klua_left(lim->running) = 0;
	lim->running = NULL;
}

#define klua_inside(L)	klua_armed(klua_limits(L))

/* An entry begins: not klua_inside() one yet. @L has yet to get its steps. */
static inline void klua_enter(lua_State *L, struct klua_limits *lim)
{
	if (likely(!lim->used && klua_entry_unwatched()))
		klua_entry_arm(lim);
	else
		klua_arm_slow(lim);
	lim->running = L;
}

/* The first slice is for @L, which has spent @n of it. */
#define klua_first(L, lim, n) \
	(klua_left(L) = (lim)->budget.slice - (long)(n))

/* It ends; whoever runs has what is left. */
static inline void klua_leave(struct klua_limits *lim)
{
	lua_State *ran = lim->running;
	long left = klua_left(ran);

	klua_left(ran) = 0;
	lim->running = NULL;
	if (likely(!lim->used && klua_entry_unwatched())) {
		klua_entry_disarm(lim, lim->budget.slice - left);
	} else {
		lim->budget.left = left;
		klua_disarm(lim);
	}
}

/* True when this call armed the limits, and so has to klua_end() the entry. */
static inline int klua_begin(lua_State *L)
{
	if (klua_inside(L))
		return 0;
	klua_enter(L, klua_limits(L));
	klua_first(L, klua_limits(L), 0);
	return 1;
}

#define klua_end(L)	klua_leave(klua_limits(L))

/* Nearer to the end of the C stack than Lua may go. */
#define klua_stack_below(lim)	unlikely(klua_stack_pointer() < (lim)->stack)
#else
/* For tests/bench alone, which shows what the limits cost. */
#define klua_owe(L, n)		((void)(n))
#define klua_spend(L, n)	((void)(n), 0)
#define klua_park(lim)		((void)(lim))
#define klua_inside(L)		(!!(L)->errorJmp)
#define klua_enter(L, lim)	((void)(L), (void)(lim))
#define klua_leave(lim)		((void)(lim))
#define klua_stack_below(lim)	((void)(lim), 0)
#define klua_begin(L)		0
#define klua_end(L)		((void)(L))
#define klua_running(L)		(L)
#define klua_switch(was, L)	((void)(was))

static inline long klua_first(lua_State *L, struct klua_limits *lim, long n)
{
	return n;
}

static inline lua_State *klua_take(lua_State *L)
{
	return L;
}
#endif

/* A new coroutine has no steps; one that ends, or all of them, keeps none. */
#undef luai_userstatethread
#define luai_userstatethread(L, L1)	((void)(L), klua_left(L1) = 0)
#undef luai_userstatefree
#define luai_userstatefree(L, L1) \
	((void)(klua_limits(L)->running == (L1) && klua_take(L)))
#undef luai_userstateclose
#define luai_userstateclose(L)		klua_park(klua_limits(L))

/* Count @n steps; raises an error that cannot be caught when they are spent. */
#define klua_charge(L, n) \
	do { \
		if (klua_spend(L, n)) \
			klua_charge_slow(L); \
	} while (0)

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
#define klua_stack_check(L)	klua_stack_below(klua_limits(L))

#define klua_stack_low(L)	(klua_stack_check(L) && klua_stack_hit(L))

/* Not inline, so that the comparison above is all that it usually takes. */
static noinline bool klua_stack_hit(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);

	if (!klua_armed(lim))
		return false;
	lim->used = true;
	lim->stack_hit = true;
	return true;
}

#define klua_stack_out(L) \
	(klua_stack_pointer() < \
	 klua_limits(L)->stack - KLUA_STACK_HANDLING)

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
static inline struct klua_budget klua_budget_grant(lua_State *L)
{
	struct klua_budget *budget = &klua_limits(L)->budget;
	struct klua_budget saved = *budget;

	klua_take(L);
	saved.left = klua_left(L);
	budget->stopped = 0;
	budget->total = KLUA_FINALIZER_STEPS;
	budget->slice = KLUA_FINALIZER_STEPS;
	klua_left(L) = KLUA_FINALIZER_STEPS;
	return saved;
}

static inline void klua_budget_restore(lua_State *L, struct klua_budget saved)
{
	struct klua_budget *budget = &klua_limits(L)->budget;

	klua_take(L);
	saved.left -= budget->slice - klua_left(L);
	*budget = saved;
	klua_left(L) = saved.left;
}

#endif /* KLUA_CORE_H */

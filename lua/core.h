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

/* A number becomes digits, or an item of a format a text. */
#define KLUA_COST_NUMERAL	4

/* A power of floats: two series, and products of many bits */
#define KLUA_COST_POWER		8

/* Bytes of a text that are read before they are charged for; a power of two */
#define KLUA_TEXT_BLOCK		1024

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
void klua_call_slow(lua_State *L);

#ifdef __KERNEL__
/* lib.c */
static int klua_call_k(lua_State *L, CallInfo *ci, int status);
static lua_CFunction klua_lib_function(const CClosure *cl);
static void klua_libs_closing(lua_State *L);
static void klua_libs_closed(lua_State *L);
#else
#define klua_call_k(L, ci, status) \
	((*(ci)->u.c.k)(L, status, (ci)->u.c.ctx))
#define klua_libs_closing(L)	((void)(L))
#define klua_libs_closed(L)	((void)(L))
#endif

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

/* More is owed than is left of the slice. */
static inline bool klua_overdrawn(lua_State *L)
{
	lua_State *ran = klua_running(L);

	return ran && unlikely(klua_left(ran) < 0);
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
#define klua_overdrawn(L)	0
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

/*
 * Look at the clock in the middle of work that has been charged: after so many
 * bytes that are copied, or that are looked at one by one.
 */
#define KLUA_COPY_BLOCK		16384
#define KLUA_LOOK_BLOCK		4096

void klua_look(lua_State *L, size_t ahead);

/*
 * Before work that cannot be interrupted and takes more time than is charged for
 * it: is there time for @n steps? Only where that matters.
 */
#define KLUA_AHEAD		2000

#define klua_ahead(L, n) \
	do { \
		if (unlikely((size_t)(n) > KLUA_AHEAD)) \
			klua_look(L, n); \
	} while (0)

/* memcpy() of what is charged, and as long as a script makes it. */
static inline void klua_copy(lua_State *L, void *to, const void *from, size_t n)
{
	for (; unlikely(n > KLUA_COPY_BLOCK); n -= KLUA_COPY_BLOCK) {
		memcpy(to, from, KLUA_COPY_BLOCK);
		to += KLUA_COPY_BLOCK;
		from += KLUA_COPY_BLOCK;
		klua_look(L, 0);
	}
	memcpy(to, from, n);
}

/*
 * Steps that it takes to have a large block at the rate of KLUA_STEP_NS: all of
 * what the page allocator finds, a power of two, is cleared, and the old one is
 * copied.
 */
static inline size_t klua_block_cost(size_t size, size_t old)
{
	return ((2ul << (63 - __builtin_clzll(size))) + old) / 10;
}

/*
 * strlen() of a text that may be a script's. How long it is can only be known by
 * reading it, so each block is charged for before the next one is read.
 */
static inline size_t klua_textlen(lua_State *L, const char *s)
{
	size_t len = 0, n;

	do {
		n = strnlen(s + len, KLUA_TEXT_BLOCK);
		len += n;
		klua_charge_scan(L, n);
	} while (unlikely(n == KLUA_TEXT_BLOCK));
	return len;
}

/* memchr() likewise, which costs the way to where the byte is. */
static inline const char *klua_textfind(lua_State *L, const char *s, int c,
					size_t len)
{
	const char *found;
	size_t n;

	klua_charge(L, 1);
	for (; len; s += n, len -= n) {
		n = len < KLUA_TEXT_BLOCK ? len : KLUA_TEXT_BLOCK;
		found = memchr(s, c, n);
		klua_charge_scan(L, found ? found - s : n);
		if (found)
			return found;
	}
	return NULL;
}

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
	return ttislcf(ci->func) ? fvalue(ci->func) :
				   klua_lib_function(clCvalue(ci->func));
}

static void klua_misused(lua_State *L, const char *what);

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
 * A consumer's finalizer may give back what its module holds, so it gets a small
 * budget of its own, even in an entry that has spent its own: a grant. It is for
 * C code alone. What a script does has to be paid for by the entry, so the first
 * call of a Lua function within a grant ends it, and a script that has made
 * tostring() a finalizer gains nothing.
 *
 * While a grant lasts every charge takes the slow way, since the steps that are
 * left are -1 then; that is also how calls of Lua functions are noticed. The
 * entry's own budget lies in the grant, on the C stack of who gives it.
 */
struct klua_grant {
	struct klua_budget saved;
	struct klua_grant *outer;
	long left;
};

static inline void klua_grant_begin(lua_State *L, struct klua_grant *grant)
{
	struct klua_limits *lim = klua_limits(L);

	klua_take(L);
	grant->saved = lim->budget;
	grant->saved.left = klua_left(L);
	grant->outer = lim->grant;
	grant->left = KLUA_FINALIZER_STEPS;
	lim->grant = grant;
	lim->budget.stopped = 0;
	klua_left(L) = -1;
}

/* Give the entry its budget back, less what the innermost grant has used. */
static inline void klua_grant_close(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);
	struct klua_grant *grant = lim->grant;
	long used = KLUA_FINALIZER_STEPS - grant->left - 1 - klua_left(L);

	lim->grant = grant->outer;
	if (grant->saved.stopped)
		lim->overrun += used;
	lim->budget = grant->saved;
	klua_left(L) = grant->saved.left - used;
}

static inline void klua_grant_end(lua_State *L, struct klua_grant *grant)
{
	struct klua_limits *lim = klua_limits(L);

	klua_take(L);
	if (lim->grant == grant)
		klua_grant_close(L);
}

/* A script runs: what it does is the entry's. */
static inline void klua_grants_drop(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);

	klua_take(L);
	while (lim->grant)
		klua_grant_close(L);
}

/*
 * An entry that has hit a limit gives grants until they have taken as much as
 * one may take; finalizers beyond that wait for the next collection.
 */
static inline bool klua_grants_spent(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);

	if (lim->overrun_in != lim->entry) {
		lim->overrun_in = lim->entry;
		lim->overrun = 0;
	}
	return klua_stopped(L) && lim->overrun >= KLUA_FINALIZER_STEPS;
}

#endif /* KLUA_CORE_H */

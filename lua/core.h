/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions and macros that the patches of the Lua core use. For the core only. */
#ifndef KLUA_CORE_H
#define KLUA_CORE_H

#include "entry.h"

/*
 * The host makes every state with its limits as the allocator's data. Two words
 * lie right before every lua_State, behind the consumer's own extra space: a
 * pointer to the limits, and the steps that are left until the next look.
 *
 * Only the running coroutine holds steps, so that a charge is one subtraction and
 * one jump. When the core switches coroutines it moves them. A switch that it
 * cannot see is caught by the first charge, which finds none left
 * (klua_charge_slow()).
 */
#define klua_limits(L)	(((struct klua_limits **)(L))[-2])
#define klua_left(L)	(((long *)(L))[-1])

/* A call of a C function counts as this many VM instructions. */
#define KLUA_COST_CCALL		4

/* Steps for writing a number, or an item of a format, as text, or reading a number */
#define KLUA_COST_NUMERAL	4

/* Steps for making a text from one of the core's formats */
#define KLUA_COST_MESSAGE	8

/* Steps for a power of floats: two series, and products of many bits */
#define KLUA_COST_POWER		8

/* Bytes of a text that are charged, and then read, at a time: a power of two */
#define KLUA_TEXT_BLOCK		1024

/* Steps for a line for the log */
#define KLUA_COST_LINE		16

/* Steps for running out of memory. The collection that follows is charged as it works. */
#define KLUA_COST_EMERGENCY	16

/* The collector counts bytes: a step for every 32 of them. */
#define KLUA_GC_SHIFT		5

/* Bytes of work that the collector does before it is charged */
#define KLUA_GC_BATCH		2048

/*
 * Rounds through the weak tables in a collection, before one round keeps all that they
 * still hold. A chain of ephemeron tables in the worst order takes a round for each of
 * its links; real programs need two or three.
 */
#define KLUA_EPHEMERON_ROUNDS	32

/*
 * The collector looks into ephemeron tables for an object that was marked late. In the
 * third round it stops that after so many looks in a row that have found nothing, in
 * each further round after twice as many. A look costs a step.
 */
#define KLUA_EPHEMERON_LOOKS	64

/*
 * How often a collection begins its rounds anew after a limit has ended an entry, even
 * if the entry has changed little
 */
#define KLUA_RESCANS		8

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
/* Count @n steps. True: klua_charge_slow() has to be called. */
#define klua_spend(L, n)	unlikely((klua_left(L) -= (long)(n)) < 0)

/* Move the steps that are left to @L. Returns the coroutine that held them. */
static inline lua_State *klua_take(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);
	lua_State *holder = lim->running;

	if (holder == L)
		return holder;
	if (holder) {
		klua_left(L) += klua_left(holder);
		klua_left(holder) = 0;
	} else {
		klua_left(L) = lim->budget.slice;
	}
	lim->running = L;
	return holder;
}

/* The coroutine that holds the steps, or NULL outside of an entry */
#define klua_running(L)	(klua_limits(L)->running)

/*
 * Count @n steps without raising an error. For places that must not raise, and
 * for small work: the next charge finds the debt, and raises.
 */
static inline void klua_owe(lua_State *L, size_t n)
{
	lua_State *ran = klua_running(L);

	if (ran)
		klua_left(ran) -= (long)n;
}

/* Move the steps from @from to @L, which runs next. */
static inline void klua_switch(lua_State *from, lua_State *L)
{
	long left = klua_left(from);

	klua_left(from) = 0;
	klua_left(L) += left;
	klua_running(L) = L;
}

/* Is the slice spent, so that the next charge looks at the limits? */
static inline bool klua_overdrawn(lua_State *L)
{
	lua_State *ran = klua_running(L);

	return ran && unlikely(klua_left(ran) < 0);
}

/* Put the steps that are left into the budget, where the host reads them. */
static inline void klua_park(struct klua_limits *lim)
{
	if (!lim->running)
		return;
	lim->budget.left = klua_left(lim->running);
	klua_left(lim->running) = 0;
	lim->running = NULL;
}

#define klua_inside(L)	klua_armed(klua_limits(L))

/*
 * Begin an entry. The caller has seen that none is in progress (klua_inside()),
 * and gives @L its steps afterwards (klua_first()).
 */
static inline void klua_enter(lua_State *L, struct klua_limits *lim)
{
	if (likely(!lim->used && klua_entry_unwatched()))
		klua_entry_arm(lim);
	else
		klua_arm_slow(lim);
	lim->running = L;
}

/* Give @L the first slice, of which it has spent @n. */
#define klua_first(L, lim, n) \
	(klua_left(L) = (lim)->budget.slice - (long)(n))

/* End the entry. The coroutine that runs holds the steps that are left. */
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

/* Begin an entry if none is in progress. True: the caller has to klua_end() it. */
static inline int klua_begin(lua_State *L)
{
	if (klua_inside(L))
		return 0;
	klua_enter(L, klua_limits(L));
	klua_first(L, klua_limits(L), 0);
	return 1;
}

#define klua_end(L)	klua_leave(klua_limits(L))

/* Is the stack pointer below the limit of this entry? */
#define klua_stack_below(lim)	unlikely(klua_stack_pointer() < (lim)->stack)
#else
/* For tests/bench, which measures the cost of the limits. */
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
#define klua_switch(from, L)	((void)(from))

static inline long klua_first(lua_State *L, struct klua_limits *lim, long n)
{
	return n;
}

static inline lua_State *klua_take(lua_State *L)
{
	return L;
}
#endif

/* A new coroutine has no steps, and one that is freed must hold none. */
#undef luai_userstatethread
#define luai_userstatethread(L, L1)	((void)(L), klua_left(L1) = 0)
#undef luai_userstatefree
#define luai_userstatefree(L, L1) \
	((void)(klua_limits(L)->running == (L1) && klua_take(L)))
#undef luai_userstateclose
#define luai_userstateclose(L)		klua_park(klua_limits(L))

/* Charge @n steps. Raises an error that cannot be caught when none are left. */
#define klua_charge(L, n) \
	do { \
		if (klua_spend(L, n)) \
			klua_charge_slow(L); \
	} while (0)

/* memcpy() and friends do 16 bytes in the time of about one instruction. */
#define klua_charge_bytes(L, n)		klua_charge(L, (size_t)(n) >> 4)

/* memchr(), strcmp() and strlen() look at one byte at a time. */
#define klua_charge_scan(L, n)		klua_charge(L, (size_t)(n) >> 2)

/*
 * Long work that has been charged looks at the clock after so many bytes: those that
 * memcpy() copies, and those that a loop looks at one by one.
 */
#define KLUA_COPY_BLOCK		16384
#define KLUA_LOOK_BLOCK		4096

void klua_look(lua_State *L, size_t ahead);

/*
 * Some work cannot be interrupted, and takes more time than its steps stand for. So
 * klua_ahead() is called before the work, and asks whether the entry has time for @n
 * steps. Up to KLUA_AHEAD steps do not matter.
 */
#define KLUA_AHEAD		2000

#define klua_ahead(L, n) \
	do { \
		if (unlikely((size_t)(n) > KLUA_AHEAD)) \
			klua_look(L, n); \
	} while (0)

/*
 * klua_has_time() is for places where no error may be raised, or where work can be left
 * undone. When it returns false the next look ends the entry.
 */
bool klua_has_time(lua_State *L, size_t ahead);

#define klua_affords(L, n)	((n) <= KLUA_AHEAD || klua_has_time(L, n))

/* memcpy() of a length that a script chooses, and that has been charged */
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
 * The time to get a large block, in steps of KLUA_STEP_NS: the page allocator clears a
 * power of two of bytes, and the old block is copied.
 */
static inline size_t klua_block_cost(size_t size, size_t old)
{
	return ((2ul << (63 - __builtin_clzll(size))) + old) / 10;
}

/*
 * strlen() of a text that a script may have chosen. Its length is known only when
 * it has been read, so each block is charged before the next one is read.
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

/* memchr() likewise. The bytes before the one that is found are charged. */
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

/*
 * Keep the traceback of an error that no message handler sees. With more calls than
 * this there is no time for it: unwinding them takes all that is left.
 */
#define KLUA_TRACED_CALLS	32

#define klua_traceback(L) \
	((L)->nci <= KLUA_TRACED_CALLS ? klua_limits_trace(klua_limits(L), L) : (void)0)

/* Has this entry hit a limit, so that everything in it has to end? */
#define klua_stopped(L) \
	(klua_limits(L)->budget.stopped && klua_armed(klua_limits(L)))

/* Would a protected call catch an error that is raised now? */
#define klua_protected(L)	((L)->errorJmp || G(L)->mainthread->errorJmp)

/*
 * Is the stack pointer below the limit? This is also true while no limit is set
 * (KLUA_UNARMED), so that the common case is one comparison. klua_stack_low() then looks
 * whether there is a limit.
 */
#define klua_stack_check(L)	klua_stack_below(klua_limits(L))

#define klua_stack_low(L)	(klua_stack_check(L) && klua_stack_hit(L))

/*
 * The stack pointer is below @stack. Does an entry have that limit? Not inline, because
 * it is seldom called.
 */
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
 * Call a function of a consumer. Report it if it returns, or raises an error, with
 * a lock held, or with preemption or interrupts not as they were.
 */
#ifdef KLUA_CONTEXT_CHECKS
static inline int klua_call_c(lua_State *L, lua_CFunction f)
{
	struct klua_context was = klua_context();
	int n = f(L);

	klua_context_check(was, f, "returned");
	return n;
}

/*
 * The C function to blame for an error: the innermost one, which has raised the error
 * or called the Lua function that has
 */
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
 * A consumer's finalizer gives back what its module holds, so it has to run even in an
 * entry that has spent its budget. It gets a grant: a small budget of its own. A grant
 * is for C code only. The first call of a Lua function ends it, because the entry has
 * to pay for what a script does: otherwise a script could make tostring() the finalizer
 * of an object, and run in its grant.
 *
 * While a grant lasts, the steps that are left are -1. Every charge therefore takes the
 * slow path, which counts it against the grant, and notices calls of Lua functions. The
 * entry's own budget waits in the grant, on the C stack of GCTM().
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

/* A script runs, and the entry pays for it: end all grants. */
static inline void klua_grants_drop(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);

	klua_take(L);
	while (lim->grant)
		klua_grant_close(L);
}

/*
 * Have the grants of this entry, since it hit a limit, taken the steps of one grant
 * together? If so, the finalizers that are left wait for the next collection.
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

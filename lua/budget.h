/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The limits of an entry into a Lua state, and how the patched core charges work.
 *
 * An entry is the outermost call into a state: it arms the limits, everything inside it
 * is charged to them, and its return disarms them. The core needs only this header, so
 * that it can be built outside the kernel, too. The host, which is run.c and alloc.c or
 * a test, provides the functions declared here.
 */
#ifndef KLUA_BUDGET_H
#define KLUA_BUDGET_H

#ifdef __KERNEL__
#include <linux/atomic.h>
#include <linux/types.h>
#else
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
typedef uint64_t u64;
#endif

struct klua_frame;
struct klua_opened;
struct lua_State;
struct klua_grant;

/* No limit on steps. The entry's limit on time still holds. */
#define KLUA_STEPS_UNLIMITED	(~(u64)0)

/* No limit on time. Only a sleepable state may have that. */
#define KLUA_TIME_UNLIMITED	(~(u64)0)

/*
 * Steps between two looks at the clock, at cancellation and at signals. An entry may
 * pass its limit on time by such a slice. Most steps take ten to fifty instructions;
 * tests/fuzz/hunt.c looks for steps of more than 200, with which a slice would take more
 * than 50,000.
 */
#define KLUA_SLICE		256

/*
 * A look at the limits takes as much time as 40 steps, so a slice is longer while the
 * limit on time is far away: at most KLUA_SLICE_MAX steps, and so few that the slice
 * ends before the limit even if each step takes KLUA_STEP_MOST_NS. Steps are quicker
 * than that. Those of a script that compiles other scripts take longest, some 450
 * instructions on average: tests/guest/86-overshoot.sh measures them.
 */
#define KLUA_STEP_MOST_NS	800
#define KLUA_SLICE_MAX		4096

/*
 * The limits on time assume that each step takes this many ns, which is the least that
 * a step takes. Work that is charged before it is done begins only if the time for its
 * steps ends before the limit. By default the time of an atomic entry is exactly that of
 * all its steps.
 */
#define KLUA_STEP_NS		10

/* Steps that a consumer's finalizer may take, whatever is left for others. */
#define KLUA_FINALIZER_STEPS	4096

/*
 * @stack while no entry is in progress. Every stack pointer is below it, so the core
 * then asks klua_armed() whether there is a limit at all.
 */
#define KLUA_UNARMED		(~0ul)

/**
 * struct klua_budget - steps that are left
 *
 * Protection codes as in struct klua_state (states.h).
 *
 * @left:    S: steps until the next look at the limits; negative: look now. While an
 *	     entry is in progress the running coroutine has this number (lua/core.h)
 * @slice:   S: the number that @left started from
 * @total:   S: steps that are left of the entry's limit, those of @slice included
 * @stopped: S: 0, or the -errno of the limit that ended this entry. Only the next
 *	     entry resets it
 */
struct klua_budget {
	long left;
	long slice;
	u64 total;
	int stopped;
};

/**
 * struct klua_limits - the limits of one state
 *
 * Protection codes as in struct klua_state (states.h); A: single accesses, from any
 * context.
 *
 * @budget:   S: steps of the entry
 * @running:  S: the coroutine that has the steps until the next look, or NULL
 * @stack:    W: lowest address that the C stack may reach while Lua runs, or
 *	      KLUA_UNARMED
 * @stack_top: S: the stack pointer when the entry began
 * @outer:    S: the entry around this one, or NULL
 * @entry:    W: numbers entries: odd while one is in progress, even between two
 * @steps:    W: steps of all entries
 * @deadline: S: ns on the monotonic clock, or 0 before the first look
 * @cancel:   A: the @entry that was cancelled. Each entry has another number, so a
 *	      late cancel does not end a later entry
 * @ahead:    S: steps of work that comes next and was not charged
 * @preemptible: S: the entry may sleep, and may change processors at each look
 * @used:     S: the entry has used more than steps of the first slice, so that the
 *	      next one has to set @budget, @deadline, @stack_hit and @memory_hit again
 * @stack_hit:  S: the entry has reached @stack
 * @memory_hit: S: the entry was refused memory, even after a collection
 * @grant:    S: the innermost grant to a finalizer that is in progress
 * @overrun:  S: steps that finalizers took in an entry that had hit a limit
 * @overrun_in: S: the number of that entry
 * @built:    I: @entry when the state was published
 * @closing:  S: the state is being closed, and finalizers run for the last time
 * @frames:   S: calls into modules that may sleep, the innermost first (lib.h)
 * @opened:   S: libraries of modules that are open (lib.h)
 */
struct klua_limits {
	struct klua_budget budget;
	struct lua_State *running;
	unsigned long stack;
	unsigned long stack_top;
	struct klua_limits *outer;
	u64 entry;
	u64 steps;
	u64 deadline;
	u64 cancel;
	size_t ahead;
	bool preemptible;
	bool used;
	bool stack_hit;
	bool memory_hit;
	struct klua_grant *grant;
	long overrun;
	u64 overrun_in;
	u64 built;
	bool closing;
	struct klua_frame *frames;
	struct klua_opened *opened;
};

int klua_arm_slow(struct klua_limits *lim);
void klua_disarm(struct klua_limits *lim);
int klua_limits_check(struct klua_limits *lim);
void klua_limits_trace(struct klua_limits *lim, struct lua_State *L);
bool klua_drop(struct klua_limits *lim, size_t bytes);
void klua_limits_owe(struct klua_limits *lim, size_t n);
bool klua_limits_afford(const struct klua_limits *lim, size_t n);
void klua_limits_shorten(struct klua_limits *lim);
void klua_print(struct lua_State *L, const char *text, size_t len);
bool klua_stream(struct lua_State *L, const char *text, size_t len);

size_t klua_memory_left(const struct klua_limits *lim);

/*
 * Inlined paths of the allocator, for a new block and for one to be freed.
 * klua_block_get() may return NULL for any reason; the core then calls the allocator.
 */
void *klua_block_get(struct klua_limits *lim, size_t size);
void klua_block_put(struct klua_limits *lim, void *block, size_t size);

/*
 * The ns that the work to come takes at least: steps charged beyond the slice, and
 * those that klua_look() was told of
 */
static inline u64 klua_limits_ahead(const struct klua_limits *lim)
{
	u64 steps = lim->ahead;

	if (lim->budget.left < 0)
		steps -= lim->budget.left;
	return (steps < UINT_MAX ? steps : UINT_MAX) * KLUA_STEP_NS;
}

/* Entries since the state was published, the one in progress included */
static inline u64 klua_limits_runs(const struct klua_limits *lim)
{
	return (lim->entry - lim->built + 1) / 2;
}

#ifdef __KERNEL__
/*
 * Ask entry number @entry to end. Any context. If a later entry has been asked to end
 * already, that one is in progress, and this does nothing.
 */
static inline void klua_limits_cancel(struct klua_limits *lim, u64 entry)
{
	u64 old = READ_ONCE(lim->cancel), seen;

	while (old < entry) {
		seen = cmpxchg64(&lim->cancel, old, entry);
		if (seen == old)
			break;
		old = seen;
	}
}
#endif

static inline bool klua_armed(const struct klua_limits *lim)
{
	return lim->stack != KLUA_UNARMED;
}

/*
 * Arm the limits unless they are armed. True: this call has armed them, and its caller
 * has to disarm them.
 */
static inline int klua_arm(struct klua_limits *lim)
{
	return klua_armed(lim) ? 0 : klua_arm_slow(lim);
}

#endif /* KLUA_BUDGET_H */

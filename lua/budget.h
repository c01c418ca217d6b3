/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an entry into a Lua state may use, and how the patched core is charged.
 *
 * An entry is the outermost call into a state: it arms the limits, everything
 * inside it is charged to them, and its return disarms them. The core needs
 * only this header, so that it can be built outside the kernel, too; whoever
 * hosts it provides the functions declared here.
 */
#ifndef KLUA_BUDGET_H
#define KLUA_BUDGET_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
typedef uint64_t u64;
#endif

struct lua_State;

/* A budget that does not end; the time limit of an entry still holds. */
#define KLUA_STEPS_UNLIMITED	(~(u64)0)

/*
 * Steps between two looks at the clock, at cancellation and at signals. A
 * step takes some nanoseconds, so that a look is taken every few dozen
 * microseconds and costs well under one percent.
 */
#define KLUA_SLICE		4096

/* Steps that a consumer's finalizer may take, whatever is left for others. */
#define KLUA_FINALIZER_STEPS	KLUA_SLICE

/* @stack while no entry is armed: every comparison with it fails. */
#define KLUA_UNARMED		(~0ul)

/**
 * struct klua_budget - steps that are left
 *
 * Protection as in struct klua_state (states.h).
 *
 * @left:    S: until the next look; negative: look now. While an entry is armed
 *	     the coroutine that runs keeps it (lua/core.h), starting from @slice
 * @slice:   S: what @left started from
 * @total:   S: what is left of the budget, @slice included
 * @stopped: S: 0, or the -errno of the limit that ended this entry. Sticky:
 *	     nothing but the next entry resets it
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
 * Protection as in struct klua_state (states.h); A: single accesses, from any
 * context.
 *
 * @budget:   S: steps
 * @running:  S: the coroutine that keeps what is left of them, or NULL
 * @stack:    W: lowest address that the C stack may reach while Lua runs, or
 *	      KLUA_UNARMED
 * @runs:     W: entries so far
 * @steps:    W: steps these took
 * @deadline: S: ns on the monotonic clock, or 0 before the first look
 * @cpu:      W: the CPU that the entry runs on, or -1
 * @cancel:   A: another CPU asks the entry to end
 * @used:     S: more than steps of the first slice was used, so that the next
 *	      entry has to put @budget, @deadline and what follows right first
 * @stack_hit:  S: the entry has reached @stack
 * @memory_hit: S: the entry was refused memory, even after a collection
 */
struct klua_limits {
	struct klua_budget budget;
	struct lua_State *running;
	unsigned long stack;
	u64 runs;
	u64 steps;
	u64 deadline;
	int cpu;
	int cancel;
	bool used;
	bool stack_hit;
	bool memory_hit;
};

int klua_arm_slow(struct klua_limits *lim);
void klua_disarm(struct klua_limits *lim);
int klua_limits_check(struct klua_limits *lim);
bool klua_drop(struct klua_limits *lim, size_t bytes);
void klua_limits_owe(struct klua_limits *lim, size_t n);
void klua_print(struct lua_State *L, const char *text, size_t len);

/*
 * What the allocator does, for a new block and one that goes. The first may
 * return NULL for any reason: then the allocator itself is asked.
 */
void *klua_block_get(struct klua_limits *lim, size_t size);
void klua_block_put(struct klua_limits *lim, void *block, size_t size);

static inline bool klua_armed(const struct klua_limits *lim)
{
	return lim->stack != KLUA_UNARMED;
}

/* True when this call armed the limits, and so has to disarm them. */
static inline int klua_arm(struct klua_limits *lim)
{
	return klua_armed(lim) ? 0 : klua_arm_slow(lim);
}

#endif /* KLUA_BUDGET_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KLua: named, thread-safe Lua 5.3 states for kernel modules.
 *
 * The one header a consumer includes. A module that uses KLua says
 * MODULE_IMPORT_NS(KLUA); (the macro KLUA_IMPORT_NS below hides the
 * difference between kernels) and builds with -I of this directory.
 */
#ifndef KLUA_STATES_H
#define KLUA_STATES_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/ratelimit_types.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "heap.h"
#include "lua/src/lua.h"
#include "lua/src/lauxlib.h"
#include "lua/budget.h"
#include "uapi/klua.h"

/* Bytes of a state's name, its NUL included. */
#define KLUA_NAME_MAXSIZE	64

/*
 * Bytes below which klua_state_create() refuses @maxalloc: the interpreter's
 * own structures without any library already need about 5 KiB.
 */
#define KLUA_MIN_ALLOC		8192

/* Bytes of the text that the last failed entry left in a state. */
#define KLUA_ERROR_MAXSIZE	256

/* From Linux 6.13 on a namespace is named by a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define KLUA_IMPORT_NS		MODULE_IMPORT_NS("KLUA")
#else
#define KLUA_IMPORT_NS		MODULE_IMPORT_NS(KLUA)
#endif

/**
 * struct klua_stats - what a state has done since it was made, but for what
 *			struct klua_limits counts
 *
 * Protection as in struct klua_state.
 *
 * @ns:      W: time these took, while the module parameter "stats" is on
 * @entered: S: when the entry in progress began, in ns, or 0 when not asked for
 * @errors:  W: klua_state_call()s and klua_state_run()s that ended in an error
 * @limits:  W: entries in which a limit was hit, by enum klua_limit
 */
struct klua_stats {
	u64 ns;
	u64 entered;
	u64 errors;
	u64 limits[__KLUA_LIMIT_MAX];
};

/**
 * struct klua_sink - where print leaves a copy for whoever started a run
 *
 * Protection as in struct klua_state, while a state has it for its sink; before
 * and after that it belongs to whoever made it.
 *
 * @buf:     I: bytes for the lines, each with its newline
 * @size:    I: bytes @buf holds
 * @len:     S: bytes that are in it
 * @dropped: S: bytes that came after it was full
 * @interruptible: I: any signal to the task ends the run, not only a deadly one
 */
struct klua_sink {
	char *buf;
	size_t size;
	size_t len;
	u64 dropped;
	bool interruptible;
};

/**
 * struct klua_state - one named Lua state
 *
 * A consumer may read these fields; it writes none of them.
 *
 * Each field's protection:
 *   I: set before the state is published, read-only after;
 *   P: private: touched by whoever makes the state before anybody else knows
 *      it, and by whoever closes it when nobody else does any more;
 *   T: states_lock for writing, RCU for reading;
 *   L: states_lock;
 *   S: @lock, or private;
 *   W: written under @lock or in private, read anywhere with READ_ONCE();
 *   E: @error_lock;
 *   A: atomic;
 *   X: has a lock or rules of its own;
 *   SE: written under both, read under either.
 *
 * @node:	T: link in the table of states
 * @L:		S: the main thread; what it points to is used under @lock
 * @lock:	X: one user at a time; taken with bottom halves off
 * @users:	A: 1 for the table plus one for each klua_state_get()
 * @maxalloc:	W: bytes the script may hold at any instant
 * @curralloc:	W: bytes the script holds, as Lua asked for them
 * @name:	I: unique among the states of the table, NUL-terminated
 * @namelen:	I: bytes of @name without the NUL
 * @hash:	I: hash of @name, compared before the name itself
 * @peakalloc:	W: the largest @curralloc so far
 * @steps:	W: steps one entry may take, or KLUA_STEPS_UNLIMITED
 * @slice:	S: what an entry starts with of @steps
 * @limits:	S: what an entry is charged to; some fields W (lua/budget.h)
 * @owner:	W: the CPU that has @lock by klua_state_lock(), or -1
 * @building:	P: memory may be waited for
 * @closing:	P: nobody else has a pointer to the state any more
 * @ephemeral:	I: goes away with the netlink socket that made it
 * @refused:	S: the allocator said no, and has not said yes since
 * @heap:	S: the pages that its blocks are on
 * @pages:	S: all of them, by &page.lru, but for those in its window
 * @window:	S: where blocks are whose pages are not contiguous, or NULL
 * @window_wish: S: it needs one, or a larger one
 * @care:	X: the next of the states whose windows need care (window.c)
 * @memcg:	I: the memory cgroup that these are charged to
 * @print_limit: X: lines that print may write in five seconds
 * @errmsg:	SE: text of the last entry that failed, or empty
 * @error_lock:	X: guards what is shown of the last error; innermost of all locks
 * @error:	E: -errno of the last entry that failed, or 0
 * @error_ns:	E: when that was, on the monotonic clock
 * @id:		I: number that no other state has, nor had lately
 * @origin:	I: who made it
 * @stats:	W: counters
 * @sink:	S: where print copies to, or NULL
 * @events:	S: error and limit events sent since @events_from
 * @events_lost: S: those not sent, since they were too many
 * @events_from: S: jiffies
 * @all:	L: link in the list of every state not yet freed
 * @close:	P: closes the Lua state after a grace period, in process context
 */
struct klua_state {
	struct hlist_node node;
	lua_State *L;
	spinlock_t lock;	/* one user at a time */
	refcount_t users;
	size_t maxalloc;
	size_t curralloc;
	unsigned char name[KLUA_NAME_MAXSIZE];

	unsigned int namelen;
	u32 hash;
	size_t peakalloc;
	u64 steps;
	long slice;
	struct klua_limits limits;
	int owner;
	bool building;
	bool closing;
	bool ephemeral;
	bool refused;
	struct klua_heap heap;
	struct list_head pages;
	struct klua_window *window;
	struct klua_state *care;
	struct mem_cgroup *memcg;
	struct ratelimit_state print_limit;
	char errmsg[KLUA_ERROR_MAXSIZE];
	spinlock_t error_lock;	/* the last error */
	int error;
	u64 error_ns;
	u32 id;
	enum klua_origin origin : 8;
	bool window_wish;
	struct klua_stats stats;
	struct klua_sink *sink;
	unsigned int events;
	unsigned int events_lost;
	unsigned long events_from;
	struct list_head all;
	struct rcu_work close;
};

/**
 * struct klua_result - where klua_state_run() leaves what a chunk returned
 *
 * The caller's own, and not shared.
 *
 * @buf:  bytes for the text: the chunk's results as tostring() shows them,
 *	  separated by tabs, or the error message with its traceback; always
 *	  NUL-terminated when @size is not 0
 * @size: bytes @buf holds; with a @buf of NULL they count as none
 * @len:  out: bytes of the whole text, without NUL; @size or more when it was
 *	  cut to fit
 * @count: out: how many results there are; 0 after an error
 */
struct klua_result {
	char *buf;
	size_t size;
	size_t len;
	int count;
};

void klua_states_init(void);
void klua_states_exit(void);

bool klua_state_get(struct klua_state *s);
void klua_state_put(struct klua_state *s);
struct klua_state *klua_state_lookup(const char *name);
struct klua_state * __must_check klua_state_find(const char *name);
struct klua_state *klua_state_create(size_t maxalloc, const char *name);
int klua_state_destroy(const char *name);
void klua_state_list(void);
void klua_state_destroy_all(void);

void klua_state_lock(struct klua_state *s);
void klua_state_unlock(struct klua_state *s);
int klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg);
int __klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg);
int klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		   const char *chunkname, struct klua_result *result);
int __klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		     const char *chunkname, struct klua_result *result);

int klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc);
int klua_state_set_steps(struct klua_state *s, u64 steps);
int __klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc);
int __klua_state_set_steps(struct klua_state *s, u64 steps);
int klua_state_cancel(const char *name);

#endif /* KLUA_STATES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of klua.ko share among themselves.
 */
#ifndef KLUA_INTERNAL_H
#define KLUA_INTERNAL_H

#include <linux/bitops.h>
#include <linux/jump_label.h>
#include <linux/kmemleak.h>

#include "states.h"

struct sock;

#define KLUA_VERSION	"0.1.0"

/* Names are data: a hostile one must not forge a line or a format. */
#define NAME_FMT	"%*pE"
#define NAME_ARG(s)	(int)(s)->namelen, (s)->name

/*
 * Core functions that consumers have no business with: they make, destroy and
 * open what klua_state_create() and the last put do.
 */
lua_State *lua_newstate(lua_Alloc alloc, void *ud);
void luaL_openlibs(lua_State *L);

/* objtool, where it sees all of klua.ko, knows that luaL_error() never returns. */
#define klua_raise(L, ...) \
	do { \
		luaL_error(L, __VA_ARGS__); \
		unreachable(); \
	} while (0)

/*
 * kmemleak knows each page of a block, since to take the last ones out of what it
 * knows as one it would sleep. What points to a block points to its first page.
 */
static inline void klua_leak_watch(void *block, size_t from, size_t to,
				   gfp_t gfp)
{
	for (; from < to; from += PAGE_SIZE)
		kmemleak_alloc(block + from, PAGE_SIZE, !from, gfp);
}

static inline void klua_leak_forget(void *pages, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += PAGE_SIZE)
		kmemleak_free(pages + at);
}

/* How many of the locks that klua_guard_lock() takes this processor has. */
DECLARE_PER_CPU(unsigned int, klua_guarded);

/*
 * A raw lock that entries into irq states take as well. A probe may come while its
 * own processor has the lock, or is about to: every irq state is taken then, so that
 * it does not wait for what it has interrupted.
 */
static inline unsigned long klua_guard_lock(raw_spinlock_t *lock)
	__acquires(lock)
{
	unsigned long irqs;

	local_irq_save(irqs);
	__this_cpu_inc(klua_guarded);
	raw_spin_lock(lock);
	return irqs;
}

static inline void klua_guard_unlock(raw_spinlock_t *lock, unsigned long irqs)
	__releases(lock)
{
	raw_spin_unlock(lock);
	__this_cpu_dec(klua_guarded);
	local_irq_restore(irqs);
}

void *klua_alloc(void *ud, void *block, size_t osize, size_t nsize);
int klua_alloc_init(struct klua_state *s);
bool klua_alloc_max_fits(const struct klua_state *s, size_t max);
int klua_alloc_set_max(struct klua_state *s, size_t max);
void klua_alloc_exit(struct klua_state *s);

/* lua/call.c, lua/number.c */
void klua_core_drop_finalizers(lua_State *L);
int klua_number_write(lua_Number n, char *out);
int klua_core_invoke(lua_State *L, struct klua_call *call,
		     lua_CFunction handler);

/**
 * struct klua_set - states of one name, one for each processor
 *
 * Lives as long as any of them, and has the memory of all of them.
 *
 * @refs:    A: states that are not freed
 * @turn:    A: bit 0: somebody changes the limits of all of them, or changes them back
 * @front:   I: the one that stands for all, and has their number
 * @plate:   I: what is in the table: the name, and a pointer back to this set. It is
 *	     no state that runs. Each processor reads it for each packet, and none
 *	     writes to its cache lines, as the processor of @front does to that one's
 * @members: I: by processor; NULL for those that cannot be
 */
struct klua_set {
	refcount_t refs;
	unsigned long turn;
	struct klua_state *front;
	struct klua_state plate ____cacheline_aligned;
	struct klua_state *members[];
};

/**
 * struct klua_figures - what is shown of a state, or of a set of them as a whole
 *
 * @members:   states that it is of: 1, or those of a set
 * @users:     holds, and one for the table
 * @curralloc: bytes held
 * @maxalloc:  bytes that may be
 * @peakalloc: the most that were; of a set, the sum of each one's
 * @runs:      entries
 * @steps:     steps these took
 * @busy:      somebody is inside
 * @stats:     see there
 */
struct klua_figures {
	unsigned int members;
	unsigned int users;
	size_t curralloc;
	size_t maxalloc;
	size_t peakalloc;
	u64 runs;
	u64 steps;
	bool busy;
	struct klua_stats stats;
};

/* The state that stands for the set that @s is of, with its number; or @s. */
static inline struct klua_state *klua_state_front(struct klua_state *s)
{
	return s && s->set ? s->set->front : s;
}

void klua_state_figures(struct klua_state *s, struct klua_figures *sum);
struct klua_state *klua_state_member(struct klua_state *s, unsigned int i);

/* The next state of a set from place @i on, or NULL; returns its place. */
static inline unsigned int klua_member_next(struct klua_state *s,
					    struct klua_state **m, unsigned int i)
{
	unsigned int n = s->set ? nr_cpu_ids : 1;

	for (*m = NULL; i < n && !*m; i++)
		*m = klua_state_member(s, i);
	return i - 1;
}

static inline unsigned int klua_member_first(struct klua_state *s,
					     struct klua_state **m)
{
	return klua_member_next(s, m, 0);
}

/* Each state of the set that @s is of, or @s alone. */
#define klua_for_each_member(s, m, i) \
	for ((i) = klua_member_first(s, &(m)); (m); \
	     (i) = klua_member_next(s, &(m), (i) + 1))

/**
 * struct klua_quota - who counts the states that are made for somebody
 *
 * @charge:   one state more, of so many bytes: 0, -EDQUOT, or -EAGAIN: when what is
 *	      being closed is gone there may be room; with words for people in @why.
 *	      In process context; waits for nobody
 * @uncharge: a state of so many bytes is gone. In process context
 */
struct klua_quota {
	int (*charge)(size_t bytes, const char **why);
	void (*uncharge)(size_t bytes);
};

/* states.c */
bool klua_states_ready(void);
struct klua_state *klua_state_by_id(u32 id);
struct klua_state *klua_state_by_next(unsigned long *id);
struct klua_state *klua_state_left_next(unsigned long *id);
struct klua_state *klua_state_left(u32 id);
void klua_state_left_put(struct klua_state *s);
bool klua_state_linked(struct klua_state *s);
int klua_state_remove(u32 id, bool held);
int klua_state_stop(struct klua_state *s);
int klua_state_gate(struct klua_state *s, bool stopped, bool force);
bool klua_state_busy(const struct klua_state *s);
unsigned int klua_states_generation(void);
void klua_states_flush(void);
bool klua_states_closing(void);
void klua_states_adopt(struct module *mod);
void klua_states_retire_module(struct module *mod);

static inline u64 klua_state_runs(const struct klua_state *s)
{
	/* Written under the state's lock; a reader sees the old or the new. */
	return data_race(klua_limits_runs(&s->limits));
}

/* enter.c */
void klua_enter_init(void);
void klua_state_lock_init(struct klua_state *s);
int klua_state_lock_any(struct klua_state *s);
int klua_state_lock_asleep(struct klua_state *s, bool killable);
bool klua_state_lock_try(struct klua_state *s);
int klua_state_lock_interruptible(struct klua_state *s);
bool klua_state_locked(const struct klua_state *s);
bool klua_inside_any(void);
bool klua_limits_turn_try(struct klua_state *s);
int klua_limits_turn(struct klua_state *s);
void klua_limits_turn_end(struct klua_state *s);

/*
 * May this context sleep, as far as it can be seen? On PREEMPT_RT preempt_count()
 * counts neither bottom halves that are off nor spinlocks; the latter are sections
 * of RCU there.
 */
static inline bool klua_may_sleep(void)
{
	return in_task() && !irqs_disabled() && !preempt_count() &&
	       !in_softirq() && !rcu_preempt_depth();
}

u64 klua_entry_deadline(struct klua_limits *lim, u64 now);

#define klua_state_assert_locked(s)	lockdep_assert(klua_state_locked(s))

/**
 * struct klua_sink - who else gets what a script prints, and its results
 *
 * A state has it while a run that wants it is in progress; whatever is called
 * is called inside the entry, and may raise an error.
 *
 * @text:    what was printed, to be followed by a newline if @line
 * @results: a piece of the results
 */
struct klua_sink {
	void (*text)(struct klua_sink *sink, lua_State *L, const char *text,
		     size_t len, bool line);
	void (*results)(struct klua_sink *sink, lua_State *L, const char *text,
			size_t len);
};

/* lua/core.c */
void klua_charge_slow(lua_State *L);

/* run.c */
bool klua_entry_cancelled(const struct klua_limits *lim);
void klua_charge_host(lua_State *L, size_t n);
int __klua_state_call_text(struct klua_state *s, lua_CFunction fn, void *arg,
			   struct klua_result *result, int *status);
int klua_state_limit_memory(struct klua_state *s, size_t maxalloc);
u64 klua_default_steps(enum klua_kind kind);
u64 klua_default_us(enum klua_kind kind);
bool klua_time_valid(enum klua_kind kind, u64 us);
void klua_run_defaults(struct klua_state *s);
void klua_run_limits(struct klua_state *s, u64 steps, u64 us);
void klua_build_begin(struct klua_state *s);
void klua_build_end(struct klua_state *s, u64 steps, u64 us);
int klua_source_load(lua_State *L, const char *path, const char *chunkname);
int klua_state_open(struct klua_state *s);
void klua_state_close(struct klua_state *s);

/* lib.c */
int klua_libs_init(void);
void klua_libs_exit(void);

/* stats.c */
DECLARE_STATIC_KEY_FALSE(klua_timing);
int klua_watch(void);
void klua_unwatch(void);
void klua_limits_hit(struct klua_state *s);
u64 klua_stats_time(const struct klua_state *s);

/* Bytes of the last error that are kept, its traceback included. */
#define KLUA_TRACE_MAXSIZE	SZ_2K

int klua_trace_init(struct klua_state *s);
void klua_trace_exit(struct klua_state *s);
void klua_trace_take(struct klua_state *s, lua_State *L);
void klua_error_note(struct klua_state *s, int err, const char *text,
		     size_t len);
void klua_escape_name(char *dst, const struct klua_state *s);
void klua_escape(char *dst, size_t size, const char *src, size_t len);

/* events.c */
void klua_events_init(void);
void klua_events_exit(void);
void klua_events_defaults(struct klua_state *s);
void klua_listeners_forget(struct module *mod);
bool klua_telling(void);
void klua_event_created(const struct klua_state *s);
void klua_event_destroyed(const struct klua_state *s);
void klua_event_gate(const struct klua_state *s, bool stopped);
void klua_event_gate_now(const struct klua_state *s, bool stopped);
void klua_event_error(struct klua_state *s, int err, const char *text,
		      size_t len);
void klua_event_limit(struct klua_state *s, enum klua_limit which);
void klua_event_print(struct klua_state *s, const char *text, size_t len);

/* What a state from user space may hold when its maker does not say. */
#define KLUA_USER_MEMORY	SZ_1M

/**
 * struct klua_limits_wanted - limits that user space asks for, each 0 if not
 *
 * @memory: bytes
 * @steps:  or KLUA_STEPS_UNLIMITED
 * @us:     microseconds, or KLUA_TIME_UNLIMITED
 */
struct klua_limits_wanted {
	u64 memory;
	u64 steps;
	u64 us;
};

/**
 * struct klua_audit - what user space has a state do, for the audit log
 *
 * @op:       what
 * @id:       the state's number, or 0
 * @name:     its name
 * @force:    although a kernel module made it
 * @text:     the script, or NULL
 * @len:      bytes of @text
 * @args:     its arguments, with a NUL behind each
 * @args_len: bytes of @args
 * @limits:   those to be set, or NULL
 * @change:   it is a change that ended with @err, and no script that begins
 * @err:      0 or -errno
 */
struct klua_audit {
	const char *op;
	u32 id;
	const char *name;
	bool force;
	const char *text;
	size_t len;
	const char *args;
	size_t args_len;
	const struct klua_limits_wanted *limits;
	bool change;
	int err;
};

/* audit.c */
void klua_audit(const struct klua_audit *what);

/* results.c */
void klua_results_write(lua_State *L, struct klua_sink *sink, bool json);

/* device.c */
int klua_device_init(void);
void klua_device_exit(void);

/* netlink.c */
int klua_netlink_init(void);
void klua_netlink_exit(void);
s64 klua_user_make(struct klua_config *config, struct sock *sk);
bool klua_user_time_valid(u64 us);

#endif /* KLUA_INTERNAL_H */

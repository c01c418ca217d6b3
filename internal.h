/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations that the files of klua.ko share, and that consumers do not get. */
#ifndef KLUA_INTERNAL_H
#define KLUA_INTERNAL_H

#include <linux/bitops.h>
#include <linux/jump_label.h>
#include <linux/kmemleak.h>
#include <linux/stringify.h>

#include "states.h"

struct sock;

#define KLUA_VERSION	"0.1.0"

/* The error text for a limit on memory below KLUA_MIN_ALLOC */
#define KLUA_MIN_ALLOC_TEXT \
	"too little memory: a state has at least " __stringify(KLUA_MIN_ALLOC) " bytes"

/*
 * For printing a name. Names come from outside: escaped, they cannot forge a line or a
 * format.
 */
#define NAME_FMT	"%*pE"
#define NAME_ARG(s)	(int)(s)->namelen, (s)->name

/*
 * Functions of the Lua core that consumers must not call, so lua.h does not have them:
 * only klua_state_open() makes a Lua state.
 */
lua_State *lua_newstate(lua_Alloc alloc, void *ud);
void luaL_openlibs(lua_State *L);

/*
 * luaL_error(), for klua.ko itself. luaL_error() is not declared __noreturn. Where
 * objtool sees all of klua.ko as one object it finds that the function never returns,
 * and so the compiler must not make code behind the call.
 */
#define klua_raise(L, ...) \
	do { \
		luaL_error(L, __VA_ARGS__); \
		unreachable(); \
	} while (0)

/*
 * Tell kmemleak of the pages of a block, as one object a page: a block may lose its
 * last pages alone, and splitting a larger object in kmemleak may sleep. Pointers to a
 * block point to its first page, so only that one needs to be found (min_count is
 * !from).
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

/* Locks that klua_guard_lock() has taken on this processor, and that are still held */
DECLARE_PER_CPU(unsigned int, klua_guarded);

/*
 * Take a raw lock that entries into irq states take as well. A probe may interrupt the
 * holder on its own processor and enter an irq state, which would wait for the lock for
 * ever. So such an entry is refused with -EBUSY while klua_guarded is above 0, which is
 * set before the lock is taken.
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
size_t klua_alloc_charge(const struct klua_state *s, size_t max);
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
 * The set lives as long as any of its states, whose memory is freed together with it.
 * Protection codes as in struct klua_state.
 *
 * @refs:    A: states that are not closed, and calls that go through all of them
 * @turn:    A: bit 0 is set while a task changes the limits of all states, or takes
 *	     back a change that has failed
 * @front:   I: the state that stands for all of them, and has their number
 * @table_entry: I: stands for the set in the table. Only its name, its hash and its
 *	     pointer back to this set are used. It is not @front, because each processor
 *	     reads the entry for each packet: nobody writes to its cache lines, while
 *	     entries write to those of @front
 * @members: I: the states, by processor; NULL where no processor is possible
 */
struct klua_set {
	refcount_t refs;
	unsigned long turn;
	struct klua_state *front;
	struct klua_state table_entry ____cacheline_aligned;
	struct klua_state *members[];
};

/**
 * struct klua_figures - the figures of a state, or the sums of those of a set
 *
 * @members:   states that are summed up: 1, or those of a set
 * @users:     holds, and one for the table
 * @curralloc: bytes that are held
 * @maxalloc:  bytes that may be held
 * @peakalloc: the most bytes that were held; of a set, the sum of each state's most
 * @runs:      entries
 * @steps:     steps that these took
 * @busy:      an entry is in progress
 * @stats:     the counters of struct klua_stats
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

/* The front of the set that @s belongs to, or @s itself if it belongs to none */
static inline struct klua_state *klua_state_front(struct klua_state *s)
{
	return s && s->set ? s->set->front : s;
}

void klua_state_figures(struct klua_state *s, struct klua_figures *sum);
struct klua_state *klua_state_member(struct klua_state *s, unsigned int i);

/*
 * Set *@m to the next state of a set from index @i on, or to NULL. Returns its index.
 */
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

/* Go through the states of the set that @s belongs to, or @s alone. */
#define klua_for_each_member(s, m, i) \
	for ((i) = klua_member_first(s, &(m)); (m); \
	     (i) = klua_member_next(s, &(m), (i) + 1))

/**
 * struct klua_quota - a quota that states are charged to
 *
 * @charge:   charge one state that may hold @bytes. @replaced: the bytes charged for the
 *	      state whose place it will take, or 0. Returns 0, -EDQUOT, or -EAGAIN if
 *	      there may be room once closes in progress have ended; @why gets a text.
 *	      Called in process context; does not wait
 * @uncharge: give back one state and @bytes. Called in process context
 */
struct klua_quota {
	int (*charge)(size_t bytes, size_t replaced, const char **why);
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
void klua_states_retire_module(struct module *mod);

static inline u64 klua_state_runs(const struct klua_state *s)
{
	/*
	 * The writer has the state's lock; this reads without it, and gets the old
	 * value or the new.
	 */
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
bool klua_stack_fits_close(void);
bool klua_limits_turn_try(struct klua_state *s);
int klua_limits_turn(struct klua_state *s);
void klua_limits_turn_end(struct klua_state *s);

/*
 * May this context sleep, as far as that can be told? On PREEMPT_RT preempt_count()
 * counts neither bottom halves that are off nor spinlocks. A spinlock counts as an RCU
 * read section there.
 */
static inline bool klua_may_sleep(void)
{
	return in_task() && !irqs_disabled() && !preempt_count() &&
	       !in_softirq() && !rcu_preempt_depth();
}

u64 klua_entry_deadline(struct klua_limits *lim, u64 now);

#define klua_state_assert_locked(s)	lockdep_assert(klua_state_locked(s))

/**
 * struct klua_sink - a reader of what a script prints, and of its results
 *
 * device.c sets &klua_state.sink while it runs a script. Both functions are called
 * inside the entry, and may raise a Lua error.
 *
 * @text:    takes printed text, which a newline is to follow if @line
 * @results: takes a piece of the results
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
int klua_entry_asked(const struct klua_limits *lim);
bool klua_asked_to_end(void);
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

/* Why request_firmware_direct() has failed with @err */
static inline const char *klua_firmware_text(int err)
{
	if (!IS_REACHABLE(CONFIG_FW_LOADER))
		return "this kernel has no firmware loader";
	if (err == -ENOENT || err == -ENOTDIR)
		return "the firmware loader has no such file";
	if (err == -EINVAL)
		return "the file is empty, a directory, or its name is invalid";
	return "the firmware loader cannot read the file";
}

/* lib.c */
int klua_libs_init(void);
void klua_libs_exit(void);

/* stats.c */
DECLARE_STATIC_KEY_FALSE(klua_timing);
int klua_watch(void);
void klua_unwatch(void);
void klua_limits_hit(struct klua_state *s);
u64 klua_stats_time(const struct klua_state *s);
u64 klua_error_age(const struct klua_state *s);

/* Bytes of the last error and its traceback that are kept */
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
bool klua_awaits_listeners(const struct task_struct *task);
void klua_event_created(const struct klua_state *s);
void klua_event_destroyed(const struct klua_state *s);
void klua_event_gate(struct klua_state *s, bool stopped);
void klua_event_gate_now(const struct klua_state *s, bool stopped);
void klua_event_error(struct klua_state *s, int err, const char *text,
		      size_t len);
void klua_event_limit(struct klua_state *s, enum klua_limit which);
void klua_event_print(struct klua_state *s, const char *text, size_t len);

/* main.c */
extern const struct kernel_param_ops klua_param_uint;
extern const struct kernel_param_ops klua_param_ulong;
int klua_param_allowed(void);

/* Bytes that a state from user space may hold unless its maker says otherwise */
#define KLUA_USER_MEMORY	SZ_1M

/**
 * struct klua_limits_wanted - limits that user space asks for; 0 leaves one as it is
 *
 * @memory: bytes that the state may hold
 * @steps:  steps that an entry may take, or KLUA_STEPS_UNLIMITED
 * @us:     microseconds that an entry may take, or KLUA_TIME_UNLIMITED
 */
struct klua_limits_wanted {
	u64 memory;
	u64 steps;
	u64 us;
};

/**
 * struct klua_audit - a request of user space, for the audit log
 *
 * @op:       name of the request
 * @id:       the state's number, or 0 if it has none yet
 * @name:     the state's name
 * @force:    the request was forced
 * @file:     the path of the file that @text is from, or NULL
 * @text:     the script, or NULL
 * @len:      bytes of @text
 * @args:     the script's arguments, with a NUL behind each
 * @args_len: bytes of @args
 * @limits:   the limits to be set, or NULL
 * @change:   the request was a change, and has ended with @err; otherwise it is a
 *	      script that begins
 * @err:      0 or -errno
 * @nowait:   other requests wait behind this one, which must not wait for the log
 */
struct klua_audit {
	const char *op;
	u32 id;
	const char *name;
	bool force;
	const char *file;
	const char *text;
	size_t len;
	const char *args;
	size_t args_len;
	const struct klua_limits_wanted *limits;
	bool change;
	int err;
	bool nowait;
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
s64 klua_user_make(struct klua_config *config, struct sock *sk, u32 portid);
bool klua_user_time_valid(u64 us);

#endif /* KLUA_INTERNAL_H */

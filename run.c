// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running Lua in a state: limits, protected entries, printing.
 *
 * The core arms the limits of a state in the outermost call of any function of the Lua
 * API, and disarms them when that returns (lua/entry.h). This file has the limits
 * themselves, and calls that do what most consumers need: lock, protect, report errors.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/firmware.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/security.h>
#include <linux/stacktrace.h>
#include <asm/stacktrace.h>

#include "internal.h"
#include "lua/entry.h"
#include "tracepoints.h"

/**
 * struct kind_defaults - limits of an entry into a new state of a kind
 *
 * @steps and @us are module parameters; they are read and written without a lock, each
 * by itself.
 *
 * @steps: steps, never 0
 * @us:    microseconds, at most @us_max
 * @us_max: the largest limit on time that a state of this kind may have
 */
struct kind_defaults {
	ulong steps;
	uint us;
	uint us_max;
};

/*
 * An atomic state has 2 ms. net.core.netdev_budget_usecs gives two jiffies to all
 * packets of a softirq, which is as much with CONFIG_HZ=1000. The numbers of steps fit
 * into the times on a slow machine.
 */
static struct kind_defaults kinds[__KLUA_KIND_MAX] = {
	[KLUA_KIND_ATOMIC] = { 200000, 2000, KLUA_TIME_MAX_US_ATOMIC },
	[KLUA_KIND_SLEEPABLE] = { 100000000, 10000000, UINT_MAX },
	[KLUA_KIND_IRQ] = { 10000, 100, KLUA_TIME_MAX_US_IRQ },
};

/* 0 is refused: no script could run, and a reader could take it for "no limit". */
static int set_steps(const char *text, const struct kernel_param *kp)
{
	unsigned long n;
	int err = kstrtoul(text, 0, &n);

	if (err || !n)
		return err ?: -EINVAL;
	return klua_param_ulong.set(text, kp);
}

static const struct kernel_param_ops steps_ops = {
	.set = set_steps,
	.get = param_get_ulong,
};

static int set_us(const char *text, const struct kernel_param *kp)
{
	struct kind_defaults *kind = container_of(kp->arg, struct kind_defaults,
						  us);
	unsigned int n;
	int err = kstrtouint(text, 0, &n);

	if (err || !n || n > kind->us_max)
		return err ?: -EINVAL;
	return klua_param_uint.set(text, kp);
}

static const struct kernel_param_ops us_ops = {
	.set = set_us,
	.get = param_get_uint,
};

module_param_cb(atomic_steps, &steps_ops, &kinds[KLUA_KIND_ATOMIC].steps, 0644);
MODULE_PARM_DESC(atomic_steps, "steps (about one VM instruction each) an entry into a new atomic state may take (default 200000)");
module_param_cb(atomic_us, &us_ops, &kinds[KLUA_KIND_ATOMIC].us, 0644);
MODULE_PARM_DESC(atomic_us, "microseconds an entry into a new atomic state may take (default 2000, at most 8000000)");
module_param_cb(sleepable_steps, &steps_ops, &kinds[KLUA_KIND_SLEEPABLE].steps, 0644);
MODULE_PARM_DESC(sleepable_steps, "steps an entry into a new sleepable state, and building any state, may take (default 100000000)");
module_param_cb(sleepable_us, &us_ops, &kinds[KLUA_KIND_SLEEPABLE].us, 0644);
MODULE_PARM_DESC(sleepable_us, "microseconds an entry into a new sleepable state, and building any state, may take (default 10000000)");
module_param_cb(irq_steps, &steps_ops, &kinds[KLUA_KIND_IRQ].steps, 0644);
MODULE_PARM_DESC(irq_steps, "steps an entry into a new irq state may take (default 10000)");
module_param_cb(irq_us, &us_ops, &kinds[KLUA_KIND_IRQ].us, 0644);
MODULE_PARM_DESC(irq_us, "microseconds an entry into a new irq state may take (default 100, at most 100000)");

static struct klua_state *state_of(lua_State *L)
{
	void *limits;

	lua_getallocf(L, &limits);
	return container_of(limits, struct klua_state, limits);
}

u64 klua_default_steps(enum klua_kind kind)
{
	return READ_ONCE(kinds[kind].steps);
}

u64 klua_default_us(enum klua_kind kind)
{
	return READ_ONCE(kinds[kind].us);
}

static u64 ns_of(u64 us)
{
	u64 ns;

	if (us == KLUA_TIME_UNLIMITED || check_mul_overflow(us, 1000ull, &ns))
		return KLUA_TIME_UNLIMITED;
	return ns;
}

/*
 * Set the steps that the next entry may take. The state's own limit stays as it is:
 * that is what user space is shown, and what a state that replaces this one gets.
 * state_steps_set() and state_time_set() set both.
 */
static void entry_steps_set(struct klua_state *s, u64 n)
{
	s->entry_steps = n;
	s->slice = min_t(u64, n, KLUA_SLICE);
	s->limits.used = true;
}

static void entry_time_set(struct klua_state *s, u64 ns)
{
	WRITE_ONCE(s->entry_ns, ns);
	s->limits.used = true;
}

/* Under the state's lock, or before anybody else knows the state. */
static void state_steps_set(struct klua_state *s, u64 n)
{
	WRITE_ONCE(s->steps, n);
	entry_steps_set(s, n);
}

/* Under the state's lock, or before anybody else knows the state. */
static void state_time_set(struct klua_state *s, u64 us)
{
	WRITE_ONCE(s->time_ns, ns_of(us));
	entry_time_set(s, s->time_ns);
}

/*
 * While a state is built or closed, it has the limits of a sleepable state, whatever
 * its kind.
 */
static void set_build_limits(struct klua_state *s)
{
	s->limits.preemptible = true;
	entry_steps_set(s, klua_default_steps(KLUA_KIND_SLEEPABLE));
	entry_time_set(s, ns_of(klua_default_us(KLUA_KIND_SLEEPABLE)));
}

/* Can a state of this kind have this limit on time? */
bool klua_time_valid(enum klua_kind kind, u64 us)
{
	return us && (kind == KLUA_KIND_SLEEPABLE || us <= kinds[kind].us_max);
}

/* Set the limits of entries into a new state; 0 stands for those of its kind. */
void klua_run_limits(struct klua_state *s, u64 steps, u64 us)
{
	state_steps_set(s, steps ?: klua_default_steps(s->kind));
	state_time_set(s, us ?: klua_default_us(s->kind));
	s->limits.preemptible = s->kind == KLUA_KIND_SLEEPABLE;
}

void klua_run_defaults(struct klua_state *s)
{
	s->limits.stack = KLUA_UNARMED;
	raw_spin_lock_init(&s->error_lock);
	klua_state_lock_init(s);
	klua_events_defaults(s);
}

/* The next slice, where the limit on time is @ns away */
static void refill(struct klua_budget *budget, u64 ns)
{
	u64 most = clamp_t(u64, ns / KLUA_STEP_MOST_NS, KLUA_SLICE, KLUA_SLICE_MAX);

	budget->slice = min(budget->total, most);
	budget->left = budget->slice;
}

/*
 * Steps of the slice that were taken. More steps than the slice had may seem to be
 * left, for the reason that klua_limits_shorten() gives: then this is 0.
 */
static u64 spent(const struct klua_budget *budget)
{
	return max(budget->slice - budget->left, 0l);
}

/* Reset the fields that an entry starts from, after an entry that has changed them. */
static void reset_limits(struct klua_state *s)
{
	struct klua_limits *lim = &s->limits;

	lim->budget.slice = s->slice;
	lim->budget.total = s->entry_steps;
	lim->budget.stopped = 0;
	lim->deadline = 0;
	lim->used = false;
	lim->stack_hit = false;
	lim->memory_hit = false;
	s->traced = 0;	/* the traceback of an error that klua_error_note() never got */
}

/*
 * Begin the outermost call into a state, which charges everything in it to the
 * limits. The caller has the state's lock, or is the only one who knows the state.
 * Most entries do not call this: when the last entry has left the limits as they
 * were, and nobody traces, lua/entry.h does it inline.
 */
int klua_arm_slow(struct klua_limits *lim)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);

	klua_state_assert_locked(s);
	if (lim->used)
		reset_limits(s);
	lim->budget.left = lim->budget.slice;
	klua_entry_arm(lim);
	if (static_branch_unlikely(&klua_timing)) {
		WRITE_ONCE(s->stats.entered, ktime_get_mono_fast_ns());
		lim->used = true;	/* so that it ends by klua_disarm() */
	}
	trace_run_begin(s);
	return 1;
}

void klua_disarm(struct klua_limits *lim)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);
	u64 steps = spent(&lim->budget);
	u64 ns;

	if (lim->used)
		steps += s->entry_steps - lim->budget.total;
	klua_entry_disarm(lim, steps);
	/* 0 if the parameter "stats" was turned on during the entry */
	if (s->stats.entered) {
		ns = s->stats.ns + ktime_get_mono_fast_ns() - s->stats.entered;
		WRITE_ONCE(s->stats.entered, 0);
		/* Pairs with klua_stats_time(), which must not count the entry twice */
		smp_wmb();
		WRITE_ONCE(s->stats.ns, ns);
	}
	trace_run_end(s, steps, lim->budget.stopped);
	if (lim->used)
		klua_limits_hit(s);
}

/*
 * Has the entry no time left? Steps alone do not bound time: a machine may be slow, a
 * budget may be generous, and some steps take longer than others. So each look at the
 * limits reads the clock.
 *
 * The first look comes after a slice, so that short entries, such as a packet's, never
 * read the clock. The time that this slice took is estimated. Steps charged beyond the
 * slice are for work that is not done yet, and the entry needs time for that work, too.
 * @ns gets what is left of the limit then.
 */
static bool is_late(struct klua_limits *lim, u64 *ns)
{
	u64 now = ktime_get_mono_fast_ns();
	u64 deadline = lim->deadline;

	if (unlikely(!deadline))
		deadline = klua_entry_deadline(lim, now -
					       lim->budget.slice * KLUA_STEP_NS);
	now += klua_limits_ahead(lim);
	*ns = deadline - now;
	return now > deadline;
}

/*
 * Has a signal asked the current task to end? Signals that end a process which does not
 * catch them count, as SIGINT and SIGTERM do. signal_pending() is also true when the
 * task is only asked to pause: by job control, the freezer of control groups, a tracer,
 * or suspending the machine. The task pauses when it leaves the kernel.
 */
bool klua_asked_to_end(void)
{
	const unsigned long no_end = SIG_KERNEL_STOP_MASK | SIG_KERNEL_IGNORE_MASK;
	unsigned long pending;

	BUILD_BUG_ON(_NSIG_WORDS != 1);
	if (!signal_pending(current))
		return false;
	if (fatal_signal_pending(current))
		return true;
	/* Without the lock: a signal that comes just now is seen the next time. */
	pending = READ_ONCE(current->pending.signal.sig[0]) |
		  READ_ONCE(current->signal->shared_pending.signal.sig[0]);
	return pending & ~READ_ONCE(current->blocked.sig[0]) & ~no_end;
}

/*
 * Does a signal end this entry? A script that user space runs, and the building of a
 * state for user space, end by any signal that asks the task to end. Other entries that
 * can be preempted end by a fatal signal only. Entries into atomic and irq states end
 * by no signal: they are short, and a packet that a task sends has to meet the policy
 * even while the task is killed.
 */
static bool is_interrupted(const struct klua_limits *lim)
{
	const struct klua_state *s = container_of(lim, struct klua_state, limits);

	if (!in_task())
		return false;
	if (s->sink || (s->building && s->origin == KLUA_ORIGIN_USER))
		return klua_asked_to_end();
	return lim->preemptible && fatal_signal_pending(current);
}

/*
 * Was this entry cancelled? An entry into a stopped or retired state counts as
 * cancelled, too: its caller had the lock before the gate was shut.
 */
static bool is_cancelled(const struct klua_limits *lim)
{
	const struct klua_state *s = container_of(lim, struct klua_state, limits);

	return READ_ONCE(lim->cancel) == lim->entry ||
	       (READ_ONCE(s->gate) && !s->closing);
}

/*
 * The entry around this one, which does not go on before this one has ended, or NULL.
 * An entry of a hard interrupt does not count as nested in the one that was interrupted.
 */
static const struct klua_limits *entry_around(const struct klua_limits *lim)
{
	return in_hardirq() ? NULL : lim->outer;
}

/*
 * Was this entry asked to end, or one around it? Returns 0, or the -errno to stop with.
 */
int klua_entry_asked(const struct klua_limits *lim)
{
	for (; lim; lim = entry_around(lim)) {
		if (is_cancelled(lim))
			return -ECANCELED;
		if (is_interrupted(lim))
			return -EINTR;
	}
	return 0;
}

/*
 * Called when a slice is spent. Returns 0, with the next slice begun, or the -errno to
 * stop with.
 */
int klua_limits_check(struct klua_limits *lim)
{
	struct klua_budget *budget = &lim->budget;
	u64 steps = spent(budget), ns;
	int err;

	lim->used = true;
	if (steps > budget->total)
		return -ETIME;
	err = klua_entry_asked(lim);
	if (err)
		return err;
	if (is_late(lim, &ns))
		return -ETIMEDOUT;
	budget->total -= steps;
	refill(budget, ns);
	if (lim->preemptible)
		cond_resched();
	return 0;
}

/*
 * Charge the entry for work of this module. Called in a protected call, since it may
 * raise the error of a limit.
 */
void klua_charge_host(lua_State *L, size_t n)
{
	klua_limits_owe(&state_of(L)->limits, n);
	klua_charge_slow(L);
}

/* Print a line: to the reader of this run, if it has one, else into the log. */
void klua_print(lua_State *L, const char *text, size_t len)
{
	struct klua_state *s = state_of(L);

	trace_print(s, 0, text, len);
	if (s->sink)
		s->sink->text(s->sink, L, text, len, true);
	else
		klua_event_print(s, text, len);
}

/* Write bytes to the reader of this run. False: it has none. */
bool klua_stream(lua_State *L, const char *text, size_t len)
{
	struct klua_state *s = state_of(L);

	if (!s->sink)
		return false;
	trace_print(s, 0, text, len);
	s->sink->text(s->sink, L, text, len, false);
	return true;
}

/*
 * Where this module was called from: of the calls on this stack, the outermost one that
 * comes from outside. NULL: unknown.
 */
static void *outer_caller(void)
{
	unsigned long trace[64];
	unsigned int i, n = 0;
	void *who = NULL;

#ifdef CONFIG_STACKTRACE
	n = stack_trace_save(trace, ARRAY_SIZE(trace), 0);
#endif
	for (i = 1; i < n; i++)
		if (within_module(trace[i - 1], THIS_MODULE) &&
		    !within_module(trace[i], THIS_MODULE))
			who = (void *)trace[i];
	return who;
}

/* Bytes of the message of an error that nothing catches */
#define PANIC_TEXT	200

/*
 * Called for an error that nothing would catch. The Lua state cannot be used any more,
 * and its callers cannot be returned to. Log which code called the Lua API unprotected;
 * the core then ends this task.
 */
static int panicked(lua_State *L)
{
	struct klua_state *s = state_of(L);
	const char *msg = "no message";
	size_t len = strlen(msg);

	if (lua_type(L, -1) == LUA_TSTRING)
		msg = lua_tolstring(L, -1, &len);
	pr_emerg("state '" NAME_FMT "': Lua error outside any protected call: %*pE\n",
		 NAME_ARG(s), (int)min_t(size_t, len, PANIC_TEXT), msg);
	pr_emerg("at fault is who called the Lua API without lua_pcall() or klua_state_call(), as the trace below shows: %pS\n",
		 outer_caller());
	return 0;
}

/* The errno for a status of Lua's, of an entry that has hit no limit */
static int status_errno(int status)
{
	switch (status) {
	case LUA_OK:
		return 0;
	case LUA_ERRSYNTAX:
		return -ENOEXEC;
	case LUA_ERRMEM:
		return -ENOMEM;
	case LUA_ERRERR:
		return -ELOOP;
	default: /* LUA_ERRRUN, LUA_ERRGCMM */
		return -EREMOTEIO;
	}
}

/*
 * The text of the error on top of the stack. This runs outside a protected call, so it
 * converts no number and calls no metamethod: handlers have done that.
 */
static const char *error_text(lua_State *L, size_t *len)
{
	static const char other[] = "the error is no string";

	if (lua_type(L, -1) == LUA_TSTRING)
		return lua_tolstring(L, -1, len);
	*len = sizeof(other) - 1;
	return other;
}

/* Called protected, since there may be too little memory to open the libraries. */
static int openlibs(lua_State *L)
{
	luaL_openlibs(L);
	return 0;
}

/* Opening the libraries failed. Returns the errno; s->errmsg gets the text. */
static int open_failed(struct klua_state *s, int status)
{
	const char *text;
	size_t len;

	text = error_text(s->L, &len);
	status = s->limits.budget.stopped ?:
		 s->limits.stack_hit ? -EOVERFLOW : status_errno(status);
	klua_error_note(s, status, text, len);
	return status;
}

/* Make the Lua state of a state that nobody else knows, and which is building. */
int klua_state_open(struct klua_state *s)
{
	int status;

	status = klua_alloc_init(s) ?: klua_trace_init(s);
	if (status)
		return status;
	if (!klua_stack_fits())
		return -EOVERFLOW;
	s->L = lua_newstate(klua_alloc, &s->limits);
	if (!s->L)
		return -ENOMEM;
	lua_atpanic(s->L, panicked);
	lua_pushcfunction(s->L, openlibs);
	status = lua_pcall(s->L, 0, 0, 0);
	return status == LUA_OK ? 0 : open_failed(s, status);
}

/*
 * From here to klua_build_end() the state belongs to its maker: a task that may be
 * preempted, sleep and be killed, on the budget of a sleepable state.
 */
void klua_build_begin(struct klua_state *s)
{
	s->building = true;
	set_build_limits(s);
}

static void release_source(struct klua_state *s)
{
	release_firmware(s->source);
	s->source = NULL;
}

/*
 * Compile the source of a library. As in Lua, a byte order mark at its beginning is not
 * part of it, and neither is a first line that begins with '#'; the end of that line is,
 * so that line numbers are right.
 */
static int load_source(lua_State *L, const char *text, size_t len, const char *chunkname)
{
	const char *end = text + len;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	if (text < end && *text == '#')
		text = memchr(text, '\n', end - text) ?: end;
	return luaL_loadbufferx(L, text, end - text, chunkname, "t");
}

/*
 * Load a library's source, for require(). Returns LUA_OK with its function on the
 * stack, a status with an error's text there, or -ENOENT: there is no such file;
 * -EPERM: the state is not being built, and so must not wait for one; -EBUSY: another
 * one is being compiled, and the collector has run a finalizer that asks.
 */
int klua_source_load(lua_State *L, const char *path, const char *chunkname)
{
	struct klua_state *s = state_of(L);
	int status;

	if (s->source)
		return -EBUSY;
	if (!s->building)
		return -EPERM;
	status = request_firmware_direct(&s->source, path, NULL);
	if (status == -ENOENT || status == -ENOTDIR)
		return -ENOENT;
	if (status) {
		lua_pushfstring(L, "cannot read '%s': %s (error %d)", path,
				klua_firmware_text(status), status);
		return LUA_ERRRUN;
	}
	if (s->origin == KLUA_ORIGIN_USER)
		klua_audit(&(struct klua_audit) {
			.op = "require",
			.id = s->id,
			.name = s->name,
			.file = path,
			.text = s->source->data,
			.len = s->source->size,
		});
	/* A limit's error goes past this function; klua_build_end() releases the file. */
	status = load_source(L, s->source->data, s->source->size, chunkname);
	release_source(s);
	return status;
}

void klua_build_end(struct klua_state *s, u64 steps, u64 us)
{
	release_source(s);
	s->building = false;
	klua_run_limits(s, steps, us);
}

/* Bytes beyond its limit that a state may take while it is closed */
#define CLOSE_MORE	8192

/*
 * Raise the limit on memory, so that finalizers can run although the script has filled
 * the state.
 */
static void raise_closing_limit(struct klua_state *s)
{
	size_t room = max(s->maxalloc, s->curralloc);

	/* Keep the old limit, which is shown: it is what the quota was charged for. */
	WRITE_ONCE(s->closing_max, s->maxalloc);
	if (check_add_overflow(room, (size_t)CLOSE_MORE, &room))
		room = SIZE_MAX;
	WRITE_ONCE(s->maxalloc, room);
}

/*
 * May finalizers of scripts run? Not under lockdown in a state from user space: a
 * socket that is closed, or the module's exit, closes states as well.
 */
static bool scripts_allowed(const struct klua_state *s)
{
	return s->origin != KLUA_ORIGIN_USER ||
	       !security_locked_down(LOCKDOWN_INTEGRITY_MAX);
}

/*
 * Close the Lua state of a state that nobody else knows any more. Finalizers run for
 * the last time, all within one entry's limits.
 */
void klua_state_close(struct klua_state *s)
{
	int armed;

	s->closing = true;
	/*
	 * The state itself may have no limits, and nobody can cancel this entry, so it
	 * gets the limits of a sleepable state.
	 */
	set_build_limits(s);
	if (s->L) {
		raise_closing_limit(s);
		if (!scripts_allowed(s))
			klua_core_drop_finalizers(s->L);
		armed = klua_arm(&s->limits);
		lua_close(s->L);
		if (armed)
			klua_disarm(&s->limits);
		s->L = NULL;
	}
	klua_trace_exit(s);
	klua_alloc_exit(s);
	WARN_ONCE(s->curralloc, "state '" NAME_FMT "' leaked %zu bytes\n",
		  NAME_ARG(s), s->curralloc);
}

/* Make any error value a string, as the stand-alone lua does. */
static int describe_error(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING)
		return 1;
	if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL ||
	    lua_type(L, 1) == LUA_TNUMBER)
		luaL_tolstring(L, 1, NULL);
	else
		lua_pushfstring(L, "(error object is a %s value)",
				luaL_typename(L, 1));
	return 1;
}

/* The caller gets the message alone; the state keeps the traceback for "klua show". */
static int message_handler(lua_State *L)
{
	describe_error(L);
	klua_trace_take(state_of(L), L);
	return 1;
}

static int trace_handler(lua_State *L)
{
	describe_error(L);
	luaL_traceback(L, L, lua_tostring(L, -1), 1);
	return 1;
}

static void copy_text(char *buf, size_t size, const char *text, size_t len)
{
	if (!size)
		return;
	len = min(len, size - 1);
	memcpy(buf, text, len);
	buf[len] = '\0';
}

/*
 * Copy the text of an error, and below it the traceback if klua_limits_trace() took one.
 * Returns the length of both.
 */
static size_t copy_traced(const struct klua_state *s, char *buf, size_t size,
			  const char *text, size_t len)
{
	copy_text(buf, size, text, len);
	if (!s->traced)
		return len;
	if (len + 1 < size) {
		buf[len] = '\n';
		copy_text(buf + len + 1, size - len - 1, s->trace, s->traced);
	}
	return len + 1 + s->traced;
}

/* A protected entry: the function to run, and where the text of an error goes */
struct entry {
	lua_CFunction fn;
	lua_CFunction handler;
	void *arg;
	struct klua_result *result;
	int *status;	/* set by @fn if it returns a message: the status of a failure */
};

static void set_result(struct klua_result *result, const char *text, size_t len)
{
	if (!result)
		return;
	result->len = len;
	result->count = 0;
	copy_text(result->buf, result->buf ? result->size : 0, text, len);
}

static void set_error(const struct klua_state *s, struct klua_result *result,
		      const char *text, size_t len)
{
	if (!result)
		return;
	result->len = copy_traced(s, result->buf, result->buf ? result->size : 0, text, len);
	result->count = 0;
}

/* The entry failed: put its text where the caller will look for it. */
static int entry_failed(struct klua_state *s, struct entry *entry, int status)
{
	const char *text;
	size_t len;

	text = error_text(s->L, &len);
	set_error(s, entry->result, text, len);
	status = s->limits.budget.stopped ?: status_errno(status);
	klua_error_note(s, status, text, len);
	return status;
}

/* The entry cannot begin. */
static int entry_refused(struct klua_state *s, struct entry *entry, int err,
			 const char *text)
{
	set_result(entry->result, text, strlen(text));
	s->traced = 0;
	klua_error_note(s, err, text, strlen(text));
	return err;
}

#define STACK_TEXT	"too little of the C stack is left"

/* Run entry->fn(entry->arg) protected and restore the Lua stack. */
static int run_entry(struct klua_state *s, struct entry *entry)
{
	lua_State *L = s->L;
	int top = lua_gettop(L);
	int status;
	int ret = 0;

	klua_state_assert_locked(s);
	if (!klua_stack_fits())
		return entry_refused(s, entry, -EOVERFLOW, STACK_TEXT);
	if (!lua_checkstack(L, LUA_MINSTACK))
		return entry_refused(s, entry, -ENOMEM, "not enough memory");
	lua_pushcfunction(L, entry->handler);
	lua_pushcfunction(L, entry->fn);
	lua_pushlightuserdata(L, entry->arg);
	status = lua_pcall(L, 1, 1, top + 1);
	if (status == LUA_OK && entry->status)
		status = *entry->status;
	if (status != LUA_OK)
		ret = entry_failed(s, entry, status);
	lua_settop(L, top);
	return ret;
}

int __klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg)
{
	struct entry entry = { .fn = fn, .handler = message_handler, .arg = arg };

	if (!s || !fn)
		return -EINVAL;
	return run_entry(s, &entry);
}
EXPORT_SYMBOL_KLUA(__klua_state_call);

int klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg)
{
	int ret;

	if (!s || !fn)
		return -EINVAL;
	ret = klua_state_lock(s);
	if (ret)
		return ret;
	ret = __klua_state_call(s, fn, arg);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_call);

static __always_inline bool call_valid(const struct klua_call *call)
{
	return call && call->function && call->nargs <= KLUA_CALL_VALUES &&
	       call->nresults <= KLUA_CALL_VALUES &&
	       (call->args || !call->nargs) &&
	       (call->results || !call->nresults);
}

/* The call failed: the text goes to the caller and into the state's last error. */
static int call_failed(struct klua_state *s, struct klua_call *call, int err,
		       const char *text, size_t len)
{
	size_t size = call->error ? call->error_size : 0;

	if (call->traceback)
		copy_traced(s, call->error, size, text, len);
	else
		copy_text(call->error, size, text, len);
	klua_error_note(s, err, text, len);
	return err;
}

static noinline int call_no_stack(struct klua_state *s, struct klua_call *call)
{
	s->traced = 0;
	return call_failed(s, call, -EOVERFLOW, STACK_TEXT, strlen(STACK_TEXT));
}

static noinline int invoke_failed(struct klua_state *s, struct klua_call *call,
				  int status)
{
	const char *text;
	size_t len;

	text = error_text(s->L, &len);
	status = s->limits.budget.stopped ?: status_errno(status);
	if (call->missing && status == -EREMOTEIO)
		status = -ENOENT;
	status = call_failed(s, call, status, text, len);
	lua_pop(s->L, 1);
	return status;
}

static __always_inline int invoke(struct klua_state *s, struct klua_call *call)
{
	int status;

	if (unlikely(!klua_stack_fits()))
		return call_no_stack(s, call);
	status = klua_core_invoke(s->L, call, call->traceback ?
				  trace_handler : message_handler);
	return likely(status == LUA_OK) ? 0 : invoke_failed(s, call, status);
}

/* Make a call with limits of its own, and give the state its limits back afterwards. */
static noinline int invoke_limited(struct klua_state *s, struct klua_call *call)
{
	int ret;

	if (klua_armed(&s->limits))
		return -EDEADLK;
	if (call->time_us && !klua_time_valid(s->kind, call->time_us))
		return -EINVAL;
	if (call->steps)
		entry_steps_set(s, call->steps);
	if (call->time_us)
		entry_time_set(s, ns_of(call->time_us));
	ret = invoke(s, call);
	entry_steps_set(s, s->steps);
	entry_time_set(s, s->time_ns);
	return ret;
}

/* The call is valid, and the caller has the state's lock. */
static __always_inline int invoke_locked(struct klua_state *s, struct klua_call *call)
{
	call->missing = false;
	if (call->error && call->error_size)
		call->error[0] = '\0';
	if (unlikely(call->steps || call->time_us))
		return invoke_limited(s, call);
	return invoke(s, call);
}

/*
 * The call did not begin: empty the buffer for its error, or its caller would take the
 * text of an earlier error for that of this one.
 */
static noinline int call_refused(struct klua_call *call, int err)
{
	if (call && call->error && call->error_size)
		call->error[0] = '\0';
	return err;
}

int __klua_state_invoke(struct klua_state *s, struct klua_call *call)
{
	if (!s || !call_valid(call))
		return call_refused(call, -EINVAL);
	klua_state_assert_locked(s);
	return invoke_locked(s, call);
}
EXPORT_SYMBOL_KLUA(__klua_state_invoke);

int klua_state_invoke(struct klua_state *s, struct klua_call *call)
{
	int ret;

	if (!s || !call_valid(call))
		return call_refused(call, -EINVAL);
	ret = klua_state_lock(s);
	if (ret)
		return call_refused(call, ret);
	ret = invoke_locked(s, call);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_invoke);

int klua_invoke(const char *name, struct klua_call *call)
{
	struct klua_state *s;
	int ret;

	/* Not even a hold, since the last put of it would begin a close here. */
	if (unlikely(in_nmi()))
		return call_refused(call, -EOPNOTSUPP);
	s = klua_state_find(name);
	if (!s)
		return call_refused(call, -ENODEV);
	ret = klua_state_invoke(s, call);
	klua_state_put(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_invoke);

/*
 * As __klua_state_call(), with the error and its traceback in @result. If @fn has set
 * *@status to a status of Lua, what it returns is the message of that failure, without
 * a traceback.
 */
int __klua_state_call_text(struct klua_state *s, lua_CFunction fn, void *arg,
			   struct klua_result *result, int *status)
{
	struct entry entry = {
		.fn = fn,
		.handler = trace_handler,
		.arg = arg,
		.result = result,
		.status = status,
	};

	return run_entry(s, &entry);
}

struct chunk {
	const char *text;
	size_t len;
	const char *name;
	struct klua_result *result;
	int status;
};

/*
 * Push the text of all values on the stack, as tostring() shows them, with tabs in
 * between.
 */
static void push_results(lua_State *L)
{
	int n = lua_gettop(L);
	luaL_Buffer b;
	int i;

	luaL_buffinit(L, &b);
	for (i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
}

static int run_chunk(lua_State *L)
{
	struct chunk *chunk = lua_touserdata(L, 1);
	struct klua_result *result = chunk->result;
	const char *text;
	size_t len;
	int count;

	lua_settop(L, 0);
	chunk->status = luaL_loadbufferx(L, chunk->text, chunk->len,
					 chunk->name, "t");
	if (chunk->status)
		return 1;
	lua_call(L, 0, LUA_MULTRET);
	if (result) {
		count = lua_gettop(L);
		/* The results may have filled all slots. */
		luaL_checkstack(L, LUA_MINSTACK, NULL);
		push_results(L);
		text = lua_tolstring(L, -1, &len);
		set_result(result, text, len);
		result->count = count;
	}
	return 0;
}

int __klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		     const char *chunkname, struct klua_result *result)
{
	struct chunk c = {
		.text = chunk,
		.len = len,
		.name = chunkname ?: "=chunk",
		.result = result,
	};

	if (result)
		set_result(result, "", 0);
	if (!s || (!chunk && len))
		return -EINVAL;
	return __klua_state_call_text(s, run_chunk, &c, result, &c.status);
}
EXPORT_SYMBOL_KLUA(__klua_state_run);

int klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		   const char *chunkname, struct klua_result *result)
{
	int ret;

	if (result)
		set_result(result, "", 0);
	if (!s || (!chunk && len))
		return -EINVAL;
	ret = klua_state_lock(s);
	if (ret)
		return ret;
	ret = __klua_state_run(s, chunk, len, chunkname, result);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_run);

/* Change the limit on memory, and leave the owner's grant as it is. */
int klua_state_limit_memory(struct klua_state *s, size_t maxalloc)
{
	klua_state_assert_locked(s);
	return klua_alloc_set_max(s, maxalloc);
}

int __klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc)
{
	int err;

	if (!s || maxalloc < KLUA_MIN_ALLOC)
		return -EINVAL;
	err = klua_state_limit_memory(s, maxalloc);
	if (!err)
		WRITE_ONCE(s->granted, maxalloc);
	return err;
}
EXPORT_SYMBOL_KLUA(__klua_state_set_maxalloc);

static int set_maxalloc(struct klua_state *s, u64 maxalloc)
{
	return __klua_state_set_maxalloc(s, maxalloc);
}

/* Set a limit of all states of a set, one after the other, until one refuses. */
static int set_members(struct klua_state *s,
		       int (*set)(struct klua_state *s, u64 n), u64 n)
{
	struct klua_state *m;
	unsigned int i;
	int ret;

	klua_for_each_member(s, m, i) {
		ret = klua_state_lock(m);
		if (ret)
			return ret;
		ret = set(m, n);
		klua_state_unlock(m);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_each(struct klua_state *s, int (*set)(struct klua_state *s, u64 n),
		    u64 n)
{
	int ret;

	if (!s)
		return -EINVAL;
	ret = klua_limits_turn(s);
	if (ret)
		return ret;
	ret = set_members(s, set, n);
	klua_limits_turn_end(s);
	return ret;
}

int klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc)
{
	return set_each(s, set_maxalloc, maxalloc);
}
EXPORT_SYMBOL_KLUA(klua_state_set_maxalloc);

int __klua_state_set_steps(struct klua_state *s, u64 steps)
{
	if (!s || !steps)
		return -EINVAL;
	klua_state_assert_locked(s);
	if (klua_armed(&s->limits))
		return -EDEADLK;
	state_steps_set(s, steps);
	return 0;
}
EXPORT_SYMBOL_KLUA(__klua_state_set_steps);

int klua_state_set_steps(struct klua_state *s, u64 steps)
{
	return set_each(s, __klua_state_set_steps, steps);
}
EXPORT_SYMBOL_KLUA(klua_state_set_steps);

int __klua_state_set_time(struct klua_state *s, u64 us)
{
	if (!s || !klua_time_valid(s->kind, us))
		return -EINVAL;
	klua_state_assert_locked(s);
	if (klua_armed(&s->limits))
		return -EDEADLK;
	state_time_set(s, us);
	return 0;
}
EXPORT_SYMBOL_KLUA(__klua_state_set_time);

int klua_state_set_time(struct klua_state *s, u64 us)
{
	return set_each(s, __klua_state_set_time, us);
}
EXPORT_SYMBOL_KLUA(klua_state_set_time);

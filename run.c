// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running Lua in a state: limits, protected entries, printing.
 *
 * Whichever function of the Lua API a consumer enters by, the core arms the
 * limits of the state (lua/entry.h) and disarms them when the outermost
 * call returns. What is here adds what most consumers want around that.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <asm/stacktrace.h>

#include "internal.h"
#include "lua/entry.h"
#include "tracepoints.h"
#include "window.h"

static ulong steps = 10000000;

/* No steps at all would be of no use, and is not what 0 would be meant for. */
static int set_steps(const char *text, const struct kernel_param *kp)
{
	unsigned long n;
	int err = kstrtoul(text, 0, &n);

	if (err || !n)
		return err ?: -EINVAL;
	return param_set_ulong(text, kp);
}

static const struct kernel_param_ops steps_ops = {
	.set = set_steps,
	.get = param_get_ulong,
};
module_param_cb(steps, &steps_ops, &steps, 0644);
__MODULE_PARM_TYPE(steps, "ulong");
MODULE_PARM_DESC(steps, "steps (about one VM instruction each) an entry into a new state may take (default 10000000)");

static uint max_ms = 2000;
module_param(max_ms, uint, 0644);
MODULE_PARM_DESC(max_ms, "milliseconds an entry may take, whatever its steps; 1 to 8000 (default 2000)");

static uint print_burst = 200;
module_param(print_burst, uint, 0644);
MODULE_PARM_DESC(print_burst, "lines that a new state may print in five seconds; 0: any number (default 200)");

/* Well below the 20 s of the soft-lockup and RCU-stall detectors. */
#define MAX_MS_LIMIT	8000u

static struct klua_state *state_of(lua_State *L)
{
	void *limits;

	lua_getallocf(L, &limits);
	return container_of(limits, struct klua_state, limits);
}

u64 klua_default_steps(void)
{
	return READ_ONCE(steps);
}

u32 klua_max_ms(void)
{
	return clamp(READ_ONCE(max_ms), 1u, MAX_MS_LIMIT);
}

/* Under the state's lock, or before anybody else knows the state. */
void klua_steps_set(struct klua_state *s, u64 n)
{
	WRITE_ONCE(s->steps, n);
	s->slice = min_t(u64, n, KLUA_SLICE);
	s->limits.used = true;
}

void klua_run_defaults(struct klua_state *s)
{
	s->owner = -1;
	s->events_from = jiffies;
	s->limits.cpu = -1;
	s->limits.stack = KLUA_UNARMED;
	spin_lock_init(&s->error_lock);
	ratelimit_state_init(&s->print_limit,
			     READ_ONCE(print_burst) ? 5 * HZ : 0,
			     READ_ONCE(print_burst));
}

/* Less than this from the entry to the limit, and even an error would not fit. */
#define STACK_MINIMUM	1024

/*
 * States that this CPU is inside of. Bottom halves are off from the first to
 * the last, so whoever counts stays on this CPU and is not interrupted by
 * anybody else who does.
 */
static DEFINE_PER_CPU(unsigned int, inside);

/*
 * Each entry on the stack of an interrupt gets its share of it. That is enough
 * for one and for another nested into it, but not for a third.
 */
#define INTERRUPT_ENTRIES	2

static bool stack_fits(void)
{
	unsigned long sp = current_stack_pointer;
	unsigned long base = (unsigned long)task_stack_page(current);

	if (sp - base >= THREAD_SIZE)
		return __this_cpu_read(inside) <= INTERRUPT_ENTRIES;
	return sp - base >= KLUA_STACK_RESERVE + KLUA_STACK_HANDLING + STACK_MINIMUM;
}

static void refill(struct klua_budget *budget)
{
	budget->slice = min_t(u64, budget->total, KLUA_SLICE);
	budget->left = budget->slice;
}

/* What an entry starts with, where the last one did not leave it so. */
static void reset_limits(struct klua_state *s)
{
	struct klua_limits *lim = &s->limits;

	lim->budget.slice = s->slice;
	lim->budget.total = s->steps;
	lim->budget.stopped = 0;
	lim->deadline = 0;
	lim->used = false;
	lim->stack_hit = false;
	lim->memory_hit = false;
}

/*
 * The outermost call into a state: everything in it is charged from here. The
 * caller has the state's lock, or is the only one who knows it. Most entries
 * find what they start with as the last one left it, with nobody watching, and
 * do not come here (lua/entry.h).
 */
int klua_arm_slow(struct klua_limits *lim)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);

	lockdep_assert(lockdep_is_held(&s->lock) || s->building || s->closing);
	if (lim->used)
		reset_limits(s);
	lim->budget.left = lim->budget.slice;
	klua_entry_arm(lim);
	if (static_branch_unlikely(&klua_timing)) {
		s->stats.entered = ktime_get_ns();
		lim->used = true;	/* so that it ends by klua_disarm() */
	}
	trace_run_begin(s);
	return 1;
}

void klua_disarm(struct klua_limits *lim)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);
	u64 steps = lim->budget.slice - lim->budget.left;

	if (lim->used)
		steps += s->steps - lim->budget.total;
	klua_entry_disarm(lim, steps);
	/* Not when timing was turned on during the entry. */
	if (s->stats.entered) {
		WRITE_ONCE(s->stats.ns, s->stats.ns + ktime_get_ns() -
					s->stats.entered);
		s->stats.entered = 0;
	}
	trace_run_end(s, steps, lim->budget.stopped);
	if (lim->used)
		klua_limits_hit(s);
}

/*
 * The clock bounds what steps cannot: a slow machine, a generous budget, work
 * whose steps are cheaper counted than done. It starts with the second slice,
 * so that the short runs that packets are do not read it.
 */
static bool late(struct klua_limits *lim)
{
	u64 now = ktime_get_ns();

	if (!lim->deadline)
		lim->deadline = now + NSEC_PER_MSEC * klua_max_ms();
	return now > lim->deadline;
}

/* Whoever started the run has a signal that is to end it. */
static bool interrupted(const struct klua_limits *lim)
{
	const struct klua_state *s = container_of(lim, struct klua_state, limits);

	if (!in_task())
		return false;
	if (s->sink && s->sink->interruptible)
		return signal_pending(current);
	return fatal_signal_pending(current);
}

/* A slice is spent: 0 to go on with the next one, or the -errno to stop with. */
int klua_limits_check(struct klua_limits *lim)
{
	struct klua_budget *budget = &lim->budget;
	u64 spent = budget->slice - budget->left;

	lim->used = true;
	if (spent > budget->total)
		return -ETIME;
	if (READ_ONCE(lim->cancel))
		return -ECANCELED;
	if (interrupted(lim))
		return -EINTR;
	if (late(lim))
		return -ETIMEDOUT;
	budget->total -= spent;
	refill(budget);
	return 0;
}

/* Bytes of a line in the log that hold nothing but text. */
#define PRINT_TEXT	800
/* Bytes of which some are not: each may become four, and all must fit. */
#define PRINT_BINARY	200

/* Bytes up to the first control byte other than a tab, or to the end. */
static size_t text_length(const char *text, size_t len)
{
	size_t n;

	for (n = 0; n < len; n++)
		if (iscntrl(text[n]) && text[n] != '\t')
			break;
	return n;
}

/* One piece of a line into the log; returns its length. */
static size_t print_piece(struct klua_state *s, const char *text, size_t len)
{
	size_t n = text_length(text, min_t(size_t, len, PRINT_TEXT));

	if (n == len || n == PRINT_TEXT) {
		pr_info(NAME_FMT ": %.*s\n", NAME_ARG(s), (int)n, text);
		return n;
	}
	n = min_t(size_t, len, PRINT_BINARY);
	pr_info(NAME_FMT ": %*pE\n", NAME_ARG(s), (int)n, text);
	return n;
}

/*
 * Long lines go out in pieces; control bytes as \ooo, so no line is forged.
 * A console may take milliseconds for each piece, so each counts.
 */
static void print_line(struct klua_state *s, const char *text, size_t len)
{
	size_t n;

	do {
		if (!__ratelimit(&s->print_limit))
			return;
		n = print_piece(s, text, len);
		text += n;
		len -= n;
	} while (len);
}

/* All of it up to what fits: a beginning with a known rest beats any middle. */
static void copy_to_sink(struct klua_sink *sink, const char *text, size_t len)
{
	size_t n = min(len, sink->size - sink->len);

	memcpy(sink->buf + sink->len, text, n);
	sink->len += n;
	sink->dropped += len - n;
}

/* A line for each line of the text, each with the state's name. */
void klua_print(lua_State *L, const char *text, size_t len)
{
	struct klua_state *s = state_of(L);
	const char *end;

	trace_print(s, 0, text, len);
	if (s->sink) {
		copy_to_sink(s->sink, text, len);
		copy_to_sink(s->sink, "\n", 1);
	}
	while ((end = memchr(text, '\n', len))) {
		print_line(s, text, end - text);
		len -= end + 1 - text;
		text = end + 1;
	}
	print_line(s, text, len);
}

/* Who made the outermost of our calls that are in progress here */
static void *caller(void)
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

/*
 * An error that nothing would catch. The Lua state is beyond use then, and the
 * call chain cannot be returned to: say whose fault it is, and stop this task.
 */
static int panicked(lua_State *L)
{
	struct klua_state *s = state_of(L);
	const char *msg = "no message";
	size_t len = strlen(msg);

	if (lua_type(L, -1) == LUA_TSTRING)
		msg = lua_tolstring(L, -1, &len);
	pr_emerg("state '" NAME_FMT "': Lua error outside any protected call: %*pE\n",
		 NAME_ARG(s), (int)min_t(size_t, len, PRINT_BINARY), msg);
	pr_emerg("at fault is who called the Lua API without lua_pcall() or klua_state_call(), as the trace below shows: %pS\n",
		 caller());
	return 0;
}

/* Protected, since opening libraries runs out of memory like anything else. */
static int openlibs(lua_State *L)
{
	luaL_openlibs(L);
	return 0;
}

static int open_error(int status)
{
	return status == LUA_ERRMEM ? -ENOMEM : -EINVAL;
}

/* Make the Lua state of a state that nobody else knows. */
int klua_state_open(struct klua_state *s)
{
	int status;

	klua_alloc_init(s);
	s->building = true;
	/* What runs now is our own, and a small budget is for scripts. */
	klua_steps_set(s, KLUA_STEPS_UNLIMITED);
	s->L = lua_newstate(klua_alloc, &s->limits);
	if (!s->L)
		return -ENOMEM;
	lua_atpanic(s->L, panicked);
	lua_pushcfunction(s->L, openlibs);
	status = lua_pcall(s->L, 0, 0, 0);
	s->building = false;
	klua_steps_set(s, klua_default_steps());
	return status == LUA_OK ? 0 : open_error(status);
}

/* Bytes beyond its limit that a state may take for being closed. */
#define CLOSE_MORE	8192

/* A script that leaves its state full has finalizers all the same. */
static void make_room(struct klua_state *s)
{
	size_t room = max(s->maxalloc, s->curralloc);

	if (check_add_overflow(room, (size_t)CLOSE_MORE, &room))
		room = SIZE_MAX;
	WRITE_ONCE(s->maxalloc, room);
}

/*
 * Close the Lua state of a state that nobody else knows any more. Finalizers
 * run for the last time, all on one budget.
 */
void klua_state_close(struct klua_state *s)
{
	size_t maxalloc = s->maxalloc;
	int armed;

	s->closing = true;
	klua_window_forget(s);
	if (s->L) {
		make_room(s);
		armed = klua_arm(&s->limits);
		lua_close(s->L);
		if (armed)
			klua_disarm(&s->limits);
	}
	/* What the state was charged for, whatever closing it needed. */
	WRITE_ONCE(s->maxalloc, maxalloc);
	klua_alloc_exit(s);
	WARN_ONCE(s->curralloc, "state '" NAME_FMT "' leaked %zu bytes\n",
		  NAME_ARG(s), s->curralloc);
}

static void own(struct klua_state *s)
{
	lockdep_assert_held(&s->lock);
	WRITE_ONCE(s->owner, smp_processor_id());
	__this_cpu_inc(inside);
}

/*
 * Handing a state from one processor to another costs about as much as a short
 * entry, so two that enter it all the time get more done when each does several
 * in a row. Whoever finds the lock taken looks away, for so long that the other
 * one can do about ten, before it looks again; each look costs the other one
 * the cache line, too. After some looks it is this processor's turn, and it
 * queues.
 */
#define LOOKS		8
#define LOOK_AWAY	128	/* times cpu_relax() */

static noinline void lock_taken(struct klua_state *s) __acquires(&s->lock)
{
	int i, j;

	for (i = 0; i < LOOKS; i++) {
		for (j = 0; j < LOOK_AWAY; j++)
			cpu_relax();
		if (!spin_is_locked(&s->lock) && spin_trylock_bh(&s->lock))
			return;
	}
	spin_lock_bh(&s->lock);
}

/**
 * klua_state_lock - have a state to oneself
 * @s: a state that the caller keeps alive, never NULL
 *
 * Context: Process context or softirq, interrupts on. Takes the lock and turns
 *	    bottom halves off until klua_state_unlock(); nothing may sleep in
 *	    between. Not with another state locked, and so not from a function
 *	    that Lua calls: klua_state_call() can do that.
 */
void klua_state_lock(struct klua_state *s) __acquires(&s->lock)
{
	/* Trying is no order of locks to lockdep, which is to see each. */
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		spin_lock_bh(&s->lock);
	else if (unlikely(!spin_trylock_bh(&s->lock)))
		lock_taken(s);
	own(s);
}
EXPORT_SYMBOL_KLUA(klua_state_lock);

/**
 * klua_state_unlock - give up what klua_state_lock() took
 * @s: the state
 *
 * Context: Where klua_state_lock() was called.
 */
void klua_state_unlock(struct klua_state *s) __releases(&s->lock)
{
	lockdep_assert_held(&s->lock);
	__this_cpu_dec(inside);
	WRITE_ONCE(s->owner, -1);
	spin_unlock_bh(&s->lock);
}
EXPORT_SYMBOL_KLUA(klua_state_unlock);

/*
 * As klua_state_lock(), for a task that can wait asleep for what another runs
 * in the state. Returns -EINTR when a signal comes first.
 */
int klua_state_lock_wait(struct klua_state *s)
{
	while (!spin_trylock_bh(&s->lock)) {
		if (signal_pending(current))
			return -EINTR;
		usleep_range(50, 500);
	}
	own(s);
	return 0;
}

/*
 * True when this CPU is inside the state already: taking the lock would wait
 * for ourselves. With bottom halves off we stay on this CPU, and whoever else
 * writes these fields is on another.
 */
static bool reentered(struct klua_state *s)
{
	int cpu = smp_processor_id();

	return READ_ONCE(s->owner) == cpu || READ_ONCE(s->limits.cpu) == cpu;
}

/*
 * A function that Lua calls in one state enters another. Two CPUs that do so
 * the other way round would wait for each other, so nobody waits long: some
 * microseconds, enough for an entry that is about to end.
 */
#define NESTED_TRIES	1000

static bool lock_nested(struct klua_state *s)
{
	int i;

	for (i = 0; i < NESTED_TRIES; i++) {
		if (spin_trylock_bh(&s->lock)) {
			own(s);
			return true;
		}
		cpu_relax();
	}
	return false;
}

/* With bottom halves off. */
static int lock_entry(struct klua_state *s)
{
	if (reentered(s))
		return -EDEADLK;
	if (__this_cpu_read(inside))
		return lock_nested(s) ? 0 : -EBUSY;
	klua_state_lock(s);
	return 0;
}

/* Lock the state for an entry, or say why not. */
static int enter(struct klua_state *s)
{
	int ret;

	if (in_nmi() || in_hardirq() || irqs_disabled())
		return -EOPNOTSUPP;
	if (!refcount_read(&s->users))
		return -ESHUTDOWN;
	local_bh_disable();
	ret = lock_entry(s);
	local_bh_enable();
	return ret;
}

/* One table of what a status, without a limit hit, means for the caller. */
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
 * The text of the error on top of the stack. Outside a protected call, so no
 * number is converted and no metamethod called: handlers did that.
 */
static const char *error_text(lua_State *L, size_t *len)
{
	static const char other[] = "the error is no string";

	if (lua_type(L, -1) == LUA_TSTRING)
		return lua_tolstring(L, -1, len);
	*len = sizeof(other) - 1;
	return other;
}

/* Make any error value a string, as the stand-alone lua does. */
static int describe(lua_State *L)
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

static int trace(lua_State *L)
{
	describe(L);
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

/* What a protected entry runs and where its text goes. */
struct entry {
	lua_CFunction fn;
	lua_CFunction handler;
	void *arg;
	struct klua_result *result;
	int status;	/* of a failure that @fn returns the message of */
};

static void set_result(struct klua_result *result, const char *text, size_t len)
{
	if (!result)
		return;
	result->len = len;
	result->count = 0;
	copy_text(result->buf, result->buf ? result->size : 0, text, len);
}

/* The entry failed: leave its text where the caller will look. */
static int failed(struct klua_state *s, struct entry *entry, int status)
{
	const char *text;
	size_t len;

	text = error_text(s->L, &len);
	set_result(entry->result, text, len);
	status = s->limits.budget.stopped ?: status_errno(status);
	klua_error_note(s, status, text, len);
	return status;
}

/* The entry cannot even begin. */
static int refused(struct klua_state *s, struct entry *entry, int err,
		   const char *text)
{
	set_result(entry->result, text, strlen(text));
	klua_error_note(s, err, text, strlen(text));
	return err;
}

/* Run entry->fn(entry->arg) protected and restore the Lua stack. */
static int run_entry(struct klua_state *s, struct entry *entry)
{
	lua_State *L = s->L;
	int top = lua_gettop(L);
	int status;
	int ret = 0;

	lockdep_assert_held(&s->lock);
	if (!stack_fits())
		return refused(s, entry, -EOVERFLOW,
			       "too little of the C stack is left");
	if (!lua_checkstack(L, LUA_MINSTACK))
		return refused(s, entry, -ENOMEM, "not enough memory");
	lua_pushcfunction(L, entry->handler);
	lua_pushcfunction(L, entry->fn);
	lua_pushlightuserdata(L, entry->arg);
	status = lua_pcall(L, 1, 1, top + 1);
	if (status == LUA_OK)
		status = entry->status;
	if (status != LUA_OK)
		ret = failed(s, entry, status);
	lua_settop(L, top);
	return ret;
}

/**
 * __klua_state_call - klua_state_call() for those who have the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @fn: the function
 * @arg: its argument
 *
 * After a failure s->errmsg has the text, until the next one.
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_call().
 */
int __klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg)
{
	struct entry entry = { .fn = fn, .handler = describe, .arg = arg };

	if (!s || !fn)
		return -EINVAL;
	return run_entry(s, &entry);
}
EXPORT_SYMBOL_KLUA(__klua_state_call);

/**
 * klua_state_call - call a C function in a state, protected
 * @s: a state that the caller keeps alive
 * @fn: called with @arg as a light userdata at index 1 of an own stack frame;
 *	may use the whole Lua API and raise errors; its results are dropped
 * @arg: whatever @fn wants, NULL included
 *
 * Takes the lock, arms the limits, calls, restores the Lua stack.
 *
 * Context: Process context or softirq, interrupts on. Takes and releases the
 *	    state's lock; does not sleep.
 * Return: 0, or
 *	   -ETIME: the budget of steps is spent;
 *	   -ETIMEDOUT: the time of an entry is over;
 *	   -ECANCELED: klua_state_cancel();
 *	   -EINTR: a fatal signal to this task;
 *	   -ENOMEM: no memory, by maxalloc or by the kernel;
 *	   -ELOOP: an error while an error was handled;
 *	   -EREMOTEIO: any other Lua error;
 *	   -EDEADLK: this CPU runs the state already;
 *	   -EBUSY: this CPU runs another state already, and another CPU this
 *	   one: waiting for it might be for ever;
 *	   -EOVERFLOW: too little of the C stack is left;
 *	   -EOPNOTSUPP: NMI, hard interrupt, or interrupts off;
 *	   -ESHUTDOWN: the state is being closed;
 *	   -EINVAL: @s or @fn is NULL.
 */
int klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg)
{
	int ret;

	if (!s || !fn)
		return -EINVAL;
	ret = enter(s);
	if (ret)
		return ret;
	ret = __klua_state_call(s, fn, arg);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_call);

struct chunk {
	const char *text;
	size_t len;
	const char *name;
	struct entry *entry;
};

/* All values on the stack, as tostring() shows them, with tabs in between. */
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
	struct klua_result *result = chunk->entry->result;
	const char *text;
	size_t len;
	int count;

	lua_settop(L, 0);
	chunk->entry->status = luaL_loadbufferx(L, chunk->text, chunk->len,
						chunk->name, "t");
	if (chunk->entry->status)
		return 1;
	lua_call(L, 0, LUA_MULTRET);
	if (result) {
		count = lua_gettop(L);
		push_results(L);
		text = lua_tolstring(L, -1, &len);
		set_result(result, text, len);
		result->count = count;
	}
	return 0;
}

/**
 * __klua_state_run - klua_state_run() for those who have the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @chunk: the text
 * @len: its length in bytes
 * @chunkname: its name
 * @result: where results or the error go, or NULL
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_run().
 */
int __klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		     const char *chunkname, struct klua_result *result)
{
	struct chunk c = {
		.text = chunk,
		.len = len,
		.name = chunkname ?: "=chunk",
	};
	struct entry entry = {
		.fn = run_chunk,
		.handler = trace,
		.arg = &c,
		.result = result,
	};

	if (result)
		set_result(result, "", 0);
	if (!s || (!chunk && len))
		return -EINVAL;
	c.entry = &entry;
	return run_entry(s, &entry);
}
EXPORT_SYMBOL_KLUA(__klua_state_run);

/**
 * klua_state_run - compile and run a text in a state
 * @s: a state that the caller keeps alive
 * @chunk: Lua source text; it may contain NULs
 * @len: its length in bytes
 * @chunkname: what messages call it ("=name" shows name as it is), or NULL
 * @result: where the results, or the error and its traceback, go as text, or
 *	    NULL; the same buffer must not be used by two calls at once
 *
 * Loading, running and making the text of the results are one entry, on one
 * budget.
 *
 * Context: Process context or softirq, interrupts on. Takes and releases the
 *	    state's lock; does not sleep.
 * Return: 0, or as klua_state_call(), or -ENOEXEC: a syntax error.
 */
int klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		   const char *chunkname, struct klua_result *result)
{
	int ret;

	if (result)
		set_result(result, "", 0);
	if (!s || (!chunk && len))
		return -EINVAL;
	ret = enter(s);
	if (ret)
		return ret;
	ret = __klua_state_run(s, chunk, len, chunkname, result);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_run);

/**
 * __klua_state_set_maxalloc - klua_state_set_maxalloc() for those who have the
 *			       lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @maxalloc: bytes, KLUA_MIN_ALLOC or more
 *
 * A function that Lua calls may do it, too: the next allocation sees it.
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_set_maxalloc(), but -EINVAL alone.
 */
int __klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc)
{
	if (!s || maxalloc < KLUA_MIN_ALLOC)
		return -EINVAL;
	lockdep_assert_held(&s->lock);
	WRITE_ONCE(s->maxalloc, maxalloc);
	klua_window_fit(s);
	return 0;
}
EXPORT_SYMBOL_KLUA(__klua_state_set_maxalloc);

/**
 * klua_state_set_maxalloc - change the memory limit of a state
 * @s: a state that the caller keeps alive
 * @maxalloc: bytes, KLUA_MIN_ALLOC or more
 *
 * A limit below what the state holds takes nothing away: the state can only
 * shrink until it fits again. A limit above 4 MiB that is more than the state
 * has had is prepared for by a work item: until that has run, a single block
 * gets no larger than before.
 *
 * Context: Process context or softirq, interrupts on. Takes and releases the
 *	    state's lock.
 * Return: 0, or -EINVAL: @s is NULL or @maxalloc is below KLUA_MIN_ALLOC; or,
 *	   as klua_state_call(), -EDEADLK, -EBUSY, -EOPNOTSUPP, -ESHUTDOWN.
 */
int klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc)
{
	int ret;

	if (!s)
		return -EINVAL;
	ret = enter(s);
	if (ret)
		return ret;
	ret = __klua_state_set_maxalloc(s, maxalloc);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_set_maxalloc);

/**
 * __klua_state_set_steps - klua_state_set_steps() for those who have the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @steps: 1 or more, or KLUA_STEPS_UNLIMITED
 *
 * For a budget of one call alone: lock, set it, call, set @s->steps back to
 * what it was, unlock.
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: 0, or -EINVAL: @s is NULL or @steps is 0; -EDEADLK: a function that
 *	   Lua calls asks, and its entry is under way on the old budget.
 */
int __klua_state_set_steps(struct klua_state *s, u64 steps)
{
	if (!s || !steps)
		return -EINVAL;
	lockdep_assert_held(&s->lock);
	if (klua_armed(&s->limits))
		return -EDEADLK;
	klua_steps_set(s, steps);
	return 0;
}
EXPORT_SYMBOL_KLUA(__klua_state_set_steps);

/**
 * klua_state_set_steps - change the budget of each entry into a state
 * @s: a state that the caller keeps alive
 * @steps: 1 or more, or KLUA_STEPS_UNLIMITED
 *
 * Without a limit on steps the limit on time still holds.
 *
 * Context: Process context or softirq, interrupts on. Takes and releases the
 *	    state's lock.
 * Return: 0, or -EINVAL: @s is NULL or @steps is 0; or, as klua_state_call(),
 *	   -EDEADLK, -EBUSY, -EOPNOTSUPP, -ESHUTDOWN.
 */
int klua_state_set_steps(struct klua_state *s, u64 steps)
{
	int ret;

	if (!s)
		return -EINVAL;
	ret = enter(s);
	if (ret)
		return ret;
	ret = __klua_state_set_steps(s, steps);
	klua_state_unlock(s);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_set_steps);

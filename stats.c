// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of a state: the time that its entries take, the limits that they hit, and
 * its last error. Errors and limits go on to tracepoints and listeners from here.
 */

#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>

#include "internal.h"
#include "lua/entry.h"

#define CREATE_TRACE_POINTS
#include "tracepoints.h"

/*
 * On while the module parameter "stats" is. Off by default, because reading the clock
 * twice costs more than a short entry.
 */
DEFINE_STATIC_KEY_FALSE(klua_timing);

/*
 * On while a tracepoint or the parameter "stats" needs to know when entries begin and
 * end: then lua/entry.h takes its slow path.
 */
DEFINE_STATIC_KEY_FALSE(klua_watched);

/*
 * Count one more user of klua_watched. Called with the mutex of tracepoints, or that of
 * module parameters, held.
 */
int klua_watch(void)
{
	static_branch_inc(&klua_watched);
	return 0;
}

void klua_unwatch(void)
{
	static_branch_dec(&klua_watched);
}

static int set_timing(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (err)
		return err;
	if (on == static_key_enabled(&klua_timing))
		return 0;
	if (on) {
		static_branch_enable(&klua_timing);
		klua_watch();
	} else {
		klua_unwatch();
		static_branch_disable(&klua_timing);
	}
	return 0;
}

static int get_timing(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%c\n",
		       static_key_enabled(&klua_timing) ? 'Y' : 'N');
}

static const struct kernel_param_ops timing_ops = {
	.set = set_timing,
	.get = get_timing,
};

module_param_cb(stats, &timing_ops, NULL, 0644);
MODULE_PARM_DESC(stats, "measure the time that entries into states take (default off)");

void klua_escape(char *dst, size_t size, const char *src, size_t len)
{
	int n = string_escape_mem(src, len, dst, size - 1,
				  ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_NP |
				  ESCAPE_OCTAL, NULL);

	dst[min_t(size_t, n, size - 1)] = '\0';
}

/* Escape a state's name into KLUA_NAME_MAXSIZE bytes. */
void klua_escape_name(char *dst, const struct klua_state *s)
{
	klua_escape(dst, KLUA_NAME_MAXSIZE, s->name, s->namelen);
}

/* The limit that an errno stands for, or -1 if it stands for none */
static int limit_of(int err)
{
	switch (err) {
	case -ETIME:
		return KLUA_LIMIT_STEPS;
	case -ETIMEDOUT:
		return KLUA_LIMIT_TIME;
	case -ECANCELED:
		return KLUA_LIMIT_CANCEL;
	case -EINTR:
		return KLUA_LIMIT_SIGNAL;
	default:
		return -1;
	}
}

static void count_limit(struct klua_state *s, enum klua_limit which)
{
	u64 *count = &s->stats.limits[which];

	WRITE_ONCE(*count, *count + 1);
	trace_limit(s, which);
	klua_event_limit(s, which);
}

/* Count and report the limits that the entry which has just ended has hit. */
void klua_limits_hit(struct klua_state *s)
{
	int which = limit_of(s->limits.budget.stopped);

	if (which >= 0)
		count_limit(s, which);
	if (s->limits.memory_hit)
		count_limit(s, KLUA_LIMIT_MEMORY);
	if (s->limits.stack_hit)
		count_limit(s, KLUA_LIMIT_STACK);
}

/*
 * The ns that entries took, the one in progress included. The writer has the state's
 * lock; this reads without it.
 */
u64 klua_stats_time(const struct klua_state *s)
{
	u64 entered = READ_ONCE(s->stats.entered);
	u64 now = ktime_get_mono_fast_ns();
	u64 ns;

	/*
	 * Read ns after entered, so that it has all entries that ended before this one
	 * began.
	 */
	smp_rmb();
	ns = READ_ONCE(s->stats.ns);
	/*
	 * Pairs with klua_disarm(), which clears entered before it adds the entry to
	 * ns: if ns has the entry already, the second read of entered sees that.
	 */
	smp_rmb();
	if (!entered || READ_ONCE(s->stats.entered) != entered || now < entered)
		return ns;
	return ns + now - entered;
}

/*
 * Tries to take error_lock. A probe may have interrupted the lock's holder on this
 * processor, and must not wait for it.
 */
#define ERROR_LOCK_TRIES	100

/*
 * Functions that a traceback shows, from the innermost one on. That of a limit shows
 * fewer, because an entry may go on only for so long after its time, and each function
 * takes 400 instructions.
 */
#define TRACE_LEVELS		20
#define TRACE_LIMIT_LEVELS	8

/* Take error_lock with interrupts off. False: it stayed taken for all tries. */
static bool error_trylock(struct klua_state *s, unsigned long *irqs)
{
	int i;

	local_irq_save(*irqs);
	for (i = 0; i < ERROR_LOCK_TRIES; i++) {
		if (raw_spin_trylock(&s->error_lock))
			return true;
		cpu_relax();
	}
	local_irq_restore(*irqs);
	return false;
}

/*
 * An irq state must not allocate while it runs, so it gets its buffer here; the others
 * get it in trace_buffer().
 */
int klua_trace_init(struct klua_state *s)
{
	if (s->kind == KLUA_KIND_IRQ)
		s->trace = kmalloc(KLUA_TRACE_MAXSIZE, GFP_KERNEL_ACCOUNT);
	return s->kind == KLUA_KIND_IRQ && !s->trace ? -ENOMEM : 0;
}

/* Free the trace. Readers that come later find the beginning of the error in errmsg. */
void klua_trace_exit(struct klua_state *s)
{
	unsigned long irqs;
	char *buf;

	raw_spin_lock_irqsave(&s->error_lock, irqs);
	buf = s->trace;
	s->trace = NULL;
	s->trace_len = 0;
	raw_spin_unlock_irqrestore(&s->error_lock, irqs);
	kfree(buf);
}

/*
 * The buffer for texts that are longer than errmsg, allocated when first used; NULL: no
 * memory.
 */
static char *trace_buffer(struct klua_state *s)
{
	klua_state_assert_locked(s);
	if (!s->trace && s->kind != KLUA_KIND_IRQ)
		s->trace = kmalloc(KLUA_TRACE_MAXSIZE, GFP_NOWAIT | __GFP_NOWARN);
	return s->trace;
}

/* Let no reader look at the buffer of the trace. False: error_lock stayed taken. */
static bool trace_hide(struct klua_state *s)
{
	unsigned long irqs;

	if (error_trylock(s, &irqs)) {
		s->trace_len = 0;
		raw_spin_unlock_irqrestore(&s->error_lock, irqs);
		return true;
	}
	return false;
}

/* A traceback while it is written. What does not fit is left out. */
struct trace_text {
	char *at;
	char *end;
};

static void trace_bytes(struct trace_text *t, const char *bytes, size_t len)
{
	len = min_t(size_t, len, t->end - t->at);
	memcpy(t->at, bytes, len);
	t->at += len;
}

#define trace_literal(t, string)	trace_bytes(t, string, sizeof(string) - 1)

/* Write ":LINE". */
static void trace_line(struct trace_text *t, unsigned int line)
{
	char digits[11];
	int at = sizeof(digits);

	do {
		digits[--at] = '0' + line % 10;
		line /= 10;
	} while (line);
	digits[--at] = ':';
	trace_bytes(t, digits + at, sizeof(digits) - at);
}

/*
 * Write a line of a traceback, in the form of luaL_traceback(). It does without
 * formats, which would take several times as long: an entry that has hit a limit has no
 * time left.
 */
static void trace_level(struct trace_text *t, const lua_Debug *ar)
{
	size_t len = strlen(ar->short_src);

	trace_literal(t, "\n\t");
	trace_bytes(t, ar->short_src, len);
	if (ar->currentline > 0)
		trace_line(t, ar->currentline);
	if (*ar->namewhat) {
		trace_literal(t, ": in ");
		trace_bytes(t, ar->namewhat, strlen(ar->namewhat));
		trace_literal(t, " '");
		trace_bytes(t, ar->name, strlen(ar->name));
		trace_literal(t, "'");
	} else if (*ar->what == 'm') {
		trace_literal(t, ": in main chunk");
	} else if (*ar->what == 'C') {
		trace_literal(t, ": in ?");
	} else {
		trace_literal(t, ": in function <");
		trace_bytes(t, ar->short_src, len);
		trace_line(t, ar->linedefined);
		trace_literal(t, ">");
	}
	if (ar->istailcall)
		trace_literal(t, "\n\t(...tail calls...)");
}

/*
 * Write the traceback of an error into the state's trace: functions from @level up to
 * @last, with what lua_getinfo() finds about them by @what. luaL_traceback() is not
 * used, because it makes a string in the state: if there was no memory for that, the
 * error would become one of memory.
 */
static void trace_take(struct klua_state *s, lua_State *L, int level, int last, const char *what)
{
	struct trace_text t = { .at = trace_buffer(s) };
	char *buf = t.at;
	lua_Debug ar;

	s->traced = 0;
	if (!buf || !trace_hide(s))
		return;
	t.end = buf + KLUA_TRACE_MAXSIZE;
	trace_literal(&t, "stack traceback:");
	ar.namewhat = "";
	for (; level <= last && lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, what, &ar);
		trace_level(&t, &ar);
	}
	if (level > last && lua_getstack(L, level, &ar))
		trace_literal(&t, "\n\t...");
	s->traced = t.at - buf;
}

/* Take the traceback of an error of a script. Called by a message handler. */
void klua_trace_take(struct klua_state *s, lua_State *L)
{
	trace_take(s, L, 1, TRACE_LEVELS, "Slnt");
}

/*
 * Take the traceback of an error that no message handler sees. It has no names of
 * functions, because finding them takes longer than an entry that has hit a limit may
 * go on.
 */
void klua_limits_trace(struct klua_limits *lim, lua_State *L)
{
	trace_take(container_of(lim, struct klua_state, limits), L, 0, TRACE_LIMIT_LEVELS - 1,
		   "Slt");
}

/*
 * Put the text into the trace, before the traceback that klua_trace_take() left there.
 * Returns the length of both.
 */
static size_t trace_fill(struct klua_state *s, const char *text, size_t len)
{
	size_t rest = 0;

	lockdep_assert_held(&s->error_lock);
	if (s->traced) {
		len = min_t(size_t, len, KLUA_ERROR_MAXSIZE);
		rest = min_t(size_t, s->traced, KLUA_TRACE_MAXSIZE - len - 1);
		memmove(s->trace + len + 1, s->trace, rest);
		s->trace[len] = '\n';
		rest++;
	}
	len = min_t(size_t, len, KLUA_TRACE_MAXSIZE);
	memcpy(s->trace, text, len);
	return len + rest;
}

/*
 * The ns since the last error. The clock of this processor may be behind the one that the
 * error's time was read from.
 */
u64 klua_error_age(const struct klua_state *s)
{
	u64 now = ktime_get_mono_fast_ns();

	lockdep_assert_held(&s->error_lock);
	return now > s->error_ns ? now - s->error_ns : 0;
}

/* Keep the error for readers. It is dropped if error_lock stays taken. */
static void error_keep(struct klua_state *s, int err, const char *text, size_t len)
{
	size_t n = min(len, sizeof(s->errmsg) - 1);
	bool whole = s->traced || (len > n && trace_buffer(s));
	unsigned long irqs;

	if (error_trylock(s, &irqs)) {
		memcpy(s->errmsg, text, n);
		s->errmsg[n] = '\0';
		s->trace_len = whole ? trace_fill(s, text, len) : 0;
		s->error = err;
		s->error_ns = ktime_get_mono_fast_ns();
		raw_spin_unlock_irqrestore(&s->error_lock, irqs);
	}
	s->traced = 0;
}

/*
 * Count an error, keep its text, and tell tracepoints and listeners. Called with the
 * state's lock held.
 */
void klua_error_note(struct klua_state *s, int err, const char *text,
		     size_t len)
{
	klua_state_assert_locked(s);
	WRITE_ONCE(s->stats.errors, s->stats.errors + 1);
	error_keep(s, err, text, len);
	trace_error(s, err, text, len);
	klua_event_error(s, err, text, len);
}

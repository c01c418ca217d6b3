// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is kept about a state beyond its counters: the time its entries take,
 * which limits they hit, the last error. And who is told: tracepoints and the
 * listeners of the netlink family.
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

/* Reading the clock twice costs more than a short entry: only when asked for. */
DEFINE_STATIC_KEY_FALSE(klua_timing);

/* How many want to know when entries begin and end: lua/entry.h looks. */
DEFINE_STATIC_KEY_FALSE(klua_watched);

/* Called with the mutex of tracepoints, or that of module parameters, held. */
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

/* Into KLUA_NAME_MAXSIZE bytes. */
void klua_escape_name(char *dst, const struct klua_state *s)
{
	klua_escape(dst, KLUA_NAME_MAXSIZE, s->name, s->namelen);
}

/* A limit that ended the entry, or -1 for an -errno that stands for none. */
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

static void hit(struct klua_state *s, enum klua_limit which)
{
	u64 *count = &s->stats.limits[which];

	WRITE_ONCE(*count, *count + 1);
	trace_limit(s, which);
	klua_event_limit(s, which);
}

/* The entry that just ended ran into one limit or more. */
void klua_limits_hit(struct klua_state *s)
{
	int which = limit_of(s->limits.budget.stopped);

	if (which >= 0)
		hit(s, which);
	if (s->limits.memory_hit)
		hit(s, KLUA_LIMIT_MEMORY);
	if (s->limits.stack_hit)
		hit(s, KLUA_LIMIT_STACK);
}

/* ns that entries took, the one in progress included. Written under the state's lock. */
u64 klua_stats_time(const struct klua_state *s)
{
	u64 entered = READ_ONCE(s->stats.entered);
	u64 now = ktime_get_mono_fast_ns();
	u64 ns;

	/* Pairs with klua_disarm(): where @ns has the entry, @entered is no more. */
	smp_rmb();
	ns = READ_ONCE(s->stats.ns);
	/* The same: the second look at @entered comes after @ns. */
	smp_rmb();
	if (!entered || READ_ONCE(s->stats.entered) != entered || now < entered)
		return ns;
	return ns + now - entered;
}

/* Tries to take a lock that a probe may have come in the middle of. */
#define ERROR_LOCK_TRIES	100

/* Functions of a traceback, from the innermost one */
#define TRACE_LEVELS	20

/* Take error_lock with interrupts off, unless somebody has it for too long. */
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

/* Where an irq state runs nothing can be allocated: it has the buffer from the start. */
int klua_trace_init(struct klua_state *s)
{
	if (s->kind == KLUA_KIND_IRQ)
		s->trace = kmalloc(KLUA_TRACE_MAXSIZE, GFP_KERNEL_ACCOUNT);
	return s->kind == KLUA_KIND_IRQ && !s->trace ? -ENOMEM : 0;
}

/* Somebody may be looking at the state still, and finds the beginning in errmsg. */
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

/* The buffer for texts that are longer than errmsg, or NULL; made when first used. */
static char *trace_buffer(struct klua_state *s)
{
	klua_state_assert_locked(s);
	if (!s->trace && s->kind != KLUA_KIND_IRQ)
		s->trace = kmalloc(KLUA_TRACE_MAXSIZE, GFP_NOWAIT | __GFP_NOWARN);
	return s->trace;
}

/* A line of a traceback, as luaL_traceback() writes it. */
static size_t trace_level(lua_State *L, lua_Debug *ar, char *buf, size_t size)
{
	size_t n;

	lua_getinfo(L, "Slnt", ar);
	n = scnprintf(buf, size, "\n\t%s:", ar->short_src);
	if (ar->currentline > 0)
		n += scnprintf(buf + n, size - n, "%d:", ar->currentline);
	if (*ar->namewhat)
		n += scnprintf(buf + n, size - n, " in %s '%s'", ar->namewhat,
			       ar->name);
	else if (*ar->what == 'm')
		n += scnprintf(buf + n, size - n, " in main chunk");
	else if (*ar->what == 'C')
		n += scnprintf(buf + n, size - n, " in ?");
	else
		n += scnprintf(buf + n, size - n, " in function <%s:%d>",
			       ar->short_src, ar->linedefined);
	if (ar->istailcall)
		n += scnprintf(buf + n, size - n, "\n\t(...tail calls...)");
	return n;
}

/*
 * In a message handler: what calls led to the error. Not as luaL_traceback(), since
 * the string for that may not fit into the state, and the error would be another one.
 */
void klua_trace_take(struct klua_state *s, lua_State *L)
{
	char *buf = trace_buffer(s);
	unsigned long irqs;
	lua_Debug ar;
	int level;
	size_t n;

	if (!buf || !error_trylock(s, &irqs))
		return;
	s->trace_len = 0;	/* from here on nobody else looks at it */
	raw_spin_unlock_irqrestore(&s->error_lock, irqs);
	n = scnprintf(buf, KLUA_TRACE_MAXSIZE, "stack traceback:");
	for (level = 1; level <= TRACE_LEVELS && lua_getstack(L, level, &ar);
	     level++)
		n += trace_level(L, &ar, buf + n, KLUA_TRACE_MAXSIZE - n);
	if (level > TRACE_LEVELS && lua_getstack(L, level, &ar))
		n += scnprintf(buf + n, KLUA_TRACE_MAXSIZE - n, "\n\t...");
	s->traced = n;
}

/* The text into the trace, before what klua_trace_take() left there: its length. */
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

/* The text of the error, unless somebody reads the last one for too long. */
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

/* Under the state's lock. */
void klua_error_note(struct klua_state *s, int err, const char *text,
		     size_t len)
{
	klua_state_assert_locked(s);
	WRITE_ONCE(s->stats.errors, s->stats.errors + 1);
	error_keep(s, err, text, len);
	trace_error(s, err, text, len);
	klua_event_error(s, err, text, len);
}

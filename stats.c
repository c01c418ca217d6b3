// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is kept about a state beyond its counters: the time its entries take,
 * which limits they hit, the last error. And who is told: tracepoints and the
 * listeners of the netlink family.
 */

#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
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

/* Under the state's lock. */
void klua_error_note(struct klua_state *s, int err, const char *text,
		     size_t len)
{
	size_t n = min(len, sizeof(s->errmsg) - 1);

	lockdep_assert_held(&s->lock);
	WRITE_ONCE(s->stats.errors, s->stats.errors + 1);
	spin_lock_bh(&s->error_lock);
	memcpy(s->errmsg, text, n);
	s->errmsg[n] = '\0';
	s->error = err;
	s->error_ns = ktime_get_ns();
	spin_unlock_bh(&s->error_lock);
	trace_error(s, err, text, len);
	klua_event_error(s, err, text, len);
}

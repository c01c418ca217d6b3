// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names whose states the torture replaces, retires, stops and starts. States of each
 * kind are among them, and every other name has a set, with a state for each processor.
 * This checks:
 *
 * - a name whose state is only replaced, and never retired, is always found;
 * - a state of a set is found by its own processor and by no other;
 * - nobody enters a state after it was retired or while it is stopped, nor another
 *   state of its set; once it is started it can be entered, and so can the state that
 *   has taken its place meanwhile.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/smp.h>

#include "states.h"
#include "torture.h"

/*
 * For each name: 1 plus the number of destroy_alls that had begun when its state was
 * made, or 0
 */
static int put_there[TORTURE_OTHERS_MAX];

static DEFINE_MUTEX(stopping);
static atomic_t stops_begun;
static atomic_t stops_ended;

static bool is_set(unsigned int i)
{
	return i % 2;
}

/* Is the state of this name only replaced, and never retired? */
static bool is_kept(unsigned int i)
{
	return i % 4 < 2;
}

void torture_other_name(unsigned int i, char *name)
{
	snprintf(name, TORTURE_NAME_SIZE, "torture-other-%u", i);
}

/* Called when an audit has destroyed all states. */
void torture_others_gone(void)
{
	memset(put_there, 0, sizeof(put_there));
}

void torture_replace(struct worker *w)
{
	static const char text[] = "local t = {} for i = 1, 20 do t[i] = {i} end";
	static const struct klua_chunk chunk = {
		.text = text,
		.len = sizeof(text) - 1,
	};
	unsigned int i = torture_below(w, torture_others);
	int begun = torture_destroy_alls_begun(true);
	char name[TORTURE_NAME_SIZE], why[80];
	struct klua_config config = {
		.name = name,
		.kind = i % __KLUA_KIND_MAX,
		.maxalloc = torture_maxalloc,
		.percpu = is_set(i),
		.replace = true,
		.chunks = &chunk,
		.nchunks = 1,
		.error = why,
		.error_size = sizeof(why),
	};
	struct klua_state *s;

	torture_other_name(i, name);
	s = torture_ops->new(&config);
	if (!IS_ERR(s)) {
		w->hits++;
		if (begun >= 0)
			WRITE_ONCE(put_there[i], begun + 1);
		torture_call(w, s);
		torture_ops->put(s);
	} else if (PTR_ERR(s) != -ENOMEM) {
		torture_anomaly("replacing '%s': %s (%ld)", name, why,
				PTR_ERR(s));
	}
	usleep_range(200, 2000);
}

/* A lookup on another processor, which must find another state of the set */
struct elsewhere {
	const char *name;
	struct klua_state *s;
};

static void find_elsewhere(void *data)
{
	struct elsewhere *e = data;

	e->s = torture_ops->find(e->name);
}

/*
 * Find and hold another state of the set of @s, or return NULL. Called in process
 * context.
 */
static struct klua_state *find_sibling(struct klua_state *s)
{
	struct elsewhere e = { .name = s->name };
	int cpu;

	for_each_online_cpu(cpu) {
		if (smp_call_function_single(cpu, find_elsewhere, &e, 1))
			continue;
		if (e.s && e.s != s && e.s->set && e.s->set == s->set)
			return e.s;
		torture_ops->put(e.s);
		e.s = NULL;
	}
	return NULL;
}

static struct klua_state *find_other(unsigned int i)
{
	int then = READ_ONCE(put_there[i]);
	char name[TORTURE_NAME_SIZE];
	struct klua_state *s;
	unsigned int cpu;

	torture_other_name(i, name);
	preempt_disable();
	s = torture_ops->find(name);
	cpu = smp_processor_id();
	preempt_enable();
	if (s) {
		if (is_set(i) && torture_may_enter(s))
			torture_ops->found_on(s, cpu);
		return s;
	}
	smp_rmb(); /* reads put_there, then the table, then the destroy_alls */
	if (is_kept(i) && then == torture_destroy_alls_begun(false) + 1)
		torture_anomaly("'%s' was missed while it was replaced", name);
	return NULL;
}

struct klua_state *torture_find_other(struct worker *w)
{
	return find_other(torture_below(w, torture_others));
}

/* Check that nobody can enter the state, which was retired, or is stopped. */
static void check_shut(struct klua_state *s, const char *how)
{
	int err;

	do {
		err = torture_ops->count(s);
	} while (err == -EBUSY);
	if (err != -ESHUTDOWN)
		torture_anomaly("a call into a state that is %s: %d", how, err);
}

static void retire(struct klua_state *s, struct klua_state *sibling)
{
	int err;

	if (!torture_ops->get(s))
		torture_anomaly("a state that is held cannot be held again");
	err = torture_ops->retire(s);
	if (err)
		torture_anomaly("retiring a state returned %d", err);
	check_shut(s, "retired");
	if (sibling)
		check_shut(sibling, "retired with another");
}

void torture_retire(struct worker *w)
{
	unsigned int i = torture_below(w, torture_others);
	struct klua_state *s = is_kept(i) ? NULL : find_other(i);
	struct klua_state *sibling;

	usleep_range(200, 2000);
	if (!s)
		return;
	w->hits++;
	sibling = find_sibling(s);
	torture_call(w, s);
	retire(s, sibling);
	torture_ops->put(sibling);
	torture_ops->put(s);
}

static int stop_and_start(struct klua_state *s, struct klua_state *sibling)
{
	int err = torture_ops->set_stopped(s, true);

	if (err)
		return err;
	check_shut(s, "stopped");
	if (sibling)
		check_shut(sibling, "stopped with another");
	usleep_range(50, 100);
	return torture_ops->set_stopped(s, false);
}

/* Wait until the state is retired: of a set, it may be the last one. */
static bool is_retired_soon(const struct klua_state *s)
{
	unsigned long end = jiffies + 10 * HZ;

	while (READ_ONCE(s->gate) != KLUA_GATE_RETIRED &&
	       time_before(jiffies, end))
		usleep_range(500, 1000);
	return READ_ONCE(s->gate) == KLUA_GATE_RETIRED;
}

/*
 * Stop and start a state. One worker at a time, so that no other starts it in between.
 */
void torture_stop(struct worker *w)
{
	struct klua_state *s = torture_find_other(w);
	struct klua_state *sibling;
	int err;

	usleep_range(200, 2000);
	if (!s)
		return;
	sibling = find_sibling(s);
	mutex_lock(&stopping);
	atomic_inc(&stops_begun);
	smp_mb__after_atomic(); /* counts the begin before the stop */
	err = stop_and_start(s, sibling);
	smp_mb__before_atomic(); /* counts the end after the start */
	atomic_inc(&stops_ended);
	if (!err)
		torture_call(w, s);
	mutex_unlock(&stopping);
	if (!err)
		w->hits++;
	else if (err != -ESHUTDOWN || !is_retired_soon(s))
		torture_anomaly("stopping a state returned %d", err);
	torture_ops->put(sibling);
	torture_ops->put(s);
}

int torture_stops_ended(void)
{
	return atomic_read_acquire(&stops_ended);
}

/* May a stop or a retire have refused entries into @s, since @ended stops had ended? */
bool torture_may_be_shut(const struct klua_state *s, int ended)
{
	smp_rmb(); /* reads stops_ended, then called, then reads stops_begun */
	return READ_ONCE(s->gate) == KLUA_GATE_RETIRED ||
	       atomic_read(&stops_begun) != ended;
}

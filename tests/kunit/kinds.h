/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers of the suites about kinds, lives and calls: states of each kind, and threads
 * that are inside a state.
 */
#ifndef KLUA_KUNIT_KINDS_H
#define KLUA_KUNIT_KINDS_H

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "common.h"

#define NAME		"kunit"

static const char * const kind_names[] = { "atomic", "sleepable", "irq" };

#define for_each_kind(kind) \
	for ((kind) = 0; (kind) < __KLUA_KIND_MAX; (kind)++)

/* Make a state that the caller holds. */
static inline struct klua_state *new_state(const char *name,
					   enum klua_kind kind)
{
	struct klua_config config = {
		.name = name,
		.kind = kind,
		.maxalloc = SMALL,
	};
	struct klua_state *s = klua_state_new(&config);

	if (!IS_ERR(s))
		be_patient(s);
	return s;
}

/* A thread that runs an endless text, or that holds a state's lock */
struct inside {
	struct klua_state *s;
	const char *text;
	struct completion begun;
	struct completion done;
	struct task_struct *task;
	bool release;
	int err;
};

static inline int inside_run(void *data)
{
	struct inside *in = data;

	allow_signal(SIGKILL);
	complete(&in->begun);
	in->err = run_text(in->s, in->text);
	kthread_complete_and_exit(&in->done, 0);
}

static inline int inside_lock(void *data)
{
	struct inside *in = data;

	in->err = klua_state_lock(in->s);
	complete(&in->begun);
	if (in->err)
		kthread_complete_and_exit(&in->done, 0);
	while (!READ_ONCE(in->release)) {
		if (in->s->kind == KLUA_KIND_SLEEPABLE)
			usleep_range(100, 200);
		else
			cpu_relax();
	}
	if (in->text)
		in->err = __klua_state_run(in->s, in->text, strlen(in->text),
					   "=test", NULL);
	klua_state_unlock(in->s);
	kthread_complete_and_exit(&in->done, 0);
}

/* Start the thread. False: there is none, or it ended before it was inside. */
static inline bool inside_begin(struct inside *in, struct klua_state *s,
				const char *text, int (*fn)(void *data))
{
	memset(in, 0, sizeof(*in));
	in->s = s;
	in->text = text;
	init_completion(&in->begun);
	init_completion(&in->done);
	in->task = start_elsewhere(fn, in);
	if (!in->task)
		return false;
	wait_for_completion(&in->begun);
	while (fn == inside_run && !(READ_ONCE(s->limits.entry) & 1) &&
	       !completion_done(&in->done))
		usleep_range(100, 200);
	return !completion_done(&in->done);
}

/* Wait for the end of the thread, which has been made to end; returns its errno. */
static inline int inside_end(struct inside *in)
{
	wait_for_completion(&in->done);
	put_task_struct(in->task);
	return in->err;
}

#endif /* KLUA_KUNIT_KINDS_H */

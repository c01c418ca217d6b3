/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers of all suites: counting lines of the kernel's log, and noticing that a state
 * is closed.
 */
#ifndef KLUA_KUNIT_COMMON_H
#define KLUA_KUNIT_COMMON_H

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "states.h"
#include "suite.h"

/* Bytes of a state with its libraries that runs small scripts */
#define SMALL		(64 * 1024)

/* The longest time that closing a state of a test takes */
#define CLOSE_TIME	(30 * HZ)

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define kmsg_dump_iter	kmsg_dumper
#define log_open(log)	((log)->active = true)
#else
#define log_open(log)	((void)(log))
#endif

/* The case needs two tasks that run at the same time. Called before its first check. */
static inline void need_two_processors(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one processor");
}

/* Remember the end of the log: log_count() counts from here. */
static inline void log_begin(struct kmsg_dump_iter *log)
{
	log_open(log);
	kmsg_dump_rewind(log);
	log->cur_seq = log->next_seq;
}

/*
 * Count the lines of klua.ko since log_begin() that contain @text. Each line of the log
 * begins with its level, and those of klua.ko go on with its name; so would a line that
 * a state's name has forged.
 */
static inline unsigned int log_count(const struct kmsg_dump_iter *log,
				     const char *level, const char *text)
{
	struct kmsg_dump_iter iter = *log;
	unsigned int count = 0;
	static char record[2048];
	char *rest, *line;
	size_t len;

	while (kmsg_dump_get_line(&iter, true, record, sizeof(record) - 1,
				  &len)) {
		record[len] = '\0';
		rest = record;
		while ((line = strsep(&rest, "\n")))
			if (strstarts(line, level) && strstr(line, "] klua: ") &&
			    strstr(line, text))
				count++;
	}
	return count;
}

#define LOG_ERR		"<3>"
#define LOG_INFO	"<6>"

/* Notices that a state is closed, by a finalizer in it */
struct watch {
	struct completion closed;
	bool may_sleep;
};

static inline int watch_gc(lua_State *L)
{
	struct watch *w = *(struct watch **)lua_touserdata(L, 1);

	w->may_sleep = !preempt_count() && !irqs_disabled();
	complete(&w->closed);
	return 0;
}

/* Called by klua_state_call() */
static inline int watch_open(lua_State *L)
{
	struct watch *w = lua_touserdata(L, 1);
	struct watch **box = lua_newuserdata(L, sizeof(*box));

	*box = w;
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, watch_gc);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, w);
	return 0;
}

static inline int watch_state(struct klua_state *s, struct watch *w)
{
	init_completion(&w->closed);
	w->may_sleep = false;
	return klua_state_call(s, watch_open, w);
}

static inline bool watch_closed(struct watch *w)
{
	return wait_for_completion_timeout(&w->closed, CLOSE_TIME);
}

/*
 * Start a thread on another processor, if there is one, and stay on this one until the
 * case is over. On PREEMPT_RT both may find themselves on the same one otherwise; and
 * there the timers, and on Linux 6.12 whoever wants bottom halves off, wait
 * until a thread in an atomic state has left it. To be given back by put_task_struct().
 */
static inline struct task_struct *start_elsewhere(int (*fn)(void *data), void *data)
{
	unsigned int here = raw_smp_processor_id(), other;
	struct task_struct *task;

	set_cpus_allowed_ptr(current, cpumask_of(here));
	task = kthread_create(fn, data, "elsewhere");
	if (IS_ERR(task))
		return NULL;
	other = cpumask_any_but(cpu_online_mask, here);
	if (other < nr_cpu_ids)
		kthread_bind(task, other);
	get_task_struct(task);
	wake_up_process(task);
	return task;
}

/*
 * Give the entries into a state that is an irq one and that has not been entered yet
 * more time than such a state may have: a busy machine may take an emulated processor
 * away for longer.
 */
static inline void be_patient(struct klua_state *s)
{
	if (s->kind != KLUA_KIND_IRQ)
		return;
	s->time_ns = KLUA_TIME_MAX_US_ATOMIC * NSEC_PER_USEC;
	s->entry_ns = s->time_ns;
	s->limits.used = true;
}

/* Run a text and return its errno. */
static inline int run_text(struct klua_state *s, const char *text)
{
	return klua_state_run(s, text, strlen(text), "=test", NULL);
}

/* Whose slices are counted */
static struct klua_state *sliced __maybe_unused;

/* What is left of the entry's steps, as of the last look at its limits */
static inline int push_left(lua_State *L)
{
	lua_pushinteger(L, sliced->limits.budget.total);
	return 1;
}

/* For klua_state_call() */
static inline int open_left(lua_State *L)
{
	lua_register(L, "left", push_left);
	return 0;
}

/*
 * From now on slice() waits for a look, and returns how many calls of left() that took:
 * some 23 in a short slice, which are fewer than SHORT_SLICE, and 93 in a long one.
 */
static inline int count_slices(struct klua_state *s)
{
	sliced = s;
	return klua_state_call(s, open_left, NULL) ?: run_text(s,
		"function slice()\n"
		"	local n, before = 0, left()\n"
		"	while left() == before do n = n + 1 end\n"
		"	return n\n"
		"end\n");
}

#define SHORT_SLICE	"30"

#endif /* KLUA_KUNIT_COMMON_H */

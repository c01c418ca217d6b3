// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_mistakes: a consumer that makes one mistake when it is loaded, the one of the
 * parameter "what". A debug kernel must report it by name; on each kernel the machine
 * and KLua go on. Mistakes that are refused with an error are in the KUnit suites,
 * those of functions that Lua calls in klua_leaks, and errors outside protected calls
 * in klua_panic.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "states.h"

static char *what = "";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "the mistake");

#define NAME		"mistakes"
#define MAXALLOC	65536

static struct klua_state *make(enum klua_kind kind)
{
	struct klua_config config = {
		.name = NAME,
		.kind = kind,
		.maxalloc = MAXALLOC,
	};

	return klua_state_new(&config);
}

static int do_nothing(lua_State *L)
{
	return 0;
}

static int push_too_much(lua_State *L)
{
	int i;

	for (i = 0; i < 60; i++)
		lua_pushinteger(L, i);
	return 0;
}

static int push_values(struct klua_state *s)
{
	int err = klua_state_call(s, push_too_much, NULL);

	pr_info("push: %d, %s\n", err, s->errmsg);
	return 0;
}

static int call_unlocked(struct klua_state *s)
{
	pr_info("call: %d\n", __klua_state_call(s, do_nothing, NULL));
	return 0;
}

static int enter_unlocked(struct klua_state *s)
{
	lua_pushcfunction(s->L, do_nothing);
	pr_info("enter: %d\n", lua_pcall(s->L, 0, 0, 0));
	return 0;
}

/* Put the table's own reference, and one that nobody has. */
static int put(struct klua_state *s)
{
	rcu_read_lock();
	klua_state_put(s);
	klua_state_put(s);
	klua_state_put(s);
	rcu_read_unlock();
	while (klua_state_lookup(NAME))
		msleep(20);
	return -ENOENT;
}

/* Retire a state that only the table holds. */
static int retire_unheld(struct klua_state *s)
{
	klua_state_put(s);
	pr_info("unheld: %d\n", klua_state_retire(s));
	return klua_state_get(s) ? 0 : -ENOENT;
}

/*
 * Stays on its processor: if a lock is released on another one, lockdep turns itself
 * off. It does not wait for a timer: with PREEMPT_RT, up to 6.12, if not longer, the
 * timers of this processor wait for whoever has bottom halves off.
 */
static int sleep_locked(struct klua_state *s)
{
	int count;
	int err;

	migrate_disable();
	err = klua_state_lock(s);
	if (err)
		goto out;
	count = preempt_count();
	schedule();
	/* The scheduler has set the count to 0 after its report. */
	preempt_count_set(count);
	klua_state_unlock(s);
out:
	migrate_enable();
	return err;
}

static int create_in_softirq(struct klua_state *s)
{
	local_bh_disable();
	pr_info("create: %d\n", !!klua_state_create(MAXALLOC, "another"));
	local_bh_enable();
	return 0;
}

static int lock_until_told(void *data)
{
	struct klua_state *s = data;
	int err = klua_state_lock(s);

	while (!kthread_should_stop())
		msleep(20);
	if (!err)
		klua_state_unlock(s);
	return err;
}

/* Called while another task has the state's lock, which it must keep. */
static int retire_in_softirq(struct klua_state *s)
{
	struct task_struct *task = kthread_run(lock_until_told, s, "klua-locks");
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	while (!READ_ONCE(s->owner))
		msleep(20);
	local_bh_disable();
	err = klua_state_retire(s);
	local_bh_enable();
	pr_info("retire: %d, still locked: %d\n", err,
		mutex_is_locked(&s->mutex));
	return kthread_stop(task);
}

static int lock_for_long(void *data)
{
	struct klua_state *s = data;
	int err = klua_state_lock(s);

	if (!err) {
		msleep(6000);
		klua_state_unlock(s);
	}
	return err;
}

/* Retire a state that somebody has forgotten to unlock, who does so in the end. */
static int retire_locked(struct klua_state *s)
{
	struct task_struct *task = kthread_create(lock_for_long, s, "klua-locks");

	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	wake_up_process(task);
	while (!READ_ONCE(s->owner))
		msleep(20);
	pr_info("late: %d\n", klua_state_retire(s));
	kthread_stop(task);
	put_task_struct(task);
	return -ENOENT;
}

static int lock_and_end(void *data)
{
	struct klua_state *s = data;

	return klua_state_lock(s);
}

/* A task ends with the lock held, which nobody can release then. */
static int end_locked(struct klua_state *s)
{
	struct task_struct *task = kthread_create(lock_and_end, s, "klua-ends");

	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	wake_up_process(task);
	while (!READ_ONCE(task->exit_state))
		msleep(20);
	put_task_struct(task);
	return 0;
}

static const struct {
	const char *name;
	enum klua_kind kind;
	int (*make)(struct klua_state *s);
} mistakes[] = {
	{ "push", KLUA_KIND_ATOMIC, push_values },
	{ "call", KLUA_KIND_ATOMIC, call_unlocked },
	{ "call", KLUA_KIND_SLEEPABLE, call_unlocked },
	{ "enter", KLUA_KIND_ATOMIC, enter_unlocked },
	{ "put", KLUA_KIND_ATOMIC, put },
	{ "unheld", KLUA_KIND_ATOMIC, retire_unheld },
	{ "sleep", KLUA_KIND_ATOMIC, sleep_locked },
	{ "create", KLUA_KIND_ATOMIC, create_in_softirq },
	{ "retire", KLUA_KIND_SLEEPABLE, retire_in_softirq },
	{ "late", KLUA_KIND_SLEEPABLE, retire_locked },
	{ "end", KLUA_KIND_SLEEPABLE, end_locked },
};

static int __init mistakes_init(void)
{
	struct klua_state *s;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (strcmp(mistakes[i].name, what))
			continue;
		s = make(mistakes[i].kind);
		if (IS_ERR(s))
			return PTR_ERR(s);
		err = mistakes[i].make(s);
		if (!err)
			klua_state_put(s);
		else if (err != -ENOENT)
			return err;
		if (!err && klua_state_destroy(NAME))
			return -EBUSY;
	}
	return 0;
}

static void __exit mistakes_exit(void)
{
}

module_init(mistakes_init);
module_exit(mistakes_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mistakes of a consumer, for KLua's tests");

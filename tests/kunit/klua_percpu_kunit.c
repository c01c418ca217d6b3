// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of states, one for each processor, under one name: a call that changes one of
 * them changes all. Each case runs with a set of each kind.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "common.h"

#define NAME	"percpu"

static const char policy[] = "n = 0 function count() n = n + 1 return n end";

static const struct klua_chunk chunk = {
	.text = policy,
	.len = sizeof(policy) - 1,
	.name = "=policy",
};

static struct klua_config config = {
	.name = NAME,
	.maxalloc = SMALL,
	.percpu = true,
	.chunks = &chunk,
	.nchunks = 1,
};

static struct klua_state *state;

static int init_set(enum klua_kind kind)
{
	config.kind = kind;
	config.replace = false;
	state = klua_state_new(&config);
	return PTR_ERR_OR_ZERO(state);
}

static int init_atomic(struct kunit *test)
{
	return init_set(KLUA_KIND_ATOMIC);
}

static int init_sleepable(struct kunit *test)
{
	return init_set(KLUA_KIND_SLEEPABLE);
}

static int init_irq(struct kunit *test)
{
	return init_set(KLUA_KIND_IRQ);
}

static void exit_set(struct kunit *test)
{
	if (state)
		klua_state_put(state);
	state = NULL;
	klua_state_destroy_all();
}

/* A call of the state of another processor, and its result */
struct visit {
	struct klua_state *s;
	s64 count;
	int err;
};

static long visit_here(void *arg)
{
	struct visit *v = arg;
	struct klua_value count = { .type = KLUA_TYPE_INTEGER };
	struct klua_call call = {
		.function = "count",
		.results = &count,
		.nresults = 1,
	};

	v->s = klua_state_find(NAME);
	v->err = v->s ? klua_state_invoke(v->s, &call) : -ENOENT;
	v->count = count.integer;
	klua_state_put(v->s);
	return 0;
}

static struct visit visit(int cpu)
{
	struct visit v = {};

	work_on_cpu(cpu, visit_here, &v);
	return v;
}

static void each_processor_has_its_own(struct kunit *test)
{
	struct visit v, first = visit(cpumask_first(cpu_online_mask));
	int cpu;

	KUNIT_EXPECT_EQ(test, first.err, 0);
	for_each_online_cpu(cpu) {
		v = visit(cpu);
		KUNIT_EXPECT_EQ(test, v.err, 0);
		/* Each processor's state has its own globals. */
		KUNIT_EXPECT_EQ(test, v.count, v.s == first.s ? 2 : 1);
		KUNIT_EXPECT_EQ(test, v.s == first.s,
				cpu == cpumask_first(cpu_online_mask));
	}
}

static void limits_hold_for_all(struct kunit *test)
{
	int cpu;

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 1), 0);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, -ETIME);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 10000), 0);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(state, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, 1), -EINVAL);
}

static void stopping_holds_for_all(struct kunit *test)
{
	int cpu;

	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(state, true), 0);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(state, false), 0);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, 0);
}

/* While one of the states is held, the set cannot be destroyed. */
static void destroyed_when_nobody_holds_any(struct kunit *test)
{
	int cpu = cpumask_last(cpu_online_mask);
	struct klua_state *last;

	klua_state_put(state);
	state = NULL;
	/* Hold the last processor's state, and not the front of the set. */
	last = visit(cpu).s;
	KUNIT_ASSERT_TRUE(test, klua_state_get(last));
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NAME), -EBUSY);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, 0);
	klua_state_put(last);
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NAME), 0);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, -ENOENT);
}

struct destroyer {
	struct completion begun;
	bool end;
};

static int destroy_often(void *data)
{
	struct destroyer *d = data;
	int err = -EBUSY;

	while (!READ_ONCE(d->end) && err == -EBUSY) {
		err = klua_state_try_destroy(NAME);
		complete(&d->begun);
		cond_resched();
	}
	while (!kthread_should_stop())
		usleep_range(100, 200);
	return err;
}

/* A destroy that fails because the set is held does not make a find fail. */
static void destroying_what_is_held_disturbs_nobody(struct kunit *test)
{
	struct klua_state *last = visit(cpumask_last(cpu_online_mask)).s;
	struct destroyer d = {};
	struct task_struct *task;
	struct klua_state *s;
	int i, lost = 0;

	init_completion(&d.begun);
	KUNIT_ASSERT_TRUE(test, klua_state_get(last));
	klua_state_put(state);
	state = last;
	task = kthread_run(destroy_often, &d, "destroys");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(task));
	/* On a single processor the thread may not run before this one waits. */
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&d.begun, 10 * HZ), 0ul);
	for (i = 0; i < 200000; i++) {
		s = klua_state_find(NAME);
		lost += !s;
		klua_state_put(s);
		if (!(i % 1000))
			cond_resched();
	}
	WRITE_ONCE(d.end, true);
	KUNIT_EXPECT_EQ(test, kthread_stop(task), -EBUSY);
	KUNIT_EXPECT_EQ(test, lost, 0);
}

/* Puts a state too often that is not the front of the set. */
static void put_too_often(struct kunit *test)
{
	struct klua_state *last = visit(cpumask_last(cpu_online_mask)).s;
	struct kmsg_dump_iter log;
	int i;

	/* With one processor the front is all that the set has. */
	need_two_processors(test);
	log_begin(&log);
	klua_state_put(last);
	for (i = 0; klua_state_lookup(NAME) && i < CLOSE_TIME; i++)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	/*
	 * Waits until all states are closed, and the message has been logged by then.
	 */
	KUNIT_EXPECT_EQ(test, klua_state_retire(state), 0);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR,
					"was put more often than it was held"), 1);
	state = NULL;
}

static void retired_as_one(struct kunit *test)
{
	struct klua_state *last = visit(cpumask_last(cpu_online_mask)).s;
	int cpu;

	KUNIT_ASSERT_TRUE(test, klua_state_get(last));
	KUNIT_EXPECT_EQ(test, klua_state_retire(state), 0);
	state = NULL;
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).err, -ENOENT);
	KUNIT_EXPECT_EQ(test, run_text(last, "return 1"), -ESHUTDOWN);
	KUNIT_EXPECT_NULL(test, last->L);
	klua_state_put(last);
}

static void replaced_as_one(struct kunit *test)
{
	struct klua_state *old = state;
	int cpu;

	for_each_online_cpu(cpu)
		visit(cpu);
	config.replace = true;
	state = klua_state_new(&config);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(state));
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).count, 1);
	/* A holder of the old state can go on using it. */
	KUNIT_EXPECT_EQ(test, run_text(old, "return count()"), 0);
	klua_state_put(old);
}

/* A set replaces a single state, and the other way round. */
static void replaces_a_single_state(struct kunit *test)
{
	int cpu;

	config.replace = true;
	config.percpu = false;
	klua_state_put(state);
	state = klua_state_new(&config);
	config.percpu = true;
	KUNIT_ASSERT_TRUE(test, !IS_ERR(state));
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_PTR_EQ(test, visit(cpu).s, state);
	klua_state_put(state);
	state = klua_state_new(&config);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(state));
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, visit(cpu).count, 1);
}

static void listed_as_one(struct kunit *test)
{
	static const char *const texts[] = {
		[KLUA_KIND_ATOMIC] = "per-CPU atomic",
		[KLUA_KIND_SLEEPABLE] = "per-CPU sleepable",
		[KLUA_KIND_IRQ] = "per-CPU irq",
	};
	struct kmsg_dump_iter log;
	struct klua_state *s;
	unsigned int count = 0;
	u32 id = 0;

	while ((s = klua_state_next(id))) {
		id = s->id;
		count++;
		klua_state_put(s);
	}
	KUNIT_EXPECT_EQ(test, count, 1);
	log_begin(&log);
	klua_state_list();
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, texts[config.kind]),
			1);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, "total: 1 states"), 1);
}

/* If one of the states cannot be made, none is left. */
static void a_chunk_that_fails_leaves_nothing(struct kunit *test)
{
	static const struct klua_chunk bad = { "error 'no'", 10, "=bad" };
	char text[64];
	struct klua_config failing = {
		.name = "failing",
		.kind = config.kind,
		.maxalloc = SMALL,
		.percpu = true,
		.chunks = &bad,
		.nchunks = 1,
		.error = text,
		.error_size = sizeof(text),
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(klua_state_new(&failing)),
			-EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, strstarts(text, "bad:1: no"));
	KUNIT_EXPECT_NULL(test, klua_state_lookup("failing"));
}

/* Each suite needs its own array of cases, since KUnit keeps the results in it. */
#define PERCPU_CASES { \
	KUNIT_CASE(each_processor_has_its_own), \
	KUNIT_CASE(limits_hold_for_all), \
	KUNIT_CASE(stopping_holds_for_all), \
	KUNIT_CASE(destroyed_when_nobody_holds_any), \
	KUNIT_CASE(destroying_what_is_held_disturbs_nobody), \
	KUNIT_CASE(put_too_often), \
	KUNIT_CASE(retired_as_one), \
	KUNIT_CASE(replaced_as_one), \
	KUNIT_CASE(replaces_a_single_state), \
	KUNIT_CASE(listed_as_one), \
	KUNIT_CASE(a_chunk_that_fails_leaves_nothing), \
	{} \
}

static struct kunit_case atomic_cases[] = PERCPU_CASES;
static struct kunit_case sleepable_cases[] = PERCPU_CASES;
static struct kunit_case irq_cases[] = PERCPU_CASES;

static struct kunit_suite atomic_suite = {
	.name = "klua_percpu",
	.init = init_atomic,
	.exit = exit_set,
	.test_cases = atomic_cases,
};

static struct kunit_suite sleepable_suite = {
	.name = "klua_percpu_sleepable",
	.init = init_sleepable,
	.exit = exit_set,
	.test_cases = sleepable_cases,
};

static struct kunit_suite irq_suite = {
	.name = "klua_percpu_irq",
	.init = init_irq,
	.exit = exit_set,
	.test_cases = irq_cases,
};

kunit_test_suites(&atomic_suite, &sleepable_suite, &irq_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's per-CPU states");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three kinds of states: in which contexts each may be entered, its limits, how long
 * a caller waits for it, and entries inside other entries.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <asm/stacktrace.h>

#include "kinds.h"
#include "lua/entry.h"

static struct klua_state *states[__KLUA_KIND_MAX];

static int init_states(struct kunit *test)
{
	enum klua_kind kind;

	for_each_kind(kind) {
		states[kind] = new_state(kind_names[kind], kind);
		if (IS_ERR(states[kind]))
			return PTR_ERR(states[kind]);
		klua_state_put(states[kind]);
	}
	return 0;
}

static void exit_states(struct kunit *test)
{
	klua_state_destroy_all();
}

/* An attempt to enter a state of each kind from one context, and the errnos */
struct attempt {
	int err[__KLUA_KIND_MAX];
	struct completion done;
	struct tasklet_struct tasklet;
	struct irq_work work;
};

static void attempt_all(struct attempt *a)
{
	enum klua_kind kind;

	for_each_kind(kind)
		a->err[kind] = run_text(states[kind], "return 1 + 1");
}

static void expect_errors(struct kunit *test, const struct attempt *a,
			  int atomic, int sleepable, int irq)
{
	KUNIT_EXPECT_EQ(test, a->err[KLUA_KIND_ATOMIC], atomic);
	KUNIT_EXPECT_EQ(test, a->err[KLUA_KIND_SLEEPABLE], sleepable);
	KUNIT_EXPECT_EQ(test, a->err[KLUA_KIND_IRQ], irq);
}

static void process_context_enters_all(struct kunit *test)
{
	struct attempt a;

	attempt_all(&a);
	expect_errors(test, &a, 0, 0, 0);
}

static void attempt_in_softirq(struct tasklet_struct *t)
{
	struct attempt *a = from_tasklet(a, t, tasklet);

	attempt_all(a);
	complete(&a->done);
}

static void softirq_enters_atomic_and_irq(struct kunit *test)
{
	struct attempt a = {};

	init_completion(&a.done);
	tasklet_setup(&a.tasklet, attempt_in_softirq);
	tasklet_schedule(&a.tasklet);
	wait_for_completion(&a.done);
	tasklet_kill(&a.tasklet);
	expect_errors(test, &a, 0, -EOPNOTSUPP, 0);
}

static void attempt_in_hardirq(struct irq_work *work)
{
	attempt_all(container_of(work, struct attempt, work));
}

static void hardirq_enters_irq(struct kunit *test)
{
	struct attempt a = { .work = IRQ_WORK_INIT_HARD(attempt_in_hardirq) };

	irq_work_queue(&a.work);
	irq_work_sync(&a.work);
	expect_errors(test, &a, -EOPNOTSUPP, -EOPNOTSUPP, 0);
}

static void irqs_off_enters_irq(struct kunit *test)
{
	struct attempt a = {};
	unsigned long irqs;

	local_irq_save(irqs);
	attempt_all(&a);
	local_irq_restore(irqs);
	expect_errors(test, &a, -EOPNOTSUPP, -EOPNOTSUPP, 0);
}

static void atomic_context_does_not_enter_sleepable(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	int bh, preempt, spin;

	local_bh_disable();
	bh = run_text(states[KLUA_KIND_SLEEPABLE], "");
	local_bh_enable();
	spin_lock(&lock);
	spin = run_text(states[KLUA_KIND_SLEEPABLE], "");
	spin_unlock(&lock);
	preempt_disable();
	preempt = run_text(states[KLUA_KIND_SLEEPABLE], "");
	preempt_enable();
	KUNIT_EXPECT_EQ(test, bh, -EOPNOTSUPP);
	/* Without CONFIG_PREEMPT_COUNT this cannot be detected. */
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		KUNIT_EXPECT_EQ(test, preempt, -EOPNOTSUPP);
		KUNIT_EXPECT_EQ(test, spin, -EOPNOTSUPP);
	}
}

/* The context of a function that Lua calls in a state of a kind */
struct seen {
	bool bh_off;
	bool irqs_off;
	bool may_sleep;
};

static int see(lua_State *L)
{
	struct seen *seen = lua_touserdata(L, 1);

	seen->bh_off = in_softirq();
	seen->irqs_off = irqs_disabled();
	seen->may_sleep = !preempt_count() && !seen->irqs_off;
	return 0;
}

static void functions_see_the_context_of_the_kind(struct kunit *test)
{
	struct seen seen[__KLUA_KIND_MAX] = {};
	enum klua_kind kind;

	for_each_kind(kind)
		KUNIT_EXPECT_EQ(test, klua_state_call(states[kind], see,
						      &seen[kind]), 0);
	KUNIT_EXPECT_TRUE(test, seen[KLUA_KIND_ATOMIC].bh_off);
	KUNIT_EXPECT_FALSE(test, seen[KLUA_KIND_ATOMIC].irqs_off);
	KUNIT_EXPECT_TRUE(test, seen[KLUA_KIND_SLEEPABLE].may_sleep);
	KUNIT_EXPECT_TRUE(test, seen[KLUA_KIND_IRQ].irqs_off);
}

/* tests/guest/12-limits.sh looks at the defaults of the module's parameters. */
static void each_kind_has_its_defaults(struct kunit *test)
{
	struct klua_config config = {
		.name = "defaults",
		.kind = KLUA_KIND_IRQ,
		.maxalloc = SMALL,
	};
	struct klua_state *irq = klua_state_new(&config);

	KUNIT_ASSERT_TRUE(test, !IS_ERR(irq));
	KUNIT_EXPECT_EQ(test, irq->steps, 10000);
	KUNIT_EXPECT_TRUE(test, irq->reserved);
	klua_state_put(irq);
	KUNIT_EXPECT_FALSE(test, states[KLUA_KIND_ATOMIC]->reserved);
	KUNIT_EXPECT_EQ(test, states[KLUA_KIND_SLEEPABLE]->steps, 100000000);
	KUNIT_EXPECT_EQ(test, states[KLUA_KIND_SLEEPABLE]->time_ns,
			10 * NSEC_PER_SEC);
}

static void limits_end_each_kind(struct kunit *test)
{
	enum klua_kind kind;

	for_each_kind(kind) {
		struct klua_state *s = states[kind];

		KUNIT_EXPECT_EQ(test, klua_state_set_time(s, 50000), 0);
		KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, 500), 0);
		KUNIT_EXPECT_EQ_MSG(test, run_text(s, "while true do end"),
				    -ETIME, "%s", kind_names[kind]);
		KUNIT_EXPECT_EQ(test, klua_state_set_steps(s,
						KLUA_STEPS_UNLIMITED), 0);
		KUNIT_EXPECT_EQ(test, klua_state_set_time(s, 500), 0);
		KUNIT_EXPECT_EQ_MSG(test, run_text(s, "while true do end"),
				    -ETIMEDOUT, "%s", kind_names[kind]);
	}
}

static const struct {
	enum klua_kind kind;
	u64 us;
	int err;
} times[] = {
	{ KLUA_KIND_ATOMIC, 0, -EINVAL },
	{ KLUA_KIND_ATOMIC, 1, 0 },
	{ KLUA_KIND_ATOMIC, KLUA_TIME_MAX_US_ATOMIC, 0 },
	{ KLUA_KIND_ATOMIC, KLUA_TIME_MAX_US_ATOMIC + 1, -EINVAL },
	{ KLUA_KIND_ATOMIC, KLUA_TIME_UNLIMITED, -EINVAL },
	{ KLUA_KIND_SLEEPABLE, 0, -EINVAL },
	{ KLUA_KIND_SLEEPABLE, U64_MAX / 2, 0 },
	{ KLUA_KIND_SLEEPABLE, KLUA_TIME_UNLIMITED, 0 },
	{ KLUA_KIND_IRQ, 0, -EINVAL },
	{ KLUA_KIND_IRQ, KLUA_TIME_MAX_US_IRQ, 0 },
	{ KLUA_KIND_IRQ, KLUA_TIME_MAX_US_IRQ + 1, -EINVAL },
	{ KLUA_KIND_IRQ, KLUA_TIME_UNLIMITED, -EINVAL },
};

static void times_at_the_edges(struct kunit *test)
{
	struct klua_state *s;
	u64 was;
	int i;

	KUNIT_EXPECT_EQ(test, klua_state_set_time(NULL, 1), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		s = states[times[i].kind];
		was = s->time_ns;
		KUNIT_EXPECT_EQ_MSG(test, klua_state_set_time(s, times[i].us),
				    times[i].err, "%d", i);
		if (times[i].err)
			KUNIT_EXPECT_EQ_MSG(test, s->time_ns, was, "%d", i);
	}
}

/* The wait for an atomic state ends after the time of one entry. */
static void waiting_for_atomic_ends(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_ATOMIC];
	struct inside in;
	u64 began, took;
	int err;

	need_two_processors(test);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, 20000), 0);
	KUNIT_ASSERT_TRUE(test, inside_begin(&in, s, NULL, inside_lock));
	began = ktime_get_ns();
	err = run_text(s, "return 1");
	took = ktime_get_ns() - began;
	WRITE_ONCE(in.release, true);
	KUNIT_EXPECT_EQ(test, inside_end(&in), 0);
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_GE(test, took, 20 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
}

static void waiting_for_sleepable_is_killable(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];
	struct inside in, waiting;

	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_TIME_UNLIMITED), 0);
	KUNIT_ASSERT_TRUE(test, inside_begin(&in, s, NULL, inside_lock));
	memset(&waiting, 0, sizeof(waiting));
	waiting.s = s;
	waiting.text = "";
	init_completion(&waiting.begun);
	init_completion(&waiting.done);
	waiting.task = kthread_create(inside_run, &waiting, "waiting");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(waiting.task));
	get_task_struct(waiting.task);
	wake_up_process(waiting.task);
	wait_for_completion(&waiting.begun);
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&waiting.done,
							  HZ / 20), 0);
	send_sig(SIGKILL, waiting.task, 1);
	KUNIT_EXPECT_EQ(test, inside_end(&waiting), -EINTR);
	WRITE_ONCE(in.release, true);
	KUNIT_EXPECT_EQ(test, inside_end(&in), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
}

static void irq_is_not_waited_for(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_IRQ];
	unsigned long irqs;
	int err;

	local_irq_save(irqs);
	err = klua_state_lock(s);
	if (!err) {
		err = run_text(s, "return 1");
		klua_state_unlock(s);
	}
	local_irq_restore(irqs);
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
}

/* A task and a softirq on the processor where an endless run is */
struct observer {
	struct klua_state *s;
	struct tasklet_struct tasklet;
	struct completion softirq;
	struct completion done;
	u64 entry;
	int tasks;
	int softirqs;
};

static void observer_tasklet(struct tasklet_struct *t)
{
	struct observer *o = from_tasklet(o, t, tasklet);

	complete(&o->softirq);
}

static bool same_run(const struct observer *o)
{
	return READ_ONCE(o->s->limits.entry) == o->entry;
}

static int observe(void *data)
{
	struct observer *o = data;
	int i;

	for (i = 0; i < 10 && same_run(o); i++) {
		tasklet_schedule(&o->tasklet);
		if (wait_for_completion_timeout(&o->softirq, 10 * HZ))
			o->softirqs += same_run(o);
		usleep_range(100, 200);
		o->tasks += same_run(o);
	}
	kthread_complete_and_exit(&o->done, 0);
}

static int endless_here(void *data)
{
	struct inside *in = data;

	complete(&in->begun);
	in->err = run_text(in->s, "while true do end");
	kthread_complete_and_exit(&in->done, 0);
}

static struct task_struct *start_bound(int (*fn)(void *data), void *data)
{
	struct task_struct *task = kthread_create(fn, data, "bound");

	if (IS_ERR(task))
		return NULL;
	kthread_bind(task, cpumask_first(cpu_online_mask));
	get_task_struct(task);
	wake_up_process(task);
	return task;
}

static void sleepable_is_preempted(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];
	struct inside in = { .s = s };
	struct observer o = { .s = s };
	struct task_struct *task;

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, KLUA_STEPS_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, 20 * USEC_PER_SEC), 0);
	init_completion(&in.begun);
	init_completion(&in.done);
	init_completion(&o.softirq);
	init_completion(&o.done);
	tasklet_setup(&o.tasklet, observer_tasklet);
	in.task = start_bound(endless_here, &in);
	KUNIT_ASSERT_NOT_NULL(test, in.task);
	while (!(READ_ONCE(s->limits.entry) & 1))
		usleep_range(100, 200);
	o.entry = READ_ONCE(s->limits.entry);
	task = start_bound(observe, &o);
	if (task) {
		wait_for_completion(&o.done);
		put_task_struct(task);
	}
	KUNIT_EXPECT_EQ(test, klua_state_cancel("sleepable"), 0);
	KUNIT_EXPECT_EQ(test, inside_end(&in), -ECANCELED);
	tasklet_kill(&o.tasklet);
	KUNIT_EXPECT_EQ(test, o.tasks, 10);
	KUNIT_EXPECT_EQ(test, o.softirqs, 10);
}

static int sleep_a_while(lua_State *L)
{
	void *block = kmalloc(SZ_4K, GFP_KERNEL);

	msleep(20);
	lua_pushboolean(L, !!block);
	kfree(block);
	return 1;
}

static int open_sleep(lua_State *L)
{
	lua_register(L, "sleep", sleep_a_while);
	return 0;
}

static void functions_of_sleepable_sleep(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];

	KUNIT_EXPECT_EQ(test, klua_state_call(s, open_sleep, NULL), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "for i = 1, 5 do assert(sleep()) end\n"
				       "coroutine.wrap(sleep)()"), 0);
}

/* A timer that enters the irq state, on the processor that has started it */
struct prober {
	struct hrtimer timer;
	unsigned int entered;
	unsigned int busy;
	unsigned int others;
	bool stop;
};

static enum hrtimer_restart probe(struct hrtimer *timer)
{
	struct prober *p = container_of(timer, struct prober, timer);
	int err = run_text(states[KLUA_KIND_IRQ], "n = n + 1");

	WRITE_ONCE(p->entered, p->entered + !err);
	WRITE_ONCE(p->busy, p->busy + (err == -EBUSY));
	p->others += err && err != -EBUSY;
	if (READ_ONCE(p->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(500 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void prober_start(void *data)
{
	struct prober *p = data;

	hrtimer_start(&p->timer, ns_to_ktime(500 * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static struct prober prober;

/* Runs with interrupts off, and waits until the timer has come on another processor. */
static int await_probe(lua_State *L)
{
	unsigned int busy = READ_ONCE(prober.busy);
	u64 end = ktime_get_mono_fast_ns() + NSEC_PER_SEC;

	while (READ_ONCE(prober.busy) == busy &&
	       ktime_get_mono_fast_ns() < end)
		cpu_relax();
	return 0;
}

static void prober_init(void)
{
	memset(&prober, 0, sizeof(prober));
	hrtimer_setup(&prober.timer, probe, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void a_timer_finds_irq_busy(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_IRQ];
	char text[32];
	int other;

	need_two_processors(test);
	prober_init();
	KUNIT_EXPECT_EQ(test, run_text(s, "n = 0"), 0);
	get_cpu();
	other = cpumask_any_but(cpu_online_mask, smp_processor_id());
	smp_call_function_single(other, prober_start, &prober, 1);
	while (klua_state_call(s, await_probe, NULL) == -EBUSY)
		cpu_relax();
	put_cpu();
	while (!READ_ONCE(prober.entered))
		usleep_range(100, 200);
	WRITE_ONCE(prober.stop, true);
	hrtimer_cancel(&prober.timer);
	KUNIT_EXPECT_GT(test, prober.busy, 0);
	KUNIT_EXPECT_GT(test, prober.entered, 0);
	KUNIT_EXPECT_EQ(test, prober.others, 0);
	snprintf(text, sizeof(text), "assert(n == %u)", prober.entered);
	KUNIT_EXPECT_EQ(test, run_text(s, text), 0);
}

#ifdef CONFIG_KPROBES_ON_FTRACE
static struct {
	atomic_t entered;
	atomic_t busy;
	atomic_t others;
	struct task_struct *task;
} hits;

static int hit(struct kprobe *p, struct pt_regs *regs)
{
	int err = run_text(states[KLUA_KIND_IRQ],
			   "n = n + 1 local t = {} for i = 1, 20 do\n"
			   "t[i] = {('x'):rep(i)} end");

	if (!err)
		atomic_inc(&hits.entered);
	else if (err == -EBUSY)
		atomic_inc(&hits.busy);
	else
		atomic_inc(&hits.others);
	return 0;
}

/*
 * A kprobe inside the page allocator enters an irq state, which does not call that
 * allocator. The probe is at a function's beginning: elsewhere it would be a
 * breakpoint, which is like an NMI.
 */
static void a_probe_in_the_page_allocator_enters_irq(struct kunit *test)
{
	static const char * const names[] = {
		"__alloc_frozen_pages_noprof", "__alloc_pages_noprof",
		"__alloc_pages", "__alloc_pages_nodemask",
	};
	struct kprobe p = { .pre_handler = hit };
	int i, err = -ENOENT;
	char text[48];

	memset(&hits, 0, sizeof(hits));
	KUNIT_EXPECT_EQ(test, run_text(states[KLUA_KIND_IRQ], "n = 0"), 0);
	for (i = 0; i < ARRAY_SIZE(names) && err; i++) {
		p.symbol_name = names[i];
		p.addr = NULL;
		p.flags = 0;
		err = register_kprobe(&p);
	}
	KUNIT_ASSERT_EQ(test, err, 0);
	for (i = 0; i < 20; i++)
		free_page(__get_free_page(GFP_KERNEL));
	unregister_kprobe(&p);
	KUNIT_EXPECT_GE(test, atomic_read(&hits.entered) +
			atomic_read(&hits.busy), 20);
	KUNIT_EXPECT_GT(test, atomic_read(&hits.entered), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&hits.others), 0);
	snprintf(text, sizeof(text), "assert(n == %d)",
		 atomic_read(&hits.entered));
	KUNIT_EXPECT_EQ(test, run_text(states[KLUA_KIND_IRQ], text), 0);
}
#endif

/* A function cannot enter the state that it was called in, of whatever kind. */
static int enter_again(lua_State *L)
{
	int *err = lua_touserdata(L, 1);
	enum klua_kind kind = *err;

	*err = run_text(states[kind], "return 1");
	return 0;
}

static void entering_again_is_refused(struct kunit *test)
{
	static const int errors[] = { -EDEADLK, -EDEADLK, -EBUSY };
	enum klua_kind kind;
	int err;

	for_each_kind(kind) {
		err = kind;
		KUNIT_EXPECT_EQ(test, klua_state_call(states[kind], enter_again,
						      &err), 0);
		KUNIT_EXPECT_EQ_MSG(test, err, errors[kind], "%s",
				    kind_names[kind]);
		KUNIT_EXPECT_EQ(test, run_text(states[kind], "return 1"), 0);
	}
}

/*
 * Lock a state that is locked by the same context, in a function that Lua calls and
 * outside of one.
 */
static int lock_again(lua_State *L)
{
	int *err = lua_touserdata(L, 1);
	enum klua_kind kind = *err;

	*err = klua_state_lock(states[kind]);
	return 0;
}

static void locking_again_is_refused(struct kunit *test)
{
	static const int errors[] = { -EDEADLK, -EDEADLK, -EBUSY };
	enum klua_kind kind;
	int err;

	for_each_kind(kind) {
		err = kind;
		KUNIT_EXPECT_EQ(test, klua_state_call(states[kind], lock_again,
						      &err), 0);
		KUNIT_EXPECT_EQ_MSG(test, err, errors[kind], "%s",
				    kind_names[kind]);
		KUNIT_ASSERT_EQ(test, klua_state_lock(states[kind]), 0);
		err = klua_state_lock(states[kind]);
		klua_state_unlock(states[kind]);
		KUNIT_EXPECT_EQ_MSG(test, err, errors[kind], "%s",
				    kind_names[kind]);
		KUNIT_EXPECT_EQ(test, run_text(states[kind], "return 1"), 0);
	}
}

/* Entries from a state of one kind into a state of each kind */
struct nested {
	int err[__KLUA_KIND_MAX];
};

static int enter_all(lua_State *L)
{
	struct nested *nested = lua_touserdata(L, 1);
	enum klua_kind kind;

	for_each_kind(kind)
		nested->err[kind] = run_text(states[kind], "return 1");
	return 0;
}

static void kinds_enter_kinds(struct kunit *test)
{
	static const struct nested expected[] = {
		[KLUA_KIND_ATOMIC] = {{ -EDEADLK, -EOPNOTSUPP, 0 }},
		[KLUA_KIND_SLEEPABLE] = {{ 0, -EDEADLK, 0 }},
		[KLUA_KIND_IRQ] = {{ -EOPNOTSUPP, -EOPNOTSUPP, -EBUSY }},
	};
	struct nested nested;
	enum klua_kind from, into;

	for_each_kind(from) {
		KUNIT_EXPECT_EQ(test, klua_state_call(states[from], enter_all,
						      &nested), 0);
		for_each_kind(into)
			KUNIT_EXPECT_EQ_MSG(test, nested.err[into],
					    expected[from].err[into],
					    "%s into %s", kind_names[from],
					    kind_names[into]);
	}
}

/* The stack pointer where the entry began, and the lowest one in the nested entries */
static unsigned long stack_first, stack_lowest;
static struct klua_state *nested_state;
static int nested_err;

static int mark_stack(lua_State *L)
{
	stack_lowest = min(stack_lowest, current_stack_pointer);
	return 0;
}

#define DEEP \
	"local done\n" \
	"local function f(n)\n" \
	"	mark()\n" \
	"	if n > 0 then pcall(f, n - 1) end\n" \
	"	if not done then deepest() done = true end\n" \
	"end\n" \
	"f(%d)"

static int open_mark(lua_State *L)
{
	lua_register(L, "mark", mark_stack);
	lua_register(L, "deepest", mark_stack);
	return 0;
}

static int enter_nested(lua_State *L)
{
	char text[256];

	mark_stack(L);
	snprintf(text, sizeof(text), DEEP, 200);
	nested_err = run_text(nested_state, text);
	return 0;
}

static int open_outer(lua_State *L)
{
	lua_register(L, "mark", mark_stack);
	lua_register(L, "deepest", enter_nested);
	return 0;
}

/* The bytes of stack that an entry uses whose nested entry begins at @depth */
static long depth_of(struct klua_state *s, int depth)
{
	char text[256];

	snprintf(text, sizeof(text), DEEP, depth);
	stack_first = current_stack_pointer;
	stack_lowest = stack_first;
	run_text(s, text);
	return stack_first - stack_lowest;
}

/* Stack of the C function at the deepest point, and of its callers in the kernel */
#define SLACK	(THREAD_SIZE / 16)

/* A call of depth_of(), on the stack of a task or of interrupts */
struct dive {
	struct klua_state *s;
	int depth;
	long bytes;
	bool own_stack;
	struct completion done;
	struct tasklet_struct tasklet;
	struct irq_work work;
};

static void dive_here(struct dive *d)
{
	d->own_stack = current_stack_pointer -
		       (unsigned long)task_stack_page(current) < THREAD_SIZE;
	d->bytes = depth_of(d->s, d->depth);
	complete(&d->done);
}

static void dive_tasklet(struct tasklet_struct *t)
{
	struct dive *d = from_tasklet(d, t, tasklet);

	dive_here(d);
}

static void dive_work(struct irq_work *work)
{
	dive_here(container_of(work, struct dive, work));
}

static void dive_in_task(struct dive *d)
{
	dive_here(d);
}

/*
 * Scheduled with bottom halves off, the tasklet runs in local_bh_enable(), not in
 * ksoftirqd.
 */
static void dive_in_softirq(struct dive *d)
{
	tasklet_setup(&d->tasklet, dive_tasklet);
	local_bh_disable();
	tasklet_schedule(&d->tasklet);
	local_bh_enable();
	wait_for_completion(&d->done);
	tasklet_kill(&d->tasklet);
}

static void dive_in_hardirq(struct dive *d)
{
	d->work = IRQ_WORK_INIT_HARD(dive_work);
	irq_work_queue(&d->work);
	irq_work_sync(&d->work);
}

/* Set limits that a slow machine does not reach. */
static int unhurried(struct klua_state *s, enum klua_kind kind)
{
	return klua_state_set_time(s, kind == KLUA_KIND_IRQ ?
				   KLUA_TIME_MAX_US_IRQ :
				   KLUA_TIME_MAX_US_ATOMIC) ?:
	       klua_state_set_steps(s, 100000);
}

/* An entry and one nested in it together use no more than one share of that stack. */
static void expect_one_share(struct kunit *test, enum klua_kind kind,
			     void (*dive)(struct dive *d), bool own_stack)
{
	long most = KLUA_STACK_SHARE + KLUA_STACK_HANDLING + SLACK;
	struct dive d = { .s = states[kind] };

	nested_state = new_state("nested", kind);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(nested_state));
	KUNIT_EXPECT_EQ(test, klua_state_call(d.s, open_outer, NULL), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(nested_state, open_mark, NULL), 0);
	KUNIT_EXPECT_EQ(test, unhurried(d.s, kind), 0);
	KUNIT_EXPECT_EQ(test, unhurried(nested_state, kind), 0);
	for (d.depth = 0; d.depth < 200; d.depth += d.depth + 1) {
		init_completion(&d.done);
		dive(&d);
		KUNIT_EXPECT_LE(test, d.bytes, most);
		/* User-mode Linux takes signals on whichever stack lets them in. */
		if (!IS_ENABLED(CONFIG_UML))
			KUNIT_EXPECT_EQ(test, d.own_stack, own_stack);
		if (!d.depth)
			KUNIT_EXPECT_EQ(test, nested_err, 0);
	}
	/* If none of the share is left, the nested entry is refused. */
	KUNIT_EXPECT_EQ(test, nested_err, -EOVERFLOW);
	klua_state_put(nested_state);
}

static void nested_entries_share_the_stack(struct kunit *test)
{
	expect_one_share(test, KLUA_KIND_ATOMIC, dive_in_task, true);
}

/* On PREEMPT_RT softirqs run on the stacks of tasks. */
static void nested_softirq_entries_share_the_stack(struct kunit *test)
{
	expect_one_share(test, KLUA_KIND_ATOMIC, dive_in_softirq,
			 IS_ENABLED(CONFIG_PREEMPT_RT));
}

static void nested_hardirq_entries_share_the_stack(struct kunit *test)
{
	expect_one_share(test, KLUA_KIND_IRQ, dive_in_hardirq, false);
}

static int spin_nested(lua_State *L)
{
	nested_err = run_text(nested_state, "while true do end");
	return 0;
}

static void nested_entries_share_the_time(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_ATOMIC];

	nested_state = new_state("nested", KLUA_KIND_ATOMIC);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(nested_state));
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, 20000), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(nested_state,
						  KLUA_TIME_MAX_US_ATOMIC), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(nested_state,
						   KLUA_STEPS_UNLIMITED), 0);
	klua_state_call(s, spin_nested, NULL);
	KUNIT_EXPECT_EQ(test, nested_err, -ETIMEDOUT);
	KUNIT_EXPECT_LE(test, nested_state->limits.deadline,
			s->limits.deadline);
	klua_state_put(nested_state);
}

static long longest_slice;

static int note_slice(lua_State *L)
{
	struct klua_state *s = states[KLUA_KIND_ATOMIC];

	longest_slice = max(longest_slice, s->limits.budget.slice);
	return 0;
}

static int open_note(lua_State *L)
{
	lua_register(L, "note", note_slice);
	return 0;
}

/* Long slices are for entries that have time for them, however slow they are. */
static void looks_are_rare_far_from_the_limit(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];

	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_TIME_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, count_slices(s), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "assert(slice() < " SHORT_SLICE ")\n"
				       "assert(slice() > " SHORT_SLICE ")"), 0);

	s = states[KLUA_KIND_ATOMIC];
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_SLICE *
						  KLUA_STEP_MOST_NS / 1000), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(s, open_note, NULL), 0);
	longest_slice = 0;
	/* It may end by the limit. */
	run_text(s, "for i = 1, 1000 do note() end");
	KUNIT_EXPECT_EQ(test, longest_slice, KLUA_SLICE);
}

static int enter_empty(lua_State *L)
{
	nested_err = run_text(nested_state, "");
	return 0;
}

static int open_enter(lua_State *L)
{
	lua_register(L, "enter", enter_empty);
	return 0;
}

/* A nested entry takes time of the outer one's, but no steps. */
static void a_look_follows_a_nested_entry(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];
	enum klua_kind kind;

	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_TIME_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, count_slices(s), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(s, open_enter, NULL), 0);
	for_each_kind(kind) {
		nested_state = new_state("nested", kind);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(nested_state));
		KUNIT_EXPECT_EQ(test, run_text(s, "slice()\n"
					       "local before = left()\n"
					       "enter()\n"
					       "assert(left() == before)\n"
					       "assert(slice() < " SHORT_SLICE ")\n"
					       "assert(before - left() < 256 + 64)"),
				0);
		KUNIT_EXPECT_EQ(test, nested_err, 0);
		klua_state_put(nested_state);
		klua_state_destroy("nested");
	}
}

/* Two threads, each of which calls the other's state from its own */
#define DUELS	200

struct duellist {
	struct klua_state *own;
	struct klua_state *other;
	struct duellist *against;
	struct completion *go;
	struct completion done;
	bool calling;	/* set while the other's state is being called */
	unsigned int entered;
	unsigned int refused;	/* because the wait would have been a deadlock */
	unsigned int wrong;	/* with any other error */
};

static int call_other(lua_State *L)
{
	struct duellist *d = lua_touserdata(L, 1);
	int err;

	WRITE_ONCE(d->calling, true);
	err = run_text(d->other, "n = (n or 0) + 1");
	/*
	 * Refused, because the other thread waits for the state that we are in. So it
	 * cannot return before we do.
	 */
	if (err == -EBUSY && d->against && READ_ONCE(d->against->calling))
		d->refused++;
	else if (err)
		d->wrong++;
	else
		d->entered++;
	WRITE_ONCE(d->calling, false);
	return 0;
}

static int duel(void *data)
{
	struct duellist *d = data;
	int i;

	wait_for_completion(d->go);
	for (i = 0; i < DUELS; i++) {
		if (klua_state_call(d->own, call_other, d))
			d->wrong++;
		cond_resched();
	}
	kthread_complete_and_exit(&d->done, 0);
}

static int run_own(void *data)
{
	struct duellist *d = data;
	int i;

	wait_for_completion(d->go);
	for (i = 0; i < DUELS; i++) {
		if (run_text(d->own, "for i = 1, 500 do end"))
			d->wrong++;
		cond_resched();
	}
	kthread_complete_and_exit(&d->done, 0);
}

static struct klua_state *duel_state(struct kunit *test, const char *name,
				     enum klua_kind kind)
{
	struct klua_state *s = new_state(name, kind);

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_TIME_MAX_US_ATOMIC),
			0);
	return s;
}

static void run_duel(struct kunit *test, enum klua_kind kind,
		     int (*second)(void *data), struct duellist *d)
{
	struct completion go;
	int i;

	init_completion(&go);
	memset(d, 0, 2 * sizeof(*d));
	d[0].own = duel_state(test, "first", kind);
	d[1].own = duel_state(test, "second", kind);
	for (i = 0; i < 2; i++) {
		d[i].other = d[!i].own;
		d[i].against = second == duel ? &d[!i] : NULL;
		d[i].go = &go;
		init_completion(&d[i].done);
		if (IS_ERR(kthread_run(i ? second : duel, &d[i], "duel")))
			complete(&d[i].done);
	}
	complete_all(&go);
	for (i = 0; i < 2; i++)
		wait_for_completion(&d[i].done);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, d[i].wrong, 0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(d[i].own), 0);
	}
}

static struct duellist duellists[2];

static void only_endless_waits_are_refused(struct kunit *test)
{
	struct duellist *d = duellists;
	enum klua_kind kind;

	/* Nobody waits for an irq state. */
	for (kind = KLUA_KIND_ATOMIC; kind <= KLUA_KIND_SLEEPABLE; kind++) {
		run_duel(test, kind, duel, d);
		KUNIT_EXPECT_EQ(test, d[0].entered + d[0].refused, DUELS);
		KUNIT_EXPECT_EQ(test, d[1].entered + d[1].refused, DUELS);
		KUNIT_EXPECT_GT(test, d[0].entered + d[1].entered, 0);
	}
}

/* A thread of a ring: it has a state, and wants that of the next thread */
struct link {
	struct klua_state *own;
	struct klua_state *other;
	struct completion *go;
	struct completion begun;
	struct completion done;
	int err;
};

static void lock_next(struct link *l)
{
	complete(&l->begun);
	wait_for_completion(l->go);
	l->err = klua_state_lock(l->other);
	if (!l->err)
		klua_state_unlock(l->other);
}

static int lock_next_in_lua(lua_State *L)
{
	lock_next(lua_touserdata(L, 1));
	return 0;
}

static int link_in_lua(void *data)
{
	struct link *l = data;

	if (klua_state_call(l->own, lock_next_in_lua, l))
		l->err = -EIO;
	kthread_complete_and_exit(&l->done, 0);
}

static int link_locked(void *data)
{
	struct link *l = data;
	int err;

	/* It takes the locks of all sleepable states for one. */
	lockdep_off();
	err = klua_state_lock(l->own);
	lock_next(l);
	if (!err)
		klua_state_unlock(l->own);
	lockdep_on();
	kthread_complete_and_exit(&l->done, 0);
}

#define RING_MAX	3

/* Of @n threads, Lua runs in the states of the first @in_lua. */
static void run_ring(struct kunit *test, int n, int in_lua)
{
	static const char * const names[RING_MAX] = { "one", "two", "three" };
	struct link links[RING_MAX];
	unsigned int refused = 0;
	struct completion go;
	int i;

	init_completion(&go);
	for (i = 0; i < n; i++) {
		links[i].own = new_state(names[i], KLUA_KIND_SLEEPABLE);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(links[i].own));
		KUNIT_EXPECT_EQ(test, klua_state_set_time(links[i].own,
						KLUA_TIME_UNLIMITED), 0);
	}
	for (i = 0; i < n; i++) {
		links[i].other = links[(i + 1) % n].own;
		links[i].go = &go;
		links[i].err = -EIO;
		init_completion(&links[i].begun);
		init_completion(&links[i].done);
		KUNIT_ASSERT_TRUE(test,
				  !IS_ERR(kthread_run(i < in_lua ? link_in_lua :
						      link_locked, &links[i], "link")));
		wait_for_completion(&links[i].begun);
	}
	complete_all(&go);
	for (i = 0; i < n; i++) {
		wait_for_completion(&links[i].done);
		if (links[i].err == -EBUSY)
			refused++;
		else
			KUNIT_EXPECT_EQ(test, links[i].err, 0);
	}
	KUNIT_EXPECT_EQ(test, refused, 1);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, klua_state_retire(links[i].own), 0);
}

/* Each thread has a state before any of them wants the next one: the last is refused. */
static void one_of_a_ring_is_refused(struct kunit *test)
{
	int n, in_lua;

	for (n = 2; n <= RING_MAX; n++)
		for (in_lua = 0; in_lua <= n; in_lua++)
			run_ring(test, n, in_lua);
}

/* An entry into one state, that waits for another state */
struct waiter {
	struct klua_state *own;
	struct klua_state *other;
	struct completion begun;
	struct completion done;
	int err;
};

static int lock_other(lua_State *L)
{
	struct waiter *w = lua_touserdata(L, 1);

	complete(&w->begun);
	w->err = klua_state_lock(w->other);
	if (!w->err)
		klua_state_unlock(w->other);
	return 0;
}

static int wait_inside(void *data)
{
	struct waiter *w = data;

	klua_state_call(w->own, lock_other, w);
	kthread_complete_and_exit(&w->done, 0);
}

static void a_cancelled_entry_waits_no_more(struct kunit *test)
{
	struct waiter w = {
		.own = new_state("waiter", KLUA_KIND_SLEEPABLE),
		.other = new_state("held", KLUA_KIND_SLEEPABLE),
	};
	struct inside in;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(w.own) && !IS_ERR(w.other));
	init_completion(&w.begun);
	init_completion(&w.done);
	KUNIT_ASSERT_TRUE(test, inside_begin(&in, w.other, NULL, inside_lock));
	KUNIT_ASSERT_TRUE(test, !IS_ERR(kthread_run(wait_inside, &w, "wait")));
	wait_for_completion(&w.begun);
	KUNIT_EXPECT_EQ(test, klua_state_cancel("waiter"), 0);
	wait_for_completion(&w.done);
	KUNIT_EXPECT_EQ(test, w.err, -ECANCELED);
	WRITE_ONCE(in.release, true);
	KUNIT_EXPECT_EQ(test, inside_end(&in), 0);
	klua_state_put(w.own);
	klua_state_put(w.other);
}

static int open_spin(lua_State *L)
{
	lua_register(L, "spin", spin_nested);
	return 0;
}

/* A cancelled entry ends although a function that it calls is in another state. */
static void a_cancel_ends_nested_entries(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];
	struct inside in;

	nested_state = new_state("nested", KLUA_KIND_SLEEPABLE);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(nested_state));
	KUNIT_EXPECT_EQ(test, klua_state_call(s, open_spin, NULL), 0);
	nested_err = 0;
	KUNIT_ASSERT_TRUE(test, inside_begin(&in, s, "spin() while true do end",
					     inside_run));
	while (!(READ_ONCE(nested_state->limits.entry) & 1) &&
	       !completion_done(&in.done))
		usleep_range(100, 200);
	KUNIT_EXPECT_EQ(test, klua_state_cancel("sleepable"), 0);
	KUNIT_EXPECT_EQ(test, inside_end(&in), -ECANCELED);
	KUNIT_EXPECT_EQ(test, nested_err, -ECANCELED);
	/* That was for one entry, and the other state has not been cancelled. */
	KUNIT_EXPECT_EQ(test, run_text(nested_state, "for i = 1, 5000 do end"), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "for i = 1, 5000 do end"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_retire(nested_state), 0);
}

static void a_state_in_use_is_waited_for(struct kunit *test)
{
	enum klua_kind kind;

	for (kind = KLUA_KIND_ATOMIC; kind <= KLUA_KIND_SLEEPABLE; kind++) {
		run_duel(test, kind, run_own, duellists);
		KUNIT_EXPECT_EQ(test, duellists[0].entered, DUELS);
		KUNIT_EXPECT_EQ(test, duellists[0].refused, 0);
	}
}

static int cancel_self(lua_State *L)
{
	int *err = lua_touserdata(L, 1);

	*err = klua_state_cancel("atomic");
	return 0;
}

/* A cancel that comes too late for its entry does not end the next one. */
static void a_late_cancel_hits_nobody(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_ATOMIC];
	int err = 1;

	KUNIT_EXPECT_EQ(test, klua_state_call(s, cancel_self, &err), 0);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "for i = 1, 20000 do end"), 0);
}

/* A thread whose entries are cancelled, and the numbers of those that were */
#define ENTRIES		500

struct victim {
	struct klua_state *s;
	struct completion done;
	u64 cancelled[ENTRIES];
	unsigned int count;
	unsigned int wrong;
};

/*
 * No other task enters the state, so the cancelled entry is the one before the current
 * number.
 */
static int be_cancelled(void *data)
{
	struct victim *v = data;
	int i, err;

	for (i = 0; i < ENTRIES; i++) {
		err = run_text(v->s, "for i = 1, 1500 do end");
		if (err == -ECANCELED)
			v->cancelled[v->count++] =
				READ_ONCE(v->s->limits.entry) - 1;
		else if (err)
			v->wrong++;
		cond_resched();
	}
	kthread_complete_and_exit(&v->done, 0);
}

/*
 * Is @entry in one of the ranges of numbers that were read before and after a cancel?
 */
static bool is_among(const u64 (*ranges)[2], unsigned int count, u64 entry)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (entry >= ranges[i][0] && entry <= ranges[i][1])
			return true;
	return false;
}

static void cancel_hits_the_entry_that_it_finds(struct kunit *test)
{
	static u64 ranges[4 * ENTRIES][2];
	static struct victim v;
	unsigned int i, n = 0;

	memset(&v, 0, sizeof(v));
	v.s = states[KLUA_KIND_ATOMIC];
	init_completion(&v.done);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(kthread_run(be_cancelled, &v, "victim")));
	while (n < ARRAY_SIZE(ranges) && !completion_done(&v.done)) {
		ranges[n][0] = READ_ONCE(v.s->limits.entry);
		if (!klua_state_cancel("atomic"))
			ranges[n++][1] = READ_ONCE(v.s->limits.entry);
		usleep_range(20, 100);
	}
	wait_for_completion(&v.done);
	KUNIT_EXPECT_EQ(test, v.wrong, 0);
	for (i = 0; i < v.count; i++)
		KUNIT_EXPECT_TRUE(test, is_among(ranges, n, v.cancelled[i]));
}

static void a_fatal_signal_ends_a_sleepable_run(struct kunit *test)
{
	struct klua_state *s = states[KLUA_KIND_SLEEPABLE];
	struct inside in;

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, KLUA_STEPS_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_TIME_UNLIMITED), 0);
	KUNIT_ASSERT_TRUE(test, inside_begin(&in, s, "while true do\n"
					     "pcall(function()\n"
					     "while true do end end) end",
					     inside_run));
	send_sig(SIGKILL, in.task, 1);
	KUNIT_EXPECT_EQ(test, inside_end(&in), -EINTR);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
}

static int stop_self(lua_State *L)
{
	struct klua_state *s = lua_touserdata(L, lua_upvalueindex(1));

	lua_pushinteger(L, klua_state_set_stopped(s, true));
	return 1;
}

static int open_stop(lua_State *L)
{
	lua_pushvalue(L, 1);
	lua_pushcclosure(L, stop_self, 1);
	lua_setglobal(L, "stop");
	return 0;
}

static void stopped_states_let_nobody_in(struct kunit *test)
{
	enum klua_kind kind;

	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(NULL, true), -EINVAL);
	for_each_kind(kind) {
		struct klua_state *s = states[kind];

		KUNIT_EXPECT_EQ(test, klua_state_set_steps(s,
						KLUA_STEPS_UNLIMITED), 0);
		KUNIT_EXPECT_EQ(test, klua_state_call(s, open_stop, s), 0);
		KUNIT_EXPECT_EQ_MSG(test, run_text(s, "assert(stop() == 0)\n"
						   "while true do end"),
				    -ECANCELED, "%s", kind_names[kind]);
		KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), -ESHUTDOWN);
		KUNIT_EXPECT_EQ(test, klua_state_lock(s), -ESHUTDOWN);
		KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, true), 0);
		KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, false), 0);
		KUNIT_EXPECT_EQ(test, run_text(s, "for i = 1, 5000 do end"), 0);
	}
}

static int nap(lua_State *L)
{
	usleep_range(1000, 2000);
	return 0;
}

/*
 * Any state can require the library, but only in a sleepable one its functions sleep.
 */
static void functions_sleep_where_they_may(struct kunit *test)
{
	static const luaL_Reg functions[] = { { "nap", nap }, {} };
	static struct klua_lib lib = {
		.name = "klua_kinds_nap", .functions = functions, .sleeps = true,
	};
	static const char text[] = "require('klua_kinds_nap').nap()";
	struct klua_state *s;
	enum klua_kind kind;
	int err;

	KUNIT_ASSERT_EQ(test, klua_lib_register(&lib), 0);
	for_each_kind(kind) {
		s = new_state("nap", kind);
		KUNIT_EXPECT_FALSE(test, IS_ERR(s));
		if (IS_ERR(s))
			continue;
		err = run_text(s, text);
		KUNIT_EXPECT_EQ_MSG(test, err, kind == KLUA_KIND_SLEEPABLE ?
				    0 : -EREMOTEIO, "%s", kind_names[kind]);
		if (err)
			KUNIT_EXPECT_NOT_NULL(test, strstr(s->errmsg, "sleeps"));
		klua_state_retire(s);
	}
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
}

static struct kunit_case kinds_cases[] = {
	KUNIT_CASE(functions_sleep_where_they_may),
	KUNIT_CASE(process_context_enters_all),
	KUNIT_CASE(softirq_enters_atomic_and_irq),
	KUNIT_CASE(hardirq_enters_irq),
	KUNIT_CASE(irqs_off_enters_irq),
	KUNIT_CASE(atomic_context_does_not_enter_sleepable),
	KUNIT_CASE(functions_see_the_context_of_the_kind),
	KUNIT_CASE(each_kind_has_its_defaults),
	KUNIT_CASE(limits_end_each_kind),
	KUNIT_CASE(times_at_the_edges),
	KUNIT_CASE(waiting_for_atomic_ends),
	KUNIT_CASE(waiting_for_sleepable_is_killable),
	KUNIT_CASE(irq_is_not_waited_for),
	KUNIT_CASE(sleepable_is_preempted),
	KUNIT_CASE(functions_of_sleepable_sleep),
	KUNIT_CASE(a_timer_finds_irq_busy),
#ifdef CONFIG_KPROBES_ON_FTRACE
	KUNIT_CASE(a_probe_in_the_page_allocator_enters_irq),
#endif
	KUNIT_CASE(entering_again_is_refused),
	KUNIT_CASE(locking_again_is_refused),
	KUNIT_CASE(kinds_enter_kinds),
	KUNIT_CASE(nested_entries_share_the_stack),
	KUNIT_CASE(nested_softirq_entries_share_the_stack),
	KUNIT_CASE(nested_hardirq_entries_share_the_stack),
	KUNIT_CASE(nested_entries_share_the_time),
	KUNIT_CASE(looks_are_rare_far_from_the_limit),
	KUNIT_CASE(a_look_follows_a_nested_entry),
	KUNIT_CASE(only_endless_waits_are_refused),
	KUNIT_CASE(one_of_a_ring_is_refused),
	KUNIT_CASE(a_cancelled_entry_waits_no_more),
	KUNIT_CASE(a_cancel_ends_nested_entries),
	KUNIT_CASE(a_state_in_use_is_waited_for),
	KUNIT_CASE(a_late_cancel_hits_nobody),
	KUNIT_CASE(cancel_hits_the_entry_that_it_finds),
	KUNIT_CASE(a_fatal_signal_ends_a_sleepable_run),
	KUNIT_CASE(stopped_states_let_nobody_in),
	{}
};

static struct kunit_suite kinds_suite = {
	.name = "klua_kinds",
	.init = init_states,
	.exit = exit_states,
	.test_cases = kinds_cases,
};

kunit_test_suite(kinds_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's three kinds of states");

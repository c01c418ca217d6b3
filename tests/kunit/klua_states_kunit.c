// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states manager: every promise of states.c, one property a case.
 *
 * The cases that begin with fault_ are for faults that an earlier manager with the
 * same interface had. Without the code that prevents the fault these cases fail every
 * time, or nearly; races that need luck are left to klua_torture.ko.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "common.h"

#define NAME		"kunit"
#define LONGEST		(KLUA_NAME_MAXSIZE - 1)

/* Names that harm a careless printk() or terminal */
static const char * const hostile[] = {
	"%s%n%p%pE",
	"a\nklua:   forged: curralloc 0",
	"a\r\nb",
	"\033[2J\033]0;title\007",
	"\001\002\177",
	"\377\376\200",
	"'\\\"",
};

static void exit_states(struct kunit *test)
{
	klua_state_destroy_all();
}

/* Create the state NAME. If that fails, the case ends. */
static struct klua_state *create(struct kunit *test)
{
	struct klua_state *s = klua_state_create(SMALL, NAME);

	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

/* Create the state NAME and hold it. */
static struct klua_state *create_held(struct kunit *test)
{
	struct klua_state *s;

	create(test);
	s = klua_state_find(NAME);
	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

/* A name without a NUL, and nothing mapped behind it */
static char *unterminated(struct kunit *test, void **page)
{
	*page = vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, *page);
	memset(*page, 'x', PAGE_SIZE);
	return *page + PAGE_SIZE - KLUA_NAME_MAXSIZE;
}

static void create_opens_libraries(struct kunit *test)
{
	struct klua_state *s = create(test);

	KUNIT_EXPECT_EQ(test, run_text(s, "return math.abs(-1), ('x'):rep(2),\n"
				       "table.concat{}, coroutine.running(),\n"
				       "utf8.char(1), pcall(error)"), 0);
}

static void create_fills_the_struct(struct kunit *test)
{
	struct klua_state *s = create(test);

	KUNIT_EXPECT_STREQ(test, (char *)s->name, NAME);
	KUNIT_EXPECT_NOT_NULL(test, s->L);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
	KUNIT_EXPECT_EQ(test, s->maxalloc, SMALL);
	KUNIT_EXPECT_GT(test, s->curralloc, 0);
	KUNIT_EXPECT_LE(test, s->curralloc, s->maxalloc);
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
}

/* Creating the state fails, with one line in the log that says why. */
static void refused(struct kunit *test, size_t maxalloc, const char *name,
		    const char *why)
{
	struct kmsg_dump_iter log;

	log_begin(&log);
	KUNIT_EXPECT_NULL(test, klua_state_create(maxalloc, name));
	KUNIT_EXPECT_EQ_MSG(test, log_count(&log, LOG_ERR, why), 1, "%s", why);
	KUNIT_EXPECT_EQ_MSG(test, log_count(&log, "<", ""), 1, "%s", why);
}

static void create_refuses_bad_names(struct kunit *test)
{
	char name[KLUA_NAME_MAXSIZE + 1];

	memset(name, 'x', KLUA_NAME_MAXSIZE);
	name[KLUA_NAME_MAXSIZE] = '\0';
	refused(test, SMALL, NULL, "the name is NULL");
	refused(test, SMALL, "", "the name is empty");
	refused(test, SMALL, name, "the name is too long");
}

/* FAULT: a name without its NUL. Nothing behind KLUA_NAME_MAXSIZE bytes is read. */
static void fault_name_without_nul(struct kunit *test)
{
	void *page;
	char *name = unterminated(test, &page);

	refused(test, SMALL, name, "the name is too long");
	KUNIT_EXPECT_NULL(test, klua_state_lookup(name));
	KUNIT_EXPECT_NULL(test, klua_state_find(name));
	KUNIT_EXPECT_EQ(test, klua_state_destroy(name), -1);
	KUNIT_EXPECT_EQ(test, klua_state_cancel(name), -ENOENT);
	vfree(page);
}

/* FAULT: a name without its NUL. The longest one has it in the struct, too. */
static void fault_longest_name_without_nul(struct kunit *test)
{
	char name[KLUA_NAME_MAXSIZE] = {};
	struct klua_state *s;

	memset(name, 'x', LONGEST);
	s = klua_state_create(SMALL, name);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, s->name[LONGEST], 0);
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(name), s);
	name[LONGEST - 1] = '\0';
	KUNIT_EXPECT_NULL(test, klua_state_lookup(name));
}

static void create_refuses_small_maxalloc(struct kunit *test)
{
	static const char why[] = "too little memory: a state has at least 16384";

	refused(test, 0, NAME, why);
	refused(test, 1, NAME, why);
	refused(test, KLUA_MIN_ALLOC - 1, NAME, why);
}

static void create_takes_any_large_maxalloc(struct kunit *test)
{
	KUNIT_EXPECT_NOT_NULL(test, klua_state_create(SIZE_MAX, NAME));
}

/* A state of each kind fits, with its libraries open, and these have room to grow. */
static void the_least_maxalloc_is_enough(struct kunit *test)
{
	struct klua_config config = {
		.name = NAME,
		.maxalloc = KLUA_MIN_ALLOC,
	};
	struct klua_state *s;

	for (config.kind = 0; config.kind < __KLUA_KIND_MAX; config.kind++) {
		s = klua_state_new(&config);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_EXPECT_LE(test, s->peakalloc, KLUA_MIN_ALLOC - 1024);
		klua_state_put(s);
		KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	}
}

static void create_refuses_a_taken_name(struct kunit *test)
{
	struct klua_state *s = create(test);

	refused(test, SMALL, NAME, "the name is taken");
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
}

#define RACERS		4
#define RACES		25

struct race {
	struct completion go;
	struct completion done;
	atomic_t won;
};

static int racer(void *data)
{
	struct race *race = data;

	wait_for_completion(&race->go);
	if (klua_state_create(SMALL, NAME))
		atomic_inc(&race->won);
	kthread_complete_and_exit(&race->done, 0);
}

/* FAULT: duplicate names from a race of lookup and insert. */
static void fault_duplicate_names(struct kunit *test)
{
	struct race race;
	int i, j;

	for (i = 0; i < RACES; i++) {
		init_completion(&race.go);
		init_completion(&race.done);
		atomic_set(&race.won, 0);
		for (j = 0; j < RACERS; j++)
			if (IS_ERR(kthread_run(racer, &race, "racer")))
				complete(&race.done);
		complete_all(&race.go);
		for (j = 0; j < RACERS; j++)
			wait_for_completion(&race.done);
		KUNIT_EXPECT_EQ(test, atomic_read(&race.won), 1);
		KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
		KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), -1);
	}
}

static void names_are_compared_whole(struct kunit *test)
{
	static const char * const names[] = { "a", "ab", "abc", "abd", "A" };
	struct klua_state *s[ARRAY_SIZE(names)];
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		s[i] = klua_state_create(SMALL, names[i]);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_NOT_NULL(test, s[i]);
		KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(names[i]), s[i]);
	}
	KUNIT_EXPECT_NULL(test, klua_state_lookup("abcd"));
	KUNIT_EXPECT_NULL(test, klua_state_lookup("b"));
}

static void bad_names_are_nobodys(struct kunit *test)
{
	static const char * const names[] = { NULL, "", "absent" };
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_NULL(test, klua_state_lookup(names[i]));
		KUNIT_EXPECT_NULL(test, klua_state_find(names[i]));
		KUNIT_EXPECT_EQ(test, klua_state_destroy(names[i]), -1);
		KUNIT_EXPECT_EQ(test, klua_state_cancel(names[i]), -ENOENT);
	}
}

static void null_states_are_nobodys(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, klua_state_get(NULL));
	klua_state_put(NULL);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(NULL, SMALL), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_call(NULL, watch_open, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, __klua_state_call(NULL, watch_open, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_run(NULL, "", 0, NULL, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, __klua_state_run(NULL, "", 0, NULL, NULL),
			-EINVAL);
}

static void hostile_names_are_data(struct kunit *test)
{
	struct kmsg_dump_iter log;
	int i;

	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		log_begin(&log);
		KUNIT_EXPECT_NOT_NULL(test,
				      klua_state_create(SMALL, hostile[i]));
		KUNIT_EXPECT_NULL(test, klua_state_create(SMALL, hostile[i]));
		KUNIT_EXPECT_NOT_NULL(test, klua_state_lookup(hostile[i]));
		KUNIT_EXPECT_EQ(test, log_count(&log, "<", ""), 1);
		KUNIT_EXPECT_EQ(test, log_count(&log, "<", "\033"), 0);
	}
	log_begin(&log);
	klua_state_list();
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, ""),
			ARRAY_SIZE(hostile) + 2);
	KUNIT_EXPECT_EQ(test, log_count(&log, "<", "\033"), 0);
	KUNIT_EXPECT_EQ(test, log_count(&log, "<", "] klua:   forged"), 0);
	for (i = 0; i < ARRAY_SIZE(hostile); i++)
		KUNIT_EXPECT_EQ(test, klua_state_destroy(hostile[i]), 0);
}

static void lookup_takes_no_reference(struct kunit *test)
{
	struct klua_state *s = create(test);

	klua_state_lookup(NAME);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
}

static void find_takes_a_reference(struct kunit *test)
{
	struct klua_state *s = create(test);

	KUNIT_EXPECT_PTR_EQ(test, klua_state_find(NAME), s);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 2);
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
}

static void get_and_put_count(struct kunit *test)
{
	struct klua_state *s = create(test);

	KUNIT_EXPECT_TRUE(test, klua_state_get(s));
	KUNIT_EXPECT_TRUE(test, klua_state_get(s));
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 3);
	klua_state_put(s);
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
}

static void destroy_ends_a_state(struct kunit *test)
{
	struct klua_state *s = create(test);
	struct watch w;

	KUNIT_ASSERT_EQ(test, watch_state(s, &w), 0);
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	KUNIT_EXPECT_NULL(test, klua_state_find(NAME));
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), -1);
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
}

static void destroy_gives_the_name_back(struct kunit *test)
{
	create(test);
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	KUNIT_EXPECT_NOT_NULL(test, klua_state_create(SMALL, NAME));
}

static void destroy_changes_nothing_when_held(struct kunit *test)
{
	struct klua_state *s = create_held(test);

	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), -1);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 2);
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
	KUNIT_EXPECT_EQ(test, run_text(s, "x = 1"), 0);
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
}

/* FAULT: a refcount raised from zero. */
static void fault_refcount_from_zero(struct kunit *test)
{
	struct klua_state *s;

	create(test);
	rcu_read_lock();
	s = klua_state_lookup(NAME);
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	KUNIT_EXPECT_FALSE(test, klua_state_get(s));
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, ""), -ESHUTDOWN);
	rcu_read_unlock();
}

/* FAULT: kfree() where a grace period is needed. */
static void fault_free_without_grace_period(struct kunit *test)
{
	struct klua_state *s = create(test);
	struct watch w;

	KUNIT_ASSERT_EQ(test, watch_state(s, &w), 0);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	mdelay(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&w.closed));
	KUNIT_EXPECT_STREQ(test, (char *)s->name, NAME);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
}

struct churn {
	struct completion done;
	bool stop;
};

static int churner(void *data)
{
	struct churn *churn = data;

	while (!READ_ONCE(churn->stop)) {
		klua_state_create(SMALL, NAME);
		/* Whoever holds the state may need this processor to give it back. */
		while (!READ_ONCE(churn->stop) && klua_state_destroy(NAME))
			cond_resched();
		cond_resched();
	}
	kthread_complete_and_exit(&churn->done, 0);
}

#define CHURN_TIME	(HZ / 2)

static void start_churn(struct kunit *test, struct churn *churn)
{
	struct task_struct *task;

	init_completion(&churn->done);
	churn->stop = false;
	task = kthread_run(churner, churn, "churn");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(task));
}

static void stop_churn(struct churn *churn)
{
	WRITE_ONCE(churn->stop, true);
	wait_for_completion(&churn->done);
}

/*
 * FAULT: a table walk outside RCU that returns a pointer without a hold. The state that
 * klua_state_find() returns can be used for as long as the caller likes.
 */
static void fault_walk_without_rcu(struct kunit *test)
{
	unsigned long end = jiffies + CHURN_TIME;
	struct klua_state *s;
	struct churn churn;

	start_churn(test, &churn);
	while (time_before(jiffies, end)) {
		cond_resched();
		s = klua_state_find(NAME);
		if (!s)
			continue;
		KUNIT_EXPECT_EQ(test, run_text(s, "x = (x or 0) + 1"), 0);
		KUNIT_EXPECT_STREQ(test, (char *)s->name, NAME);
		klua_state_put(s);
	}
	stop_churn(&churn);
}

/*
 * FAULT: check-then-act destroy. A state is destroyed only if nobody holds it: while it
 * is held, however briefly, it stays in the table.
 */
static void fault_check_then_act(struct kunit *test)
{
	unsigned long end = jiffies + CHURN_TIME;
	struct klua_state *s;
	struct churn churn;

	start_churn(test, &churn);
	while (time_before(jiffies, end)) {
		cond_resched();
		s = klua_state_find(NAME);
		if (!s)
			continue;
		usleep_range(20, 40);
		KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
		KUNIT_EXPECT_GE(test, refcount_read(&s->users), 2);
		klua_state_put(s);
	}
	stop_churn(&churn);
}

static void destroy_all_spares_nobody(struct kunit *test)
{
	char name[] = "all0";
	struct watch w[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(w); i++) {
		struct klua_state *s;

		name[3] = '0' + i;
		s = klua_state_create(SMALL, name);
		KUNIT_ASSERT_NOT_NULL(test, s);
		KUNIT_ASSERT_EQ(test, watch_state(s, &w[i]), 0);
	}
	klua_state_destroy_all();
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		name[3] = '0' + i;
		KUNIT_EXPECT_NULL(test, klua_state_lookup(name));
		KUNIT_EXPECT_TRUE(test, watch_closed(&w[i]));
	}
}

static void destroy_all_leaves_holders_theirs(struct kunit *test)
{
	struct klua_state *s = create_held(test);
	struct klua_state *other;
	struct watch w;

	KUNIT_ASSERT_EQ(test, watch_state(s, &w), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "x = 'kept'"), 0);
	klua_state_destroy_all();
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	other = klua_state_create(SMALL, NAME);
	KUNIT_EXPECT_NOT_NULL(test, other);
	KUNIT_EXPECT_FALSE(test, completion_done(&w.closed));
	KUNIT_EXPECT_TRUE(test, klua_state_get(s));
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, run_text(s, "assert(x == 'kept')"), 0);
	klua_state_put(s);
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), other);
}

/*
 * FAULT: a final put under a lock that lives in the freed object, so that unlocking
 * writes to freed memory.
 */
static void fault_final_put_under_own_lock(struct kunit *test)
{
	struct klua_state *s = create_held(test);
	struct watch w;

	KUNIT_ASSERT_EQ(test, watch_state(s, &w), 0);
	klua_state_destroy_all();
	KUNIT_ASSERT_EQ(test, klua_state_lock(s), 0);
	klua_state_put(s);
	mdelay(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&w.closed));
	klua_state_unlock(s);
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
	KUNIT_EXPECT_TRUE(test, w.may_sleep);
}

struct softirq_put {
	struct tasklet_struct tasklet;
	struct klua_state *s;
};

static void put_in_softirq(struct tasklet_struct *t)
{
	struct softirq_put *put = from_tasklet(put, t, tasklet);

	klua_state_put(put->s);
}

/*
 * FAULT: lua_close() under spinlocks. In whatever context the last put is, the state's
 * finalizers run where one may sleep, without a lock.
 */
static void fault_lua_close_under_spinlocks(struct kunit *test)
{
	struct softirq_put put = { .s = create_held(test) };
	struct watch w;

	KUNIT_ASSERT_EQ(test, watch_state(put.s, &w), 0);
	klua_state_destroy_all();
	tasklet_setup(&put.tasklet, put_in_softirq);
	tasklet_schedule(&put.tasklet);
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
	KUNIT_EXPECT_TRUE(test, w.may_sleep);
	tasklet_kill(&put.tasklet);
}

static void end_in_hardirq(struct irq_work *work)
{
	struct klua_state *s = klua_state_find(NAME);

	klua_state_put(s);
	klua_state_put(s);
	WARN_ON(klua_state_destroy(NAME));
}

/* In a hard interrupt all calls but entries into the state work. */
static void destroy_in_hardirq(struct kunit *test)
{
	struct klua_state *s = create_held(test);
	struct irq_work work;
	struct watch w;

	KUNIT_ASSERT_EQ(test, watch_state(s, &w), 0);
	init_irq_work(&work, end_in_hardirq);
	irq_work_queue(&work);
	irq_work_sync(&work);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
	KUNIT_EXPECT_TRUE(test, w.may_sleep);
}

static void list_shows_each_state(struct kunit *test)
{
	struct kmsg_dump_iter log;
	struct klua_state *s;
	char line[160];

	s = create_held(test);
	klua_state_create(SMALL, "other");
	log_begin(&log);
	klua_state_list();
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, ""), 4);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, "klua: states"), 1);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, "total: 2 states"), 1);
	snprintf(line, sizeof(line), NAME ": atomic, curralloc %zu, maxalloc %d,",
		 s->curralloc, SMALL);
	KUNIT_EXPECT_EQ_MSG(test, log_count(&log, LOG_INFO, line), 1, "%s",
			    line);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, "users 2"), 1);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, "users 1"), 1);
	klua_state_put(s);
}

static void list_of_none(struct kunit *test)
{
	struct kmsg_dump_iter log;

	log_begin(&log);
	klua_state_list();
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, ""), 2);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_INFO, "total: 0 states"), 1);
}

static struct kunit_case states_cases[] = {
	KUNIT_CASE(create_opens_libraries),
	KUNIT_CASE(create_fills_the_struct),
	KUNIT_CASE(create_refuses_bad_names),
	KUNIT_CASE(create_refuses_small_maxalloc),
	KUNIT_CASE(create_takes_any_large_maxalloc),
	KUNIT_CASE(create_refuses_a_taken_name),
	KUNIT_CASE(fault_name_without_nul),
	KUNIT_CASE(fault_longest_name_without_nul),
	KUNIT_CASE(the_least_maxalloc_is_enough),
	KUNIT_CASE(fault_duplicate_names),
	KUNIT_CASE(names_are_compared_whole),
	KUNIT_CASE(bad_names_are_nobodys),
	KUNIT_CASE(null_states_are_nobodys),
	KUNIT_CASE(hostile_names_are_data),
	KUNIT_CASE(lookup_takes_no_reference),
	KUNIT_CASE(find_takes_a_reference),
	KUNIT_CASE(get_and_put_count),
	KUNIT_CASE(destroy_ends_a_state),
	KUNIT_CASE(destroy_gives_the_name_back),
	KUNIT_CASE(destroy_changes_nothing_when_held),
	KUNIT_CASE(fault_refcount_from_zero),
	KUNIT_CASE(fault_free_without_grace_period),
	KUNIT_CASE(fault_walk_without_rcu),
	KUNIT_CASE(fault_check_then_act),
	KUNIT_CASE(destroy_all_spares_nobody),
	KUNIT_CASE(destroy_all_leaves_holders_theirs),
	KUNIT_CASE(fault_final_put_under_own_lock),
	KUNIT_CASE(fault_lua_close_under_spinlocks),
	KUNIT_CASE(destroy_in_hardirq),
	KUNIT_CASE(list_shows_each_state),
	KUNIT_CASE(list_of_none),
	{}
};

static struct kunit_suite states_suite = {
	.name = "klua_states",
	.exit = exit_states,
	.test_cases = states_cases,
};

kunit_test_suite(states_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's states manager");

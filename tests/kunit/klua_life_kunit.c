// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of states: how they are built, replaced and retired, and what listeners are
 * told.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kprobes.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kinds.h"

static void exit_states(struct kunit *test)
{
	klua_state_destroy_all();
}

static char message[1024];

#define CONFIG(...) { \
	.name = NAME, \
	.maxalloc = SMALL, \
	.error = message, \
	.error_size = sizeof(message), \
	__VA_ARGS__ \
}

/*
 * Make the state NAME with one chunk. An atomic state gets the longest time limit, so
 * that its entries are not late when the machine is busy.
 */
static struct klua_state *build(enum klua_kind kind, const char *text,
				bool replace)
{
	struct klua_chunk chunk = {
		.text = text, .len = strlen(text), .name = "=chunk"
	};
	struct klua_config config = CONFIG(
		.kind = kind,
		.time_us = kind == KLUA_KIND_ATOMIC ? KLUA_TIME_MAX_US_ATOMIC : 0,
		.chunks = &chunk,
		.nchunks = 1,
		.replace = replace,
	);

	return klua_state_new(&config);
}

static void new_returns_it_held(struct kunit *test)
{
	struct klua_state *s;
	enum klua_kind kind;

	for_each_kind(kind) {
		s = build(kind, "x = 1", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_EXPECT_STREQ(test, message, "");
		KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 2);
		KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
		KUNIT_EXPECT_TRUE(test, s->kind == kind);
		KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), -1);
		klua_state_put(s);
		KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	}
}

/* Calls of a function while a state is built, and those that found something wrong */
struct seen {
	unsigned int calls;
	unsigned int bad;
};

static struct seen *building;

static int see(lua_State *L)
{
	building->calls++;
	building->bad += !in_task() || irqs_disabled() || preempt_count();
	might_sleep();
	return 0;
}

static int open_see(lua_State *L)
{
	building = lua_touserdata(L, 1);
	lua_register(L, "see", see);
	lua_pushinteger(L, 1);
	lua_setglobal(L, "opened");
	return see(L);
}

/* Nobody holds a published state, and the next one of its name takes its place. */
static void publish_leaves_it_to_its_name(struct kunit *test)
{
	char why[64];
	struct klua_config config = {
		.name = NAME, .maxalloc = SMALL, .replace = true,
		KLUA_CHUNKS({ .text = "x = 1", .len = 5 }),
		.error = why, .error_size = sizeof(why),
	};
	struct klua_state *s;
	u32 id;

	KUNIT_ASSERT_EQ(test, klua_state_publish(&config), 0);
	s = klua_state_find(NAME);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 2);
	id = s->id;
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, klua_state_publish(&config), 0);
	s = klua_state_find(NAME);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_NE(test, s->id, id);
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	config.maxalloc = 1;
	KUNIT_EXPECT_EQ(test, klua_state_publish(&config), -EINVAL);
	KUNIT_EXPECT_NE(test, *why, '\0');
	KUNIT_EXPECT_EQ(test, klua_state_publish(NULL), -EINVAL);
}

/* Makes the state in its last call, from which the compiler returns to the workqueue. */
static void create_in_work(struct work_struct *work)
{
	klua_state_create(SMALL, NAME);
}

static void a_state_knows_the_module_that_made_it(struct kunit *test)
{
	struct klua_config config = CONFIG(.replace = true);
	struct work_struct work;
	struct klua_state *s;

	INIT_WORK_ONSTACK(&work, create_in_work);
	schedule_work(&work);
	flush_work(&work);
	destroy_work_on_stack(&work);
	s = klua_state_find(NAME);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_PTR_EQ(test, s->maker, THIS_MODULE);
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, klua_state_publish(&config), 0);
	s = klua_state_find(NAME);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_PTR_EQ(test, s->maker, THIS_MODULE);
	klua_state_put(s);
	s = __klua_state_new(&config, NULL);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_NULL(test, s->maker);
	klua_state_put(s);
}

/*
 * The open function is called first, then the chunks run in their order; all of them
 * may sleep.
 */
static void building_has_its_order_and_may_sleep(struct kunit *test)
{
	static const struct klua_chunk chunks[] = {
		{ "see() assert(opened == 1) a = 1", 31 },
		{ "see() assert(a == 1) b = {...} assert(#b == 0)", 46 },
		{ NULL, 0 },
	};
	struct seen seen = {};
	struct klua_config config = CONFIG(
		.open = open_see,
		.arg = &seen,
		.chunks = chunks,
		.nchunks = ARRAY_SIZE(chunks),
	);
	struct klua_state *s;

	for_each_kind(config.kind) {
		memset(&seen, 0, sizeof(seen));
		s = klua_state_new(&config);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(s), 0, "%s: %s",
				    kind_names[config.kind], message);
		if (IS_ERR(s))
			continue;
		KUNIT_EXPECT_EQ(test, seen.calls, 3);
		KUNIT_EXPECT_EQ(test, seen.bad, 0);
		KUNIT_EXPECT_EQ(test, run_text(s, "assert(a == 1 and b)"), 0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	}
}

/*
 * The build has the limits of a sleepable state; later entries have those of the kind.
 */
static void building_has_a_budget_of_its_own(struct kunit *test)
{
	struct klua_state *s = build(KLUA_KIND_IRQ, "for i = 1, 100000 do end",
				     false);

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, s->steps, 10000);
	KUNIT_EXPECT_EQ(test, run_text(s, "for i = 1, 100000 do end") < 0, 1);
	klua_state_put(s);
}

static int fail_open(lua_State *L)
{
	return luaL_error(L, "cannot open");
}

static void errors_of_building_have_their_text(struct kunit *test)
{
	struct klua_config config = CONFIG(.open = fail_open);
	struct klua_state *s;

	s = build(KLUA_KIND_ATOMIC, "x = = 1", false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -ENOEXEC);
	KUNIT_EXPECT_TRUE(test, strstarts(message, "chunk:1: unexpected"));
	s = build(KLUA_KIND_ATOMIC, "local function f() error('oh') end f()",
		  false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, strstarts(message, "chunk:1: oh\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(message, "stack traceback:"));
	s = build(KLUA_KIND_ATOMIC, "x = ('x'):rep(1000000)", false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -ENOMEM);
	s = klua_state_new(&config);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EREMOTEIO);
	KUNIT_EXPECT_STREQ(test, message, "cannot open");
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
}

/* A state whose script fails does not replace the one that works. */
static void a_failure_changes_nothing(struct kunit *test)
{
	struct klua_state *s, *other;
	enum klua_kind kind;

	for_each_kind(kind) {
		s = build(kind, "x = 1", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		other = build(kind, "x = 2 error('half')", true);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(other), -EREMOTEIO);
		KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
		KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 2);
		KUNIT_EXPECT_EQ(test, run_text(s, "assert(x == 1)"), 0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	}
}

static int build_endless(void *data)
{
	struct inside *in = data;

	allow_signal(SIGKILL);
	complete(&in->begun);
	in->err = PTR_ERR_OR_ZERO(build(KLUA_KIND_ATOMIC, in->text, false));
	kthread_complete_and_exit(&in->done, 0);
}

static void a_fatal_signal_ends_building(struct kunit *test)
{
	struct inside in = { .text = "while true do end" };

	init_completion(&in.begun);
	init_completion(&in.done);
	in.task = kthread_create(build_endless, &in, "build");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(in.task));
	get_task_struct(in.task);
	wake_up_process(in.task);
	wait_for_completion(&in.begun);
	send_sig(SIGKILL, in.task, 1);
	KUNIT_EXPECT_EQ(test, inside_end(&in), -EINTR);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
}

static const char too_long[] =
	"0123456789012345678901234567890123456789012345678901234567890123";
static const char * const unknown[] = { "nobody's", NULL };
static const struct klua_chunk null_chunk = { .len = 1 };
static const struct klua_chunk no_firmware = { .firmware = "klua/nobody's.lua" };
static const struct klua_chunk nameless = { .firmware = "" };

#define WRONG(_name, _kind, _maxalloc, ...) { \
	.name = (_name), \
	.kind = (_kind), \
	.maxalloc = (_maxalloc), \
	.error = message, \
	.error_size = sizeof(message), \
	__VA_ARGS__ \
}

#define ATOMIC		KLUA_KIND_ATOMIC
#define IRQ		KLUA_KIND_IRQ

static const struct {
	struct klua_config config;
	int err;
	const char *text;
} wrong[] = {
	{ WRONG(NULL, ATOMIC, SMALL), -EINVAL, "the name is NULL" },
	{ WRONG("", ATOMIC, SMALL), -EINVAL, "the name is empty" },
	{ WRONG(too_long, ATOMIC, SMALL), -ENAMETOOLONG, "name is too long" },
	{ WRONG(NAME, __KLUA_KIND_MAX, SMALL), -EINVAL, "no such kind" },
	{ WRONG(NAME, (enum klua_kind)-1, SMALL), -EINVAL, "no such kind" },
	{ WRONG(NAME, ATOMIC, 0), -EINVAL, "too little memory" },
	{ WRONG(NAME, ATOMIC, KLUA_MIN_ALLOC - 1), -EINVAL, "too little memory" },
	{ WRONG(NAME, ATOMIC, SMALL, .time_us = KLUA_TIME_MAX_US_ATOMIC + 1),
	  -EINVAL, "time" },
	{ WRONG(NAME, IRQ, SMALL, .time_us = KLUA_TIME_MAX_US_IRQ + 1),
	  -EINVAL, "time" },
	{ WRONG(NAME, ATOMIC, SMALL, .time_unlimited = true), -EINVAL, "time" },
	{ WRONG(NAME, IRQ, SMALL, .time_unlimited = true), -EINVAL, "time" },
	{ WRONG(NAME, ATOMIC, SMALL, .libraries = unknown), -EREMOTEIO,
	  "no library 'nobody's'" },
	{ WRONG(NAME, ATOMIC, SMALL, .nchunks = 1), -EINVAL,
	  "chunks are NULL" },
	{ WRONG(NAME, ATOMIC, SMALL, .chunks = &null_chunk, .nchunks = 1),
	  -EINVAL, "a chunk is NULL" },
	{ WRONG(NAME, ATOMIC, SMALL, .chunks = &no_firmware, .nchunks = 1),
	  IS_REACHABLE(CONFIG_FW_LOADER) ? -ENOENT : -EINVAL,
	  IS_REACHABLE(CONFIG_FW_LOADER) ? "no such file" : "no firmware loader" },
	{ WRONG(NAME, ATOMIC, SMALL, .chunks = &nameless, .nchunks = 1), -EINVAL,
	  IS_REACHABLE(CONFIG_FW_LOADER) ? "its name is invalid" : "no firmware loader" },
	{ WRONG(NAME, ATOMIC, SMALL, .existing = true), -EINVAL, "state with replace" },
	{ WRONG(NAME, ATOMIC, SMALL, .origin = 17), -EINVAL, "origin" },
	{ WRONG(NAME, ATOMIC, SIZE_MAX, .reserve = true), -ENOMEM, "for the reserve" },
	{ WRONG(NAME, IRQ, SIZE_MAX), -ENOMEM, "for the reserve" },
};

static void each_wrong_field_is_said(struct kunit *test)
{
	struct klua_state *s;
	int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		s = klua_state_new(&wrong[i].config);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(s), wrong[i].err,
				    "%d", i);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(message, wrong[i].text), 1,
				    "%d: %s", i, message);
		KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	}
}

static void nowhere_to_say_it(struct kunit *test)
{
	struct klua_config config = CONFIG();
	struct kmsg_dump_iter log;
	struct klua_state *s;

	config.name = NULL;
	s = klua_state_new(NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EINVAL);
	message[0] = '#';
	config.error_size = 0;
	s = klua_state_new(&config);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EINVAL);
	KUNIT_EXPECT_EQ(test, message[0], '#');
	config.error_size = 1;
	s = klua_state_new(&config);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EINVAL);
	KUNIT_EXPECT_EQ(test, message[0], '\0');
	config.error = NULL;
	config.error_size = sizeof(message);
	log_begin(&log);
	s = klua_state_new(&config);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EINVAL);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR, "the name is NULL"), 1);
}

/* Where one may not sleep, making a state fails, and nothing else happens. */
static void no_state_is_made_where_one_may_not_sleep(struct kunit *test)
{
	struct klua_config config = CONFIG();
	struct klua_state *s, *created;

	/* With this option the kernel reports the call as a mistake (tests/leaks). */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		return;
	local_bh_disable();
	s = klua_state_new(&config);
	created = klua_state_create(SMALL, NAME);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, strstr(message, "may not sleep"));
	KUNIT_EXPECT_NULL(test, created);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
}

static void a_name_is_taken_or_replaced(struct kunit *test)
{
	struct klua_state *s = build(KLUA_KIND_ATOMIC, "x = 1", true);
	struct klua_state *other;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	other = build(KLUA_KIND_ATOMIC, "x = 2", false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(other), -EEXIST);
	other = build(KLUA_KIND_ATOMIC, "x = 2", true);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(other));
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), other);
	KUNIT_EXPECT_NE(test, s->id, other->id);
	/* A holder of the old state can go on using it. */
	KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
	KUNIT_EXPECT_EQ(test, run_text(s, "assert(x == 1)"), 0);
	KUNIT_EXPECT_EQ(test, run_text(other, "assert(x == 2)"), 0);
	klua_state_put(s);
	klua_state_put(other);
}

static int destroy_it(lua_State *L)
{
	lua_pushinteger(L, klua_state_destroy(NAME));
	lua_setglobal(L, "destroyed");
	return 0;
}

/*
 * Building a state with @existing fails if there is no state of its name when the build
 * begins, and also if that state goes before the build ends.
 */
static void what_is_to_replace_a_state_needs_it(struct kunit *test)
{
	struct klua_config config = CONFIG(.replace = true, .existing = true);
	struct klua_state *s;

	KUNIT_EXPECT_EQ(test, PTR_ERR(klua_state_new(&config)), -ENOENT);
	KUNIT_EXPECT_STREQ(test, message, "there is no state of this name to replace");
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	KUNIT_ASSERT_NOT_NULL(test, klua_state_create(SMALL, NAME));
	s = klua_state_new(&config);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	klua_state_put(s);
	config.open = destroy_it;
	KUNIT_EXPECT_EQ(test, PTR_ERR(klua_state_new(&config)), -ENOENT);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	config.open = NULL;
	config.replace = false;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(klua_state_new(&config)), -EINVAL);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
}

static void another_kind_is_no_replacement(struct kunit *test)
{
	enum klua_kind kind, other;
	struct klua_state *s, *new;

	for_each_kind(kind) {
		s = build(kind, "", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		for_each_kind(other) {
			if (other == kind)
				continue;
			new = build(other, "", true);
			KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(new), -EINVAL);
			KUNIT_EXPECT_NOT_NULL(test, strstr(message, "kind"));
			KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
		}
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	}
}

/* Two threads that call the state of the name, while it is replaced */
#define REPLACEMENTS	20

struct caller {
	struct completion done;
	unsigned int calls;
	unsigned int busy;	/* an irq state was in use, which nobody waits for */
	unsigned int lost;
	unsigned int mixed;
	bool stop;
};

static void call_by_name(struct caller *c)
{
	struct klua_value result = { .type = KLUA_TYPE_BOOLEAN };
	struct klua_call call = {
		.function = "check",
		.results = &result,
		.nresults = 1,
	};
	struct klua_state *s = klua_state_find(NAME);
	int err = s ? klua_state_invoke(s, &call) : -ENOENT;

	if (err == -EBUSY && s->kind == KLUA_KIND_IRQ)
		c->busy++;
	else if (err)
		c->lost++;
	else if (!result.boolean)
		c->mixed++;
	c->calls++;
	klua_state_put(s);
}

static int keep_calling(void *data)
{
	struct caller *c = data;

	while (!READ_ONCE(c->stop)) {
		call_by_name(c);
		cond_resched();
	}
	kthread_complete_and_exit(&c->done, 0);
}

static struct klua_state *build_version(enum klua_kind kind, int version)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "a = %d\n"
		 "function check() b = (b or %d) for i = 1, 100 do end\n"
		 "return a == b end", version, version);
	return build(kind, text, true);
}

static void replace_while_called(struct kunit *test, enum klua_kind kind)
{
	static struct caller callers[2];
	struct klua_state *s = build_version(kind, 0);
	int i;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	klua_state_put(s);
	memset(callers, 0, sizeof(callers));
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		init_completion(&callers[i].done);
		if (IS_ERR(kthread_run(keep_calling, &callers[i], "caller")))
			complete(&callers[i].done);
	}
	for (i = 1; i <= REPLACEMENTS; i++) {
		s = build_version(kind, i);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), 0);
		if (!IS_ERR(s))
			klua_state_put(s);
		usleep_range(500, 1000);
	}
	for (i = 0; i < ARRAY_SIZE(callers); i++)
		WRITE_ONCE(callers[i].stop, true);
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		wait_for_completion(&callers[i].done);
		KUNIT_EXPECT_GT(test, callers[i].calls, callers[i].busy);
		KUNIT_EXPECT_EQ(test, callers[i].lost, 0);
		KUNIT_EXPECT_EQ(test, callers[i].mixed, 0);
	}
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
}

static void replacing_loses_no_call(struct kunit *test)
{
	enum klua_kind kind;

	for_each_kind(kind)
		replace_while_called(test, kind);
}

/* A timer that samples whether bottom halves are off in the task that it interrupts */
struct sampler {
	struct hrtimer timer;
	struct task_struct *task;
	unsigned int samples;
	unsigned int off;
	unsigned int longest;
};

#define SAMPLE_US	100

static enum hrtimer_restart sample(struct hrtimer *timer)
{
	struct sampler *s = container_of(timer, struct sampler, timer);

	if (current == s->task) {
		s->samples++;
		/*
		 * A softirq has bottom halves off as well, but not because of the
		 * build.
		 */
		s->off = softirq_count() && !in_serving_softirq() ?
			 s->off + 1 : 0;
		s->longest = max(s->longest, s->off);
	}
	hrtimer_forward_now(timer, ns_to_ktime(SAMPLE_US * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void sampler_start(struct sampler *s)
{
	memset(s, 0, sizeof(*s));
	s->task = current;
	hrtimer_setup(&s->timer, sample, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&s->timer, ns_to_ktime(SAMPLE_US * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/* The build has ten seconds, and KASAN gets through fewer names in these. */
#define NAMES		(IS_ENABLED(CONFIG_KASAN) ? 20000 : 100000)
#define POLICY_SIZE	(2 * SZ_1M)

/* Write more than 1 MiB of source: a table of 100,000 names. */
static char *large_policy(size_t *len)
{
	char *text = vmalloc(POLICY_SIZE);
	size_t n = 0;
	int i;

	if (!text)
		return NULL;
	n += scnprintf(text + n, POLICY_SIZE - n, "names = {\n");
	for (i = 0; i < NAMES; i++)
		n += scnprintf(text + n, POLICY_SIZE - n, "host%06d=1,\n", i);
	n += scnprintf(text + n, POLICY_SIZE - n,
		       "}\nfunction check(name) return names[name] end\n");
	*len = n;
	return text;
}

struct packet {
	struct klua_state *s;
	struct tasklet_struct tasklet;
	struct completion done;
	int err;
	bool found;
};

static void check_packet(struct tasklet_struct *t)
{
	struct packet *p = from_tasklet(p, t, tasklet);
	char last[16];
	int len = snprintf(last, sizeof(last), "host%06d", NAMES - 1);
	const struct klua_value arg = KLUA_ARG_STRING(last, len);
	struct klua_value result = { .type = KLUA_TYPE_BOOLEAN };
	struct klua_call call = {
		.function = "check",
		.args = &arg,
		.nargs = 1,
		.results = &result,
		.nresults = 1,
	};

	p->err = klua_state_invoke(p->s, &call);
	p->found = result.boolean;
	complete(&p->done);
}

/*
 * No two samples in a row find bottom halves off, so the build never turns them off for
 * longer than a sample's interval.
 */
static void a_large_policy_is_built_beside_packets(struct kunit *test)
{
	struct klua_config config = CONFIG();
	struct packet packet = {};
	struct klua_chunk chunk = { .name = "=policy" };
	static struct sampler sampler;
	char *text;

	if (hrtimer_resolution > SAMPLE_US * NSEC_PER_USEC)
		kunit_skip(test, "timers come with the tick");
	text = large_policy(&chunk.len);
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_GT(test, chunk.len, NAMES * 10);
	chunk.text = text;
	config.maxalloc = SZ_32M;
	config.chunks = &chunk;
	config.nchunks = 1;
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	sampler_start(&sampler);
	packet.s = klua_state_new(&config);
	hrtimer_cancel(&sampler.timer);
	vfree(text);
	KUNIT_EXPECT_STREQ(test, message, "");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(packet.s));
	KUNIT_EXPECT_GT(test, sampler.samples, 10);
	KUNIT_EXPECT_LE(test, sampler.longest, 1);

	init_completion(&packet.done);
	tasklet_setup(&packet.tasklet, check_packet);
	tasklet_schedule(&packet.tasklet);
	wait_for_completion(&packet.done);
	tasklet_kill(&packet.tasklet);
	KUNIT_EXPECT_EQ(test, packet.err, 0);
	KUNIT_EXPECT_TRUE(test, packet.found);
	klua_state_put(packet.s);
}

static void retire_closes_it(struct kunit *test)
{
	struct klua_state *s;
	enum klua_kind kind;
	struct watch w;

	KUNIT_EXPECT_EQ(test, klua_state_retire(NULL), -EINVAL);
	for_each_kind(kind) {
		s = build(kind, "", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_EXPECT_EQ(test, watch_state(s, &w), 0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
		/* Not waited for: retire returns when the state is closed. */
		KUNIT_EXPECT_TRUE(test, completion_done(&w.closed));
		KUNIT_EXPECT_TRUE(test, w.may_sleep);
		KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	}
}

static void retire_does_not_wait_for_holders(struct kunit *test)
{
	struct klua_state *s = build(KLUA_KIND_ATOMIC, "", false);
	struct watch w;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, watch_state(s, &w), 0);
	KUNIT_EXPECT_TRUE(test, klua_state_get(s));
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	KUNIT_EXPECT_TRUE(test, completion_done(&w.closed));
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_lock(s), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, 1), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, false), -ESHUTDOWN);
	klua_state_put(s);
}

struct retirement {
	struct klua_state *s;
	struct completion done;
	int err;
};

static int retire(void *data)
{
	struct retirement *r = data;

	r->err = klua_state_retire(r->s);
	kthread_complete_and_exit(&r->done, 0);
}

static void retire_may_come_twice_at_once(struct kunit *test)
{
	struct retirement r[2];
	struct klua_state *s;
	struct watch w;
	int i, j;

	for (i = 0; i < 20; i++) {
		s = build(KLUA_KIND_SLEEPABLE, "", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_EXPECT_EQ(test, watch_state(s, &w), 0);
		KUNIT_EXPECT_TRUE(test, klua_state_get(s));
		for (j = 0; j < 2; j++) {
			r[j].s = s;
			r[j].err = 1;
			init_completion(&r[j].done);
			if (IS_ERR(kthread_run(retire, &r[j], "retire")))
				complete(&r[j].done);
		}
		for (j = 0; j < 2; j++) {
			wait_for_completion(&r[j].done);
			KUNIT_EXPECT_EQ(test, r[j].err, 0);
			KUNIT_EXPECT_TRUE(test, completion_done(&w.closed));
		}
		KUNIT_EXPECT_EQ(test, w.closed.done, 1);
	}
}

static void retire_ends_what_runs(struct kunit *test)
{
	struct klua_state *s;
	enum klua_kind kind;
	struct inside in;
	struct watch w;

	for (kind = KLUA_KIND_ATOMIC; kind <= KLUA_KIND_SLEEPABLE; kind++) {
		if (kind == KLUA_KIND_ATOMIC && num_online_cpus() < 2)
			continue;
		s = build(kind, "", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_EXPECT_EQ(test, klua_state_set_steps(s,
						KLUA_STEPS_UNLIMITED), 0);
		KUNIT_EXPECT_EQ(test, klua_state_set_time(s,
						KLUA_TIME_MAX_US_ATOMIC), 0);
		KUNIT_EXPECT_EQ(test, watch_state(s, &w), 0);
		KUNIT_EXPECT_TRUE(test, inside_begin(&in, s,
						     "while true do end",
						     inside_run));
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
		KUNIT_EXPECT_TRUE(test, completion_done(&w.closed));
		KUNIT_EXPECT_EQ_MSG(test, inside_end(&in), -ECANCELED, "%s",
				    kind_names[kind]);
	}
}

/* After retire, an entry by a task that has the lock is refused as others are. */
static void retire_ends_what_runs_next(struct kunit *test)
{
	struct klua_state *s = build(KLUA_KIND_SLEEPABLE, "", false);
	struct retirement r = { .s = s, .err = 1 };
	struct inside in;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, KLUA_STEPS_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(s, KLUA_TIME_UNLIMITED), 0);
	KUNIT_EXPECT_TRUE(test, inside_begin(&in, s, "while true do end",
					     inside_lock));
	init_completion(&r.done);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(kthread_run(retire, &r, "retire")));
	while (READ_ONCE(s->gate) != KLUA_GATE_RETIRED)
		usleep_range(100, 200);
	msleep(20);
	WRITE_ONCE(in.release, true);
	wait_for_completion(&r.done);
	KUNIT_EXPECT_EQ(test, r.err, 0);
	KUNIT_EXPECT_EQ(test, inside_end(&in), -ECANCELED);
}

static int retire_inside(lua_State *L)
{
	struct retirement *r = lua_touserdata(L, 1);

	r->err = klua_state_retire(r->s);
	return 0;
}

static void retire_from_inside_is_refused(struct kunit *test)
{
	struct klua_state *s, *other;
	enum klua_kind kind;

	other = new_state("other", KLUA_KIND_SLEEPABLE);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(other));
	for_each_kind(kind) {
		struct retirement r = {};

		s = build(kind, "x = 1", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		r.s = s;
		KUNIT_EXPECT_EQ(test, klua_state_call(s, retire_inside, &r), 0);
		KUNIT_EXPECT_EQ(test, r.err, -EDEADLK);
		r.s = other;
		KUNIT_EXPECT_EQ(test, klua_state_call(s, retire_inside, &r), 0);
		KUNIT_EXPECT_EQ(test, r.err, -EDEADLK);
		KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
		KUNIT_EXPECT_EQ(test, run_text(s, "assert(x == 1)"), 0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	}
	KUNIT_EXPECT_EQ(test, run_text(other, "return 1"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_retire(other), 0);
}

static void retire_with_the_lock_is_refused(struct kunit *test)
{
	struct klua_state *s;
	enum klua_kind kind;
	int err;

	for_each_kind(kind) {
		s = build(kind, "x = 1", false);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_ASSERT_EQ(test, klua_state_lock(s), 0);
		err = klua_state_retire(s);
		klua_state_unlock(s);
		KUNIT_EXPECT_EQ_MSG(test, err, -EDEADLK, "%s", kind_names[kind]);
		KUNIT_EXPECT_EQ(test, run_text(s, "assert(x == 1)"), 0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	}
}

/* To retire a state that only the table holds would give back more than there is. */
static void retire_without_a_hold_is_refused(struct kunit *test)
{
	struct kmsg_dump_iter log;
	struct klua_state *s;
	int i;

	for (i = 0; i < 2 * __KLUA_KIND_MAX; i++) {
		struct klua_config config = CONFIG(.kind = i / 2, .percpu = i % 2);

		s = klua_state_new(&config);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		klua_state_put(s);
		log_begin(&log);
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), -EINVAL);
		KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR, "retires state '"
						NAME "', which nobody holds"), 1);
		KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR, __func__), 1);
		KUNIT_EXPECT_EQ(test, refcount_read(&s->users), 1);
		KUNIT_EXPECT_EQ(test, s->gate, KLUA_GATE_OPEN);
		KUNIT_EXPECT_NOT_NULL(test, klua_state_lookup(NAME));
		KUNIT_EXPECT_TRUE(test, klua_state_get(s));
		KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
		KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
	}
}

/*
 * A put too many gives back the table's own reference: the state is out of the table
 * then.
 */
static void a_put_too_many_is_reported(struct kunit *test)
{
	unsigned long end = jiffies + CLOSE_TIME;
	struct klua_state *s = build(KLUA_KIND_ATOMIC, "", false);
	struct kmsg_dump_iter log;
	struct watch w;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, watch_state(s, &w), 0);
	log_begin(&log);
	klua_state_put(s);
	klua_state_put(s);
	s = klua_state_find(NAME);
	KUNIT_EXPECT_NULL(test, s);
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
	while (klua_state_lookup(NAME) && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR, "'" NAME "' was put more"),
			1);
	s = build(KLUA_KIND_ATOMIC, "x = 2", false);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, run_text(s, "assert(x == 2)"), 0);
	klua_state_put(s);
}

static void try_destroy_says_why(struct kunit *test)
{
	struct klua_state *s;

	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NAME), -ENOENT);
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NULL), -ENOENT);
	s = build(KLUA_KIND_ATOMIC, "", false);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NAME), -EBUSY);
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup(NAME), s);
	klua_state_put(s);
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NAME), 0);
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy(NAME), -ENOENT);
}

static void a_walk_sees_each_state_once(struct kunit *test)
{
	struct klua_state *made[5], *s;
	unsigned int i, seen = 0;
	char name[16];
	u32 id = 0;

	for (i = 0; i < ARRAY_SIZE(made); i++) {
		snprintf(name, sizeof(name), "walk %u", i);
		made[i] = new_state(name, i % __KLUA_KIND_MAX);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(made[i]));
		s = klua_state_find_id(made[i]->id);
		KUNIT_EXPECT_PTR_EQ(test, s, made[i]);
		klua_state_put(s);
	}
	while ((s = klua_state_next(id))) {
		KUNIT_EXPECT_GT(test, s->id, id);
		id = s->id;
		for (i = 0; i < ARRAY_SIZE(made); i++)
			seen += s == made[i];
		klua_state_put(s);
	}
	KUNIT_EXPECT_EQ(test, seen, ARRAY_SIZE(made));
	KUNIT_EXPECT_NULL(test, klua_state_find_id(0));
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		id = made[i]->id;
		KUNIT_EXPECT_EQ(test, klua_state_retire(made[i]), 0);
		KUNIT_EXPECT_NULL(test, klua_state_find_id(id));
	}
}

/* Events that a listener was told of, about the state NAME */
struct told {
	struct klua_listener listener;
	struct completion destroyed;
	unsigned int created;
	unsigned int errors;
	unsigned int limits;
	unsigned int stopped;
	unsigned int started;
	unsigned int lost;
	u32 id;
	int error;
	enum klua_limit limit;
	char text[KLUA_ERROR_MAXSIZE + 1];
};

static void tell_error(struct told *t, const struct klua_event *event)
{
	size_t len = min(event->len, sizeof(t->text) - 1);

	t->errors++;
	t->error = event->error;
	memcpy(t->text, event->text, len);
	t->text[len] = '\0';
}

static void tell(struct klua_listener *listener, const struct klua_event *event)
{
	struct told *t = container_of(listener, struct told, listener);

	if (strcmp(event->name, NAME))
		return;
	/* States of earlier cases may be closed only now: ignore their events. */
	if (t->created ? event->id != t->id :
			 event->type != KLUA_EVENT_CREATED)
		return;
	t->lost += event->lost;
	switch (event->type) {
	case KLUA_EVENT_CREATED:
		t->created++;
		t->id = event->id;
		break;
	case KLUA_EVENT_ERROR:
		tell_error(t, event);
		break;
	case KLUA_EVENT_LIMIT:
		t->limits++;
		t->limit = event->limit;
		break;
	case KLUA_EVENT_STOPPED:
		t->stopped++;
		break;
	case KLUA_EVENT_STARTED:
		t->started++;
		break;
	case KLUA_EVENT_DESTROYED:
		complete(&t->destroyed);
	}
}

static struct klua_state *listen(struct kunit *test, struct told *t)
{
	struct klua_state *s;

	memset(t, 0, sizeof(*t));
	t->listener.event = tell;
	init_completion(&t->destroyed);
	klua_listener_register(&t->listener);
	s = build(KLUA_KIND_ATOMIC, "", false);
	if (IS_ERR(s))
		klua_listener_unregister(&t->listener);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	return s;
}

static void listen_no_more(struct kunit *test, struct told *t,
			   struct klua_state *s)
{
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&t->destroyed,
							  CLOSE_TIME), 0);
	klua_listener_unregister(&t->listener);
}

static struct told told;

static void listeners_are_told(struct kunit *test)
{
	struct klua_state *s = listen(test, &told);

	KUNIT_EXPECT_EQ(test, told.created, 1);
	KUNIT_EXPECT_EQ(test, told.id, s->id);
	KUNIT_EXPECT_EQ(test, run_text(s, "error('oh')"), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, 2000), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "while true do end"), -ETIME);
	listen_no_more(test, &told, s);
	KUNIT_EXPECT_EQ(test, told.errors, 2);
	KUNIT_EXPECT_EQ(test, told.error, -ETIME);
	KUNIT_EXPECT_EQ(test, told.limits, 1);
	KUNIT_EXPECT_EQ(test, told.limit, KLUA_LIMIT_STEPS);
	KUNIT_EXPECT_EQ(test, told.lost, 0);
}

/*
 * Listeners are told once of each change, also of one that is made where one may not
 * sleep.
 */
static void listeners_are_told_who_is_stopped(struct kunit *test)
{
	struct klua_state *s = listen(test, &told);

	local_irq_disable();
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, false), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, true), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, true), 0);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, klua_events_flush(), 0);
	KUNIT_EXPECT_EQ(test, told.stopped, 1);
	KUNIT_EXPECT_EQ(test, told.started, 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, false), 0);
	KUNIT_EXPECT_EQ(test, klua_events_flush(), 0);
	KUNIT_EXPECT_EQ(test, told.started, 1);
	listen_no_more(test, &told, s);
	KUNIT_EXPECT_EQ(test, told.stopped, 1);
}

static void what_replaces_a_stopped_state_is_stopped(struct kunit *test)
{
	struct klua_state *old = build(KLUA_KIND_ATOMIC, "", false), *s;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(old));
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(old, true), 0);
	s = build(KLUA_KIND_ATOMIC, "", true);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s, false), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
	klua_state_put(old);
	old = s;
	s = build(KLUA_KIND_ATOMIC, "", true);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
	klua_state_put(old);
	klua_state_put(s);
}

/* Stopping any of the states stops all of them, and starting any of them starts all. */
static void states_that_replace_each_other_are_started_together(struct kunit *test)
{
	struct klua_state *s[3];
	unsigned int i, by;

	for (by = 0; by < ARRAY_SIZE(s); by++) {
		for (i = 0; i < ARRAY_SIZE(s); i++) {
			s[i] = build(KLUA_KIND_ATOMIC, "", i);
			KUNIT_ASSERT_TRUE(test, !IS_ERR(s[i]));
		}
		KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s[by], true), 0);
		for (i = 0; i < ARRAY_SIZE(s); i++)
			KUNIT_EXPECT_EQ(test, run_text(s[i], "return 1"), -ESHUTDOWN);
		KUNIT_EXPECT_EQ(test, klua_state_set_stopped(s[2 - by], false), 0);
		for (i = 0; i < ARRAY_SIZE(s); i++)
			KUNIT_EXPECT_EQ(test, run_text(s[i], "return 1"), 0);
		for (i = 0; i < ARRAY_SIZE(s); i++)
			KUNIT_EXPECT_EQ(test, klua_state_retire(s[i]), 0);
	}
}

/* The state between the old and the new one was freed before the old one is started. */
static void a_holder_starts_what_has_replaced_its_state(struct kunit *test)
{
	struct klua_state *old = build(KLUA_KIND_ATOMIC, "", false), *s;
	struct watch w;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(old));
	s = build(KLUA_KIND_ATOMIC, "", true);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, watch_state(s, &w), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(old, true), 0);
	klua_state_put(s);
	s = build(KLUA_KIND_ATOMIC, "", true);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&w.closed, CLOSE_TIME), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(old, false), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
	KUNIT_EXPECT_EQ(test, run_text(old, "return 1"), 0);
	klua_state_put(old);
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
}

/* A state that was stopped may be retired by somebody else before it is started. */
static void a_retired_state_starts_what_has_replaced_it(struct kunit *test)
{
	struct klua_state *old = build(KLUA_KIND_ATOMIC, "", false), *s;

	KUNIT_ASSERT_TRUE(test, !IS_ERR(old));
	KUNIT_EXPECT_TRUE(test, klua_state_get(old));
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(old, true), 0);
	s = build(KLUA_KIND_ATOMIC, "", true);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, klua_state_retire(old), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(old, false), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
	/* A retired state can start the others, but not stop them. */
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(old, true), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
	klua_state_put(old);
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
}

static struct klua_state *between;

/* While a state for user space is built, a module makes a state of the same name. */
static int make_between(lua_State *L)
{
	struct klua_config config = { .name = "user/between", .maxalloc = SMALL };

	between = klua_state_new(&config);
	return 0;
}

static void user_space_replaces_no_state_of_a_module(struct kunit *test)
{
	char why[80];
	struct klua_config config = {
		.name = "user/between",
		.maxalloc = SMALL,
		.open = make_between,
		.replace = true,
		.origin = KLUA_ORIGIN_USER,
		.error = why,
		.error_size = sizeof(why),
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(klua_state_new(&config)), -EPERM);
	KUNIT_EXPECT_STREQ(test, (char *)why,
			   "a kernel module made the state of this name");
	KUNIT_ASSERT_TRUE(test, !IS_ERR_OR_NULL(between));
	KUNIT_EXPECT_PTR_EQ(test, klua_state_lookup("user/between"), between);
	KUNIT_EXPECT_EQ(test, klua_state_retire(between), 0);
	config.name = NAME;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(klua_state_new(&config)), -EINVAL);
	KUNIT_EXPECT_NULL(test, klua_state_lookup(NAME));
}

/**
 * struct meddler - a listener that makes calls which would wait for itself
 * @listener: the listener
 * @done: it has been told of an event
 * @errors: results of the calls
 * @found: result of klua_state_create()
 */
struct meddler {
	struct klua_listener listener;
	bool done;
	int errors[6];
	struct klua_state *found;
};

static void meddle(struct klua_listener *listener, const struct klua_event *event)
{
	struct meddler *m = container_of(listener, struct meddler, listener);
	struct klua_config config = { .name = "meddled", .maxalloc = SMALL };
	struct klua_state *s = klua_state_find(NAME);
	static struct klua_lib lib;

	if (m->done || !s) {
		klua_state_put(s);
		return;
	}
	m->errors[0] = PTR_ERR_OR_ZERO(klua_state_new(&config));
	m->errors[1] = klua_state_retire(s);
	m->errors[2] = klua_listener_register(listener);
	m->errors[3] = klua_listener_unregister(listener);
	m->errors[4] = klua_events_flush();
	m->errors[5] = klua_lib_unregister(&lib);
	m->found = klua_state_create(SMALL, "meddled");
	m->done = true;
	klua_state_put(s);
}

/* Each of the calls would wait for ever if it was not refused. */
static void listeners_do_not_wait_for_themselves(struct kunit *test)
{
	static struct meddler m = { .listener.event = meddle };
	struct klua_state *s;
	int i;

	m.done = false;
	KUNIT_ASSERT_EQ(test, klua_listener_register(&m.listener), 0);
	s = build(KLUA_KIND_ATOMIC, "", false);
	KUNIT_EXPECT_FALSE(test, IS_ERR(s));
	KUNIT_EXPECT_EQ(test, klua_listener_register(&m.listener), -EEXIST);
	KUNIT_EXPECT_EQ(test, klua_listener_unregister(&m.listener), 0);
	KUNIT_EXPECT_EQ(test, klua_listener_unregister(&m.listener), -ENOENT);
	KUNIT_EXPECT_TRUE(test, m.done);
	for (i = 0; i < ARRAY_SIZE(m.errors); i++)
		KUNIT_EXPECT_EQ_MSG(test, m.errors[i], -EDEADLK, "call %d", i);
	KUNIT_EXPECT_NULL(test, m.found);
	KUNIT_EXPECT_NULL(test, klua_state_lookup("meddled"));
	/* Other tasks may make these calls while listeners are registered. */
	KUNIT_EXPECT_EQ(test, klua_events_flush(), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "return 1"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	KUNIT_EXPECT_EQ(test, klua_listener_register(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_listener_unregister(NULL), -EINVAL);
}

/**
 * struct visitor - a listener that enters a state whose holder waits for listeners
 * @listener: the listener, which enters @s when @failed has failed
 * @s: the state
 * @failed: another state
 * @wait: what the holder does, which waits for listeners
 * @told: completed before @s is entered
 * @left: completed afterwards
 * @err: result of entering @s
 * @wait_err: result of @wait
 */
struct visitor {
	struct klua_listener listener;
	struct klua_state *s;
	struct klua_state *failed;
	int (*wait)(void);
	struct completion told;
	struct completion left;
	int err;
	int wait_err;
};

static struct visitor visitor;

static void visit(struct klua_listener *listener, const struct klua_event *event)
{
	if (event->type != KLUA_EVENT_ERROR || event->id != visitor.failed->id)
		return;
	complete(&visitor.told);
	visitor.err = run_text(visitor.s, "");
	complete(&visitor.left);
}

static int wait_by_making(void)
{
	struct klua_config config = { .name = "made", .maxalloc = SMALL };

	return klua_state_publish(&config);
}

static int wait_by_unregistering(void)
{
	return klua_listener_unregister(&visitor.listener) ?:
	       klua_listener_register(&visitor.listener);
}

static int wait_inside(lua_State *L)
{
	run_text(visitor.failed, "error('oh')");
	wait_for_completion(&visitor.told);
	visitor.wait_err = visitor.wait();
	return 0;
}

/* Otherwise the two would wait for each other, for ever. */
static void listeners_do_not_wait_for_who_waits_for_them(struct kunit *test)
{
	static int (*const waits[])(void) = {
		wait_by_making, klua_events_flush, wait_by_unregistering
	};
	int i;

	visitor.listener.event = visit;
	visitor.failed = build(KLUA_KIND_ATOMIC, "", false);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(visitor.failed));
	visitor.s = klua_state_new(&(struct klua_config) {
		.name = "visited", .kind = KLUA_KIND_SLEEPABLE, .maxalloc = SMALL,
		.time_unlimited = true,
	});
	KUNIT_ASSERT_TRUE(test, !IS_ERR(visitor.s));
	KUNIT_ASSERT_EQ(test, klua_listener_register(&visitor.listener), 0);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		init_completion(&visitor.told);
		init_completion(&visitor.left);
		visitor.wait = waits[i];
		KUNIT_EXPECT_EQ(test, klua_state_call(visitor.s, wait_inside, NULL), 0);
		wait_for_completion(&visitor.left);
		KUNIT_EXPECT_EQ_MSG(test, visitor.wait_err, 0, "wait %d", i);
		KUNIT_EXPECT_EQ_MSG(test, visitor.err, -EBUSY, "wait %d", i);
		KUNIT_EXPECT_EQ(test, run_text(visitor.s, ""), 0);
	}
	KUNIT_EXPECT_EQ(test, klua_listener_unregister(&visitor.listener), 0);
	KUNIT_EXPECT_EQ(test, klua_state_try_destroy("made"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_retire(visitor.s), 0);
	KUNIT_EXPECT_EQ(test, klua_state_retire(visitor.failed), 0);
}

#define SHORT_NAME	"short-lived"

/* Without the hold in tell_created() listeners were not told of one life in seven. */
#define LIVES		60

/* The beginnings and ends of states SHORT_NAME that a listener was told of */
static struct lives {
	struct klua_listener listener;
	atomic_t created;
	atomic_t destroyed;
} lives;

static void count_lives(struct klua_listener *listener,
			const struct klua_event *event)
{
	struct lives *l = container_of(listener, struct lives, listener);

	if (strcmp(event->name, SHORT_NAME))
		return;
	if (event->type == KLUA_EVENT_CREATED)
		atomic_inc(&l->created);
	if (event->type == KLUA_EVENT_DESTROYED)
		atomic_inc(&l->destroyed);
}

static int destroy_at_once(void *data)
{
	while (!kthread_should_stop()) {
		klua_state_destroy(SHORT_NAME);
		cond_resched();
	}
	return 0;
}

/*
 * However soon a state is destroyed, listeners are told of its creation and of its end.
 */
static void told_of_short_lives(struct kunit *test)
{
	struct task_struct *task;
	unsigned int i, made = 0;

	lives.listener.event = count_lives;
	atomic_set(&lives.created, 0);
	atomic_set(&lives.destroyed, 0);
	task = kthread_run(destroy_at_once, NULL, "destroys");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(task));
	KUNIT_EXPECT_EQ(test, klua_listener_register(&lives.listener), 0);
	for (i = 0; i < LIVES; i++) {
		made += !!klua_state_create(SMALL, SHORT_NAME);
		while (klua_state_lookup(SHORT_NAME))
			cond_resched();
	}
	kthread_stop(task);
	for (i = 0; i < CLOSE_TIME && atomic_read(&lives.destroyed) < made; i++)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, klua_listener_unregister(&lives.listener), 0);
	KUNIT_EXPECT_EQ(test, made, LIVES);
	KUNIT_EXPECT_EQ(test, atomic_read(&lives.created), made);
	KUNIT_EXPECT_EQ(test, atomic_read(&lives.destroyed), made);
}

/* When there are too many events some are dropped, and their number is told. */
static void lost_events_are_counted(struct kunit *test)
{
	struct klua_state *s = listen(test, &told);
	int i;

	for (i = 0; i < 200; i++) {
		/* All in one second, whatever the machine has to do besides. */
		s->events_from = jiffies;
		run_text(s, "error('oh')");
	}
	msleep(1100);
	run_text(s, "error('last')");
	listen_no_more(test, &told, s);
	KUNIT_EXPECT_EQ(test, told.errors + told.lost, 201);
	KUNIT_EXPECT_GT(test, told.lost, 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(told.text, "last"));
}

/* The last case: for some seconds after it all lines are dropped. */
static void print_is_bounded_for_the_machine(struct kunit *test)
{
	struct kmsg_dump_iter log;
	struct klua_state *s[2];
	unsigned int lines;
	u64 dropped = 0;
	int i;

	log_begin(&log);
	for (i = 0; i < 2; i++) {
		s[i] = new_state(i ? "print 1" : "print 0", KLUA_KIND_ATOMIC);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(s[i]));
	}
	for (i = 0; i < 2000; i++)
		KUNIT_EXPECT_EQ(test, run_text(s[i % 2], "print 'much'"), 0);
	for (i = 0; i < 2; i++) {
		dropped += s[i]->stats.unprinted;
		klua_state_put(s[i]);
	}
	KUNIT_EXPECT_EQ(test, klua_events_flush(), 0);
	lines = log_count(&log, LOG_INFO, ": much");
	KUNIT_EXPECT_EQ(test, lines + dropped, 2000);
	KUNIT_EXPECT_GT(test, lines, 0);
	KUNIT_EXPECT_GT(test, dropped, 0);
}

#ifdef CONFIG_KPROBES
/* What a probe that stops and starts a state has got */
static struct {
	struct klua_state *s;
	struct task_struct *task;
	int hits;
	int err;
} probed;

static int start_in_probe(struct kprobe *p, struct pt_regs *regs)
{
	if (current != probed.task)
		return 0;
	probed.hits++;
	probed.err = klua_state_set_stopped(probed.s, false);
	return 0;
}

/*
 * Stopping a state records an event under the lock that stopping takes. A probe there
 * must not wait for the lock: it has interrupted its holder.
 */
static void a_probe_does_not_wait_for_who_stops(struct kunit *test)
{
	struct kprobe p = {
		.symbol_name = "irq_work_queue",
		.pre_handler = start_in_probe,
	};

	probed.s = build(KLUA_KIND_ATOMIC, "", false);
	KUNIT_ASSERT_TRUE(test, !IS_ERR(probed.s));
	probed.hits = 0;
	probed.task = current;
	KUNIT_ASSERT_EQ(test, register_kprobe(&p), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(probed.s, true), 0);
	probed.task = NULL;
	unregister_kprobe(&p);
	KUNIT_EXPECT_EQ(test, probed.hits, 1);
	KUNIT_EXPECT_EQ(test, probed.err, -EBUSY);
	KUNIT_EXPECT_EQ(test, run_text(probed.s, "return 1"), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, klua_state_retire(probed.s), 0);
}
#endif

static struct kunit_case life_cases[] = {
	KUNIT_CASE(new_returns_it_held),
	KUNIT_CASE(publish_leaves_it_to_its_name),
	KUNIT_CASE(a_state_knows_the_module_that_made_it),
	KUNIT_CASE(building_has_its_order_and_may_sleep),
	KUNIT_CASE(building_has_a_budget_of_its_own),
	KUNIT_CASE(errors_of_building_have_their_text),
	KUNIT_CASE(a_failure_changes_nothing),
	KUNIT_CASE(a_fatal_signal_ends_building),
	KUNIT_CASE(each_wrong_field_is_said),
	KUNIT_CASE(nowhere_to_say_it),
	KUNIT_CASE(no_state_is_made_where_one_may_not_sleep),
	KUNIT_CASE(a_name_is_taken_or_replaced),
	KUNIT_CASE(what_is_to_replace_a_state_needs_it),
	KUNIT_CASE(another_kind_is_no_replacement),
	KUNIT_CASE(replacing_loses_no_call),
	KUNIT_CASE(a_large_policy_is_built_beside_packets),
	KUNIT_CASE(retire_closes_it),
	KUNIT_CASE(retire_does_not_wait_for_holders),
	KUNIT_CASE(retire_may_come_twice_at_once),
	KUNIT_CASE(retire_ends_what_runs),
	KUNIT_CASE(retire_ends_what_runs_next),
	KUNIT_CASE(retire_from_inside_is_refused),
	KUNIT_CASE(retire_with_the_lock_is_refused),
	KUNIT_CASE(retire_without_a_hold_is_refused),
	KUNIT_CASE(a_put_too_many_is_reported),
	KUNIT_CASE(try_destroy_says_why),
	KUNIT_CASE(a_walk_sees_each_state_once),
	KUNIT_CASE(listeners_are_told),
	KUNIT_CASE(listeners_are_told_who_is_stopped),
	KUNIT_CASE(what_replaces_a_stopped_state_is_stopped),
	KUNIT_CASE(states_that_replace_each_other_are_started_together),
	KUNIT_CASE(a_holder_starts_what_has_replaced_its_state),
	KUNIT_CASE(a_retired_state_starts_what_has_replaced_it),
#ifdef CONFIG_KPROBES
	KUNIT_CASE(a_probe_does_not_wait_for_who_stops),
#endif
	KUNIT_CASE(user_space_replaces_no_state_of_a_module),
	KUNIT_CASE(listeners_do_not_wait_for_themselves),
	KUNIT_CASE(listeners_do_not_wait_for_who_waits_for_them),
	KUNIT_CASE(told_of_short_lives),
	KUNIT_CASE(lost_events_are_counted),
	KUNIT_CASE(print_is_bounded_for_the_machine),
	{}
};

static struct kunit_suite life_suite = {
	.name = "klua_life",
	.exit = exit_states,
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of the life of KLua's states");

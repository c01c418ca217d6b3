// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protected entries: their results, what they leave behind, and the contexts that
 * they may be called in.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>

#include "common.h"

#define NAME	"kunit"

static struct klua_state *state;

static int init_state(struct kunit *test)
{
	state = klua_state_create(SMALL, NAME);
	return state ? 0 : -ENOMEM;
}

static void exit_state(struct kunit *test)
{
	klua_state_destroy_all();
}

static char text[256];

static int run(const char *chunk)
{
	struct klua_result result = { .buf = text, .size = sizeof(text) };

	return klua_state_run(state, chunk, strlen(chunk), "=test", &result);
}

static void results_are_text(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, run("return 1, 'two', nil, true"), 0);
	KUNIT_EXPECT_STREQ(test, text, "1\ttwo\tnil\ttrue");
	KUNIT_EXPECT_EQ(test, run("x = 1"), 0);
	KUNIT_EXPECT_STREQ(test, text, "");
	KUNIT_EXPECT_EQ(test, run("return setmetatable({}, {__tostring =\n"
				  "function() return 'mine' end})"), 0);
	KUNIT_EXPECT_STREQ(test, text, "mine");
}

static void result_is_cut_to_fit(struct kunit *test)
{
	static const char chunk[] = "return 'abcdef'";
	struct klua_result result = { .buf = text, .size = 4 };

	memset(text, '#', sizeof(text));
	KUNIT_EXPECT_EQ(test, klua_state_run(state, chunk, strlen(chunk), NULL,
					     &result), 0);
	KUNIT_EXPECT_STREQ(test, text, "abc");
	KUNIT_EXPECT_EQ(test, result.len, 6);
	KUNIT_EXPECT_EQ(test, text[4], '#');

	result.size = 0;
	memset(text, '#', sizeof(text));
	KUNIT_EXPECT_EQ(test, klua_state_run(state, chunk, strlen(chunk), NULL,
					     &result), 0);
	KUNIT_EXPECT_EQ(test, text[0], '#');
	KUNIT_EXPECT_EQ(test, result.len, 6);
}

static int top(struct klua_state *s)
{
	int top;

	if (klua_state_lock(s))
		return -1;
	top = lua_gettop(s->L);
	klua_state_unlock(s);
	return top;
}

static void stack_is_restored(struct kunit *test)
{
	static const char * const chunks[] = {
		"", "return 1, 2, 3", "error('oh')", "x =", "error()",
		"local t = {} while true do t[#t + 1] = {} end",
		"return table.unpack({}, 1, 100)",
	};
	int i;

	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	lua_pushinteger(state->L, 42);
	klua_state_unlock(state);
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		run(chunks[i]);
		KUNIT_EXPECT_EQ_MSG(test, top(state), 1, "%s", chunks[i]);
	}
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, lua_tointeger(state->L, 1), 42);
	lua_settop(state->L, 0);
	klua_state_unlock(state);
}

static const struct {
	const char *chunk;
	int err;
	const char *text;
} failures[] = {
	{ "x =", -ENOEXEC, "test:1: unexpected symbol near <eof>" },
	{ "\033Lua", -ENOEXEC, "binary" },
	{ "error('oh')", -EREMOTEIO, "test:1: oh" },
	{ "error('oh', 0)", -EREMOTEIO, "oh" },
	{ "error({})", -EREMOTEIO, "a table value" },
	{ "error()", -EREMOTEIO, "a nil value" },
	{ "error(42)", -EREMOTEIO, "42" },
	{ "error(setmetatable({}, {__tostring = function() return 'me' end}))",
	  -EREMOTEIO, "me" },
	{ "error(setmetatable({}, {__tostring = function() error('oh') end}))",
	  -EREMOTEIO, "oh" },
	{ "error(setmetatable({}, {__tostring = function() return {} end}))",
	  -EREMOTEIO, "must return a string" },
	{ "local t = {} error(setmetatable(t, {__tostring = function()\n"
	  "error(t) end}))", -EREMOTEIO, "C stack overflow" },
	{ "return setmetatable({}, {__tostring = function() error('oh') end})",
	  -EREMOTEIO, "oh" },
	{ "local x = nil; x()", -EREMOTEIO, "local 'x'" },
	{ "return 1 // 0", -EREMOTEIO, "divide by zero" },
	{ "return ('x'):rep(100000)", -ENOMEM, "not enough memory" },
	{ "coroutine.yield()", -EREMOTEIO, "outside a coroutine" },
	{ "while true do end", -ETIME, "" },
	{ "pcall(function() while true do end end) x = 'caught'", -ETIME, "" },
	{ "while true do pcall(error) end", -ETIME, "" },
	{ "coroutine.wrap(function() while true do end end)()", -ETIME, "" },
	{ "xpcall(function() while true do end\nend,\n"
	  "function() while true do end end)", -ETIME, "" },
	{ "return ('a'):rep(30):find(('a*'):rep(30) .. 'b')", -ETIME, "" },
};

static void each_failure_has_its_errno(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 50000), 0);
	for (i = 0; i < ARRAY_SIZE(failures); i++) {
		KUNIT_EXPECT_EQ_MSG(test, run(failures[i].chunk),
				    failures[i].err, "%s", failures[i].chunk);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(text, failures[i].text), 1,
				    "%s: %s", failures[i].chunk, text);
	}
	KUNIT_EXPECT_EQ(test, run("return x"), 0);
	KUNIT_EXPECT_STREQ(test, text, "nil");
}

static void bad_arguments(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, klua_state_run(state, NULL, 1, NULL, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_run(state, NULL, 0, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, klua_state_run(state, "x\0y", 3, NULL, NULL),
			-ENOEXEC);
	KUNIT_EXPECT_EQ(test, klua_state_run(state, "x = '\0'", 7, NULL, NULL),
			0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, NULL, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 0), -EINVAL);
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, __klua_state_run(state, NULL, 1, NULL, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, __klua_state_call(state, NULL, NULL), -EINVAL);
	klua_state_unlock(state);
}

/* Neither a chunk's name nor its message is a format, or written as it is. */
static void odd_chunk_names(struct kunit *test)
{
	static const char chunk[] = "error('%s%n\033[2J')";
	static const struct {
		const char *name;
		const char *text;
	} names[] = {
		{ NULL, "chunk:1: %s%n\033[2J" },
		{ "", "[string \"\"]:1: %s%n" },
		{ "=", ":1: %s%n" },
		{ "@", ":1: %s%n" },
		{ "%s%n%pE", "[string \"%s%n%pE\"]:1: %s%n" },
		{ "a\nb", "[string \"a...\"]:1: %s%n" },
		{ "@\033[2J", "\033[2J:1: %s%n" },
	};
	struct klua_result result = { .buf = text, .size = sizeof(text) };
	struct kmsg_dump_iter log;
	char name[512];
	int i;

	log_begin(&log);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ(test, klua_state_run(state, chunk,
						     strlen(chunk),
						     names[i].name, &result),
				-EREMOTEIO);
		KUNIT_EXPECT_EQ_MSG(test, !!strstarts(text, names[i].text), 1,
				    "%d: %s", i, text);
	}
	for (i = 0; i < 3; i++) {
		memset(name, 'x', sizeof(name));
		name[sizeof(name) - 1] = '\0';
		if (i)
			name[0] = "=@"[i - 1];
		KUNIT_EXPECT_EQ(test, klua_state_run(state, chunk,
						     strlen(chunk), name,
						     &result), -EREMOTEIO);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(text, ":1: %s%n"), 1,
				    "%d: %s", i, text);
	}
	KUNIT_EXPECT_EQ(test, log_count(&log, "<", ""), 0);
}

static void a_result_may_have_no_buffer(struct kunit *test)
{
	static const char * const chunks[] = { "return 'abc'", "error('abc', 0)" };
	struct klua_result result = { .size = 10 };
	int i;

	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		result.len = 0;
		KUNIT_EXPECT_EQ(test, klua_state_run(state, chunks[i],
						     strlen(chunks[i]), NULL,
						     &result),
				i ? -EREMOTEIO : 0);
		KUNIT_EXPECT_GE(test, result.len, 3);
	}
}

static int add_two(lua_State *L)
{
	int *n = lua_touserdata(L, 1);

	*n += 2;
	lua_pushinteger(L, 1);
	return 1;
}

static int throw(lua_State *L)
{
	return luaL_error(L, "thrown at %d", 42);
}

static void calls_a_function(struct kunit *test)
{
	int n = 40;

	KUNIT_EXPECT_EQ(test, klua_state_call(state, add_two, &n), 0);
	KUNIT_EXPECT_EQ(test, n, 42);
	KUNIT_EXPECT_EQ(test, top(state), 0);
}

static void the_message_stays_under_the_lock(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, __klua_state_call(state, throw, NULL),
			-EREMOTEIO);
	KUNIT_EXPECT_STREQ(test, state->errmsg, "thrown at 42");
	klua_state_unlock(state);
}

static void each_entry_has_its_own_budget(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 20000), 0);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, run("for i = 1, 5000 do end"), 0);
	KUNIT_EXPECT_EQ(test, run("for i = 1, 50000 do end"), -ETIME);
	KUNIT_EXPECT_EQ(test, run("for i = 1, 5000 do end"), 0);
}

static void time_is_limited_without_steps(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, KLUA_STEPS_UNLIMITED),
			0);
	KUNIT_EXPECT_EQ(test, run("while true do end"), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, run("while true do pcall(function()\n"
				  "while true do end end) end"), -ETIMEDOUT);
}

struct canceller {
	struct hrtimer timer;
	int ret;
};

/*
 * Cancels in a hard interrupt, so that one processor is enough for the run and the
 * cancel.
 */
static enum hrtimer_restart cancel(struct hrtimer *timer)
{
	struct canceller *c = container_of(timer, struct canceller, timer);

	c->ret = klua_state_cancel(NAME);
	if (c->ret != -ESRCH)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ms_to_ktime(1));
	return HRTIMER_RESTART;
}

static void start_canceller(struct canceller *c)
{
	hrtimer_setup(&c->timer, cancel, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&c->timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
}

static void cancel_ends_a_run(struct kunit *test)
{
	static struct canceller c;

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, KLUA_STEPS_UNLIMITED),
			0);
	start_canceller(&c);
	KUNIT_EXPECT_EQ(test, run("while true do end"), -ECANCELED);
	hrtimer_cancel(&c.timer);
	KUNIT_EXPECT_EQ(test, c.ret, 0);
	KUNIT_EXPECT_EQ(test, klua_state_cancel(NAME), -ESRCH);
	KUNIT_EXPECT_EQ(test, run("return 1"), 0);
}

static int reenter(lua_State *L)
{
	int *err = lua_touserdata(L, 1);

	*err = run_text(state, "return 1");
	return 0;
}

static void entering_again_is_refused(struct kunit *test)
{
	int err = 0;

	KUNIT_EXPECT_EQ(test, klua_state_call(state, reenter, &err), 0);
	KUNIT_EXPECT_EQ(test, err, -EDEADLK);
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, ""), -EDEADLK);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, throw, NULL), -EDEADLK);
	klua_state_unlock(state);
	KUNIT_EXPECT_EQ(test, run("return 1"), 0);
}

static int enter_other(lua_State *L)
{
	int *err = lua_touserdata(L, 1);
	struct klua_state *other = klua_state_find("other");

	*err = run_text(other, "return 1");
	klua_state_put(other);
	return 0;
}

struct endless {
	struct completion done;
	int err;
};

static int hold_other(void *data)
{
	struct endless *e = data;
	struct klua_state *other = klua_state_find("other");

	e->err = run_text(other, "while true do end");
	klua_state_put(other);
	kthread_complete_and_exit(&e->done, 0);
}

static void a_function_enters_another_state(struct kunit *test)
{
	int err = 1;

	KUNIT_ASSERT_NOT_NULL(test, klua_state_create(SMALL, "other"));
	KUNIT_EXPECT_EQ(test, klua_state_call(state, enter_other, &err), 0);
	KUNIT_EXPECT_EQ(test, err, 0);
}

/* An entry that waits for another state ends within its own time limit. */
static void waiting_for_another_ends(struct kunit *test)
{
	struct task_struct *task;
	struct endless e = {};
	int err = 1;

	need_two_processors(test);
	KUNIT_ASSERT_NOT_NULL(test, klua_state_create(SMALL, "other"));
	init_completion(&e.done);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(klua_state_lookup("other"),
						   KLUA_STEPS_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(klua_state_lookup("other"),
						  8 * USEC_PER_SEC), 0);
	task = start_elsewhere(hold_other, &e);
	KUNIT_ASSERT_NOT_NULL(test, task);
	while (!(READ_ONCE(klua_state_lookup("other")->limits.entry) & 1) &&
	       !completion_done(&e.done))
		usleep_range(100, 200);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(state, 20 * USEC_PER_MSEC), 0);
	klua_state_call(state, enter_other, &err);
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_EQ(test, klua_state_cancel("other"), 0);
	wait_for_completion(&e.done);
	put_task_struct(task);
	KUNIT_EXPECT_EQ(test, e.err, -ECANCELED);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(state, 8 * USEC_PER_SEC), 0);
}

static void irqs_off_is_refused(struct kunit *test)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = run_text(state, "");
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, err, -EOPNOTSUPP);
}

struct hardirq {
	struct irq_work work;
	int run;
	int call;
};

static void enter_in_hardirq(struct irq_work *work)
{
	struct hardirq *h = container_of(work, struct hardirq, work);

	h->run = run_text(state, "");
	h->call = klua_state_call(state, throw, NULL);
}

static void hardirq_is_refused(struct kunit *test)
{
	struct hardirq h = { .work = IRQ_WORK_INIT_HARD(enter_in_hardirq) };

	irq_work_queue(&h.work);
	irq_work_sync(&h.work);
	KUNIT_EXPECT_EQ(test, h.run, -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, h.call, -EOPNOTSUPP);
}

struct softirq {
	struct tasklet_struct tasklet;
	struct completion done;
	int good;
	int bad;
	int late;
};

static void enter_in_softirq(struct tasklet_struct *t)
{
	struct softirq *q = from_tasklet(q, t, tasklet);

	q->good = run_text(state, "x = 'softirq'");
	q->bad = klua_state_call(state, throw, NULL);
	q->late = run_text(state, "while true do end");
	complete(&q->done);
}

static void softirq_is_welcome(struct kunit *test)
{
	struct softirq q = {};

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 20000), 0);
	init_completion(&q.done);
	tasklet_setup(&q.tasklet, enter_in_softirq);
	tasklet_schedule(&q.tasklet);
	wait_for_completion(&q.done);
	tasklet_kill(&q.tasklet);
	KUNIT_EXPECT_EQ(test, q.good, 0);
	KUNIT_EXPECT_EQ(test, q.bad, -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, q.late, -ETIME);
	KUNIT_EXPECT_EQ(test, run("return x"), 0);
	KUNIT_EXPECT_STREQ(test, text, "softirq");
}

/* Each kind of recursion ends by an error while the stack still has room. */
static void deep_is_an_error(struct kunit *test)
{
	static const char * const chunks[] = {
		"local function f() return pcall(f) end return f()",
		"local function f() return coroutine.wrap(f)() end f()",
		"return load('return ' .. ('('):rep(1000) .. '1')",
		"return ('x'):rep(50):gsub('.', function(c)\n"
		"return (c:rep(9):gsub('.', string.upper)) end)",
		"local function f(s) return (s:gsub('.', f)) end return f('x')",
		"local t = setmetatable({}, {}) getmetatable(t).__index =\n"
		"function(t, k) return t[k + 1] end return t[1]",
	};
	int i;

	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, 1000000), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 200000), 0);
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		run(chunks[i]);
		KUNIT_EXPECT_EQ_MSG(test, run("return 1"), 0, "%s", chunks[i]);
	}
}

static struct kunit_case run_cases[] = {
	KUNIT_CASE(results_are_text),
	KUNIT_CASE(result_is_cut_to_fit),
	KUNIT_CASE(stack_is_restored),
	KUNIT_CASE(each_failure_has_its_errno),
	KUNIT_CASE(bad_arguments),
	KUNIT_CASE(odd_chunk_names),
	KUNIT_CASE(a_result_may_have_no_buffer),
	KUNIT_CASE(calls_a_function),
	KUNIT_CASE(the_message_stays_under_the_lock),
	KUNIT_CASE(each_entry_has_its_own_budget),
	KUNIT_CASE(time_is_limited_without_steps),
	KUNIT_CASE(cancel_ends_a_run),
	KUNIT_CASE(entering_again_is_refused),
	KUNIT_CASE(a_function_enters_another_state),
	KUNIT_CASE(waiting_for_another_ends),
	KUNIT_CASE(irqs_off_is_refused),
	KUNIT_CASE(hardirq_is_refused),
	KUNIT_CASE(softirq_is_welcome),
	KUNIT_CASE(deep_is_an_error),
	{}
};

static struct kunit_suite run_suite = {
	.name = "klua_run",
	.init = init_state,
	.exit = exit_state,
	.test_cases = run_cases,
};

kunit_test_suite(run_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's protected entries");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limits of an entry: for each function of Lua's that begins one, for all values
 * of the limits, and in each context.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <asm/stacktrace.h>
#ifdef CONFIG_X86_LOCAL_APIC
#include <asm/apic.h>
#include <asm/nmi.h>
#endif

#include "common.h"
#include "lua/entry.h"

#define NAME	"kunit"

/* Steps that compile a small script, and are soon used up */
#define STEPS	20000

static struct klua_state *state;

static int init_state(struct kunit *test)
{
	state = klua_state_create(SMALL, NAME);
	return state ? klua_state_set_steps(state, STEPS) : -ENOMEM;
}

static void exit_state(struct kunit *test)
{
	klua_state_destroy_all();
}

static int nothing(lua_State *L)
{
	return 0;
}

/*
 * Compile a chunk for an entry by one of Lua's functions. Called with the state's lock
 * held.
 */
static int load_chunk(const char *chunk)
{
	return luaL_loadbufferx(state->L, chunk, strlen(chunk), "=test", "t");
}

/* The reason that has ended the entry in progress, or the last one */
static int stopped_by(void)
{
	return state->limits.budget.stopped;
}

static void expect_disarmed(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, state->limits.entry & 1);
	KUNIT_EXPECT_EQ(test, state->limits.stack, KLUA_UNARMED);
	KUNIT_EXPECT_EQ(test, run_text(state, "return 1 + 1"), 0);
}

static void pcall_is_limited(struct kunit *test)
{
	static const char * const endless[] = {
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"return ('a'):rep(30):find(('a*'):rep(30) .. 'b')",
		"return coroutine.wrap(function() while true do end end)()",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(endless); i++) {
		KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
		KUNIT_EXPECT_EQ(test, load_chunk(endless[i]), LUA_OK);
		KUNIT_EXPECT_EQ(test, lua_pcall(state->L, 0, 0, 0), LUA_ERRRUN);
		KUNIT_EXPECT_EQ_MSG(test, stopped_by(), -ETIME, "%s",
				    endless[i]);
		lua_settop(state->L, 0);
		klua_state_unlock(state);
		expect_disarmed(test);
	}
}

static void pcall_is_limited_in_depth(struct kunit *test)
{
	static const char chunk[] = "local function f() return pcall(f) end\n"
				    "return f()";
	int top;

	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, load_chunk(chunk), LUA_OK);
	KUNIT_EXPECT_EQ(test, lua_pcall(state->L, 0, LUA_MULTRET, 0), LUA_OK);
	top = lua_gettop(state->L);
	KUNIT_EXPECT_GT(test, top, 2);
	KUNIT_EXPECT_STREQ(test, lua_tostring(state->L, top),
			   "C stack overflow");
	KUNIT_EXPECT_TRUE(test, state->limits.stack_hit);
	lua_settop(state->L, 0);
	klua_state_unlock(state);
	expect_disarmed(test);
}

static void pcall_is_limited_in_memory(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, load_chunk("return ('x'):rep(100000)"), LUA_OK);
	KUNIT_EXPECT_EQ(test, lua_pcall(state->L, 0, 0, 0), LUA_ERRMEM);
	KUNIT_EXPECT_LE(test, state->peakalloc, SMALL);
	lua_settop(state->L, 0);
	klua_state_unlock(state);
	expect_disarmed(test);
}

/* A lua_Reader whose text never ends */
static const char *endless_text(lua_State *L, void *data, size_t *size)
{
	static const char text[] = "local a = {[a] = a .. a} ";

	*size = sizeof(text) - 1;
	return text;
}

static void load_is_limited(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, __klua_state_set_steps(state, 500), 0);
	KUNIT_EXPECT_EQ(test, lua_load(state->L, endless_text, NULL, "=test",
				       "t"), LUA_ERRRUN);
	KUNIT_EXPECT_EQ(test, stopped_by(), -ETIME);
	lua_settop(state->L, 0);
	KUNIT_EXPECT_EQ(test, __klua_state_set_steps(state, STEPS), 0);
	klua_state_unlock(state);
	expect_disarmed(test);
}

static void resume_is_limited(struct kunit *test)
{
	static const char * const endless[] = {
		"while true do end",
		"pcall(function() while true do end end) while true do end",
		"while true do pcall(error) end",
	};
	lua_State *from, *co;
	int i;

	/* @from may be NULL: in neither case does a pcall() catch the error. */
	for (i = 0; i < 2 * ARRAY_SIZE(endless); i++) {
		from = i % 2 ? state->L : NULL;
		KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
		co = lua_newthread(state->L);
		KUNIT_EXPECT_EQ(test, load_chunk(endless[i / 2]), LUA_OK);
		lua_xmove(state->L, co, 1);
		KUNIT_EXPECT_EQ(test, lua_resume(co, from, 0), LUA_ERRRUN);
		KUNIT_EXPECT_EQ_MSG(test, stopped_by(), -ETIME, "%s",
				    endless[i / 2]);
		/* A dead coroutine cannot be resumed. */
		KUNIT_EXPECT_EQ(test, lua_resume(co, from, 0), LUA_ERRRUN);
		lua_settop(state->L, 0);
		klua_state_unlock(state);
		expect_disarmed(test);
	}
}

/*
 * Before a resume, the steps that are left may belong to a coroutine that lua_call()
 * ran without telling the core of it, and that the resumed coroutine collects. When the
 * resume returns they go to the coroutine that resumed.
 */
static int resume_after_another(lua_State *L)
{
	lua_State *resumed = lua_newthread(L);
	lua_State *called = lua_newthread(L);

	lua_getglobal(resumed, "collectgarbage");
	lua_pushcfunction(called, nothing);
	lua_call(called, 0, 0);
	lua_pushboolean(L, state->limits.running == called);
	lua_remove(L, -2);
	lua_resume(resumed, L, 0);
	lua_pushboolean(L, state->limits.running == L);
	return 2;
}

static void steps_go_to_who_resumed(struct kunit *test)
{
	lua_State *L = state->L;

	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	lua_pushcfunction(L, resume_after_another);
	KUNIT_ASSERT_EQ(test, lua_pcall(L, 0, 2, 0), LUA_OK);
	KUNIT_EXPECT_TRUE(test, lua_toboolean(L, -2));
	KUNIT_EXPECT_TRUE(test, lua_toboolean(L, -1));
	lua_settop(L, 0);
	klua_state_unlock(state);
	expect_disarmed(test);
}

/* Each part of a coroutine between two yields is an entry. */
static void each_resume_has_its_own_budget(struct kunit *test)
{
	lua_State *co;
	int i;

	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	co = lua_newthread(state->L);
	KUNIT_EXPECT_EQ(test, load_chunk("while true do\n"
					 "for i = 1, 5000 do end\n"
					 "coroutine.yield() end"), LUA_OK);
	lua_xmove(state->L, co, 1);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, lua_resume(co, NULL, 0), LUA_YIELD);
		KUNIT_EXPECT_EQ(test, stopped_by(), 0);
		lua_settop(co, 0);
	}
	lua_settop(state->L, 0);
	klua_state_unlock(state);
	expect_disarmed(test);
}

/* lua_gc() may run a script's finalizers. */
static void collecting_is_limited(struct kunit *test)
{
	static const char chunk[] =
		"setmetatable({}, {__gc = function() while true do end end})\n"
		"setmetatable({}, {__gc = function() again = true\n"
		"while true do end end})";

	KUNIT_EXPECT_EQ(test, run_text(state, chunk), 0);
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	lua_gc(state->L, LUA_GCCOLLECT, 0);
	KUNIT_EXPECT_EQ(test, stopped_by(), -ETIME);
	lua_settop(state->L, LUA_MINSTACK);
	lua_settop(state->L, 0);
	KUNIT_EXPECT_EQ(test, lua_gettop(state->L), 0);
	klua_state_unlock(state);
	KUNIT_EXPECT_EQ(test, run_text(state, "assert(again)"), 0);
	expect_disarmed(test);
}

/*
 * A step of the collector is an entry as well, and the steps of a collection come to an
 * end.
 */
static void collecting_in_steps_is_limited(struct kunit *test)
{
	static const char chunk[] =
		"setmetatable({}, {__gc = function() while true do end end})";
	int i;

	KUNIT_EXPECT_EQ(test, run_text(state, chunk), 0);
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	for (i = 0; i < 100 && !stopped_by(); i++)
		lua_gc(state->L, LUA_GCSTEP, 0);
	KUNIT_EXPECT_EQ(test, stopped_by(), -ETIME);
	klua_state_unlock(state);
	expect_disarmed(test);
}

static void budgets_at_the_edges(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, state->steps, STEPS);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 1), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, "return 1"), -ETIME);
	KUNIT_EXPECT_EQ(test, run_text(state, ""), -ETIME);

	/*
	 * -1 is KLUA_STEPS_UNLIMITED. Other very large numbers have much the same
	 * effect.
	 */
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, -1), 0);
	KUNIT_EXPECT_TRUE(test, state->steps == KLUA_STEPS_UNLIMITED);
	KUNIT_EXPECT_EQ(test, run_text(state, "for i = 1, 100000 do end"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, -2), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, "for i = 1, 100000 do end"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, S64_MIN), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, "for i = 1, 100000 do end"), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, "while true do end"), -ETIMEDOUT);

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, STEPS), 0);
	expect_disarmed(test);
}

static void memory_limits_at_the_edges(struct kunit *test)
{
	static const size_t bad[] = { 0, 1, KLUA_MIN_ALLOC - 1 };
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, bad[i]),
				-EINVAL);
		KUNIT_EXPECT_NULL(test, klua_state_create(bad[i], "bad"));
	}
	KUNIT_EXPECT_EQ(test, state->maxalloc, SMALL);

	/* A negative number is a very large one: the machine's memory is the limit. */
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, KLUA_STEPS_UNLIMITED),
			0);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, -1), 0);
	KUNIT_EXPECT_EQ(test, state->maxalloc, SIZE_MAX);
	KUNIT_EXPECT_EQ(test, run_text(state, "x = ('x'):rep(100000)"), 0);

	/* A limit below the memory in use: nothing is lost, and no memory is given. */
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, KLUA_MIN_ALLOC),
			0);
	KUNIT_EXPECT_EQ(test, run_text(state, "return 'new ' .. #x"), -ENOMEM);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, 2 * SMALL), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, "assert(#x == 100000)"), 0);
}

static void budget_of_one_call(struct kunit *test)
{
	u64 steps;

	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	steps = state->steps;
	KUNIT_EXPECT_EQ(test, __klua_state_set_steps(state, 100), 0);
	KUNIT_EXPECT_EQ(test, __klua_state_run(state, "for i = 1, 1000 do end",
					       22, NULL, NULL), -ETIME);
	KUNIT_EXPECT_EQ(test, __klua_state_set_steps(state, steps), 0);
	KUNIT_EXPECT_EQ(test, __klua_state_run(state, "for i = 1, 1000 do end",
					       22, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, __klua_state_set_steps(state, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, __klua_state_set_maxalloc(state, 0), -EINVAL);
	klua_state_unlock(state);
}

/* Limits that a function sets which Lua calls */
struct setting {
	struct klua_state *s;
	int maxalloc;
	int steps;
	int locked_maxalloc;
	int locked_steps;
};

static int set_limits(lua_State *L)
{
	struct setting *set = lua_touserdata(L, 1);

	set->maxalloc = klua_state_set_maxalloc(set->s, 2 * SMALL);
	set->steps = klua_state_set_steps(set->s, 2 * STEPS);
	if (set->s != state)
		return 0;
	set->locked_maxalloc = __klua_state_set_maxalloc(set->s, 3 * SMALL);
	set->locked_steps = __klua_state_set_steps(set->s, 3 * STEPS);
	return 0;
}

static void setting_from_inside_does_not_wait(struct kunit *test)
{
	struct setting set = { .s = state };
	struct klua_state *other;

	KUNIT_EXPECT_EQ(test, klua_state_call(state, set_limits, &set), 0);
	KUNIT_EXPECT_EQ(test, set.maxalloc, -EDEADLK);
	KUNIT_EXPECT_EQ(test, set.steps, -EDEADLK);
	KUNIT_EXPECT_EQ(test, set.locked_maxalloc, 0);
	KUNIT_EXPECT_EQ(test, set.locked_steps, -EDEADLK);
	KUNIT_EXPECT_EQ(test, state->maxalloc, 3 * SMALL);
	KUNIT_EXPECT_EQ(test, state->steps, STEPS);

	other = klua_state_create(SMALL, "other");
	KUNIT_ASSERT_NOT_NULL(test, other);
	set.s = other;
	KUNIT_EXPECT_EQ(test, klua_state_call(state, set_limits, &set), 0);
	KUNIT_EXPECT_EQ(test, set.maxalloc, 0);
	KUNIT_EXPECT_EQ(test, set.steps, 0);
	KUNIT_EXPECT_EQ(test, other->maxalloc, 2 * SMALL);
	KUNIT_EXPECT_EQ(test, other->steps, 2 * STEPS);
}

static void setting_with_the_lock_does_not_wait(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, SMALL), -EDEADLK);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, STEPS), -EDEADLK);
	klua_state_unlock(state);
}

static void setting_with_irqs_off_is_refused(struct kunit *test)
{
	unsigned long flags;
	int maxalloc, steps;

	local_irq_save(flags);
	maxalloc = klua_state_set_maxalloc(state, SMALL);
	steps = klua_state_set_steps(state, STEPS);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, maxalloc, -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, steps, -EOPNOTSUPP);
}

/* An endless run in a thread of its own */
struct endless {
	struct completion begun;
	struct completion done;
	int err;
};

static int run_endless(void *data)
{
	struct endless *e = data;

	complete(&e->begun);
	e->err = run_text(state, "while true do pcall(function()\n"
			  "while true do end end) end");
	kthread_complete_and_exit(&e->done, 0);
}

/* Start the thread, and wait until it runs the script. */
static void begin_endless(struct kunit *test, struct endless *e)
{
	struct task_struct *task;

	init_completion(&e->begun);
	init_completion(&e->done);
	e->err = 0;
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, KLUA_STEPS_UNLIMITED),
			0);
	task = start_elsewhere(run_endless, e);
	KUNIT_ASSERT_NOT_NULL(test, task);
	put_task_struct(task);
	wait_for_completion(&e->begun);
	while (!(READ_ONCE(state->limits.entry) & 1) && !completion_done(&e->done))
		usleep_range(100, 200);
}

/* A task that was killed before it enters an atomic state, which another task has locked */
struct killed {
	struct completion begun;
	struct completion done;
	int err;
};

static int enter_killed(void *data)
{
	struct killed *k = data;

	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	complete(&k->begun);
	k->err = run_text(state, "for i = 1, 5000 do end");
	kthread_complete_and_exit(&k->done, 0);
}

/* Packets that a task sends while it is killed get the same answers as others. */
static void a_fatal_signal_ends_no_atomic_run(struct kunit *test)
{
	unsigned int here = cpumask_first(cpu_online_mask);
	unsigned int there = cpumask_next(here, cpu_online_mask);
	struct task_struct *task;
	struct killed k;

	/* Another processor has to wait for the lock. */
	need_two_processors(test);
	init_completion(&k.begun);
	init_completion(&k.done);
	KUNIT_EXPECT_EQ(test, klua_state_set_time(state, KLUA_TIME_MAX_US_ATOMIC), 0);
	task = kthread_create(enter_killed, &k, "killed");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(task));
	kthread_bind(task, there);
	set_cpus_allowed_ptr(current, cpumask_of(here));
	KUNIT_EXPECT_EQ(test, klua_state_lock(state), 0);
	wake_up_process(task);
	while (!completion_done(&k.begun))
		cpu_relax();
	mdelay(10);
	klua_state_unlock(state);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	wait_for_completion(&k.done);
	KUNIT_EXPECT_EQ(test, k.err, 0);
	expect_disarmed(test);
}

/*
 * A cancel that comes late, for an entry before the last one, does not undo a later
 * cancel.
 */
static void a_late_cancel_takes_no_other_back(struct kunit *test)
{
	struct klua_limits lim = { .entry = 7 };

	klua_limits_cancel(&lim, 7);
	klua_limits_cancel(&lim, 5);
	KUNIT_EXPECT_EQ(test, lim.cancel, 7);
	klua_limits_cancel(&lim, 9);
	KUNIT_EXPECT_EQ(test, lim.cancel, 9);
}

/* Cancels for names of no state, for an idle state, and for a state out of the table */
static void cancel_of_what_does_not_run(struct kunit *test)
{
	struct endless e;

	KUNIT_EXPECT_EQ(test, klua_state_cancel("nobody"), -ENOENT);
	KUNIT_EXPECT_EQ(test, klua_state_cancel(NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, klua_state_cancel(""), -ENOENT);
	KUNIT_EXPECT_EQ(test, klua_state_cancel(NAME), -ESRCH);
	/* The cancel does not end a later run. */
	KUNIT_EXPECT_EQ(test, run_text(state, "return 1"), 0);

	KUNIT_ASSERT_TRUE(test, klua_state_get(state));
	begin_endless(test, &e);
	klua_state_destroy_all();
	KUNIT_EXPECT_EQ(test, klua_state_cancel(NAME), -ENOENT);
	wait_for_completion(&e.done);
	KUNIT_EXPECT_EQ(test, e.err, -ETIMEDOUT);
	/* The holder can go on using the state. */
	KUNIT_EXPECT_EQ(test, run_text(state, "return 1"), 0);
	klua_state_put(state);
}

static int notes;

static int count_note(lua_State *L)
{
	notes++;
	return 0;
}

static int open_note(lua_State *L)
{
	lua_register(L, "note", count_note);
	return 0;
}

/* Finalizers run when a state is closed, even if it is full. */
static void finalizers_run_in_a_full_state(struct kunit *test)
{
	static const char chunk[] =
		"kept = setmetatable({}, {__gc = function()\n"
		"local s = ('x'):rep(500) .. #full note() end})\n"
		"full = {}\n"
		"local function fill() while true do full[#full + 1] = {} end end\n"
		"pcall(fill) pcall(fill)";
	struct watch w;

	notes = 0;
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, KLUA_STEPS_UNLIMITED),
			0);
	KUNIT_ASSERT_EQ(test, watch_state(state, &w), 0);
	KUNIT_ASSERT_EQ(test, klua_state_call(state, open_note, NULL), 0);
	KUNIT_EXPECT_EQ(test, run_text(state, chunk), 0);
	KUNIT_EXPECT_GT(test, state->curralloc, SMALL - 100);
	KUNIT_EXPECT_EQ(test, klua_state_destroy(NAME), 0);
	KUNIT_EXPECT_TRUE(test, watch_closed(&w));
	KUNIT_EXPECT_EQ(test, notes, 1);
}

/* Recurse until @left bytes of the C stack are left, then call @run. */
static noinline int dig(unsigned long left, int (*run)(void))
{
	unsigned long sp = current_stack_pointer;
	unsigned long base = (unsigned long)task_stack_page(current);
	unsigned char pad[128];
	int ret;

	memset(pad, left, sizeof(pad));
	OPTIMIZER_HIDE_VAR(sp);
	if (sp - base < left + 512)
		ret = run();
	else
		ret = dig(left, run);
	barrier_data(pad);
	return ret;
}

static int run_here(void)
{
	return run_text(state, "return 1");
}

static int pcall_here(void)
{
	int ret;

	ret = klua_state_lock(state);
	if (ret)
		return ret;
	lua_settop(state->L, 0);
	ret = load_chunk("return tostring(1)");
	if (ret == LUA_OK)
		ret = lua_pcall(state->L, 0, 0, 0);
	klua_state_unlock(state);
	return ret;
}

static void little_c_stack_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dig(KLUA_STACK_NEEDED - 512, run_here), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, dig(THREAD_SIZE / 4 + 512, run_here),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, dig(THREAD_SIZE * 3 / 4, run_here), 0);
	expect_disarmed(test);
}

/* lua_pcall() reports the same as one of Lua's errors. */
static void little_c_stack_is_an_error(struct kunit *test)
{
	KUNIT_EXPECT_NE(test, dig(THREAD_SIZE * 5 / 16, pcall_here), LUA_OK);
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	KUNIT_EXPECT_EQ(test, lua_gettop(state->L), 1);
	lua_settop(state->L, 0);
	klua_state_unlock(state);
	KUNIT_EXPECT_EQ(test, dig(THREAD_SIZE * 3 / 4, pcall_here), LUA_OK);
	expect_disarmed(test);
}

static int new_here(void)
{
	char why[64];
	struct klua_config config = {
		.name = "deep",
		.maxalloc = SMALL,
		.error = why,
		.error_size = sizeof(why),
	};
	struct klua_state *s = klua_state_new(&config);

	if (IS_ERR(s))
		return strstr(why, "C stack") ? PTR_ERR(s) : -EINVAL;
	return klua_state_retire(s);
}

static void little_c_stack_makes_no_state(struct kunit *test)
{
	unsigned long left;
	int err;

	KUNIT_EXPECT_EQ(test, dig(KLUA_STACK_NEEDED - 512, new_here), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, dig(THREAD_SIZE * 3 / 4, new_here), 0);
	/* The same where the stack ends while the libraries are opened */
	for (left = KLUA_STACK_NEEDED; left < THREAD_SIZE * 3 / 4; left += 128) {
		err = dig(left, new_here);
		KUNIT_EXPECT_EQ_MSG(test, err ?: -EOVERFLOW, -EOVERFLOW, "%lu", left);
	}
}

/* Leave two objects to the collector: a consumer's finalizer, and one of a script. */
static int leave_objects(lua_State *L)
{
	lua_newuserdata(L, 1);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, count_note);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	lua_setglobal(L, "object");
	return luaL_loadstring(L, "setmetatable({}, { __gc = function() note() end })") ?:
	       lua_pcall(L, 0, 0, 0);
}

static int collect_here(void)
{
	int ret = klua_state_lock(state);

	if (ret)
		return ret;
	lua_pushnil(state->L);
	lua_setglobal(state->L, "object");
	lua_gc(state->L, LUA_GCCOLLECT, 0);
	klua_state_unlock(state);
	return 0;
}

/*
 * Where a consumer's finalizer does not fit, it is called by a later collection, and not
 * lost.
 */
static void finalizers_wait_for_c_stack(struct kunit *test)
{
	notes = 0;
	KUNIT_ASSERT_EQ(test, klua_state_call(state, open_note, NULL), 0);
	KUNIT_ASSERT_EQ(test, klua_state_call(state, leave_objects, NULL), 0);
	/* The full collection raises no error: this is not in a protected call. */
	KUNIT_EXPECT_EQ(test, dig(THREAD_SIZE * 5 / 16, collect_here), 0);
	KUNIT_EXPECT_EQ(test, notes, 0);
	KUNIT_EXPECT_EQ(test, collect_here(), 0);
	KUNIT_EXPECT_GE(test, notes, 1);
}

static int retire_here(void)
{
	return klua_state_retire(state);
}

static void little_c_stack_runs_finalizers(struct kunit *test)
{
	notes = 0;
	KUNIT_ASSERT_EQ(test, klua_state_call(state, open_note, NULL), 0);
	KUNIT_ASSERT_EQ(test, klua_state_call(state, leave_objects, NULL), 0);
	KUNIT_ASSERT_TRUE(test, klua_state_get(state));
	KUNIT_EXPECT_EQ(test, dig(THREAD_SIZE * 5 / 16, retire_here), 0);
	KUNIT_EXPECT_EQ(test, notes, 2);
}

#ifdef CONFIG_X86_LOCAL_APIC
/* Results of calls in an NMI, which the case sends to its own processor */
static struct {
	bool wanted;
	bool seen;
	int run;
	int call;
	int invoke;
	int maxalloc;
	int steps;
} nmi;

static int enter_in_nmi(unsigned int type, struct pt_regs *regs)
{
	struct klua_call call = { .function = "nothing" };

	if (!xchg(&nmi.wanted, false))
		return NMI_DONE;
	nmi.run = run_text(state, "");
	nmi.call = klua_state_call(state, nothing, NULL);
	nmi.invoke = klua_invoke("nobody", &call);
	nmi.maxalloc = klua_state_set_maxalloc(state, SMALL);
	nmi.steps = klua_state_set_steps(state, STEPS);
	WRITE_ONCE(nmi.seen, true);
	return NMI_HANDLED;
}

static void nmi_is_refused(struct kunit *test)
{
	int i;

	nmi.seen = false;
	KUNIT_ASSERT_EQ(test, register_nmi_handler(NMI_LOCAL, enter_in_nmi, 0,
						   "klua_kunit"), 0);
	WRITE_ONCE(nmi.wanted, true);
	preempt_disable();
	apic->send_IPI(smp_processor_id(), NMI_VECTOR);
	preempt_enable();
	for (i = 0; i < 10000 && !READ_ONCE(nmi.seen); i++)
		usleep_range(100, 200);
	unregister_nmi_handler(NMI_LOCAL, "klua_kunit");
	KUNIT_ASSERT_TRUE(test, nmi.seen);
	KUNIT_EXPECT_EQ(test, nmi.run, -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, nmi.call, -EOPNOTSUPP);
	/* It does not even look for the state. */
	KUNIT_EXPECT_EQ(test, nmi.invoke, -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, nmi.maxalloc, -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, nmi.steps, -EOPNOTSUPP);
	expect_disarmed(test);
}
#endif

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(pcall_is_limited),
	KUNIT_CASE(pcall_is_limited_in_depth),
	KUNIT_CASE(pcall_is_limited_in_memory),
	KUNIT_CASE(load_is_limited),
	KUNIT_CASE(resume_is_limited),
	KUNIT_CASE(steps_go_to_who_resumed),
	KUNIT_CASE(each_resume_has_its_own_budget),
	KUNIT_CASE(collecting_is_limited),
	KUNIT_CASE(collecting_in_steps_is_limited),
	KUNIT_CASE(budgets_at_the_edges),
	KUNIT_CASE(memory_limits_at_the_edges),
	KUNIT_CASE(budget_of_one_call),
	KUNIT_CASE(setting_from_inside_does_not_wait),
	KUNIT_CASE(setting_with_the_lock_does_not_wait),
	KUNIT_CASE(setting_with_irqs_off_is_refused),
	KUNIT_CASE(a_fatal_signal_ends_no_atomic_run),
	KUNIT_CASE(a_late_cancel_takes_no_other_back),
	KUNIT_CASE(cancel_of_what_does_not_run),
	KUNIT_CASE(finalizers_run_in_a_full_state),
	KUNIT_CASE(little_c_stack_is_refused),
	KUNIT_CASE(little_c_stack_is_an_error),
	KUNIT_CASE(little_c_stack_makes_no_state),
	KUNIT_CASE(finalizers_wait_for_c_stack),
	KUNIT_CASE(little_c_stack_runs_finalizers),
#ifdef CONFIG_X86_LOCAL_APIC
	KUNIT_CASE(nmi_is_refused),
#endif
	{}
};

static struct kunit_suite limits_suite = {
	.name = "klua_limits",
	.init = init_state,
	.exit = exit_state,
	.test_cases = limits_cases,
};

kunit_test_suite(limits_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's limits");

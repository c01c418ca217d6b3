// SPDX-License-Identifier: GPL-2.0-only
/*
 * Libraries and objects of modules: how Lua uses them, that Lua cannot reach them once
 * they are unregistered, and that each object is released once.
 *
 * Most cases run in a state of each kind, since atomic and irq states call functions
 * under RCU alone, while sleepable ones count calls.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "common.h"

#define NAME	"kunit"

/* A state of each kind, and the one that run() and give() use */
static struct klua_state *states[__KLUA_KIND_MAX];
static struct klua_state *state;

#define for_each_kind(kind) \
	for ((kind) = 0; (kind) < __KLUA_KIND_MAX && \
	     (state = states[kind], true); (kind)++)

static char text[256];

static int run(const char *chunk)
{
	struct klua_result result = { .buf = text, .size = sizeof(text) };

	return klua_state_run(state, chunk, strlen(chunk), "=test", &result);
}

/* The chunk returns this text. */
static void gives(struct kunit *test, const char *chunk, const char *wanted)
{
	KUNIT_EXPECT_EQ_MSG(test, run(chunk), 0, "%s: %s", chunk, text);
	KUNIT_EXPECT_STREQ_MSG(test, text, wanted, "%s", chunk);
}

/* The chunk raises an ordinary error whose message contains this text. */
static void raises(struct kunit *test, const char *chunk, const char *wanted)
{
	KUNIT_EXPECT_EQ_MSG(test, run(chunk), -EREMOTEIO, "%s: %s", chunk,
			    text);
	KUNIT_EXPECT_EQ_MSG(test, !!strstr(text, wanted), 1, "%s: %s", chunk,
			    text);
}

static int calls;

static int add(lua_State *L)
{
	calls++;
	lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2));
	return 1;
}

static int fail(lua_State *L)
{
	calls++;
	return luaL_error(L, "failed");
}

static int apply(lua_State *L)
{
	calls++;
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static int continued(lua_State *L, int status, lua_KContext ctx)
{
	calls++;
	lua_pushinteger(L, ctx);
	return 1;
}

static int wait(lua_State *L)
{
	calls++;
	return lua_yieldk(L, 0, 42, continued);
}

static int applyk(lua_State *L)
{
	calls++;
	lua_callk(L, lua_gettop(L) - 1, 0, 43, continued);
	return continued(L, LUA_OK, 43);
}

static int papplyk(lua_State *L)
{
	calls++;
	lua_pcallk(L, lua_gettop(L) - 1, 0, 0, 44, continued);
	return continued(L, LUA_OK, 44);
}

static struct klua_lib lib;
static int unregister_ret;

static int unregister(lua_State *L)
{
	unregister_ret = klua_lib_unregister(&lib);
	return 0;
}

static const luaL_Reg functions[] = {
	{ "add", add },
	{ "fail", fail },
	{ "apply", apply },
	{ "wait", wait },
	{ "applyk", applyk },
	{ "papplyk", papplyk },
	{ "unregister", unregister },
	{}
};

/* An object that counts how often it was released */
struct thing {
	int value;
	int released;
};

static void thing_release(void *ptr)
{
	struct thing *thing = ptr;

	thing->released++;
}

static struct klua_class thing_class, other_class;

static int thing_value(lua_State *L)
{
	struct thing *thing = klua_object_check(L, 1, &thing_class);

	calls++;
	lua_pushinteger(L, thing->value);
	return 1;
}

static const luaL_Reg thing_methods[] = {
	{ "value", thing_value },
	{ "__len", thing_value },
	{}
};

static struct klua_class thing_class = {
	.name = "thing",
	.methods = thing_methods,
	.release = thing_release,
};

static struct klua_class other_class = { .name = "other" };

static struct klua_class *const classes[] = {
	&thing_class, &other_class, NULL
};

static struct klua_lib lib = {
	.name = "kulib",
	.functions = functions,
	.classes = classes,
};

static struct klua_state *make_state(enum klua_kind kind, const char *name)
{
	struct klua_config config = {
		.name = name,
		.kind = kind,
		.maxalloc = SMALL,
		.steps = 100000,
	};
	struct klua_state *s = klua_state_new(&config);

	if (IS_ERR(s))
		return NULL;
	be_patient(s);
	return s;
}

static int init_lib(struct kunit *test)
{
	static const char * const names[] = { NAME, "sleepable", "irq" };
	enum klua_kind kind;

	if (klua_lib_register(&lib))
		return -EINVAL;
	calls = 0;
	for (kind = 0; kind < __KLUA_KIND_MAX; kind++) {
		states[kind] = make_state(kind, names[kind]);
		if (!states[kind])
			return -ENOMEM;
	}
	state = states[KLUA_KIND_ATOMIC];
	return 0;
}

static void exit_lib(struct kunit *test)
{
	enum klua_kind kind;

	for (kind = 0; kind < __KLUA_KIND_MAX; kind++)
		if (states[kind])
			klua_state_retire(states[kind]);
	if (lib.desc)
		klua_lib_unregister(&lib);
}

/* Arguments of a function that pushes an object as the global "x" */
struct give {
	const struct klua_class *class;
	void *ptr;
	bool lend;
};

static int give_x(lua_State *L)
{
	const struct give *give = lua_touserdata(L, 1);

	if (give->lend)
		klua_object_lend(L, give->class, give->ptr);
	else
		klua_object_push(L, give->class, give->ptr);
	lua_setglobal(L, "x");
	return 0;
}

static int give(const struct klua_class *class, void *ptr, bool lend)
{
	struct give give = { .class = class, .ptr = ptr, .lend = lend };

	return klua_state_call(state, give_x, &give);
}

static void require_opens_once(struct kunit *test)
{
	gives(test, "return require('kulib').add(1, 2)", "3");
	gives(test, "return require 'kulib' == require 'kulib'", "true");
	gives(test, "return kulib", "nil");
	gives(test, "require('kulib').mine = 7 return require('kulib').mine",
	      "7");
	gives(test, "return require 'string' == string", "true");
}

static void require_finds_no_other(struct kunit *test)
{
	raises(test, "require 'nolib'", "library 'nolib' not found");
	raises(test, "require ''", "not found: no module has it, and its name");
	raises(test, "require()", "bad argument #1 to 'require'");
	raises(test, "require {}", "bad argument #1 to 'require'");
	raises(test, "require('kulib\\0x')", "no library has a name like this");
	raises(test, "require(('x'):rep(64))", "no library has a name");
	raises(test, "require(('x'):rep(63))", "not found");
}

static int open_lib(lua_State *L)
{
	int *ret = lua_touserdata(L, 1);

	ret[0] = klua_lib_open(L, "kulib");
	ret[1] = klua_lib_open(L, "nolib");
	ret[2] = lua_gettop(L);
	return 0;
}

static void opens_from_c(struct kunit *test)
{
	int ret[3];

	KUNIT_EXPECT_EQ(test, klua_state_call(state, open_lib, ret), 0);
	KUNIT_EXPECT_EQ(test, ret[0], 0);
	KUNIT_EXPECT_EQ(test, ret[1], -ENOENT);
	KUNIT_EXPECT_EQ(test, ret[2], 1);
	gives(test, "return kulib.add(2, 3), kulib == require 'kulib'",
	      "5\ttrue");
}

static void opens_for_a_new_state(struct kunit *test)
{
	static const char * const names[] = { "kulib", NULL };
	static const char * const unknown[] = { "kulib", "nolib", NULL };
	struct klua_config config = {
		.name = "new",
		.maxalloc = SMALL,
		.libraries = names,
		.error = text,
		.error_size = sizeof(text),
	};
	struct klua_state *s = klua_state_new(&config);

	KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
	KUNIT_EXPECT_EQ(test, run_text(s, "return kulib.add(1, 2)"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_retire(s), 0);
	config.libraries = unknown;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(klua_state_new(&config)),
			-EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, !!strstr(text, "there is no library 'nolib'"));
}

static void errors_name_functions(struct kunit *test)
{
	raises(test, "require('kulib').add('x', 1)",
	       "bad argument #1 to 'add'");
	raises(test, "require('kulib').fail()", "failed");
}

static const luaL_Reg twice[] = { { "f", add }, { "f", add }, {} };
static const luaL_Reg apart[] = { { "f", add }, { "g", add }, { "f", add }, {} };
static const luaL_Reg none[] = { { "f", NULL }, {} };
static const luaL_Reg empty[] = { { "", add }, {} };
static const luaL_Reg own_gc[] = { { "__gc", add }, {} };
static const luaL_Reg own_mt[] = { { "__metatable", add }, {} };

static void bad_libraries(struct kunit *test)
{
	static char long_name[KLUA_NAME_MAXSIZE + 1];
	static struct klua_class nameless, gc = { "c", own_gc },
		mt = { "c", own_mt }, c1 = { "c" }, c2 = { "c" };
	static struct klua_class *const cs[][3] = {
		{ &nameless }, { &gc }, { &mt }, { &c1, &c2 },
	};
	struct klua_lib bad[] = {
		{ .name = NULL }, { .name = "" }, { .name = long_name },
		{ "bad", twice }, { "bad", apart }, { "bad", none },
		{ "bad", empty },
		{ "bad", NULL, cs[0] }, { "bad", NULL, cs[1] },
		{ "bad", NULL, cs[2] }, { "bad", NULL, cs[3] },
	};
	struct kmsg_dump_iter log;
	int i;

	memset(long_name, 'x', KLUA_NAME_MAXSIZE);
	log_begin(&log);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, klua_lib_register(&bad[i]), -EINVAL,
				    "%d", i);
	KUNIT_EXPECT_EQ(test, klua_lib_register(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&bad[0]), -ENOENT);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR, "register"), i + 3);
}

static void taken_names(struct kunit *test)
{
	static struct klua_class *const cs[] = { &thing_class, NULL };
	struct klua_lib taken[] = {
		{ .name = "kulib" }, { .name = "string" }, { .name = "_G" },
		{ "kulib2", NULL, cs },
	};
	struct kmsg_dump_iter log;
	int i;

	log_begin(&log);
	for (i = 0; i < ARRAY_SIZE(taken); i++)
		KUNIT_EXPECT_EQ_MSG(test, klua_lib_register(&taken[i]), -EEXIST,
				    "%d", i);
	KUNIT_EXPECT_EQ(test, klua_lib_register(&lib), -EEXIST);
	KUNIT_EXPECT_EQ(test, log_count(&log, LOG_ERR, "cannot register"),
			i + 1);
	gives(test, "return require('kulib').add(1, 1)", "2");
}

/*
 * Calls fail, whichever copies of a function a script has kept, and however it calls
 * them.
 */
static void gone_for_every_copy(struct kunit *test)
{
	char gone[64];
	static const char * const chunks[] = {
		"lib.add(1, 2)",
		"up()",
		"t.f(1, 2)",
		("setmetatable({}, {__index = lib.add}).x = 1\n"
		 "return setmetatable({}, {__index = t.f}).x"),
		"co(1, 2)",
		"table.sort({1, 2, 3}, t.f)",
		"require 'kulib'",
		"for x in t.f, 1, 2 do end",
		"return x:value()",
		"return #x",
	};
	static const char setup[] =
		"lib = require 'kulib' t = {f = lib.add}\n"
		"local f = lib.add\n"
		"function up() return f(1, 2) end\n"
		"co = coroutine.wrap(f)";
	struct thing things[__KLUA_KIND_MAX] = {};
	int i, kind, n;

	snprintf(gone, sizeof(gone), "library 'kulib' of module %s is gone",
		 module_name(THIS_MODULE));
	for_each_kind(kind) {
		KUNIT_EXPECT_EQ(test, give(&thing_class, &things[kind], false),
				0);
		KUNIT_EXPECT_EQ(test, run(setup), 0);
	}
	n = calls;
	KUNIT_ASSERT_EQ(test, klua_lib_unregister(&lib), 0);
	for_each_kind(kind)
		for (i = 0; i < ARRAY_SIZE(chunks); i++)
			raises(test, chunks[i], gone);
	KUNIT_EXPECT_EQ(test, calls, n);
}

static void continue_here(struct kunit *test)
{
	gives(test, "lib = require 'kulib'\n"
	      "co = coroutine.wrap(lib.wait) co() return co()", "42");
	gives(test, "co = coroutine.wrap(lib.applyk)\n"
	      "co(coroutine.yield) return co()", "43");
	gives(test, "co = coroutine.wrap(lib.papplyk)\n"
	      "co(coroutine.yield) return co()", "44");
	KUNIT_EXPECT_EQ(test, run("c1 = coroutine.wrap(lib.wait) c1()\n"
		"c2 = coroutine.wrap(lib.applyk) c2(coroutine.yield)\n"
		"c3 = coroutine.wrap(lib.papplyk) c3(coroutine.yield)\n"
		"c4 = coroutine.wrap(lib.papplyk)\n"
		"c4(function() coroutine.yield() error('inside') end)\n"
		"c5 = coroutine.wrap(function() return pcall(lib.wait) end)\n"
		"c5()"), 0);
}

static void continuations_are_gone(struct kunit *test)
{
	int kind, n;

	for_each_kind(kind)
		continue_here(test);
	n = calls;
	KUNIT_ASSERT_EQ(test, klua_lib_unregister(&lib), 0);
	for_each_kind(kind) {
		raises(test, "c1()", "is gone");
		raises(test, "c2()", "is gone");
		raises(test, "c3()", "is gone");
		raises(test, "c4()", "is gone");
		gives(test, "local ok, err = c5()\n"
		      "return ok, (err:find 'is gone') ~= nil", "false\ttrue");
	}
	KUNIT_EXPECT_EQ(test, calls, n);
}

static bool no_frames(void)
{
	bool none;

	raw_spin_lock_irq(&lib.desc->lock);
	none = list_empty(&lib.desc->frames) && !state->limits.frames;
	raw_spin_unlock_irq(&lib.desc->lock);
	return none;
}

/* A counted call that ends by an error is not counted any more. */
static void errors_end_calls(struct kunit *test)
{
	static const char * const chunks[] = {
		"return require('kulib').add(1, 2)",
		"lib = require 'kulib' lib.fail()",
		"return pcall(lib.fail)",
		"return lib.apply(pcall, lib.fail)",
		"return pcall(lib.apply, lib.apply, lib.fail)",
		"lib.apply(lib.apply, lib.apply, lib.fail)",
		"return coroutine.wrap(lib.wait)()",
		"return coroutine.wrap(lib.applyk)(lib.wait)",
		"return coroutine.wrap(lib.applyk)(lib.fail)",
		"return pcall(coroutine.wrap(lib.papplyk), lib.fail)",
		"lib.apply(function() while true do end end)",
		"local t = {} lib.apply(function() while true do t[#t + 1] = {}\n"
		"end end)",
		"local function f() return lib.apply(f) end f()",
		"return lib.apply(coroutine.wrap(function()\n"
		"lib.apply(error, 'x') end))",
	};
	int i;

	state = states[KLUA_KIND_SLEEPABLE];
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		run(chunks[i]);
		KUNIT_EXPECT_TRUE(test, no_frames());
		KUNIT_EXPECT_EQ_MSG(test, run("return 1"), 0, "%s", chunks[i]);
	}
}

/* The calls may have slept, which takes time and no steps. */
static void a_look_follows_calls_that_may_sleep(struct kunit *test)
{
	static const char * const texts[] = {
		"lib.add(1, 2)", "pcall(lib.fail)", "lib.apply(slice)",
		"coroutine.wrap(function() lib.wait() end)()",
	};
	char chunk[256];
	int i;

	state = states[KLUA_KIND_SLEEPABLE];
	KUNIT_EXPECT_EQ(test, klua_state_set_time(state, KLUA_TIME_UNLIMITED), 0);
	KUNIT_EXPECT_EQ(test, count_slices(state), 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		snprintf(chunk, sizeof(chunk), "local lib = require 'kulib'\n"
			 "slice() %s return slice() < " SHORT_SLICE, texts[i]);
		gives(test, chunk, "true");
	}
}

static void unregister_from_inside(struct kunit *test)
{
	int kind;

	for_each_kind(kind) {
		unregister_ret = 0;
		gives(test, "return require('kulib').unregister()", "");
		KUNIT_EXPECT_EQ(test, unregister_ret, -EDEADLK);
		gives(test, "return require('kulib').add(1, 1)", "2");
	}
}

/* Where it cannot wait, it is refused as well, and the library stays. */
static void unregister_where_one_may_not_sleep(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	int bh, irqs, rcu = -EDEADLK, spin = -EDEADLK;

	local_bh_disable();
	bh = klua_lib_unregister(&lib);
	local_bh_enable();
	local_irq_disable();
	irqs = klua_lib_unregister(&lib);
	local_irq_enable();
	/* Without these options this cannot be detected. */
	if (IS_ENABLED(CONFIG_PREEMPT_RCU)) {
		rcu_read_lock();
		rcu = klua_lib_unregister(&lib);
		rcu_read_unlock();
	}
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		spin_lock(&lock);
		spin = klua_lib_unregister(&lib);
		spin_unlock(&lock);
	}
	KUNIT_EXPECT_EQ(test, bh, -EDEADLK);
	KUNIT_EXPECT_EQ(test, irqs, -EDEADLK);
	KUNIT_EXPECT_EQ(test, rcu, -EDEADLK);
	KUNIT_EXPECT_EQ(test, spin, -EDEADLK);
	gives(test, "return require('kulib').add(1, 1)", "2");
}

static void a_new_library_of_the_name(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, run("old = require 'kulib'"), 0);
	KUNIT_ASSERT_EQ(test, klua_lib_unregister(&lib), 0);
	KUNIT_ASSERT_EQ(test, klua_lib_register(&lib), 0);
	raises(test, "old.add(1, 2)", "is gone");
	gives(test, "new = require 'kulib' return new == old, new.add(1, 2)",
	      "false\t3");
}

/* A state that stays while a module is loaded and unloaded does not grow. */
static void reloading_costs_no_memory(struct kunit *test)
{
	static const char chunk[] =
		"local lib = require 'kulib' lib.add(1, 2) lib = nil\n"
		"collectgarbage() collectgarbage()\n"
		"return collectgarbage('count') * 1024";
	size_t first = 0;
	int i;

	for (i = 0; i < 50; i++) {
		KUNIT_ASSERT_EQ(test, run(chunk), 0);
		KUNIT_ASSERT_EQ(test, klua_lib_unregister(&lib), 0);
		KUNIT_ASSERT_EQ(test, klua_lib_register(&lib), 0);
		if (i == 10)
			first = state->curralloc;
	}
	KUNIT_EXPECT_LE(test, state->curralloc, first + 512);
}

static int find_users(const struct klua_lib_info *info, void *arg)
{
	if (strcmp(info->name, "kulib"))
		return 0;
	*(unsigned int *)arg = info->states;
	return strcmp(info->module, module_name(THIS_MODULE)) ? -1 : 1;
}

static unsigned int users(void)
{
	unsigned int n = 0;

	return klua_lib_for_each(find_users, &n) == 1 ? n : UINT_MAX;
}

static void counts_its_states(struct kunit *test)
{
	struct klua_state *second = klua_state_create(SMALL, "second");
	struct watch watch;

	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_EQ(test, users(), 0);
	KUNIT_EXPECT_EQ(test, run("require 'kulib' require 'kulib'"), 0);
	KUNIT_EXPECT_EQ(test, users(), 1);
	KUNIT_EXPECT_EQ(test, run_text(second, "lib = require 'kulib'"), 0);
	KUNIT_EXPECT_EQ(test, users(), 2);
	KUNIT_EXPECT_EQ(test, watch_state(second, &watch), 0);
	KUNIT_EXPECT_EQ(test, klua_state_destroy("second"), 0);
	KUNIT_EXPECT_TRUE(test, watch_closed(&watch));
	while (users() == 2)
		msleep(20);
	KUNIT_EXPECT_EQ(test, users(), 1);
	KUNIT_EXPECT_EQ(test, klua_lib_for_each(NULL, NULL), -EINVAL);
}

/* Results of calls that a walk's function makes */
static struct {
	int calls;
	unsigned int states;
	int add;
	int remove;
} inside_walk;

static int change_libs(const struct klua_lib_info *info, void *arg)
{
	static struct klua_lib other = { .name = "other" };

	if (strcmp(info->name, "kulib"))
		return 0;
	inside_walk.calls++;
	inside_walk.states = users();
	inside_walk.add = klua_lib_register(&other);
	inside_walk.remove = klua_lib_unregister(&other);
	return klua_lib_unregister(&lib);
}

static void a_walk_may_change_libraries(struct kunit *test)
{
	inside_walk.calls = 0;
	KUNIT_EXPECT_EQ(test, run("require 'kulib'"), 0);
	KUNIT_EXPECT_EQ(test, klua_lib_for_each(change_libs, NULL), 0);
	KUNIT_EXPECT_EQ(test, inside_walk.calls, 1);
	KUNIT_EXPECT_EQ(test, inside_walk.states, 1);
	KUNIT_EXPECT_EQ(test, inside_walk.add, 0);
	KUNIT_EXPECT_EQ(test, inside_walk.remove, 0);
	KUNIT_EXPECT_EQ(test, users(), UINT_MAX);
	KUNIT_ASSERT_EQ(test, klua_lib_register(&lib), 0);
	KUNIT_EXPECT_EQ(test, users(), 0);
}

static void objects_have_methods(struct kunit *test)
{
	/*
	 * Static, because the objects are released when the states are closed, after
	 * this case.
	 */
	static struct thing things[__KLUA_KIND_MAX];
	int kind;

	for_each_kind(kind) {
		things[kind].value = 5;
		KUNIT_EXPECT_EQ(test, give(&thing_class, &things[kind], false),
				0);
		gives(test, "return x:value(), #x, x.none", "5\t5\tnil");
		gives(test, "return getmetatable(x)", "thing");
		raises(test, "x.y = 1", "index");
		raises(test, "x.value()", "thing expected, got no value");
		raises(test, "x.value({})", "thing expected, got table");
		raises(test, "x.value(package)", "thing expected, got nil");
	}
}

static void released_once_when_collected(struct kunit *test)
{
	struct thing things[__KLUA_KIND_MAX] = {};
	int kind;

	for_each_kind(kind) {
		KUNIT_EXPECT_EQ(test, give(&thing_class, &things[kind], false),
				0);
		KUNIT_EXPECT_EQ(test, run("collectgarbage()"), 0);
		KUNIT_EXPECT_EQ(test, things[kind].released, 0);
		KUNIT_EXPECT_EQ(test, run("x = nil collectgarbage()"), 0);
		KUNIT_EXPECT_EQ(test, things[kind].released, 1);
		KUNIT_EXPECT_EQ(test, run("collectgarbage()"), 0);
	}
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
	for_each_kind(kind)
		KUNIT_EXPECT_EQ(test, things[kind].released, 1);
}

static void released_once_when_closed(struct kunit *test)
{
	struct thing things[__KLUA_KIND_MAX] = {};
	int kind;

	for_each_kind(kind) {
		KUNIT_EXPECT_EQ(test, give(&thing_class, &things[kind], false),
				0);
		KUNIT_EXPECT_EQ(test, klua_state_retire(state), 0);
		states[kind] = NULL;
		KUNIT_EXPECT_EQ(test, things[kind].released, 1);
	}
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
	for_each_kind(kind)
		KUNIT_EXPECT_EQ(test, things[kind].released, 1);
}

static void released_once_when_unregistered(struct kunit *test)
{
	struct thing thing = {};

	KUNIT_EXPECT_EQ(test, give(&thing_class, &thing, false), 0);
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
	KUNIT_EXPECT_EQ(test, thing.released, 1);
	KUNIT_EXPECT_EQ(test, run("x = nil collectgarbage()"), 0);
	KUNIT_EXPECT_EQ(test, thing.released, 1);
}

/* An object is released also if there is no memory to push it. */
static void released_when_it_does_not_fit(struct kunit *test)
{
	struct thing thing = {};
	int n = 0;

	KUNIT_EXPECT_EQ(test, run("require 'kulib'"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, KLUA_MIN_ALLOC), 0);
	while (!give(&thing_class, &thing, false) && n < 100000)
		n++;
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(state, SMALL), 0);
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
	KUNIT_EXPECT_EQ(test, thing.released, n + 1);
}

static void unregistered_class_is_refused(struct kunit *test)
{
	struct thing thing = {};

	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
	KUNIT_EXPECT_EQ(test, give(&thing_class, &thing, false), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, thing.released, 1);
	KUNIT_EXPECT_EQ(test, give(&thing_class, &thing, true), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, thing.released, 1);
}

static void null_is_no_object(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, give(&thing_class, NULL, false), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, give(&thing_class, NULL, true), -EREMOTEIO);
}

static int use_lent(lua_State *L)
{
	give_x(L);
	lua_getglobal(L, "use");
	lua_call(L, 0, 0);
	return 0;
}

static void lent_for_one_entry(struct kunit *test)
{
	struct thing thing = { .value = 6 };
	struct give g = { .class = &thing_class, .ptr = &thing, .lend = true };

	KUNIT_EXPECT_EQ(test, run("function use() y = x got = x:value()\n"
				  "got = got + coroutine.wrap(x.value)(x)\n"
				  "co = coroutine.wrap(function(o)\n"
				  "coroutine.yield() return o:value() end)\n"
				  "co(x) end"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, use_lent, &g), 0);
	gives(test, "return got", "12");
	raises(test, "x:value()", "thing is stale");
	raises(test, "y:value()", "thing is stale");
	raises(test, "co()", "thing is stale");
	raises(test, "return #x", "thing is stale");
	/* A fresh entry lends another object; the one that was kept stays stale. */
	KUNIT_EXPECT_EQ(test, run("y = x"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, use_lent, &g), 0);
	raises(test, "y:value()", "thing is stale");
	KUNIT_EXPECT_EQ(test, run("x, y = nil collectgarbage()"), 0);
	KUNIT_EXPECT_EQ(test, thing.released, 0);
}

/* A module calls the finalizer of an object by hand, as it would a method. */
static int finalize_x(lua_State *L)
{
	lua_getglobal(L, "x");
	luaL_callmeta(L, -1, "__gc");
	return 0;
}

static void finalized_by_hand(struct kunit *test)
{
	struct thing thing = { .value = 6 };

	KUNIT_EXPECT_EQ(test, give(&thing_class, &thing, true), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, finalize_x, NULL), 0);
	KUNIT_EXPECT_EQ(test, thing.released, 0);
	KUNIT_EXPECT_EQ(test, give(&thing_class, &thing, false), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, finalize_x, NULL), 0);
	KUNIT_EXPECT_EQ(test, thing.released, 1);
	raises(test, "x:value()", "has been released");
	KUNIT_EXPECT_EQ(test, run("x = nil collectgarbage()"), 0);
	KUNIT_EXPECT_EQ(test, thing.released, 1);
}

/* An object that is an argument of a typed call */
static void lent_for_one_call(struct kunit *test)
{
	struct thing thing = { .value = 6 };
	const struct klua_value arg = KLUA_ARG_OBJECT(&thing_class, &thing);
	struct klua_value result = KLUA_RESULT_INTEGER;
	struct klua_call call = {
		.function = "use",
		.args = &arg,
		.nargs = 1,
		.results = &result,
		.nresults = 1,
	};
	enum klua_kind kind;

	for_each_kind(kind) {
		KUNIT_EXPECT_EQ(test, run("function use(o) y = o\n"
					  "return o:value() end"), 0);
		result.integer = 0;
		KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), 0);
		KUNIT_EXPECT_EQ(test, result.integer, 6);
		raises(test, "y:value()", "thing is stale");
	}
	KUNIT_EXPECT_EQ(test, thing.released, 0);
}

/*
 * An object that is lent under klua_state_lock(), before lua_pcall() begins the entry
 */
static void lent_for_the_next_entry(struct kunit *test)
{
	struct thing thing = { .value = 6 };
	int i;

	KUNIT_EXPECT_EQ(test, run("require 'kulib'\n"
				  "function f(o) o = o or kept kept = o\n"
				  "return o:value() end"), 0);
	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	for (i = 0; i < 2; i++) {
		lua_getglobal(state->L, "f");
		if (!i)
			klua_object_lend(state->L, &thing_class, &thing);
		else
			lua_pushnil(state->L);
		KUNIT_EXPECT_EQ(test, lua_pcall(state->L, 1, 1, 0),
				i ? LUA_ERRRUN : LUA_OK);
		lua_settop(state->L, 0);
	}
	klua_state_unlock(state);
}

static int take_other(lua_State *L)
{
	const struct klua_class *class = lua_touserdata(L, 1);

	lua_getglobal(L, "x");
	klua_object_check(L, -1, class);
	return 0;
}

static void classes_are_told_apart(struct kunit *test)
{
	struct thing thing = {};

	KUNIT_EXPECT_EQ(test, give(&other_class, &thing, false), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, take_other, &other_class),
			0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, take_other, &thing_class),
			-EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, !!strstr(state->errmsg,
					 "thing expected, got other"));
	/*
	 * After a new registration it is another class, although its address is the
	 * same.
	 */
	KUNIT_EXPECT_EQ(test, klua_lib_unregister(&lib), 0);
	KUNIT_EXPECT_EQ(test, klua_lib_register(&lib), 0);
	KUNIT_EXPECT_EQ(test, klua_state_call(state, take_other, &other_class),
			-EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, !!strstr(state->errmsg,
					 "other is of another library, or of one that is gone"));
}

/*
 * A finalizer that runs after those of the library's objects can still call the
 * library.
 */
static void finalizers_call_functions(struct kunit *test)
{
	int kind;

	for_each_kind(kind) {
		KUNIT_EXPECT_EQ(test, run(
			"setmetatable({}, {__gc = function()\n"
			"require('kulib').add(1, 2) f(1, 2) end})\n"
			"f = require('kulib').add"), 0);
		calls = 0;
		KUNIT_EXPECT_EQ(test, klua_state_retire(state), 0);
		states[kind] = NULL;
		KUNIT_EXPECT_EQ(test, calls, 2);
	}
}

struct caller {
	struct completion done;
	unsigned int entries;
};

static int call_until_gone(void *data)
{
	struct caller *c = data;

	while (!run_text(state, "f = f or require('kulib').add\n"
			 "for i = 1, 50 do f(1, 2) end")) {
		c->entries++;
		cond_resched();
	}
	kthread_complete_and_exit(&c->done, 0);
}

/* The library is registered and unregistered while another task calls it. */
static void unregister_while_called(struct kunit *test)
{
	struct caller c = {};
	int i, n;

	for (i = 0; i < 15; i++) {
		state = states[i % __KLUA_KIND_MAX];
		KUNIT_EXPECT_EQ(test, run("f = nil"), 0);
		init_completion(&c.done);
		KUNIT_ASSERT_TRUE(test, !IS_ERR(kthread_run(call_until_gone, &c,
							    "caller")));
		usleep_range(500, 1000);
		KUNIT_ASSERT_EQ(test, klua_lib_unregister(&lib), 0);
		n = READ_ONCE(calls);
		wait_for_completion(&c.done);
		KUNIT_EXPECT_EQ(test, calls, n);
		KUNIT_ASSERT_EQ(test, klua_lib_register(&lib), 0);
	}
	KUNIT_EXPECT_GT(test, c.entries, 0);
}

static struct kunit_case lib_cases[] = {
	KUNIT_CASE(require_opens_once),
	KUNIT_CASE(require_finds_no_other),
	KUNIT_CASE(opens_from_c),
	KUNIT_CASE(opens_for_a_new_state),
	KUNIT_CASE(errors_name_functions),
	KUNIT_CASE(bad_libraries),
	KUNIT_CASE(taken_names),
	KUNIT_CASE(gone_for_every_copy),
	KUNIT_CASE(continuations_are_gone),
	KUNIT_CASE(errors_end_calls),
	KUNIT_CASE(a_look_follows_calls_that_may_sleep),
	KUNIT_CASE(unregister_from_inside),
	KUNIT_CASE(unregister_where_one_may_not_sleep),
	KUNIT_CASE(a_new_library_of_the_name),
	KUNIT_CASE(reloading_costs_no_memory),
	KUNIT_CASE(counts_its_states),
	KUNIT_CASE(a_walk_may_change_libraries),
	KUNIT_CASE(objects_have_methods),
	KUNIT_CASE(released_once_when_collected),
	KUNIT_CASE(released_once_when_closed),
	KUNIT_CASE(released_once_when_unregistered),
	KUNIT_CASE(released_when_it_does_not_fit),
	KUNIT_CASE(unregistered_class_is_refused),
	KUNIT_CASE(null_is_no_object),
	KUNIT_CASE(lent_for_one_entry),
	KUNIT_CASE(finalized_by_hand),
	KUNIT_CASE(lent_for_one_call),
	KUNIT_CASE(lent_for_the_next_entry),
	KUNIT_CASE(classes_are_told_apart),
	KUNIT_CASE(finalizers_call_functions),
	KUNIT_CASE(unregister_while_called),
	{}
};

static struct kunit_suite lib_suite = {
	.name = "klua_lib",
	.init = init_lib,
	.exit = exit_lib,
	.test_cases = lib_cases,
};

kunit_test_suite(lib_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's libraries");

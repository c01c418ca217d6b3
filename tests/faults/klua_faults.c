// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_faults: fails each allocation of each function, one after the other, first alone
 * and then with all that follow, and checks what comes of it.
 *
 * Needs a kernel with CONFIG_FAULT_INJECTION, CONFIG_FAILSLAB and
 * CONFIG_FAIL_PAGE_ALLOC. These must be set up so that allocations which may sleep fail
 * as well (ignore-gfp-wait), and that all allocations of a task with make_it_fail do
 * (task-filter, probability 100). The test is over when the module is loaded. Its last
 * line in the kernel's log is "End of test: SUCCESS" or "End of test: FAILURE"; each
 * fault has a line with "!!!".
 *
 * A state is made in each possible way: by create, by new with libraries, an open
 * function and a chunk, as a replacement, and as a set.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "states.h"

#define NAME		"faults"
#define MAXALLOC	(1024 * 1024)

static unsigned int anomalies;

#define anomaly(fmt, ...) \
	(anomalies++, pr_err("!!! " fmt "\n", ##__VA_ARGS__))

/*
 * A function under test. @act calls it while a failure is armed; @check says whether
 * the result is right, and undoes the call.
 */
struct subject {
	const char *name;
	int (*act)(void);
	bool (*check)(int ret, bool failed);
	/* Kind of the state that it makes or needs */
	enum klua_kind kind;
	bool percpu;
	/* It needs a state. */
	bool needs_state;
	/* It allocates nothing, so nothing can fail. */
	bool no_memory;
	/*
	 * The function must report failures. If one allocation fails alone, it need not
	 * report each, because Lua collects garbage and asks again. If all later ones
	 * fail as well, it must report each, except for blocks that were to shrink:
	 * these keep their size.
	 */
	bool must_fail;
};

/* Blocks that shrink: the table of strings, and the compiler's buffers */
#define SHRINKS		2

#ifdef CONFIG_FAULT_INJECTION
/*
 * Arm a failure of the allocation number @nth; with @for_good all later ones of this
 * task fail.
 */
static void arm(unsigned int nth, bool for_good)
{
	current->make_it_fail = for_good;
	current->fail_nth = nth;
}

/* Disarm the failure. Returns true if it has happened. */
static bool disarm(void)
{
	bool failed = !current->fail_nth;

	current->make_it_fail = 0;
	current->fail_nth = 0;
	return failed;
}
#else
static void arm(unsigned int nth, bool for_good)
{
}

static bool disarm(void)
{
	return false;
}
#endif

static int create(void)
{
	return klua_state_create(MAXALLOC, NAME) ? 0 : -ENOMEM;
}

/*
 * The state was refused and nothing is left of it, or it was made in spite of the
 * failure.
 */
static bool check_create(int ret, bool failed)
{
	struct klua_state *s = klua_state_find(NAME);
	bool works;

	if (ret)
		return failed && !s;
	works = s && !klua_state_run(s, "return 1", 8, NULL, NULL);
	klua_state_put(s);
	return !klua_state_destroy(NAME) && works;
}

/* The function that is being tested */
static const struct subject *tried;

static char why[256];

/* The value of x in the state NAME */
static int version;

static atomic_t objects;

static void object_release(void *ptr)
{
	atomic_dec(ptr);
}

static struct klua_class class = {
	.name = "object",
	.release = object_release,
};

static struct klua_class *const classes[] = { &class, NULL };

static int push_object(lua_State *L)
{
	atomic_inc(&objects);
	klua_object_push(L, &class, &objects);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "object", push_object },
	{}
};

static struct klua_lib library = {
	.name = NAME,
	.functions = functions,
	.classes = classes,
};

static int open_things(lua_State *L)
{
	lua_newuserdata(L, 5000);
	lua_setfield(L, LUA_REGISTRYINDEX, "things");
	return 0;
}

/* Make the state NAME with x = @x in it. */
static int new_state(int x)
{
	static const char *const libraries[] = { NAME, NULL };
	char text[80];
	struct klua_chunk chunk = { .text = text, .name = "=new" };
	struct klua_config config = {
		.name = NAME,
		.kind = tried->kind,
		.maxalloc = tried->kind == KLUA_KIND_IRQ ? SZ_128K : MAXALLOC,
		.percpu = tried->percpu,
		.replace = true,
		.libraries = libraries,
		.open = open_things,
		.chunks = &chunk,
		.nchunks = 1,
		.error = why,
		.error_size = sizeof(why),
	};
	struct klua_state *s;

	chunk.len = snprintf(text, sizeof(text), "x = %d o = " NAME ".object()", x);
	s = klua_state_new(&config);
	if (IS_ERR(s))
		return PTR_ERR(s);
	klua_state_put(s);
	return 0;
}

/* Does the state NAME have x = @x? */
static bool is_version(int x)
{
	struct klua_state *s = klua_state_find(NAME);
	char text[32];
	int err;

	snprintf(text, sizeof(text), "assert(x == %d)", x);
	err = s ? klua_state_run(s, text, strlen(text), NULL, NULL) : -ENOENT;
	klua_state_put(s);
	return !err;
}

static int new(void)
{
	return new_state(version + 1);
}

/*
 * If the function has failed there is an errno and a text, and nothing is left of the
 * state.
 */
static bool check_new(int ret, bool failed)
{
	if (ret)
		return failed && ret == -ENOMEM && *why && !klua_state_lookup(NAME);
	return is_version(version + 1) && !klua_state_destroy(NAME);
}

/* If the function has failed the old state is unchanged. */
static bool check_replaced(int ret, bool failed)
{
	if (ret)
		return failed && ret == -ENOMEM && *why && is_version(version);
	return is_version(++version);
}

static int register_library(void)
{
	static struct klua_lib other = { .name = "faults2", .functions = functions };
	int err = klua_lib_register(&other);

	return err ?: klua_lib_unregister(&other);
}

static bool check_register(int ret, bool failed)
{
	return !ret || (failed && ret == -ENOMEM);
}

/* Push all objects. */
static int make_objects(lua_State *L)
{
	int i;

	lua_newtable(L);
	for (i = 1; i <= 500; i++) {
		push_object(L);
		lua_rawseti(L, 2, i);
		klua_object_lend(L, &class, &objects);
		lua_rawseti(L, 2, -i);
	}
	return 0;
}

static int use_library(void)
{
	struct klua_state *s = klua_state_find(NAME);
	int ret = klua_state_call(s, make_objects, NULL);

	klua_state_put(s);
	return ret;
}

/*
 * Each object was released, also if pushing it has failed, except the one in the
 * global.
 */
static bool check_objects(int ret, bool failed)
{
	struct klua_state *s = klua_state_find(NAME);
	bool works;

	works = !klua_state_run(s, "collectgarbage()", 16, NULL, NULL);
	klua_state_put(s);
	return works && atomic_read(&objects) == 1 &&
	       (!ret || (ret == -ENOMEM && failed));
}

static int invoke(void)
{
	static char text[50000], result[1000];
	const struct klua_value arg = KLUA_ARG_STRING(text, sizeof(text));
	struct klua_value value = KLUA_RESULT_STRING(result, sizeof(result));
	struct klua_call call = {
		.function = "tostring",
		.args = &arg,
		.nargs = 1,
		.results = &value,
		.nresults = 1,
	};
	struct klua_state *s = klua_state_find(NAME);
	int ret;

	/* A text of which Lua does not have a string yet */
	get_random_bytes(text, sizeof(text));
	ret = klua_state_invoke(s, &call);
	klua_state_put(s);
	return ret;
}

static int retire(void)
{
	return klua_state_retire(klua_state_find(NAME));
}

/*
 * A script that allocates in many ways. It is run once for each allocation, so it is
 * short.
 */
static const char script[] =
	"local t = setmetatable({{k = 2}, {k = 1}}, {__gc = function() end})\n"
	"local s = ('%s %d'):format('x', #t):rep(3000)\n"
	"s = s:gsub('%d', function(d) return d + 1 end, 2):upper()\n"
	"local co = coroutine.wrap(function(...) coroutine.yield(...) end)\n"
	"co(s)\n"
	"table.sort(t, function(a, b) return a.k < b.k end)\n"
	"local c = table.concat({s, utf8.char(8364), ('I4'):pack(7)})\n"
	"load('local a = ... return function() return a end')(t)()\n"
	"collectgarbage()\n"
	"return c, select('#', table.unpack(t))";

static int run(void)
{
	static char text[4096];
	struct klua_result result = { .buf = text, .size = sizeof(text) };
	struct klua_state *s = klua_state_find(NAME);
	int ret;

	ret = klua_state_run(s, script, sizeof(script) - 1, "=script", &result);
	klua_state_put(s);
	return ret;
}

/* Without memory the script fails, and nothing after it does. */
static bool check_run(int ret, bool failed)
{
	struct klua_state *s = klua_state_find(NAME);
	bool works;

	works = !klua_state_run(s, "collectgarbage() return {}", 26, NULL,
				NULL);
	klua_state_put(s);
	return works && (!ret || (ret == -ENOMEM && failed));
}

static int make_things(lua_State *L)
{
	luaL_Buffer b;
	int i;

	lua_newtable(L);
	for (i = 1; i <= 3; i++) {
		lua_pushfstring(L, "element %d", i);
		lua_rawseti(L, -2, i);
	}
	lua_newuserdata(L, 100000);
	lua_newthread(L);
	/* Without memory this fails, and the stack stays as it is. */
	lua_checkstack(L, 200);
	luaL_buffinit(L, &b);
	for (i = 0; i < 2000; i++)
		luaL_addstring(&b, "0123456789");
	luaL_pushresult(&b);
	luaL_traceback(L, L, "here", 0);
	return 0;
}

static int call(void)
{
	struct klua_state *s = klua_state_find(NAME);
	int ret = klua_state_call(s, make_things, NULL);

	klua_state_put(s);
	return ret;
}

static int limits(void)
{
	struct klua_state *s = klua_state_find(NAME);
	int ret = klua_state_set_maxalloc(s, MAXALLOC) ?:
		  klua_state_set_steps(s, KLUA_STEPS_UNLIMITED);

	klua_state_put(s);
	return klua_state_cancel(NAME) == -ESRCH ? ret : -EINVAL;
}

static int list(void)
{
	klua_state_list();
	return 0;
}

static bool check_is_there(int ret, bool failed)
{
	return !ret && klua_state_lookup(NAME);
}

static int destroy(void)
{
	return klua_state_destroy(NAME);
}

static int destroy_all(void)
{
	klua_state_destroy_all();
	return 0;
}

static bool check_is_gone(int ret, bool failed)
{
	return !ret && !klua_state_lookup(NAME);
}

static const struct subject subjects[] = {
	{ "create", create, check_create, .must_fail = true },
	{ "new", new, check_new },
	{ "new sleepable", new, check_new, KLUA_KIND_SLEEPABLE },
	{ "new irq", new, check_new, KLUA_KIND_IRQ },
	{ "new set", new, check_new, .percpu = true },
	{ "replace", new, check_replaced, .needs_state = true },
	{ "replace set", new, check_replaced, KLUA_KIND_IRQ, .percpu = true,
	  .needs_state = true },
	{ "register", register_library, check_register },
	{ "run", run, check_run, .needs_state = true },
	{ "run sleepable", run, check_run, KLUA_KIND_SLEEPABLE,
	  .needs_state = true },
	{ "call", call, check_run, .needs_state = true },
	{ "objects", use_library, check_objects, .needs_state = true },
	{ "invoke", invoke, check_run, .needs_state = true },
	{ "retire", retire, check_is_gone, .needs_state = true },
	{ "find, set and cancel", limits, check_is_there, .needs_state = true,
	  .no_memory = true },
	{ "list", list, check_is_there, .needs_state = true },
	{ "destroy", destroy, check_is_gone, .needs_state = true,
	  .no_memory = true },
	{ "destroy_all", destroy_all, check_is_gone, .needs_state = true,
	  .no_memory = true },
};

/* More allocations than any function makes */
#define NTH_MAX		10000

static void fail_each(const struct subject *sub, bool for_good)
{
	const char *how = for_good ? "for good" : "once";
	unsigned int nth, errors = 0;
	bool failed;
	int ret;

	klua_state_retire(klua_state_find(NAME));
	tried = sub;
	for (nth = 1; nth < NTH_MAX; nth++) {
		if (sub->needs_state && !klua_state_lookup(NAME) &&
		    new_state(version)) {
			anomaly("%s: no state to begin with", sub->name);
			return;
		}
		if (fatal_signal_pending(current)) {
			anomaly("%s: killed at allocation %u", sub->name, nth);
			return;
		}
		arm(nth, for_good);
		ret = sub->act();
		failed = disarm();
		if (!sub->check(ret, failed))
			anomaly("%s: %d when allocation %u %s %s", sub->name,
				ret, nth, failed ? "fails" : "is not reached",
				how);
		errors += !!ret;
		if (failed && !ret && for_good)
			pr_info("%s: does without allocation %u\n", sub->name,
				nth);
		if (!failed)
			break;
		cond_resched();
	}
	pr_info("%s, %s: %u allocations failed, %u errors\n", sub->name, how,
		nth - 1, errors);
	if (nth == NTH_MAX)
		anomaly("%s: no end of allocations", sub->name);
	if (sub->must_fail && errors < (for_good ? nth - 1 - SHRINKS : 1))
		anomaly("%s, %s: failures were not felt", sub->name, how);
	if (sub->no_memory && nth > 1)
		anomaly("%s: allocates memory", sub->name);
}

static int __init faults_init(void)
{
	unsigned int i;
	int err;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		return -EOPNOTSUPP;
	err = klua_lib_register(&library);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(subjects); i++) {
		fail_each(&subjects[i], false);
		fail_each(&subjects[i], true);
	}
	klua_state_destroy_all();
	klua_lib_unregister(&library);
	pr_info("End of test: %s\n", anomalies ? "FAILURE" : "SUCCESS");
	return 0;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Fails each of KLua's allocations in turn");

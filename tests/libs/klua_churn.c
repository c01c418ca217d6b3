// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_churn: a module with a library that is loaded and unloaded while scripts call
 * it. It can also be unloaded in ways that are mistakes of a module.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "states.h"

static bool forget;
module_param(forget, bool, 0444);
MODULE_PARM_DESC(forget, "leave the library registered when going away");

static bool fail;
module_param(fail, bool, 0444);
MODULE_PARM_DESC(fail, "fail to load, with the library registered");

static unsigned int raw;
module_param(raw, uint, 0444);
MODULE_PARM_DESC(raw, "userdata with a finalizer of the module's own in a state that is destroyed on the way out");

static bool left;
module_param(left, bool, 0444);
MODULE_PARM_DESC(left, "leave a state with a finalizer of the module's own");

static bool late;
module_param(late, bool, 0444);
MODULE_PARM_DESC(late, "leave a state that a work item has made");

static bool listen;
module_param(listen, bool, 0444);
MODULE_PARM_DESC(listen, "leave a listener");

static bool sleepable;
module_param(sleepable, bool, 0444);
MODULE_PARM_DESC(sleepable, "make a state with a function of the module's own that sleeps");

static bool forget_state;
module_param(forget_state, bool, 0444);
MODULE_PARM_DESC(forget_state, "leave that state");

/* Objects that Lua owns; there are none once the library has been unregistered */
static atomic_t boxes;

static void box_release(void *ptr)
{
	atomic_dec(&boxes);
	kfree(ptr);
}

static struct klua_class box_class;

static int box_get(lua_State *L)
{
	int *n = klua_object_check(L, 1, &box_class);

	lua_pushinteger(L, (*n)++);
	return 1;
}

static const luaL_Reg box_methods[] = {
	{ "get", box_get },
	{ "__call", box_get },
	{}
};

static struct klua_class box_class = {
	.name = "box",
	.methods = box_methods,
	.release = box_release,
};

static struct klua_class *const churn_classes[] = { &box_class, NULL };

static int churn_box(lua_State *L)
{
	int *n = kzalloc(sizeof(*n), GFP_ATOMIC);

	if (!n)
		return luaL_error(L, "not enough memory");
	atomic_inc(&boxes);
	klua_object_push(L, &box_class, n);
	return 1;
}

static int churn_add(lua_State *L)
{
	lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2));
	return 1;
}

static int churn_fail(lua_State *L)
{
	return luaL_error(L, "failed");
}

static int churn_continue(lua_State *L, int status, lua_KContext ctx)
{
	lua_pushinteger(L, ctx);
	return lua_yieldk(L, 1, ctx + 1, churn_continue);
}

static int churn_count(lua_State *L)
{
	return lua_yieldk(L, 0, 1, churn_continue);
}

static int churn_pcall(lua_State *L)
{
	lua_pcallk(L, lua_gettop(L) - 1, 0, 0, 1, churn_continue);
	return churn_continue(L, LUA_OK, 1);
}

static const luaL_Reg churn_functions[] = {
	{ "box", churn_box },
	{ "add", churn_add },
	{ "fail", churn_fail },
	{ "count", churn_count },
	{ "pcall", churn_pcall },
	{}
};

static struct klua_lib churn_lib = {
	.name = "churn",
	.functions = churn_functions,
	.classes = churn_classes,
};

static int raw_gc(lua_State *L)
{
	*(int *)lua_touserdata(L, 1) = 0;
	return 0;
}

static int make_raw(lua_State *L)
{
	unsigned int *n = lua_touserdata(L, 1);
	unsigned int i;

	lua_createtable(L, *n, 0);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, raw_gc);
	lua_setfield(L, -2, "__gc");
	for (i = 1; i <= *n; i++) {
		lua_newuserdata(L, sizeof(int));
		lua_pushvalue(L, -2);
		lua_setmetatable(L, -2);
		lua_rawseti(L, 2, i);
	}
	lua_pop(L, 1);
	lua_setglobal(L, "raw");
	return 0;
}

static void leave_state(const char *name, unsigned int n)
{
	struct klua_state *s;

	klua_state_create(32 << 20, name);
	s = klua_state_find(name);
	if (!s || klua_state_call(s, make_raw, &n))
		pr_err("no userdata: %s\n", s ? (char *)s->errmsg : "no state");
	klua_state_put(s);
}

/* Makes the state in its last call, from which the compiler returns to the workqueue. */
static void make_late(struct work_struct *work)
{
	klua_state_create(1 << 16, "churn-late");
}

static DECLARE_WORK(late_work, make_late);

static atomic_t told;

static void listen_event(struct klua_listener *listener,
			 const struct klua_event *event)
{
	atomic_inc(&told);
}

static struct klua_listener listener = { .event = listen_event };

static int sleep_once(lua_State *L)
{
	msleep(20);
	return 0;
}

static int open_sleep(lua_State *L)
{
	lua_register(L, "sleep", sleep_once);
	return 0;
}

static const struct klua_config sleep_config = {
	.name = "churn-sleeps",
	.kind = KLUA_KIND_SLEEPABLE,
	.maxalloc = 1 << 16,
	.time_unlimited = true,
	.steps = KLUA_STEPS_UNLIMITED,
	.open = open_sleep,
};

/*
 * Replace the state while somebody is inside, who stays there; nobody finds it any
 * more.
 */
static int replace(const char *text, const struct kernel_param *kp)
{
	struct klua_config config = sleep_config;

	config.open = NULL;
	config.replace = true;
	return klua_state_publish(&config);
}

static const struct kernel_param_ops replace_ops = { .set = replace };
module_param_cb(replace, &replace_ops, NULL, 0200);
MODULE_PARM_DESC(replace, "written: put another state in the place of the one that sleeps");

static int __init churn_init(void)
{
	int err = klua_lib_register(&churn_lib);

	if (err)
		return err;
	if (left)
		leave_state("churn-left", 10);
	if (late) {
		schedule_work(&late_work);
		flush_work(&late_work);
	}
	if (fail)
		return -ENODEV;
	if (listen)
		return klua_listener_register(&listener);
	return sleepable ? klua_state_publish(&sleep_config) : 0;
}

static void __exit churn_exit(void)
{
	if (raw) {
		leave_state("churn-raw", raw);
		if (klua_state_destroy("churn-raw"))
			pr_err("the state is not destroyed\n");
	}
	if (sleepable && !forget_state)
		klua_state_retire(klua_state_find("churn-sleeps"));
	if (forget)
		return;
	if (klua_lib_unregister(&churn_lib))
		pr_err("the library is not unregistered\n");
	if (atomic_read(&boxes))
		pr_err("%d boxes are not released\n", atomic_read(&boxes));
}

module_init(churn_init);
module_exit(churn_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A library that comes and goes");

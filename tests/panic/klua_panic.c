// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_panic: a consumer that makes the one mistake which ends its thread: it raises Lua
 * errors outside any protected call, in a thread of its own for each way to do so. KLua
 * must log a message that names this module, and end the thread. Loading the module
 * waits until all threads have ended; unloading destroys the states that they broke.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>

#include "states.h"

/* A message that forges a line of the log unless it is escaped */
static const char hostile[] = "oh\n<0>klua: %s%n all is well";

/*
 * In each of these functions something follows the call. Otherwise the compiler would
 * make a jump of it, and the stack would not show the caller.
 */

static int raise(lua_State *L)
{
	return luaL_error(L, "raised");
}

static int raise_message(void *data)
{
	struct klua_state *s = data;

	lua_pushstring(s->L, hostile);
	lua_error(s->L);
	return 0;
}

static int raise_table(void *data)
{
	struct klua_state *s = data;

	lua_newtable(s->L);
	lua_error(s->L);
	return 0;
}

static int call_script(void *data)
{
	struct klua_state *s = data;

	if (luaL_loadstring(s->L, "local t = nil; t.x = 1"))
		return -EINVAL;
	lua_call(s->L, 0, 0);
	return 0;
}

static int call_function(void *data)
{
	struct klua_state *s = data;

	lua_pushcfunction(s->L, raise);
	lua_call(s->L, 0, 0);
	return 0;
}

static int exhaust_memory(void *data)
{
	struct klua_state *s = data;

	for (;;)
		lua_newuserdata(s->L, 4096);
	return 0;
}

static const struct fault {
	const char *name;
	int (*commit)(void *state);
} faults[] = {
	{ "message", raise_message },
	{ "table", raise_table },
	{ "script", call_script },
	{ "function", call_function },
	{ "memory", exhaust_memory },
};

/* Make the mistake @f in a thread. Returns -EDEADLK if that did not end the thread. */
static int commit(const struct fault *f)
{
	struct klua_state *s = klua_state_create(65536, f->name);
	struct task_struct *task;

	if (!s)
		return -ENOMEM;
	task = kthread_create(f->commit, s, "klua-%s", f->name);
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	wake_up_process(task);
	while (!READ_ONCE(task->exit_state))
		msleep(20);
	/* A thread that an oops ends has the signal as its exit code. */
	if (!task->exit_code)
		pr_err("%s: the thread went on\n", f->name);
	put_task_struct(task);
	return 0;
}

static void forget(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		klua_state_destroy(faults[i].name);
}

static int __init klua_panic_init(void)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(faults) && !ret; i++)
		ret = commit(&faults[i]);
	if (ret)
		forget();
	return ret;
}

static void __exit klua_panic_exit(void)
{
	forget();
}

module_init(klua_panic_init);
module_exit(klua_panic_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KLua test: Lua errors outside any protected call");
MODULE_VERSION("1.0");

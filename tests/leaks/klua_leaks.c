// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_leaks: functions that Lua calls and that do not leave the context as they found
 * it. A debug kernel must report that, with the function's name.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>

#include "states.h"

/* The functions below leave this locked, and their caller unlocks it */
static DEFINE_SPINLOCK(forgotten);

static int leak_nothing(lua_State *L)
{
	spin_lock(&forgotten);
	spin_unlock(&forgotten);
	return 0;
}

static int leak_nothing_and_raise(lua_State *L)
{
	return luaL_error(L, "as it may");
}

static int leak_a_lock(lua_State *L) __acquires(&forgotten)
{
	spin_lock(&forgotten);
	return 0;
}

static int leak_a_lock_and_raise(lua_State *L) __acquires(&forgotten)
{
	spin_lock(&forgotten);
	return luaL_error(L, "in the middle");
}

static int leak_preemption(lua_State *L)
{
	preempt_disable();
	return 0;
}

static int leak_interrupts(lua_State *L)
{
	local_irq_disable();
	return 0;
}

static void unlock(void)
	__releases(&forgotten)
{
	spin_unlock(&forgotten);
}

static void enable_preemption(void)
{
	preempt_enable();
}

static void enable_interrupts(void)
{
	local_irq_enable();
}

static const struct {
	lua_CFunction leak;
	void (*undo)(void);
} leaks[] = {
	{ leak_nothing },
	{ leak_nothing_and_raise },
	{ leak_a_lock, unlock },
	{ leak_a_lock_and_raise, unlock },
	{ leak_preemption, enable_preemption },
	{ leak_interrupts, enable_interrupts },
};

static int __init klua_leaks_init(void)
{
	struct klua_state *s = klua_state_create(64 * 1024, "leaks");
	int i;

	if (!s)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(leaks); i++) {
		if (klua_state_lock(s))
			return -EBUSY;
		__klua_state_call(s, leaks[i].leak, NULL);
		if (leaks[i].undo)
			leaks[i].undo();
		klua_state_unlock(s);
	}
	return klua_state_destroy("leaks");
}

static void __exit klua_leaks_exit(void)
{
}

module_init(klua_leaks_init);
module_exit(klua_leaks_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Functions that leave the context changed, for KLua's tests");

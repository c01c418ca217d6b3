// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_traced: a consumer whose functions raise Lua errors while it is traced.
 *
 * A consumer is compiled for the function tracers, which the core is not. A Lua error
 * that one of its functions raises skips the function's return, whose address is still
 * on the tracer's stack. Loading the module raises many such errors, through one
 * function and through several, and fails unless each is caught where it should be.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "states.h"

#define ROUNDS	1000

static noinline int raise(lua_State *L)
{
	return luaL_error(L, "raised");
}

static noinline int raise_deeper(lua_State *L)
{
	lua_pushcfunction(L, raise);
	lua_call(L, 0, 0);
	return 0;
}

/* Catch the errors that raise_deeper() lets through, then return as usual. */
static noinline int catch(lua_State *L)
{
	int *caught = lua_touserdata(L, 1);

	lua_pushcfunction(L, raise_deeper);
	if (lua_pcall(L, 0, 0, 0) == LUA_ERRRUN)
		(*caught)++;
	return 0;
}

static int raise_all(struct klua_state *s)
{
	int caught = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (klua_state_call(s, raise, NULL) != -EREMOTEIO ||
		    klua_state_call(s, raise_deeper, NULL) != -EREMOTEIO ||
		    klua_state_call(s, catch, &caught))
			return -EINVAL;
	}
	return caught == ROUNDS ? 0 : -EINVAL;
}

static int __init klua_traced_init(void)
{
	struct klua_state *s = klua_state_create(1 << 20, KBUILD_MODNAME);
	int ret;

	if (!s)
		return -ENOMEM;
	ret = raise_all(s);
	klua_state_destroy(KBUILD_MODNAME);
	return ret;
}

static void __exit klua_traced_exit(void)
{
}

module_init(klua_traced_init);
module_exit(klua_traced_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KLua test: Lua errors through traced functions");
KLUA_IMPORT_NS;

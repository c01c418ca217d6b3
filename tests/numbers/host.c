// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: host FILE: runs a script on the core in user space, without limits and with
 * KLua's libraries; it prints to standard output. If it fails the exit status is 1, and
 * the message goes to standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
#include "entry.h"

static struct klua_limits limits;

unsigned long long klua_random(void)
{
	static unsigned long long seed = 88172645463325252ull;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

void klua_print(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	fwrite(text, 1, len, stdout);
	putchar('\n');
}

bool klua_stream(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	fwrite(text, 1, len, stdout);
	return true;
}

int klua_arm_slow(struct klua_limits *lim)
{
	lim->stack = (unsigned long)__builtin_frame_address(0) - 1024 * 1024;
	lim->budget.slice = 1L << 60;
	lim->budget.left = lim->budget.slice;
	return 1;
}

void klua_disarm(struct klua_limits *lim)
{
	lim->stack = KLUA_UNARMED;
}

int klua_limits_check(struct klua_limits *lim)
{
	lim->budget.left = lim->budget.slice;
	return 0;
}

void klua_limits_trace(struct klua_limits *lim, lua_State *L)
{
	(void)lim;
	(void)L;
}

size_t klua_memory_left(const struct klua_limits *lim)
{
	(void)lim;
	return 1L << 60;
}

bool klua_drop(struct klua_limits *lim, size_t bytes)
{
	(void)lim;
	(void)bytes;
	return false;
}

static void *allocate(void *ud, void *block, size_t osize, size_t nsize)
{
	(void)ud;
	(void)osize;
	if (nsize)
		return realloc(block, nsize);
	free(block);
	return NULL;
}

void *klua_block_get(struct klua_limits *lim, size_t size)
{
	(void)lim;
	return malloc(size);
}

void klua_block_put(struct klua_limits *lim, void *block, size_t size)
{
	(void)lim;
	(void)size;
	free(block);
}

static char text[1024 * 1024];

static int run(lua_State *L)
{
	const char *name = lua_touserdata(L, 1);
	FILE *file = fopen(name, "r");
	size_t len;

	luaL_openlibs(L);
	if (!file)
		return luaL_error(L, "cannot read %s", name);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (luaL_loadbufferx(L, text, len, "=script", "t"))
		return lua_error(L);
	lua_call(L, 0, 0);
	return 0;
}

int main(int argc, char **argv)
{
	lua_State *L;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: host FILE\n");
		return 2;
	}
	limits.stack = KLUA_UNARMED;
	L = lua_newstate(allocate, &limits);
	if (!L)
		return 2;
	lua_pushcfunction(L, run);
	lua_pushlightuserdata(L, argv[1]);
	status = lua_pcall(L, 1, 0, 0);
	if (status != LUA_OK)
		fprintf(stderr, "%s\n", lua_tostring(L, -1));
	lua_close(L);
	return status != LUA_OK;
}

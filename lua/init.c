// SPDX-License-Identifier: GPL-2.0-only
/*
 * The libraries of a state, and print. Part of core.c.
 */

/* The host looks at each byte, and makes a line of each line. */
static void charge_lines(lua_State *L, const char *text, size_t len)
{
	const char *end = text + len;

	klua_charge_scan(L, len);
	klua_charge(L, KLUA_COST_LINE);
	while ((text = memchr(text, '\n', end - text))) {
		klua_charge(L, KLUA_COST_LINE);
		text++;
	}
}

/* Calls tostring() for each argument and hands the host one line. */
static int print(lua_State *L)
{
	int n = lua_gettop(L);
	luaL_Buffer b;
	const char *line;
	size_t len;
	int i;

	luaL_buffinit(L, &b);
	for (i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	line = lua_tolstring(L, -1, &len);
	charge_lines(L, line, len);
	klua_print(L, line, len);
	return 0;
}

static void keep_reasons(lua_State *L);

/**
 * luaL_openlibs - open the libraries of a new state
 * @L: the state; the caller runs this protected
 *
 * base, coroutine, string, table, utf8 and math, each as a global. There is no
 * package library, so nothing else can be loaded.
 */
void luaL_openlibs(lua_State *L)
{
	static const luaL_Reg libs[] = {
		{ "_G", luaopen_base },
		{ LUA_COLIBNAME, luaopen_coroutine },
		{ LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string },
		{ LUA_UTF8LIBNAME, luaopen_utf8 },
		{ LUA_MATHLIBNAME, luaopen_math },
	};
	unsigned int i;

	for (i = 0; i < sizeof(libs) / sizeof(libs[0]); i++) {
		luaL_requiref(L, libs[i].name, libs[i].func, 1);
		lua_pop(L, 1);
	}
	lua_register(L, "print", print);
	keep_reasons(L);
}

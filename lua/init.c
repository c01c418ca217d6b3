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

static const luaL_Reg libraries[] = {
	{ "_G", luaopen_base },
	{ LUA_COLIBNAME, luaopen_coroutine },
	{ LUA_TABLIBNAME, luaopen_table },
	{ LUA_STRLIBNAME, luaopen_string },
	{ LUA_UTF8LIBNAME, luaopen_utf8 },
	{ LUA_MATHLIBNAME, luaopen_math },
};

#define LIBRARIES	(sizeof(libraries) / sizeof(libraries[0]))

/* What base and print make of globals; those of _G and _VERSION included. */
#define BASE_GLOBALS	(sizeof(base_funcs) / sizeof(base_funcs[0]))

/* Pops a library, which becomes @name in @loaded and in @globals. */
static void add_library(lua_State *L, Table *loaded, Table *globals,
			const char *name)
{
	Table *lib = hvalue(L->top - 1);
	TValue *place = klua_field(L, loaded, name);

	sethvalue(L, place, lib);
	luaC_barrierback(L, loaded, place);
	place = klua_field(L, globals, name);
	sethvalue(L, place, lib);
	luaC_barrierback(L, globals, place);
	L->top--;
}

/**
 * luaL_openlibs - open the libraries of a new state
 * @L: the state; the caller runs this protected, and closes the state when it
 *     fails
 *
 * base, coroutine, string, table, utf8 and math, each as a global. There is no
 * package library, so nothing else can be loaded.
 *
 * Every state begins with this, so tables get their sizes beforehand and the
 * collector, to which nothing here is garbage, begins after it.
 */
void luaL_openlibs(lua_State *L)
{
	Table *registry = hvalue(&G(L)->l_registry);
	Table *globals = hvalue(luaH_getint(registry, LUA_RIDX_GLOBALS));
	Table *loaded;
	unsigned int i;

	G(L)->gcrunning = 0;
	luaH_resize(L, registry, registry->sizearray, 2);
	luaH_resize(L, globals, 0, BASE_GLOBALS + LIBRARIES);
	lua_createtable(L, 0, LIBRARIES);
	loaded = hvalue(L->top - 1);
	lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	for (i = 0; i < LIBRARIES; i++) {
		libraries[i].func(L);
		add_library(L, loaded, globals, libraries[i].name);
	}
	setfvalue(klua_field(L, globals, "print"), print);
	keep_reasons(L);
	G(L)->GCestimate = gettotalbytes(G(L));
	setpause(G(L));
	G(L)->gcrunning = 1;
}

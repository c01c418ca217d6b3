// SPDX-License-Identifier: GPL-2.0-only
/*
 * The libraries of a state. Part of core.c.
 */

static void make_limit_texts(lua_State *L);

#ifdef __KERNEL__
static int require(lua_State *L);
#endif

static const luaL_Reg libraries[] = {
	{ "_G", luaopen_base },
	{ LUA_COLIBNAME, luaopen_coroutine },
	{ LUA_TABLIBNAME, luaopen_table },
	{ LUA_STRLIBNAME, luaopen_string },
	{ LUA_UTF8LIBNAME, luaopen_utf8 },
	{ LUA_MATHLIBNAME, luaopen_math },
	{ LUA_IOLIBNAME, luaopen_io },
	{ LUA_OSLIBNAME, luaopen_os },
	{ LUA_DBLIBNAME, luaopen_debug },
};

#define LIBRARIES	(sizeof(libraries) / sizeof(libraries[0]))

/* Globals that base, print and require make, with _G and _VERSION */
#define BASE_GLOBALS	(sizeof(base_funcs) / sizeof(base_funcs[0]) + 1)

/* Pops a library and stores it as @name in @loaded and in @globals. */
static void add_library(lua_State *L, Table *loaded, Table *globals,
			const char *name)
{
	Table *lib = hvalue(L->top - 1);
	TValue *value = klua_field(L, loaded, name);

	sethvalue(L, value, lib);
	luaC_barrierback(L, loaded, value);
	value = klua_field(L, globals, name);
	sethvalue(L, value, lib);
	luaC_barrierback(L, globals, value);
	L->top--;
}

/**
 * luaL_openlibs - open the libraries of a new state
 * @L: the state; the caller runs this protected, and closes the state when it
 *     fails
 *
 * base, coroutine, string, table, utf8, math, and what system.c has of io, os and
 * debug, each as a global. There is no package library: require() knows these and
 * what modules have registered (lib.c), and loads nothing from files.
 *
 * Every state begins here. So tables are made in their final sizes, and the
 * collector starts afterwards, since nothing here becomes garbage.
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
#ifdef __KERNEL__
	setfvalue(klua_field(L, globals, "require"), require);
#endif
	make_limit_texts(L);
	G(L)->GCestimate = gettotalbytes(G(L));
	setpause(G(L));
	G(L)->gcrunning = 1;
}

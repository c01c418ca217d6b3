// SPDX-License-Identifier: GPL-2.0-only
/*
 * The math library for integers. Part of core.c.
 *
 * Functions that need floating point (sin, sqrt, log, ...), and huge and pi,
 * do not exist: a script that calls one fails where it does so.
 */

static int math_abs(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 1);

	/* Negating mininteger wraps round to itself, as in standard Lua. */
	lua_pushinteger(L, n < 0 ? intop(-, 0, n) : n);
	return 1;
}

/* floor and ceil: an integer is its own. */
static int math_round(lua_State *L)
{
	lua_pushinteger(L, luaL_checkinteger(L, 1));
	return 1;
}

/* Remainder of the division that truncates towards zero. */
static int math_fmod(lua_State *L)
{
	lua_Integer m = luaL_checkinteger(L, 1);
	lua_Integer n = luaL_checkinteger(L, 2);

	luaL_argcheck(L, n != 0, 2, "zero");
	/* mininteger % -1 traps on x86; the result is 0 for every m. */
	lua_pushinteger(L, n == -1 ? 0 : m % n);
	return 1;
}

static int math_tointeger(lua_State *L)
{
	int valid;
	lua_Integer n = lua_tointegerx(L, 1, &valid);

	luaL_checkany(L, 1);
	if (valid)
		lua_pushinteger(L, n);
	else
		lua_pushnil(L);
	return 1;
}

static int math_type(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TNUMBER)
		lua_pushliteral(L, "integer");
	else
		lua_pushnil(L);
	return 1;
}

static int math_ult(lua_State *L)
{
	lua_Integer a = luaL_checkinteger(L, 1);
	lua_Integer b = luaL_checkinteger(L, 2);

	lua_pushboolean(L, (lua_Unsigned)a < (lua_Unsigned)b);
	return 1;
}

/* The argument that no other precedes (@max: follows). */
static int extreme(lua_State *L, bool max)
{
	int n = lua_gettop(L);
	lua_Integer best = luaL_checkinteger(L, 1);
	int i;

	for (i = 2; i <= n; i++) {
		lua_Integer arg = luaL_checkinteger(L, i);

		if (max ? arg > best : arg < best)
			best = arg;
	}
	lua_pushinteger(L, best);
	return 1;
}

static int math_min(lua_State *L)
{
	return extreme(L, false);
}

static int math_max(lua_State *L)
{
	return extreme(L, true);
}

/*
 * Uniform over [0, @range], both included. Numbers past the last whole multiple
 * of the range are drawn again, so that none is favoured: fewer than two draws
 * on average, whatever the range.
 */
static lua_Unsigned uniform(lua_Unsigned range)
{
	lua_Unsigned n, past;

	if (range == ~(lua_Unsigned)0)
		return klua_random();
	range++;
	past = (0 - range) % range;
	do {
		n = klua_random();
	} while (n < past);
	return n % range;
}

/*
 * random(m, n): in [m, n]; random(m): in [1, m]; random(): any integer, since
 * there is no [0, 1). The kernel's generator needs no seed.
 */
static int math_random(lua_State *L)
{
	lua_Integer low = 1;
	lua_Integer up;

	switch (lua_gettop(L)) {
	case 0:
		lua_pushinteger(L, (lua_Integer)klua_random());
		return 1;
	case 1:
		up = luaL_checkinteger(L, 1);
		break;
	case 2:
		low = luaL_checkinteger(L, 1);
		up = luaL_checkinteger(L, 2);
		break;
	default:
		return luaL_error(L, "wrong number of arguments");
	}
	luaL_argcheck(L, low <= up, lua_gettop(L), "interval is empty");
	lua_pushinteger(L, (lua_Integer)((lua_Unsigned)low +
			uniform((lua_Unsigned)up - (lua_Unsigned)low)));
	return 1;
}

/* Kept for scripts that call it; the kernel's generator cannot be seeded. */
static int math_randomseed(lua_State *L)
{
	luaL_checkinteger(L, 1);
	return 0;
}

static const luaL_Reg mathlib[] = {
	{ "abs", math_abs },
	{ "ceil", math_round },
	{ "floor", math_round },
	{ "fmod", math_fmod },
	{ "max", math_max },
	{ "min", math_min },
	{ "random", math_random },
	{ "randomseed", math_randomseed },
	{ "tointeger", math_tointeger },
	{ "type", math_type },
	{ "ult", math_ult },
	{ NULL, NULL }
};

int luaopen_math(lua_State *L)
{
	luaL_newlib(L, mathlib);
	lua_pushinteger(L, LUA_MAXINTEGER);
	lua_setfield(L, -2, "maxinteger");
	lua_pushinteger(L, LUA_MININTEGER);
	lua_setfield(L, -2, "mininteger");
	return 1;
}

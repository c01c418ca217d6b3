// SPDX-License-Identifier: GPL-2.0-only
/*
 * Typed calls: a function by its name, arguments and results that are not Lua's.
 * Part of core.c.
 *
 * Pushing the arguments, calling the function and taking its results are one protected
 * call, which catches every error on the way. It is the one that lua_pcall() from outside
 * makes: enter() in ldo.c (patch 24), inlined here once more.
 */

/* Room for a function and its arguments */
#define CALL_SLOTS	(KLUA_CALL_VALUES + 1)

/*
 * Find a name that is too long for a short string. Not inline, because it takes C
 * stack.
 */
static noinline const TValue *find_long(Table *globals, TString *name)
{
	return luaH_getstr(globals, name);
}

static void push_function(lua_State *L, struct klua_call *call)
{
	/* The globals are always in the array part of the registry. */
	Table *registry = hvalue(&G(L)->l_registry);
	Table *globals = hvalue(&registry->array[LUA_RIDX_GLOBALS - 1]);
	TString *name = luaS_new(L, call->function);
	const TValue *f;

	f = likely(name->tt == LUA_TSHRSTR) ? luaH_getshortstr(globals, name) :
					      find_long(globals, name);
	if (unlikely(ttisnil(f))) {
		call->missing = true;
		luaL_error(L, "no function '%s'", call->function);
	}
	setobj2s(L, L->top, f);
	L->top++;
}

static int argument_error(lua_State *L, struct klua_call *call,
			  unsigned int i, const char *what)
{
	return luaL_error(L, "argument %d of '%s' is %s", (int)i + 1,
			  call->function, what);
}

static void push_value(lua_State *L, struct klua_call *call, unsigned int i)
{
	const struct klua_value *value = &call->args[i];

	switch (value->type) {
	case KLUA_TYPE_NIL:
		setnilvalue(L->top);
		break;
	case KLUA_TYPE_BOOLEAN:
		setbvalue(L->top, value->boolean);
		break;
	case KLUA_TYPE_INTEGER:
		setivalue(L->top, value->integer);
		break;
	case KLUA_TYPE_NUMBER:
		setfltvalue(L->top, value->number);
		break;
	case KLUA_TYPE_STRING:
		if (unlikely(!value->string && value->len))
			argument_error(L, call, i, "a string at NULL");
		setsvalue2s(L, L->top,
			    luaS_newlstr(L, value->string, value->len));
		break;
	case KLUA_TYPE_TEXT:
		if (unlikely(!value->string))
			argument_error(L, call, i, "a text at NULL");
		setsvalue2s(L, L->top, luaS_new(L, value->string));
		break;
	case KLUA_TYPE_OBJECT:
		if (unlikely(!value->class))
			argument_error(L, call, i, "an object of no class");
		lend(L, value->class, value->object);
		return;
	default:
		argument_error(L, call, i, "of no type");
	}
	L->top++;
}

/*
 * A result is not of the type asked for. Raise an error, unless it is nil and optional.
 */
static void result_differs(lua_State *L, struct klua_call *call, unsigned int i,
			   const char *expected)
{
	int at = (int)i - (int)call->nresults;

	if (call->results[i].optional && lua_isnil(L, at)) {
		call->results[i].absent = true;
		return;
	}
	luaL_error(L, "result %d of '%s' is a %s, not %s", (int)i + 1,
		   call->function, luaL_typename(L, at), expected);
}

/* Copy the bytes that fit, and a NUL. */
static void copy_string(struct klua_value *value, const char *text, size_t len)
{
	size_t n;

	value->len = len;
	if (!value->size || !value->buf)
		return;
	n = len < value->size ? len : value->size - 1;
	memcpy(value->buf, text, n);
	value->buf[n] = '\0';
}

/* Take a result that is not an integer, or not asked for as one. */
static noinline void take_other(lua_State *L, struct klua_call *call,
				unsigned int i)
{
	struct klua_value *value = &call->results[i];
	int at = (int)i - (int)call->nresults;
	const char *text;
	lua_Number number;
	lua_Integer n;
	int isinteger, isnumber;
	size_t len;

	switch (value->type) {
	case KLUA_TYPE_BOOLEAN:
		if (value->optional && lua_isnil(L, at))
			value->absent = true;
		else
			value->boolean = lua_toboolean(L, at);
		break;
	case KLUA_TYPE_INTEGER:
		n = lua_tointegerx(L, at, &isinteger);
		if (isinteger)
			value->integer = n;
		else
			result_differs(L, call, i, "an integer");
		break;
	case KLUA_TYPE_NUMBER:
		number = lua_tonumberx(L, at, &isnumber);
		if (isnumber)
			value->number = number;
		else
			result_differs(L, call, i, "a number");
		break;
	case KLUA_TYPE_STRING:
		text = lua_tolstring(L, at, &len);
		if (unlikely(!text)) {
			result_differs(L, call, i, "a string");
			break;
		}
		klua_charge_bytes(L, len);
		copy_string(value, text, len);
		break;
	case KLUA_TYPE_NIL:
		break;
	default:
		luaL_error(L, "result %d of '%s' is asked for by no type",
			   (int)i + 1, call->function);
	}
}

/* Take a result; all of them are on top of the stack. */
static void take_result(lua_State *L, struct klua_call *call,
			unsigned int i)
{
	struct klua_value *value = &call->results[i];
	const TValue *o = L->top - call->nresults + i;

	value->absent = false;
	if (likely(value->type == KLUA_TYPE_INTEGER && ttisinteger(o)))
		value->integer = ivalue(o);
	else
		take_other(L, call, i);
}

/* Make the call. The bytes of strings are charged where they are copied. */
static void invoke(lua_State *L, void *ud)
{
	struct klua_call *call = ud;
	StkId func;
	unsigned int i;

	klua_charge(L, KLUA_COST_CCALL);
	luaD_checkstack(L, CALL_SLOTS);
	push_function(L, call);
	for (i = 0; i < call->nargs; i++)
		push_value(L, call, i);
	/* A function that allocates nothing never gives the collector a turn. */
	luaC_checkGC(L);
	func = L->top - (call->nargs + 1);
	luaD_callnoyield(L, func, call->nresults);
	for (i = 0; i < call->nresults; i++)
		take_result(L, call, i);
}

/* The state is entered already: the call is part of that entry. */
static noinline int invoke_inside(lua_State *L, struct klua_call *call,
				  ptrdiff_t base)
{
	return luaD_pcall(L, invoke, call, savestack(L, L->top), base);
}

/* Put the error's value in the handler's place. */
static noinline int invoke_failed(lua_State *L, ptrdiff_t base, int status)
{
	setobjs2s(L, restorestack(L, base), L->top - 1);
	L->top = restorestack(L, base) + 1;
	return status;
}

/*
 * Make @call, with @handler for errors. Returns LUA_OK, or a status with the
 * error's value on top of the stack, which is otherwise as it was.
 */
int klua_core_invoke(lua_State *L, struct klua_call *call,
		     lua_CFunction handler)
{
	ptrdiff_t base = savestack(L, L->top);
	int status;

	/* No check: a stack always has spare slots (EXTRA_STACK). */
	setfvalue(L->top, handler);
	L->top++;
	if (unlikely(klua_inside(L)))
		status = invoke_inside(L, call, base);
	else
		status = enter(L, invoke, call, -1, 0, base);
	if (unlikely(status != LUA_OK))
		return invoke_failed(L, base, status);
	L->top = restorestack(L, base);
	return LUA_OK;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Lua core as one translation unit.
 *
 * One unit, because objtool does not know a function of another object that
 * never returns, and because everything but the API can then be static.
 */
#define LUA_CORE
#define LUA_LIB

#ifdef __KERNEL__
#include "../internal.h"
#endif
#include "host.h"

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"

#include "llimits.h"
#include "lobject.h"
#include "ltm.h"
#include "lzio.h"
#include "lmem.h"
#include "lstate.h"
#include "core.h"

#include "lapi.h"
#include "lcode.h"
#include "lctype.h"
#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lgc.h"
#include "llex.h"
#include "lopcodes.h"
#include "lparser.h"
#include "lstring.h"
#include "ltable.h"
#include "lvm.h"

#include "float.h"
#include "decimal.h"
#include "elementary.h"

#undef cast_num
#define cast_num(i)		float_from_int(i)

/*
 * A value by its members: copied as one object of 16 bytes, for which the
 * kernel's stack is not aligned, gcc spends a register on a frame pointer in
 * each function that does so, the interpreter's loop among them.
 */
#undef setobj
#define setobj(L, obj1, obj2) \
	{ TValue *io1 = (obj1); const TValue *io2 = (obj2); \
	  io1->value_ = io2->value_; settt_(io1, io2->tt_); \
	  (void)(L); checkliveness(L, io1); }
#undef setobj2t
#define setobj2t(L, o1, o2) \
	((void)(L), (o1)->value_ = (o2)->value_, settt_(o1, (o2)->tt_), \
	 checkliveness(L, (o1)))

/*
 * Converting a string reads all of it, several times. For a short one nothing is
 * raised: the API has functions that never do.
 */
#define SHORT_NUMERAL	200

static inline void charge_numeral(lua_State *L, const TValue *o)
{
	if (!ttisstring(o))
		return;
	if (vslen(o) <= SHORT_NUMERAL)
		klua_owe(L, 8 + vslen(o) / 2);
	else
		klua_charge(L, vslen(o));
}

/*
 * The place of @name in @t. The string is on the stack, in one of the slots
 * that it always has to spare, until it is in the table, for which memory may
 * have to be collected.
 */
static TValue *klua_field(lua_State *L, Table *t, const char *name)
{
	TValue *place;

	setsvalue2s(L, L->top, luaS_newlstr(L, name, strlen(name)));
	L->top++;
	place = luaH_set(L, t, L->top - 1);
	L->top--;
	return place;
}

/* Names that several of the files below use for different things. */
#include "lzio.c"
#include "lctype.c"
#include "lopcodes.c"
#include "lmem.c"
#include "lobject.c"
#include "lstring.c"
#include "ltable.c"
#include "lfunc.c"
#include "ltm.c"
#include "lgc.c"
#include "lstate.c"
#include "ldebug.c"
#include "ldo.c"
#include "lvm.c"
#if KLUA_TWO_LOOPS
#define KLUA_TREE
#include "lvm.c"
#endif
#include "llex.c"
#include "lcode.c"
#include "lparser.c"
#ifdef KLUA_CONTEXT_CHECKS
/*
 * A consumer uses the API in a way that the manual forbids. Of values pushed past
 * the room that a function has the first one is reported, and the one that would be
 * written behind the stack is an error.
 */
static noinline void klua_misused(lua_State *L, const char *what)
{
	const struct klua_state *s = container_of(klua_limits(L),
						  struct klua_state, limits);
	void *who = klua_raiser(L);

	WARN(L->top <= L->ci->top + 1,
	     "klua: state '" NAME_FMT "': %ps misuses the Lua API: %s\n",
	     NAME_ARG(s), who ?: __builtin_return_address(0), what);
	if (L->top >= L->stack_last)
		luaG_runerror(L, "stack overflow");
}
#endif

#include "lapi.c"
#include "lauxlib.c"
#include "lbaselib.c"
#include "lcorolib.c"
#include "lstrlib.c"
#include "ltablib.c"
#include "lutf8lib.c"
#include "lmathlib.c"
#include "system.c"
#include "init.c"
#ifdef __KERNEL__
#include "lib.c"
#include "call.c"
#include "number.c"
#endif

/* The text of each limit; short strings, made once, so that none can fail. */
static const struct {
	int err;
	const char *text;
} reasons[] = {
	{ -ETIME,	"step budget exceeded" },
	{ -ETIMEDOUT,	"time limit exceeded" },
	{ -ECANCELED,	"cancelled" },
	{ -EINTR,	"interrupted by a signal" },
};

static const char *reason(int err)
{
	unsigned int i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			return reasons[i].text;
	return "stopped";
}

/* Make the reasons' strings for good: raising one then allocates nothing. */
static void keep_reasons(lua_State *L)
{
	unsigned int i;

	lua_createtable(L, sizeof(reasons) / sizeof(reasons[0]) + 1, 0);
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		lua_pushstring(L, reasons[i].text);
		lua_rawseti(L, -2, i + 1);
	}
	lua_pushstring(L, reason(0));
	lua_rawseti(L, -2, i + 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, reasons);
}

/* The innermost Lua function, to say where the limit was hit. */
static CallInfo *innermost(lua_State *L)
{
	CallInfo *ci;

	for (ci = L->ci; ci; ci = ci->previous)
		if (isLua(ci))
			return ci;
	return NULL;
}

/*
 * Raise the error of a limit: past the message handler, since a handler is a
 * script's code. The second time in an entry, and while the first text is
 * made, only the bare reason is raised, which allocates nothing.
 */
static l_noret stop(lua_State *L, int err)
{
	struct klua_budget *budget = &klua_limits(L)->budget;
	CallInfo *ci = innermost(L);
	bool first = !budget->stopped;

	budget->stopped = err;
	/* Without growing the Lua stack, which may fail and come here again. */
	if (L->top < L->stack + L->stacksize)
		L->top++;
	setsvalue2s(L, L->top - 1,
		    luaS_newlstr(L, reason(err), strlen(reason(err))));
	if (first && ci) {
		/* Room for the text alone: no script code runs in between. */
		klua_left(L) = KLUA_SLICE;
		luaG_addinfo(L, svalue(L->top - 1), ci_func(ci)->p->source,
			     currentline(ci));
	}
	klua_left(L) = -1;
	luaD_throw(L, LUA_ERRRUN);
}

/* What the host says of the budget, which it sees for as long as that takes. */
static int look(lua_State *L, struct klua_limits *lim)
{
	int err = lim->budget.stopped;

	if (err)
		return err;
	lim->budget.left = klua_left(L);
	err = klua_limits_check(lim);
	klua_left(L) = lim->budget.left;
	return err;
}

/* A charge to a grant, which no host sees: it is small. */
static void charge_grant(lua_State *L, struct klua_grant *grant)
{
	grant->left -= -1 - klua_left(L);
	klua_left(L) = -1;
	if (grant->left >= 0)
		return;
	if (klua_protected(L))
		stop(L, -ETIME);
	klua_limits(L)->budget.stopped = -ETIME;
}

/*
 * A script's own work. While a Lua function waits for a finalizer that it did not
 * call, what is charged before the finalizer's own frame exists is not.
 */
static bool is_script(const CallInfo *ci)
{
	return isLua(ci) && !(ci->callstatus & CIST_FIN);
}

/*
 * The slice is spent, or is with another coroutine. Outside an entry nobody
 * counts. Where nothing would catch an error the entry is only marked as
 * stopped: what it still does is the core's own work, which is bounded, and no
 * more of a script's.
 */
void klua_charge_slow(lua_State *L)
{
	struct klua_limits *lim = klua_limits(L);
	int err;

	if (!klua_armed(lim)) {
		klua_left(L) = 0;
		return;
	}
	klua_take(L);
	if (unlikely(lim->grant)) {
		if (!is_script(L->ci)) {
			charge_grant(L, lim->grant);
			return;
		}
		klua_grants_drop(L);
	}
	if (klua_left(L) >= 0)
		return;
	err = look(L, lim);
	if (!err)
		return;
	if (klua_protected(L))
		stop(L, err);
	lim->budget.stopped = err;
}

/*
 * A look at the clock whatever is left of the slice: is there time for so many
 * steps? They are not charged here.
 */
void klua_look(lua_State *L, size_t ahead)
{
	struct klua_limits *lim = klua_limits(L);
	int err;

	if (!klua_armed(lim) || lim->grant)
		return;
	klua_take(L);
	lim->ahead = ahead;
	err = look(L, lim);
	lim->ahead = 0;
	if (!err)
		return;
	if (klua_protected(L))
		stop(L, err);
	lim->budget.stopped = err;
}

/* The same where a Lua function is called. */
void klua_call_slow(lua_State *L)
{
	if (unlikely(klua_limits(L)->grant))
		klua_grants_drop(L);
	klua_charge_slow(L);
}

/* Work of the host for this state, where nothing may be raised: counted now. */
void klua_limits_owe(struct klua_limits *lim, size_t n)
{
	if (lim->running)
		klua_owe(lim->running, n);
}

#ifdef __KERNEL__
void klua_try_call(lua_State *L, void *ud, Pfunc f)
{
	f(L, ud);
}
#endif

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
 * Copy a value by its members. To copy it as one object of 16 bytes gcc aligns the
 * stack, which the kernel does not keep aligned to 16. That takes a frame pointer, and
 * so a register, in each function that copies a value, the interpreter's loop among
 * them.
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
 * Converting a string to a number reads all of it several times. The steps for a short
 * string are only owed (klua_owe()), because lua_tonumberx() and others must not raise
 * an error.
 */
#define SHORT_NUMERAL	200

/* Steps for the farthest exponent, which has six bytes and takes 2,500 instructions */
#define EXPONENT_STEPS	10

static inline void charge_numeral(lua_State *L, const TValue *o)
{
	if (!ttisstring(o))
		return;
	if (vslen(o) <= SHORT_NUMERAL)
		klua_owe(L, EXPONENT_STEPS + vslen(o) / 2);
	else
		klua_charge(L, vslen(o));
}

/*
 * The value of field @name in @t, for the caller to set. The name is on the stack
 * meanwhile, in one of the slots that are always spare (EXTRA_STACK), because
 * making the field may collect garbage.
 */
static TValue *klua_field(lua_State *L, Table *t, const char *name)
{
	TValue *value;

	setsvalue2s(L, L->top, luaS_newlstr(L, name, strlen(name)));
	L->top++;
	value = luaH_set(L, t, L->top - 1);
	L->top--;
	return value;
}

/* Some names mean different things in the files below. */
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
 * Report that a consumer uses the API in a way that the manual forbids. A function that
 * pushes more values than it has slots is reported once, at the first such value. A
 * value that would be written behind the stack is an error.
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

/*
 * The text of each limit's error. They are short strings that are made with the
 * state (make_limit_texts()), so that raising one allocates nothing.
 */
static const struct {
	int err;
	const char *text;
} limit_texts[] = {
	{ -ETIME,	"step budget exceeded" },
	{ -ETIMEDOUT,	"time limit exceeded" },
	{ -ECANCELED,	"cancelled" },
	{ -EINTR,	"interrupted by a signal" },
};

static const char *limit_text(int err)
{
	unsigned int i;

	for (i = 0; i < sizeof(limit_texts) / sizeof(limit_texts[0]); i++)
		if (limit_texts[i].err == err)
			return limit_texts[i].text;
	return "stopped";
}

/* The registry keeps the strings for as long as the state lives. */
static void make_limit_texts(lua_State *L)
{
	unsigned int i;

	lua_createtable(L, sizeof(limit_texts) / sizeof(limit_texts[0]) + 1, 0);
	for (i = 0; i < sizeof(limit_texts) / sizeof(limit_texts[0]); i++) {
		lua_pushstring(L, limit_texts[i].text);
		lua_rawseti(L, -2, i + 1);
	}
	lua_pushstring(L, limit_text(0));
	lua_rawseti(L, -2, i + 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, limit_texts);
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
 * Raise the error of a limit. It goes past the message handler, because a handler is
 * a script's code. The first error of an entry says where it happened. Later ones,
 * and one that is raised while that text is made, have the bare text.
 */
static l_noret raise_limit(lua_State *L, int err)
{
	struct klua_budget *budget = &klua_limits(L)->budget;
	CallInfo *ci = innermost(L);
	bool first = !budget->stopped;

	budget->stopped = err;
	if (first)
		klua_traceback(L);
	/* Do not grow the Lua stack: that may fail, and raise the limit again. */
	if (L->top < L->stack + L->stacksize)
		L->top++;
	setsvalue2s(L, L->top - 1,
		    luaS_newlstr(L, limit_text(err), strlen(limit_text(err))));
	if (first && ci) {
		/* Steps for making the text. No code of a script runs meanwhile. */
		klua_left(L) = KLUA_SLICE;
		luaG_addinfo(L, svalue(L->top - 1), ci_func(ci)->p->source,
			     currentline(ci));
	}
	klua_left(L) = -1;
	luaD_throw(L, LUA_ERRRUN);
}

/*
 * Ask the host whether a limit is reached. The host reads and refills the budget, so
 * the steps are there meanwhile.
 */
static int check_limits(lua_State *L, struct klua_limits *lim)
{
	int err = lim->budget.stopped;

	if (err)
		return err;
	lim->budget.left = klua_left(L);
	err = klua_limits_check(lim);
	klua_left(L) = lim->budget.left;
	return err;
}

/*
 * Charge a finalizer's grant. A grant is small, so the host does not look at the clock
 * while it lasts.
 */
static void charge_grant(lua_State *L, struct klua_grant *grant)
{
	grant->left -= -1 - klua_left(L);
	klua_left(L) = -1;
	if (grant->left >= 0)
		return;
	if (klua_protected(L))
		raise_limit(L, -ETIME);
	klua_limits(L)->budget.stopped = -ETIME;
}

/*
 * Is a Lua function charged? Not if the function waits for a finalizer that the
 * collector has called (CIST_FIN): until the finalizer has a frame of its own, charges
 * are for the collector's work.
 */
static bool is_script(const CallInfo *ci)
{
	return isLua(ci) && !(ci->callstatus & CIST_FIN);
}

/*
 * The slice is spent, or another coroutine holds the steps. Outside an entry nothing is
 * counted. If nothing would catch an error, the entry is only marked as stopped: what
 * follows then is bounded work of the core, and no script runs any more.
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
	err = check_limits(L, lim);
	if (!err)
		return;
	if (klua_protected(L))
		raise_limit(L, err);
	lim->budget.stopped = err;
}

/*
 * Look at the clock, whatever is left of the slice: is there time for @ahead steps?
 * They are not charged here.
 */
void klua_look(lua_State *L, size_t ahead)
{
	struct klua_limits *lim = klua_limits(L);
	int err;

	if (!klua_armed(lim) || lim->grant)
		return;
	klua_take(L);
	lim->ahead = ahead;
	err = check_limits(L, lim);
	lim->ahead = 0;
	if (!err)
		return;
	if (klua_protected(L))
		raise_limit(L, err);
	lim->budget.stopped = err;
}

/*
 * Is there time for @ahead steps? Raises nothing. Outside of an entry, and for a
 * consumer's finalizer, there always is. If there is not, the next charge looks at the
 * limits.
 */
bool klua_has_time(lua_State *L, size_t ahead)
{
	struct klua_limits *lim = klua_limits(L);
	lua_State *ran = klua_running(L);
	bool yes;

	if (!klua_armed(lim) || lim->grant || !ran)
		return true;
	lim->ahead = ahead;
	yes = !check_limits(ran, lim);
	lim->ahead = 0;
	if (!yes && klua_left(ran) >= 0) {
		lim->budget.slice -= klua_left(ran) + 1;
		klua_left(ran) = -1;
	}
	return yes;
}

/* klua_charge_slow() where a Lua function is called */
void klua_call_slow(lua_State *L)
{
	if (unlikely(klua_limits(L)->grant))
		klua_grants_drop(L);
	klua_charge_slow(L);
}

/* Count work that the host does for this state, without raising an error. */
void klua_limits_owe(struct klua_limits *lim, size_t n)
{
	if (lim->running)
		klua_owe(lim->running, n);
}

/*
 * Are there @n steps until the next look at the limits? Outside of an entry there always
 * are. For work that can wait for another time.
 */
bool klua_limits_afford(const struct klua_limits *lim, size_t n)
{
	return !lim->running || klua_left(lim->running) >= (long)n;
}

/*
 * Have the next look at the limits come after KLUA_SLICE steps at the latest, because
 * time has passed that no step stands for. The budget and the count of steps taken stay
 * what they are.
 *
 * An interrupt may call this in the middle of a charge of the entry that it has
 * interrupted. That charge may then write back the longer count of steps, so that more
 * steps are left than the slice has: see spent() in run.c.
 */
void klua_limits_shorten(struct klua_limits *lim)
{
	long excess = lim->running ? klua_left(lim->running) - KLUA_SLICE : 0;

	if (excess <= 0)
		return;
	klua_left(lim->running) -= excess;
	lim->budget.slice -= excess;
}

#ifdef __KERNEL__
void klua_try_call(lua_State *L, void *ud, Pfunc f)
{
	f(L, ud);
}
#endif

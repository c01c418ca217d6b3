/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration of Lua 5.3 for the kernel, in place of the one that comes with
 * Lua. Everything that the core lets one configure is decided here; what it
 * does not, in lua/patches (see lua/README).
 *
 * Outside the kernel (the fuzzer in tests/) the same choices hold.
 */
#ifndef luaconf_h
#define luaconf_h

#ifdef __KERNEL__
#include <linux/limits.h>
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#endif

/*
 * Integers. LUA_MAXINTEGER is a plain literal because the core compares it in
 * #if, where the kernel's LLONG_MAX with its cast cannot stand.
 */
#define LUAI_BITSINT		32
#define LUA_INTEGER		long long
#define LUA_UNSIGNED		unsigned long long
#define LUAI_UACINT		LUA_INTEGER
#define LUA_INTEGER_FRMLEN	"ll"
#define LUA_INTEGER_FMT		"%" LUA_INTEGER_FRMLEN "d"
#define LUA_MAXINTEGER		9223372036854775807LL
#define LUA_MININTEGER		(-LUA_MAXINTEGER - 1)
#define lua_integer2str(s, sz, n) \
	snprintf((s), (sz), LUA_INTEGER_FMT, (LUAI_UACINT)(n))

/*
 * Floats do not exist: their type is that of integers, converting between the
 * two does nothing, and their arithmetic is the integers'. No value is ever
 * tagged as a float (lua/core.c). Division and powers raise an error.
 */
#define LUA_NUMBER		long long
#define LUAI_UACNUMBER		LUA_NUMBER
#define LUA_NUMBER_FMT		LUA_INTEGER_FMT
#define LUAI_NUMFFORMAT		LUA_INTEGER_FMT
#define l_mathlim(n)		KLUA_FLT_##n
#define KLUA_FLT_MANT_DIG	64	/* every integer fits into a float */
#define KLUA_FLT_MAX_10_EXP	20	/* decimal digits of the widest number */
#define l_floor(x)		(x)
#define l_hashfloat(n)		((int)(n))
#define lua_numbertointeger(n, p)	(*(p) = (n), 1)
#define lua_number2str(s, sz, n)	lua_integer2str(s, sz, n)
#define lua_getlocaledecpoint()	'.'

/* A string that is no integer is no number. */
#define lua_str2number(s, p)	(*(p) = (char *)(s), 0)
#define lua_strx2number(s, p)	lua_str2number(s, p)

#define KLUA_WRAP(op, a, b) \
	((LUA_INTEGER)((LUA_UNSIGNED)(a) op (LUA_UNSIGNED)(b)))
#define luai_numadd(L, a, b)	((void)(L), KLUA_WRAP(+, a, b))
#define luai_numsub(L, a, b)	((void)(L), KLUA_WRAP(-, a, b))
#define luai_nummul(L, a, b)	((void)(L), KLUA_WRAP(*, a, b))
#define luai_numunm(L, a)	((void)(L), KLUA_WRAP(-, 0, a))
#define luai_numeq(a, b)	((a) == (b))
#define luai_numlt(a, b)	((a) < (b))
#define luai_numle(a, b)	((a) <= (b))
#define luai_numisnan(a)	((void)(a), 0)
#define luai_numidiv(L, a, b)	luaV_div(L, a, b)
#define luai_nummod(L, a, b, m)	((m) = luaV_mod(L, a, b))
#define luai_numdiv(L, a, b) \
	((void)(a), (void)(b), \
	 luaG_runerror(L, "'/' on numbers needs floating point, which KLua does not have; use '//'"), 0)
#define luai_numpow(L, a, b) \
	((void)(a), (void)(b), \
	 luaG_runerror(L, "'^' on numbers needs floating point, which KLua does not have"), 0)

/* No hooks, so nothing is set from a signal handler. */
#define l_signalT		int

/* Enough alignment for pointers and integers, all that userdata may hold. */
#define LUAI_USER_ALIGNMENT_T	union { void *s; lua_Integer i; long l; }

/* The kernel's %p prints a hash, so a script learns no address. */
#define lua_pointer2str(buff, sz, p)	snprintf((buff), (sz), "%p", (p))
#define l_sprintf(s, sz, f, i)		snprintf(s, sz, f, i)

/*
 * Sizes. The C stack decides about LUAL_BUFFERSIZE, which every luaL_Buffer
 * has on it: with 256 no frame of the core reaches 1 KiB. LUAI_MAXSTACK bounds
 * a single block of memory to 1 MiB and what a call of unpack() moves.
 */
#define LUAL_BUFFERSIZE		256
#define LUAI_MAXSTACK		65000
#define LUA_EXTRASPACE		(3 * sizeof(void *))	/* ours but the first */
#define LUA_IDSIZE		60
#define LUA_KCONTEXT		ptrdiff_t

/* Everything but the API is static to lua/core.c. */
#define LUA_API			extern
#define LUALIB_API		LUA_API
#ifdef LUA_CORE
#define LUAMOD_API		static __attribute__((unused))
#else
#define LUAMOD_API		extern
#endif
#define LUAI_FUNC		static __attribute__((unused))
#define LUAI_DDEC		static
#define LUAI_DDEF		static

#endif /* luaconf_h */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration of Lua 5.3 for the kernel, in place of Lua's own file. Whatever can be
 * configured is decided here; other changes are in lua/patches (see lua/README).
 *
 * The same configuration is used outside the kernel, by the fuzzer in tests/.
 */
#ifndef luaconf_h
#define luaconf_h

#ifdef __KERNEL__
#include <linux/limits.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include "compat.h"
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
 * Floats are IEEE doubles that are computed without the FPU. The type is a struct with
 * their bits, so that the compiler finds each operator that was forgotten; lua/float.h
 * has the functions.
 */
struct klua_number {
	unsigned long long bits;
};

#define LUA_NUMBER		struct klua_number
#define LUAI_UACNUMBER		LUA_NUMBER
#define LUA_NUMBER_FRMLEN	""
#define LUA_NUMBER_FMT		"%.14g"
#define LUAI_NUMFFORMAT		LUA_NUMBER_FMT
#define l_mathlim(n)		KLUA_FLT_##n
#define KLUA_FLT_MANT_DIG	53
#define KLUA_FLT_MAX_10_EXP	308
#define LUA_COMPAT_MATHLIB
#define l_mathop(op)		float_##op
#define l_floor(x)		float_floor(x)
#define l_hashfloat(n)		float_hash(n)
#define lua_numbertointeger(n, p)	float_to_int(n, p)
#define lua_number2str(s, sz, n) \
	float_format((s), LUA_NUMBER_FMT, n)
#define lua_number2strx(L, s, sz, f, n) \
	((void)(L), float_format((s), (f), n))
#define lua_getlocaledecpoint()	'.'
#define lua_str2number(s, p)	float_read((s), (p))
#define lua_strx2number(s, p)	float_read((s), (p))

#define luai_numadd(L, a, b)	float_add(a, b)
#define luai_numsub(L, a, b)	float_sub(a, b)
#define luai_nummul(L, a, b)	float_mul(a, b)
#define luai_numdiv(L, a, b)	float_div(a, b)
#define luai_numidiv(L, a, b)	float_floor(float_div(a, b))
#define luai_nummod(L, a, b, m)	((m) = float_mod(a, b))
#define luai_numpow(L, a, b)	float_pow(a, b)
#define luai_numunm(L, a)	float_neg(a)
#define luai_numeq(a, b)	float_eq(a, b)
#define luai_numlt(a, b)	float_lt(a, b)
#define luai_numle(a, b)	float_le(a, b)
#define luai_numisnan(a)	float_isnan(a)

/* No hooks, so nothing is set from a signal handler. */
#define l_signalT		int

/* Enough alignment for pointers and integers, all that userdata may hold. */
#define LUAI_USER_ALIGNMENT_T	union { void *s; lua_Integer i; long l; }

#define l_sprintf(s, sz, f, i)		snprintf(s, sz, f, i)

/*
 * Sizes. LUAL_BUFFERSIZE is small because each luaL_Buffer is on the C stack: with 256
 * no frame of the core reaches 1 KiB. LUAI_MAXSTACK bounds a single block of memory to
 * 1 MiB, and the values that a call of unpack() moves.
 */
#define LUAL_BUFFERSIZE		256
#define LUAI_MAXSTACK		65000
#define LUA_EXTRASPACE		(3 * sizeof(void *))	/* one the consumer's, two ours */
#define LUA_IDSIZE		60
#define LUA_KCONTEXT		ptrdiff_t

/* All functions but those of the API are static in lua/core.c. */
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

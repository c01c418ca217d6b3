/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IEEE 754 doubles, computed with integers only. The results have the same bits as a
 * processor's, rounded to nearest, in every context, and no register of the FPU is used.
 * Part of core.c.
 *
 * A new NaN has its sign set, and of two NaNs the first one is the result, as with SSE,
 * so that scripts print the same.
 */
#ifndef KLUA_FLOAT_H
#define KLUA_FLOAT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
typedef uint64_t u64;
typedef int64_t s64;
#endif

typedef unsigned __int128 u128;

#define FLOAT_SIGN	(1ULL << 63)
#define FLOAT_HIDDEN	(1ULL << 52)
#define FLOAT_FRACTION	(FLOAT_HIDDEN - 1)
#define FLOAT_INF	(0x7ffULL << 52)
#define FLOAT_NAN	(0xfff8ULL << 48)
#define FLOAT_QUIET	(1ULL << 51)
#define FLOAT_BIAS	1023

#define float_bits(u)	((lua_Number){ (u) })
#define float_abs(a)	float_bits((a).bits & ~FLOAT_SIGN)
#define float_fabs(a)	float_abs(a)
#define float_neg(a)	float_bits((a).bits ^ FLOAT_SIGN)
#define float_isneg(a)	((a).bits >> 63)
#define float_isnan(a)	(((a).bits << 1) > (FLOAT_INF << 1))
#define float_issignaling(a)	(float_isnan(a) && !((a).bits & FLOAT_QUIET))
#define float_isinf(a)	(((a).bits << 1) == (FLOAT_INF << 1))
#define float_iszero(a)	(((a).bits << 1) == 0)
#define float_exponent(a)	((int)((a).bits >> 52) & 0x7ff)

#define FLOAT_ZERO	float_bits(0)
#define FLOAT_ONE	float_bits(0x3ffULL << 52)
#define FLOAT_HUGE	float_bits(FLOAT_INF)

/* The quotient of @hi:@lo and @d, and the remainder. @hi is less than @d. */
static inline u64 div_wide(u64 hi, u64 lo, u64 d, u64 *rem)
{
#ifdef __x86_64__
	u64 q;

	__asm__("divq %4" : "=a" (q), "=d" (*rem)
		: "0" (lo), "1" (hi), "r" (d) : "cc");
	return q;
#else
	/* Two digits of 32 bits; Knuth's algorithm D. */
	int n = __builtin_clzll(d), i;
	u64 q = 0;

	d <<= n;
	if (n) {
		hi = hi << n | lo >> (64 - n);
		lo <<= n;
	}
	for (i = 0; i < 2; i++) {
		u64 digit = hi / (d >> 32);
		u64 next = i ? lo & 0xffffffff : lo >> 32;
		u128 left = (u128)hi << 32 | next;

		while ((u128)digit * d > left)
			digit--;
		hi = left - (u128)digit * d;
		q = q << 32 | digit;
	}
	*rem = hi >> n;
	return q;
#endif
}

/* The upper half of a product */
static inline u64 mul_high(u64 a, u64 b)
{
	return (u128)a * b >> 64;
}

/* Shift right by @n >= 0. The last bit is set if any 1 was shifted out. */
static inline u64 shift_sticky(u64 a, int n)
{
	if (n > 63)
		return a != 0;
	return a >> n | (n && a << (64 - n));
}

/* float_pack() for results that are not normal */
static noinline u64 float_pack_slow(u64 sign, int e, u64 m)
{
	if (e > 2046)
		return sign | FLOAT_INF;
	if (e < -64)
		e = -64;
	/* A carry makes the smallest normal number: its bits are right. */
	m = shift_sticky(m, 1 - e);
	return sign | (m + 0x1ff + (m >> 10 & 1)) >> 10;
}

/*
 * The number @m * 2^(@e - FLOAT_BIAS - 62) with a sign, rounded. @m is in [2^62, 2^63);
 * its last bit is set if more bits follow.
 */
static inline u64 float_pack(u64 sign, int e, u64 m)
{
	if (unlikely((unsigned int)(e - 1) >= 2046))
		return float_pack_slow(sign, e, m);
	/* The leading bit counts as one more of the exponent. */
	return sign | (((u64)(e - 1) << 52) +
		       ((m + 0x1ff + (m >> 10 & 1)) >> 10));
}

/* As float_pack() for any @m but 0, which stands for @m * 2^(@e - FLOAT_BIAS - 63) */
static inline u64 float_norm(u64 sign, int e, u64 m)
{
	int n = __builtin_clzll(m);

	m <<= n;
	return float_pack(sign, e - n, m >> 1 | (m & 1));
}

/*
 * Take a finite number but 0 apart: its magnitude is *@m * 2^(*@e - FLOAT_BIAS
 * - 63), with *@m in [2^63, 2^64).
 */
static inline void float_split(lua_Number a, int *e, u64 *m)
{
	u64 f = a.bits & FLOAT_FRACTION;
	int n;

	*e = float_exponent(a);
	if (*e) {
		*m = (f | FLOAT_HIDDEN) << 11;
	} else {
		n = __builtin_clzll(f);
		*m = f << n;
		*e = 12 - n;
	}
}

/* The result of an operation on a NaN */
static noinline lua_Number float_nan2(lua_Number a, lua_Number b)
{
	return float_bits((float_isnan(a) ? a.bits : b.bits) | FLOAT_QUIET);
}

/* float_add() where |@a| >= |@b|, and one of them is not normal */
static noinline lua_Number float_add_slow(lua_Number a, lua_Number b)
{
	u64 ma, mb, sign = a.bits & FLOAT_SIGN;
	int ea, eb;

	if (float_isnan(a) || float_isnan(b))
		return float_nan2(a, b);
	if (float_isinf(a))
		return b.bits == (a.bits ^ FLOAT_SIGN) ?
		       float_bits(FLOAT_NAN) : a;
	if (float_iszero(b)) {
		if (float_iszero(a))
			return float_bits(a.bits & b.bits);
		return a;
	}
	ea = float_exponent(a);
	eb = float_exponent(b);
	ma = a.bits & FLOAT_FRACTION;
	mb = b.bits & FLOAT_FRACTION;
	if (!ea) {
		/* Two denormal numbers: a sum may become normal by itself. */
		ma = (a.bits ^ b.bits) >> 63 ? ma - mb : ma + mb;
		return float_bits(ma ? sign | ma : 0);
	}
	ma = (ma | FLOAT_HIDDEN) << 10;
	mb = shift_sticky(mb << 10, ea - (eb ? eb : 1));
	ma = (a.bits ^ b.bits) >> 63 ? ma - mb : ma + mb;
	return float_bits(float_norm(sign, ea + 1, ma));
}

static inline lua_Number float_add(lua_Number a, lua_Number b)
{
	u64 ma, mb, sign;
	int ea, eb, n;

	if ((a.bits << 1) < (b.bits << 1)) {
		lua_Number t = a;

		a = b;
		b = t;
	}
	ea = float_exponent(a);
	eb = float_exponent(b);
	if (unlikely(ea == 0x7ff || !eb))
		return float_add_slow(a, b);
	sign = a.bits & FLOAT_SIGN;
	ma = ((a.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) << 10;
	mb = ((b.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) << 10;
	n = ea - eb;
	if (n)
		mb = likely(n < 64) ? mb >> n | ((mb << (64 - n)) != 0) : 1;
	if (!((a.bits ^ b.bits) >> 63)) {
		ma += mb;
		if (ma >> 63) {
			ma = ma >> 1 | (ma & 1);
			ea++;
		}
	} else {
		ma -= mb;
		if (unlikely(!ma))
			return FLOAT_ZERO;
		n = __builtin_clzll(ma) - 1;
		ma <<= n;
		ea -= n;
	}
	return float_bits(float_pack(sign, ea, ma));
}

static inline lua_Number float_sub(lua_Number a, lua_Number b)
{
	/* The sign of a NaN stays. */
	return float_add(a, float_isnan(b) ? b : float_neg(b));
}

/* float_mul() where one of the operands is not normal */
static noinline lua_Number float_mul_slow(lua_Number a, lua_Number b)
{
	u64 sign = (a.bits ^ b.bits) & FLOAT_SIGN;
	u64 ma, mb;
	int ea, eb;
	u128 m;

	if (float_isnan(a) || float_isnan(b))
		return float_nan2(a, b);
	if (float_iszero(a) || float_iszero(b))
		return float_bits(float_isinf(a) || float_isinf(b) ?
				  FLOAT_NAN : sign);
	if (float_isinf(a) || float_isinf(b))
		return float_bits(sign | FLOAT_INF);
	float_split(a, &ea, &ma);
	float_split(b, &eb, &mb);
	m = (u128)ma * mb;
	ma = (u64)(m >> 64) | ((u64)m != 0);
	return float_bits(float_norm(sign, ea + eb - FLOAT_BIAS + 1, ma));
}

static inline lua_Number float_mul(lua_Number a, lua_Number b)
{
	int ea = float_exponent(a), eb = float_exponent(b);
	u64 m, up;
	u128 p;

	if (unlikely((unsigned int)(ea - 1) >= 2046 ||
		     (unsigned int)(eb - 1) >= 2046))
		return float_mul_slow(a, b);
	p = (u128)(((a.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) << 10) *
	    (((b.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) << 11);
	m = (u64)(p >> 64) | ((u64)p != 0);
	up = m >> 62;
	m <<= 1 - up;
	return float_bits(float_pack((a.bits ^ b.bits) & FLOAT_SIGN,
				     ea + eb - FLOAT_BIAS + (int)up, m));
}

/* @ma / @mb, both in [2^62, 2^63) */
static inline u64 float_quotient(u64 sign, int e, u64 ma, u64 mb)
{
	u64 q, rem;

	if (ma < mb) {
		ma <<= 1;
		e--;
	}
	q = div_wide(ma >> 2, ma << 62, mb, &rem);
	return float_pack(sign, e, q | (rem != 0));
}

/* float_div() where one of the operands is not normal */
static noinline lua_Number float_div_slow(lua_Number a, lua_Number b)
{
	u64 sign = (a.bits ^ b.bits) & FLOAT_SIGN;
	u64 ma, mb;
	int ea, eb;

	if (float_isnan(a) || float_isnan(b))
		return float_nan2(a, b);
	if (float_isinf(a))
		return float_bits(float_isinf(b) ? FLOAT_NAN :
				  sign | FLOAT_INF);
	if (float_iszero(b))
		return float_bits(float_iszero(a) ? FLOAT_NAN :
				  sign | FLOAT_INF);
	if (float_isinf(b) || float_iszero(a))
		return float_bits(sign);
	float_split(a, &ea, &ma);
	float_split(b, &eb, &mb);
	return float_bits(float_quotient(sign, ea - eb + FLOAT_BIAS,
					 ma >> 1, mb >> 1));
}

static inline lua_Number float_div(lua_Number a, lua_Number b)
{
	int ea = float_exponent(a), eb = float_exponent(b);

	if (unlikely((unsigned int)(ea - 1) >= 2046 ||
		     (unsigned int)(eb - 1) >= 2046))
		return float_div_slow(a, b);
	return float_bits(float_quotient((a.bits ^ b.bits) & FLOAT_SIGN,
			ea - eb + FLOAT_BIAS,
			((a.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) << 10,
			((b.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) << 10));
}

static inline bool float_eq(lua_Number a, lua_Number b)
{
	if (a.bits == b.bits)
		return !float_isnan(a);
	return !((a.bits | b.bits) << 1);
}

/* An integer for each number but NaNs, in the same order */
static inline s64 float_order(lua_Number a)
{
	s64 i = (s64)a.bits;

	return i < 0 ? (s64)(FLOAT_SIGN - (u64)i) : i;
}

static inline bool float_lt(lua_Number a, lua_Number b)
{
	if (unlikely(float_isnan(a) || float_isnan(b)))
		return false;
	return float_order(a) < float_order(b);
}

static inline bool float_le(lua_Number a, lua_Number b)
{
	if (unlikely(float_isnan(a) || float_isnan(b)))
		return false;
	return float_order(a) <= float_order(b);
}

static inline lua_Number float_from_int(s64 i)
{
	u64 sign = (u64)i & FLOAT_SIGN;
	u64 m = i < 0 ? 0 - (u64)i : (u64)i;

	if (!m)
		return FLOAT_ZERO;
	return float_bits(float_norm(sign, FLOAT_BIAS + 63, m));
}

/* The largest integral number that is not greater than @a */
static inline lua_Number float_floor(lua_Number a)
{
	int e = float_exponent(a) - FLOAT_BIAS;
	u64 below;

	if (e >= 52)
		return float_isnan(a) ? float_bits(a.bits | FLOAT_QUIET) : a;
	if (e < 0) {
		if (!float_isneg(a) || float_iszero(a))
			return float_bits(a.bits & FLOAT_SIGN);
		return float_neg(FLOAT_ONE);
	}
	below = FLOAT_FRACTION >> e;
	/* A carry goes to the exponent, where it belongs. */
	if (float_isneg(a))
		a.bits += below;
	a.bits &= ~below;
	return a;
}

static inline lua_Number float_ceil(lua_Number a)
{
	return float_neg(float_floor(float_neg(a)));
}

/* Round towards 0. */
static inline lua_Number float_trunc(lua_Number a)
{
	return float_isneg(a) ? float_ceil(a) : float_floor(a);
}

/* Convert an integral number. False: it is outside of the range of integers. */
static inline bool float_to_int(lua_Number a, long long *i)
{
	int e = float_exponent(a) - FLOAT_BIAS;
	u64 m = (a.bits & FLOAT_FRACTION) | FLOAT_HIDDEN;

	if (e >= 63) {
		*i = LUA_MININTEGER;
		return a.bits == (FLOAT_SIGN | (u64)(FLOAT_BIAS + 63) << 52);
	}
	if (e < 0)
		m = 0;
	else
		m = e < 52 ? m >> (52 - e) : m << (e - 52);
	*i = (long long)(float_isneg(a) ? 0 - m : m);
	return true;
}

/*
 * The remainder of the division that truncates towards 0; exact. 64 bits of the
 * quotient at a time: 33 times at most.
 */
static noinline lua_Number float_fmod(lua_Number a, lua_Number b)
{
	u64 sign = a.bits & FLOAT_SIGN;
	u64 ma, mb;
	int ea, eb, n, part;

	if (float_isnan(a) || float_isnan(b))
		return float_nan2(a, b);
	if (float_isinf(a) || float_iszero(b))
		return float_bits(FLOAT_NAN);
	if ((a.bits << 1) < (b.bits << 1))
		return a;
	float_split(a, &ea, &ma);
	float_split(b, &eb, &mb);
	if (ma >= mb)
		ma -= mb;
	for (n = ea - eb; n && ma; n -= part) {
		part = n < 63 ? n : 63;
		div_wide(ma >> (64 - part), ma << part, mb, &ma);
	}
	if (!ma)
		return float_bits(sign);
	return float_bits(float_norm(sign, eb, ma));
}

/* Steps to charge for a remainder: one for each 63 bits of the quotient */
static inline int float_mod_cost(lua_Number a, lua_Number b)
{
	int n = float_exponent(a) - float_exponent(b);

	return n > 0 ? n / 63 : 0;
}

/* Steps to charge for writing the digits of a number, by how many it has */
static inline int float_cost(lua_Number a)
{
	int e = float_exponent(a) - FLOAT_BIAS;

	return 8 + (e < 0 ? -e : e) / 4;
}

/* Lua's %: the remainder has the sign of @b. */
static inline lua_Number float_mod(lua_Number a, lua_Number b)
{
	lua_Number m = float_fmod(a, b);

	if (float_lt(float_mul(m, b), FLOAT_ZERO))
		m = float_add(m, b);
	return m;
}

/* The square root of @hi:@lo, of which @hi is at least 2^62, rounded down */
static noinline u64 sqrt_wide(u64 hi, u64 lo, bool *exact)
{
	/* Within 1/25, then within 2^-10, 2^-21, and one too many. */
	u64 s = (hi >> 32) / 3 * 2 + 0x5a000000, rem;
	u128 x = (u128)hi << 64 | lo, r;

	s = (s + hi / s) >> 1;
	s = (s + hi / s) >> 1;
	s = (s + hi / s) >> 1;
	/* Not less than the root, so that the quotient is one word, too. */
	s = s + 1 < 1ULL << 32 ? (s + 1) << 32 : ~0ULL;
	if (hi < s)
		s = (u64)(((u128)s + div_wide(hi, lo, s, &rem)) >> 1);
	/* Not more than a few too many, or too few */
	while ((u128)s * s > x)
		s--;
	r = x - (u128)s * s;
	while (r > 2 * (u128)s) {
		r -= 2 * (u128)s + 1;
		s++;
	}
	*exact = !r;
	return s;
}

static noinline lua_Number float_sqrt(lua_Number a)
{
	bool exact;
	u64 m;
	int e;

	if (float_isnan(a))
		return float_bits(a.bits | FLOAT_QUIET);
	if (float_iszero(a))
		return a;
	if (float_isneg(a))
		return float_bits(FLOAT_NAN);
	if (float_isinf(a))
		return a;
	float_split(a, &e, &m);
	e -= FLOAT_BIAS;
	/* m * 2^(e - 63): an even exponent, and m in [2^62, 2^64) */
	if (!(e & 1))
		m >>= 1;
	m = sqrt_wide(m, 0, &exact);
	return float_bits(float_pack(0, (e >> 1) + FLOAT_BIAS,
				     m >> 1 | (m & 1) | (exact ? 0 : 1)));
}

/* @a * 2^@n, rounded once */
static inline lua_Number float_ldexp(lua_Number a, int n)
{
	int e;
	u64 m;

	if (float_exponent(a) == 0x7ff || float_iszero(a))
		return a;
	float_split(a, &e, &m);
	if (n > 4096)
		n = 4096;
	if (n < -4096)
		n = -4096;
	return float_bits(float_norm(a.bits & FLOAT_SIGN, e + n, m));
}

/* Returns a number in [1/2, 1) that times 2^*@n is @a. */
static inline lua_Number float_frexp(lua_Number a, int *n)
{
	int e;
	u64 m;

	*n = 0;
	if (float_exponent(a) == 0x7ff || float_iszero(a))
		return a;
	float_split(a, &e, &m);
	*n = e - (FLOAT_BIAS - 1);
	return float_bits(float_norm(a.bits & FLOAT_SIGN, FLOAT_BIAS - 1, m));
}

/* The hash for tables: similar numbers have different bits */
static inline int float_hash(lua_Number a)
{
	return (int)(a.bits * 0x9e3779b97f4a7c15ULL >> 33);
}

/* Round towards 0; 0 if the result is not an integer of Lua. */
static inline long long float_integer(lua_Number a)
{
	long long i;

	return float_to_int(float_trunc(a), &i) ? i : 0;
}

/* To and from the bits of a single float */
static inline lua_Number float_from_single(u64 bits)
{
	u64 sign = bits >> 31 << 63;
	int e = bits >> 23 & 0xff;
	u64 m = bits & 0x7fffff;

	if (e == 0xff)
		return float_bits(sign | FLOAT_INF | (m ? FLOAT_QUIET : 0) |
				  m << 29);
	if (e)
		return float_bits(sign | (u64)(e + FLOAT_BIAS - 127) << 52 |
				  m << 29);
	if (!m)
		return float_bits(sign);
	return float_bits(float_norm(sign, FLOAT_BIAS - 149 + 63, m));
}

static inline u64 float_to_single(lua_Number a)
{
	u64 sign = a.bits >> 63 << 31;
	u64 m;
	int e;

	if (float_exponent(a) == 0x7ff)
		return sign | 0x7f800000 |
		       (float_isnan(a) ? 0x400000 : 0) |
		       (a.bits & FLOAT_FRACTION) >> 29;
	if (float_iszero(a))
		return sign;
	float_split(a, &e, &m);
	e += 127 - FLOAT_BIAS;
	if (e > 254)
		return sign | 0x7f800000;
	m = shift_sticky(m, 1);
	if (e < 1) {
		m = shift_sticky(m, 1 - e);
		e = 1;
	}
	/* 2^62 is the leading bit, 2^39 the last one that stays. */
	m = (m + 0x3fffffffff + (m >> 39 & 1)) >> 39;
	return sign | (((u64)(e - 1) << 23) + m);
}

#endif /* KLUA_FLOAT_H */

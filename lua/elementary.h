/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exponentials, logarithms, powers and the functions of angles, by series in fixed
 * point. The result is within 1 ulp of the true value; 0.51 ulp are the most that was
 * found. Part of core.c.
 *
 * Each function takes a constant number of steps. Before the last rounding a result has
 * at least 62 right bits, of which 53 stay.
 */
#ifndef KLUA_ELEMENTARY_H
#define KLUA_ELEMENTARY_H

#include "float.h"

#define WIDE(hi, lo)	((u128)(hi) << 64 | (lo))

/* log2(e) / 2, ln(2) and log10(e), as fractions of 128 bits */
#define HALF_LOG2E	WIDE(0xb8aa3b295c17f0bbULL, 0xbe87fed0691d3e89ULL)
#define LN2		WIDE(0xb17217f7d1cf79abULL, 0xc9e3b39803f2f6afULL)
#define LOG10E		WIDE(0x6f2dec549b9438caULL, 0x9aadd557d699ee19ULL)

/* pi, with 62 bits behind the point; pi / 2 with 63 */
#define PI_62		0xc90fdaa22168c235ULL

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* A positive number, @m * 2^@e with 2^63 <= @m; its sign is kept apart */
struct wide {
	u64 m;
	int e;
};

static struct wide wide_from(lua_Number a)
{
	struct wide w;

	float_split(a, &w.e, &w.m);
	w.e -= FLOAT_BIAS + 63;
	return w;
}

/* Round a number that is not exact, but near to the true one. */
static lua_Number wide_round(struct wide w, bool neg)
{
	return float_bits(float_pack(neg ? FLOAT_SIGN : 0,
				     w.e + FLOAT_BIAS + 63, w.m >> 1 | 1));
}

/* @m, which is not 0, * 2^@e */
static struct wide wide_norm(u64 m, int e)
{
	int n = __builtin_clzll(m);

	return (struct wide){ m << n, e - n };
}

static struct wide wide_div(struct wide a, struct wide b)
{
	u64 rem;

	if (a.m >= b.m)
		return (struct wide){
			div_wide(a.m >> 1, a.m << 63, b.m, &rem),
			a.e - b.e - 63 };
	return (struct wide){ div_wide(a.m, 0, b.m, &rem), a.e - b.e - 64 };
}

/* The upper halves of products */
static u128 mul_high_by_word(u128 a, u64 b)
{
	return (u128)(u64)(a >> 64) * b + mul_high((u64)a, b);
}

static u128 mul_high_wide(u128 a, u128 b)
{
	u64 ah = a >> 64, al = a, bh = b >> 64, bl = b;
	u128 mid = (u128)ah * bl;
	u128 low = (u128)al * bh + (u64)mid + mul_high(al, bl);

	return (u128)ah * bh + (mid >> 64) + (low >> 64);
}

/* c[0] - c[1] * x + c[2] * x^2 ..., all of it fractions of 64 bits */
static u64 alternating(const u64 *c, int n, u64 x)
{
	u64 sum = c[--n];

	while (n)
		sum = c[--n] - mul_high(sum, x);
	return sum;
}

/* 1/n!, with 63 bits behind the point, from n = 1 on */
static const u64 exp_series[] = {
	0x8000000000000000ULL, 0x4000000000000000ULL, 0x1555555555555555ULL,
	0x0555555555555555ULL, 0x0111111111111111ULL, 0x002d82d82d82d82eULL,
	0x0006806806806807ULL, 0x0000d00d00d00d01ULL, 0x0000171de3a556c7ULL,
	0x0000024fc9f6ef14ULL, 0x00000035cc8acfebULL, 0x000000047bb63bfeULL,
	0x000000005849184fULL, 0x00000000064e5d2aULL, 0x00000000006b9fd0ULL,
	0x000000000006b9fdULL, 0x000000000000654bULL, 0x00000000000005a1ULL,
	0x000000000000004cULL, 0x0000000000000004ULL,
};

/* 2^@x, where @x has 64 bits behind the point, and is below 2^11 */
static lua_Number exp2_fixed(__int128 x, bool neg)
{
	int k = (int)(x >> 64), n = COUNT(exp_series) - 1;
	u64 r = mul_high((u64)x, LN2 >> 64), sum = exp_series[n];

	if (!(u64)x)
		return float_bits(float_pack(neg ? FLOAT_SIGN : 0,
					     k + FLOAT_BIAS, 1ULL << 62));
	while (n)
		sum = exp_series[--n] + mul_high(sum, r);
	sum = (1ULL << 63) + mul_high(sum, r);
	return wide_round((struct wide){ sum, k - 63 }, neg);
}

/* 2^(@p * 2^@e), or 1 / that; @p is in [2^126, 2^128). */
static lua_Number exp2_product(u128 p, int e, bool down, bool neg)
{
	u64 sign = neg ? FLOAT_SIGN : 0;
	__int128 x;

	if (e > 11 - 127)
		return float_bits(down ? sign : sign | FLOAT_INF);
	e += 64;
	x = e <= -128 ? 0 : (__int128)(p >> -e);
	/* The power is so near to 1 that the nearest float is 1. */
	if (!x)
		return float_bits(sign | FLOAT_ONE.bits);
	return exp2_fixed(down ? -x : x, neg);
}

static lua_Number float_exp(lua_Number a)
{
	struct wide w;

	if (float_isnan(a))
		return float_bits(a.bits | FLOAT_QUIET);
	if (float_iszero(a))
		return FLOAT_ONE;
	if (float_isinf(a))
		return float_isneg(a) ? FLOAT_ZERO : a;
	w = wide_from(a);
	return exp2_product(mul_high_by_word(HALF_LOG2E, w.m), w.e - 63,
			    float_isneg(a), false);
}

/* 1/(2n + 1) as fractions of 128 bits, from n = 1 on */
static const u64 log_series[][2] = {
	{ 0x5555555555555555ULL, 0x5555555555555555ULL },
	{ 0x3333333333333333ULL, 0x3333333333333333ULL },
	{ 0x2492492492492492ULL, 0x4924924924924924ULL },
	{ 0x1c71c71c71c71c71ULL, 0xc71c71c71c71c71cULL },
	{ 0x1745d1745d1745d1ULL, 0x745d1745d1745d17ULL },
	{ 0x13b13b13b13b13b1ULL, 0x3b13b13b13b13b13ULL },
	{ 0x1111111111111111ULL, 0x1111111111111111ULL },
	{ 0x0f0f0f0f0f0f0f0fULL, 0x0f0f0f0f0f0f0f0fULL },
	{ 0x0d79435e50d79435ULL, 0xe50d79435e50d794ULL },
	{ 0x0c30c30c30c30c30ULL, 0xc30c30c30c30c30cULL },
	{ 0x0b21642c8590b216ULL, 0x42c8590b21642c85ULL },
	{ 0x0a3d70a3d70a3d70ULL, 0xa3d70a3d70a3d70aULL },
	{ 0x097b425ed097b425ULL, 0xed097b425ed097b4ULL },
	{ 0x08d3dcb08d3dcb08ULL, 0xd3dcb08d3dcb08d3ULL },
	{ 0x0842108421084210ULL, 0x8421084210842108ULL },
	{ 0x07c1f07c1f07c1f0ULL, 0x7c1f07c1f07c1f07ULL },
	{ 0x0750750750750750ULL, 0x7507507507507507ULL },
	{ 0x06eb3e45306eb3e4ULL, 0x5306eb3e45306eb3ULL },
	{ 0x0690690690690690ULL, 0x6906906906906906ULL },
	{ 0x063e7063e7063e70ULL, 0x63e7063e7063e706ULL },
	{ 0x05f417d05f417d05ULL, 0xf417d05f417d05f4ULL },
};

/* A logarithm: 0, or @m * 2^@e, where @m is in [2^127, 2^128) */
struct logarithm {
	u128 m;
	int e;
	bool neg;
};

static struct logarithm logarithm_norm(u128 m, int e, bool neg)
{
	u64 hi = m >> 64;
	int n = hi ? __builtin_clzll(hi) : (u64)m ? 64 + __builtin_clzll(m) : 0;

	return (struct logarithm){ m << n, e - n, neg };
}

/*
 * The logarithm of @a, which is positive and finite, to base e or to base 2, with some
 * 105 right bits. @a is a power of two times z, which is between the roots of 1/2 and
 * of 2. The logarithm of z is 2 (f + f^3/3 + f^5/5 ...), with f = (z - 1)/(z + 1).
 */
static struct logarithm logarithm_of(lua_Number a, bool base2)
{
	int k, shift, n = COUNT(log_series) - 1;
	u64 z, num, den, q, rem;
	u128 f, f2, sum, whole;
	bool neg;

	float_split(a, &k, &z);
	k -= FLOAT_BIAS;
	/* With 62 bits behind the point; ten at the end are 0. */
	if (z > 0xb504f333f9de6484ULL) {
		z >>= 2;
		k++;
	} else {
		z >>= 1;
	}
	neg = z < 1ULL << 62;
	num = neg ? (1ULL << 62) - z : z - (1ULL << 62);
	den = z + (1ULL << 62);
	sum = 0;
	shift = 0;
	if (num) {
		/* As many bits of the quotient as there is room for */
		shift = __builtin_clzll(num) - __builtin_clzll(den);
		if (num << shift >= den)
			shift--;
		num <<= shift;
		q = div_wide(num, 0, den, &rem);
		f = WIDE(q, div_wide(rem, 0, den, &rem));
		f2 = 2 * shift < 128 ? mul_high_wide(f, f) >> 2 * shift : 0;
		sum = WIDE(log_series[n][0], log_series[n][1]);
		while (n) {
			n--;
			sum = WIDE(log_series[n][0], log_series[n][1]) +
			      mul_high_wide(sum, f2);
		}
		sum = mul_high_wide(sum, f2);
		/* With 127 bits behind the point, and shifted by one less. */
		sum = (f >> 1) + (mul_high_wide(f, sum) >> 1);
		shift--;
		/* Times log2(e), of which HALF_LOG2E is half */
		if (base2) {
			sum = mul_high_wide(sum, HALF_LOG2E);
			shift--;
		}
	}
	if (!k)
		return logarithm_norm(sum, -127 - shift, neg);
	/* Both with 116 bits behind the point */
	if (k < 0) {
		neg = !neg;
		whole = -k;
	} else {
		whole = k;
	}
	whole = base2 ? whole << 116 : whole * (LN2 >> 12);
	sum = shift + 11 < 128 ? sum >> (shift + 11) : 0;
	whole = neg ? whole - sum : whole + sum;
	return logarithm_norm(whole, -116, k < 0);
}

static lua_Number logarithm_round(struct logarithm l)
{
	u64 m = l.m >> 64;

	if (!l.m)
		return FLOAT_ZERO;
	return float_bits(float_pack(l.neg ? FLOAT_SIGN : 0,
				     l.e + 64 + FLOAT_BIAS + 63,
				     m >> 1 | (m & 1) | ((u64)l.m != 0)));
}

/* Numbers without a logarithm, and those whose logarithm need not be computed */
static bool log_special(lua_Number a, lua_Number *result)
{
	if (float_isnan(a))
		*result = float_bits(a.bits | FLOAT_QUIET);
	else if (float_iszero(a))
		*result = float_bits(FLOAT_SIGN | FLOAT_INF);
	else if (float_isneg(a))
		*result = float_bits(FLOAT_NAN);
	else if (float_isinf(a))
		*result = a;
	else
		return false;
	return true;
}

static lua_Number float_log(lua_Number a)
{
	if (log_special(a, &a))
		return a;
	return logarithm_round(logarithm_of(a, false));
}

static lua_Number float_log2(lua_Number a)
{
	if (log_special(a, &a))
		return a;
	return logarithm_round(logarithm_of(a, true));
}

static lua_Number float_log10(lua_Number a)
{
	struct logarithm l;
	lua_Number special;

	/* The C library's log10() gives another NaN than its other logarithms. */
	if (log_special(a, &special))
		return float_isnan(a) ? special : float_isnan(special) ?
		       float_abs(special) : special;
	l = logarithm_of(a, false);
	l = logarithm_norm(mul_high_wide(l.m, LOG10E), l.e, l.neg);
	return logarithm_round(l);
}

/* 0: not integral, 1: odd, 2: even */
static int float_parity(lua_Number a)
{
	int e = float_exponent(a) - FLOAT_BIAS;

	if (e < 0)
		return float_iszero(a) ? 2 : 0;
	if (e > 52)
		return 2;
	if (e < 52 && (a.bits & FLOAT_FRACTION) << (12 + e))
		return 0;
	return ((a.bits & FLOAT_FRACTION) | FLOAT_HIDDEN) >> (52 - e) & 1 ?
	       1 : 2;
}

/* Powers where @a or @b is 0, infinite, or no number */
static lua_Number pow_special(lua_Number a, lua_Number b)
{
	bool neg = float_isneg(a) && float_parity(b) == 1;
	bool large;

	if (float_iszero(b) && !float_issignaling(a))
		return FLOAT_ONE;
	if (float_eq(a, FLOAT_ONE) && !float_issignaling(b))
		return FLOAT_ONE;
	if (float_isnan(a) || float_isnan(b))
		return float_nan2(a, b);
	if (float_isinf(b)) {
		if (float_eq(float_abs(a), FLOAT_ONE))
			return FLOAT_ONE;
		large = float_lt(FLOAT_ONE, float_abs(a)) != float_isneg(b);
		return large ? FLOAT_HUGE : FLOAT_ZERO;
	}
	large = float_isinf(a) != float_isneg(b);
	return float_bits((neg ? FLOAT_SIGN : 0) | (large ? FLOAT_INF : 0));
}

static noinline lua_Number float_pow(lua_Number a, lua_Number b)
{
	struct logarithm l;
	struct wide w;
	bool neg = false;

	if (float_exponent(a) == 0x7ff || float_exponent(b) == 0x7ff ||
	    float_iszero(a) || float_iszero(b))
		return pow_special(a, b);
	if (float_isneg(a)) {
		int parity = float_parity(b);

		if (!parity)
			return float_bits(FLOAT_NAN);
		neg = parity == 1;
	}
	l = logarithm_of(float_abs(a), true);
	if (!l.m)
		return neg ? float_neg(FLOAT_ONE) : FLOAT_ONE;
	w = wide_from(b);
	return exp2_product(mul_high_by_word(l.m, w.m), l.e + w.e + 64,
			    l.neg != float_isneg(b), neg);
}

/* 1/(2n + 1)! and 1/(2n)!, from n = 1 on */
static const u64 sin_series[] = {
	0x2aaaaaaaaaaaaaabULL, 0x0222222222222222ULL, 0x000d00d00d00d00dULL,
	0x00002e3bc74aad8eULL, 0x0000006b99159fd5ULL, 0x00000000b092309dULL,
	0x0000000000d73f9fULL, 0x000000000000ca96ULL, 0x0000000000000098ULL,
};

static const u64 cos_series[] = {
	0x8000000000000000ULL, 0x0aaaaaaaaaaaaaabULL, 0x005b05b05b05b05bULL,
	0x0001a01a01a01a02ULL, 0x0000049f93edde28ULL, 0x00000008f76c77fcULL,
	0x000000000c9cba54ULL, 0x00000000000d73faULL, 0x0000000000000b41ULL,
	0x0000000000000008ULL,
};

/* 2/pi, after 64 bits that are 0: enough for the largest number */
static const u64 two_over_pi[] = {
	0,
	0xa2f9836e4e441529ULL, 0xfc2757d1f534ddc0ULL, 0xdb6295993c439041ULL,
	0xfe5163abdebbc561ULL, 0xb7246e3a424dd2e0ULL, 0x06492eea09d1921cULL,
	0xfe1deb1cb129a73eULL, 0xe88235f52ebb4484ULL, 0xe99c7026b45f7e41ULL,
	0x3991d639835339f4ULL, 0x9c845f8bbdf9283bULL, 0x1ff897ffde05980fULL,
	0xef2f118b5a0a6d1fULL, 0x6d367ecf27cb09b7ULL, 0x4f463f669e5fea2dULL,
	0x7527bac7ebe5f17bULL, 0x3d0739f78a5292eaULL, 0x6bfb5fb11f8d5d08ULL,
	0x56033046fc7b6babULL, 0xf0cfbc209af4361dULL,
};

/* An angle as a quadrant, and a rest of at most pi/4 */
struct angle {
	int quadrant;
	bool neg;
	struct wide left;
};

/* 64 bits of 2/pi, from the one with the value 2^(62 - @from) on */
static u64 two_over_pi_at(int from)
{
	int word = (from + 63) / 64, bit = (from + 63) % 64;

	if (!bit)
		return two_over_pi[word];
	return two_over_pi[word] << bit | two_over_pi[word + 1] >> (64 - bit);
}

/*
 * Divide |@a| by pi/2. Bits of 2/pi that give multiples of four do not matter, and 192
 * of the others are enough: no double is nearer to a multiple of pi/2 than 2^-62.
 */
static struct angle angle_of(lua_Number a)
{
	struct angle angle = { .left = wide_from(a) };
	u64 m = angle.left.m >> 11, hi, mid, lo;
	int from = angle.left.e + 11 - 1, n;
	u128 p;

	/* Less than 1/2 */
	if (float_exponent(a) < FLOAT_BIAS - 1)
		return angle;
	p = (u128)m * two_over_pi_at(from + 128);
	lo = p;
	p = (u128)m * two_over_pi_at(from + 64) + (p >> 64);
	mid = p;
	hi = m * two_over_pi_at(from) + (u64)(p >> 64);
	/* Two bits before the point */
	angle.quadrant = hi >> 62;
	hi = hi << 2 | mid >> 62;
	mid = mid << 2 | lo >> 62;
	lo <<= 2;
	if (hi >> 63) {
		angle.quadrant = (angle.quadrant + 1) & 3;
		angle.neg = true;
		hi = ~hi;
		mid = ~mid;
		lo = ~lo;
	}
	n = 0;
	if (!hi) {
		hi = mid;
		mid = lo;
		n = 64;
	}
	if (hi && !(hi >> 63)) {
		int by = __builtin_clzll(hi);

		hi = hi << by | mid >> (64 - by);
		n += by;
	}
	/* Times pi/2, with 63 bits behind the point */
	angle.left = wide_norm(mul_high(hi, PI_62), -63 - n);
	return angle;
}

/* The square as a fraction of 64 bits */
static u64 wide_square(struct wide w)
{
	int by = -2 * (w.e + 64);

	return by > 63 ? 0 : mul_high(w.m, w.m) >> by;
}

static struct wide wide_sin(struct wide w)
{
	u64 x = wide_square(w);

	x = mul_high(alternating(sin_series, COUNT(sin_series), x), x);
	return wide_norm(w.m - mul_high(w.m, x), w.e);
}

static struct wide wide_cos(struct wide w)
{
	u64 x = wide_square(w);

	x = mul_high(alternating(cos_series, COUNT(cos_series), x), x);
	return x ? wide_norm(0 - x, -64) : (struct wide){ 1ULL << 63, -63 };
}

/* The sine of |@a| plus @turn right angles; with @neg its sign is changed */
static lua_Number sine(lua_Number a, int turn, bool neg)
{
	struct angle angle = angle_of(a);

	turn += angle.quadrant;
	if (turn & 2)
		neg = !neg;
	if (turn & 1)
		return wide_round(wide_cos(angle.left), neg);
	return wide_round(wide_sin(angle.left), neg != angle.neg);
}

static bool angle_special(lua_Number a, lua_Number *result)
{
	if (float_isnan(a))
		*result = float_bits(a.bits | FLOAT_QUIET);
	else if (float_isinf(a))
		*result = float_bits(FLOAT_NAN);
	else
		return false;
	return true;
}

static lua_Number float_sin(lua_Number a)
{
	if (angle_special(a, &a) || float_iszero(a))
		return a;
	return sine(a, 0, float_isneg(a));
}

static lua_Number float_cos(lua_Number a)
{
	if (angle_special(a, &a))
		return a;
	return float_iszero(a) ? FLOAT_ONE : sine(a, 1, false);
}

static lua_Number float_tan(lua_Number a)
{
	struct angle angle;
	struct wide s, c;
	bool neg;

	if (angle_special(a, &a) || float_iszero(a))
		return a;
	angle = angle_of(a);
	s = wide_sin(angle.left);
	c = wide_cos(angle.left);
	neg = angle.neg != float_isneg(a);
	if (angle.quadrant & 1)
		return wide_round(wide_div(c, s), !neg);
	return wide_round(wide_div(s, c), neg);
}

/* 1/(2n + 1), from n = 1 on */
static const u64 atan_series[] = {
	0x5555555555555555ULL, 0x3333333333333333ULL, 0x2492492492492492ULL,
	0x1c71c71c71c71c72ULL, 0x1745d1745d1745d1ULL, 0x13b13b13b13b13b1ULL,
	0x1111111111111111ULL, 0x0f0f0f0f0f0f0f0fULL,
};

/* Arc tangents of eighths */
static const u64 atan_eighths[] = {
	0,
	0x1fd5ba9aac2f6dc6ULL, 0x3eb6ebf25901bac5ULL, 0x5bd86507937bc23aULL,
	0x76b19c1586ed3da3ULL, 0x8f005d5ef7f59f9bULL, 0xa4bc7d1934f70924ULL,
	0xb8053e2bc2319e74ULL, 0xc90fdaa22168c235ULL,
};

/* The arc tangent of @w, which is at most 1/16 */
static struct wide wide_atan_small(struct wide w)
{
	u64 x = wide_square(w);

	x = mul_high(alternating(atan_series, COUNT(atan_series), x), x);
	return wide_norm(w.m - mul_high(w.m, x), w.e);
}

/*
 * The arc tangent of @w, which is at most 1. If e is the eighth nearest to it, this is
 * atan(e), plus or minus atan(|@w - e| / (1 + @w e)).
 */
static struct wide wide_atan(struct wide w)
{
	u64 t, eighth, den, u, rem;
	struct wide left;
	int i;

	if (w.e < -64 - 4)
		return wide_atan_small(w);
	/* With 63 bits behind the point */
	t = w.m >> (-63 - w.e);
	i = (int)((t + (1ULL << 59)) >> 60);
	eighth = (u64)i << 60;
	/* With 62 */
	den = (1ULL << 62) + (u64)((u128)t * (unsigned int)i >> 4);
	u = t < eighth ? eighth - t : t - eighth;
	if (!u)
		return wide_norm(atan_eighths[i], -64);
	u = div_wide(u >> 1, u << 63, den, &rem);
	if (!u)
		return wide_norm(atan_eighths[i], -64);
	left = wide_atan_small(wide_norm(u, -64));
	u = left.e < -127 ? 0 : left.m >> (-64 - left.e);
	return wide_norm(t < eighth ? atan_eighths[i] - u :
				      atan_eighths[i] + u, -64);
}

/* The angle of the point (@x, @y), whose signs are given apart */
static lua_Number direction(struct wide y, struct wide x, bool yneg, bool xneg)
{
	bool steep = y.e > x.e || (y.e == x.e && y.m > x.m);
	struct wide w = steep ? wide_div(x, y) : wide_div(y, x);
	u64 a;

	/* The quotient is so small that it does not change the result. */
	if (!steep && !xneg) {
		if (w.e < -64 - 40)
			return wide_round(w, yneg);
		return wide_round(wide_atan(w), yneg);
	}
	w = w.e < -64 - 70 ? (struct wide){ 0, 0 } : wide_atan(w);
	/* With 62 bits behind the point */
	a = w.m && w.e > -62 - 64 ? w.m >> (-62 - w.e) : 0;
	if (!steep)
		a = PI_62 - a;
	else
		a = xneg ? PI_62 / 2 + a : PI_62 / 2 - a;
	return wide_round(wide_norm(a, -62), yneg);
}

/* @n * pi/4 */
static lua_Number quarters_of_pi(unsigned int n, bool neg)
{
	u128 m = (u128)PI_62 * n;

	return wide_round(wide_norm((u64)(m >> 2), -62), neg);
}

static lua_Number float_atan2(lua_Number y, lua_Number x)
{
	bool yneg = float_isneg(y), xneg = float_isneg(x);

	if (float_isnan(y) || float_isnan(x))
		return float_nan2(x, y);
	if (float_isinf(y))
		return quarters_of_pi(!float_isinf(x) ? 2 : xneg ? 3 : 1, yneg);
	if (float_iszero(y) || float_isinf(x))
		return xneg ? quarters_of_pi(4, yneg) :
			      float_bits(y.bits & FLOAT_SIGN);
	if (float_iszero(x))
		return quarters_of_pi(2, yneg);
	return direction(wide_from(y), wide_from(x), yneg, xneg);
}

/* The root of 1 - @a^2, |@a| < 1 */
static struct wide root_of_rest(struct wide w)
{
	u64 x = w.e < -127 ? 0 : w.m >> (-64 - w.e);
	u128 rest = 0 - (u128)x * x;
	int n, by = 0;
	bool exact;

	if (!x)
		return (struct wide){ 1ULL << 63, -63 };
	for (; !(rest >> 64); by += 64)
		rest <<= 64;
	n = __builtin_clzll((u64)(rest >> 64)) & ~1;
	rest <<= n;
	return wide_norm(sqrt_wide((u64)(rest >> 64), (u64)rest, &exact),
			 -64 - (by + n) / 2);
}

/* Numbers that have no arc sine or cosine */
static bool arc_special(lua_Number a, lua_Number *result)
{
	if (float_isnan(a))
		*result = float_bits(a.bits | FLOAT_QUIET);
	else if (float_lt(FLOAT_ONE, float_abs(a)))
		*result = float_bits(FLOAT_NAN & ~FLOAT_SIGN);
	else
		return false;
	return true;
}

static lua_Number float_asin(lua_Number a)
{
	if (arc_special(a, &a) || float_iszero(a))
		return a;
	if (float_eq(float_abs(a), FLOAT_ONE))
		return quarters_of_pi(2, float_isneg(a));
	return direction(wide_from(a), root_of_rest(wide_from(a)),
			 float_isneg(a), false);
}

static lua_Number float_acos(lua_Number a)
{
	if (arc_special(a, &a))
		return a;
	if (float_iszero(a))
		return quarters_of_pi(2, false);
	if (float_eq(float_abs(a), FLOAT_ONE))
		return float_isneg(a) ? quarters_of_pi(4, false) : FLOAT_ZERO;
	return direction(root_of_rest(wide_from(a)), wide_from(a), false,
			 float_isneg(a));
}

#endif /* KLUA_ELEMENTARY_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing floats as text, and reading text as floats, exactly, as the C library does:
 * the digits written are those of the number itself, rounded to nearest once, and the
 * float read is the one nearest to the number in the text. Part of core.c.
 */
#ifndef KLUA_DECIMAL_H
#define KLUA_DECIMAL_H

#include "float.h"

/* Decimal digits that fit into a word, and that power of ten */
#define CHUNK_DIGITS	19
#define CHUNK		10000000000000000000ULL

/* The largest power of five in a word */
#define FIVES		27

static const u64 powers_of_5[FIVES + 1] = {
	1ULL, 5ULL, 25ULL, 125ULL, 625ULL, 3125ULL, 15625ULL, 78125ULL,
	390625ULL, 1953125ULL, 9765625ULL, 48828125ULL, 244140625ULL,
	1220703125ULL, 6103515625ULL, 30517578125ULL, 152587890625ULL,
	762939453125ULL, 3814697265625ULL, 19073486328125ULL,
	95367431640625ULL, 476837158203125ULL, 2384185791015625ULL,
	11920928955078125ULL, 59604644775390625ULL, 298023223876953125ULL,
	1490116119384765625ULL, 7450580596923828125ULL,
};

/*
 * The number 0.d1d2d3... * 10^@point, with @n digits. The largest integral number takes
 * 17 words of CHUNK_DIGITS digits, which are 323. A fraction gets at most a word more
 * digits than the format shows.
 */
struct decimal {
	int n;
	int point;
	char digits[328];
};

/* Append a word of digits, but no zeros before the first other digit. */
static void decimal_put(struct decimal *d, u64 chunk)
{
	char text[CHUNK_DIGITS];
	int i, skip = 0;

	for (i = CHUNK_DIGITS - 1; i >= 0; i--) {
		text[i] = '0' + chunk % 10;
		chunk /= 10;
	}
	if (!d->n)
		while (skip < CHUNK_DIGITS && text[skip] == '0')
			skip++;
	d->point -= skip;
	memcpy(d->digits + d->n, text + skip, CHUNK_DIGITS - skip);
	d->n += CHUNK_DIGITS - skip;
}

/* @m * 2^@e, an integral number of at most 1024 bits */
static void decimal_integer(struct decimal *d, u64 m, int e)
{
	u64 words[17] = { 0 }, chunks[17], rem;
	int n = e / 64 + 1, count = 0, i;

	words[n - 1] = m << e % 64;
	if (e % 64 && m >> (64 - e % 64))
		words[n++] = m >> (64 - e % 64);
	while (n) {
		rem = 0;
		for (i = n - 1; i >= 0; i--)
			words[i] = div_wide(rem, words[i], CHUNK, &rem);
		chunks[count++] = rem;
		if (!words[n - 1])
			n--;
	}
	while (count) {
		d->point += CHUNK_DIGITS;
		decimal_put(d, chunks[--count]);
	}
}

/* The number of digits that stay after rounding */
static int decimal_want(const struct decimal *d, bool fixed, int want)
{
	return fixed ? d->point + want : want;
}

/*
 * Append digits of the fraction @m / 2^@bits, until there are more than will stay.
 * Returns true if the rest is not 0. Each turn of the loop gives 19 of at most 324 +
 * 117 digits, from 17 words.
 */
static bool decimal_fraction(struct decimal *d, u64 m, int bits, bool fixed,
			     int want)
{
	u64 words[17] = { 0 };
	int n = (bits + 63) / 64, shift = 64 * n - bits, low = 0, i;

	words[0] = m << shift;
	if (shift && n > 1)
		words[1] = m >> (64 - shift);
	for (;;) {
		u64 carry = 0;

		while (low < n && !words[low])
			low++;
		if (low == n)
			return false;
		if (d->n ? d->n > decimal_want(d, fixed, want) :
			   fixed && -d->point > want)
			return true;
		for (i = low; i < n; i++) {
			u128 p = (u128)words[i] * CHUNK + carry;

			words[i] = p;
			carry = p >> 64;
		}
		decimal_put(d, carry);
	}
}

/* Round to @keep digits, to nearest. @more: digits other than 0 follow. */
static void decimal_round(struct decimal *d, int keep, bool more)
{
	int i;

	if (keep >= d->n)
		return;
	if (keep < 0) {
		d->n = 0;
		return;
	}
	for (i = keep + 1; i < d->n && !more; i++)
		more = d->digits[i] != '0';
	/* A tie goes to the even digit. */
	if (!more)
		more = keep && (d->digits[keep - 1] & 1);
	i = d->digits[keep] - '0' + more;
	d->n = keep;
	if (i <= 5)
		return;
	while (d->n && d->digits[d->n - 1] == '9')
		d->n--;
	if (d->n) {
		d->digits[d->n - 1]++;
	} else {
		d->digits[d->n++] = '1';
		d->point++;
	}
}

/* |@a| with @want digits, or, when @fixed, @want digits after the point */
static noinline void decimal_make(struct decimal *d, lua_Number a, bool fixed,
				  int want)
{
	u64 m = a.bits & FLOAT_FRACTION, whole;
	int e = float_exponent(a);
	bool more = false;

	d->n = 0;
	d->point = 0;
	if (e)
		m |= FLOAT_HIDDEN;
	else
		e = 1;
	e -= FLOAT_BIAS + 52;
	if (e >= 0) {
		decimal_integer(d, m, e);
	} else {
		whole = e > -53 ? m >> -e : 0;
		if (whole) {
			d->point = CHUNK_DIGITS;
			decimal_put(d, whole);
			m -= whole << -e;
		}
		more = decimal_fraction(d, m, -e, fixed, want);
	}
	decimal_round(d, decimal_want(d, fixed, want), more);
	if (!d->n)
		d->point = 1;
}

/* What a format asks for */
struct format_spec {
	bool left, plus, space, alt, zero;
	int width, precision;
	char how;
};

static struct format_spec format_spec_parse(const char *form)
{
	struct format_spec spec = { .precision = -1 };

	for (form++; *form; form++) {
		if (*form == '-')
			spec.left = true;
		else if (*form == '+')
			spec.plus = true;
		else if (*form == ' ')
			spec.space = true;
		else if (*form == '#')
			spec.alt = true;
		else if (*form == '0')
			spec.zero = true;
		else
			break;
	}
	while (*form >= '0' && *form <= '9')
		spec.width = spec.width * 10 + *form++ - '0';
	if (*form == '.') {
		spec.precision = 0;
		while (*++form >= '0' && *form <= '9')
			spec.precision = spec.precision * 10 + *form - '0';
	}
	spec.how = *form;
	return spec;
}

/* Write @count digits of @d from @from on; there are zeros before and behind them. */
static char *put_digits(char *out, const struct decimal *d, int from, int count)
{
	for (; count > 0; count--, from++)
		*out++ = from >= 0 && from < d->n ? d->digits[from] : '0';
	return out;
}

static char *put_exponent(char *out, char letter, int x, int digits)
{
	char text[4];
	int n = 0;

	*out++ = letter;
	*out++ = x < 0 ? '-' : '+';
	if (x < 0)
		x = -x;
	do {
		text[n++] = '0' + x % 10;
		x /= 10;
	} while (x || n < digits);
	while (n)
		*out++ = text[--n];
	return out;
}

static char *put_scientific(char *out, const struct decimal *d,
			    const struct format_spec *spec, int precision)
{
	out = put_digits(out, d, 0, 1);
	if (precision || spec->alt)
		*out++ = '.';
	out = put_digits(out, d, 1, precision);
	return put_exponent(out, spec->how & 0x20 ? 'e' : 'E', d->point - 1, 2);
}

static char *put_fixed(char *out, const struct decimal *d,
		       const struct format_spec *spec, int precision)
{
	if (d->point > 0)
		out = put_digits(out, d, 0, d->point);
	else
		*out++ = '0';
	if (precision || spec->alt)
		*out++ = '.';
	return put_digits(out, d, d->point, precision);
}

/* %g: by the exponent, and without the zeros at the end */
static char *put_general(char *out, struct decimal *d,
			 const struct format_spec *spec, int precision)
{
	int x = d->point - 1;
	bool fixed = x >= -4 && x < precision;

	precision -= fixed ? d->point : 1;
	if (!spec->alt) {
		while (d->n && d->digits[d->n - 1] == '0')
			d->n--;
		precision = d->n - (fixed ? d->point : 1);
		if (precision < 0)
			precision = 0;
	}
	return fixed ? put_fixed(out, d, spec, precision) :
		       put_scientific(out, d, spec, precision);
}

static char *put_decimal(char *out, lua_Number n, const struct format_spec *spec)
{
	int precision = spec->precision < 0 ? 6 : spec->precision;
	struct decimal d;

	switch (spec->how) {
	case 'f':
		decimal_make(&d, n, true, precision);
		return put_fixed(out, &d, spec, precision);
	case 'e':
	case 'E':
		decimal_make(&d, n, false, precision + 1);
		return put_scientific(out, &d, spec, precision);
	default:
		precision = precision ? precision : 1;
		decimal_make(&d, n, false, precision);
		return put_general(out, &d, spec, precision);
	}
}

/* %a: the first digit is the leading bit, which all normal numbers have. */
static char *put_hex(char *out, lua_Number n, const struct format_spec *spec)
{
	const char *digits = spec->how == 'a' ? "0123456789abcdef" :
						"0123456789ABCDEF";
	int e = float_exponent(n), precision = spec->precision, drop, i;
	u64 m = n.bits & FLOAT_FRACTION;

	if (e)
		m |= FLOAT_HIDDEN;
	else if (m)
		e = 1;
	else
		e = FLOAT_BIAS;
	if (precision < 0) {
		for (precision = 13; precision; precision--)
			if (m >> (52 - 4 * precision) & 15)
				break;
	} else if (precision < 13) {
		drop = 52 - 4 * precision;
		m += (1ULL << (drop - 1)) - 1 + (m >> drop & 1);
		m = m >> drop << drop;
	}
	*out++ = '0';
	*out++ = spec->how == 'a' ? 'x' : 'X';
	*out++ = digits[m >> 52];
	if (precision || spec->alt)
		*out++ = '.';
	for (i = 1; i <= precision; i++)
		*out++ = digits[i > 13 ? 0 : m >> (52 - 4 * i) & 15];
	return put_exponent(out, spec->how == 'a' ? 'p' : 'P', e - FLOAT_BIAS,
			    1);
}

/* Pad @len bytes to the width of @spec. The first @sign bytes stay in front. */
static int pad(char *out, int len, int sign, bool zero,
	       const struct format_spec *spec)
{
	int by = spec->width - len;

	if (by <= 0)
		return len;
	if (spec->left) {
		memset(out + len, ' ', by);
	} else {
		if (!zero)
			sign = 0;
		memmove(out + sign + by, out + sign, len - sign);
		memset(out + sign, zero ? '0' : ' ', by);
	}
	return spec->width;
}

/*
 * Write @n as the format @form says, one of %a %e %f %g with flags, and a width
 * and a precision of at most 99: no more than 411 bytes with the NUL, and for
 * %.14g no more than 22. Returns their number without the NUL.
 */
static noinline int float_format(char *out, const char *form, lua_Number n)
{
	struct format_spec spec = format_spec_parse(form);
	bool small = spec.how & 0x20, finite = float_exponent(n) != 0x7ff;
	char *end = out;
	int len, sign;

	if (float_isneg(n))
		*end++ = '-';
	else if (spec.plus || spec.space)
		*end++ = spec.plus ? '+' : ' ';
	sign = end - out;
	if (!finite) {
		memcpy(end, float_isnan(n) ? (small ? "nan" : "NAN") :
					     (small ? "inf" : "INF"), 3);
		end += 3;
	} else if (spec.how == 'a' || spec.how == 'A') {
		end = put_hex(end, n, &spec);
		sign += 2;
	} else {
		end = put_decimal(end, n, &spec);
	}
	len = pad(out, end - out, sign, spec.zero && finite, &spec);
	out[len] = '\0';
	return len;
}

/* Write @n, with @least digits or more, before @end. Returns where it begins. */
static char *put_integer(char *end, u64 n, unsigned int base, int least, bool small)
{
	const char *digits = small ? "0123456789abcdef" : "0123456789ABCDEF";
	char *out = end;

	while (n || end - out < least) {
		*--out = digits[n % base];
		n /= base;
	}
	return out;
}

/*
 * Write @n as the format @form says, one of %d %i %o %u %x %X with flags, a width
 * and a precision of at most 99. The kernel's own vsnprintf() takes flags and
 * precisions otherwise than C does. At most 102 bytes with the NUL; returns their
 * number without the NUL.
 */
static noinline int integer_format(char *out, const char *form, long long n)
{
	struct format_spec spec = format_spec_parse(form);
	bool small = spec.how & 0x20, decimal = spec.how == 'd' || spec.how == 'i';
	bool hex = spec.how == 'x' || spec.how == 'X', octal = spec.how == 'o';
	int least = spec.precision < 0 ? 1 : spec.precision, sign, len;
	u64 value = decimal && n < 0 ? -(u64)n : (u64)n;
	char digits[104], *last = digits + sizeof(digits), *first, *end = out;

	first = put_integer(last, value, hex ? 16 : octal ? 8 : 10, least, small);
	if (octal && spec.alt && (first == last || *first != '0'))
		*--first = '0';
	if (decimal && n < 0)
		*end++ = '-';
	else if (decimal && (spec.plus || spec.space))
		*end++ = spec.plus ? '+' : ' ';
	if (hex && spec.alt && value) {
		*end++ = '0';
		*end++ = spec.how;
	}
	sign = end - out;
	memcpy(end, first, last - first);
	len = pad(out, sign + (last - first), sign, spec.zero && spec.precision < 0,
		  &spec);
	out[len] = '\0';
	return len;
}

/*
 * Write the string @s as the format @form says, a %s with a width and a precision of
 * at most 99. @len is the length of @s. If it is more than 99, @form has a precision.
 * Returns the number of bytes, at most 99.
 */
static noinline int string_format(char *out, const char *form, const char *s, size_t len)
{
	struct format_spec spec = format_spec_parse(form);

	if (spec.precision >= 0 && len > (size_t)spec.precision)
		len = spec.precision;
	memcpy(out, s, len);
	return pad(out, len, 0, false, &spec);
}

/* Is the number written by %.99f in less than 120 bytes? */
static inline bool float_short(lua_Number n)
{
	return float_exponent(n) < FLOAT_BIAS + 33;
}

/*
 * Integers of many words, the least significant word first. No float depends on more
 * than BIG_DIGITS digits of a numeral. So many digits take 40 words, and so does the
 * power of five that divides them. Shifting either of the two adds at most two words.
 */
#define BIG_WORDS	43
#define BIG_DIGITS	770

struct big {
	int n;
	u64 words[BIG_WORDS];
};

static void big_muladd(struct big *a, u64 by, u64 carry)
{
	int i;

	for (i = 0; i < a->n; i++) {
		u128 p = (u128)a->words[i] * by + carry;

		a->words[i] = p;
		carry = p >> 64;
	}
	if (carry)
		a->words[a->n++] = carry;
}

static void big_mul_5(struct big *a, int power)
{
	for (; power > FIVES; power -= FIVES)
		big_muladd(a, powers_of_5[FIVES], 0);
	big_muladd(a, powers_of_5[power], 0);
}

static int big_bits(const struct big *a)
{
	return 64 * a->n - __builtin_clzll(a->words[a->n - 1]);
}

static void big_shift(struct big *a, int by)
{
	int words = by / 64, bits = by % 64, i;

	if (bits)
		big_muladd(a, 1ULL << bits, 0);
	for (i = a->n - 1; i >= 0; i--)
		a->words[i + words] = a->words[i];
	for (i = 0; i < words; i++)
		a->words[i] = 0;
	a->n += words;
}

/*
 * Divide @a by @b. Returns the quotient, one word, and leaves the remainder in @a. The
 * first bit of @b is set, and @a has at most 63 bits more.
 */
static u64 big_div(struct big *a, const struct big *b)
{
	u64 q, rem;
	int i, n = b->n;

	while (a->n <= n)
		a->words[a->n++] = 0;
	/* This estimate is at most 2 too large. */
	q = div_wide(a->words[n], a->words[n - 1], b->words[n - 1], &rem);
	{
		u64 carry = 0, borrow = 0;

		for (i = 0; i <= n; i++) {
			u128 p = (i < n ? (u128)b->words[i] * q : 0) + carry;
			u64 low = (u64)p, was = a->words[i];

			carry = p >> 64;
			a->words[i] = was - low - borrow;
			borrow = was < low || (was == low && borrow);
		}
		while (borrow) {
			carry = 0;
			for (i = 0; i <= n; i++) {
				u128 sum = (u128)a->words[i] + carry +
					   (i < n ? b->words[i] : 0);

				a->words[i] = sum;
				carry = sum >> 64;
			}
			q--;
			borrow -= carry;
		}
	}
	return q;
}

/* A numeral that was split into its parts: 0.d1d2d3... * 10^point */
struct numeral {
	const char *digits;	/* the first one that is not 0 */
	int n;			/* number of digits, points not counted */
	int point;
	bool more;		/* more digits follow, and not all of them are 0 */
};

/* The digits of @num as an integer. At most 41 words. */
static void big_read(struct big *a, const struct numeral *num)
{
	const char *s = num->digits;
	int left = num->n;

	a->n = 0;
	while (left) {
		u64 chunk = 0, scale = 1;

		for (; left && scale < CHUNK; s++) {
			if (*s == '.')
				continue;
			chunk = chunk * 10 + (*s - '0');
			scale *= 10;
			left--;
		}
		big_muladd(a, scale, chunk);
	}
}

/* The float nearest to @num, without its sign. Takes 40 times 40 steps at most. */
static noinline lua_Number numeral_value(const struct numeral *num)
{
	struct big a, b;
	int e = num->point - num->n, shift, i;
	bool more = num->more;
	u64 m;

	big_read(&a, num);
	if (e >= 0) {
		big_mul_5(&a, e);
		shift = big_bits(&a) - 64;
		m = a.words[a.n - 1];
		if (shift > 0 && shift % 64) {
			m = m << (64 - shift % 64) |
			    a.words[a.n - 2] >> shift % 64;
			more |= !!(a.words[a.n - 2] << (64 - shift % 64));
		} else if (a.n > 1) {
			more |= !!a.words[a.n - 2];
		}
		for (i = 0; i < a.n - 2; i++)
			more |= !!a.words[i];
		if (shift < 0)
			shift = 0;
		return float_bits(float_norm(0, e + shift + FLOAT_BIAS + 63,
					     m | more));
	}
	b.n = 1;
	b.words[0] = 1;
	big_mul_5(&b, -e);
	/* Set the first bit of @b, and let @a have at most 63 bits more: see big_div(). */
	shift = 64 * b.n - big_bits(&b);
	if (big_bits(&a) - 64 * b.n > 63)
		shift += (big_bits(&a) - 64 * b.n) / 64 * 64;
	big_shift(&b, shift);
	i = 64 * b.n + 63 - big_bits(&a);
	big_shift(&a, i);
	m = big_div(&a, &b);
	e += shift - i;
	for (i = 0; i < a.n; i++)
		more |= !!a.words[i];
	return float_bits(float_norm(0, e + FLOAT_BIAS + 63, m | more));
}

/*
 * As numeral_value(), if all digits fit into a word, and the power of five into
 * another.
 */
static lua_Number numeral_value_short(const struct numeral *num)
{
	int e = num->point - num->n, shift;
	u64 m = 0, d, rem;
	const char *s;
	int left = num->n;
	u128 p;

	for (s = num->digits; left; s++) {
		if (*s == '.')
			continue;
		m = m * 10 + (*s - '0');
		left--;
	}
	if (e >= 0) {
		p = (u128)m * powers_of_5[e];
		if (!(p >> 64))
			return float_bits(float_norm(0, e + FLOAT_BIAS + 63,
						     (u64)p));
		shift = __builtin_clzll((u64)(p >> 64));
		p <<= shift;
		m = (u64)(p >> 64) | ((u64)p != 0);
		return float_bits(float_norm(0, e + 64 - shift + FLOAT_BIAS +
					     63, m));
	}
	d = powers_of_5[-e];
	shift = __builtin_clzll(d);
	d <<= shift;
	e += shift;
	shift = __builtin_clzll(m);
	m <<= shift;
	e -= shift;
	if (m >= d) {
		m = div_wide(m >> 1, m << 63, d, &rem);
		e -= 63;
	} else {
		m = div_wide(m, 0, d, &rem);
		e -= 64;
	}
	return float_bits(float_norm(0, e + FLOAT_BIAS + 63, m | (rem != 0)));
}

/*
 * Once an exponent has reached this, its other digits are skipped. No text has so many
 * digits before or behind the point that its number is between 0 and infinity all the
 * same, and adding the number of digits to it does not overflow.
 */
#define EXPONENT_MAX	(1LL << 50)

/* An exponent after @letter, if there is one; returns what follows. */
static const char *read_exponent(const char *s, char letter, long long *e)
{
	const char *start = s;
	long long n = 0;
	bool neg;

	*e = 0;
	if ((*s | 0x20) != letter)
		return start;
	s++;
	neg = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (!lisdigit(cast_uchar(*s)))
		return start;
	for (; lisdigit(cast_uchar(*s)); s++)
		if (n < EXPONENT_MAX)
			n = n * 10 + (*s - '0');
	*e = neg ? -n : n;
	return s;
}

/* Clamp to the range of an int: beyond it the number is 0 or infinite anyway. */
static int clamp_exponent(long long e)
{
	const int max = 1 << 20;

	return e > max ? max : e < -max ? -max : (int)e;
}

static lua_Number read_decimal(const char *s, const char **end)
{
	struct numeral num = { .digits = NULL };
	long long n = 0, point = 0;
	bool any = false, dot = false;
	long long e;

	for (; lisdigit(cast_uchar(*s)) || (*s == '.' && !dot); s++) {
		if (*s == '.') {
			dot = true;
			continue;
		}
		any = true;
		if (*s != '0' && !num.digits)
			num.digits = s;
		if (num.digits && ++n > BIG_DIGITS && *s != '0')
			num.more = true;
		/* Digits before the point count, zeros right behind it, too. */
		if (num.digits && !dot)
			point++;
		else if (!num.digits && dot)
			point--;
	}
	if (!any)
		return FLOAT_ZERO;
	*end = read_exponent(s, 'e', &e);
	if (!num.digits)
		return FLOAT_ZERO;
	num.point = clamp_exponent(point + e);
	num.n = n < BIG_DIGITS ? (int)n : BIG_DIGITS;
	/* 1e-324 is less than half of the smallest float, so it is 0. */
	if (num.point > 310)
		return FLOAT_HUGE;
	if (num.point < -324)
		return FLOAT_ZERO;
	if (num.n <= CHUNK_DIGITS && num.point - num.n <= FIVES &&
	    num.n - num.point <= FIVES)
		return numeral_value_short(&num);
	return numeral_value(&num);
}

static lua_Number read_hex(const char *s, const char **end)
{
	bool any = false, dot = false;
	long long e = 0, x;
	u64 m = 0;

	for (; lisxdigit(cast_uchar(*s)) || (*s == '.' && !dot); s++) {
		if (*s == '.') {
			dot = true;
			continue;
		}
		any = true;
		if (m >> 60) {
			m |= *s != '0';
			e += dot ? 0 : 4;
		} else {
			m = m << 4 | luaO_hexavalue(cast_uchar(*s));
			e -= dot ? 4 : 0;
		}
	}
	if (!any)
		return FLOAT_ZERO;
	*end = read_exponent(s, 'p', &x);
	if (!m)
		return FLOAT_ZERO;
	return float_bits(float_norm(0, clamp_exponent(e + x) + FLOAT_BIAS + 63,
				     m));
}

/*
 * Read a numeral, decimal or hexadecimal, as strtod() does; *@end is what follows
 * it, or @s where there is none.
 */
static noinline lua_Number float_read(const char *s, char **end)
{
	const char *after = s;
	lua_Number a;
	bool neg;

	while (lisspace(cast_uchar(*s)))
		s++;
	neg = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		a = read_hex(s + 2, &after);
	else
		a = read_decimal(s, &after);
	*end = (char *)after;
	return neg ? float_neg(a) : a;
}

#endif /* KLUA_DECIMAL_H */

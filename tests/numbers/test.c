// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: test COUNT [SEED]: compares the results of lua/float.h, decimal.h and
 * elementary.h with those of this machine's floating point and C library, on COUNT
 * pairs of numbers: special ones, denormal ones, near ones and far ones. Prints TAP.
 *
 * All bits have to be equal. Only functions that the C library does not round correctly
 * are compared with long double, which has 11 bits more.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define noinline	__attribute__((noinline))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#include "luaconf.h"

typedef LUA_NUMBER lua_Number;

#define lisdigit(c)	isdigit(c)
#define lisxdigit(c)	isxdigit(c)
#define lisspace(c)	isspace(c)
#define cast_uchar(c)	((unsigned char)(c))

static int luaO_hexavalue(int c)
{
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

#include "float.h"
#include "decimal.h"
#include "elementary.h"

/* Units in the last place that a function's result may be wrong by */
#define ULPS	0.52L

static u64 state[2];

static u64 draw(void)
{
	u64 a = state[0], b = state[1];

	state[0] = b;
	a ^= a << 23;
	state[1] = a ^ b ^ a >> 17 ^ b >> 26;
	return state[1] + b;
}

static double to_double(u64 bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

static u64 to_bits(double d)
{
	u64 bits;

	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

/* A number with any sign and fraction, and an exponent from @low to @high */
static u64 between(int low, int high)
{
	int e = low + (int)(draw() % (unsigned int)(high - low + 1));

	return (draw() & ~FLOAT_INF) | (u64)(e + FLOAT_BIAS) << 52;
}

static u64 special(void)
{
	static const u64 numbers[] = {
		0, 1, 2, FLOAT_FRACTION, FLOAT_HIDDEN, FLOAT_HIDDEN + 1,
		FLOAT_INF - 1, FLOAT_INF, FLOAT_INF + 1, FLOAT_INF | FLOAT_QUIET,
		0x3ff0000000000000, 0x3fefffffffffffff, 0x3ff0000000000001,
		0x3fe0000000000000, 0x4000000000000000, 0x4008000000000000,
		0x4024000000000000, 0x4330000000000000, 0x4340000000000000,
		0x43e0000000000000, 0x43f0000000000000, 0x400921fb54442d18,
	};

	return numbers[draw() % (u64)COUNT(numbers)] ^ draw() << 63;
}

static u64 number(void)
{
	switch (draw() % 12) {
	case 0:
		return special();
	case 1:
		return draw() & ~(draw() & 1 ? 0 : FLOAT_INF);
	case 2:
		return to_bits((double)(int)(draw() % 2000 - 1000));
	case 3:
		return to_bits((double)(int)(draw() % 2000 - 1000) / 8);
	case 4:
		return between(-30, 30);
	case 5:
		return between(-2, 2);
	case 6:
		return draw() & (FLOAT_SIGN | FLOAT_FRACTION >> draw() % 52);
	case 7:
		return between(-60, 60) & ~((1ULL << draw() % 53) - 1);
	case 8:
		return between(-1022, -960);
	case 9:
		return between(0, 66);
	case 10:
		return between(970, 1023);
	default:
		return to_bits(1 + ldexp((double)(s64)draw(),
					 -64 - (int)(draw() % 50)));
	}
}

static unsigned int tests;
static unsigned int failures;

static struct kind {
	const char *what;
	unsigned long wrong;
	long double most;	/* ulps */
	char first[400];
} *kind;

static void begin(struct kind *k, const char *what)
{
	memset(k, 0, sizeof(*k));
	k->what = what;
	kind = k;
}

static void end(struct kind *k)
{
	printf("%sok %u - %s\n", k->wrong ? "not " : "", ++tests, k->what);
	if (k->wrong) {
		printf("# %lu wrong; %s\n", k->wrong, k->first);
		failures++;
	} else if (k->most > 0) {
		printf("# wrong by at most %.4Lf ulp\n", k->most);
	}
}

static bool signalling(u64 a)
{
	return float_isnan(float_bits(a)) && !(a & FLOAT_QUIET);
}

static void same(const char *name, u64 a, u64 b, u64 got, u64 want)
{
	if (got == want)
		return;
	if (!kind->wrong++)
		snprintf(kind->first, sizeof(kind->first),
			 "%s of %016llx and %016llx: %016llx, not %016llx",
			 name, (unsigned long long)a, (unsigned long long)b,
			 (unsigned long long)got, (unsigned long long)want);
}

static void arithmetic(u64 a, u64 b)
{
	volatile double x = to_double(a), y = to_double(b), r;
	lua_Number m = float_bits(a), n = float_bits(b);

	if (signalling(a) || signalling(b))
		return;
	r = x + y;
	/* The compiler may swap operands, which two NaNs would show. */
	if (!float_isnan(m) || !float_isnan(n)) {
		same("+", a, b, float_add(m, n).bits, to_bits(r));
		r = x - y;
		same("-", a, b, float_sub(m, n).bits, to_bits(r));
		r = x * y;
		same("*", a, b, float_mul(m, n).bits, to_bits(r));
		r = x / y;
		same("/", a, b, float_div(m, n).bits, to_bits(r));
	}
	same("<", a, b, float_lt(m, n), x < y);
	same("<=", a, b, float_le(m, n), x <= y);
	same("==", a, b, float_eq(m, n), x == y);
	r = sqrt(x);
	same("sqrt", a, 0, float_sqrt(m).bits, to_bits(r));
}

static void rounding(u64 a, u64 b)
{
	volatile double x = to_double(a), r;
	lua_Number m = float_bits(a), f;
	long long i = (long long)(a >> (b & 63)), got;
	int n = (int)(b % 2400) - 1200;

	if (float_isnan(m))
		return;
	same("floor", a, 0, float_floor(m).bits, to_bits(floor(x)));
	same("ceil", a, 0, float_ceil(m).bits, to_bits(ceil(x)));
	same("trunc", a, 0, float_trunc(m).bits, to_bits(trunc(x)));
	same("ldexp", a, (u64)n, float_ldexp(m, n).bits,
	     to_bits(ldexp(x, n)));
	r = (double)i;
	same("from integer", (u64)i, 0, float_from_int(i).bits, to_bits(r));
	f = float_floor(m);
	r = floor(x);
	same("fits", a, 0, float_to_int(f, &got), r >= -0x1p63 && r < 0x1p63);
	if (r >= -0x1p63 && r < 0x1p63)
		same("to integer", a, 0, (u64)got, (u64)(long long)r);
	f = float_frexp(m, &n);
	r = frexp(x, &(int){ 0 });
	same("frexp", a, 0, f.bits, to_bits(r));
}

static void singles(u64 a, u64 b)
{
	float single = (float)to_double(a);
	unsigned int bits;

	if (float_isnan(float_bits(a)))
		return;
	memcpy(&bits, &single, sizeof(bits));
	same("to single", a, 0, float_to_single(float_bits(a)), bits);
	bits = (unsigned int)(a >> (b & 31));
	memcpy(&single, &bits, sizeof(bits));
	if (single == single)
		same("from single", bits, 0, float_from_single(bits).bits,
		     to_bits((double)single));
}

static void remainders(u64 a, u64 b)
{
	double r = fmod(to_double(a), to_double(b));

	if (r == r)
		same("fmod", a, b,
		     float_fmod(float_bits(a), float_bits(b)).bits, to_bits(r));
}

static void same_text(const char *what, const char *got, const char *want)
{
	if (!strcmp(got, want))
		return;
	if (!kind->wrong++)
		snprintf(kind->first, sizeof(kind->first),
			 "%.20s: '%.160s', not '%.160s'", what, got, want);
}

/* A format that string.format() accepts */
static void random_format(char *form, bool *alternate)
{
	const char *flags = "-+ 0#";
	int i;

	*form++ = '%';
	*alternate = false;
	for (i = 0; i < 5; i++) {
		if (draw() % 4)
			continue;
		*form++ = flags[i];
		*alternate |= i == 4;
	}
	if (draw() % 2)
		form += sprintf(form, "%u", (unsigned int)(1 + draw() % 99));
	if (draw() % 3)
		form += sprintf(form, ".%u", (unsigned int)(draw() %
					      (draw() % 2 ? 100 : 5)));
	*form++ = "aAeEfgG"[draw() % 7];
	*form = '\0';
}

static void writing(u64 a, u64 b)
{
	char form[32], got[600], want[600];
	bool alternate = false;
	int len;

	(void)b;
	switch (draw() % 3) {
	case 0:
		strcpy(form, "%.14g");
		break;
	case 1:
		strcpy(form, "%.17g");
		break;
	default:
		random_format(form, &alternate);
	}
	/* glibc misses zeros if rounding gives one more digit. */
	if (alternate && (form[strlen(form) - 1] | 0x20) == 'g')
		return;
	len = float_format(got, form, float_bits(a));
	snprintf(want, sizeof(want), form, to_double(a));
	same_text(form, got, want);
	same("length", a, 0, (u64)len, strlen(got));
}

static void read_text(const char *text)
{
	char *end, *want_end;
	double want = strtod(text, &want_end);
	lua_Number got = float_read(text, &end);

	if (got.bits == to_bits(want) && end == want_end)
		return;
	if (!kind->wrong++)
		snprintf(kind->first, sizeof(kind->first),
			 "'%.200s': %016llx up to %td, not %016llx up to %td",
			 text, (unsigned long long)got.bits, end - text,
			 (unsigned long long)to_bits(want), want_end - text);
}

/*
 * Read a numeral halfway between two numbers, with all its digits, and numerals near to
 * it.
 */
static void read_half(u64 a)
{
	static char text[2000];
	long double half;
	size_t len;

	a &= ~FLOAT_SIGN;
	if (a >= FLOAT_INF - FLOAT_HIDDEN)
		return;
	half = ((long double)to_double(a) + (long double)to_double(a + 1)) / 2;
	snprintf(text, sizeof(text), "%.1100Lf", half);
	read_text(text);
	len = strlen(text);
	text[len - 1] = '1';
	read_text(text);
	snprintf(text, sizeof(text), "%.*Le", (int)(draw() % 800), half);
	read_text(text);
}

static void reading(u64 a, u64 b)
{
	unsigned long long m = a >> (b & 63), n = b >> (a & 63);
	char text[200];

	if (!float_isnan(float_bits(a)) && !float_isinf(float_bits(a))) {
		snprintf(text, sizeof(text), "%.17g", to_double(a));
		read_text(text);
		snprintf(text, sizeof(text), "%.*e", (int)(draw() % 40),
			 to_double(a));
		read_text(text);
		if (draw() % 8 == 0)
			read_half(a);
	}
	snprintf(text, sizeof(text), "%llu%llue%d", m, n,
		 (int)(draw() % 700) - 380);
	read_text(text);
	snprintf(text, sizeof(text), " -%llu.%llue%+d", m, n,
		 (int)(draw() % 60) - 30);
	read_text(text);
	snprintf(text, sizeof(text), ".%020llu", m);
	read_text(text);
	/* No numerals that become denormal: glibc rounds hexadecimal ones wrong. */
	snprintf(text, sizeof(text), "0x%llx.%llxp%d", m | 1, n,
		 (int)(draw() % 1900) - 950);
	read_text(text);
}

/*
 * Read a numeral with many digits, and an exponent beyond that of any float to make up
 * for them.
 */
static void read_long(const char *begin, char digit, int count, const char *end)
{
	char *text = malloc(strlen(begin) + count + strlen(end) + 1);
	char *p = stpcpy(text, begin);

	memset(p, digit, count);
	strcpy(p + count, end);
	read_text(text);
	free(text);
}

static void long_texts(void)
{
	read_long("0.", '0', 11000000, "1e11000001");
	read_long("-1", '0', 11000000, "e-11000000");
	read_long("0x.", '0', 3000000, "1p12000004");
	read_long("0x1", '0', 3000000, "p-12000000");
	read_long("1e", '0', 100000, "5");
	read_long("1e-", '9', 100000, "");
	read_long("0x1p", '9', 100000, "");
}

static void odd_texts(void)
{
	static const char *const texts[] = {
		"", ".", " ", "e5", "1e", "1e+", "1.", "..5", "1..2", "0x.8",
		"0x1p", "0x1p+", "0x1.8p1", "0X1P3", "1E3", "5e-1", "+1", "+-1",
		"1e400", "-1e-400", "1e99999999999999999999", "0e99999999999",
		"0x1p99999999999", "0x0p-999999999999", "4.9e-324",
		"2.4703282292062327208e-324", "2.4703282292062328e-324",
		"1.7976931348623158e308", "1.7976931348623159e308",
		"0x.00000000000000000000000000000000000001p152",
		"0x10000000000000000000000000000000000001p-148", "1e5x",
	};
	int i;

	for (i = 0; i < COUNT(texts); i++)
		read_text(texts[i]);
}

/*
 * Compare @got with @want, and note by how much it is wrong. NaNs, infinities and zeros
 * have to be those of the C library.
 */
static void near(const char *name, u64 a, u64 b, lua_Number got,
		 long double want, double libc)
{
	double is = to_double(got.bits);
	long double error, ulp;
	int e;

	if (libc != libc || is != is) {
		if (libc == libc || is == is)
			same(name, a, b, got.bits, to_bits(libc));
		return;
	}
	if (isinf(libc) || isinf(is) || libc == 0 || is == 0) {
		/*
		 * At the ends of the range one of the two may have been rounded to the
		 * end.
		 */
		if (fabsl(want) < 0x1p-1073L || fabsl(want) > 0x1.fffffffffffffp1023L)
			return;
		same(name, a, b, got.bits, to_bits(libc));
		return;
	}
	frexp(libc, &e);
	ulp = ldexpl(1, e < -1021 ? -1074 : e - 53);
	error = fabsl((long double)is - want) / ulp;
	if (error > kind->most)
		kind->most = error;
	if (error > ULPS && !kind->wrong++)
		snprintf(kind->first, sizeof(kind->first),
			 "%s of %016llx and %016llx is wrong by %.3Lf ulp",
			 name, (unsigned long long)a, (unsigned long long)b,
			 error);
}

static void logarithms(u64 a, u64 b)
{
	double x = to_double(a);
	lua_Number m = float_bits(a);

	near("log", a, b, float_log(m), logl(x), log(x));
	near("log2", a, b, float_log2(m), log2l(x), log2(x));
	near("log10", a, b, float_log10(m), log10l(x), log10(x));
	near("exp", a, b, float_exp(m), expl(x), exp(x));
}

static void power(u64 a, u64 b)
{
	double x = to_double(a), y = to_double(b);

	near("pow", a, b, float_pow(float_bits(a), float_bits(b)),
	     powl(x, y), pow(x, y));
}

static void powers(u64 a, u64 b)
{
	double x = fabs(to_double(a)), l = log(x);

	power(a, b);
	/* Powers that are neither too large nor too small */
	if (x > 0 && l && isfinite(l))
		power(to_bits(x), to_bits(740 / l *
				((double)(draw() % 2000) / 1000 - 1)));
	power(to_bits((double)(draw() % 300) - 150),
	      to_bits((double)(draw() % 40) - 10));
}

static void angles(u64 a, u64 b)
{
	double x = to_double(a), y = to_double(b);
	lua_Number m = float_bits(a), n = float_bits(b);

	near("sin", a, b, float_sin(m), sinl(x), sin(x));
	near("cos", a, b, float_cos(m), cosl(x), cos(x));
	near("tan", a, b, float_tan(m), tanl(x), tan(x));
	near("asin", a, b, float_asin(m), asinl(x), asin(x));
	near("acos", a, b, float_acos(m), acosl(x), acos(x));
	near("atan2", a, b, float_atan2(m, n), atan2l(x, y), atan2(x, y));
}

static void all(const char *what, void (*one)(u64, u64), unsigned long count)
{
	struct kind k;

	begin(&k, what);
	while (count--)
		one(number(), number());
	end(&k);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 10000;
	struct kind k;

	state[0] = 88172645463325252ULL;
	state[1] = argc > 2 ? strtoull(argv[2], NULL, 0) | 1 : 1;
	all("sums, products, quotients, roots, comparisons", arithmetic, count);
	all("floors, integers, exponents", rounding, count);
	all("singles", singles, count);
	all("remainders", remainders, count);
	all("numbers as texts", writing, count);
	all("texts as numbers", reading, count);
	begin(&k, "texts that are odd");
	odd_texts();
	end(&k);
	begin(&k, "texts that are long");
	long_texts();
	end(&k);
	all("logarithms and exponentials", logarithms, count);
	all("powers", powers, count);
	all("functions of angles", angles, count);
	printf("1..%u\n", tests);
	return failures != 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers: integers that wrap round and do not trap, and floats that are computed
 * without the FPU.
 */
#include "common.h"

static struct klua_state *state;

static int init_state(struct kunit *test)
{
	state = klua_state_create(SMALL, "kunit");
	return state ? 0 : -ENOMEM;
}

static void exit_state(struct kunit *test)
{
	klua_state_destroy_all();
}

struct sample {
	const char *chunk;
	const char *text;
};

static char text[256];

static int run(const char *chunk)
{
	struct klua_result result = { .buf = text, .size = sizeof(text) };

	return klua_state_run(state, chunk, strlen(chunk), "=test", &result);
}

/* Each chunk returns the text of its sample. */
static void expect(struct kunit *test, const struct sample *samples, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ_MSG(test, run(samples[i].chunk), 0, "%s: %s",
				    samples[i].chunk, text);
		KUNIT_EXPECT_STREQ_MSG(test, text, samples[i].text, "%s",
				       samples[i].chunk);
	}
}

/* Each chunk fails with a message that contains the text of its sample. */
static void expect_failure(struct kunit *test, const struct sample *samples,
			   int n, int err)
{
	int i;

	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ_MSG(test, run(samples[i].chunk), err, "%s: %s",
				    samples[i].chunk, text);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(text, samples[i].text), 1,
				    "%s: %s", samples[i].chunk, text);
	}
}

static void arithmetic(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 7 // 2, -7 // 2, 7 // -2, -7 // -2", "3\t-4\t-4\t3" },
		{ "return 7 % 3, -7 % 3, 7 % -3, -7 % -3", "1\t2\t-2\t-1" },
		{ "return math.mininteger // -1", "-9223372036854775808" },
		{ "return math.mininteger % -1", "0" },
		{ "return math.maxinteger + 1 == math.mininteger", "true" },
		{ "return math.mininteger * -1 == math.mininteger", "true" },
		{ "return 1 << 63, 1 << 64, 1 << -1, -1 >> 1",
		  "-9223372036854775808\t0\t0\t9223372036854775807" },
		{ "return ~0, 5 & 3, 5 | 3, 5 ~ 3", "-1\t1\t7\t6" },
		{ "return 3 | 0 == 3, '10' + 1, 10 .. ''", "true\t11.0\t10" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void division_by_zero_is_an_error(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 1 // 0", "divide by zero" },
		{ "return 1 % 0", "'n%" },
		{ "local z = 0 return math.mininteger // z", "divide by zero" },
		{ "local z = 0 return math.mininteger % z", "'n%" },
		{ "return math.fmod(1, 0)", "zero" },
	};

	expect_failure(test, samples, ARRAY_SIZE(samples), -EREMOTEIO);
}

static void slash_and_power_make_floats(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 1 / 2, 2 ^ 2, 7 // 2.0, -7 % 2.5",
		  "0.5\t4.0\t3.0\t0.5" },
		{ "local x = 4 return x / 2, x ^ '2', 1 / 0, -1 // 0.0",
		  "2.0\t16.0\tinf\t-inf" },
		{ "return 0/0 ~= 0/0, 1/0 > math.maxinteger, -1/0 < 0",
		  "true\ttrue\ttrue" },
		{ "return 1 == 1.0, math.maxinteger + 1.0 == 2^63,\n"
		  "({[2]=1})[2.0]", "true\ttrue\t1" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void unless_there_are_metamethods(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "local m = setmetatable({}, {__div = function()\n"
		  "return 'div' end, __pow = function() return 'pow' end})\n"
		  "return m / 1, 1 / m, m ^ 2, 2 ^ m", "div\tdiv\tpow\tpow" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void literals(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 0xff, 0xFFFFFFFFFFFFFFFF", "255\t-1" },
		{ "return 9223372036854775807", "9223372036854775807" },
		{ "return 9223372036854775808, 1e400",
		  "9.2233720368548e+18\tinf" },
		{ "return 3.5, 3., .5, 1e3, 0x1p4, 0x.8",
		  "3.5\t3.0\t0.5\t1000.0\t16.0\t0.5" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void conversions(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return tonumber('3.5'), tonumber('1e3'), tonumber('x')",
		  "3.5\t1000.0\tnil" },
		{ "return tonumber(' 12 '), tonumber('0x10'),\n"
		  "tonumber('zz', 36)", "12\t16\t1295" },
		{ "return tostring(-0), tostring(10)", "0\t10" },
		{ "return tostring(-0.0), tostring(10.0), 2^53, 0.1",
		  "-0.0\t10.0\t9.007199254741e+15\t0.1" },
		{ "return math.type(1), math.type('1')", "integer\tnil" },
		{ "return math.tointeger(3)", "3" },
		{ "return math.type(1.0), math.tointeger(3.0),\n"
		  "math.tointeger(3.5)", "float\t3\tnil" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void formats(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return ('%d %5d %-5d| %x %q %s'):format(1, 2, 3, 255, 4, 5)",
		  "1     2 3    | ff 4 5" },
		{ "return ('%i'):format(math.mininteger)",
		  "-9223372036854775808" },
		{ "return ('%.2f %g %.1e %a'):format(1, 0.1, 12345, 1)",
		  "1.00 0.1 1.2e+04 0x1p+0" },
		{ "return string.unpack('<d', string.pack('<d', 0.1))",
		  "0.1\t9" },
		{ "return #string.pack('fdn', 1, 1, 1)", "20" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void math_functions(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return math.sqrt(2), math.sin(1), math.exp(1),\n"
		  "math.log(8, 2)",
		  "1.4142135623731\t0.8414709848079\t2.718281828459\t3.0" },
		{ "return math.pi, -math.huge, math.floor(-3.5),\n"
		  "math.fmod(-7, 2.5)",
		  "3.1415926535898\t-inf\t-4\t-2.0" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void loops(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "local n = 0 for i = math.maxinteger - 9, math.maxinteger, 3\n"
		  "do n = n + 1 if n == 9 then break end end return n", "9" },
		{ "local n = 0 for i = math.maxinteger - 9, math.maxinteger - 1,\n"
		  "3 do n = n + 1 end return n", "3" },
		{ "local n = 0 for i = math.mininteger + 1, math.mininteger + 1,\n"
		  "-1 do n = n + 1 end return n", "1" },
		{ "local t = {} for i = 1, 2, 0.5 do t[#t + 1] = i end\n"
		  "return table.concat(t, ' ')", "1.0 1.5 2.0" },
		{ "local t = {} for i = 0.0, -1, -0.5 do t[#t + 1] = i end\n"
		  "return table.concat(t, ' ')", "0.0 -0.5 -1.0" },
		{ "local n = 0 for i = 1, math.huge do n = n + 1\n"
		  "if n == 9 then break end end return n", "9" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void random_keeps_its_range(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return math.random(1), math.random(7, 7)", "1\t7" },
		{ "for i = 1, 200 do local x = math.random(3)\n"
		  "assert(x >= 1 and x <= 3) end return 1", "1" },
		{ "for i = 1, 200 do local x = math.random()\n"
		  "assert(x >= 0 and x < 1) end return 1", "1" },
		{ "return math.random(math.maxinteger, math.maxinteger) ==\n"
		  "math.maxinteger", "true" },
	};
	static const struct sample empty[] = {
		{ "return math.random(0)", "interval is empty" },
		{ "return math.random(2, 1)", "interval is empty" },
		{ "return math.random(-1)", "interval is empty" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
	expect_failure(test, empty, ARRAY_SIZE(empty), -EREMOTEIO);
}

static void what_is_left_out(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return package, io.open, os.exit, debug.sethook, dofile, loadfile",
		  "nil\tnil\tnil\tnil\tnil\tnil" },
		{ "return string.dump, math.cosh", "nil\tnil" },
		{ "return (load('\\27Lua'))", "nil" },
		{ "return _VERSION", "Lua 5.3" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void numbers_for_modules(struct kunit *test)
{
	static const struct {
		s64 numerator, denominator, rounded;
	} rounded[] = {
		{ 0, 1, 0 }, { 1, 2, 0 }, { 3, 2, 2 }, { 5, 2, 2 }, { -1, 2, 0 },
		{ -3, 2, -2 }, { -5, 2, -2 }, { 2, 3, 1 }, { -2, 3, -1 },
		{ 7, 3, 2 }, { S64_MIN, 1, S64_MIN }, { 1LL << 53, 1, 1LL << 53 },
		{ (1LL << 53) + 1, 1, 1LL << 53 },
		{ (1LL << 52) - 1, 2, (1LL << 51) },
	};
	s64 i;
	int n;

	for (n = 0; n < ARRAY_SIZE(rounded); n++) {
		KUNIT_EXPECT_TRUE(test, klua_number_round(
			klua_number_from_ratio(rounded[n].numerator,
					       rounded[n].denominator), &i));
		KUNIT_EXPECT_EQ(test, i, rounded[n].rounded);
	}
	KUNIT_EXPECT_EQ(test, klua_number_bits(klua_number_from_integer(1)),
			0x3ff0000000000000);
	KUNIT_EXPECT_EQ(test, klua_number_bits(klua_number_from_ratio(1, 3)),
			0x3fd5555555555555);
	KUNIT_EXPECT_FALSE(test, klua_number_round(klua_number_from_ratio(0, 0),
						   &i));
	KUNIT_EXPECT_FALSE(test, klua_number_round(klua_number_from_ratio(1, 0),
						   &i));
	KUNIT_EXPECT_FALSE(test, klua_number_round(
		klua_number_from_bits(0x43e0000000000000), &i));	/* 2^63 */
	KUNIT_EXPECT_EQ(test, i, 0);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(arithmetic),
	KUNIT_CASE(division_by_zero_is_an_error),
	KUNIT_CASE(slash_and_power_make_floats),
	KUNIT_CASE(unless_there_are_metamethods),
	KUNIT_CASE(literals),
	KUNIT_CASE(conversions),
	KUNIT_CASE(formats),
	KUNIT_CASE(math_functions),
	KUNIT_CASE(loops),
	KUNIT_CASE(random_keeps_its_range),
	KUNIT_CASE(what_is_left_out),
	KUNIT_CASE(numbers_for_modules),
	{}
};

static struct kunit_suite core_suite = {
	.name = "klua_core",
	.init = init_state,
	.exit = exit_state,
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's numbers");

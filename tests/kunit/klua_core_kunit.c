// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers are integers: what that means for each part of the language that
 * would otherwise know floats, or trap.
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

/* Each chunk returns what its text says. */
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

/* Each chunk fails with a message that contains its text. */
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
		{ "return 3 | 0 == 3, '10' + 1, 10 .. ''", "true\t11\t10" },
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

static void slash_and_power_are_errors(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 1 / 2", "" },
		{ "return 2 ^ 2", "" },
		{ "local x = 4 return x / 2", "" },
		{ "local x = 4 return x ^ '2'", "" },
	};

	expect_failure(test, samples, ARRAY_SIZE(samples), -EREMOTEIO);
}

static void but_not_their_metamethods(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "local m = setmetatable({}, {__div = function()\n"
		  "return 'div' end, __pow = function() return 'pow' end})\n"
		  "return m / 1, 1 / m, m ^ 2, 2 ^ m", "div\tdiv\tpow\tpow" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void float_literals_are_errors(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 3.5", "" }, { "return 3.", "" }, { "return .5", "" },
		{ "return 1e3", "" }, { "return 0x1p4", "" },
		{ "return 0x.8", "" },
	};

	expect_failure(test, samples, ARRAY_SIZE(samples), -ENOEXEC);
}

static void literals(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return 0xff, 0xFFFFFFFFFFFFFFFF", "255\t-1" },
		{ "return 9223372036854775807", "9223372036854775807" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static void conversions(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return tonumber('3.5'), tonumber('1e3'), tonumber('x')",
		  "nil\tnil\tnil" },
		{ "return tonumber(' 12 '), tonumber('0x10'),\n"
		  "tonumber('zz', 36)", "12\t16\t1295" },
		{ "return tostring(-0), tostring(10)", "0\t10" },
		{ "return math.type(1), math.type('1')", "integer\tnil" },
		{ "return math.tointeger(3)", "3" },
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
	};
	static const struct sample floats[] = {
		{ "return ('%f'):format(1)", "" },
		{ "return ('%g'):format(1)", "" },
		{ "return ('%e'):format(1)", "" },
		{ "return ('%a'):format(1)", "" },
		{ "return string.pack('d', 1)", "" },
		{ "return string.pack('f', 1)", "" },
		{ "return string.pack('n', 1)", "" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
	expect_failure(test, floats, ARRAY_SIZE(floats), -EREMOTEIO);
}

static void loops_end(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "local n = 0 for i = math.maxinteger - 1, math.maxinteger do\n"
		  "n = n + 1 end return n", "2" },
		{ "local n = 0 for i = math.mininteger + 1, math.mininteger, -1\n"
		  "do n = n + 1 end return n", "2" },
		{ "local n = 0 for i = math.mininteger, math.maxinteger,\n"
		  "math.maxinteger do n = n + 1 end return n", "3" },
	};
	static const struct sample zero[] = {
		{ "for i = 1, 2, 0 do end", "'for' step is zero" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
	expect_failure(test, zero, ARRAY_SIZE(zero), -EREMOTEIO);
}

static void random_keeps_its_range(struct kunit *test)
{
	static const struct sample samples[] = {
		{ "return math.random(1), math.random(7, 7)", "1\t7" },
		{ "for i = 1, 200 do local x = math.random(3)\n"
		  "assert(x >= 1 and x <= 3) end return 1", "1" },
		{ "return math.type(math.random(math.mininteger,\n"
		  "math.maxinteger))", "integer" },
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
		{ "return debug, io, os, package, dofile, loadfile, require",
		  "nil\tnil\tnil\tnil\tnil\tnil\tnil" },
		{ "return string.dump, math.sqrt, math.sin, math.pi, math.huge",
		  "nil\tnil\tnil\tnil\tnil" },
		{ "return (load('\\27Lua'))", "nil" },
		{ "return _VERSION", "Lua 5.3" },
	};

	expect(test, samples, ARRAY_SIZE(samples));
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(arithmetic),
	KUNIT_CASE(division_by_zero_is_an_error),
	KUNIT_CASE(slash_and_power_are_errors),
	KUNIT_CASE(but_not_their_metamethods),
	KUNIT_CASE(float_literals_are_errors),
	KUNIT_CASE(literals),
	KUNIT_CASE(conversions),
	KUNIT_CASE(formats),
	KUNIT_CASE(loops_end),
	KUNIT_CASE(random_keeps_its_range),
	KUNIT_CASE(what_is_left_out),
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
MODULE_DESCRIPTION("Tests of KLua's integer semantics");

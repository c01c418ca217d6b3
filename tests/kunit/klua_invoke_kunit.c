// SPDX-License-Identifier: GPL-2.0-only
/* Typed calls: arguments and results, errors and their texts, limits of a call. */
#include <linux/sizes.h>

#include "kinds.h"

static struct klua_state *state;

static const char functions[] =
	"function same(...) return ... end\n"
	"function types(a, b, c, d) return type(a) .. type(b) .. type(c) ..\n"
	"type(d) end\n"
	"function fail() error('oh') end\n"
	"function fail_odd() error({}) end\n"
	"function length(s) return #s end\n"
	"function spin() while true do end end\n"
	"function double(x) return x * 2, math.type(x), '7', 7.0 end\n"
	"function count(n) for i = 1, n do end return n end\n"
	"function rep(n) return ('x'):rep(n) end\n"
	"local kept local function fill() while true do kept = {kept} end end\n"
	"function policy(p) kept = {p, kept} while pcall(fill) do end\n"
	"return #p end\n"
	"notafunction = 1";

static int init_state(struct kunit *test)
{
	state = klua_state_create(SMALL, NAME);
	return state ? run_text(state, functions) : -ENOMEM;
}

static void exit_state(struct kunit *test)
{
	klua_state_destroy_all();
}

static char message[512];

static int invoke(const char *function, const struct klua_value *args,
		  unsigned int nargs, struct klua_value *results,
		  unsigned int nresults)
{
	struct klua_call call = {
		.function = function,
		.args = args,
		.nargs = nargs,
		.results = results,
		.nresults = nresults,
		.error = message,
		.error_size = sizeof(message),
	};

	return klua_state_invoke(state, &call);
}

static void values_come_back(struct kunit *test)
{
	char text[8];
	const struct klua_value args[] = {
		{ .type = KLUA_TYPE_INTEGER, .integer = S64_MIN },
		{ .type = KLUA_TYPE_BOOLEAN, .boolean = true },
		{ .type = KLUA_TYPE_STRING, .string = "a\0b", .len = 3 },
		{ .type = KLUA_TYPE_NIL },
	};
	struct klua_value results[] = {
		{ .type = KLUA_TYPE_INTEGER },
		{ .type = KLUA_TYPE_BOOLEAN },
		{ .type = KLUA_TYPE_STRING, .buf = text, .size = sizeof(text) },
		{ .type = KLUA_TYPE_NIL },
		{ .type = KLUA_TYPE_BOOLEAN, .boolean = true },
	};

	KUNIT_EXPECT_EQ(test, invoke("same", args, ARRAY_SIZE(args), results,
				     ARRAY_SIZE(results)), 0);
	KUNIT_EXPECT_STREQ(test, message, "");
	KUNIT_EXPECT_EQ(test, results[0].integer, S64_MIN);
	KUNIT_EXPECT_TRUE(test, results[1].boolean);
	KUNIT_EXPECT_EQ(test, results[2].len, 3);
	KUNIT_EXPECT_EQ(test, memcmp(text, "a\0b", 4), 0);
	/* A missing result is nil, which is false as a condition. */
	KUNIT_EXPECT_FALSE(test, results[4].boolean);
}

static void values_have_their_types(struct kunit *test)
{
	char text[64];
	const struct klua_value args[] = {
		{ .type = KLUA_TYPE_NIL },
		{ .type = KLUA_TYPE_BOOLEAN },
		{ .type = KLUA_TYPE_INTEGER },
		{ .type = KLUA_TYPE_STRING, .string = NULL, .len = 0 },
	};
	struct klua_value result = {
		.type = KLUA_TYPE_STRING, .buf = text, .size = sizeof(text)
	};

	KUNIT_EXPECT_EQ(test, invoke("types", args, ARRAY_SIZE(args), &result,
				     1), 0);
	KUNIT_EXPECT_STREQ(test, text, "nilbooleannumberstring");
}

static void numbers_go_both_ways(struct kunit *test)
{
	const struct klua_value third =
		KLUA_ARG_NUMBER(klua_number_from_ratio(1, 3));
	char type[8];
	struct klua_value results[] = {
		KLUA_RESULT_NUMBER, KLUA_RESULT_STRING(type, sizeof(type)),
		KLUA_RESULT_INTEGER, KLUA_RESULT_INTEGER,
		KLUA_OPTIONAL_NUMBER(klua_number_from_integer(5)),
	};
	struct klua_value seven = KLUA_RESULT_NUMBER;
	const struct klua_value integer = KLUA_ARG_INTEGER(7);
	s64 n;

	KUNIT_ASSERT_EQ(test, invoke("double", &third, 1, results,
				     ARRAY_SIZE(results)), 0);
	KUNIT_EXPECT_EQ(test, klua_number_bits(results[0].number),
			klua_number_bits(klua_number_from_ratio(2, 3)));
	KUNIT_EXPECT_STREQ(test, type, "float");
	KUNIT_EXPECT_EQ(test, results[2].integer, 7);
	KUNIT_EXPECT_EQ(test, results[3].integer, 7);
	KUNIT_EXPECT_TRUE(test, klua_number_round(results[4].number, &n) && n == 5);
	/* KLUA_TYPE_NUMBER takes an integer, and not nil. */
	KUNIT_ASSERT_EQ(test, invoke("same", &integer, 1, &seven, 1), 0);
	KUNIT_EXPECT_TRUE(test, klua_number_round(seven.number, &n) && n == 7);
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, &seven, 1), -EREMOTEIO);
	KUNIT_EXPECT_STREQ(test, message,
			   "result 1 of 'same' is a nil, not a number");
}

static void strings_are_cut_to_fit(struct kunit *test)
{
	static const struct klua_value arg = {
		.type = KLUA_TYPE_INTEGER, .integer = 10
	};
	char text[8] = "#######";
	struct klua_value result = {
		.type = KLUA_TYPE_STRING, .buf = text, .size = 4
	};

	KUNIT_EXPECT_EQ(test, invoke("rep", &arg, 1, &result, 1), 0);
	KUNIT_EXPECT_STREQ(test, text, "xxx");
	KUNIT_EXPECT_EQ(test, text[4], '#');
	KUNIT_EXPECT_EQ(test, result.len, 10);

	result.size = 0;
	KUNIT_EXPECT_EQ(test, invoke("rep", &arg, 1, &result, 1), 0);
	KUNIT_EXPECT_EQ(test, result.len, 10);
	KUNIT_EXPECT_STREQ(test, text, "xxx");

	result.buf = NULL;
	result.size = 4;
	KUNIT_EXPECT_EQ(test, invoke("rep", &arg, 1, &result, 1), 0);
	KUNIT_EXPECT_EQ(test, result.len, 10);
}

static void wrong_results_are_errors(struct kunit *test)
{
	static const struct klua_value args[] = {
		{ .type = KLUA_TYPE_BOOLEAN, .boolean = true },
		{ .type = KLUA_TYPE_NIL },
		{ .type = KLUA_TYPE_STRING, .string = "x", .len = 1 },
	};
	char text[8];
	struct klua_value result = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(args); i++) {
		result.type = KLUA_TYPE_INTEGER;
		KUNIT_EXPECT_EQ(test, invoke("same", &args[i], 1, &result, 1),
				-EREMOTEIO);
		KUNIT_EXPECT_NOT_NULL(test, strstr(message, "not an integer"));
	}
	for (i = 0; i < 2; i++) {
		result.type = KLUA_TYPE_STRING;
		result.buf = text;
		result.size = sizeof(text);
		KUNIT_EXPECT_EQ(test, invoke("same", &args[i], 1, &result, 1),
				-EREMOTEIO);
		KUNIT_EXPECT_NOT_NULL(test, strstr(message, "not a string"));
	}
}

/*
 * An optional result that is nil keeps its old value. Another type is still an error.
 */
static void nil_leaves_optional_results(struct kunit *test)
{
	char text[8] = "text";
	struct klua_value results[] = {
		KLUA_OPTIONAL_BOOLEAN(true),
		KLUA_OPTIONAL_INTEGER(7),
		KLUA_OPTIONAL_STRING(text, sizeof(text)),
	};
	const struct klua_value args[] = {
		KLUA_ARG_BOOLEAN(false), KLUA_ARG_INTEGER(8),
		KLUA_ARG_TEXT("new"),
	};
	int i;

	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, results, 3), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, results[i].absent);
	KUNIT_EXPECT_TRUE(test, results[0].boolean);
	KUNIT_EXPECT_EQ(test, results[1].integer, 7);
	KUNIT_EXPECT_EQ(test, results[2].len, 0);
	KUNIT_EXPECT_STREQ(test, text, "text");
	KUNIT_EXPECT_EQ(test, invoke("same", args, 3, results, 3), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, results[i].absent);
	KUNIT_EXPECT_FALSE(test, results[0].boolean);
	KUNIT_EXPECT_EQ(test, results[1].integer, 8);
	KUNIT_EXPECT_EQ(test, results[2].len, 3);
	KUNIT_EXPECT_STREQ(test, text, "new");
	KUNIT_EXPECT_EQ(test, invoke("same", args, 1, &results[1], 1),
			-EREMOTEIO);
	KUNIT_EXPECT_EQ(test, invoke("same", args, 1, &results[2], 1),
			-EREMOTEIO);
}

/* Unknown types, and pointers that are NULL or without a class */
static void wrong_values_are_errors(struct kunit *test)
{
	static const struct klua_value bad[] = {
		{ .type = KLUA_TYPE_NUMBER + 1 },
		{ .type = KLUA_TYPE_TEXT, .string = NULL },
		{ .type = KLUA_TYPE_STRING, .string = NULL, .len = 1 },
		{ .type = KLUA_TYPE_OBJECT, .object = NULL },
		{ .type = KLUA_TYPE_OBJECT, .object = message },
	};
	struct klua_value result = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test, invoke("same", &bad[i], 1, NULL, 0),
				    -EREMOTEIO, "%d", i);
		KUNIT_EXPECT_EQ_MSG(test, !!*message, 1, "%d", i);
	}
	result.type = KLUA_TYPE_OBJECT;
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, &result, 1), -EREMOTEIO);
	result.type = KLUA_TYPE_TEXT;
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, &result, 1), -EREMOTEIO);
	result.type = KLUA_TYPE_NUMBER + 1;
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, &result, 1), -EREMOTEIO);
}

static void a_missing_function_is_said(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, invoke("nobody", NULL, 0, NULL, 0), -ENOENT);
	KUNIT_EXPECT_NOT_NULL(test, strstr(message, "no function 'nobody'"));
	KUNIT_EXPECT_EQ(test, invoke("", NULL, 0, NULL, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, invoke("notafunction", NULL, 0, NULL, 0),
			-EREMOTEIO);
}

/*
 * The state caches the function's name by the address of the caller's text. If the
 * caller puts another text at that address, another function is called, whichever word
 * of the two differs.
 */
static void a_name_is_its_text(struct kunit *test)
{
	static const char define[] =
		"for n = 1, 30 do _G[('f'):rep(n)] = function() return n end end";
	struct klua_value result = { .type = KLUA_TYPE_INTEGER };
	char name[32];
	unsigned int n, at;

	KUNIT_ASSERT_EQ(test, run_text(state, define), 0);
	for (n = 1; n <= 30; n++) {
		memset(name, 'x', sizeof(name));
		memset(name, 'f', n);
		name[n] = '\0';
		KUNIT_EXPECT_EQ(test, invoke(name, NULL, 0, &result, 1), 0);
		KUNIT_EXPECT_EQ(test, result.integer, n);
		for (at = 0; at < n; at++) {
			name[at] = 'g';
			KUNIT_EXPECT_EQ(test, invoke(name, NULL, 0, NULL, 0),
					-ENOENT);
			name[at] = 'f';
			KUNIT_EXPECT_EQ(test, invoke(name, NULL, 0, &result, 1),
					0);
		}
	}
}

static void invalid_calls_are_refused(struct kunit *test)
{
	struct klua_value value = {};
	struct klua_call call = {};

	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EINVAL);
	call.function = "same";
	KUNIT_EXPECT_EQ(test, klua_state_invoke(NULL, &call), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), 0);
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 1, NULL, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, invoke("same", &value, KLUA_CALL_VALUES + 1, NULL,
				     0), -EINVAL);
	KUNIT_EXPECT_EQ(test, invoke("same", NULL, 0, &value,
				     KLUA_CALL_VALUES + 1), -EINVAL);
}

/* klua_invoke() finds the state anew for each call. */
static void a_state_is_called_by_its_name(struct kunit *test)
{
	struct klua_value result = KLUA_RESULT_INTEGER;
	struct klua_call call = {
		.function = "same", KLUA_ARGS(KLUA_ARG_INTEGER(4)),
		.results = &result, .nresults = 1,
		.error = message, .error_size = sizeof(message),
	};

	KUNIT_EXPECT_EQ(test, klua_invoke(NAME, &call), 0);
	KUNIT_EXPECT_EQ(test, result.integer, 4);
	KUNIT_EXPECT_EQ(test, refcount_read(&state->users), 1);
	KUNIT_EXPECT_EQ(test, klua_invoke(NAME, NULL), -EINVAL);
	strscpy(message, "old", sizeof(message));
	KUNIT_EXPECT_EQ(test, klua_invoke("nobody", &call), -ENODEV);
	KUNIT_EXPECT_STREQ(test, message, "");
	KUNIT_EXPECT_EQ(test, klua_invoke(NULL, &call), -ENODEV);
}

/*
 * If a call does not begin, its error text is empty: neither an older text nor bytes of
 * the stack.
 */
static void calls_that_do_not_begin_have_no_text(struct kunit *test)
{
	struct klua_call call = {
		.function = "fail", .error = message,
		.error_size = sizeof(message),
	};

	strscpy(message, "old", sizeof(message));
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(state, true), 0);
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -ESHUTDOWN);
	KUNIT_EXPECT_STREQ(test, message, "");
	KUNIT_EXPECT_EQ(test, klua_state_set_stopped(state, false), 0);
	strscpy(message, "old", sizeof(message));
	call.nargs = KLUA_CALL_VALUES + 1;
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EINVAL);
	KUNIT_EXPECT_STREQ(test, message, "");
}

static void errors_have_their_text(struct kunit *test)
{
	struct klua_call call = { .function = "fail" };

	KUNIT_EXPECT_EQ(test, invoke("fail", NULL, 0, NULL, 0), -EREMOTEIO);
	KUNIT_EXPECT_STREQ(test, message, "test:4: oh");
	KUNIT_EXPECT_EQ(test, invoke("fail_odd", NULL, 0, NULL, 0), -EREMOTEIO);
	KUNIT_EXPECT_STREQ(test, message, "(error object is a table value)");

	/* No buffer, a buffer of no bytes, and one of one byte */
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EREMOTEIO);
	call.error_size = 10;
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EREMOTEIO);
	call.error = message;
	call.error_size = 0;
	message[0] = '#';
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, message[0], '#');
	call.error_size = 1;
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, message[0], '\0');
}

static void a_traceback_is_there_if_asked_for(struct kunit *test)
{
	struct klua_call call = {
		.function = "fail",
		.error = message,
		.error_size = sizeof(message),
		.traceback = true,
	};

	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, strstarts(message, "test:4: oh\nstack traceback:"));
	KUNIT_EXPECT_EQ(test, invoke("fail", NULL, 0, NULL, 0), -EREMOTEIO);
	KUNIT_EXPECT_NULL(test, strstr(message, "traceback"));
}

/* A call into a state that is full fails with an error, and nothing worse. */
static void a_full_state_is_an_error(struct kunit *test)
{
	char packet[60];
	const struct klua_value arg = {
		.type = KLUA_TYPE_STRING,
		.string = packet,
		.len = sizeof(packet)
	};
	struct klua_value result = { .type = KLUA_TYPE_INTEGER };
	int i, err;

	memset(packet, 'p', sizeof(packet));
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 20000000), 0);
	for (i = 0; i < 20; i++) {
		/* Bytes of which Lua does not have a string yet */
		packet[0] = 'a' + i;
		err = invoke("policy", &arg, 1, &result, 1);
		KUNIT_EXPECT_EQ_MSG(test, err == 0 || err == -ENOMEM, 1, "%d",
				    err);
	}
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_LE(test, state->peakalloc, SMALL);
}

/*
 * The strings of arguments are collected, even if the function itself allocates
 * nothing.
 */
static void arguments_are_collected(struct kunit *test)
{
	char text[200] = "";
	const struct klua_value arg = {
		.type = KLUA_TYPE_STRING, .string = text, .len = sizeof(text)
	};
	struct klua_value result = KLUA_RESULT_INTEGER;
	size_t most = 0;
	int i;

	KUNIT_ASSERT_EQ(test, klua_state_set_maxalloc(state, SZ_4M), 0);
	for (i = 0; i < 2000; i++) {
		memcpy(text, &i, sizeof(i));
		KUNIT_ASSERT_EQ(test, invoke("length", &arg, 1, &result, 1), 0);
		most = max(most, state->curralloc);
	}
	KUNIT_EXPECT_EQ(test, result.integer, sizeof(text));
	KUNIT_EXPECT_LE(test, most, SZ_128K);
}

static void the_stack_is_restored(struct kunit *test)
{
	static const char * const names[] = {
		"same", "fail", "fail_odd", "nobody", "spin",
	};
	struct klua_value results[KLUA_CALL_VALUES] = {};
	struct klua_value args[KLUA_CALL_VALUES] = {};
	int i, top;

	KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
	lua_pushinteger(state->L, 42);
	klua_state_unlock(state);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		invoke(names[i], args, KLUA_CALL_VALUES, results,
		       KLUA_CALL_VALUES);
		KUNIT_ASSERT_EQ(test, klua_state_lock(state), 0);
		top = lua_gettop(state->L);
		KUNIT_EXPECT_EQ_MSG(test, top, 1, "%s", names[i]);
		KUNIT_EXPECT_EQ(test, lua_tointeger(state->L, 1), 42);
		klua_state_unlock(state);
	}
}

/* Limits of a call may be below and above those of the state's entries. */
static void a_call_has_limits_of_its_own(struct kunit *test)
{
	const struct klua_value arg = {
		.type = KLUA_TYPE_INTEGER, .integer = 5000
	};
	struct klua_call call = {
		.function = "count",
		.args = &arg,
		.nargs = 1,
		.steps = 1000,
	};
	u64 steps = state->steps, time = state->time_ns;

	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -ETIME);
	KUNIT_EXPECT_EQ(test, invoke("count", &arg, 1, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, 1000), 0);
	KUNIT_EXPECT_EQ(test, invoke("count", &arg, 1, NULL, 0), -ETIME);
	call.steps = 50000;
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), 0);
	KUNIT_EXPECT_EQ(test, state->steps, 1000);
	KUNIT_EXPECT_EQ(test, klua_state_set_steps(state, steps), 0);

	call.function = "spin";
	call.steps = KLUA_STEPS_UNLIMITED;
	call.time_us = 1000;
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, state->time_ns, time);
	KUNIT_EXPECT_EQ(test, state->steps, steps);
	call.time_us = KLUA_TIME_MAX_US_ATOMIC + 1;
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), -EINVAL);
}

/* What anybody sees of the limits of @state while a function runs there. */
static u64 seen_steps, seen_time;

static int see_limits(lua_State *L)
{
	seen_steps = state->steps;
	seen_time = state->time_ns;
	return 0;
}

static int register_see(lua_State *L)
{
	lua_register(L, "see", see_limits);
	return 0;
}

/*
 * FAULT: a state that takes the place of another one gets the limits of the old one. It
 * got those that the old one had for one call only.
 */
static void limits_of_a_call_are_not_the_states(struct kunit *test)
{
	struct klua_call call = {
		.function = "see", .steps = 1000, .time_us = 5000
	};

	KUNIT_ASSERT_EQ(test, klua_state_call(state, register_see, NULL), 0);
	KUNIT_EXPECT_EQ(test, klua_state_invoke(state, &call), 0);
	KUNIT_EXPECT_EQ(test, seen_steps, state->steps);
	KUNIT_EXPECT_EQ(test, seen_time, state->time_ns);
}

/* The limits of finalizers while the state is closed are not the state's either. */
static void limits_of_closing_are_not_the_states(struct kunit *test)
{
	u64 steps = state->steps, time = state->time_ns;

	KUNIT_ASSERT_EQ(test, klua_state_call(state, register_see, NULL), 0);
	KUNIT_ASSERT_EQ(test, run_text(state, "kept = setmetatable({}, {__gc = see})"), 0);
	KUNIT_ASSERT_TRUE(test, klua_state_get(state));
	seen_steps = 0;
	KUNIT_EXPECT_EQ(test, klua_state_retire(state), 0);
	KUNIT_EXPECT_EQ(test, seen_steps, steps);
	KUNIT_EXPECT_EQ(test, seen_time, time);
}

static int invoke_inside(lua_State *L)
{
	struct klua_call *call = lua_touserdata(L, 1);

	lua_pushinteger(L, __klua_state_invoke(state, call));
	call->steps = lua_tointeger(L, -1);
	return 0;
}

/* A nested call cannot change the limits of the entry that it is in. */
static void no_new_limits_inside(struct kunit *test)
{
	struct klua_call call = { .function = "same", .steps = 10 };

	KUNIT_EXPECT_EQ(test, klua_state_call(state, invoke_inside, &call), 0);
	KUNIT_EXPECT_EQ(test, (int)call.steps, -EDEADLK);
	call.steps = 0;
	KUNIT_EXPECT_EQ(test, klua_state_call(state, invoke_inside, &call), 0);
	KUNIT_EXPECT_EQ(test, (int)call.steps, 0);
}

static void each_kind_is_called(struct kunit *test)
{
	const struct klua_value arg = {
		.type = KLUA_TYPE_STRING, .string = "packet", .len = 6
	};
	struct klua_value result = { .type = KLUA_TYPE_INTEGER };
	struct klua_call call = {
		.function = "size",
		.args = &arg,
		.nargs = 1,
		.results = &result,
		.nresults = 1,
	};
	enum klua_kind kind;

	for_each_kind(kind) {
		struct klua_state *s = new_state(kind_names[kind], kind);

		KUNIT_ASSERT_TRUE(test, !IS_ERR(s));
		KUNIT_EXPECT_EQ(test, run_text(s, "function size(p)\n"
					       "return #p end"), 0);
		result.integer = 0;
		KUNIT_EXPECT_EQ(test, klua_state_invoke(s, &call), 0);
		KUNIT_EXPECT_EQ(test, result.integer, 6);
		klua_state_put(s);
	}
}

static struct kunit_case invoke_cases[] = {
	KUNIT_CASE(values_come_back),
	KUNIT_CASE(values_have_their_types),
	KUNIT_CASE(numbers_go_both_ways),
	KUNIT_CASE(strings_are_cut_to_fit),
	KUNIT_CASE(wrong_results_are_errors),
	KUNIT_CASE(nil_leaves_optional_results),
	KUNIT_CASE(wrong_values_are_errors),
	KUNIT_CASE(a_missing_function_is_said),
	KUNIT_CASE(a_name_is_its_text),
	KUNIT_CASE(invalid_calls_are_refused),
	KUNIT_CASE(a_state_is_called_by_its_name),
	KUNIT_CASE(calls_that_do_not_begin_have_no_text),
	KUNIT_CASE(errors_have_their_text),
	KUNIT_CASE(a_traceback_is_there_if_asked_for),
	KUNIT_CASE(a_full_state_is_an_error),
	KUNIT_CASE(arguments_are_collected),
	KUNIT_CASE(the_stack_is_restored),
	KUNIT_CASE(a_call_has_limits_of_its_own),
	KUNIT_CASE(limits_of_a_call_are_not_the_states),
	KUNIT_CASE(limits_of_closing_are_not_the_states),
	KUNIT_CASE(no_new_limits_inside),
	KUNIT_CASE(each_kind_is_called),
	{}
};

static struct kunit_suite invoke_suite = {
	.name = "klua_invoke",
	.init = init_state,
	.exit = exit_state,
	.test_cases = invoke_cases,
};

kunit_test_suite(invoke_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's typed calls");

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit. On a kernel without it, such as Debian's, a replacement for the parts that the
 * suites use: it runs each case in a thread of its own, and writes the results into the
 * log as KTAP.
 */
#ifndef KLUA_SUITE_H
#define KLUA_SUITE_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>

/* Before 5.14 KUnit has no result for a case that is skipped: it says why, and passes. */
#ifndef kunit_skip
#define kunit_skip(test, why)						\
do {									\
	kunit_info(test, "skipped: " why);				\
	kunit_try_catch_throw(&(test)->try_catch);			\
} while (0)
#endif

#else

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/string.h>

struct kunit {
	const char *name;
	void (*run_case)(struct kunit *test);
	struct completion done;
	bool failed;
	const char *skipped;	/* why, or NULL */
};

struct kunit_case {
	const char *name;
	void (*run_case)(struct kunit *test);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

static __printf(5, 6)
void kunit_fail(struct kunit *test, const char *file, int line, bool fatal,
		const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_err("    # %s: failed at %s:%d: %pV\n", test->name, kbasename(file),
	       line, &vaf);
	va_end(args);
	test->failed = true;
	if (fatal)
		kthread_complete_and_exit(&test->done, 0);
}

static int kunit_thread(void *data)
{
	struct kunit *test = data;

	test->run_case(test);
	kthread_complete_and_exit(&test->done, 0);
}

/* The case has made no check yet, and cannot. Ends it. */
#define kunit_skip(test, why)						\
do {									\
	(test)->skipped = (why);					\
	kthread_complete_and_exit(&(test)->done, 0);			\
} while (0)

static bool kunit_run_case(struct kunit_suite *suite, struct kunit *test)
{
	struct task_struct *task;

	init_completion(&test->done);
	if (suite->init && suite->init(test))
		return false;
	task = kthread_run(kunit_thread, test, "kunit");
	if (IS_ERR(task))
		test->failed = true;
	else
		wait_for_completion(&test->done);
	if (suite->exit)
		suite->exit(test);
	return !test->failed;
}

static void kunit_run_suite(struct kunit_suite *suite)
{
	struct kunit_case *c;
	bool all = true;
	bool passed;

	pr_info("    KTAP version 1\n    # Subtest: %s\n", suite->name);
	for (c = suite->test_cases; c->run_case; c++) {
		struct kunit test = { .name = c->name, .run_case = c->run_case };

		passed = kunit_run_case(suite, &test);
		pr_info("    %s %zu %s%s%s\n", passed ? "ok" : "not ok",
			c - suite->test_cases + 1, c->name,
			test.skipped ? " # SKIP " : "", test.skipped ?: "");
		all &= passed;
	}
	pr_info("%s 1 %s\n", all ? "ok" : "not ok", suite->name);
}

#define KUNIT_CASE(fn)	{ .name = #fn, .run_case = fn }

/* Defined by kunit_test_suites(); at most 8 suites a module are run */
static struct kunit_suite *kunit_the_suites[8];

#define kunit_test_suites(...)	\
	static struct kunit_suite *kunit_the_suites[8] = { __VA_ARGS__ }

#define kunit_test_suite(suite)	kunit_test_suites(&(suite))

static int __init kunit_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kunit_the_suites) && kunit_the_suites[i]; i++)
		kunit_run_suite(kunit_the_suites[i]);
	return 0;
}
module_init(kunit_init);

static void __exit kunit_exit(void)
{
}
module_exit(kunit_exit);

#define KUNIT_COMPARE(test, left, op, right, fatal, fmt, ...)		\
do {									\
	typeof(left) __left = (left);					\
	typeof(right) __right = (right);				\
									\
	if (!(__left op __right))					\
		kunit_fail(test, __FILE__, __LINE__, fatal,		\
			   "%s is %lld, not %s %s (%lld)" fmt, #left,	\
			   (long long)__left, #op, #right,		\
			   (long long)__right, ##__VA_ARGS__);		\
} while (0)

#define KUNIT_EXPECT_EQ(test, left, right)	\
	KUNIT_COMPARE(test, left, ==, right, false, "")
#define KUNIT_EXPECT_EQ_MSG(test, left, right, fmt, ...)	\
	KUNIT_COMPARE(test, left, ==, right, false, ": " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE(test, left, right)	\
	KUNIT_COMPARE(test, left, !=, right, false, "")
#define KUNIT_EXPECT_LE(test, left, right)	\
	KUNIT_COMPARE(test, left, <=, right, false, "")
#define KUNIT_EXPECT_GE(test, left, right)	\
	KUNIT_COMPARE(test, left, >=, right, false, "")
#define KUNIT_EXPECT_GT(test, left, right)	\
	KUNIT_COMPARE(test, left, >, right, false, "")
#define KUNIT_EXPECT_TRUE(test, is)		KUNIT_EXPECT_EQ(test, !!(is), true)
#define KUNIT_EXPECT_FALSE(test, is)		KUNIT_EXPECT_EQ(test, !!(is), false)
#define KUNIT_EXPECT_PTR_EQ(test, left, right)	\
	KUNIT_EXPECT_TRUE(test, (left) == (right))
#define KUNIT_EXPECT_NULL(test, ptr)		\
	KUNIT_EXPECT_TRUE(test, (ptr) == NULL)
#define KUNIT_EXPECT_NOT_NULL(test, ptr)	\
	KUNIT_EXPECT_TRUE(test, (ptr) != NULL)
#define KUNIT_EXPECT_STREQ_MSG(test, left, right, fmt, ...)		\
do {									\
	const char *__l = (left);					\
	const char *__r = (right);					\
									\
	if (strcmp(__l, __r))						\
		kunit_fail(test, __FILE__, __LINE__, false,		\
			   "%s is '%s', not '%s': " fmt, #left, __l,	\
			   __r, ##__VA_ARGS__);				\
} while (0)
#define KUNIT_EXPECT_STREQ(test, left, right)	\
	KUNIT_EXPECT_STREQ_MSG(test, left, right, "%s", "")
#define KUNIT_ASSERT_EQ(test, left, right)	\
	KUNIT_COMPARE(test, left, ==, right, true, "")
#define KUNIT_ASSERT_TRUE(test, is)		KUNIT_ASSERT_EQ(test, !!(is), true)
#define KUNIT_ASSERT_NOT_NULL(test, ptr)	\
	KUNIT_ASSERT_TRUE(test, (ptr) != NULL)

#endif /* CONFIG_KUNIT */

#endif /* KLUA_SUITE_H */

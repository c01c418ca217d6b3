// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_scale: makes very many states, and measures calls whose time could depend on
 * their number. The test is over when the module is loaded; its results are in the
 * kernel's log. Its exit destroys the states by klua_state_destroy_all().
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>

#include "states.h"

static unsigned int count = 100000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "states to make (100000)");

static unsigned int maxalloc = 16384;
module_param(maxalloc, uint, 0444);
MODULE_PARM_DESC(maxalloc, "of each (16384)");

#define NAME_SIZE	24

static void name_of(unsigned int i, char *name)
{
	snprintf(name, NAME_SIZE, "scale-%06u", i);
}

static u64 free_bytes(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return (u64)info.freeram * info.mem_unit;
}

static u64 ms_since(ktime_t start)
{
	return ktime_ms_delta(ktime_get(), start);
}

/* Two threads create the states, because that takes long. */
struct maker {
	struct completion done;
	unsigned int from;
	unsigned int to;
	bool failed;
};

static int make_some(void *data)
{
	struct maker *m = data;
	char name[NAME_SIZE];
	unsigned int i;

	for (i = m->from; i < m->to && !m->failed; i++) {
		name_of(i, name);
		m->failed = !klua_state_create(maxalloc, name);
		cond_resched();
	}
	kthread_complete_and_exit(&m->done, 0);
}

static int make_states(unsigned int from, unsigned int to)
{
	unsigned int middle = (from + to) / 2;
	struct maker makers[] = {
		{ .from = from, .to = middle },
		{ .from = middle, .to = to },
	};
	bool failed = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(makers); i++) {
		init_completion(&makers[i].done);
		if (IS_ERR(kthread_run(make_some, &makers[i], "scale"))) {
			makers[i].failed = true;
			complete(&makers[i].done);
		}
	}
	for (i = 0; i < ARRAY_SIZE(makers); i++) {
		wait_for_completion(&makers[i].done);
		failed |= makers[i].failed;
	}
	return failed ? -ENOMEM : 0;
}

/*
 * The time of a lookup, in tenths of a nanosecond. It is measured on a few names at a
 * time, whose states stay in the processor's caches however many others there are, so
 * that the lookup is measured and not the cache. Of several measurements of the same
 * names the shortest counts, which nothing has interrupted. Chains differ in length, so
 * the result is the mean over many groups of names.
 */
#define GROUP	8
#define GROUPS	64
#define ROUNDS	200
#define REPEATS	5

static u64 measure_group(char names[GROUP][NAME_SIZE])
{
	u64 best = U64_MAX;
	int repeat, i, j;

	for (repeat = 0; repeat < REPEATS; repeat++) {
		ktime_t start;

		preempt_disable();
		start = ktime_get();
		for (i = 0; i < ROUNDS; i++)
			for (j = 0; j < GROUP; j++)
				klua_state_put(klua_state_find(names[j]));
		best = min_t(u64, best, ktime_to_ns(ktime_sub(ktime_get(), start)));
		preempt_enable();
		cond_resched();
	}
	return best * 10 / (ROUNDS * GROUP);
}

/*
 * Measure lookups of random names among the states, or of names that no state has, with
 * numbers from @first on.
 */
static u64 measure(unsigned int first, unsigned int states)
{
	static char names[GROUP][NAME_SIZE];
	struct rnd_state rnd;
	u64 sum = 0;
	int i, j;

	prandom_seed_state(&rnd, states);
	for (i = 0; i < GROUPS; i++) {
		for (j = 0; j < GROUP; j++)
			name_of(first + prandom_u32_state(&rnd) % states,
				names[j]);
		sum += measure_group(names);
	}
	return sum / GROUPS;
}

static void find_each(void)
{
	ktime_t start = ktime_get();
	unsigned int i, found = 0;
	struct klua_state *s;
	char name[NAME_SIZE];

	for (i = 0; i < count; i++) {
		name_of(i, name);
		s = klua_state_find(name);
		found += !!s;
		klua_state_put(s);
		cond_resched();
	}
	pr_info("found %u of %u states in %llu ms\n", found, count,
		ms_since(start));
}

static int __init scale_init(void)
{
	u64 free = free_bytes();
	ktime_t start = ktime_get();
	unsigned int have = 0, want;
	u64 bytes;

	for (want = 10; want <= count; want *= 10) {
		if (make_states(have, want)) {
			klua_state_destroy_all();
			return -ENOMEM;
		}
		have = want;
		pr_info("among %u states: %llu for one that is there, %llu for one that is not (0.1 ns)\n",
			have, measure(0, have), measure(count, have));
	}
	bytes = (free - free_bytes()) / have;
	pr_info("created %u states in %llu ms\n", have, ms_since(start));
	pr_info("%llu bytes each; 2 GiB hold %llu\n", bytes,
		(2ull << 30) / bytes);
	find_each();
	start = ktime_get();
	klua_state_list();
	pr_info("listed in %llu ms\n", ms_since(start));
	return 0;
}

static void __exit scale_exit(void)
{
	ktime_t start = ktime_get();

	klua_state_destroy_all();
	pr_info("destroyed in %llu ms\n", ms_since(start));
}

module_init(scale_init);
module_exit(scale_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes very many Lua states");

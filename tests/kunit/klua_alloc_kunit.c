// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator: limits, accounting, sizes that wrap around. The first cases
 * call a copy of it, compiled in here; the others see it work in a state.
 */
#include <linux/interrupt.h>
#include <linux/kthread.h>

/* The copy has names of its own, for both may be in one kernel. */
#define klua_alloc		copy_alloc
#define klua_block_get		copy_block_get
#define klua_block_put		copy_block_put
#define klua_alloc_init		copy_alloc_init
#define klua_alloc_exit		copy_alloc_exit
#define klua_drop		copy_drop
#define klua_pages_get		copy_pages_get
#define klua_pages_put		copy_pages_put
#define klua_pages_grow		copy_pages_grow
#define __klua_window_open	copy_window_open
#define __klua_window_forget	copy_window_forget
#define __klua_window_close	copy_window_close
#define __klua_window_has	copy_window_has
#define __klua_window_idle	copy_window_idle
#define klua_window_fit		copy_window_fit
#define klua_window_get		copy_window_get
#define klua_window_grow	copy_window_grow
#define klua_window_put		copy_window_put
#define klua_window_trim	copy_window_trim
#define klua_windows_init	copy_windows_init
#define klua_windows_exit	copy_windows_exit
#define klua_limits_owe		copy_limits_owe
#define klua_heap_init		copy_heap_init
#define klua_heap_resize	copy_heap_resize
#define klua_heap_alloc_slow	copy_heap_alloc_slow
#define klua_heap_free_slow	copy_heap_free_slow
#define klua_page_turned	copy_page_turned

#include "common.h"

/* The bare state runs nothing that could be charged. */
void copy_limits_owe(struct klua_limits *lim, size_t n)
{
}

#include "../../alloc.c"
#ifdef KLUA_WINDOWS
#include "../../window.c"
#endif
#include "../../heap.c"

#define NAME	"kunit"

/* What the allocator needs of a state */
static struct klua_state bare;

static int init_bare(struct kunit *test)
{
	memset(&bare, 0, sizeof(bare));
	spin_lock_init(&bare.lock);
	bare.maxalloc = 10000;
	klua_alloc_init(&bare);
	return 0;
}

static void exit_states(struct kunit *test)
{
	klua_state_destroy_all();
	klua_alloc_exit(&bare);
	klua_windows_exit();
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
}

static void *resize(void *block, size_t osize, size_t nsize)
{
	return klua_alloc(&bare.limits, block, osize, nsize);
}

static void counts_what_is_asked_for(struct kunit *test)
{
	void *block = resize(NULL, LUA_TTABLE, 100);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 100);
	block = resize(block, 100, 3000);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 3000);
	block = resize(block, 3000, 7);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 7);
	KUNIT_EXPECT_EQ(test, bare.peakalloc, 3000);
	KUNIT_EXPECT_NULL(test, resize(block, 7, 0));
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

static void keeps_contents(struct kunit *test)
{
	static const size_t sizes[] = { 40, 41, 64, 5000, 33, 32, 1 };
	size_t size = 32;
	u8 *block = resize(NULL, 0, size);
	int i, j;

	KUNIT_ASSERT_NOT_NULL(test, block);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(block, i, size);
		block = resize(block, size, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, block);
		for (j = 0; j < min(size, sizes[i]); j++)
			KUNIT_EXPECT_EQ(test, block[j], i);
		size = sizes[i];
	}
	resize(block, size, 0);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

static void blocks_are_aligned(struct kunit *test)
{
	void *block;
	size_t size;

	for (size = 1; size <= 300; size++) {
		block = resize(NULL, 0, size);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, (unsigned long)block % 8, 0);
		resize(block, size, 0);
	}
}

static void limit_is_exact(struct kunit *test)
{
	void *block = resize(NULL, 0, bare.maxalloc);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, 1));
	KUNIT_EXPECT_NULL(test, resize(block, 10000, 10001));
	KUNIT_EXPECT_EQ(test, bare.curralloc, 10000);
	resize(block, 10000, 0);
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, 10001));
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

/* The short way for new blocks and freed ones counts, and refuses, the same. */
static void short_way_is_the_same(struct kunit *test)
{
	static const size_t sizes[] = { 1, 16, 256, 257, 5000 };
	void *blocks[ARRAY_SIZE(sizes)];
	size_t sum = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		blocks[i] = klua_block_get(&bare.limits, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		sum += sizes[i];
		KUNIT_EXPECT_EQ(test, bare.curralloc, sum);
	}
	KUNIT_EXPECT_NULL(test, klua_block_get(&bare.limits, 10001 - sum));
	KUNIT_EXPECT_NULL(test, klua_block_get(&bare.limits, SIZE_MAX));
	KUNIT_EXPECT_NULL(test, klua_block_get(&bare.limits, 0));
	bare.maxalloc = sum - 1;
	KUNIT_EXPECT_NULL(test, klua_block_get(&bare.limits, 1));
	bare.maxalloc = 10000;
	KUNIT_EXPECT_EQ(test, bare.curralloc, sum);
	KUNIT_EXPECT_EQ(test, bare.peakalloc, sum);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		klua_block_put(&bare.limits, blocks[i], sizes[i]);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

/*
 * FAULT: curralloc - osize + nsize that wraps around, and so seems to fit.
 */
static void fault_curralloc_wraps(struct kunit *test)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 99, SIZE_MAX - 100,
		SIZE_MAX - 10000, SIZE_MAX / 2, SIZE_MAX / 2 + 1, LONG_MAX,
	};
	void *block = resize(NULL, 0, 100);
	int i, unlimited;

	KUNIT_ASSERT_NOT_NULL(test, block);
	for (unlimited = 0; unlimited <= 1; unlimited++) {
		bare.maxalloc = unlimited ? SIZE_MAX : 10000;
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			KUNIT_EXPECT_NULL(test, resize(NULL, 0, sizes[i]));
			KUNIT_EXPECT_NULL(test, resize(block, 100, sizes[i]));
			KUNIT_EXPECT_EQ(test, bare.curralloc, 100);
		}
	}
	resize(block, 100, 0);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

/* Lua relies on it: a shrink has no way to fail. */
static void shrink_never_fails(struct kunit *test)
{
	size_t size = 10000;
	void *block = resize(NULL, 0, size);

	KUNIT_ASSERT_NOT_NULL(test, block);
	bare.maxalloc = 1;
	for (; size > 1; size = size * 2 / 3) {
		block = resize(block, size, size * 2 / 3);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, bare.curralloc, size * 2 / 3);
	}
	block = resize(block, 1, 1);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, resize(block, 1, 2));
	resize(block, 1, 0);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

static void freeing_nothing_is_nothing(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, resize(NULL, LUA_TSTRING, 0));
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

/* Blocks that Lua did not free go back with their pages, or one by one. */
static void closing_forgets_no_page(struct kunit *test)
{
	static const size_t sizes[] = { 16, 100, 3000, 5000, 20000 };
	void *blocks[ARRAY_SIZE(sizes)];
	size_t sum = 0;
	int i;

	bare.maxalloc = 200000;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		blocks[i] = resize(resize(NULL, 0, 90000), 90000, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		sum += sizes[i];
	}
	if (!klua_drop(&bare.limits, sum))
		while (i--)
			resize(blocks[i], sizes[i], 0);
	else
		KUNIT_EXPECT_GE(test, bare.heap.held, sum);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
	klua_alloc_exit(&bare);
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bare.pages));
	klua_alloc_init(&bare);
}

static struct klua_state *create(struct kunit *test, size_t maxalloc)
{
	struct klua_state *s = klua_state_create(maxalloc, NAME);

	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

static int userdata(lua_State *L)
{
	size_t *size = lua_touserdata(L, 1);

	lua_newuserdata(L, *size);
	return 0;
}

/* FAULT: curralloc - osize + nsize wraps, seen from a consumer's function. */
static void fault_userdata_wraps(struct kunit *test)
{
	static size_t sizes[] = { SIZE_MAX, SIZE_MAX - 40, LONG_MAX, SMALL };
	struct klua_state *s = create(test, SIZE_MAX);
	int i, err;

	for (i = 0; i < ARRAY_SIZE(sizes) - 1; i++) {
		err = klua_state_call(s, userdata, &sizes[i]);
		KUNIT_EXPECT_TRUE(test, err == -ENOMEM || err == -EREMOTEIO);
		KUNIT_EXPECT_LE(test, s->peakalloc, SMALL);
	}
	KUNIT_EXPECT_EQ(test, klua_state_call(s, userdata, &sizes[i]), 0);
}

static void script_meets_the_limit(struct kunit *test)
{
	struct klua_state *s = create(test, SMALL);
	size_t before;

	KUNIT_EXPECT_EQ(test, run_text(s, "collectgarbage()"), 0);
	before = s->curralloc;
	KUNIT_EXPECT_EQ(test, run_text(s, "local t = {} while true do\n"
				       "t[#t + 1] = ('x'):rep(100) .. #t end"),
			-ENOMEM);
	KUNIT_EXPECT_LE(test, s->peakalloc, SMALL);
	KUNIT_EXPECT_GT(test, s->peakalloc, SMALL / 2);
	KUNIT_EXPECT_EQ(test, run_text(s, "return ('x'):rep(1000000)"),
			-ENOMEM);
	KUNIT_EXPECT_LE(test, s->peakalloc, SMALL);
	KUNIT_EXPECT_EQ(test, run_text(s, "collectgarbage() collectgarbage()"),
			0);
	KUNIT_EXPECT_LE(test, s->curralloc, before + 4096);
}

static void limit_can_be_raised(struct kunit *test)
{
	struct klua_state *s = create(test, SMALL);
	static const char text[] = "return #('x'):rep(100000)";

	KUNIT_EXPECT_EQ(test, run_text(s, text), -ENOMEM);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, 1000000), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, text), 0);
}

static void limit_below_use_takes_nothing_away(struct kunit *test)
{
	struct klua_state *s = create(test, 1000000);

	KUNIT_EXPECT_EQ(test, run_text(s, "x = ('x'):rep(100000)"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, SMALL), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "y = ('y'):rep(1000)"), -ENOMEM);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, 1000000), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "assert(#x == 100000) x = nil\n"
				       "collectgarbage()"), 0);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, SMALL), 0);
	KUNIT_EXPECT_EQ(test, run_text(s, "y = ('y'):rep(1000)"), 0);
}

static void limit_has_a_minimum(struct kunit *test)
{
	struct klua_state *s = create(test, SMALL);

	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, KLUA_MIN_ALLOC - 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, s->maxalloc, SMALL);
	KUNIT_EXPECT_EQ(test, klua_state_set_maxalloc(s, SIZE_MAX), 0);
	KUNIT_EXPECT_EQ(test, s->maxalloc, SIZE_MAX);
}

static int count_bytes(lua_State *L)
{
	size_t *bytes = lua_touserdata(L, 1);

	*bytes = (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 +
		 lua_gc(L, LUA_GCCOUNTB, 0);
	return 0;
}

/* Lua keeps its own count of what it holds. */
static void agrees_with_lua(struct kunit *test)
{
	struct klua_state *s = create(test, 1000000);
	size_t bytes;
	int i;

	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, run_text(s, "t = t or {} for i = 1, 100 do\n"
					       "t[#t + 1] = {i} end"), 0);
		KUNIT_EXPECT_EQ(test, klua_state_call(s, count_bytes, &bytes),
				0);
		KUNIT_EXPECT_EQ(test, s->curralloc, bytes);
	}
}

#ifdef KLUA_WINDOWS
#define BLOCK	((size_t)SZ_2M)
#define PAGES	(BLOCK >> PAGE_SHIFT)

static void *get(size_t size, size_t room)
{
	char *block = klua_window_get(&bare, size, room, GFP_KERNEL);

	/* All of it is there. */
	if (block)
		memset(block, 0x55, size);
	return block;
}

static void open_window(struct kunit *test)
{
	bare.maxalloc = KMALLOC_MAX_SIZE + 1;
	klua_window_open(&bare);
	KUNIT_ASSERT_NOT_NULL(test, bare.window);
	KUNIT_ASSERT_TRUE(test, bare.window->pages >= 4 * PAGES);
}

static void uses_freed_pages_again(struct kunit *test)
{
	void *a, *b;

	open_window(test);
	KUNIT_EXPECT_NULL(test, get(BLOCK, BLOCK - PAGE_SIZE));
	klua_window_trim(&bare, BLOCK);
	a = get(BLOCK, BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, a);
	klua_window_put(&bare, a, BLOCK);
	KUNIT_EXPECT_EQ(test, klua_window_idle(&bare), BLOCK);
	b = get(BLOCK, 0);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_EQ(test, klua_window_idle(&bare), 0);
	klua_window_put(&bare, b, BLOCK);
}

/*
 * A page may move to another address. The old one may not be used before every
 * processor has forgotten what was there.
 */
static void spent_addresses_wait_for_a_flush(struct kunit *test)
{
	char *a, *b, *c, *d, *e;

	open_window(test);
	a = get(BLOCK, BLOCK);
	b = get(BLOCK, BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	memset(b, 0x66, BLOCK);
	klua_window_put(&bare, a, BLOCK);
	/* Too large for where a was, but made of the pages that were there. */
	c = get(BLOCK + PAGE_SIZE, PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, klua_window_idle(&bare), 0);
	KUNIT_EXPECT_EQ(test, bare.window->spent, PAGES);
	KUNIT_EXPECT_EQ(test, bare.window->used, 2 * PAGES + 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(b, 0x66, BLOCK));
	d = get(PAGE_SIZE * 2, PAGE_SIZE * 2);
	KUNIT_EXPECT_TRUE(test, d && (d < a || d >= a + BLOCK));
	flush_delayed_work(&care_work);
	e = get(BLOCK, BLOCK);
	KUNIT_EXPECT_PTR_EQ(test, e, a);
	KUNIT_EXPECT_EQ(test, bare.window->spent, 0);
	klua_window_put(&bare, b, BLOCK);
	klua_window_put(&bare, c, BLOCK + PAGE_SIZE);
	klua_window_put(&bare, d, PAGE_SIZE * 2);
	klua_window_put(&bare, e, BLOCK);
}

static void idle_pages_go_back(struct kunit *test)
{
	char *a, *b;

	open_window(test);
	a = get(BLOCK, BLOCK);
	b = get(BLOCK, BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	klua_window_put(&bare, a, BLOCK);
	flush_delayed_work(&care_work);
	KUNIT_EXPECT_EQ(test, klua_window_idle(&bare), 0);
	KUNIT_EXPECT_EQ(test, bare.window->used, PAGES);
	KUNIT_EXPECT_NULL(test, memchr_inv(b, 0x55, BLOCK));
	KUNIT_EXPECT_PTR_EQ(test, get(BLOCK, BLOCK), a);
	KUNIT_EXPECT_EQ(test, bare.window->spent, 0);
	klua_window_put(&bare, a, BLOCK);
	klua_window_put(&bare, b, BLOCK);
}

static DECLARE_COMPLETION(lock_held);
static bool lock_over;

/* For half a second at most: where there is one processor, it is needed. */
static int hold_lock(void *unused)
{
	unsigned long end = jiffies + HZ / 2;

	spin_lock_bh(&bare.lock);
	complete(&lock_held);
	while (!READ_ONCE(lock_over) && time_before(jiffies, end))
		cpu_relax();
	spin_unlock_bh(&bare.lock);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* A state that is always busy gets its addresses back all the same. */
static void a_flush_needs_no_lock(struct kunit *test)
{
	struct task_struct *holder;
	char *a, *b, *c;

	open_window(test);
	a = get(BLOCK, BLOCK);
	b = get(BLOCK, BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, a);
	klua_window_put(&bare, a, BLOCK);
	c = get(BLOCK + 4 * PAGE_SIZE, 4 * PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, bare.window->spent, PAGES);
	KUNIT_EXPECT_NULL(test, get(BLOCK, BLOCK));
	holder = kthread_run(hold_lock, NULL, "holder");
	KUNIT_ASSERT_TRUE(test, !IS_ERR(holder));
	wait_for_completion(&lock_held);
	flush_delayed_work(&care_work);
	WRITE_ONCE(lock_over, true);
	kthread_stop(holder);
	KUNIT_EXPECT_PTR_EQ(test, get(BLOCK, BLOCK), a);
	klua_window_put(&bare, a, BLOCK);
	klua_window_put(&bare, b, BLOCK);
	klua_window_put(&bare, c, BLOCK + 4 * PAGE_SIZE);
}

static void grows_where_it_is(struct kunit *test)
{
	char *a, *b;

	open_window(test);
	a = get(BLOCK, BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_FALSE(test, klua_window_grow(&bare, a, BLOCK, 2 * BLOCK,
						  PAGE_SIZE, GFP_KERNEL));
	klua_window_trim(&bare, BLOCK);
	KUNIT_EXPECT_FALSE(test, klua_window_grow(&bare, a, BLOCK, SZ_1G, SZ_1G,
						  GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, klua_window_grow(&bare, a, BLOCK, 2 * BLOCK,
						 BLOCK, GFP_KERNEL));
	memset(a + BLOCK, 0x77, BLOCK);
	KUNIT_EXPECT_NULL(test, memchr_inv(a, 0x55, BLOCK));
	b = get(BLOCK, BLOCK);
	KUNIT_EXPECT_PTR_EQ(test, b, a + 2 * BLOCK);
	KUNIT_EXPECT_FALSE(test, klua_window_grow(&bare, a, 2 * BLOCK,
						  2 * BLOCK + PAGE_SIZE, BLOCK,
						  GFP_KERNEL));
	klua_window_put(&bare, a + PAGE_SIZE, 2 * BLOCK - PAGE_SIZE);
	klua_window_put(&bare, a, PAGE_SIZE);
	klua_window_put(&bare, b, BLOCK);
}

static void a_large_block_may_shrink_and_grow(struct kunit *test)
{
	size_t size = KMALLOC_MAX_SIZE + 100000;
	char *block;

	klua_alloc_exit(&bare);
	bare.maxalloc = 3 * size;
	klua_alloc_init(&bare);
	block = resize(NULL, 0, size);
	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0x11, size);
	block = resize(block, size, 2 * size);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0x11, size));
	memset(block, 0x22, 2 * size);
	block = resize(block, 2 * size, 50000);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0x22, 50000));
	block = resize(block, 50000, 50);
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0x22, 50));
	resize(block, 50, 0);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}
#endif /* KLUA_WINDOWS */

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE(counts_what_is_asked_for),
	KUNIT_CASE(keeps_contents),
	KUNIT_CASE(blocks_are_aligned),
	KUNIT_CASE(limit_is_exact),
	KUNIT_CASE(short_way_is_the_same),
	KUNIT_CASE(fault_curralloc_wraps),
	KUNIT_CASE(shrink_never_fails),
	KUNIT_CASE(freeing_nothing_is_nothing),
	KUNIT_CASE(closing_forgets_no_page),
	KUNIT_CASE(fault_userdata_wraps),
	KUNIT_CASE(script_meets_the_limit),
	KUNIT_CASE(limit_can_be_raised),
	KUNIT_CASE(limit_below_use_takes_nothing_away),
	KUNIT_CASE(limit_has_a_minimum),
	KUNIT_CASE(agrees_with_lua),
#ifdef KLUA_WINDOWS
	KUNIT_CASE(uses_freed_pages_again),
	KUNIT_CASE(spent_addresses_wait_for_a_flush),
	KUNIT_CASE(idle_pages_go_back),
	KUNIT_CASE(a_flush_needs_no_lock),
	KUNIT_CASE(grows_where_it_is),
	KUNIT_CASE(a_large_block_may_shrink_and_grow),
#endif
	{}
};

static struct kunit_suite alloc_suite = {
	.name = "klua_alloc",
	.init = init_bare,
	.exit = exit_states,
	.test_cases = alloc_cases,
};

kunit_test_suite(alloc_suite);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of KLua's allocator");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator: limits, accounting, sizes that wrap around, and where each kind
 * of state gets its memory. Most cases call a copy of the allocator that is compiled
 * into this module; the others use a state.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

/* Rename the copy's functions, since both may be in one kernel. */
#define klua_alloc		copy_alloc
#define klua_block_get		copy_block_get
#define klua_block_put		copy_block_put
#define klua_alloc_init		copy_alloc_init
#define klua_alloc_exit		copy_alloc_exit
#define klua_alloc_set_max	copy_alloc_set_max
#define klua_alloc_max_fits	copy_alloc_max_fits
#define klua_alloc_charge	copy_alloc_charge
#define klua_drop		copy_drop
#define klua_memory_left	copy_memory_left
#define klua_pages_get		copy_pages_get
#define klua_pages_put		copy_pages_put
#define klua_pages_resize	copy_pages_resize
#define klua_heap_charge	copy_heap_charge
#define klua_heap_affords	copy_heap_affords
#define klua_limits_owe		copy_limits_owe
#define klua_limits_afford	copy_limits_afford
#define klua_heap_init		copy_heap_init
#define klua_heap_resize	copy_heap_resize
#define klua_heap_alloc_slow	copy_heap_alloc_slow
#define klua_heap_free_slow	copy_heap_free_slow
#define klua_page_turned	copy_page_turned
#define klua_page_unempty	copy_page_unempty
#ifdef CONFIG_KASAN_GENERIC
#define klua_heap_poison	copy_heap_poison
#define klua_heap_unpoison	copy_heap_unpoison
#define klua_pages_unpoison	copy_pages_unpoison
#endif

#include "common.h"

/* The bare state runs nothing that could be charged for. */
void copy_limits_owe(struct klua_limits *lim, size_t n)
{
}

bool copy_limits_afford(const struct klua_limits *lim, size_t n)
{
	return true;
}

/*
 * The copy's requests to the page allocator and vmalloc, some of which are made to fail
 */
static struct {
	unsigned int calls;
	gfp_t gfp;
	bool no_contiguous;
	bool nothing;
} machine;

static void *machine_pages(size_t size, gfp_t gfp)
{
	machine.calls++;
	machine.gfp = gfp;
	if (machine.nothing || (machine.no_contiguous && size > PAGE_SIZE))
		return NULL;
	return alloc_pages_exact(size, gfp);
}

static void *machine_area(unsigned long size, gfp_t gfp)
{
	machine.calls++;
	machine.gfp = gfp;
	return machine.nothing ? NULL : __vmalloc(size, gfp);
}

static void machine_pages_free(void *pages, size_t size)
{
	machine.calls++;
	free_pages_exact(pages, size);
}

static void machine_area_free(const void *area)
{
	machine.calls++;
	vfree(area);
}

#undef alloc_pages_exact
#undef __vmalloc
#define alloc_pages_exact	machine_pages
#define free_pages_exact	machine_pages_free
#define __vmalloc		machine_area
#define vfree			machine_area_free

#include "../../alloc.c"
#include "../../heap.c"
#ifdef CONFIG_KASAN_GENERIC
#include "../../kasan.c"
#endif

#define NAME	"kunit"

/* A state with no more than the allocator needs */
static struct klua_state bare;

static int init_bare(struct kunit *test)
{
	memset(&bare, 0, sizeof(bare));
	spin_lock_init(&bare.lock);
	memset(&machine, 0, sizeof(machine));
	bare.maxalloc = 10000;
	return klua_alloc_init(&bare);
}

/* Make the bare state anew, of another kind than init_bare() does. */
static int make_bare(enum klua_kind kind, bool reserved, size_t maxalloc)
{
	klua_alloc_exit(&bare);
	bare.kind = kind;
	bare.reserved = reserved;
	bare.maxalloc = maxalloc;
	return klua_alloc_init(&bare);
}

static void exit_states(struct kunit *test)
{
	klua_state_destroy_all();
	klua_alloc_exit(&bare);
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

/* The inlined path for new and freed blocks counts and refuses as klua_alloc() does. */
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

/* FAULT: curralloc - osize + nsize wraps around, so that a huge size seems to fit. */
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

/* Lua relies on this, and has no code for a shrink that fails. */
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

/* The pages of blocks that Lua did not free are freed. */
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
	KUNIT_EXPECT_TRUE(test, klua_drop(&bare.limits, sum));
	KUNIT_EXPECT_GE(test, bare.heap.held, sum);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
	klua_alloc_exit(&bare);
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bare.pages));
	KUNIT_EXPECT_TRUE(test, list_empty(&bare.areas));
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

/* FAULT: curralloc - osize + nsize wraps around, caused by a consumer's function. */
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

/* Lua's own count of its bytes is the same. */
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

/* Is @block not NULL, and do its @size bytes have the value @byte? */
static bool holds(void *block, u8 byte, size_t size)
{
	return block && !memchr_inv(block, byte, size);
}

/* sparse warns of a memset() whose size is a large constant; here it is none. */
static void fill(void *block, u8 byte, size_t size)
{
	memset(block, byte, size);
}

/*
 * An atomic state asks for free memory only: it does not reclaim, warn, or use the
 * reserves.
 */
static void atomic_waits_for_nothing(struct kunit *test)
{
	void *block;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_ATOMIC, false, SZ_64M), 0);
	spin_lock_bh(&bare.lock);
	block = resize(NULL, 0, 3 * PAGE_SIZE);
	spin_unlock_bh(&bare.lock);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_FALSE(test, machine.gfp & __GFP_DIRECT_RECLAIM);
	KUNIT_EXPECT_FALSE(test, machine.gfp & __GFP_HIGH);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_NOWARN);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_NOMEMALLOC);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_ACCOUNT);
	resize(block, 3 * PAGE_SIZE, 0);
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, KMALLOC_MAX_SIZE + 1));
	machine.no_contiguous = true;
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, 3 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
}

/* A sleepable state waits for memory, but does not start the OOM killer. */
static void sleepable_waits(struct kunit *test)
{
	void *small, *large;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_SLEEPABLE, false, SZ_64M), 0);
	small = resize(NULL, 0, 100);
	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_DIRECT_RECLAIM);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_RETRY_MAYFAIL);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_NOWARN);
	KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_ACCOUNT);
	large = resize(NULL, 0, SZ_1M);
	KUNIT_ASSERT_NOT_NULL(test, large);
	/* For contiguous pages it does not try hard: vmalloc comes next. */
	if (!is_vmalloc_addr(large))
		KUNIT_EXPECT_TRUE(test, machine.gfp & __GFP_NORETRY);
	resize(small, 100, 0);
	resize(large, SZ_1M, 0);
}

/*
 * vmalloc gives blocks that are larger than contiguous pages can be, or than there are
 * any.
 */
static void sleepable_gets_large_blocks(struct kunit *test)
{
	size_t size = KMALLOC_MAX_SIZE + 100000;
	char *block;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_SLEEPABLE, false, 3 * size),
			0);
	block = resize(NULL, 0, size);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(block));
	fill(block, 0x11, size);
	block = resize(block, size, 2 * size);
	KUNIT_ASSERT_TRUE(test, holds(block, 0x11, size));
	fill(block, 0x22, 2 * size);
	KUNIT_EXPECT_NULL(test, resize(block, 2 * size, 3 * size + 1));
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, size + 1));
	block = resize(block, 2 * size, 50000);
	KUNIT_ASSERT_TRUE(test, holds(block, 0x22, 50000));
	KUNIT_EXPECT_LE(test, bare.heap.held, 70000);
	block = resize(block, 50000, 50);
	KUNIT_ASSERT_TRUE(test, holds(block, 0x22, 50));
	machine.no_contiguous = true;
	block = resize(block, 50, 3 * PAGE_SIZE);
	KUNIT_ASSERT_TRUE(test, holds(block, 0x22, 50));
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(block));
	resize(block, 3 * PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

/*
 * A state that is being built may wait and gets areas of vmalloc. Later, where it may
 * not sleep, it goes on to use them.
 */
static void built_areas_in_softirq(struct kunit *test)
{
	size_t size = 10 * PAGE_SIZE;
	char *block;
	size_t held;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_ATOMIC, false, SZ_1M), 0);
	machine.no_contiguous = true;
	bare.building = true;
	block = resize(NULL, 0, size);
	bare.building = false;
	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0x33, size);
	held = bare.heap.held;
	KUNIT_EXPECT_GT(test, held, size);

	/* A resize that needs no new page works without vmalloc. */
	spin_lock_bh(&bare.lock);
	block = resize(block, size, 6 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, bare.heap.held, held);
	block = resize(block, 6 * PAGE_SIZE, size);
	KUNIT_EXPECT_TRUE(test, holds(block, 0x33, 6 * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, resize(block, size, 20 * PAGE_SIZE));
	block = resize(block, size, 3 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, holds(block, 0x33, 3 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, bare.heap.held, held);
	machine.no_contiguous = false;
	block = resize(block, 3 * PAGE_SIZE, PAGE_SIZE + 1);
	KUNIT_EXPECT_TRUE(test, holds(block, 0x33, PAGE_SIZE + 1));
	KUNIT_EXPECT_LE(test, bare.heap.held, 2 * PAGE_SIZE);
	resize(block, PAGE_SIZE + 1, 0);
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
	spin_unlock_bh(&bare.lock);
	KUNIT_EXPECT_TRUE(test, list_empty(&bare.areas));
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
}

/*
 * When the block of an area becomes small, its page serves small blocks, and the area
 * is freed as a whole.
 */
static void area_becomes_a_page(struct kunit *test)
{
	char *block, *other;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_ATOMIC, false, SZ_1M), 0);
	machine.no_contiguous = true;
	bare.building = true;
	block = resize(NULL, 0, 10 * PAGE_SIZE);
	bare.building = false;
	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0x44, 100);
	machine.nothing = true;
	block = resize(block, 10 * PAGE_SIZE, 100);
	KUNIT_ASSERT_TRUE(test, holds(block, 0x44, 100));
	other = resize(NULL, 0, 200);
	KUNIT_ASSERT_NOT_NULL(test, other);
	memset(other, 0x55, 200);
	KUNIT_EXPECT_TRUE(test, holds(block, 0x44, 100));
	resize(block, 100, 0);
	resize(other, 200, 0);
	machine.nothing = false;
	KUNIT_EXPECT_TRUE(test, klua_drop(&bare.limits, 0));
	klua_alloc_exit(&bare);
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
	KUNIT_EXPECT_EQ(test, klua_alloc_init(&bare), 0);
}

/* Sizes as in a script: small ones, and now and then a large one */
static size_t some_size(unsigned int i)
{
	return (i * 2654435761u) % (i % 7 ? 300 : 3 * PAGE_SIZE) + 1;
}

/* Allocate, grow, shrink and free blocks. Returns how many requests were refused. */
static unsigned int churn(unsigned int rounds)
{
	static void *blocks[16];
	static size_t sizes[16];
	unsigned int i, refused = 0;
	void *block;

	for (i = 0; i < rounds; i++) {
		size_t *size = &sizes[i % 16];
		size_t wanted = i % 5 ? some_size(i) : 0;

		block = resize(blocks[i % 16], *size, wanted);
		if (wanted && !block) {
			refused++;
			continue;
		}
		blocks[i % 16] = block;
		*size = wanted;
		if (block)
			memset(block, i, wanted);
	}
	for (i = 0; i < 16; i++) {
		resize(blocks[i], sizes[i], 0);
		blocks[i] = NULL;
		sizes[i] = 0;
	}
	return refused;
}

/*
 * A reserved state gets all its memory with interrupts off, without any call of an
 * allocator.
 */
static void reserved_needs_nobody(struct kunit *test)
{
	unsigned int calls, refused;
	unsigned long irqs;
	size_t sum = 0;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_IRQ, false, SZ_256K), 0);
	KUNIT_EXPECT_TRUE(test, bare.reserved);
	calls = machine.calls;
	machine.nothing = true;
	local_irq_save(irqs);
	refused = churn(5000);
	while (resize(NULL, 0, 1000))
		sum += 1000;
	local_irq_restore(irqs);
	KUNIT_EXPECT_EQ(test, refused, 0);
	KUNIT_EXPECT_EQ(test, machine.calls, calls);
	/* The state holds all that it may hold. */
	KUNIT_EXPECT_EQ(test, bare.curralloc, sum);
	KUNIT_EXPECT_GT(test, sum, SZ_256K - 1000);
	KUNIT_EXPECT_TRUE(test, klua_drop(&bare.limits, sum));
	machine.nothing = false;
}

static void reserved_may_be_atomic(struct kunit *test)
{
	unsigned int calls;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_ATOMIC, true, SZ_1M), 0);
	calls = machine.calls;
	spin_lock_bh(&bare.lock);
	KUNIT_EXPECT_EQ(test, churn(2000), 0);
	spin_unlock_bh(&bare.lock);
	KUNIT_EXPECT_EQ(test, machine.calls, calls);
}

/*
 * A block can be doubled up to maxalloc, although old and new half need room at the
 * same time.
 */
static void reserved_doubles(struct kunit *test)
{
	/* Whole pages, however large these are */
	size_t size = 2 * PAGE_SIZE;
	char *block, *grown;

	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_IRQ, true, SZ_1M), 0);
	block = resize(NULL, 0, size);
	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0x66, size);
	/* There is free room behind the block, so it is not moved. */
	grown = resize(block, size, 2 * size);
	KUNIT_EXPECT_PTR_EQ(test, grown, block);
	block = grown;
	for (size *= 2; size < SZ_1M; size *= 2) {
		block = resize(block, size, 2 * size);
		KUNIT_ASSERT_TRUE(test, holds(block, 0x66, 2 * PAGE_SIZE));
	}
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, 1));
	block = resize(block, SZ_1M, 2 * PAGE_SIZE);
	KUNIT_ASSERT_TRUE(test, holds(block, 0x66, 2 * PAGE_SIZE));
	resize(block, 2 * PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, bare.curralloc, 0);
	KUNIT_EXPECT_EQ(test, bare.heap.held, 0);
}

static void reserved_limit_cannot_rise(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_IRQ, true, 100000), 0);
	KUNIT_EXPECT_EQ(test, klua_alloc_set_max(&bare, 100001), -EINVAL);
	KUNIT_EXPECT_EQ(test, bare.maxalloc, 100000);
	KUNIT_EXPECT_EQ(test, klua_alloc_set_max(&bare, 50000), 0);
	KUNIT_EXPECT_NULL(test, resize(NULL, 0, 50001));
	KUNIT_EXPECT_EQ(test, klua_alloc_set_max(&bare, 100000), 0);
	KUNIT_ASSERT_EQ(test, make_bare(KLUA_KIND_ATOMIC, false, 100000), 0);
	KUNIT_EXPECT_EQ(test, klua_alloc_set_max(&bare, SIZE_MAX), 0);
}

static void a_reserve_may_be_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, make_bare(KLUA_KIND_IRQ, true, SIZE_MAX),
			-ENOMEM);
	machine.nothing = true;
	KUNIT_EXPECT_EQ(test, make_bare(KLUA_KIND_ATOMIC, true, 100000),
			-ENOMEM);
	machine.nothing = false;
	KUNIT_EXPECT_EQ(test, make_bare(KLUA_KIND_ATOMIC, true, 100000), 0);
}

#define LARGE_STRING	((size_t)(IS_ENABLED(CONFIG_KASAN) ? SZ_8M : SZ_64M))
#define LARGE_TABLE	(IS_ENABLED(CONFIG_KASAN) ? 1 << 19 : 1 << 22)

static int make_string(lua_State *L)
{
	size_t len = LARGE_STRING;
	luaL_Buffer b;
	char *to;

	to = luaL_buffinitsize(L, &b, len);
	memset(to, 'x', len);
	to[len - 1] = 'y';
	luaL_pushresultsize(&b, len);
	if (lua_tolstring(L, -1, &len)[LARGE_STRING - 1] != 'y')
		return luaL_error(L, "another string");
	lua_pushinteger(L, len);
	return 1;
}

static int make_table(lua_State *L)
{
	lua_createtable(L, LARGE_TABLE, 0);
	lua_pushboolean(L, true);
	lua_rawseti(L, -2, LARGE_TABLE);
	lua_pushinteger(L, lua_rawlen(L, -1));
	return 1;
}

static void makes(struct kunit *test, struct klua_state *s, lua_CFunction fn,
		  lua_Integer size)
{
	lua_pushcfunction(s->L, fn);
	KUNIT_EXPECT_EQ(test, lua_pcall(s->L, 0, 1, 0), LUA_OK);
	KUNIT_EXPECT_EQ(test, lua_tointeger(s->L, -1), size);
	lua_settop(s->L, 0);
}

/* A state that is being built holds large values. */
static void built_state_has_large_values(struct kunit *test)
{
	struct klua_state *s = create(test, SZ_256M);

	KUNIT_EXPECT_EQ(test, klua_state_set_steps(s, KLUA_STEPS_UNLIMITED), 0);
	/* As klua_state_new() sets these while it builds a state. */
	s->building = true;
	s->limits.preemptible = true;
	s->entry_ns = KLUA_TIME_UNLIMITED;
	makes(test, s, make_string, LARGE_STRING);
	KUNIT_EXPECT_GT(test, s->peakalloc, 2 * LARGE_STRING);
	lua_gc(s->L, LUA_GCCOLLECT, 0);
	makes(test, s, make_table, LARGE_TABLE);
	lua_gc(s->L, LUA_GCCOLLECT, 0);
	KUNIT_EXPECT_LE(test, s->curralloc, SMALL);
	KUNIT_EXPECT_LE(test, s->heap.held, 2 * SMALL);
	s->building = false;
	s->limits.preemptible = false;
}

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
	KUNIT_CASE(atomic_waits_for_nothing),
	KUNIT_CASE(sleepable_waits),
	KUNIT_CASE(sleepable_gets_large_blocks),
	KUNIT_CASE(built_areas_in_softirq),
	KUNIT_CASE(area_becomes_a_page),
	KUNIT_CASE(reserved_needs_nobody),
	KUNIT_CASE(reserved_may_be_atomic),
	KUNIT_CASE(reserved_doubles),
	KUNIT_CASE(reserved_limit_cannot_rise),
	KUNIT_CASE(a_reserve_may_be_refused),
	KUNIT_CASE(built_state_has_large_values),
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

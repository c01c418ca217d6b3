/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heap of a Lua state: blocks of any size on the state's own pages. heap.c says how
 * it works; this file has what is inlined.
 *
 * Uses nothing of the kernel, so that it can be tested in user space.
 */
#ifndef KLUA_HEAP_H
#define KLUA_HEAP_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <asm/page.h>
#define KLUA_PAGE		PAGE_SIZE
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
typedef unsigned long u64;
typedef unsigned int u32;
typedef int s32;
#ifndef KLUA_PAGE
#define KLUA_PAGE		4096ul
#endif
#endif

/* Sizes of blocks and offsets in a page are counted in grains of 16 bytes. */
#define KLUA_GRAIN		16
#define KLUA_GRAINS		(KLUA_PAGE / KLUA_GRAIN)
#define KLUA_GRAIN_WORDS	(KLUA_GRAINS / 64)

/*
 * Bytes behind each block that belong to it and that nobody may touch, a multiple of
 * the grain. KASAN and the test need them to notice an access behind a block whose size
 * is a multiple of the grain.
 */
#ifndef KLUA_RED_ZONE
#if defined(__KERNEL__) && defined(CONFIG_KASAN_GENERIC)
#define KLUA_RED_ZONE		KLUA_GRAIN
#else
#define KLUA_RED_ZONE		0
#endif
#endif

/*
 * Each size up to 256 bytes has a bin of its own; above that each power of two has one,
 * up to a page.
 */
#define KLUA_EXACT_BINS		16
#define KLUA_EXACT_MAX		(KLUA_EXACT_BINS * KLUA_GRAIN - KLUA_RED_ZONE)
#define KLUA_BINS \
	(KLUA_EXACT_BINS + __builtin_ctz(KLUA_GRAINS / KLUA_EXACT_BINS))

/*
 * A free block, linked into its bin. Fits into the smallest block, which is one grain.
 */
struct klua_free {
	struct klua_free *next;
	struct klua_free **pprev;
};

struct klua_page_list {
	struct klua_page_list *next;
	struct klua_page_list *prev;
};

/**
 * struct klua_page - the head of a page that holds small blocks
 *
 * Protected as struct klua_heap.
 *
 * @list: link in one of the heap's lists of pages
 * @used: grains of the blocks that Lua has on the page
 * @unripe: grains that have to be freed before it pays to join free neighbours
 * @start: a bit for each grain where a block, free or not, starts
 * @free: a bit for each grain where a free block starts
 */
struct klua_page {
	struct klua_page_list list;
	u32 used;
	s32 unripe;
	u64 start[KLUA_GRAIN_WORDS];
	u64 free[KLUA_GRAIN_WORDS];
};

/* Grains that the head takes, and bytes of the largest block that fits behind it */
#define KLUA_PAGE_HEAD \
	((sizeof(struct klua_page) + KLUA_GRAIN - 1) / KLUA_GRAIN)
#define KLUA_SMALL_MAX \
	(KLUA_PAGE - KLUA_PAGE_HEAD * KLUA_GRAIN - KLUA_RED_ZONE)

/**
 * struct klua_heap - the heap of one state
 *
 * All fields are guarded by the state's lock, or private while nobody else knows the
 * state.
 *
 * @hole: start of the free room that new small blocks are cut from
 * @hole_end: end of that room
 * @filled: a bit for each bin of mixed sizes: if it is 0, the bin is empty. Bins of
 *	    one size have no bits
 * @pages: number of pages of small blocks
 * @empties: number of these pages in which Lua has no block
 * @held: bytes of all pages, those of large blocks included; counted by the host
 * @spare: the last large block that was freed, which waits for a request of its size; or
 *	   NULL
 * @spare_size: bytes of its pages
 * @empty: pages in which Lua has no block
 * @ripe: pages in which it pays to join free blocks
 * @rest: all other pages
 * @bins: free blocks by size
 */
struct klua_heap {
	char *hole;
	char *hole_end;
	u64 filled;
	u32 pages;
	u32 empties;
	size_t held;
	void *spare;
	size_t spare_size;
	struct klua_page_list empty;
	struct klua_page_list ripe;
	struct klua_page_list rest;
	struct klua_free *bins[KLUA_BINS];
};

/*
 * The host, which is alloc.c or the test, provides these. Sizes are multiples of
 * KLUA_PAGE. The host counts in @held the pages that it gives and takes back.
 *
 * klua_pages_resize() changes the size of a large block without moving it. If it
 * returns false, the block still has all pages that it had: a block that was to
 * grow has to be moved, and a block that was to shrink should be moved, because it
 * would waste the pages that it does not need. The host remembers how many pages
 * the block has, and klua_pages_put() frees all of them, whatever @size says.
 *
 * klua_heap_charge() charges work to the entry that uses the heap, before the work
 * is done. klua_heap_affords() tells whether that entry may do so much of it before it has
 * to look at its limits.
 */
void *klua_pages_get(struct klua_heap *h, size_t size);
void klua_pages_put(struct klua_heap *h, void *pages, size_t size);
bool klua_pages_resize(struct klua_heap *h, void *pages, size_t old,
		       size_t size);
void klua_heap_charge(struct klua_heap *h, size_t steps);
bool klua_heap_affords(struct klua_heap *h, size_t steps);

void klua_heap_init(struct klua_heap *h);
void *klua_heap_resize(struct klua_heap *h, void *block, size_t old, size_t size);
void *klua_heap_alloc_slow(struct klua_heap *h, size_t size);
void klua_heap_free_slow(struct klua_heap *h, void *block, size_t size);
void klua_page_unempty(struct klua_heap *h, struct klua_page *page);
void klua_page_turned(struct klua_heap *h, struct klua_page *page);

/*
 * Poison makes an access an error. Free memory is poisoned, and so are the bytes of a
 * block's grains behind its last byte. KASAN in the kernel (kasan.c) and the test use
 * it; elsewhere these macros do nothing. KASAN does not check the heap's own files.
 */
#if defined(__KERNEL__) && defined(CONFIG_KASAN_GENERIC)
void klua_heap_poison(const void *block, size_t size);
void klua_heap_unpoison(const void *block, size_t size);
void klua_pages_unpoison(const void *pages, size_t size);
#define klua_page_poison(page)		klua_heap_poison(page, KLUA_PAGE)
#elif !defined(klua_heap_poison)
#define klua_heap_poison(block, size)	((void)0)
#define klua_heap_unpoison(block, size)	((void)0)
#define klua_pages_unpoison(pages, size) ((void)0)
#define klua_page_poison(page)		((void)0)
#endif

static inline struct klua_page *klua_page_of(void *block)
{
	return (struct klua_page *)((unsigned long)block & ~(KLUA_PAGE - 1));
}

static inline unsigned int klua_grain_of(void *block)
{
	return ((unsigned long)block & (KLUA_PAGE - 1)) / KLUA_GRAIN;
}

/* The grains that a small block of @size bytes takes */
static inline unsigned long klua_grains(size_t size)
{
	return (size + KLUA_RED_ZONE + KLUA_GRAIN - 1) / KLUA_GRAIN;
}

static inline u64 klua_grain_bit(unsigned int grain)
{
	return (u64)1 << (grain % 64);
}

/* Take a free block out of its bin. */
static inline void klua_free_del(struct klua_page *page, struct klua_free *block)
{
	unsigned int at = klua_grain_of(block);
	struct klua_free *next = block->next;
	struct klua_free **pprev = block->pprev;

	page->free[at / 64] ^= klua_grain_bit(at);	/* which was set */
	*pprev = next;
	if (next)
		next->pprev = pprev;
}

static inline void klua_free_add(struct klua_heap *h, struct klua_page *page,
				 struct klua_free *block, unsigned long bin)
{
	unsigned int at = klua_grain_of(block);
	struct klua_free **first = &h->bins[bin];
	struct klua_free *next = *first;

	page->free[at / 64] |= klua_grain_bit(at);
	block->next = next;
	block->pprev = first;
	*first = block;
	if (next)
		next->pprev = &block->next;
}

/* Count @grains more of this page as Lua's. */
static inline void klua_page_add_used(struct klua_heap *h, struct klua_page *page,
				      unsigned int grains)
{
	if (unlikely(!page->used))
		klua_page_unempty(h, page);
	page->used += grains;
}

/* Note that a block, used or free, begins at grain @at. */
static inline void klua_start_set(struct klua_page *page, unsigned int at)
{
	page->start[at / 64] |= klua_grain_bit(at);
}

static inline size_t klua_hole_grains(const struct klua_heap *h)
{
	return (size_t)(h->hole_end - h->hole) / KLUA_GRAIN;
}

/* Cut @grains off the hole, which has that many, and is in @page. */
static inline void *klua_hole_cut(struct klua_heap *h, struct klua_page *page,
				  unsigned long grains)
{
	void *block = h->hole;

	h->hole += grains * KLUA_GRAIN;
	if (klua_hole_grains(h))
		klua_start_set(page, klua_grain_of(h->hole));
	return block;
}

/**
 * klua_heap_take - get a block if there is one of its size, or room in the hole
 * @h: the heap
 * @size: its bytes, 1 to KLUA_EXACT_MAX
 *
 * Return: the block, aligned to KLUA_GRAIN, or NULL: klua_heap_alloc() may get one.
 */
static inline void *klua_heap_take(struct klua_heap *h, size_t size)
{
	unsigned long grains = klua_grains(size);
	struct klua_free *block = h->bins[grains - 1];
	struct klua_page *page;

	if (!block && unlikely(grains > klua_hole_grains(h)))
		return NULL;
	page = klua_page_of(block ? (void *)block : h->hole);
	/*
	 * The first block of a page needs a call of klua_page_unempty(), and this
	 * function makes no calls.
	 */
	if (unlikely(!page->used))
		return NULL;
	page->used += grains;
	if (block)
		klua_free_del(page, block);
	else
		block = klua_hole_cut(h, page, grains);
	klua_heap_unpoison(block, size);
	return block;
}

/**
 * klua_heap_alloc - get a block
 * @h: the heap
 * @size: its bytes, 1 or more
 *
 * Return: the block, aligned to KLUA_GRAIN, or NULL.
 */
static inline void *klua_heap_alloc(struct klua_heap *h, size_t size)
{
	void *block = size <= KLUA_EXACT_MAX ? klua_heap_take(h, size) : NULL;

	return block ? block : klua_heap_alloc_slow(h, size);
}

/**
 * klua_heap_free - give a block back
 * @h: the heap
 * @block: the block
 * @size: its bytes, as they were last asked for
 */
static inline void klua_heap_free(struct klua_heap *h, void *block, size_t size)
{
	unsigned long grains = klua_grains(size);
	struct klua_page *page;

	if (unlikely(size > KLUA_EXACT_MAX)) {
		klua_heap_free_slow(h, block, size);
		return;
	}
	page = klua_page_of(block);
	klua_heap_poison(block, grains * KLUA_GRAIN);
	page->used -= grains;
	page->unripe -= grains;
	klua_free_add(h, page, block, grains - 1);
	if (unlikely(page->unripe <= 0 || !page->used))
		klua_page_turned(h, page);
}

#endif /* KLUA_HEAP_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The heap of a Lua state.
 */

/**
 * DOC: heap
 *
 * Lua tells the size of each block that it frees or resizes, and most blocks have a
 * few dozen bytes. So blocks have no header, and blocks of all sizes share pages: an
 * empty state with its libraries open fits into four pages, where one page for each
 * size would take twenty.
 *
 * A page of small blocks starts with a struct klua_page, which has bits for where
 * blocks start and which of them are free. A free block is in a bin, by its size. There
 * is one hole, which is free room that new blocks are cut from when the bin of their
 * size is empty. When the hole is too small, the free block that fits best becomes the
 * new hole.
 *
 * To free a block only puts it into its bin, and the next request for its size takes it
 * out again, since a program asks for few sizes. Free neighbours are joined a page at a
 * time, and only when no free block is large enough and an eighth of that page has been
 * freed since they were joined last.
 *
 * A block that shrinks leaves its end behind as a free block of its own. That
 * takes no memory, so no shrink fails, and the size that Lua tells when it
 * frees the block is always its size.
 *
 * Large blocks have whole pages of their own. If the host can, a large block frees
 * pages at its end when it shrinks, and stays where it is when it grows; otherwise it is
 * moved. A block that is to shrink and cannot be moved keeps its pages, and the host
 * remembers them. When a large block becomes small and there is no room for it among
 * the small ones, its first page becomes a page of small blocks with only this one.
 *
 * Empty pages go back to the host, except for half of all small-block pages: a heap
 * grows to twice what is alive before it is collected again, and a page from the kernel
 * costs as much as a hundred blocks. For the same reason the last large block that was
 * freed waits for a request of its size, if it has at most four pages and no more than
 * that half. When the host refuses pages, the heap first gives back that block and as
 * many empty pages as it has asked for, and some more, and asks again.
 *
 * The heap holds more than Lua asked for: up to 15 bytes a block, the rest of a large
 * block's last page, free blocks among used ones. The host sees @held and may refuse
 * more pages; then Lua collects garbage, and if that does not help the script gets a
 * memory error.
 *
 * There is no lock here: a heap belongs to one state, and each caller has the lock
 * of that state.
 */

#include "heap.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/* Grains that have to be freed on a page before its free blocks are joined again */
#define RIPE		((s32)(KLUA_GRAINS / 8))

/* &klua_page.unripe of a page that is in the list of ripe pages already */
#define RIPE_ALREADY	0x3fffffff

/* Free blocks of a bin of mixed sizes, and ripe pages, that one search looks at */
#define FIT_TRIES	8
#define JOIN_TRIES	16

/* Blocks of a page that are looked at for one step, when its free ones are joined */
#define JOIN_BLOCKS	4

/*
 * Pages whose blocks are joined when the host refuses a page. A page has at most
 * KLUA_GRAINS blocks, so this takes some 50 microseconds at most.
 */
#define JOIN_LAST	32

/*
 * Empty pages that are given back when the host refuses, beyond the number asked for;
 * and the steps charged for each, which has up to KLUA_GRAINS free blocks to unlink.
 */
#define RELEASE_MORE	16
#define RELEASE_COST	64

/*
 * Steps charged for an empty page that is given back as more are empty than the heap
 * keeps: some for the page, and one for so many blocks that are unlinked
 */
#define RELEASE_LEAST	4
#define RELEASE_BLOCKS	8

/* Pages of the largest block that waits for a request of its size after it was freed */
#define SPARE_MAX	4

/* Larger requests are refused, so that adding a head and red zones cannot wrap. */
#define LARGE_MAX	(SIZE_MAX - KLUA_PAGE - KLUA_RED_ZONE)

static void ring_init(struct klua_page_list *list)
{
	list->next = list;
	list->prev = list;
}

static void ring_del(struct klua_page_list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

static void ring_add(struct klua_page_list *link, struct klua_page_list *list)
{
	link->next = list->next;
	link->prev = list;
	list->next->prev = link;
	list->next = link;
}

static void ring_move(struct klua_page_list *link, struct klua_page_list *list)
{
	ring_del(link);
	ring_add(link, list);
}

static bool ring_empty(const struct klua_page_list *list)
{
	return list->next == list;
}

static struct klua_page *page_at(struct klua_page_list *link)
{
	return (struct klua_page *)link;	/* it is the first member */
}

/* The bytes of a large block's pages */
static size_t page_round(size_t size)
{
	return (size + KLUA_RED_ZONE + KLUA_PAGE - 1) & ~(KLUA_PAGE - 1);
}

static unsigned int bin_of(unsigned int grains)
{
	if (grains <= KLUA_EXACT_BINS)
		return grains - 1;
	return KLUA_EXACT_BINS + 31 - __builtin_clz((grains - 1) / KLUA_EXACT_BINS);
}

static void *grain_at(struct klua_page *page, unsigned int at)
{
	return (char *)page + at * KLUA_GRAIN;
}

static bool is_free(const struct klua_page *page, unsigned int at)
{
	return page->free[at / 64] & klua_grain_bit(at);
}

static void start_clear(struct klua_page *page, unsigned int at)
{
	page->start[at / 64] &= ~klua_grain_bit(at);
}

/* The grain where the block after the one at @at starts, or the end of the page */
static unsigned int start_after(const struct klua_page *page, unsigned int at)
{
	unsigned int word = ++at / 64;
	u64 bits;

	if (at >= KLUA_GRAINS)
		return KLUA_GRAINS;
	bits = page->start[word] & (~(u64)0 << (at % 64));
	while (!bits && ++word < KLUA_GRAIN_WORDS)
		bits = page->start[word];
	return bits ? word * 64 + __builtin_ctzll(bits) : KLUA_GRAINS;
}

static unsigned int free_grains(struct klua_free *block)
{
	unsigned int at = klua_grain_of(block);

	return start_after(klua_page_of(block), at) - at;
}

/* Make a free block of @grains at @at, which belong to no block. */
static void free_block_add(struct klua_heap *h, struct klua_page *page, unsigned int at,
			   unsigned int grains)
{
	void *block = grain_at(page, at);
	unsigned int bin = bin_of(grains);

	klua_start_set(page, at);
	klua_heap_poison(block, grains * KLUA_GRAIN);
	klua_free_add(h, page, block, bin);
	if (bin >= KLUA_EXACT_BINS)
		h->filled |= (u64)1 << bin;
}

/*
 * Make the hole a free block. If the hole is empty it may be at the end of a page, and
 * belong to none.
 */
static void hole_close(struct klua_heap *h)
{
	if (klua_hole_grains(h))
		free_block_add(h, klua_page_of(h->hole), klua_grain_of(h->hole),
			       klua_hole_grains(h));
	h->hole = h->hole_end;
}

static void hole_open(struct klua_heap *h, struct klua_page *page,
		      unsigned int at, unsigned int grains)
{
	hole_close(h);
	if (!grains)
		return;
	klua_start_set(page, at);
	h->hole = grain_at(page, at);
	h->hole_end = h->hole + grains * KLUA_GRAIN;
}

/* Join the free blocks of a page that are neighbours. */
static void join_page(struct klua_heap *h, struct klua_page *page)
{
	unsigned int at = KLUA_PAGE_HEAD;
	unsigned int blocks = 0;
	unsigned int run = 0;
	unsigned int next;

	for (; at < KLUA_GRAINS; at = next) {
		blocks++;
		next = start_after(page, at);
		if (is_free(page, at)) {
			klua_free_del(page, grain_at(page, at));
			start_clear(page, at);
			run += next - at;
		} else if (run) {
			free_block_add(h, page, at - run, run);
			run = 0;
		}
	}
	if (run)
		free_block_add(h, page, at - run, run);
	page->unripe = RIPE;
	klua_heap_charge(h, 1 + blocks / JOIN_BLOCKS);
}

/* Give an empty page of small blocks back. Returns the number of these blocks. */
static unsigned int release_page(struct klua_heap *h, struct klua_page *page)
{
	unsigned int blocks = 0;
	unsigned int at;

	if (klua_hole_grains(h) && klua_page_of(h->hole) == page)
		h->hole = h->hole_end;
	for (at = KLUA_PAGE_HEAD; at < KLUA_GRAINS; at = start_after(page, at)) {
		blocks++;
		if (is_free(page, at))
			klua_free_del(page, grain_at(page, at));
	}
	ring_del(&page->list);
	h->pages--;
	h->empties--;
	klua_pages_put(h, page, KLUA_PAGE);
	return blocks;
}

/* The empty pages that the heap keeps: as many as it has others, and one */
static u32 empties_kept(const struct klua_heap *h)
{
	return h->pages - h->empties + 1;
}

/* Give back empty pages until at most @keep are left. */
static void release_empties(struct klua_heap *h, u32 keep)
{
	while (h->empties > keep)
		release_page(h, page_at(h->empty.prev));
}

/*
 * Give back the empty pages that are more than the heap keeps, while there are steps for
 * that before the next look at the limits. The others go when the next page is empty, or
 * when the host refuses: a page may wait for its last block, so that one free after the
 * other empties one, and those of a collection thousands.
 */
static void release_surplus(struct klua_heap *h)
{
	unsigned int blocks;

	while (h->empties > empties_kept(h) && klua_heap_affords(h, RELEASE_COST)) {
		blocks = release_page(h, page_at(h->empty.prev));
		klua_heap_charge(h, RELEASE_LEAST + blocks / RELEASE_BLOCKS);
	}
}

/* Give the spare block back to the host. */
static void release_spare(struct klua_heap *h)
{
	if (h->spare)
		klua_pages_put(h, h->spare, h->spare_size);
	h->spare = NULL;
}

/*
 * Get whole pages from the host. If it refuses, give back the spare block and empty
 * pages, and ask once more.
 */
static void *pages_get(struct klua_heap *h, size_t size)
{
	void *pages = klua_pages_get(h, size);
	size_t n = size / KLUA_PAGE + RELEASE_MORE;

	if (!pages && (h->empties || h->spare)) {
		release_spare(h);
		if (n > h->empties)
			n = h->empties;
		klua_heap_charge(h, n * RELEASE_COST);
		release_empties(h, h->empties - n);
		pages = klua_pages_get(h, size);
	}
	return pages;
}

/* Get the pages of a large block: those of the spare block, if it has as many. */
static void *large_get(struct klua_heap *h, size_t size)
{
	void *pages = h->spare;

	if (!pages || h->spare_size != size)
		return pages_get(h, size);
	h->spare = NULL;
	return pages;
}

/*
 * Free a large block. A small one becomes the spare block, unless that has its size
 * already.
 */
static void large_put(struct klua_heap *h, void *pages, size_t size)
{
	size_t n = size / KLUA_PAGE;

	if (n > SPARE_MAX || n > empties_kept(h) ||
	    (h->spare && h->spare_size == size)) {
		klua_pages_put(h, pages, size);
		return;
	}
	release_spare(h);
	klua_heap_poison(pages, size);
	h->spare = pages;
	h->spare_size = size;
}

/* Initialize a page of small blocks, without any block. */
static void page_init(struct klua_heap *h, struct klua_page *page)
{
	klua_page_poison(page);
	memset(page, 0, sizeof(*page));
	page->unripe = RIPE;
	ring_add(&page->list, &h->empty);
	h->pages++;
	h->empties++;
}

static struct klua_free *page_new(struct klua_heap *h)
{
	struct klua_page *page = pages_get(h, KLUA_PAGE);

	if (!page)
		return NULL;
	page_init(h, page);
	free_block_add(h, page, KLUA_PAGE_HEAD, KLUA_GRAINS - KLUA_PAGE_HEAD);
	return grain_at(page, KLUA_PAGE_HEAD);
}

/* Find a block that fits in a bin of several sizes, within FIT_TRIES. */
static struct klua_free *find_fit_mixed(struct klua_heap *h, unsigned int bin,
					unsigned int grains)
{
	struct klua_free *block = h->bins[bin];
	unsigned int tries = FIT_TRIES;

	for (; block && tries; block = block->next, tries--)
		if (free_grains(block) >= grains)
			return block;
	return NULL;
}

/* Find the free block that fits best. */
static struct klua_free *find_fit(struct klua_heap *h, unsigned int grains)
{
	unsigned int bin = bin_of(grains);
	struct klua_free *block;
	u64 bins;

	for (; bin < KLUA_EXACT_BINS; bin++)
		if (h->bins[bin])
			return h->bins[bin];
	if (grains > KLUA_EXACT_BINS) {
		block = find_fit_mixed(h, bin, grains);
		if (block)
			return block;
		bin++;
	}
	for (bins = h->filled & (~(u64)0 << bin); bins; bins &= bins - 1) {
		bin = __builtin_ctzll(bins);
		if (h->bins[bin])
			return h->bins[bin];
		h->filled &= ~((u64)1 << bin);
	}
	return NULL;
}

/* Join up to @tries pages of @list, until there is a block that fits. */
static struct klua_free *join_some(struct klua_heap *h,
				   struct klua_page_list *list,
				   unsigned int grains, unsigned int tries)
{
	struct klua_free *block = NULL;
	struct klua_page *page;

	for (; !block && tries && !ring_empty(list); tries--) {
		page = page_at(list->prev);
		join_page(h, page);
		ring_move(&page->list, &h->rest);
		block = find_fit(h, grains);
	}
	return block;
}

/*
 * Join blocks on ripe pages, as far as there are steps for that before the next look at
 * the limits: a collection may leave thousands of such pages behind.
 */
static struct klua_free *join_ripe(struct klua_heap *h, unsigned int grains)
{
	struct klua_free *block = NULL;
	unsigned int tries;

	for (tries = JOIN_TRIES; !block && tries && !ring_empty(&h->ripe); tries--) {
		if (!klua_heap_affords(h, KLUA_GRAINS / JOIN_BLOCKS))
			break;
		block = join_some(h, &h->ripe, grains, 1);
	}
	return block;
}

static struct klua_free *join_empty(struct klua_heap *h, unsigned int grains)
{
	if (!h->empties)
		return NULL;
	join_page(h, page_at(h->empty.next));
	return find_fit(h, grains);
}

/*
 * The host refuses a page: join blocks on pages of which little was freed. The pages
 * that were looked at longest ago come first, so that each call goes on where the last
 * one stopped. Lua collects its garbage and asks again before it gives up.
 */
static struct klua_free *join_last(struct klua_heap *h, unsigned int grains)
{
	struct klua_free *block = join_some(h, &h->ripe, grains, JOIN_LAST);

	return block ? block : join_some(h, &h->rest, grains, JOIN_LAST);
}

static struct klua_free *find(struct klua_heap *h, unsigned int grains)
{
	struct klua_free *block = find_fit(h, grains);

	if (!block)
		block = join_ripe(h, grains);
	if (!block)
		block = join_empty(h, grains);
	if (!block)
		block = page_new(h);
	if (!block)
		block = join_last(h, grains);
	return block;
}

/*
 * Take @grains from a free block. The rest becomes the new hole if it is larger than
 * the present one.
 */
static void *split_free(struct klua_heap *h, struct klua_free *block,
			unsigned int grains)
{
	unsigned int rest = free_grains(block) - grains;
	unsigned int at = klua_grain_of(block) + grains;
	struct klua_page *page = klua_page_of(block);

	klua_free_del(page, block);
	if (rest > klua_hole_grains(h))
		hole_open(h, page, at, rest);
	else if (rest)
		free_block_add(h, page, at, rest);
	klua_page_add_used(h, page, grains);
	return block;
}

static void *small_alloc(struct klua_heap *h, size_t size)
{
	unsigned int grains = klua_grains(size);
	struct klua_free *block;
	struct klua_page *page;
	void *p = NULL;

	if (grains <= klua_hole_grains(h)) {
		page = klua_page_of(h->hole);
		p = klua_hole_cut(h, page, grains);
		klua_page_add_used(h, page, grains);
	} else {
		block = find(h, grains);
		if (block)
			p = split_free(h, block, grains);
	}
	if (p)
		klua_heap_unpoison(p, size);
	return p;
}

/* The slow part of klua_heap_alloc(): large blocks, and sizes whose bin is empty. */
void *klua_heap_alloc_slow(struct klua_heap *h, size_t size)
{
	void *block;

	if (size <= KLUA_SMALL_MAX)
		return small_alloc(h, size);
	if (size > LARGE_MAX)
		return NULL;
	block = large_get(h, page_round(size));
	if (block)
		klua_heap_unpoison(block, size);
	return block;
}

/* Called when Lua gets the first block of a page. */
void klua_page_unempty(struct klua_heap *h, struct klua_page *page)
{
	h->empties--;
	ring_move(&page->list, page->unripe > RIPE ? &h->ripe : &h->rest);
}

/* Called when a page has become empty, or ripe. */
void klua_page_turned(struct klua_heap *h, struct klua_page *page)
{
	page->unripe = RIPE_ALREADY;
	ring_move(&page->list, page->used ? &h->ripe : &h->empty);
	if (page->used)
		return;
	h->empties++;
	release_surplus(h);
}

/* Free @grains at the end of a block, or all of it. */
static void small_free(struct klua_heap *h, struct klua_page *page,
		       unsigned int at, unsigned int grains)
{
	free_block_add(h, page, at, grains);
	page->used -= grains;
	page->unripe -= grains;
	if (!page->used || page->unripe <= 0)
		klua_page_turned(h, page);
}

/* The slow part of klua_heap_free(): large blocks, and pages that need more work. */
void klua_heap_free_slow(struct klua_heap *h, void *block, size_t size)
{
	if (size <= KLUA_SMALL_MAX)
		small_free(h, klua_page_of(block), klua_grain_of(block),
			   klua_grains(size));
	else
		large_put(h, block, page_round(size));
}

static void *small_shrink(struct klua_heap *h, void *block, size_t old,
			  size_t size)
{
	unsigned int more = klua_grains(old) - klua_grains(size);
	unsigned int at = klua_grain_of(block) + klua_grains(size);

	if (more)
		small_free(h, klua_page_of(block), at, more);
	klua_heap_poison(block, klua_grains(size) * KLUA_GRAIN);
	klua_heap_unpoison(block, size);
	return block;
}

/* Make the first page of a large block a page with a single small block. */
static void *page_convert(struct klua_heap *h, struct klua_page *page,
			  size_t size)
{
	unsigned int grains = klua_grains(size);
	void *block = grain_at(page, KLUA_PAGE_HEAD);
	unsigned int at = KLUA_PAGE_HEAD + grains;

	klua_heap_unpoison(page, KLUA_PAGE);
	memmove(block, page, size);
	page_init(h, page);
	klua_start_set(page, KLUA_PAGE_HEAD);
	if (at < KLUA_GRAINS)
		free_block_add(h, page, at, KLUA_GRAINS - at);
	klua_page_add_used(h, page, grains);
	klua_heap_unpoison(block, size);
	return block;
}

static void *large_shrink(struct klua_heap *h, void *block, size_t old,
			  size_t size)
{
	size_t keep = page_round(size);
	void *moved = NULL;

	if (keep < page_round(old) &&
	    !klua_pages_resize(h, block, page_round(old), keep))
		moved = klua_heap_alloc(h, size);
	else if (size <= KLUA_SMALL_MAX)
		moved = klua_heap_alloc(h, size);
	if (moved) {
		memcpy(moved, block, size);
		klua_pages_put(h, block, keep);
		return moved;
	}
	if (size <= KLUA_SMALL_MAX)
		return page_convert(h, block, size);
	klua_heap_unpoison(block, size);
	return block;
}

static bool large_grow(struct klua_heap *h, void *block, size_t old,
		       size_t size)
{
	if (size > LARGE_MAX ||
	    !klua_pages_resize(h, block, page_round(old), page_round(size)))
		return false;
	klua_heap_unpoison(block, size);
	return true;
}

static void *grow(struct klua_heap *h, void *block, size_t old, size_t size)
{
	void *moved;

	if (old > KLUA_SMALL_MAX && large_grow(h, block, old, size))
		return block;
	moved = klua_heap_alloc(h, size);
	if (!moved)
		return NULL;
	memcpy(moved, block, old);
	klua_heap_free(h, block, old);
	return moved;
}

/* Do blocks of both sizes take the same grains, or the same pages? */
static bool same_size_class(size_t old, size_t size)
{
	if (old <= KLUA_SMALL_MAX || size <= KLUA_SMALL_MAX)
		return old <= KLUA_SMALL_MAX && size <= KLUA_SMALL_MAX &&
		       klua_grains(old) == klua_grains(size);
	return size <= LARGE_MAX &&
	       page_round(old) == page_round(size);
}

/**
 * klua_heap_resize - make a block larger or smaller
 * @h: the heap
 * @block: the block
 * @old: its bytes
 * @size: bytes wanted, 1 or more
 *
 * Return: the block, which may have moved; or NULL, which happens only when
 *	   @size is larger than @old, and then the block is as it was.
 */
void *klua_heap_resize(struct klua_heap *h, void *block, size_t old, size_t size)
{
	if (same_size_class(old, size)) {
		klua_heap_unpoison(block, size);
		return block;
	}
	if (size > old)
		return grow(h, block, old, size);
	if (old <= KLUA_SMALL_MAX)
		return small_shrink(h, block, old, size);
	return large_shrink(h, block, old, size);
}

/**
 * klua_heap_init - make an empty heap, which holds no page
 * @h: the heap, zeroed
 */
void klua_heap_init(struct klua_heap *h)
{
	ring_init(&h->empty);
	ring_init(&h->ripe);
	ring_init(&h->rest);
}

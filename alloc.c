// SPDX-License-Identifier: GPL-2.0-only
/* The memory of a state: how much Lua may have, and where its pages come from. */

/**
 * DOC: memory
 *
 * Two figures are bounded, at every instant:
 *
 * - &klua_state.curralloc, the bytes of all blocks as Lua asked for them, by
 *   &klua_state.maxalloc. That is the promise to the owner of the state.
 * - the bytes of all pages that the state holds, by one and a half times
 *   maxalloc and four pages: that is the promise to the machine. Blocks are
 *   rounded up, and free ones among used ones cannot be given back, so this is
 *   more than curralloc; a script can make it much more on purpose. The half on
 *   top is what doubling a block up to maxalloc takes: the old block, half as
 *   large, and the new one are held at once.
 *
 * A block that is to be made or to grow beyond one of these bounds, or for which the
 * kernel has no pages, is refused. Lua then collects all garbage and tries once more
 * before it raises a memory error. A shrink never fails. If maxalloc is lowered below
 * what is held, Lua keeps what it has, and is refused more.
 *
 * Where pages come from depends on the state:
 *
 * - A sleepable state, and any state while it is built, waits for memory. Blocks
 *   of several pages are contiguous where the page allocator finds such pages
 *   without effort; otherwise they are areas of vmalloc, of any size.
 * - An atomic state runs under a spinlock and gets only memory that is free now. A
 *   block is at most KMALLOC_MAX_SIZE, 4 MiB on most machines, and contiguous. It keeps
 *   areas that it got while it was built, within their size, and frees them (vfree()
 *   defers that by itself), but it gets no new ones.
 * - A reserved state allocates all that the second figure allows when it is made, as
 *   one area. Afterwards it only sets and clears bits of a map: it calls no allocator
 *   and takes no lock. So it may be entered with interrupts off, and from a probe in the
 *   page allocator itself. An irq state is always reserved.
 *
 * A state that is closed gives its pages back without freeing the blocks on them
 * first (klua_drop()). So a block that Lua has forgotten does not leak; klua_drop()
 * checks that Lua's count of bytes and ours agree.
 */

#include <linux/bitmap.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "internal.h"

/*
 * Bytes of pages that each state may hold beyond the half on top: without these, small
 * states would fail.
 */
#define HELD_MORE	(4 * PAGE_SIZE)

/* Pages of a reserved state that only its finalizers get, when it is closed */
#define RESERVE_CLOSE	4

/**
 * struct klua_reserve - all pages that a reserved state will ever have
 *
 * It is at the start of the area that has the pages. Protection codes as in struct
 * klua_state.
 *
 * @max:    I: the largest maxalloc that the pages are enough for
 * @pages:  I: the first page
 * @count:  I: number of pages
 * @lowest: S: all pages below this number are with the heap
 * @map:    S: a bit for each page, set while the heap has it
 */
struct klua_reserve {
	size_t max;
	char *pages;
	unsigned long count;
	unsigned long lowest;
	unsigned long map[];
};

/**
 * struct area - a large block from vmalloc
 *
 * It is in the page before the block. Protection codes as in struct klua_state.
 *
 * @list: S: link in &klua_state.areas
 * @size: I: bytes of all pages, with the one that this is in
 */
struct area {
	struct list_head list;
	size_t size;
};

#define AREA_HEAD	PAGE_SIZE

/* May the caller of the allocator sleep? */
static bool may_wait(const struct klua_state *s)
{
	return s->building || s->kind == KLUA_KIND_SLEEPABLE;
}

/*
 * Flags for pages of a state. A script that runs out of memory gets an error, so the
 * kernel need not report that. An allocation must neither start the OOM killer nor use
 * the reserves that drivers depend on.
 */
static gfp_t pages_gfp(const struct klua_state *s)
{
	return (may_wait(s) ? GFP_KERNEL | __GFP_RETRY_MAYFAIL : GFP_NOWAIT) |
	       __GFP_NOMEMALLOC | __GFP_NOWARN | __GFP_ACCOUNT;
}

/* Flags for contiguous pages of a state that may use vmalloc: do not try hard. */
static gfp_t contiguous_gfp(const struct klua_state *s, size_t size)
{
	gfp_t gfp = pages_gfp(s);

	if (size > PAGE_SIZE)
		gfp = (gfp & ~__GFP_RETRY_MAYFAIL) | __GFP_NORETRY;
	return gfp;
}

/*
 * Does the limit allow @more bytes? @maxalloc may have been lowered below @curralloc.
 */
static bool limit_allows(const struct klua_state *s, size_t more)
{
	return s->curralloc <= s->maxalloc &&
	       more <= s->maxalloc - s->curralloc;
}

/*
 * Refuse memory. Lua then collects its garbage and asks again, so that only the second
 * refusal in a row counts as a limit that was hit.
 */
static void *refuse_memory(struct klua_state *s)
{
	if (s->refused && klua_armed(&s->limits)) {
		s->limits.used = true;
		s->limits.memory_hit = true;
	}
	s->refused = true;
	return NULL;
}

static void curralloc_update(struct klua_state *s, size_t old, size_t new)
{
	WRITE_ONCE(s->curralloc, s->curralloc - old + new);
	if (s->curralloc > s->peakalloc)
		WRITE_ONCE(s->peakalloc, s->curralloc);
}

/* Bytes of pages that a state with this limit may hold */
static size_t held_max(size_t maxalloc)
{
	size_t max = min_t(size_t, maxalloc, SIZE_MAX / 4);

	/* Red zones can double a block. */
	if (KLUA_RED_ZONE)
		max *= 2;
	return max + max / 2 + HELD_MORE;
}

/* Bytes of pages that the state may still get */
static size_t held_left(const struct klua_state *s)
{
	size_t max = held_max(s->maxalloc);

	return s->heap.held < max ? max - s->heap.held : 0;
}

/* Charge the entry for work of the heap. */
void klua_heap_charge(struct klua_heap *h, size_t steps)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);

	klua_limits_owe(&s->limits, steps);
}

/* Has the entry so many steps before it looks at its limits? */
bool klua_heap_affords(struct klua_heap *h, size_t steps)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);

	return klua_limits_afford(&s->limits, steps);
}

/* Pages of a reserved state with this limit */
static size_t reserve_count(size_t maxalloc)
{
	return DIV_ROUND_UP(held_max(maxalloc), PAGE_SIZE) + RESERVE_CLOSE;
}

/* Bytes of its area before the first of these pages: the struct klua_reserve */
static size_t reserve_head(size_t count)
{
	struct klua_reserve *r;

	return PAGE_ALIGN(struct_size(r, map, BITS_TO_LONGS(count)));
}

/**
 * klua_alloc_charge - what a state takes of its quota
 * @s: the state; whether it is reserved is set
 * @max: the limit on its memory
 *
 * A reserved state takes all of its pages when it is made. They are more than its limit,
 * and it keeps them whatever the limit becomes.
 *
 * Context: Any.
 * Return: bytes.
 */
size_t klua_alloc_charge(const struct klua_state *s, size_t max)
{
	size_t count = reserve_count(max);

	return s->reserved ? reserve_head(count) + count * PAGE_SIZE : max;
}

/* Allocate the reserve of a state that is being made. */
static int reserve_open(struct klua_state *s)
{
	size_t count = reserve_count(s->maxalloc);
	size_t head = reserve_head(count);
	struct klua_reserve *r;

	r = __vmalloc(head + count * PAGE_SIZE, GFP_KERNEL_ACCOUNT |
		      __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!r)
		return -ENOMEM;
	r->max = s->maxalloc;
	r->pages = (char *)r + head;
	r->count = count;
	r->lowest = 0;
	bitmap_zero(r->map, count);
	klua_heap_poison(r->pages, count * PAGE_SIZE);
	s->reserve = r;
	return 0;
}

static void reserve_close(struct klua_state *s)
{
	struct klua_reserve *r = s->reserve;

	s->heap.held -= bitmap_weight(r->map, r->count) * PAGE_SIZE;
	s->reserve = NULL;
	vfree(r);
}

static unsigned long reserve_index(const struct klua_reserve *r,
				   const void *pages)
{
	return ((const char *)pages - r->pages) >> PAGE_SHIFT;
}

/*
 * Find @n free pages in a row; returns @count or more if there are none. Single pages
 * are taken from the beginning on, larger blocks behind the first third if possible:
 * then single pages do not split the part that large blocks need.
 */
static unsigned long reserve_find(struct klua_reserve *r, unsigned long n)
{
	unsigned long at;

	if (n == 1)
		return find_next_zero_bit(r->map, r->count, r->lowest);
	at = bitmap_find_next_zero_area(r->map, r->count, r->count / 3, n, 0);
	if (at < r->count)
		return at;
	return bitmap_find_next_zero_area(r->map, r->count, r->lowest, n, 0);
}

/*
 * Charge for a search: one for several pages may look at each page, one for a single
 * page looks at 64 pages at a time.
 */
static void reserve_charge(struct klua_state *s, unsigned long n)
{
	klua_heap_charge(&s->heap, s->reserve->count / (n == 1 ? 512 : 4));
}

static void *reserve_get(struct klua_state *s, size_t size)
{
	unsigned long n = size >> PAGE_SHIFT;
	struct klua_reserve *r = s->reserve;
	unsigned long at;

	reserve_charge(s, n);
	at = reserve_find(r, n);
	if (at >= r->count)
		return NULL;
	bitmap_set(r->map, at, n);
	if (n == 1)
		r->lowest = at + 1;
	s->heap.held += size;
	return r->pages + at * PAGE_SIZE;
}

static void reserve_put(struct klua_state *s, void *pages, size_t size)
{
	struct klua_reserve *r = s->reserve;
	unsigned long at = reserve_index(r, pages);

	klua_heap_poison(pages, size);
	bitmap_clear(r->map, at, size >> PAGE_SHIFT);
	if (at < r->lowest)
		r->lowest = at;
	s->heap.held -= size;
}

/* Make a block larger in place, if the pages behind it are free. */
static bool reserve_grow(struct klua_state *s, void *pages, size_t old,
			 size_t size)
{
	struct klua_reserve *r = s->reserve;
	unsigned long at = reserve_index(r, pages) + (old >> PAGE_SHIFT);
	unsigned long n = (size - old) >> PAGE_SHIFT;

	if (n > r->count - at)
		return false;
	if (find_next_bit(r->map, at + n, at) < at + n)
		return false;
	bitmap_set(r->map, at, n);
	s->heap.held += size - old;
	return true;
}

/*
 * Get contiguous pages. Each is in the state's list of pages, so that closing the state
 * frees them without a look at the blocks.
 */
static void *contiguous_get(struct klua_state *s, size_t size)
{
	gfp_t gfp = contiguous_gfp(s, size);
	char *pages;
	size_t at;

	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	pages = alloc_pages_exact(size, gfp);
	if (!pages)
		return NULL;
	for (at = 0; at < size; at += PAGE_SIZE)
		list_add_tail(&virt_to_page(pages + at)->lru, &s->pages);
	klua_leak_watch(pages, 0, size, gfp);
	s->heap.held += size;
	return pages;
}

static void contiguous_put(struct klua_state *s, void *pages, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += PAGE_SIZE)
		list_del(&virt_to_page((char *)pages + at)->lru);
	klua_leak_forget(pages, size);
	klua_pages_unpoison(pages, size);
	free_pages_exact(pages, size);
	s->heap.held -= size;
}

static struct area *area_of(void *block)
{
	return (struct area *)((char *)block - AREA_HEAD);
}

static void *area_get(struct klua_state *s, size_t size)
{
	gfp_t gfp = pages_gfp(s) & ~__GFP_NOMEMALLOC;
	struct area *area;

	/* vmalloc() does not take the flag that leaves the reserves alone. */
	if (!may_wait(s) || current->flags & PF_MEMALLOC)
		return NULL;
	area = __vmalloc(size + AREA_HEAD, gfp);
	if (!area)
		return NULL;
	area->size = size + AREA_HEAD;
	list_add(&area->list, &s->areas);
	s->heap.held += area->size;
	return (char *)area + AREA_HEAD;
}

/* May run with bottom halves off, where vfree() leaves the work to a work item. */
static void area_put(struct klua_state *s, struct area *area)
{
	list_del(&area->list);
	s->heap.held -= area->size;
	vfree(area);
}

/* An area never changes its size. A block that needs less than half of it is moved. */
static bool area_resize(struct area *area, void *block, size_t old, size_t size)
{
	size_t all = area->size - AREA_HEAD;

	if (size > old)
		return size <= all;
	klua_heap_poison((char *)block + size, all - size);
	return size >= all / 2;
}

static void *machine_get(struct klua_state *s, size_t size, size_t room)
{
	void *pages;

	if (size > room)
		return NULL;
	pages = contiguous_get(s, size);
	if (!pages && size > PAGE_SIZE && size + AREA_HEAD <= room)
		pages = area_get(s, size);
	return pages;
}

/*
 * The heap gets pages. kmemleak watches them, since they may leak, and since they point
 * to others.
 */
void *klua_pages_get(struct klua_heap *h, size_t size)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);
	size_t room = held_left(s);
	struct mem_cgroup *old;
	void *pages;

	if (s->reserve)
		return size <= room ? reserve_get(s, size) : NULL;
	old = set_active_memcg(s->memcg);
	pages = machine_get(s, size, room);
	set_active_memcg(old);
	if (pages)
		klua_heap_poison(pages, size);
	return pages;
}

/* The heap resizes a large block without moving it. */
bool klua_pages_resize(struct klua_heap *h, void *pages, size_t old, size_t size)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);

	if (s->reserve && size > old)
		return size - old <= held_left(s) &&
		       reserve_grow(s, pages, old, size);
	if (!s->reserve && is_vmalloc_addr(pages))
		return area_resize(area_of(pages), pages, old, size);
	if (size > old)
		return false;
	klua_pages_put(h, (char *)pages + size, old - size);
	return true;
}

/*
 * A state that is closed may have a million pages, and nobody waits for it, so let
 * other tasks run. Finalizers get here, too. They cannot hold a lock across this call,
 * because an error raised in the same place would leak it.
 */
static void close_resched(const struct klua_state *s)
{
	if (s->closing)
		cond_resched();
}

/* The heap frees a block's pages, or the last ones of contiguous pages. */
void klua_pages_put(struct klua_heap *h, void *pages, size_t size)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);

	if (s->reserve)
		reserve_put(s, pages, size);
	else if (is_vmalloc_addr(pages))
		area_put(s, area_of(pages));
	else
		contiguous_put(s, pages, size);
	close_resched(s);
}

/* Free all pages of the heap, which cannot be used afterwards. */
static void put_all_pages(struct klua_state *s)
{
	struct page *page, *next_page;
	struct area *area, *next_area;

	if (s->reserve)
		reserve_close(s);
	list_for_each_entry_safe(area, next_area, &s->areas, list) {
		area_put(s, area);
		cond_resched();
	}
	list_for_each_entry_safe(page, next_page, &s->pages, lru) {
		contiguous_put(s, page_address(page), PAGE_SIZE);
		cond_resched();
	}
	WARN_ON_ONCE(s->heap.held);
}

/**
 * klua_alloc - the allocator of every state, a lua_Alloc
 * @ud: the limits of the state
 * @block: what to resize or free, or NULL
 * @osize: bytes of @block; what kind of object it is for when @block is NULL
 * @nsize: bytes wanted, 0 to free
 *
 * Context: Any context in which the state may be used, under its lock; or
 *	    process context, while the state is made or closed.
 * Return: the block, or NULL when @nsize is 0, the limit of the state is
 *	   reached, or the kernel has no memory to give.
 */
void *klua_alloc(void *ud, void *block, size_t osize, size_t nsize)
{
	struct klua_state *s = container_of(ud, struct klua_state, limits);
	size_t old = block ? osize : 0;

	if (!nsize) {
		if (block)
			klua_heap_free(&s->heap, block, old);
		curralloc_update(s, old, 0);
		return NULL;
	}
	if (nsize > old && !limit_allows(s, nsize - old))
		return refuse_memory(s);
	block = block ? klua_heap_resize(&s->heap, block, old, nsize) :
			klua_heap_alloc(&s->heap, nsize);
	if (!block)
		return refuse_memory(s);
	if (nsize > old)
		s->refused = false;
	curralloc_update(s, old, nsize);
	return block;
}

/* The slow part of klua_block_get(): there is no free block of this size. */
static noinline void *get_slow(struct klua_state *s, size_t size)
{
	void *block;

	if (!size || !limit_allows(s, size))
		return NULL;
	block = klua_heap_alloc_slow(&s->heap, size);
	if (!block)
		return NULL;
	s->refused = false;
	curralloc_update(s, 0, size);
	return block;
}

/**
 * klua_block_get - klua_alloc() for a new block
 * @lim: the limits of the state
 * @size: its bytes
 *
 * Nearly all blocks that Lua asks for are new and small, and a freed block of the same
 * size is there. This fast path is for those, and calls no function.
 *
 * Context: as klua_alloc().
 * Return: the block, or NULL: klua_alloc() is to be asked.
 */
void *klua_block_get(struct klua_limits *lim, size_t size)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);
	size_t sum = s->curralloc + size;
	void *block;

	/* @size - 1 wraps for 0, so that 0 is refused; a small @size cannot wrap @sum. */
	if (unlikely(size - 1 >= KLUA_EXACT_MAX || sum > s->maxalloc))
		return get_slow(s, size);
	block = klua_heap_take(&s->heap, size);
	if (unlikely(!block))
		return get_slow(s, size);
	s->refused = false;
	WRITE_ONCE(s->curralloc, sum);
	if (sum > s->peakalloc)
		WRITE_ONCE(s->peakalloc, sum);
	return block;
}

/**
 * klua_block_put - klua_alloc() for a block to be freed
 * @lim: the limits of the state
 * @block: the block, not NULL
 * @size: its bytes
 *
 * Context: as klua_alloc().
 */
void klua_block_put(struct klua_limits *lim, void *block, size_t size)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);

	/* Written under the lock; a reader sees the old or the new value. */
	data_race(s->curralloc -= size);
	klua_heap_free(&s->heap, block, size);
}

/**
 * klua_memory_left - bytes that a state may take in addition
 * @lim: the limits of the state
 *
 * Context: as klua_alloc().
 * Return: the bytes, 0 where the state holds more than its limit allows by now.
 */
size_t klua_memory_left(const struct klua_limits *lim)
{
	const struct klua_state *s =
		container_of(lim, const struct klua_state, limits);

	return s->maxalloc > s->curralloc ? s->maxalloc - s->curralloc : 0;
}

/**
 * klua_drop - free all blocks of a state at once
 * @lim: the limits of the state, which Lua is closing
 * @bytes: bytes of all its blocks, by Lua's own count
 *
 * Every object was finalized, so nothing but memory is left of the state. All of
 * it is on the heap's pages, and klua_alloc_exit() gives these back page by page,
 * which takes far less time than to free some hundred blocks on each.
 *
 * Context: Process context, while the state is made or closed.
 * Return: true: Lua need not free anything.
 */
bool klua_drop(struct klua_limits *lim, size_t bytes)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);

	WARN_ONCE(s->curralloc != bytes,
		  "state '" NAME_FMT "' holds %zu bytes, and Lua knows of %zu\n",
		  NAME_ARG(s), s->curralloc, bytes);
	curralloc_update(s, s->curralloc, 0);
	return true;
}

/* Can the state have this limit? Called without the state's lock as well. */
bool klua_alloc_max_fits(const struct klua_state *s, size_t max)
{
	return !s->reserve || max <= s->reserve->max;
}

/**
 * klua_alloc_set_max - change the limit of a state
 * @s: the state
 * @max: bytes that it may hold
 *
 * Context: As klua_alloc().
 * Return: 0, or -EINVAL: @max is more than the state has reserved.
 */
int klua_alloc_set_max(struct klua_state *s, size_t max)
{
	if (!klua_alloc_max_fits(s, max))
		return -EINVAL;
	WRITE_ONCE(s->maxalloc, max);
	return 0;
}

/**
 * klua_alloc_init - make ready for klua_alloc()
 * @s: a state without any block; its kind, whether it is reserved, and its limit
 *     are set
 *
 * From now on the state's memory is charged to the caller's memory cgroup, even if
 * other tasks run the scripts.
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM: there is no memory to reserve. klua_alloc_exit() is to
 *	   be called in either case.
 */
int klua_alloc_init(struct klua_state *s)
{
	s->memcg = get_mem_cgroup_from_mm(current->mm);
	INIT_LIST_HEAD(&s->pages);
	INIT_LIST_HEAD(&s->areas);
	klua_heap_init(&s->heap);
	if (s->kind == KLUA_KIND_IRQ)
		s->reserved = true;
	return s->reserved ? reserve_open(s) : 0;
}

/**
 * klua_alloc_exit - undo klua_alloc_init()
 * @s: a state that has freed or dropped all its blocks
 *
 * Context: Process context. May sleep.
 */
void klua_alloc_exit(struct klua_state *s)
{
	put_all_pages(s);
	mem_cgroup_put(s->memcg);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a state: what Lua may ask for, and where pages come from.
 */

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
 *   more than curralloc; a script can make it much more on purpose. The half
 *   is what it takes to double a block up to maxalloc, when the old half and
 *   the new block are held at once.
 *
 * A grow that breaks one of them, or for which the kernel has no pages, or only
 * its last, fails.
 * Lua then collects all garbage and tries once more before it raises a memory
 * error. A shrink never fails. maxalloc may be lowered under what is held:
 * that only makes grows fail.
 *
 * Blocks up to KMALLOC_MAX_SIZE, 4 MiB on most machines, are contiguous pages
 * of the page allocator where it has them. Larger ones, and those that it does
 * not have contiguous pages for, are made of single pages in the window of the
 * state (window.c), which is twice as large as maxalloc, but not larger than
 * 256 MiB. A block of 256 MiB is a string of as many bytes, or a table of
 * 16,777,216 elements or 8,388,608 other keys; to get there, a table has its
 * old half at the same time, so it ends at half of that. The tables of the
 * window's own addresses, which are not the state's blocks, are 0.4 % of
 * maxalloc more that the machine gives. Machines other than x86-64 have no
 * windows: there no block is larger than KMALLOC_MAX_SIZE.
 *
 * A state that is closed gives its pages back without freeing what is on them
 * first (klua_drop()). So what Lua has forgotten is no leak; that both count the
 * same bytes is checked then.
 */

#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "internal.h"
#include "window.h"

/* What a state may hold beyond its share, so that small ones can work. */
#define HELD_MORE	(4 * PAGE_SIZE)

/*
 * While a state is made, in process context and without a lock, memory may be
 * waited for; afterwards it is asked for under a spinlock and in softirq.
 * Never reported and never at any price: a script that runs out of memory is
 * told so by an error, and must neither wake the OOM killer nor drain the
 * reserves that drivers live on.
 */
static gfp_t flags(const struct klua_state *s)
{
	return (s->building ? GFP_KERNEL : GFP_NOWAIT) | __GFP_NORETRY |
	       __GFP_NOMEMALLOC | __GFP_NOWARN | __GFP_ACCOUNT;
}

/* Is there room for @more bytes? @maxalloc may have been lowered below use. */
static bool fits(const struct klua_state *s, size_t more)
{
	return s->curralloc <= s->maxalloc &&
	       more <= s->maxalloc - s->curralloc;
}

/* Lua collects its garbage and asks again: only the second time is serious. */
static void *refuse(struct klua_state *s)
{
	if (s->refused && klua_armed(&s->limits)) {
		s->limits.used = true;
		s->limits.memory_hit = true;
	}
	s->refused = true;
	return NULL;
}

static void account(struct klua_state *s, size_t old, size_t new)
{
	WRITE_ONCE(s->curralloc, s->curralloc - old + new);
	if (s->curralloc > s->peakalloc)
		WRITE_ONCE(s->peakalloc, s->curralloc);
}

/*
 * A state that is closed may have a million blocks, and nobody waits for it:
 * let others run. Finalizers are called then, too, but what they hold when Lua
 * frees memory they would lose when it raises an error, so it is no lock.
 */
static void breathe(const struct klua_state *s)
{
	if (s->closing)
		cond_resched();
}

/* Bytes of pages that may come to those that the state holds. */
static size_t room(const struct klua_state *s)
{
	size_t max = min_t(size_t, s->maxalloc, SIZE_MAX / 4);
	size_t bound = max + max / 2 + HELD_MORE;
	size_t held = s->heap.held + klua_window_idle(s);

	return held < bound ? bound - held : 0;
}

/*
 * Who asks the kernel for its last page is refused, but whoever comes next and
 * may not be refused wakes the OOM killer. So what is left of memory, or of
 * 2 GiB of it, to a 16th is not for scripts. That is more than the kernel itself
 * keeps for those who cannot wait, and its blocks are the largest that it has,
 * since those are split last. What holds files, and what fits into swap, can be
 * had by others, who wait.
 */
static bool scarce(size_t size)
{
	unsigned long left = global_zone_page_state(NR_FREE_PAGES) +
			     global_node_page_state(NR_ACTIVE_FILE) +
			     global_node_page_state(NR_INACTIVE_FILE) +
			     max(get_nr_swap_pages(), 0L);
	unsigned long spare = min_t(unsigned long, totalram_pages(),
				    SZ_2G >> PAGE_SHIFT) / 16;

	return left < spare + (size >> PAGE_SHIFT);
}

/*
 * That takes longer than a page, so it is looked at each time that a processor
 * has been asked for this many, by whichever states: many small ones can take
 * what a large one can. Once too little is left each request looks, since Lua
 * asks again for what it is refused.
 */
#define LOOK_EACH	(SZ_256K >> PAGE_SHIFT)

static DEFINE_PER_CPU(unsigned long, asked);
static bool low;	/* what the last look saw, on any processor */

/* Is too little left for another @size bytes? */
static bool refusable(size_t size)
{
	unsigned long n = size >> PAGE_SHIFT;
	unsigned long sum = this_cpu_add_return(asked, n);
	bool found;

	if (!READ_ONCE(low) && sum / LOOK_EACH == (sum - n) / LOOK_EACH)
		return false;
	found = scarce(size);
	WRITE_ONCE(low, found);
	return found;
}

/*
 * Each page is in a list of the state's, whatever is on it, so that closing the
 * state can give them back without a look at the blocks.
 */
static void *contiguous(struct klua_state *s, size_t size, size_t more)
{
	char *pages;
	size_t at;

	if (size > KMALLOC_MAX_SIZE || size > more)
		return NULL;
	pages = alloc_pages_exact(size, flags(s));
	if (!pages)
		return NULL;
	for (at = 0; at < size; at += PAGE_SIZE)
		list_add_tail(&virt_to_page(pages + at)->lru, &s->pages);
	klua_leak_watch(pages, 0, size, flags(s));
	return pages;
}

/*
 * A state without a window does not get one for what it may not hold. A single
 * page comes from there only when one is idle, and is used where it is: if it
 * was mapped elsewhere, its address would be lost until the next flush, and a
 * script could soon have none left.
 */
static void *scattered(struct klua_state *s, size_t size, size_t more)
{
	if (size == PAGE_SIZE && !klua_window_idle(s))
		return NULL;
	if (!s->window && size > more)
		return NULL;
	return klua_window_get(s, size, more, flags(s));
}

/* The heap asks for pages. Their leak is a leak, and they point to others. */
void *klua_pages_get(struct klua_heap *h, size_t size)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);
	size_t more = refusable(size) ? 0 : room(s);
	struct mem_cgroup *old = set_active_memcg(s->memcg);
	void *pages = contiguous(s, size, more);

	if (!pages)
		pages = scattered(s, size, more);
	/* The addresses of what is trimmed are lost for a while, too. */
	if (!pages && size <= KMALLOC_MAX_SIZE && klua_window_trim(s, size))
		pages = contiguous(s, size, refusable(size) ? 0 : room(s));
	set_active_memcg(old);
	return pages;
}

/* The heap asks for more pages behind those of a large block. */
bool klua_pages_grow(struct klua_heap *h, void *pages, size_t old, size_t size)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);
	struct mem_cgroup *memcg;
	bool grown;

	if (!klua_window_has(s, pages))
		return false;
	if (refusable(size - old))
		return false;
	memcg = set_active_memcg(s->memcg);
	grown = klua_window_grow(s, pages, old, size, room(s), flags(s));
	set_active_memcg(memcg);
	return grown;
}

/* The heap gives all or the last of the pages back that it once asked for. */
void klua_pages_put(struct klua_heap *h, void *pages, size_t size)
{
	struct klua_state *s = container_of(h, struct klua_state, heap);
	size_t at;

	if (klua_window_has(s, pages)) {
		klua_window_put(s, pages, size);
	} else {
		for (at = 0; at < size; at += PAGE_SIZE)
			list_del(&virt_to_page((char *)pages + at)->lru);
		klua_leak_forget(pages, size);
		free_pages_exact(pages, size);
	}
	breathe(s);
}

/* All pages that the heap holds. It is no heap any more. */
static void put_all_pages(struct klua_state *s)
{
	size_t size = klua_window_close(s);
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &s->pages, lru) {
		list_del(&page->lru);
		klua_leak_forget(page_address(page), PAGE_SIZE);
		__free_page(page);
		size += PAGE_SIZE;
		breathe(s);
	}
	WARN_ON_ONCE(s->heap.held != size);
	s->heap.held = 0;
}

#ifdef CONFIG_KASAN

/*
 * KASAN knows where a block of the slab starts and ends, and who freed it;
 * pages are one piece to it. So each block is one of the slab's, but for those
 * that are too large for it.
 */
static void *window_get(struct klua_state *s, size_t size)
{
	void *block = NULL;

	if (PAGE_ALIGN(size) <= room(s) && !scarce(size))
		block = klua_window_get(s, PAGE_ALIGN(size), room(s), flags(s));
	if (block)
		s->heap.held += PAGE_ALIGN(size);
	return block;
}

static void window_put(struct klua_state *s, void *block, size_t size)
{
	s->heap.held -= size;
	klua_window_put(s, block, size);
}

static bool window_grow(struct klua_state *s, void *block, size_t old,
			size_t size)
{
	size_t more = PAGE_ALIGN(size) - PAGE_ALIGN(old);

	if (more && scarce(more))
		return false;
	if (more && !klua_window_grow(s, block, PAGE_ALIGN(old),
				      PAGE_ALIGN(size), room(s), flags(s)))
		return false;
	s->heap.held += more;
	return true;
}

/* A block gives up its last pages. */
static void window_shrink(struct klua_state *s, void *block, size_t old,
			  size_t size)
{
	if (PAGE_ALIGN(size) < PAGE_ALIGN(old))
		window_put(s, block + PAGE_ALIGN(size),
			   PAGE_ALIGN(old) - PAGE_ALIGN(size));
}

static void *block_get(struct klua_state *s, size_t size)
{
	struct mem_cgroup *old = set_active_memcg(s->memcg);
	void *block = NULL;

	if (size <= KMALLOC_MAX_SIZE)
		block = kmalloc(size, flags(s));
	if (!block && size > PAGE_SIZE && size <= SIZE_MAX - PAGE_SIZE)
		block = window_get(s, size);
	set_active_memcg(old);
	return block;
}

static void *block_take(struct klua_state *s, size_t size)
{
	return NULL;
}

static void *block_get_slow(struct klua_state *s, size_t size)
{
	return block_get(s, size);
}

static void block_put(struct klua_state *s, void *block, size_t size)
{
	if (klua_window_has(s, block))
		window_put(s, block, PAGE_ALIGN(size));
	else
		kfree(block);
	breathe(s);
}

static void *block_move(struct klua_state *s, void *block, size_t old,
			size_t size)
{
	void *moved = block_get(s, size);

	if (!moved)
		return NULL;
	memcpy(moved, block, min(old, size));
	block_put(s, block, old);
	return moved;
}

/* A block that shrinks and finds no smaller one stays what it is. */
static void *block_resize(struct klua_state *s, void *block, size_t old,
			  size_t size)
{
	bool large = klua_window_has(s, block);
	void *moved;

	if (large && size > old && size <= SIZE_MAX - PAGE_SIZE &&
	    window_grow(s, block, old, size))
		return block;
	if (!large || size > old || size <= KMALLOC_MAX_SIZE) {
		moved = block_move(s, block, old, size);
		if (moved || size > old)
			return moved;
	}
	if (large)
		window_shrink(s, block, old, size);
	return block;
}

#else /* !CONFIG_KASAN */

static void *block_take(struct klua_state *s, size_t size)
{
	return klua_heap_take(&s->heap, size);
}

static void *block_get_slow(struct klua_state *s, size_t size)
{
	return klua_heap_alloc_slow(&s->heap, size);
}

static void *block_get(struct klua_state *s, size_t size)
{
	return klua_heap_alloc(&s->heap, size);
}

static void block_put(struct klua_state *s, void *block, size_t size)
{
	klua_heap_free(&s->heap, block, size);
}

static void *block_resize(struct klua_state *s, void *block, size_t old,
			  size_t size)
{
	return klua_heap_resize(&s->heap, block, old, size);
}

#endif /* !CONFIG_KASAN */

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
			block_put(s, block, old);
		account(s, old, 0);
		return NULL;
	}
	if (nsize > old && !fits(s, nsize - old))
		return refuse(s);
	block = block ? block_resize(s, block, old, nsize) :
			block_get(s, nsize);
	if (!block)
		return refuse(s);
	if (nsize > old)
		s->refused = false;
	account(s, old, nsize);
	return block;
}

/* Where klua_block_get() ends when there is none of that size to be taken. */
static noinline void *get_slow(struct klua_state *s, size_t size)
{
	void *block;

	if (!size || !fits(s, size))
		return NULL;
	block = block_get_slow(s, size);
	if (!block)
		return NULL;
	s->refused = false;
	account(s, 0, size);
	return block;
}

/**
 * klua_block_get - klua_alloc() for a new block
 * @lim: the limits of the state
 * @size: its bytes
 *
 * Nearly all blocks that Lua asks for are new and small, and one of the same
 * size has been freed: that has a way of its own, which calls nothing.
 *
 * Context: as klua_alloc().
 * Return: the block, or NULL: klua_alloc() is to be asked.
 */
void *klua_block_get(struct klua_limits *lim, size_t size)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);
	size_t sum = s->curralloc + size;
	void *block;

	/* A size of 0 is larger, too, and none up to that can make @sum wrap. */
	if (unlikely(size - 1 >= KLUA_EXACT_MAX || sum > s->maxalloc))
		return get_slow(s, size);
	block = block_take(s, size);
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
	block_put(s, block, size);
}

/**
 * klua_drop - free all blocks of a state at once
 * @lim: the limits of the state, which Lua is closing
 * @bytes: what its blocks come to by Lua's own count
 *
 * Every object was finalized, and what is left of the state is memory. All of
 * that is on the heap's pages, which klua_alloc_exit() gives back, a page where
 * there may be a hundred blocks. KASAN's blocks are not, so there Lua frees one
 * after the other, and whatever it forgets is found.
 *
 * Context: Process context, while the state is made or closed.
 * Return: true when Lua need not free anything.
 */
bool klua_drop(struct klua_limits *lim, size_t bytes)
{
	struct klua_state *s = container_of(lim, struct klua_state, limits);

	WARN_ONCE(s->curralloc != bytes,
		  "state '" NAME_FMT "' holds %zu bytes, and Lua knows of %zu\n",
		  NAME_ARG(s), s->curralloc, bytes);
	if (IS_ENABLED(CONFIG_KASAN))
		return false;
	account(s, s->curralloc, 0);
	return true;
}

/**
 * klua_alloc_init - make ready for klua_alloc()
 * @s: a state without any block
 *
 * From now on the state's memory is charged to the caller's memory cgroup,
 * whoever runs a script in it.
 *
 * Context: Process context.
 */
void klua_alloc_init(struct klua_state *s)
{
	s->memcg = get_mem_cgroup_from_mm(current->mm);
	INIT_LIST_HEAD(&s->pages);
	klua_heap_init(&s->heap);
	klua_window_open(s);
}

/**
 * klua_alloc_exit - undo klua_alloc_init()
 * @s: a state that has freed or dropped all its blocks
 *
 * Context: Process context.
 */
void klua_alloc_exit(struct klua_state *s)
{
	put_all_pages(s);
	mem_cgroup_put(s->memcg);
}

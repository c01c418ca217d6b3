// SPDX-License-Identifier: GPL-2.0-only
/*
 * Large blocks of a state on pages that need not be contiguous.
 */

/**
 * DOC: windows
 *
 * A block has to be contiguous for whoever indexes it, but only by its virtual
 * addresses. Those cannot be had where a state runs, with bottom halves off:
 * vmap() and vunmap() sleep. So a state has a window: a range of addresses that
 * vmap() made in process context, page tables included, in which pages are then
 * mapped one by one while the state runs.
 *
 * Each page of a window is
 *
 * - fresh: mapped to nothing, and no processor has a translation for it;
 * - used: mapped, and in a block;
 * - idle: mapped, and in no block, since its block was freed;
 * - spent: mapped to nothing any more, but some processor may still have the
 *   translation.
 *
 * The one rule that all of this stands on: an address is mapped only while it
 * is fresh. x86 keeps no translation of what is not present, so that needs no
 * flush of any processor; and as vmap() is made to fill in entries that are
 * not present, an address is fresh from the beginning. A block takes fresh and
 * idle pages; what it leaves when it is freed stays mapped, and the next block
 * uses it again as it is.
 *
 * An idle page is needed elsewhere when the state may hold no more pages, or
 * the machine has none, or when nobody wanted it for a while. Its entry is
 * cleared then, the page is free for anything, and the address is spent: no one
 * uses it, whatever some processor knows about it, just as with what vfree()
 * frees before it flushes. A work item lets all processors forget all
 * translations, and counts how often it has done so; by that count a state that
 * looks for a place sees that its spent addresses are fresh again. It takes a
 * quarter of a second from when a large block was freed; it is one flush for all
 * states, four times a second at most. The work item takes idle pages, too, for
 * which it needs the state's lock; one that is never to be had costs a state
 * just that its idle pages stay.
 *
 * Whoever has more than KMALLOC_MAX_SIZE to use gets a window when the state is
 * made. Smaller states need none on most machines. They get one, out of a few
 * that are kept ready, when contiguous pages are refused for the first time;
 * when there is none ready, that block is refused, and the work item makes one
 * soon after. The same happens when the limit of a state is raised.
 *
 * Locks: a window is used under its state's lock. care_lock guards what the
 * work item is asked to do, and the ready windows; it is taken under a state's
 * lock, or alone, and is innermost. care_mutex is held by the work item for as
 * long as it knows any state, so that a state that is closed takes it to be
 * forgotten; it is taken before the others.
 */

#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/tlbflush.h>

#include "internal.h"
#include "window.h"

/*
 * Addresses are cheap, but not for nothing: a window has twice as many as the
 * state may have bytes, so that blocks of many sizes find room, and a page of
 * tables for each 2 MiB of them. KASAN has a shadow of each, too.
 */
#define WINDOW_MAX	(IS_ENABLED(CONFIG_KASAN) ? SZ_64M : SZ_256M)
#define WINDOW_MIN	(2 * KMALLOC_MAX_SIZE)

/* Windows of the least size that are kept for whoever needs one at once. */
#define READY		4

/* Steps that finding a place takes for each free range, and mapping a page. */
#define COST_RANGE	4
#define COST_PAGE	32

/* When the work item looks after idle pages, and after a lock that it missed. */
#define CARE_DELAY	(HZ / 4)
#define CARE_TRIES	20

/* Pages that the work item takes at a time, with the state's lock. */
#define BATCH		64

/**
 * struct klua_window - addresses of one state
 *
 * Used under the state's lock, or by whoever makes or frees it.
 *
 * @base: its first byte
 * @pages: how many there are
 * @used: of these, how many are used
 * @idle: of these, how many are idle
 * @spent: of these, how many are spent
 * @spent_at: flushes that had begun when the last of these was spent
 * @link: in the list of ready windows
 * @taken: a bit for each page that is used or spent
 * @mapped: a bit for each page that is used or idle
 */
struct klua_window {
	char *base;
	unsigned int pages;
	unsigned int used;
	unsigned int idle;
	unsigned int spent;
	unsigned long spent_at;
	struct list_head link;
	unsigned long *mapped;
	unsigned long taken[];
};

static void care(struct work_struct *work);

static DEFINE_MUTEX(care_mutex);	/* what the work item knows */
static DEFINE_SPINLOCK(care_lock);	/* the lists below */
static struct klua_state *wanting;	/* the first; the last's @care is itself */
static LIST_HEAD(ready);
static unsigned int nr_ready;
static DECLARE_DELAYED_WORK(care_work, care);

/* The work item's; states read them. */
static unsigned long flushes_begun;
static unsigned long flushes_done;

static unsigned int window_pages(size_t maxalloc)
{
	size_t size = clamp_t(size_t, maxalloc, WINDOW_MIN / 2, WINDOW_MAX / 2);

	return min_t(size_t, 2 * PAGE_ALIGN(size) >> PAGE_SHIFT,
		     totalram_pages());
}

static pte_t *pte_of(const struct klua_window *w, unsigned int at)
{
	unsigned int level;

	return lookup_address((unsigned long)w->base + at * PAGE_SIZE, &level);
}

/*
 * Make all entries of a new window none. They are not present, and never were,
 * so no processor has any of them. False where there is no table for each.
 */
static bool clear(const struct klua_window *w)
{
	unsigned long addr = (unsigned long)w->base;
	unsigned long end = addr + w->pages * PAGE_SIZE;
	unsigned int level;
	pte_t *pte = NULL;

	for (; addr < end; addr += PAGE_SIZE, pte++) {
		if (!pte || !(addr & ~PMD_MASK)) {
			pte = lookup_address(addr, &level);
			if (WARN_ON_ONCE(!pte || level != PG_LEVEL_4K))
				return false;
			cond_resched();
		}
		set_pte(pte, __pte(0));
	}
	return true;
}

/* PAGE_NONE is not present, but an entry that vunmap() knows. */
static char *map_nothing(unsigned int pages)
{
	struct page **array = kvmalloc_array(pages, sizeof(*array), GFP_KERNEL);
	char *base;
	unsigned int i;

	if (!array)
		return NULL;
	for (i = 0; i < pages; i++)
		array[i] = ZERO_PAGE(0);
	base = vmap(array, pages, VM_MAP, PAGE_NONE);
	kvfree(array);
	return base;
}

static struct klua_window *make(unsigned int pages)
{
	size_t longs = BITS_TO_LONGS(pages);
	struct klua_window *w = kvzalloc(struct_size(w, taken, 2 * longs),
					 GFP_KERNEL_ACCOUNT | __GFP_NORETRY);

	if (!w)
		return NULL;
	w->pages = pages;
	w->mapped = w->taken + longs;
	w->base = map_nothing(pages);
	if (w->base && clear(w))
		return w;
	vunmap(w->base);
	kvfree(w);
	return NULL;
}

/* An idle page from @from on, or w->pages. */
static unsigned int find_idle(const struct klua_window *w, unsigned int from)
{
	unsigned int word = from / BITS_PER_LONG;
	unsigned long mask = ~0ul << (from % BITS_PER_LONG);
	unsigned long bits;

	for (; word < BITS_TO_LONGS(w->pages); word++, mask = ~0ul) {
		bits = w->mapped[word] & ~w->taken[word] & mask;
		if (bits)
			return word * BITS_PER_LONG + __ffs(bits);
	}
	return w->pages;
}

static struct page *unmap(const struct klua_window *w, unsigned int at)
{
	pte_t *pte = pte_of(w, at);
	struct page *page = pte_page(*pte);

	set_pte(pte, __pte(0));
	return page;
}

/* Take the page that is mapped, but in no block, at @at. */
static struct page *spend(struct klua_window *w, unsigned int at)
{
	struct page *page = unmap(w, at);

	__clear_bit(at, w->mapped);
	__set_bit(at, w->taken);
	w->idle--;
	w->spent++;
	/* With the one in wash(): a flush that has yet to begin sees the entry. */
	smp_mb();
	w->spent_at = READ_ONCE(flushes_begun);
	return page;
}

/* What was spent is fresh when a flush that began after that is over. */
static void refresh(struct klua_window *w)
{
	/* Pairs with wash(): every processor has forgotten, before we map. */
	unsigned long done = smp_load_acquire(&flushes_done);

	if (!w->spent || (long)(done - w->spent_at) <= 0)
		return;
	bitmap_and(w->taken, w->taken, w->mapped, w->pages);
	w->spent = 0;
}

/* Some idle page; *@from is where to look, and then where to look next. */
static struct page *steal(struct klua_window *w, unsigned int *from)
{
	if (!w->idle)
		return NULL;
	*from = find_idle(w, *from);
	return *from < w->pages ? spend(w, *from) : NULL;
}

/* Free a window, and all that is in it. */
static void drop(struct klua_window *w)
{
	unsigned int at = 0;

	if (!w)
		return;
	while ((at = find_next_bit(w->mapped, w->pages, at)) < w->pages) {
		if (test_bit(at, w->taken))
			klua_leak_forget(w->base + at * PAGE_SIZE, PAGE_SIZE);
		__free_page(unmap(w, at++));
		if (!(at % BATCH))
			cond_resched();
	}
	vunmap(w->base);
	kvfree(w);
}

/* Pages that are mapped of @n at @at */
static unsigned int mapped_at(const struct klua_window *w, unsigned int at,
			      unsigned int n)
{
	unsigned int word = at / BITS_PER_LONG;
	unsigned int last = (at + n - 1) / BITS_PER_LONG;
	unsigned long mask = BITMAP_FIRST_WORD_MASK(at);
	unsigned int sum = 0;

	for (; word < last; word++, mask = ~0ul)
		sum += hweight_long(w->mapped[word] & mask);
	return sum + hweight_long(w->mapped[word] & mask &
				  BITMAP_LAST_WORD_MASK(at + n));
}

/*
 * Where @n pages find room with the most of them mapped already, or w->pages.
 * *@ranges is how many free ranges there were to look at.
 */
static unsigned int place(const struct klua_window *w, unsigned int n,
			  unsigned int *ranges)
{
	unsigned int best = w->pages;
	unsigned int start, at, mapped;
	unsigned int end = 0;
	int most = -1;

	for (*ranges = 1; most < (int)n; ++*ranges) {
		start = find_next_zero_bit(w->taken, w->pages, end);
		if (start >= w->pages)
			break;
		end = find_next_bit(w->taken, w->pages, start);
		if (end - start < n)
			continue;
		at = find_next_bit(w->mapped, end, start);
		at = at < end ? min(at, end - n) : start;
		mapped = mapped_at(w, at, n);
		if ((int)mapped > most) {
			most = mapped;
			best = at;
		}
	}
	return best;
}

static void set_idle(struct klua_window *w, unsigned int at, unsigned int n)
{
	bitmap_clear(w->taken, at, n);
	w->idle += mapped_at(w, at, n);
}

static void push(struct klua_state *s)
{
	WRITE_ONCE(s->care, wanting ?: s);
	wanting = s;
}

/* Have the work item look at a state, after @delay. */
static void enlist(struct klua_state *s, unsigned long delay)
{
	spin_lock_bh(&care_lock);
	if (!s->care)
		push(s);
	spin_unlock_bh(&care_lock);
	if (delay)
		queue_delayed_work(system_unbound_wq, &care_work, delay);
	else
		mod_delayed_work(system_unbound_wq, &care_work, 0);
}

/*
 * The same for those who have the state. One that is made or closed is used
 * without its lock, so that the work item must not know it; then it has just
 * the ready windows to see to.
 */
static void ask(struct klua_state *s, unsigned long delay)
{
	if (!s->building && !s->closing)
		enlist(s, delay);
	else if (!delay)
		mod_delayed_work(system_unbound_wq, &care_work, 0);
}

/*
 * As the last, for each block that is freed. While the state is in the list,
 * the work item has yet to take the lock that we have.
 */
static void ask_soon(struct klua_state *s)
{
	if (!READ_ONCE(s->care))
		ask(s, CARE_DELAY);
}

/*
 * Make @n pages at @at, which are idle or fresh, those of a block. At most
 * @room of them may be new ones; idle ones of elsewhere take the place of the
 * others, and of those that the machine does not have.
 */
static bool use(struct klua_state *s, unsigned int at, unsigned int n,
		size_t room, gfp_t gfp)
{
	struct klua_window *w = s->window;
	unsigned int mapped = mapped_at(w, at, n);
	unsigned int i = at, from = 0;
	struct page *page;

	room >>= PAGE_SHIFT;
	if (n - mapped > room + (w->idle - mapped))
		return false;
	klua_limits_owe(&s->limits, (n - mapped) * COST_PAGE);
	w->idle -= mapped;
	bitmap_set(w->taken, at, n);
	while ((i = find_next_zero_bit(w->mapped, at + n, i)) < at + n) {
		page = room ? alloc_page(gfp) : NULL;
		room = page ? room - 1 : 0;
		if (!page)
			page = steal(w, &from);
		if (!page) {
			set_idle(w, at, n);
			ask_soon(s);
			return false;
		}
		set_pte(pte_of(w, i), mk_pte(page, PAGE_KERNEL));
		__set_bit(i, w->mapped);
	}
	w->used += n;
	return true;
}

static struct klua_window *take_ready(void)
{
	struct klua_window *w;

	spin_lock_bh(&care_lock);
	w = list_first_entry_or_null(&ready, struct klua_window, link);
	if (w) {
		list_del(&w->link);
		WRITE_ONCE(nr_ready, nr_ready - 1);
	}
	spin_unlock_bh(&care_lock);
	return w;
}

/* A state without a window needs one for @n pages. */
static bool furnish(struct klua_state *s, unsigned int n)
{
	struct klua_window *w = NULL;

	if (n <= WINDOW_MIN >> PAGE_SHIFT)
		w = take_ready();
	if (!w && s->window_wish) {
		ask_soon(s);
		return false;
	}
	if (w)
		s->window = w;
	s->window_wish = !w || w->pages < window_pages(s->maxalloc);
	ask(s, 0);
	return w;
}

/**
 * klua_window_get - get a block
 * @s: a state
 * @size: bytes
 * @room: bytes of pages that it may hold more than it does
 * @gfp: how to ask for pages
 *
 * Context: Where the state may be used, under its lock; or process context,
 *	    while it is made or closed.
 * Return: the block, which is not zeroed, or NULL.
 */
void *klua_window_get(struct klua_state *s, size_t size, size_t room, gfp_t gfp)
{
	size_t n = size >> PAGE_SHIFT;
	unsigned int at, ranges;
	void *block;

	if (!s->window && (n > UINT_MAX || !furnish(s, n)))
		return NULL;
	if (n > s->window->pages)
		return NULL;
	refresh(s->window);
	at = place(s->window, n, &ranges);
	klua_limits_owe(&s->limits, ranges * COST_RANGE);
	if (at == s->window->pages) {
		/* It may be spent. */
		ask_soon(s);
		return NULL;
	}
	if (!use(s, at, n, room, gfp))
		return NULL;
	block = s->window->base + at * PAGE_SIZE;
	klua_leak_watch(block, 0, size, gfp);
	return block;
}

/* Is a block of the state in its window? */
bool __klua_window_has(const struct klua_state *s, const void *block)
{
	const struct klua_window *w = s->window;

	return (unsigned long)block - (unsigned long)w->base <
	       w->pages * PAGE_SIZE;
}

static unsigned int place_of(const struct klua_window *w, const void *block)
{
	return ((const char *)block - w->base) >> PAGE_SHIFT;
}

/**
 * klua_window_grow - make a block larger where it is
 * @s: a state
 * @block: a block of it, in the window or not
 * @old: its bytes
 * @size: bytes wanted, more than that
 * @room: bytes of pages that the state may hold more than it does
 * @gfp: how to ask for pages
 *
 * Context: As klua_window_get().
 * Return: true when it has @size bytes now; false: it is as it was.
 */
bool klua_window_grow(struct klua_state *s, void *block, size_t old,
		      size_t size, size_t room, gfp_t gfp)
{
	struct klua_window *w = s->window;
	size_t n = (size - old) >> PAGE_SHIFT;
	unsigned int at;

	if (!klua_window_has(s, block))
		return false;
	refresh(w);
	at = place_of(w, block) + (old >> PAGE_SHIFT);
	if (n > w->pages - at || find_next_bit(w->taken, at + n, at) < at + n)
		return false;
	if (!use(s, at, n, room, gfp))
		return false;
	klua_leak_watch(block, old, size, gfp);
	return true;
}

/**
 * klua_window_put - give a block, or its last pages, back
 * @s: a state
 * @block: what is in its window
 * @size: bytes
 *
 * Context: As klua_window_get().
 */
void klua_window_put(struct klua_state *s, void *block, size_t size)
{
	klua_leak_forget(block, size);
	s->window->used -= size >> PAGE_SHIFT;
	set_idle(s->window, place_of(s->window, block), size >> PAGE_SHIFT);
	ask_soon(s);
}

/* Bytes that a state holds, but in no block */
size_t __klua_window_idle(const struct klua_state *s)
{
	return s->window->idle * PAGE_SIZE;
}

/**
 * klua_window_trim - give idle pages back
 * @s: a state
 * @size: bytes that are enough
 *
 * Context: As klua_window_get().
 * Return: true when there were any.
 */
bool klua_window_trim(struct klua_state *s, size_t size)
{
	unsigned int from = 0;
	struct page *page;
	size_t freed;

	if (!klua_window_idle(s))
		return false;
	for (freed = 0; freed < size; freed += PAGE_SIZE) {
		page = steal(s->window, &from);
		if (!page)
			break;
		__free_page(page);
	}
	ask_soon(s);
	return true;
}

/* For those who cannot wait for a script with bottom halves off. */
static bool lock_soon(struct klua_state *s)
{
	int i;

	for (i = 0; i < CARE_TRIES; i++) {
		if (spin_trylock_bh(&s->lock))
			return true;
		usleep_range(100, 500);
	}
	return false;
}

static bool may_refit(const struct klua_state *s)
{
	return s->window_wish && (!s->window || !s->window->used);
}

/* A first window, or a larger one where the old one has no block. */
static bool refit(struct klua_state *s)
{
	struct klua_window *w;
	bool may;

	if (!lock_soon(s))
		return false;
	__acquire(&s->lock);	/* as sparse cannot see */
	may = may_refit(s);
	spin_unlock_bh(&s->lock);
	if (!may)
		return true;
	w = make(window_pages(READ_ONCE(s->maxalloc)));
	if (!w)
		return true;	/* whoever is refused next asks again */
	if (!lock_soon(s)) {
		drop(w);
		return false;
	}
	__acquire(&s->lock);
	if (may_refit(s)) {
		swap(w, s->window);
		s->window_wish = false;
	}
	spin_unlock_bh(&s->lock);
	drop(w);
	return true;
}

/* Idle pages into @pages, which has room for BATCH; returns how many. */
static unsigned int shed(struct klua_window *w, struct page **pages)
{
	unsigned int from = 0, n = 0;

	while (n < BATCH && (pages[n] = steal(w, &from)))
		n++;
	return n;
}

/*
 * Take all idle pages; the spent addresses are for the flush to come. What has
 * been spent where the lock is not to be had, nobody knows.
 */
static bool tidy(struct klua_state *s, bool *spent)
{
	struct page *pages[BATCH];
	struct klua_window *w;
	unsigned int i, n = 0;

	do {
		if (!lock_soon(s)) {
			*spent = true;
			return false;
		}
		__acquire(&s->lock);
		w = s->window;
		if (w) {
			n = shed(w, pages);
			*spent |= w->spent;
		}
		spin_unlock_bh(&s->lock);
		for (i = 0; i < n; i++)
			__free_page(pages[i]);
		cond_resched();
	} while (n);
	return true;
}

static void forget_all(void *unused)
{
	__flush_tlb_all();
}

/* The counts are written by one work item at a time. */
static void wash(void)
{
	WRITE_ONCE(flushes_begun, flushes_begun + 1);
	/*
	 * With the one in spend(): who does not see the count has cleared its
	 * entry before the flush.
	 */
	smp_mb();
	on_each_cpu(forget_all, NULL, 1);
	/* Pairs with refresh(). */
	smp_store_release(&flushes_done, flushes_begun);
}

static void stock(void)
{
	struct klua_window *w;

	while (READ_ONCE(nr_ready) < READY) {
		w = make(WINDOW_MIN >> PAGE_SHIFT);
		if (!w)
			return;
		spin_lock_bh(&care_lock);
		list_add(&w->link, &ready);
		WRITE_ONCE(nr_ready, nr_ready + 1);
		spin_unlock_bh(&care_lock);
	}
}

static struct klua_state *after(struct klua_state *s)
{
	return s->care == s ? NULL : s->care;
}

/* Take the first of a list. */
static struct klua_state *next_asking(struct klua_state **asking)
{
	struct klua_state *s;

	spin_lock_bh(&care_lock);
	s = *asking;
	if (s) {
		*asking = after(s);
		WRITE_ONCE(s->care, NULL);
	}
	spin_unlock_bh(&care_lock);
	return s;
}

static struct klua_state *all_asking(void)
{
	struct klua_state *asking;

	spin_lock_bh(&care_lock);
	asking = wanting;
	wanting = NULL;
	spin_unlock_bh(&care_lock);
	return asking;
}

static void care(struct work_struct *work)
{
	struct klua_state *asking, *s;
	bool spent = false;

	mutex_lock(&care_mutex);
	asking = all_asking();
	while ((s = next_asking(&asking)))
		if (!tidy(s, &spent) || !refit(s))
			enlist(s, CARE_DELAY);
	if (spent)
		wash();
	stock();
	mutex_unlock(&care_mutex);
}

/**
 * klua_window_fit - the limit of a state has been changed
 * @s: the state
 *
 * Context: Where the state may be used, under its lock.
 */
void klua_window_fit(struct klua_state *s)
{
	if (s->maxalloc <= KMALLOC_MAX_SIZE)
		return;
	if (s->window && s->window->pages >= window_pages(s->maxalloc))
		return;
	s->window_wish = true;
	ask(s, 0);
}

/* A window from the beginning, where there are blocks that need one. */
void __klua_window_open(struct klua_state *s)
{
	s->window = make(window_pages(s->maxalloc));
}

/* The work item does not know the state from now on. */
void __klua_window_forget(struct klua_state *s)
{
	struct klua_state *asking, *one;

	mutex_lock(&care_mutex);
	asking = s->care ? all_asking() : NULL;
	while ((one = next_asking(&asking)))
		if (one != s)
			enlist(one, CARE_DELAY);
	mutex_unlock(&care_mutex);
}

/* Bytes of its blocks, which the state does not have any more */
size_t __klua_window_close(struct klua_state *s)
{
	size_t size = s->window->used * PAGE_SIZE;

	drop(s->window);
	s->window = NULL;
	return size;
}

/**
 * klua_windows_init - make ready for states
 *
 * Context: Process context.
 */
void klua_windows_init(void)
{
	queue_delayed_work(system_unbound_wq, &care_work, 0);
}

/**
 * klua_windows_exit - undo klua_windows_init()
 *
 * Context: Process context, when the last state is closed. May sleep.
 */
void klua_windows_exit(void)
{
	struct klua_window *w;

	cancel_delayed_work_sync(&care_work);
	while ((w = take_ready()))
		drop(w);
}

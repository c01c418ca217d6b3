// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of the heap of a Lua state, checked outside the kernel under
 * AddressSanitizer. Prints TAP. With an argument: the seed of the random runs.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sanitizer/asan_interface.h>

/* The heap uses the first grain of a free block. */
#define klua_heap_poison(block, size)	poison_rest(block, size)
#define klua_heap_unpoison(block, size)	ASAN_UNPOISON_MEMORY_REGION(block, size)
#define klua_page_poison(page)		((void)0)

static inline void poison_rest(void *block, size_t size)
{
	size = (size + 15) / 16 * 16;
	ASAN_POISON_MEMORY_REGION((char *)block + 16, size - 16);
	ASAN_UNPOISON_MEMORY_REGION(block, 16);
}

#include "heap.c"

static unsigned int checks;
static unsigned int failures;

static void check(bool good, const char *format, ...)
{
	va_list args;

	failures += !good;
	printf("%sok %u - ", good ? "" : "not ", ++checks);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* A check that runs a million times: it prints a line only if it fails. */
#define must(condition) \
	do { \
		if (!(condition)) { \
			printf("not ok %u - line %d: %s\n", ++checks, \
			       __LINE__, #condition); \
			exit(1); \
		} \
	} while (0)

static u64 seed = 88172645463325252ull;

static u64 rnd(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

/*
 * The host: an arena of pages. Pages that the heap does not hold are poisoned. Requests
 * fail beyond a limit, or if a test says so.
 */
#define ARENA_PAGES	(((size_t)256 << 20) / KLUA_PAGE)

static struct {
	char *arena;
	bool taken[ARENA_PAGES];
	bool rigid[ARENA_PAGES];	/* the block here does not shrink */
	unsigned int size[ARENA_PAGES];	/* pages that it has */
	bool may_be_rigid;
	size_t limit;
	size_t held;
	long left;		/* requests that succeed before all fail; -1: no limit */
	unsigned int fail_one_in;	/* one in so many fails; 0: none */
	unsigned long gets;
	unsigned long charged;
	unsigned long slice;	/* of these, how many before a look at the limits */
} host;

static void host_init(void)
{
	size_t size = (ARENA_PAGES + 1) * KLUA_PAGE;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	must(p != MAP_FAILED);
	host.arena = p + KLUA_PAGE - (unsigned long)p % KLUA_PAGE;
	ASAN_POISON_MEMORY_REGION(host.arena, ARENA_PAGES * KLUA_PAGE);
}

static void host_reset(void)
{
	must(!host.held);
	host.limit = SIZE_MAX;
	host.left = -1;
	host.fail_one_in = 0;
	host.may_be_rigid = false;
	host.gets = 0;
	host.charged = 0;
	host.slice = ULONG_MAX;
}

static bool host_refuses(size_t size)
{
	if (host.held > host.limit || size > host.limit - host.held)
		return true;
	if (host.fail_one_in && !rnd(host.fail_one_in))
		return true;
	if (!host.left)
		return true;
	if (host.left > 0)
		host.left--;
	return false;
}

/* Find @n free pages in a row; returns the first. */
static size_t host_find(size_t n)
{
	size_t run = 0;
	size_t i;

	for (i = 0; i < ARENA_PAGES && run < n; i++)
		run = host.taken[i] ? 0 : run + 1;
	return run == n ? i - n : ARENA_PAGES;
}

void *klua_pages_get(struct klua_heap *h, size_t size)
{
	size_t n = size / KLUA_PAGE;
	size_t i;

	must(size && size % KLUA_PAGE == 0);
	must(h->held == host.held);
	if (n > ARENA_PAGES || host_refuses(size))
		return NULL;
	i = host_find(n);
	if (i == ARENA_PAGES)
		return NULL;
	memset(host.taken + i, true, n);
	if (host.may_be_rigid && n > 1 && rnd(2)) {
		host.rigid[i] = true;
		host.size[i] = n;
	}
	h->held = host.held += size;
	host.gets++;
	ASAN_UNPOISON_MEMORY_REGION(host.arena + i * KLUA_PAGE, size);
	memset(host.arena + i * KLUA_PAGE, 0xa5, size);
	return host.arena + i * KLUA_PAGE;
}

/* Grow a large block where it is, every other time that there is room. */
static bool host_grow(struct klua_heap *h, size_t i, size_t n, char *end)
{
	size_t k;

	if (n > ARENA_PAGES - i || rnd(2) || host_refuses(n * KLUA_PAGE))
		return false;
	for (k = i; k < i + n; k++)
		if (host.taken[k])
			return false;
	memset(host.taken + i, true, n);
	h->held = host.held += n * KLUA_PAGE;
	ASAN_UNPOISON_MEMORY_REGION(end, n * KLUA_PAGE);
	memset(end, 0xa5, n * KLUA_PAGE);
	return true;
}

bool klua_pages_resize(struct klua_heap *h, void *pages, size_t old, size_t size)
{
	size_t i = ((char *)pages - host.arena) / KLUA_PAGE;

	must(size != old && size % KLUA_PAGE == 0 && old % KLUA_PAGE == 0);
	must(size && h->held == host.held && host.taken[i]);
	if (host.rigid[i])
		return size > old ? size <= host.size[i] * KLUA_PAGE :
				    size >= host.size[i] * KLUA_PAGE / 2;
	if (size > old)
		return host_grow(h, i + old / KLUA_PAGE,
				 (size - old) / KLUA_PAGE, (char *)pages + old);
	klua_pages_put(h, (char *)pages + size, old - size);
	return true;
}

void klua_pages_put(struct klua_heap *h, void *pages, size_t size)
{
	size_t i = ((char *)pages - host.arena) / KLUA_PAGE;
	size_t n;

	must(size && size % KLUA_PAGE == 0);
	if (host.rigid[i]) {
		must(size <= host.size[i] * KLUA_PAGE);
		size = host.size[i] * KLUA_PAGE;
		host.rigid[i] = false;
	}
	must(i + size / KLUA_PAGE <= ARENA_PAGES && h->held == host.held);
	for (n = size / KLUA_PAGE; n; n--, i++) {
		must(host.taken[i] && !host.rigid[i]);
		host.taken[i] = false;
	}
	h->held = host.held -= size;
	ASAN_POISON_MEMORY_REGION(pages, size);
}

/* Count the steps charged for work that no constant bounds. */
void klua_heap_charge(struct klua_heap *h, size_t steps)
{
	(void)h;
	host.charged += steps;
}

bool klua_heap_affords(struct klua_heap *h, size_t steps)
{
	(void)h;
	return host.charged <= host.slice && steps <= host.slice - host.charged;
}

/* Compare a page's head with the blocks that are on it. */
static void check_page(struct klua_heap *h, struct klua_page *page)
{
	unsigned int hole = klua_hole_grains(h);
	unsigned int used = 0;
	unsigned int at, next;
	struct klua_free *block;

	if (hole && klua_page_of(h->hole) != page)
		hole = 0;
	for (at = KLUA_PAGE_HEAD; at < KLUA_GRAINS; at = next) {
		next = start_after(page, at);
		block = grain_at(page, at);
		if (!is_free(page, at)) {
			used += next - at;
			continue;
		}
		must(*block->pprev == block);
		must(!block->next || block->next->pprev == &block->next);
	}
	must(used == page->used + hole);
}

static void check_heap(struct klua_heap *h, size_t large)
{
	struct klua_page_list *lists[] = { &h->empty, &h->ripe, &h->rest };
	struct klua_page_list *link;
	struct klua_page *page;
	struct klua_free *block;
	size_t pages = 0;
	size_t empties = 0;
	unsigned int i;

	for (i = 0; i < 3; i++)
		for (link = lists[i]->next; link != lists[i]; link = link->next) {
			page = (struct klua_page *)link;
			check_page(h, page);
			pages++;
			empties += !page->used;
			must(!page->used == (i == 0));
		}
	must(pages == h->pages && empties == h->empties);
	if (h->spare)
		large += h->spare_size;
	if (host.may_be_rigid)
		must(h->held >= pages * KLUA_PAGE + large);
	else
		must(h->held == pages * KLUA_PAGE + large);
	for (i = 0; i < KLUA_BINS; i++)
		for (block = h->bins[i]; block; block = block->next) {
			must(i < KLUA_EXACT_BINS ||
			     h->filled & (u64)1 << i);
			must(bin_of(free_grains(block)) == i);
			must(is_free(klua_page_of(block), klua_grain_of(block)));
		}
}

/* A script: blocks, each filled with its own bytes */
#define BLOCKS	4096

struct block {
	unsigned char *p;
	size_t size;
	unsigned char fill;
};

struct script {
	struct klua_heap heap;
	struct block blocks[BLOCKS];
	size_t asked;
	size_t large;
};

static struct script *script_new(void)
{
	struct script *s = calloc(1, sizeof(*s));

	must(s);
	klua_heap_init(&s->heap);
	return s;
}

static size_t large_bytes(size_t size)
{
	return size > KLUA_SMALL_MAX ? page_round(size) : 0;
}

static void check_bytes(const struct block *b, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		must(b->p[i] == b->fill);
}

/* Allocate, resize or free a block, as lua_Alloc does. False: the heap refused. */
static bool change(struct script *s, struct block *b, size_t size)
{
	size_t old = b->size;
	void *p = NULL;

	check_bytes(b, old);
	if (!size && b->p)
		klua_heap_free(&s->heap, b->p, old);
	else if (size && b->p)
		p = klua_heap_resize(&s->heap, b->p, old, size);
	else if (size)
		p = klua_heap_alloc(&s->heap, size);
	must(p || size == 0 || size > old);
	if (size && !p) {
		check_bytes(b, old);
		return false;
	}
	must((unsigned long)p % KLUA_GRAIN == 0);
	b->p = p;
	b->size = size;
	check_bytes(b, size < old ? size : old);
	b->fill = rnd(256);
	if (size)
		memset(b->p, b->fill, size);
	s->asked += size - old;
	s->large += large_bytes(size) - large_bytes(old);
	return true;
}

static void script_end(struct script *s)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		change(s, &s->blocks[i], 0);
	check_heap(&s->heap, 0);
	must(s->asked == 0 && s->large == 0);
	release_empties(&s->heap, 0);
	release_spare(&s->heap);
	must(s->heap.held == 0 && host.held == 0);
	free(s);
}

/* Sizes as Lua's: mostly small ones, powers of two and a bit, seldom large ones */
static size_t any_size(void)
{
	switch (rnd(16)) {
	case 0:
		return 1 + rnd(KLUA_SMALL_MAX + 64);
	case 1:
		return (size_t)16 << rnd(10);
	case 2:
		return rnd(8) ? 1 + rnd(1024) : 1 + rnd(20 * KLUA_PAGE);
	case 3:
		return KLUA_SMALL_MAX - 2 + rnd(5);
	default:
		return 1 + rnd(128);
	}
}

/* Change blocks at random, freeing one in @free_one_in. */
static unsigned long run(struct script *s, unsigned long steps,
			 unsigned int blocks, unsigned int free_one_in)
{
	unsigned long refused = 0;
	size_t size;

	for (; steps; steps--) {
		size = rnd(free_one_in) ? any_size() : 0;
		refused += !change(s, &s->blocks[rnd(blocks)], size);
		if (steps % 256 == 0)
			check_heap(&s->heap, s->large);
	}
	return refused;
}

static void test_random(void)
{
	struct script *s;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		host_reset();
		s = script_new();
		run(s, 20000, 1u << (5 + i), 2 + i % 3);
		script_end(s);
	}
	check(true, "random changes keep every byte, and all ends at zero");
}

/* Blocks keep their pages when they shrink, and so are moved. */
static void test_rigid(void)
{
	struct script *s;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		host_reset();
		host.may_be_rigid = true;
		host.fail_one_in = i % 2 ? 3 : 0;
		s = script_new();
		run(s, 15000, 512, 3);
		script_end(s);
	}
	check(true, "blocks that the host cannot shrink keep every byte");
	host_reset();
	s = script_new();
	do {
		must(change(s, &s->blocks[0], 0));
		host.may_be_rigid = true;
		must(change(s, &s->blocks[0], 100 * KLUA_PAGE));
		host.may_be_rigid = false;
	} while (!host.rigid[(s->blocks[0].p - (unsigned char *)host.arena) /
			     KLUA_PAGE]);
	must(change(s, &s->blocks[0], 20 * KLUA_PAGE));
	check(s->heap.held <= 22 * KLUA_PAGE,
	      "one that needs less than half is moved");
	script_end(s);
}

static void test_failing_host(void)
{
	unsigned long refused = 0;
	struct script *s;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		host_reset();
		host.fail_one_in = 2 + i;
		s = script_new();
		refused += run(s, 15000, 1024, 3);
		script_end(s);
	}
	check(refused > 100, "pages refused at random: %lu blocks refused, none lost",
	      refused);
}

static void test_limit(void)
{
	unsigned long refused;
	struct script *s;
	unsigned int pages;

	for (pages = 0; pages < 40; pages += 3) {
		host_reset();
		host.limit = pages * KLUA_PAGE;
		s = script_new();
		refused = run(s, 5000, 512, 3);
		must(refused && s->heap.held <= host.limit);
		script_end(s);
	}
	check(true, "a limit on pages of 0 to 40 is kept");
}

/* The same run is repeated, each time with one page more. */
static void test_exhaustion(void)
{
	unsigned long steps = 1500;
	struct script *s;
	bool refused;
	long n = 0;
	u64 start = seed;

	do {
		host_reset();
		host.left = n++;
		seed = start;
		s = script_new();
		refused = run(s, steps, 300, 3);
		host.left = 0;
		script_end(s);
	} while (refused && n < 2000);
	check(!refused, "out of pages at each of %ld requests", n - 1);
}

static void test_sizes(void)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 16,
		SIZE_MAX - KLUA_PAGE, SIZE_MAX - KLUA_PAGE + 1, SIZE_MAX / 2,
		SIZE_MAX / 2 + 1, (size_t)1 << 63, ((size_t)1 << 32) + 1,
	};
	struct script *s = script_new();
	struct block *b = s->blocks;
	unsigned int i;

	host_reset();
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		must(!change(s, b, sizes[i]));
		must(change(s, b, 24) && !change(s, b, sizes[i]));
		must(change(s, b, 3 * KLUA_PAGE) && !change(s, b, sizes[i]));
		must(change(s, b, 0));
	}
	script_end(s);
	check(true, "sizes that no sum may overflow are refused");
}

/* Blocks shrink from each size to each smaller one, while no page can be had. */
static void test_shrink(void)
{
	size_t to, from;
	struct script *s;

	host_reset();
	for (from = 1; from < 3 * KLUA_PAGE; from += 1 + rnd(from / 4 + 1)) {
		s = script_new();
		must(change(s, &s->blocks[0], from));
		host.left = 0;
		for (to = from; to; to = rnd(to))
			must(change(s, &s->blocks[0], to));
		host.left = -1;
		script_end(s);
	}
	check(true, "a shrink succeeds without any memory");
}

/* No page can be had, but free blocks are here and there, and in two pages. */
static void test_last_resort(void)
{
	struct script *s = script_new();
	unsigned int i;

	host_reset();
	for (i = 0; i < BLOCKS / 2; i++)
		change(s, &s->blocks[i], 32);
	host.left = 0;
	while (change(s, &s->blocks[i], 32))
		i++;
	for (i = 0; i < BLOCKS / 2; i += 64) {
		change(s, &s->blocks[i], 0);
		change(s, &s->blocks[i + 1], 0);
	}
	check(change(s, &s->blocks[0], 64),
	      "neighbours freed anywhere serve a larger block");
	for (i = 0; i < BLOCKS; i++)
		change(s, &s->blocks[i], 0);
	host.left = -1;
	host.limit = s->heap.held;
	check(change(s, &s->blocks[0], KLUA_PAGE - KLUA_RED_ZONE),
	      "empty pages serve a large block");
	script_end(s);
}

/* The work of a refused request is bounded or charged, whatever the heap holds. */
static void test_refusal(void)
{
	struct script *s = script_new();
	unsigned int i;

	host_reset();
	for (i = 0; i < BLOCKS / 4; i++)
		change(s, &s->blocks[i], KLUA_SMALL_MAX / 4);
	for (i = BLOCKS / 8; i < BLOCKS / 4; i++)
		change(s, &s->blocks[i], 0);
	must(s->heap.empties > 2 * RELEASE_MORE);
	host.left = 0;
	i = s->heap.empties;
	must(!change(s, &s->blocks[BLOCKS - 1], 10 * KLUA_PAGE));
	i -= s->heap.empties;
	check(i == 11 + RELEASE_MORE || i == 10 + RELEASE_MORE,
	      "a refused block gives %u empty pages back", i);
	check(host.charged >= i, "which are charged: %lu steps", host.charged);
	script_end(s);
}

/* While small and larger blocks come and go, free room is not lost in small pieces. */
static void test_fragmentation(void)
{
	struct script *s = script_new();
	size_t peak = 0;
	size_t held = 0;
	unsigned int i;
	size_t k;

	host_reset();
	for (i = 0; i < 150; i++) {
		for (k = 0; k < BLOCKS; k++) {
			if (s->blocks[k].size ? rnd(2) : rnd(4))
				continue;
			change(s, &s->blocks[k], s->blocks[k].size ? 0 :
			       i % 50 < 25 ? 1 + rnd(60) : 30 + rnd(300));
		}
		if (s->asked > peak)
			peak = s->asked;
		if (s->heap.held > held)
			held = s->heap.held;
	}
	check(held <= peak + peak / 3 + 4 * KLUA_PAGE,
	      "in long use %zu %% of what is asked is held",
	      held * 100 / peak);
	script_end(s);
}

/*
 * Blocks of one size are freed and blocks of another allocated: the same pages serve
 * both.
 */
static void test_reuse(void)
{
	struct script *s = script_new();
	size_t first, i;

	host_reset();
	for (i = 0; i < BLOCKS; i++)
		change(s, &s->blocks[i], 32);
	first = s->heap.held;
	for (i = 0; i < BLOCKS; i++)
		if (i % 64)
			change(s, &s->blocks[i], 0);
	for (i = 0; i < BLOCKS; i += 3)
		if (!s->blocks[i].p)
			change(s, &s->blocks[i], 64 + i % 32);
	check(s->heap.held <= first * 3 / 2,
	      "freed blocks are joined for larger ones: %zu pages, then %zu",
	      first / KLUA_PAGE, s->heap.held / KLUA_PAGE);
	script_end(s);
}

/* One block is left, in one page: as many empty ones are kept, and one. */
static void test_giving_back(void)
{
	struct script *s = script_new();
	size_t peak, i;

	host_reset();
	for (i = 0; i < BLOCKS; i++)
		change(s, &s->blocks[i], 200);
	peak = s->heap.held;
	for (i = 1; i < BLOCKS; i++)
		change(s, &s->blocks[i], 0);
	check(s->heap.held <= 3 * KLUA_PAGE, "of %zu pages %zu are kept for one block",
	      peak / KLUA_PAGE, s->heap.held / KLUA_PAGE);
	script_end(s);
}

/*
 * A block that fits nowhere does not look at more pages than the entry has steps for, and
 * is charged for them.
 */
static void test_ripe(void)
{
	struct script *s = script_new();
	unsigned long charged;
	size_t i;

	host_reset();
	for (i = 0; i < BLOCKS - 3; i++)
		change(s, &s->blocks[i], KLUA_SMALL_MAX / 32);
	for (i = 0; i < BLOCKS - 3; i += 2)
		change(s, &s->blocks[i], 0);
	charged = host.charged;
	host.slice = charged;
	change(s, &s->blocks[BLOCKS - 3], KLUA_SMALL_MAX);
	check(host.charged < charged + JOIN_TRIES * (32 / JOIN_BLOCKS) / 2,
	      "without steps no page is looked at but an empty one");
	charged = host.charged;
	host.slice = ULONG_MAX;
	change(s, &s->blocks[BLOCKS - 2], KLUA_SMALL_MAX);
	check(host.charged >= charged + JOIN_TRIES * (32 / JOIN_BLOCKS),
	      "with them %u are, for %lu steps", JOIN_TRIES,
	      host.charged - charged);
	script_end(s);
}

/*
 * Pages that wait for one block each become empty one right after the other. They do not
 * go back all at once, but as the entry looks at its limits.
 */
static void test_bursts(void)
{
	struct script *s = script_new();
	void *page = NULL;
	size_t first, i;
	size_t last = 0;

	host_reset();
	for (i = 0; i < BLOCKS; i++)
		change(s, &s->blocks[i], KLUA_SMALL_MAX / 32);
	for (i = 0; i < BLOCKS; i++) {
		if (klua_page_of(s->blocks[i].p) == page) {
			change(s, &s->blocks[i], 0);
			continue;
		}
		page = klua_page_of(s->blocks[i].p);
		last = i;
	}
	first = s->heap.pages;
	host.slice = host.charged;
	for (i = 0; i < last; i++)
		change(s, &s->blocks[i], 0);
	check(s->heap.pages == first && s->heap.empties == first - 1,
	      "%u of %zu pages wait for the next look", s->heap.empties, first);
	host.slice += 2 * RELEASE_COST;
	change(s, &s->blocks[last], 0);
	check(s->heap.pages < first && s->heap.pages > first / 2,
	      "then %zu go", first - s->heap.pages);
	script_end(s);
}

/*
 * A collection that frees half of the blocks does not return pages to the host that are
 * needed again at once.
 */
static void test_breathing(void)
{
	struct script *s = script_new();
	unsigned long grown;
	size_t i, n;

	host_reset();
	for (i = 0; i < BLOCKS; i++)
		change(s, &s->blocks[i], 56);
	grown = host.gets;
	for (n = 0; n < 20; n++) {
		for (i = 0; i < BLOCKS; i++)
			if (i * 3 / BLOCKS == n % 3)
				change(s, &s->blocks[i], 0);
		for (i = 0; i < BLOCKS; i++)
			if (!s->blocks[i].p)
				change(s, &s->blocks[i], 40 + n % 2 * 16);
	}
	check(host.gets - grown <= 20, "breathing 20 times asks for %lu pages more",
	      host.gets - grown);
	script_end(s);
}

/* A program that makes large blocks one after the other, as long strings are. */
static void test_spare(void)
{
	struct script *s = script_new();
	unsigned long gets;
	size_t i;

	host_reset();
	for (i = 0; i < 64; i++)
		change(s, &s->blocks[i], KLUA_PAGE / 8);
	gets = host.gets;
	for (i = 0; i < 100; i++) {
		change(s, &s->blocks[64], 2 * KLUA_PAGE);
		change(s, &s->blocks[64], 0);
	}
	check(host.gets - gets == 1, "100 large blocks take %lu requests",
	      host.gets - gets);
	gets = s->heap.held;
	change(s, &s->blocks[64], 3 * KLUA_PAGE);
	change(s, &s->blocks[64], 0);
	check(s->heap.held == gets + KLUA_PAGE, "one of another size takes its place");
	change(s, &s->blocks[64], 5 * KLUA_PAGE);
	change(s, &s->blocks[65], 3 * KLUA_PAGE);
	change(s, &s->blocks[64], 0);
	change(s, &s->blocks[65], 0);
	host.limit = s->heap.held;
	check(s->heap.held == gets + KLUA_PAGE, "none of five pages waits");
	check(change(s, &s->blocks[64], 2 * KLUA_PAGE) && !s->heap.spare,
	      "it is given back when there is no other page");
	script_end(s);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0) | 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	host_init();
	test_random();
	test_rigid();
	test_failing_host();
	test_limit();
	test_exhaustion();
	test_sizes();
	test_shrink();
	test_last_resort();
	test_refusal();
	test_fragmentation();
	test_reuse();
	test_giving_back();
	test_bursts();
	test_ripe();
	test_breathing();
	test_spare();
	printf("1..%u\n", checks);
	return failures != 0;
}

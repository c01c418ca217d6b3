// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stand-ins for the kernel's functions that klua.o calls in the benchmark, for
 * NATIVE_CPUS processors with a task each, which are in threads.c. Other functions of
 * the kernel call native_missing().
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "native.h"

#define PAGE		4096ul
#define GFP_ZERO	0x100u

/* Numbers and tables of the kernel */
int nr_cpu_ids = NATIVE_CPUS;
unsigned long __cpu_possible_mask[128] = { (1ul << NATIVE_CPUS) - 1 };
unsigned long __cpu_online_mask[128] = { (1ul << NATIVE_CPUS) - 1 };
int __num_online_cpus = NATIVE_CPUS;
unsigned long _totalram_pages = 1 << 18;
unsigned long jiffies = 1000;
unsigned long page_offset_base, vmemmap_base, phys_base;
void *kmalloc_caches[64 * 16];
void *pv_ops[128];
void *system_unbound_wq;

/* Pages: those that were freed are handed out again for requests of the same size. */
#define ARENA		(1024ul << 20)
#define ARENA_READY	(96ul << 20)	/* touched at the start */
#define LISTS		2048

static char *arena;
static size_t arena_used;
static void **lists[LISTS];
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER; /* arena_used, lists */

static void arena_init(void)
{
	arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	vmemmap_base = (unsigned long)
		mmap(NULL, ARENA / PAGE * 64, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	page_offset_base = (unsigned long)arena;
	madvise(arena, ARENA, MADV_HUGEPAGE);
	memset(arena, 0, ARENA_READY);
	memset((void *)vmemmap_base, 0, ARENA_READY / PAGE * 64);
}

static void **arena_get(size_t n)
{
	void **pages = n < LISTS ? lists[n] : NULL;

	if (pages) {
		lists[n] = *pages;
	} else if (arena_used + n * PAGE <= ARENA) {
		pages = (void **)(arena + arena_used);
		arena_used += n * PAGE;
	}
	return pages;
}

void *alloc_pages_exact(size_t size, unsigned int gfp)
{
	size_t n = (size + PAGE - 1) / PAGE;
	void **pages;

	(void)gfp;
	pthread_mutex_lock(&arena_lock);
	pages = arena_get(n);
	pthread_mutex_unlock(&arena_lock);
	if (!pages)
		return NULL;
	/* As Debian's kernel does: CONFIG_INIT_ON_ALLOC_DEFAULT_ON */
	memset(pages, 0, n * PAGE);
	return pages;
}

void free_pages_exact(void *pages, size_t size)
{
	size_t n = (size + PAGE - 1) / PAGE;

	if (n >= LISTS)
		return;
	pthread_mutex_lock(&arena_lock);
	*(void **)pages = lists[n];
	lists[n] = pages;
	pthread_mutex_unlock(&arena_lock);
}

bool is_vmalloc_addr(const void *p)
{
	return (size_t)((const char *)p - arena) >= ARENA;
}

void *__vmalloc(unsigned long size, unsigned int gfp)
{
	(void)gfp;
	return aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE);
}

void vfree(const void *p)
{
	free((void *)p);
}

/*
 * As in the kernel, the size of a block is a power of two, and it is aligned to that.
 */
void *__kmalloc(size_t size, unsigned int gfp)
{
	size_t room = 64;
	void *p;

	(void)gfp;
	while (room < size)
		room *= 2;
	p = aligned_alloc(room, room);
	/* As Debian's kernel does: CONFIG_INIT_ON_ALLOC_DEFAULT_ON */
	return p ? memset(p, 0, room) : NULL;
}

void *kmalloc_trace(void *cache, unsigned int gfp, size_t size)
{
	(void)cache;
	return __kmalloc(size, gfp);
}

void *kvmalloc_node(size_t size, unsigned int gfp, int node)
{
	(void)node;
	return __kmalloc(size, gfp);
}

void kfree(const void *p)
{
	free((void *)p);
}

void kvfree(const void *p)
{
	free((void *)p);
}

/* @p is the block or, before Linux 6.4, the offset of @head in the block. */
void kvfree_call_rcu(char *head, void *p)
{
	free((size_t)p < PAGE ? head - (size_t)p : p);
}

/*
 * A cache of blocks: as in the kernel, they lie next to each other on SLAB bytes of
 * pages. There is one cache, whose blocks are not given back.
 */
#define SLAB		(8 * PAGE)
#define LINE		64u	/* bytes; what SLAB_HWCACHE_ALIGN aligns to */

static struct cache {
	size_t size;
	void **free;
} cache;

void *kmem_cache_create(const char *name, unsigned int size)
{
	(void)name;
	cache.size = (size + LINE - 1) / LINE * LINE;
	return &cache;
}

void kmem_cache_destroy(struct cache *c)
{
	(void)c;
}

void kmem_cache_free(struct cache *c, void *p)
{
	*(void **)p = c->free;
	c->free = p;
}

static void cache_fill(struct cache *c)
{
	char *slab = alloc_pages_exact(SLAB, 0);
	size_t i;

	if (!slab)
		return;
	for (i = SLAB / c->size; i--; )
		kmem_cache_free(c, slab + i * c->size);
}

void *kmem_cache_alloc(struct cache *c, unsigned int gfp)
{
	void **p;

	(void)gfp;
	if (!c->free)
		cache_fill(c);
	p = c->free;
	if (!p)
		return NULL;
	c->free = *p;
	return memset(p, 0, c->size);
}

void *get_mem_cgroup_from_mm(void *mm)
{
	(void)mm;
	return NULL;
}

unsigned long _find_next_bit(const unsigned long *bits, unsigned long size,
			     unsigned long at)
{
	while (at < size && !(bits[at / 64] >> at % 64 & 1))
		at++;
	return at < size ? at : size;
}

bool __list_add_valid(void)
{
	return true;
}

bool __list_del_entry_valid(void)
{
	return true;
}

/* Locks */
static void count_add(int n)
{
	asm volatile("addl %0, %%gs:__preempt_count" : : "ri" (n) : "memory");
}

static bool lock_try(unsigned int *lock, int count)
{
	unsigned int zero = 0;

	count_add(count);
	if (__atomic_compare_exchange_n(lock, &zero, 1, false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return true;
	count_add(-count);
	return false;
}

int _raw_spin_trylock(unsigned int *lock)
{
	return lock_try(lock, 1);
}

int _raw_spin_trylock_bh(unsigned int *lock)
{
	return lock_try(lock, 0x200);
}

/*
 * A lock that is taken already is taken all the same: no two processors want the same
 * lock here, and queued work, which runs at once, may want one that its caller has.
 */
void _raw_spin_lock(unsigned int *lock)
{
	if (!lock_try(lock, 1))
		count_add(1);
}

unsigned long _raw_spin_lock_irqsave(unsigned int *lock)
{
	_raw_spin_lock(lock);
	return 0x200;
}

void _raw_spin_lock_irq(unsigned int *lock)
{
	_raw_spin_lock(lock);
}

void _raw_spin_unlock(unsigned int *lock)
{
	__atomic_store_n((unsigned char *)lock, 0, __ATOMIC_RELEASE);
	count_add(-1);
}

void _raw_spin_unlock_bh(unsigned int *lock)
{
	__atomic_store_n((unsigned char *)lock, 0, __ATOMIC_RELEASE);
	count_add(-0x200);
}

void _raw_spin_unlock_irq(unsigned int *lock)
{
	_raw_spin_unlock(lock);
}

void _raw_spin_unlock_irqrestore(unsigned int *lock, unsigned long flags)
{
	(void)flags;
	_raw_spin_unlock(lock);
}

void __mutex_init(void *mutex)
{
	(void)mutex;
}

void mutex_lock(void *mutex)
{
	(void)mutex;
}

int mutex_trylock(void *mutex)
{
	(void)mutex;
	return 1;
}

void mutex_unlock(void *mutex)
{
	(void)mutex;
}

static __thread int readers;

void __rcu_read_lock(void)
{
	readers++;
	asm volatile("" : : : "memory");
}

void __rcu_read_unlock(void)
{
	asm volatile("" : : : "memory");
	readers--;
}

void synchronize_rcu(void)
{
}

void rcu_barrier(void)
{
}

/* Queued work runs at once. */
struct work {
	unsigned long data;
	void *entry[2];
	void (*fn)(struct work *work);
};

void *alloc_workqueue(void)
{
	return &readers;
}

bool queue_rcu_work(void *wq, struct work *work)
{
	(void)wq;
	work->fn(work);
	return true;
}

bool queue_work_on(int cpu, void *wq, struct work *work)
{
	(void)cpu;
	(void)wq;
	work->fn(work);
	return true;
}

/* Delayed work is cancelled before its time: a retired state is closed at once. */
void init_timer_key(void *timer, void *fn, unsigned int flags, const char *name,
		    void *key)
{
	(void)timer, (void)fn, (void)flags, (void)name, (void)key;
}

bool queue_delayed_work_on(int cpu, void *wq, void *work, unsigned long delay)
{
	(void)cpu, (void)wq, (void)work, (void)delay;
	return true;
}

bool cancel_delayed_work_sync(void *work)
{
	(void)work;
	return true;
}

bool irq_work_queue(void *work)
{
	(void)work;
	return true;
}

void irq_work_sync(void *work)
{
	(void)work;
}

bool flush_work(void *work)
{
	(void)work;
	return false;
}

void __flush_workqueue(void *wq)
{
	(void)wq;
}

bool llist_add_batch(void **first, void **last, void **head)
{
	bool empty = !*head;

	*last = *head;
	*head = first;
	return empty;
}

void __init_swait_queue_head(void *head)
{
	(void)head;
}

void __init_waitqueue_head(void *head)
{
	(void)head;
}

void wake_up_var(void *var)
{
	(void)var;
}

void __wake_up(void *head)
{
	(void)head;
}

bool refcount_dec_if_one(int *refs)
{
	int one = 1;

	return __atomic_compare_exchange_n(refs, &one, 0, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* xarrays: klua.o uses only that of states by number. */
#define NUMBERS		4096
#define MARKS		3
static void *entries[NUMBERS];
static bool marks[NUMBERS][MARKS];

int __xa_alloc_cyclic(void *xa, u32 *id, void *entry, unsigned long limit,
		      u32 *next, unsigned int gfp)
{
	(void)xa;
	(void)limit;
	(void)gfp;
	do {
		*next = *next % (NUMBERS - 1) + 1;
	} while (entries[*next]);
	*id = *next;
	entries[*id] = entry ? entry : &entries;
	return 0;
}

void *__xa_store(void *xa, unsigned long id, void *entry, unsigned int gfp)
{
	void *old = entries[id];

	(void)xa;
	(void)gfp;
	entries[id] = entry;
	if (!entry)
		memset(marks[id], 0, sizeof(marks[id]));
	return old;
}

void *__xa_cmpxchg(void *xa, unsigned long id, void *old, void *entry, unsigned int gfp)
{
	void *was = entries[id];

	return was == old ? __xa_store(xa, id, entry, gfp) : was;
}

void __xa_set_mark(void *xa, unsigned long id, unsigned int mark)
{
	(void)xa;
	marks[id][mark] = entries[id];
}

void __xa_clear_mark(void *xa, unsigned long id, unsigned int mark)
{
	(void)xa;
	marks[id][mark] = false;
}

bool xa_get_mark(void *xa, unsigned long id, unsigned int mark)
{
	(void)xa;
	return marks[id][mark];
}

void *xa_store(void *xa, unsigned long id, void *entry, unsigned int gfp)
{
	return __xa_store(xa, id, entry, gfp);
}

void *__xa_erase(void *xa, unsigned long id)
{
	return __xa_store(xa, id, NULL, 0);
}

void *xa_erase(void *xa, unsigned long id)
{
	return __xa_store(xa, id, NULL, 0);
}

void *xa_load(void *xa, unsigned long id)
{
	(void)xa;
	return entries[id] == &entries ? NULL : entries[id];
}

/* Random numbers, the same in each run with the same -s */
static u64 seed = 88172645463325252ull;

void native_seed(unsigned long n)
{
	seed += n * 0x9e3779b97f4a7c15ull;
}

u64 get_random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

/* Other numbers than the kernel's, from the first word of the generator */
u32 prandom_u32_state(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state ^ *state >> 16;
}

void get_random_bytes(void *buf, size_t len)
{
	u64 n;
	size_t part;

	for (; len; len -= part, buf = (char *)buf + part) {
		n = get_random_u64();
		part = len < sizeof(n) ? len : sizeof(n);
		memcpy(buf, &n, part);
	}
}

/* Not siphash: the benchmark needs only that equal pointers have equal hashes. */
u32 hsiphash_2u32(u32 a, u32 b, const u64 *key)
{
	u64 n = ((u64)b << 32 | a) * (key[0] | 1);

	return n >> 32;
}

u64 siphash_1u64(u64 n, const u64 *key)
{
	return n * (key[0] | 1);
}

static long long clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* The benchmark's clock: the CPU time of this thread */
long long ktime_get(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * The clock of time limits. It takes as long to read as the kernel's, but goes a
 * thousand times slower: an entry must not end because this process was preempted.
 */
unsigned long long ktime_get_mono_fast_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC) >> 10;
}

long long ktime_get_real_seconds(void)
{
	return time(NULL);
}

/* The firmware loader finds no file. */
int request_firmware_direct(void)
{
	return -2;
}

void release_firmware(const void *firmware)
{
	(void)firmware;
}

/* Texts */
int _printk(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format + (format[0] == '\001' ? 2 : 0), args);
	va_end(args);
	return 0;
}

void __warn_printk(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

void __stack_chk_fail(void)
{
	abort();
}

void fortify_panic(void)
{
	abort();
}

int vscnprintf(char *buf, size_t size, const char *format, va_list args)
{
	int n = vsnprintf(buf, size, format, args);

	return !size ? 0 : n < (int)size ? n : (int)size - 1;
}

int scnprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vscnprintf(buf, size, format, args);
	va_end(args);
	return n;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);
	return n;
}

int sprintf(char *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsprintf(buf, format, args);
	va_end(args);
	return n;
}

long strscpy(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i]; i++)
		to[i] = from[i];
	if (size)
		to[i] = '\0';
	return from[i] ? -7 : (long)i;
}

void sort(void *base, size_t n, size_t size,
	  int (*compare)(const void *, const void *), void *swap)
{
	(void)swap;
	qsort(base, n, size, compare);
}

/* Called for each function of the kernel that has no stand-in (missing.sh). */
void native_missing(const char *name)
{
	fprintf(stderr, "native: %s() is called and not there\n", name);
	exit(1);
}

void native_kernel_init(void)
{
	size_t i;

	arena_init();
	for (i = 0; i < ARRAY_SIZE(pv_ops); i++)
		pv_ops[i] = pv_flags;
}

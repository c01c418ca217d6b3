/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Lua core needs of its host: the C library's functions, the stack pointer,
 * protected calls, random numbers, printing. Included before all else in core.c.
 */
#ifndef KLUA_HOST_H
#define KLUA_HOST_H

/*
 * struct tm without time zones, whose members hold all integers that os.time() may get
 */
struct klua_tm {
	long long year;	/* since 1900 */
	long long mon;	/* 0 to 11 */
	long long mday;
	long long hour;
	long long min;
	long long sec;
	long long wday;	/* Sunday is 0 */
	long long yday;	/* the year's first is 0 */
};

/* Seconds since 1970 of the first and the last time whose year is an int */
#define KLUA_TIME_MIN	(-67768040609740800LL)
#define KLUA_TIME_MAX	67768036191676799LL

#ifdef __KERNEL__

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/string.h>
#include <linux/time.h>
#include <linux/timekeeping.h>
#include <asm/stacktrace.h>
#include <asm/word-at-a-time.h>
#include "entry.h"
#include "lib.h"
#include "try.h"

/* Kernel macros with names that the core uses for its own. */
#undef abs
#undef isalnum
#undef isalpha
#undef isascii
#undef iscntrl
#undef isdigit
#undef isgraph
#undef islower
#undef isprint
#undef ispunct
#undef isspace
#undef isupper
#undef isxdigit
#undef max
#undef min
#undef next
#undef toascii
#undef tolower
#undef toupper

/* objtool follows the interpreter's computed gotos by this table. */
#define KLUA_JUMP_TABLE		__annotate_jump_table

#define klua_stack_pointer()	current_stack_pointer
#define klua_random()		get_random_u64()
#define abort()			BUG()

/* Seconds since 1970, and microseconds since some time */
#define klua_time()		ktime_get_real_seconds()
#define klua_clock_us()		div_u64(ktime_get_mono_fast_ns(), NSEC_PER_USEC)

/* Split a time. False: the year would not be an int. */
static inline bool klua_time_split(long long t, struct klua_tm *tm)
{
	struct tm kernel;

	if (t < KLUA_TIME_MIN || t > KLUA_TIME_MAX)
		return false;
	time64_to_tm(t, 0, &kernel);
	*tm = (struct klua_tm) {
		.year = kernel.tm_year, .mon = kernel.tm_mon,
		.mday = kernel.tm_mday, .hour = kernel.tm_hour,
		.min = kernel.tm_min, .sec = kernel.tm_sec,
		.wday = kernel.tm_wday, .yday = kernel.tm_yday,
	};
	return true;
}

/*
 * Are two texts equal? Called for a function's name with each packet. Compares words.
 * The last word may reach beyond the text; bytes of a page that does not exist read as
 * zeroes.
 */
static inline bool klua_textequals(const char *s, const char *t)
{
#if defined(CONFIG_DCACHE_WORD_ACCESS) && defined(__LITTLE_ENDIAN)
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long a, b, zeroes;

	for (;; s += sizeof(a), t += sizeof(b)) {
		a = load_unaligned_zeropad(s);
		b = load_unaligned_zeropad(t);
		if (has_zero(a, &zeroes, &constants))
			break;
		if (a != b)
			return false;
	}
	zeroes = create_zero_mask(prep_zero_mask(a, zeroes, &constants));
	/* The NUL is compared as well. */
	return !((a ^ b) & (zero_bytemask(zeroes) << 8 | 0xff));
#else
	return !strcmp(s, t);
#endif
}

/*
 * All that a script may see of a pointer: the order in which next() finds it in a
 * table, and the text that tostring() makes of it. Both come from SipHash with keys of
 * the state's own, so they tell nothing of the address, nor of the same pointer in
 * another state or in the kernel's log. The two keys differ, so that a text does not
 * tell which pointers collide in a table.
 */
struct klua_pointer_keys {
	hsiphash_key_t order;
	siphash_key_t id;
};

static inline void klua_pointer_keys_init(struct klua_pointer_keys *keys)
{
	get_random_bytes(keys, sizeof(*keys));
}

static inline u32 klua_pointer_hash(const void *p,
				    const struct klua_pointer_keys *keys)
{
	u64 address = (unsigned long)p;

	return hsiphash_2u32(address, address >> 32, &keys->order);
}

static inline u64 klua_pointer_id(const void *p,
				  const struct klua_pointer_keys *keys)
{
	return siphash_1u64((unsigned long)p, &keys->id);
}

/* int only, and as an expression */
#define abs(x)			((x) < 0 ? -(x) : (x))

/* No locale in the kernel: strings compare by their bytes. */
#define strcoll			strcmp

/*
 * The parts of the context that a consumer's function must not change. Checked in
 * kernels that are built to find such mistakes, and not compiled in others.
 */
#if defined(CONFIG_PROVE_LOCKING) || defined(CONFIG_DEBUG_ATOMIC_SLEEP)
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>

struct klua_context {
	int preempt;
	int irqs_off;
	int locks;
};

static inline struct klua_context klua_context(void)
{
	return (struct klua_context) {
		.preempt = preempt_count(),
		.irqs_off = irqs_disabled(),
#ifdef CONFIG_LOCKDEP
		.locks = lockdep_depth(current),
#endif
	};
}

static inline void klua_context_check(struct klua_context was, void *fn,
				      const char *how)
{
	struct klua_context is = klua_context();

#ifdef CONFIG_LOCKDEP
	/* lockdep stops counting locks after its first report. */
	if (!debug_locks)
		is.locks = was.locks;
#endif

	WARN(is.preempt != was.preempt || is.irqs_off != was.irqs_off ||
	     is.locks != was.locks,
	     "klua: %ps %s with preempt_count %x (was %x), interrupts %s (was %s), %d locks (was %d)\n",
	     fn, how, is.preempt, was.preempt,
	     is.irqs_off ? "off" : "on", was.irqs_off ? "off" : "on",
	     is.locks, was.locks);
}

#define KLUA_CONTEXT_CHECKS

/*
 * Check the rules that Lua's manual has for users of the API (klua_misused() in
 * core.c).
 */
#define luai_apicheck(L, e)	((void)(likely(e) || (klua_misused(L, #e), 0)))
#endif

#else /* !__KERNEL__ */

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KLUA_JUMP_TABLE
#define noinline		__attribute__((noinline))
#ifdef __clang__
#define __noclone
#else
#define __noclone		__attribute__((noclone))
#endif
#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define klua_stack_pointer()	((unsigned long)__builtin_frame_address(0))
#define klua_textequals(s, t)	(!strcmp(s, t))
#define strcoll			strcmp

/* If both loops are built outside the kernel, the tree runs if this is true. */
#ifndef klua_by_tree
#define klua_by_tree()		false
#endif

#define klua_time()		((long long)time(NULL))

static inline long long klua_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static inline bool klua_time_split(long long t, struct klua_tm *tm)
{
	time_t seconds = t;
	struct tm host;

	if (t < KLUA_TIME_MIN || t > KLUA_TIME_MAX || !gmtime_r(&seconds, &host))
		return false;
	*tm = (struct klua_tm) {
		.year = host.tm_year, .mon = host.tm_mon,
		.mday = host.tm_mday, .hour = host.tm_hour,
		.min = host.tm_min, .sec = host.tm_sec,
		.wday = host.tm_wday, .yday = host.tm_yday,
	};
	return true;
}

#ifndef LUAI_TRY
struct lua_State;

/* A function of its own, as in the kernel (try.h): ldo.c inlines its caller. */
static noinline void klua_try(struct lua_State *L, void *ud, jmp_buf buf,
			      void (*f)(struct lua_State *L, void *ud))
{
	if (setjmp(buf) == 0)
		f(L, ud);
}

/* f, L and ud are those of ldo.c. */
#define luai_jmpbuf		jmp_buf
#define LUAI_THROW(L, c)	longjmp((c)->b, 1)
#define LUAI_TRY(L, c, a)	klua_try(L, ud, (c)->b, f)
#endif

unsigned long long klua_random(void);

/* Replaces the kernel's generator of random numbers that repeat themselves. */
struct rnd_state {
	unsigned long long s;
};

static inline void prandom_seed_state(struct rnd_state *r, unsigned long long seed)
{
	r->s = seed;
}

static inline unsigned int prandom_u32_state(struct rnd_state *r)
{
	r->s = r->s * 6364136223846793005ull + 1442695040888963407ull;
	return r->s >> 32;
}

/* Replaces the kernel's hsiphash_2u32() and siphash_1u64(), for one pointer. */
struct klua_pointer_keys {
	unsigned long long order[2];
	unsigned long long id[2];
};

static inline void klua_sipround(unsigned long long v[4])
{
#define KLUA_ROTL(x, n)	((x) << (n) | (x) >> (64 - (n)))
	v[0] += v[1];
	v[1] = KLUA_ROTL(v[1], 13) ^ v[0];
	v[0] = KLUA_ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = KLUA_ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = KLUA_ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = KLUA_ROTL(v[1], 17) ^ v[2];
	v[2] = KLUA_ROTL(v[2], 32);
#undef KLUA_ROTL
}

static inline unsigned long long klua_siphash(unsigned long long n,
					      const unsigned long long key[2])
{
	unsigned long long v[4] = {
		key[0] ^ 0x736f6d6570736575ull, key[1] ^ 0x646f72616e646f6dull,
		key[0] ^ 0x6c7967656e657261ull, key[1] ^ 0x7465646279746573ull,
	};

	v[3] ^= n;
	klua_sipround(v);
	v[0] ^= n;
	v[3] ^= 8ull << 56;
	klua_sipround(v);
	v[0] ^= 8ull << 56;
	v[2] ^= 0xff;
	klua_sipround(v);
	klua_sipround(v);
	klua_sipround(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline void klua_pointer_keys_init(struct klua_pointer_keys *keys)
{
	keys->order[0] = klua_random();
	keys->order[1] = klua_random();
	keys->id[0] = klua_random();
	keys->id[1] = klua_random();
}

static inline unsigned int klua_pointer_hash(const void *p,
					     const struct klua_pointer_keys *keys)
{
	return klua_siphash((unsigned long)p, keys->order);
}

static inline unsigned long long
klua_pointer_id(const void *p, const struct klua_pointer_keys *keys)
{
	return klua_siphash((unsigned long)p, keys->id);
}

#endif /* !__KERNEL__ */

#define luai_makeseed()		((unsigned int)klua_random())
#define l_randomizePivot()	((unsigned int)klua_random())

#undef current

#endif /* KLUA_HOST_H */

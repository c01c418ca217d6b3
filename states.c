// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states manager: it makes named Lua states, lets any module find them, and closes
 * a state when its last user has put it.
 */

/**
 * DOC: concurrency
 *
 * The locks, outermost first, and what each guards:
 *
 * - &klua_set.turn allows one change of a set's limits at a time. The task that has the
 *   turn takes the locks of the states one after the other. A task that is inside a
 *   state, or holds the lock of one of the set, does not wait for the turn: the task
 *   that has it may be waiting for that state.
 * - the state's lock, which is &klua_state.lock, .mutex or .raw by the state's
 *   kind, guards the Lua state: one user at a time. A function that Lua calls may
 *   take the lock of another state; enter.c says how, and why no two tasks wait for
 *   each other.
 * - states_lock guards the table, the numbers, the list of all states and the
 *   generation of the table. It is taken with interrupts off, so that a state can
 *   be destroyed in a hard interrupt, too. It is held for a few list operations,
 *   never while a Lua state is made, run or closed.
 * - the lock inside the xarray of numbers guards its nodes. It is taken under
 *   states_lock when a state enters or leaves the table, so that table and numbers
 *   change together, and alone when a number is reserved or given up. Reserving a
 *   number may sleep for memory, so states_lock cannot be held there.
 * - lines_lock guards the lines, which are lists of the states that have replaced
 *   each other, and changes of their gates when they are stopped and started. It is
 *   taken with interrupts off, under states_lock when a state is replaced, and alone
 *   otherwise. It is held for a few list operations.
 * - &klua_state.error_lock guards what is shown of the last error. It is the
 *   innermost lock.
 *
 * Readers of the table and of the numbers take no lock: they walk under RCU.
 *
 * The contexts, and what may be called in each:
 *
 * - process context that may sleep: everything. Only here: new, publish, create,
 *   retire, list, destroy_all, and all calls that enter a sleepable state;
 * - softirq, bottom halves off, an RCU read section, under a spinlock that is
 *   taken with bottom halves off: lookup, find, get, put, destroy, cancel,
 *   set_stopped, and the calls that enter an atomic state: lock, call, run, invoke
 *   and the setters;
 * - hard interrupt, interrupts off: lookup, find, get, put, destroy, cancel,
 *   set_stopped, and the calls that enter an irq state. States of the other kinds
 *   refuse the entry;
 * - NMI: lookup and cancel, within an RCU read section;
 * - a function that Lua calls: all that its context allows, with two exceptions. It
 *   may not enter the state that it was called in, which is locked already, and it
 *   may not retire any state. It may destroy its own state: the close waits for the
 *   last hold and for RCU sections, and so for the entry in progress;
 * - a listener: all but calls that would tell listeners, or wait for them.
 *
 * The life of a state:
 *
 * 1. klua_state_new() builds the state while nobody else knows it, and puts it into
 *    the table with &klua_state.users at 1, the table's own reference. That
 *    happens under states_lock, where the name is looked for once more: of
 *    several creators of a name the first one wins, and the others close the state
 *    that they made, which nobody has seen. A creator that replaces takes the place
 *    of the old state in one step, and gives back the table's reference to the old one.
 *    A reader that finds the state sees all of its fields, since the state is put
 *    into the table with release semantics.
 * 2. klua_state_lookup() finds the state under RCU. The caller's RCU read section
 *    alone keeps the struct and the Lua state in it: every close but that of
 *    klua_state_retire() waits for a grace period first.
 * 3. klua_state_get() turns a pointer into a reference, unless the count has
 *    reached zero; from zero it never rises again. While the count is above
 *    zero nobody closes the state.
 * 4. klua_state_destroy() takes the count from 1 to 0 in one atomic step, so
 *    that nobody gets a reference afterwards, and takes the state out of the
 *    table before it releases states_lock, so that nobody finds it.
 *    klua_state_destroy_all() takes states out of the table first and then
 *    gives back the table's reference, so that holders keep theirs.
 * 5. The call that takes the count to 0 queues the close. There is one such call,
 *    since a count of 0 never rises. The state is out of the table then: destroy
 *    unlinks it before it queues, and a put reaches 0 only after the table's
 *    reference was given back, which happens to unlinked states only.
 * 6. After a grace period, in process context, without any lock, the Lua state
 *    is closed, finalizers included, and the struct is freed. Readers that found
 *    the state before it was unlinked have ended by then; later ones do not find it.
 * 7. klua_state_retire() does not wait for holders. It takes the state out of the
 *    table, shuts &klua_state.gate, which each entry checks once it has the lock,
 *    cancels the entry in progress, and closes the Lua state when it has had the
 *    lock itself. The close that the last put queues then only frees the struct.
 * 8. klua_states_exit() waits for all grace periods and closes. Modules that
 *    use states use our symbols, so they are gone: nobody changes a count any
 *    more, and forgotten holds can be dropped.
 *
 * A state that is out of the table but still held has given up its name: a new
 * state of that name may be made at once. It keeps its number until it is closed, so
 * that an administrator can see it and cancel the entry in progress.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/firmware.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <asm/word-at-a-time.h>

#include "internal.h"
#include "tracepoints.h"

/*
 * The table has a bucket for every 16 KiB of the machine's memory, about what an empty
 * state takes, up to 2^STATES_BITS_MAX buckets. So below that bound there are no more
 * states than buckets, and most chains have one state. A step along a chain compares
 * hashes only.
 */
#define STATE_SIZE	SZ_16K
#define STATES_BITS_MIN	8
#define STATES_BITS_MAX	17

static struct hlist_head *states;
static unsigned int states_bits;
static unsigned int states_shift __read_mostly;	/* bits of a hash below the index */

/*
 * What states are allocated from. kmalloc() would round their size up to 2 KiB, and each
 * state would begin at a multiple of that: the same fields of all of them would compete
 * for the same few lines of the processor's caches.
 */
static struct kmem_cache *state_cache;

/*
 * Every state that is not freed, in the table or not. The exit of this module, and that
 * of a module that has made states, go through it.
 */
static LIST_HEAD(all_states);

/*
 * The states by their numbers: for walks that go on in a later call, and for finding a
 * state whatever its name. States of the table have the mark IN_TABLE, which changes
 * together with the table. States that have left it and are not closed have the mark
 * LEFT. A set has one number, until all of it is closed.
 */
static DEFINE_XARRAY_FLAGS(ids, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_IRQ);
static u32 next_id;

#define IN_TABLE	XA_MARK_1
#define LEFT		XA_MARK_2

/* Guards changes of states, ids, all_states and generation; see above. */
static DEFINE_SPINLOCK(states_lock);

/*
 * Guards &klua_state.line and .replaced, and changes of the gates of all states of a
 * line: of states that have replaced each other either all are stopped or none.
 * klua_guard_lock() takes it and keeps this processor out of irq states: a function
 * that is called in one of these may stop or start states, and would wait for this lock
 * for ever.
 */
static DEFINE_RAW_SPINLOCK(lines_lock);

/*
 * Counts changes of the table. A netlink dump that sees it change is marked
 * inconsistent.
 */
static unsigned int generation = 1;

/* Runs closes. Unbound, since a close may take as long as an entry may. */
static struct workqueue_struct *close_queue;

/* States with a quota whose close is queued or runs. */
static atomic_t quota_closes = ATOMIC_INIT(0);

/* Words of a name, as the hash takes them */
#define NAME_WORDS	(KLUA_NAME_MAXSIZE / sizeof(u32))

/*
 * The secret that names are hashed with: a random number for each 32-bit word of a
 * name, and one more. A hash is the high half of the sum of that one and of each word
 * times its number. Such multilinear hashing is strongly universal: two names that were
 * chosen without knowledge of the secret have equal hashes with a probability of 2^-32,
 * however alike they are.
 */
static u64 secret[NAME_WORDS + 1] __read_mostly;

/**
 * struct state_key - a name, prepared for looking up a state
 * @name: the name, or NULL if it is not a valid one
 * @last: the word of the name that has its NUL, with zeroes from the NUL on
 * @at:   bytes of the name before that word
 * @len:  bytes of the name without the NUL
 * @hash: the hash of the whole name
 */
struct state_key {
	const char *name;
	unsigned long last;
	unsigned long at;
	unsigned int len;
	u32 hash;
};

/*
 * Read the next word of a name. Only the bytes up to the NUL are sure to be mapped, so
 * a read beyond them must not fault. Of a name without a NUL KLUA_NAME_MAXSIZE bytes
 * are read, which is a multiple of the word's size, and none beyond.
 */
static unsigned long name_word(const char *p)
{
#ifdef CONFIG_DCACHE_WORD_ACCESS
	return load_unaligned_zeropad(p);
#else
	unsigned long word = 0;

	memcpy(&word, p, strnlen(p, sizeof(word)));
	return word;
#endif
}

/*
 * Add the eight bytes at @i of a name to its hash, with their two numbers of the
 * secret.
 */
static __always_inline u64 hash_word(u64 hash, unsigned long word, unsigned long i)
{
	const u64 *key = (const void *)secret + 2 * i;

	BUILD_BUG_ON(sizeof(word) != sizeof(u64));
	return hash + key[0] * (u32)word + key[1] * (word >> 32);
}

/*
 * Measure and hash a name in one pass, a word at a time, as the kernel does with the
 * components of a path. Inlined, because each packet may look up a state by its name,
 * and the key then stays in registers.
 */
static __always_inline struct state_key name_key(const char *name)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	struct state_key key = {};
	unsigned long word, zeroes;
	u64 hash = secret[NAME_WORDS];
	unsigned long i;

	BUILD_BUG_ON(KLUA_NAME_MAXSIZE % sizeof(word));
	if (!name)
		return key;
	for (i = 0; i < KLUA_NAME_MAXSIZE; i += sizeof(word)) {
		word = name_word(name + i);
		if (!has_zero(word, &zeroes, &constants)) {
			hash = hash_word(hash, word, i);
			continue;
		}
		zeroes = create_zero_mask(prep_zero_mask(word, zeroes,
							 &constants));
		key.last = word & zero_bytemask(zeroes);
		if (i || key.last)
			key.name = name;
		key.at = i;
		key.len = i + find_zero(zeroes);
		key.hash = hash_word(hash, key.last, i) >> 32;
		break;
	}
	return key;
}

static struct hlist_head *bucket(u32 hash)
{
	return &states[hash >> states_shift];
}

/* The word at @i of a state's name. Zeroes follow the name (alloc_state()). */
static __always_inline unsigned long state_word(const struct klua_state *s,
						unsigned long i)
{
	BUILD_BUG_ON(offsetof(struct klua_state, name) % sizeof(long));
	return *(const unsigned long *)(s->name + i);
}

/* The last word of @key has the NUL in it, so a longer name differs there. */
static __always_inline bool matches(const struct klua_state *s, const struct state_key *key)
{
	unsigned long i = key->at;

	if (s->hash != key->hash || state_word(s, i) != key->last)
		return false;
	while (i) {
		i -= sizeof(long);
		if (state_word(s, i) != name_word(key->name + i))
			return false;
	}
	return true;
}

/*
 * Called under RCU, or under states_lock. The lookups below turn preemption off instead
 * of taking rcu_read_lock(): grace periods wait for that as well, and it takes fewer
 * instructions.
 */
static __always_inline struct klua_state *find(const struct state_key *key)
{
	struct klua_state *s;

	hlist_for_each_entry_rcu(s, bucket(key->hash), node,
				 lockdep_is_held(&states_lock))
		if (matches(s, key))
			return s;
	return NULL;
}

/* As find(), but of a set the state that stands for it. */
static struct klua_state *find_front(const struct state_key *key)
{
	return klua_state_front(find(key));
}

/* Find a state, of a set the one of this processor. Called with preemption off. */
static __always_inline struct klua_state *find_here(const struct state_key *key)
{
	struct klua_state *s = find(key);

	if (unlikely(s && s->set))
		s = s->set->members[smp_processor_id()];
	return s;
}

struct klua_state *klua_state_member(struct klua_state *s, unsigned int i)
{
	return s->set ? s->set->members[i] : s;
}

struct klua_state *klua_state_lookup(const char *name)
{
	struct state_key key = name_key(name);
	struct klua_state *s;

	if (!key.name)
		return NULL;
	rcu_read_lock_sched();
	s = find_here(&key);
	rcu_read_unlock_sched();
	return s;
}
EXPORT_SYMBOL_KLUA(klua_state_lookup);

bool klua_state_get(struct klua_state *s)
{
	return s && refcount_inc_not_zero(&s->users);
}
EXPORT_SYMBOL_KLUA(klua_state_get);

/*
 * @gone was found, but its count was zero already. If another state has taken its
 * place, hold that one. If the table still has @gone, no state has.
 */
static noinline struct klua_state *find_again(const char *name,
					      struct klua_state *gone)
{
	struct state_key key = name_key(name);
	struct klua_state *s;

	for (;;) {
		/*
		 * Read the table after the count. The table was changed before the
		 * count was lowered, which refcount_dec_and_test() in table_put()
		 * orders.
		 */
		smp_rmb();
		s = find_here(&key);
		if (!s || s == gone)
			return NULL;
		if (refcount_inc_not_zero(&s->users))
			return s;
		gone = s;
	}
}

struct klua_state *klua_state_find(const char *name)
{
	struct state_key key = name_key(name);
	struct klua_state *s;

	if (!key.name)
		return NULL;
	rcu_read_lock_sched();
	s = find_here(&key);
	if (unlikely(s && !refcount_inc_not_zero(&s->users)))
		s = find_again(name, s);
	rcu_read_unlock_sched();
	return s;
}
EXPORT_SYMBOL_KLUA(klua_state_find);

/*
 * Put @s into the line of @old, whose place it takes. If @old is stopped, @s is stopped
 * before anybody can enter it, so that replacing a state does not start it.
 */
static void join_line(struct klua_state *s, struct klua_state *old)
{
	unsigned long irqs = klua_guard_lock(&lines_lock);
	struct klua_state *m;
	unsigned int i;

	klua_for_each_member(s, m, i)
		WRITE_ONCE(m->gate, READ_ONCE(old->gate) & ~KLUA_GATE_RETIRED);
	WRITE_ONCE(old->replaced, true);
	list_add(&s->line, &old->line);
	klua_guard_unlock(&lines_lock, irqs);
}

/* Called before the memory of a state, or of the front of a set, is freed. */
static void leave_line(struct klua_state *s)
{
	unsigned long irqs = klua_guard_lock(&lines_lock);

	list_del_init(&s->line);
	klua_guard_unlock(&lines_lock, irqs);
}

/*
 * Called before the memory of a state, or of the front of a set, may be freed: from now
 * on nobody finds it by its number. Another state may have the number already.
 */
static void forget_number(struct klua_state *s)
{
	unsigned long irqs;

	spin_lock_irqsave(&states_lock, irqs);
	xa_lock(&ids);
	__xa_cmpxchg(&ids, s->id, s, NULL, 0);
	xa_unlock(&ids);
	spin_unlock_irqrestore(&states_lock, irqs);
}

/*
 * The last put frees all states of the set at once: a user of one of them may look at
 * all others.
 */
static void set_put(struct klua_set *set)
{
	unsigned int i;

	if (!refcount_dec_and_test(&set->refs))
		return;
	if (set->front) {
		forget_number(set->front);
		leave_line(set->front);
	}
	for (i = 0; i < nr_cpu_ids; i++)
		if (set->members[i])
			kmem_cache_free(state_cache, set->members[i]);
	kfree(set);
}

/* Is @s the state that stands for its set? A state without a set stands for itself. */
static bool is_front(const struct klua_state *s)
{
	return !s->set || s->set->front == s;
}

static void mark_retired(struct klua_state *s)
{
	/* Pairs with wait_retired(): a waiter that reads true sees the state closed. */
	smp_store_release(&s->retired, true);
	wake_up_var(&s->retired);
}

/*
 * Wait until another task has closed the state. The caller has a reference to the state
 * or to its set, which keeps the memory.
 */
static void wait_retired(struct klua_state *s)
{
	/* Pairs with mark_retired(). */
	wait_var_event(&s->retired, smp_load_acquire(&s->retired));
}

/* A close that another task makes, while its caller waits */
struct close_elsewhere {
	struct work_struct work;
	struct klua_state *s;
};

static void close_elsewhere(struct work_struct *work)
{
	klua_state_close(container_of(work, struct close_elsewhere, work)->s);
}

/*
 * Close the Lua state of a state that nobody uses any more. Process context. Where too
 * little of the C stack is left for finalizers, a work item closes it on its own stack.
 * The item is on this stack, and has ended when this returns. It needs nothing that the
 * caller may have locked, but for what a consumer's finalizers lock themselves.
 */
static void close_lua(struct klua_state *s)
{
	struct close_elsewhere close = { .s = s };

	if (klua_stack_fits_close()) {
		klua_state_close(s);
		return;
	}
	INIT_WORK_ONSTACK(&close.work, close_elsewhere);
	queue_work(close_queue, &close.work);
	flush_work(&close.work);
	destroy_work_on_stack(&close.work);
}

/* Free a state, and close it first unless klua_state_retire() has done that. */
static void free_state(struct klua_state *s)
{
	if (READ_ONCE(s->gate) != KLUA_GATE_RETIRED)
		close_lua(s);
	if (s->quota)
		s->quota->uncharge(s->charged);
	if (!s->set) {
		leave_line(s);
		kmem_cache_free(state_cache, s);
		return;
	}
	mark_retired(s);
	set_put(s->set);
}

/* Never 0: a netlink dump with the sequence 0 is not checked for consistency. */
static void next_generation(void)
{
	lockdep_assert_held(&states_lock);
	WRITE_ONCE(generation, generation + 1 ?: 1);
}

/* The table's entry of a state, or of the set that it stands for */
static struct hlist_node *table_node(struct klua_state *s)
{
	return s->set ? &s->set->table_entry.node : &s->node;
}

/* The state keeps its number, by which it is found until it is closed. */
static void leave_numbers(struct klua_state *s)
{
	lockdep_assert_held(&states_lock);
	xa_lock(&ids);
	__xa_clear_mark(&ids, s->id, IN_TABLE);
	__xa_set_mark(&ids, s->id, LEFT);
	xa_unlock(&ids);
}

/* Take the state out of the table. The caller gives back the table's reference. */
static void unlink_state(struct klua_state *s)
{
	lockdep_assert_held(&states_lock);
	hlist_del_rcu(table_node(s));
	leave_numbers(s);
	next_generation();
	trace_destroy(s);
}

/*
 * Queue the close. Called once for each state, by the call that took the count to zero.
 */
static void begin_close(struct klua_state *s)
{
	if (s->quota)
		atomic_inc(&quota_closes);
	queue_rcu_work(close_queue, &s->close);
}

/* Will closes that are queued or in progress give anything back to a quota? */
bool klua_states_closing(void)
{
	return atomic_read_acquire(&quota_closes);
}

/*
 * Find the state of the table that has this number. Called under states_lock or RCU.
 * The mark is read first: a state that has it stays until the end of the read section.
 */
static struct klua_state *find_number(u32 id)
{
	return xa_get_mark(&ids, id, IN_TABLE) ? xa_load(&ids, id) : NULL;
}

/*
 * Is the state, or its set, in the table? Without states_lock that may change at once.
 */
bool klua_state_linked(struct klua_state *s)
{
	struct klua_state *front = klua_state_front(s);

	return find_number(front->id) == front;
}

/*
 * Take the state, or its set, out of the table, if @s has @users or more references.
 * Returns whether it was in there with so many, 0 or 1; -EINVAL: it is in there, with
 * fewer.
 */
static int unlink_if_linked(struct klua_state *s, unsigned int users)
{
	struct klua_state *front = klua_state_front(s);
	int ret = 0;

	spin_lock_irq(&states_lock);
	if (klua_state_linked(front))
		ret = refcount_read(&s->users) < users ? -EINVAL : 1;
	if (ret > 0)
		unlink_state(front);
	spin_unlock_irq(&states_lock);
	return ret;
}

/*
 * Has a caller put the state more often than it held it? Then the count is zero
 * although the state is in the table. Returns true in that case, and has unlinked the
 * state.
 */
static bool put_too_often(struct klua_state *s)
{
	struct klua_state *m;
	unsigned int i;

	if (!unlink_if_linked(s, 0))
		return false;
	pr_err("state '" NAME_FMT "' was put more often than it was held\n",
	       NAME_ARG(s));
	klua_for_each_member(s, m, i)
		if (m != s)
			klua_state_put(m);
	return true;
}

/* Called when nobody has a pointer to the state any more. */
static void close_unheld(struct klua_state *s)
{
	spin_lock_irq(&states_lock);
	list_del(&s->all);
	spin_unlock_irq(&states_lock);
	if (!s->set)
		forget_number(s);
	if (is_front(s))
		klua_event_destroyed(s);
	free_state(s);
}

/*
 * Close a state whose count was zero a grace period ago. Unless it was put too often it
 * was out of the table by then, so nobody else has a pointer to it.
 */
static void close_work(struct work_struct *work)
{
	struct klua_state *s = container_of(to_rcu_work(work),
					    struct klua_state, close);
	bool counted;

	if (put_too_often(s)) {
		queue_rcu_work(close_queue, &s->close);
		return;
	}
	counted = s->quota;
	/*
	 * A count that was lowered below zero has saturated. Nobody can know whether
	 * the state is held, so it is leaked.
	 */
	if (!refcount_read(&s->users))
		close_unheld(s);
	/* Pairs with klua_states_closing(): a reader of 0 sees the quota uncharged. */
	if (counted)
		atomic_dec_return_release(&quota_closes);
}

void klua_state_put(struct klua_state *s)
{
	if (s && refcount_dec_and_test(&s->users))
		begin_close(s);
}
EXPORT_SYMBOL_KLUA(klua_state_put);

/* Reserve a number; nothing is found under it until link_state() stores the state. */
static bool reserve_id(u32 *id)
{
	return xa_alloc_cyclic_irq(&ids, id, NULL, xa_limit_32b, &next_id,
				  GFP_KERNEL_ACCOUNT) >= 0;
}

/* Allocate a state that nobody else knows. The caller makes its Lua state. */
static struct klua_state *alloc_state(const struct klua_config *config,
				      const struct state_key *key)
{
	struct klua_state *s = kmem_cache_zalloc(state_cache, GFP_KERNEL);

	if (!s)
		return NULL;
	if (!reserve_id(&s->id)) {
		kmem_cache_free(state_cache, s);
		return NULL;
	}
	refcount_set(&s->users, 1);
	INIT_RCU_WORK(&s->close, close_work);
	INIT_LIST_HEAD(&s->all);
	INIT_LIST_HEAD(&s->line);
	memcpy(s->name, key->name, key->len);
	s->namelen = key->len;
	s->hash = key->hash;
	s->kind = config->kind;
	s->origin = config->origin;
	s->ephemeral = config->ephemeral;
	s->reserved = config->reserve || config->kind == KLUA_KIND_IRQ;
	s->maxalloc = config->maxalloc;
	s->granted = config->maxalloc;
	klua_run_defaults(s);
	return s;
}

unsigned int klua_states_generation(void)
{
	return READ_ONCE(generation);
}

/* Give back the table's references to the state, or to all of its set. May free @s. */
static void table_put(struct klua_state *s)
{
	struct klua_set *set = s->set;
	struct klua_state *m;
	unsigned int i;

	if (!set) {
		klua_state_put(s);
		return;
	}
	refcount_inc(&set->refs);
	klua_for_each_member(s, m, i)
		klua_state_put(m);
	set_put(set);
}

/*
 * Put the state into the table and the numbers, in the place of @old unless it is NULL.
 */
static void link_state(struct klua_state *s, struct klua_state *old)
{
	struct klua_state *m;
	unsigned int i;

	lockdep_assert_held(&states_lock);
	if (old) {
		hlist_replace_rcu(table_node(old), table_node(s));
		trace_destroy(old);
	} else {
		hlist_add_head_rcu(table_node(s), bucket(s->hash));
	}
	klua_for_each_member(s, m, i)
		list_add_tail(&m->all, &all_states);
	if (old)
		leave_numbers(old);
	xa_lock(&ids);
	/* Cannot fail: reserve_id() has allocated the node. */
	__xa_store(&ids, s->id, s, 0);
	__xa_set_mark(&ids, s->id, IN_TABLE);
	xa_unlock(&ids);
	next_generation();
}

/* Return @err, and leave @why in the buffer of klua_state_new()'s caller. */
static int refuse(const struct klua_config *config, int err, const char *why)
{
	if (config->error && config->error_size)
		strscpy(config->error, why, config->error_size);
	return err;
}

/*
 * May a state made by @config take the place of @old or, if @old is NULL, take a name
 * that no state has? If not, @why gets the reason.
 */
static int check_replace(const struct klua_config *config,
			 const struct klua_state *old, const char **why)
{
	static const char * const kinds[] = {
		[KLUA_KIND_ATOMIC] =
			"the state of this name is atomic, and only one of that kind takes its place",
		[KLUA_KIND_SLEEPABLE] =
			"the state of this name is sleepable, and only one of that kind takes its place",
		[KLUA_KIND_IRQ] =
			"the state of this name is an irq state, and only one of that kind takes its place",
	};

	if (!old) {
		*why = "there is no state of this name to replace";
		return config->existing ? -ENOENT : 0;
	}
	if (!config->replace) {
		*why = "the name is taken";
		return -EEXIST;
	}
	if (config->origin == KLUA_ORIGIN_USER && old->origin != KLUA_ORIGIN_USER) {
		*why = "a kernel module made the state of this name";
		return -EPERM;
	}
	if (old->kind != config->kind) {
		*why = kinds[old->kind];
		return -EINVAL;
	}
	return 0;
}

static int check_name(const struct klua_config *config)
{
	const char *why = "";
	struct klua_state *s;
	int err = 0;

	if (!config->name)
		return refuse(config, -EINVAL, "the name is NULL");
	if (config->origin == KLUA_ORIGIN_USER && !strchr(config->name, '/'))
		return refuse(config, -EINVAL,
			      "a name without a slash is for kernel modules; try user/NAME");
	if (!*config->name)
		return refuse(config, -EINVAL, "the name is empty");
	if (!name_key(config->name).name)
		return refuse(config, -ENAMETOOLONG, "the name is too long");
	rcu_read_lock();
	s = klua_state_lookup(config->name);
	err = check_replace(config, s, &why);
	rcu_read_unlock();
	return err ? refuse(config, err, why) : 0;
}

/*
 * Put the state into the table, and hold it for its maker. With @config->replace it
 * takes the place of the state of its name: a lookup finds one of the two at any time.
 * check_name() did not hold states_lock, so its checks are repeated here.
 */
static int publish(const struct klua_config *config, struct klua_state *s)
{
	struct state_key key = name_key(s->name);
	const char *why = "";
	struct klua_state *old;
	int err = 0;

	spin_lock_irq(&states_lock);
	old = find_front(&key);
	err = check_replace(config, old, &why);
	if (!err) {
		refcount_inc(&s->users);
		if (old)
			join_line(s, old);
		link_state(s, old);
	}
	spin_unlock_irq(&states_lock);
	/* @old is out of the table now, so give back the table's reference. */
	if (!err && old)
		table_put(old);
	return err ? refuse(config, err, why) : 0;
}

/* The time limit of an entry, in us; 0 stands for the default of the kind. */
static u64 config_time(const struct klua_config *config)
{
	return config->time_unlimited ? KLUA_TIME_UNLIMITED : config->time_us;
}

static int check_chunks(const struct klua_config *config)
{
	unsigned int i;

	if (config->nchunks && !config->chunks)
		return refuse(config, -EINVAL, "the chunks are NULL");
	for (i = 0; i < config->nchunks; i++)
		if (!config->chunks[i].text && config->chunks[i].len)
			return refuse(config, -EINVAL, "a chunk is NULL");
	return 0;
}

static int check_config(const struct klua_config *config)
{
	u64 us = config_time(config);

	if (!klua_may_sleep())
		return refuse(config, -EOPNOTSUPP, "called where one may not sleep");
	if (klua_telling())
		return refuse(config, -EDEADLK, "called by a listener");
	if ((unsigned int)config->kind >= __KLUA_KIND_MAX)
		return refuse(config, -EINVAL, "there is no such kind");
	if (config->maxalloc < KLUA_MIN_ALLOC)
		return refuse(config, -EINVAL, KLUA_MIN_ALLOC_TEXT);
	if (us && !klua_time_valid(config->kind, us))
		return refuse(config, -EINVAL,
			      "more time than a state of this kind may have: 8 s, an irq state 100 ms");
	if ((unsigned int)config->origin > KLUA_ORIGIN_USER)
		return refuse(config, -EINVAL, "there is no such origin");
	if (config->existing && !config->replace)
		return refuse(config, -EINVAL, "existing is only for a state with replace");
	return check_chunks(config) ?: check_name(config);
}

/*
 * Error messages show fewer bytes of a chunk's name (LUA_IDSIZE), so they lose nothing
 * when a longer name is cut here.
 */
#define CHUNK_NAME_MAX	128

/* Run one text; its error, with a traceback, goes to the caller of klua_state_new(). */
static int build_text(const struct klua_config *config, struct klua_state *s,
		      const char *name, const void *text, size_t len)
{
	struct klua_result result = {
		.buf = config->error,
		.size = config->error ? config->error_size : 0,
	};
	int err = __klua_state_run(s, text, len, name, &result);

	/* The chunk's results are in the buffer, which is for errors alone. */
	return err ?: refuse(config, 0, "");
}

static int build_chunk(const struct klua_config *config, struct klua_state *s,
		       const struct klua_chunk *chunk)
{
	char name[CHUNK_NAME_MAX];
	const struct firmware *fw;
	int err;

	if (!chunk->firmware)
		return build_text(config, s, chunk->name, chunk->text, chunk->len);
	/* Direct: does not wait for a helper in user space. */
	err = request_firmware_direct(&fw, chunk->firmware, NULL);
	if (err)
		return refuse(config, err, klua_firmware_text(err));
	snprintf(name, sizeof(name), "@%s", chunk->firmware);
	err = build_text(config, s, chunk->name ?: name, fw->data, fw->size);
	release_firmware(fw);
	return err;
}

static int build_open(const struct klua_config *config, struct klua_state *s)
{
	int err;

	if (!config->open)
		return 0;
	err = __klua_state_call(s, config->open, config->arg);
	return err ? refuse(config, err, s->errmsg) : 0;
}

static int open_library(lua_State *L)
{
	const char *name = lua_touserdata(L, 1);

	if (klua_lib_open(L, name))
		klua_raise(L, "there is no library '%s'", name);
	return 0;
}

static int open_libraries(const struct klua_config *config, struct klua_state *s)
{
	const char *const *name;
	int err = 0;

	for (name = config->libraries; name && *name && !err; name++)
		err = __klua_state_call(s, open_library, (void *)*name);
	return err ? refuse(config, err, s->errmsg) : 0;
}

static int build_libraries(const struct klua_config *config, struct klua_state *s)
{
	int err = klua_state_open(s);

	if (err == -EOVERFLOW)
		return refuse(config, err, "too little of the C stack is left");
	if (err == -ENOMEM && s->reserved && !s->reserve)
		return refuse(config, err, "not enough memory for the reserve");
	if (err == -ENOMEM)
		return refuse(config, err,
			      "not enough memory to open the libraries");
	if (err)
		return refuse(config, err, s->errmsg);
	return open_libraries(config, s);
}

/* Make the Lua state, open its libraries, and run its maker's function and chunks. */
static int build(const struct klua_config *config, struct klua_state *s)
{
	unsigned int i;
	int err;

	klua_build_begin(s);
	err = build_libraries(config, s) ?: build_open(config, s);
	for (i = 0; !err && i < config->nchunks; i++)
		err = build_chunk(config, s, &config->chunks[i]);
	klua_build_end(s, config->steps, config_time(config));
	/* The counters are about later entries: building does not count. */
	memset(&s->stats, 0, sizeof(s->stats));
	s->limits.built = s->limits.entry;
	s->limits.steps = 0;
	return err;
}

/*
 * The caller holds @s, so listeners are told that it was created before they can be
 * told that it was destroyed.
 */
static void tell_created(struct klua_state *s)
{
	trace_create(s);
	klua_event_created(s);
	if (READ_ONCE(s->gate) & (KLUA_GATE_STOPPED | KLUA_GATE_HALTED))
		klua_event_gate_now(s, true);
}

/* Close and free a state that was never in the table. */
static void discard(struct klua_state *s)
{
	if (is_front(s))
		xa_erase_irq(&ids, s->id);
	list_del_init(&s->all);
	free_state(s);
}

/* The bytes that were charged to the quota for the state that will be replaced, or 0 */
static size_t charged_before(const struct klua_config *config)
{
	struct klua_state *old;
	size_t bytes = 0;

	if (!config->replace)
		return 0;
	rcu_read_lock();
	old = klua_state_lookup(config->name);
	if (old && old->quota == config->quota)
		bytes = READ_ONCE(old->charged);
	rcu_read_unlock();
	return bytes;
}

/* Charge the state to the quota of its maker, which may refuse it. */
static int charge(const struct klua_config *config, struct klua_state *s)
{
	size_t bytes = klua_alloc_charge(s, s->maxalloc);
	const char *why = "";
	int err;

	if (!config->quota)
		return 0;
	err = config->quota->charge(bytes, charged_before(config), &why);
	if (err)
		return refuse(config, err, why);
	s->quota = config->quota;
	s->charged = bytes;
	return 0;
}

/* Make a state that is ready to be published. */
static struct klua_state *build_state(const struct klua_config *config,
				      struct module *maker)
{
	struct state_key key = name_key(config->name);
	struct klua_state *s = alloc_state(config, &key);
	int err;

	if (!s)
		return ERR_PTR(refuse(config, -ENOMEM, "not enough memory"));
	s->maker = maker;
	err = charge(config, s);
	if (err) {
		xa_erase_irq(&ids, s->id);
		kmem_cache_free(state_cache, s);
		return ERR_PTR(err);
	}
	err = build(config, s);
	if (err) {
		discard(s);
		return ERR_PTR(err);
	}
	return s;
}

/* The caller has a reference to the set, which keeps the set during the loop. */
static void discard_members(struct klua_set *set)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_ids; i++)
		if (set->members[i])
			discard(set->members[i]);
}

/*
 * Put the state into the set. All states of a set have the number of the first: what is
 * told of any of them is told of the set.
 */
static void join_set(struct klua_state *s, struct klua_set *set, unsigned int cpu)
{
	refcount_inc(&set->refs);
	s->set = set;
	set->members[cpu] = s;
	if (!set->front) {
		set->front = s;
		return;
	}
	xa_erase_irq(&ids, s->id);
	s->id = set->front->id;
}

static int build_members(const struct klua_config *config, struct klua_set *set,
			 struct module *maker)
{
	struct klua_state *s;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		s = build_state(config, maker);
		if (IS_ERR(s))
			return PTR_ERR(s);
		join_set(s, set, cpu);
	}
	return 0;
}

static void fill_table_entry(struct klua_set *set)
{
	const struct klua_state *front = set->front;

	memcpy(set->table_entry.name, front->name, sizeof(front->name));
	set->table_entry.namelen = front->namelen;
	set->table_entry.hash = front->hash;
	set->table_entry.set = set;
}

/* Make a state for each processor. Returns the one that stands for all. */
static struct klua_state *build_set(const struct klua_config *config,
				    struct module *maker)
{
	struct klua_state *front;
	struct klua_set *set;
	int err;

	set = kzalloc(struct_size(set, members, nr_cpu_ids), GFP_KERNEL_ACCOUNT);
	if (!set)
		return ERR_PTR(refuse(config, -ENOMEM, "not enough memory"));
	refcount_set(&set->refs, 1);
	err = build_members(config, set, maker);
	if (err)
		discard_members(set);
	else
		fill_table_entry(set);
	front = set->front;
	set_put(set);
	return err ? ERR_PTR(err) : front;
}

static void discard_built(struct klua_state *s)
{
	struct klua_set *set = s->set;

	if (!set) {
		discard(s);
		return;
	}
	refcount_inc(&set->refs);
	discard_members(set);
	set_put(set);
}

/*
 * Make a state; all ways to make one lead here. With @held the caller gets a hold;
 * without, somebody else may destroy the state before this returns.
 */
static struct klua_state *make(const struct klua_config *config, bool held,
			       struct module *maker)
{
	struct klua_state *s;
	int err = check_config(config);

	if (err)
		return ERR_PTR(err);
	s = config->percpu ? build_set(config, maker) :
			     build_state(config, maker);
	if (IS_ERR(s))
		return s;
	err = publish(config, s);
	if (err) {
		discard_built(s);
		return ERR_PTR(err);
	}
	tell_created(s);
	if (!held)
		klua_state_put(s);
	return s;
}

/*
 * As make(), for a caller without a buffer: the cause of a failure goes into the log.
 */
static struct klua_state *make_logged(struct klua_config config,
				      struct module *maker)
{
	char why[KLUA_ERROR_MAXSIZE] = "";
	const char *name = config.name;
	struct klua_state *s;

	config.error = why;
	config.error_size = sizeof(why);
	s = make(&config, true, maker);
	if (IS_ERR(s))	/* the first line; a traceback may follow */
		pr_err("cannot make state '" NAME_FMT "': %*pE (%pe)\n",
		       (int)(name ? strnlen(name, KLUA_NAME_MAXSIZE) : 0), name,
		       (int)strcspn(why, "\n"), why, s);
	return s;
}

struct klua_state *__klua_state_new(const struct klua_config *config,
				    struct module *maker)
{
	if (!config)
		return ERR_PTR(-EINVAL);
	might_sleep();
	if (!config->error || !config->error_size)
		return make_logged(*config, maker);
	refuse(config, 0, "");
	return make(config, true, maker);
}
EXPORT_SYMBOL_KLUA(__klua_state_new);

struct klua_state *__klua_state_create(size_t maxalloc, const char *name,
				       struct module *maker)
{
	char why[80];
	struct klua_config config = {
		.name = name,
		.maxalloc = maxalloc,
		.error = why,
		.error_size = sizeof(why),
	};
	struct klua_state *s;

	might_sleep();
	s = make(&config, false, maker);
	if (!IS_ERR(s))
		return s;
	pr_err("cannot create state '" NAME_FMT "' with maxalloc %zu: %s\n",
	       (int)(name ? strnlen(name, KLUA_NAME_MAXSIZE) : 0), name,
	       maxalloc, why);
	return NULL;
}
EXPORT_SYMBOL_KLUA(__klua_state_create);

static bool is_held(struct klua_state *s)
{
	struct klua_state *m;
	unsigned int i;

	klua_for_each_member(s, m, i)
		if (refcount_read(&m->users) != 1)
			return true;
	return false;
}

/*
 * Give back the table's reference to each state of a set, or to none. If one of them
 * turns out to be held, the others get their reference again. Until then
 * klua_state_find() may fail for these, although the set is not destroyed.
 */
static bool drop_unheld(struct klua_state *s)
{
	struct klua_state *m, *undo;
	unsigned int i, k;

	if (is_held(s))
		return false;
	klua_for_each_member(s, m, i) {
		if (refcount_dec_if_one(&m->users))
			continue;
		for (k = 0; k < i; k++) {
			undo = klua_state_member(s, k);
			if (undo)
				refcount_set(&undo->users, 1);
		}
		return false;
	}
	return true;
}

/* Destroy the state or its set. False: it is held, and nothing has changed. */
static bool destroy_unheld(struct klua_state *s)
{
	struct klua_state *m;
	unsigned int i;

	lockdep_assert_held(&states_lock);
	if (!drop_unheld(s))
		return false;
	unlink_state(s);
	klua_for_each_member(s, m, i)
		begin_close(m);
	return true;
}

int klua_state_try_destroy(const char *name)
{
	struct state_key key = name_key(name);
	struct klua_state *s;
	unsigned long irqs;
	int err = -ENOENT;

	if (!key.name)
		return -ENOENT;
	spin_lock_irqsave(&states_lock, irqs);
	s = find_front(&key);
	if (s)
		err = destroy_unheld(s) ? 0 : -EBUSY;
	spin_unlock_irqrestore(&states_lock, irqs);
	return err;
}
EXPORT_SYMBOL_KLUA(klua_state_try_destroy);

int klua_state_destroy(const char *name)
{
	return klua_state_try_destroy(name) ? -1 : 0;
}
EXPORT_SYMBOL_KLUA(klua_state_destroy);

/*
 * Destroy the state of this number. With @held a state that is held is taken out of the
 * table as well, and the last put closes it; without, this is -EBUSY.
 */
int klua_state_remove(u32 id, bool held)
{
	struct klua_state *s;
	int ret = -ENOENT;

	spin_lock_irq(&states_lock);
	s = find_number(id);
	if (s && held) {
		unlink_state(s);
		ret = 0;
	} else if (s) {
		ret = destroy_unheld(s) ? 0 : -EBUSY;
	}
	spin_unlock_irq(&states_lock);
	if (!ret && held)
		table_put(s);
	return ret;
}

/* Find the state of this number. Called under RCU. */
struct klua_state *klua_state_by_id(u32 id)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a state that may go away");
	return find_number(id);
}

/* Find the state with the least number from *@id on. Called under RCU. */
struct klua_state *klua_state_by_next(unsigned long *id)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a state that may go away");
	return xa_find(&ids, id, ULONG_MAX, IN_TABLE);
}

/*
 * Get a reference to a state that has left the table, or to its set, unless its count
 * is zero. A set stays while any of its states is held.
 */
static bool left_get(struct klua_state *s)
{
	struct klua_state *m;
	bool held = false;
	unsigned int i;

	lockdep_assert_held(&states_lock);
	if (!s->set)
		return klua_state_get(s);
	klua_for_each_member(s, m, i)
		held |= refcount_read(&m->users);
	return held && refcount_inc_not_zero(&s->set->refs);
}

/*
 * Find the state with the least number from *@id on that was replaced or destroyed, and
 * is still held or in use. The caller gives it back by klua_state_left_put(). RCU does
 * not keep such a state, so it is looked up under states_lock, under which
 * forget_number() runs, too.
 */
struct klua_state *klua_state_left_next(unsigned long *id)
{
	struct klua_state *s;
	bool kept;

	for (;; ++*id) {
		spin_lock_irq(&states_lock);
		s = xa_find(&ids, id, ULONG_MAX, LEFT);
		kept = s && left_get(s);
		spin_unlock_irq(&states_lock);
		if (!s || kept)
			return s;
	}
}

/* As klua_state_left_next(), for this number only. */
struct klua_state *klua_state_left(u32 id)
{
	struct klua_state *s;

	spin_lock_irq(&states_lock);
	s = xa_get_mark(&ids, id, LEFT) ? xa_load(&ids, id) : NULL;
	if (s && !left_get(s))
		s = NULL;
	spin_unlock_irq(&states_lock);
	return s;
}

void klua_state_left_put(struct klua_state *s)
{
	if (s->set)
		set_put(s->set);
	else
		klua_state_put(s);
}

/* Hold a state that was found under RCU. NULL: its count is zero already. */
static struct klua_state *hold(struct klua_state *s)
{
	return klua_state_get(s) ? s : NULL;
}

struct klua_state *klua_state_find_id(u32 id)
{
	struct klua_state *s;

	rcu_read_lock();
	s = hold(klua_state_by_id(id));
	rcu_read_unlock();
	return s;
}
EXPORT_SYMBOL_KLUA(klua_state_find_id);

struct klua_state *klua_state_next(u32 id)
{
	unsigned long next = id;
	struct klua_state *s, *held = NULL;

	rcu_read_lock();
	do {
		next++;
		s = klua_state_by_next(&next);
		held = hold(s);
	} while (s && !held);
	rcu_read_unlock();
	return held;
}
EXPORT_SYMBOL_KLUA(klua_state_next);

/* Wait until states that were destroyed before this call are closed. */
void klua_states_flush(void)
{
	rcu_barrier();
	flush_workqueue(close_queue);
}

/* Take the first state of a bucket out of the table. */
static struct klua_state *unlink_first(struct hlist_head *head)
{
	struct hlist_node *first;
	struct klua_state *s;

	spin_lock_irq(&states_lock);
	first = rcu_dereference_protected(hlist_first_rcu(head),
					  lockdep_is_held(&states_lock));
	s = klua_state_front(hlist_entry_safe(first, struct klua_state, node));
	if (s)
		unlink_state(s);
	spin_unlock_irq(&states_lock);
	return s;
}

void klua_state_destroy_all(void)
{
	struct klua_state *s;
	unsigned int i;

	for (i = 0; i < 1u << states_bits; i++) {
		/* Each is out of the table now, so give back the table's reference. */
		while ((s = unlink_first(&states[i])))
			table_put(s);
		cond_resched();
	}
}
EXPORT_SYMBOL_KLUA(klua_state_destroy_all);

/* Write into @buf how often each limit was hit. */
static void list_limits(char *buf, size_t size, const struct klua_stats *stats)
{
	static const char * const names[] = {
		[KLUA_LIMIT_STEPS] = "steps",
		[KLUA_LIMIT_TIME] = "time",
		[KLUA_LIMIT_MEMORY] = "memory",
		[KLUA_LIMIT_STACK] = "stack",
		[KLUA_LIMIT_CANCEL] = "cancel",
		[KLUA_LIMIT_SIGNAL] = "signal",
	};
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		n += scnprintf(buf + n, size - n, " %s %llu", names[i],
			       READ_ONCE(stats->limits[i]));
}

/* Write into @buf the first line of the last error, with its age. */
static void list_error(char *buf, size_t size, struct klua_state *s)
{
	unsigned long irqs;

	scnprintf(buf, size, "none");
	raw_spin_lock_irqsave(&s->error_lock, irqs);
	if (s->error)
		scnprintf(buf, size, "%d, %llu s ago: %*pE", s->error,
			  div_u64(klua_error_age(s), NSEC_PER_SEC),
			  (int)strcspn(s->errmsg, "\n"), s->errmsg);
	raw_spin_unlock_irqrestore(&s->error_lock, irqs);
}

static const char *kind_name(enum klua_kind kind)
{
	static const char * const names[] = {
		[KLUA_KIND_ATOMIC] = "atomic",
		[KLUA_KIND_SLEEPABLE] = "sleepable",
		[KLUA_KIND_IRQ] = "irq",
	};

	return names[kind];
}

static void figures_add(struct klua_figures *sum, const struct klua_state *s)
{
	unsigned int i;

	sum->users += refcount_read(&s->users);
	sum->curralloc += READ_ONCE(s->curralloc);
	sum->maxalloc += READ_ONCE(s->closing_max) ?: READ_ONCE(s->maxalloc);
	sum->peakalloc += READ_ONCE(s->peakalloc);
	sum->runs += klua_state_runs(s);
	sum->steps += READ_ONCE(s->limits.steps);
	sum->busy |= klua_state_busy(s);
	sum->stats.ns += klua_stats_time(s);
	sum->stats.errors += READ_ONCE(s->stats.errors);
	sum->stats.unprinted += READ_ONCE(s->stats.unprinted);
	for (i = 0; i < ARRAY_SIZE(sum->stats.limits); i++)
		sum->stats.limits[i] += READ_ONCE(s->stats.limits[i]);
}

/* Add up the figures of a state or its set. Called under RCU, or with @s held. */
void klua_state_figures(struct klua_state *s, struct klua_figures *sum)
{
	struct klua_state *m;
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	klua_for_each_member(s, m, i) {
		figures_add(sum, m);
		sum->members++;
	}
	/* The table has a reference to each state of a set; these count as one. */
	if (klua_state_linked(s))
		sum->users -= min(sum->users, sum->members - 1);
}

static void list_one(struct klua_state *s, const struct klua_figures *sum)
{
	char limits[192], error[192];

	list_limits(limits, sizeof(limits), &sum->stats);
	list_error(error, sizeof(error), s);
	pr_info("  " NAME_FMT
		": %s%s, curralloc %zu, maxalloc %zu, peak %zu, users %u, id %u, %s, runs %llu, steps %llu, time %llu ns, errors %llu, limits hit:%s, last error %s\n",
		NAME_ARG(s), s->set ? "per-CPU " : "", kind_name(s->kind),
		sum->curralloc, sum->maxalloc, sum->peakalloc, sum->users, s->id,
		s->origin == KLUA_ORIGIN_USER ? "user" : "kernel",
		sum->runs, sum->steps, sum->stats.ns, sum->stats.errors, limits,
		error);
}

void klua_state_list(void)
{
	struct klua_figures sum;
	unsigned long count = 0;
	struct klua_state *s;
	size_t bytes = 0;
	unsigned int i;

	pr_info("states (bytes):\n");
	for (i = 0; i < 1u << states_bits; i++) {
		/* One bucket for each read section, so that sections stay short. */
		rcu_read_lock();
		hlist_for_each_entry_rcu(s, &states[i], node) {
			klua_state_figures(s, &sum);
			list_one(klua_state_front(s), &sum);
			bytes += sum.curralloc;
			count++;
		}
		rcu_read_unlock();
		cond_resched();
	}
	pr_info("total: %lu states, %zu bytes\n", count, bytes);
}
EXPORT_SYMBOL_KLUA(klua_state_list);

/* Somebody who keeps the lock of a retired state for longer than this is logged. */
#define PATIENCE	(5 * HZ)

struct late {
	struct delayed_work work;
	const struct klua_state *s;
};

static void say_late(struct work_struct *work)
{
	struct late *late = container_of(to_delayed_work(work), struct late, work);

	pr_warn("state '" NAME_FMT "' was retired, and cannot be closed before it is unlocked\n",
		NAME_ARG(late->s));
}

/*
 * Wait until whoever has the lock has released it. Entries end by their limits or are
 * cancelled. A caller of klua_state_lock() may keep the lock for as long as it likes; the
 * log then says that it is waited for. A delayed work on this stack writes that. It has
 * ended, or will never begin, when this function returns. Of the state it reads nothing
 * but the name, which stays while the caller holds the state.
 */
static void wait_unlocked(struct klua_state *s)
{
	struct late late = { .s = s };

	INIT_DELAYED_WORK_ONSTACK(&late.work, say_late);
	schedule_delayed_work(&late.work, PATIENCE);
	klua_state_lock_asleep(s, false);
	klua_state_unlock(s);
	cancel_delayed_work_sync(&late.work);
	destroy_delayed_work_on_stack(&late.work);
}

/*
 * Close a state whose gate is shut. Each later entry takes the lock, sees the gate and
 * is refused. So once the lock has been free, the entry in progress is over and nobody
 * else uses the Lua state.
 */
static void close_retired(struct klua_state *s)
{
	klua_state_stop(s);
	wait_unlocked(s);
	close_lua(s);
	mark_retired(s);
}

/* Retire a state that the caller holds, and put it. */
static void retire_one(struct klua_state *s)
{
	if (xchg(&s->gate, KLUA_GATE_RETIRED) != KLUA_GATE_RETIRED)
		close_retired(s);
	else
		wait_retired(s);
	klua_state_put(s);
}

/*
 * Retire all states of a set. If the count of one is zero, its close is queued already
 * and is waited for; the reference to the set keeps its memory meanwhile.
 */
static void retire_set(struct klua_state *s)
{
	struct klua_set *set = s->set;
	struct klua_state *m;
	unsigned int i;

	refcount_inc(&set->refs);
	klua_for_each_member(s, m, i) {
		if (m == s)
			continue;
		if (klua_state_get(m))
			retire_one(m);
		else
			wait_retired(m);
	}
	retire_one(s);
	set_put(set);
}

/* Has this task locked the state by klua_state_lock()? Retiring would wait for that. */
static bool locked_here(struct klua_state *s)
{
	struct klua_state *m;
	unsigned int i;

	klua_for_each_member(s, m, i)
		if (READ_ONCE(m->owner) == current)
			return true;
	return false;
}

int klua_state_retire(struct klua_state *s)
{
	int linked;

	if (!s)
		return -EINVAL;
	if (klua_inside_any() || klua_telling() || locked_here(s))
		return -EDEADLK;
	might_sleep();
	if (!klua_may_sleep())
		return -EOPNOTSUPP;
	/* Of a state in the table, one reference is the table's, and one the caller's. */
	linked = unlink_if_linked(s, 2);
	if (linked < 0) {
		pr_err("%ps retires state '" NAME_FMT "', which nobody holds\n",
		       (void *)_RET_IP_, NAME_ARG(s));
		return linked;
	}
	if (linked)
		table_put(klua_state_front(s));
	if (s->set)
		retire_set(s);
	else
		retire_one(s);
	return 0;
}
EXPORT_SYMBOL_KLUA(klua_state_retire);

/*
 * Find and hold a state that the module made and that is not retired. States out of the
 * table count, too: one that was replaced or destroyed may still be running.
 */
static struct klua_state *made_by(const struct module *mod, bool *linked)
{
	struct klua_state *s, *found = NULL;

	spin_lock_irq(&states_lock);
	list_for_each_entry(s, &all_states, all) {
		if (s->maker != mod || READ_ONCE(s->retired))
			continue;
		/*
		 * Its close is queued (0), or it was put too often and is leaked (below
		 * 0).
		 */
		if ((int)refcount_read(&s->users) <= 0 || !klua_state_get(s))
			continue;
		found = s;
		*linked = klua_state_linked(s);
		break;
	}
	spin_unlock_irq(&states_lock);
	return found;
}

/*
 * The module's memory is freed after a grace period of RCU. States that it has retired
 * may still be held then.
 */
static void forget_maker(const struct module *mod)
{
	struct klua_state *s;

	spin_lock_irq(&states_lock);
	list_for_each_entry(s, &all_states, all)
		if (s->maker == mod)
			WRITE_ONCE(s->maker, NULL);
	spin_unlock_irq(&states_lock);
}

/*
 * Retire the states that a module leaves behind when it is unloaded: they may have
 * pointers to its functions and data.
 */
void klua_states_retire_module(struct module *mod)
{
	struct klua_state *s;
	bool linked;

	while ((s = made_by(mod, &linked))) {
		if (linked)
			pr_warn("state '" NAME_FMT "' outlives module %s, which made it: retired\n",
				NAME_ARG(s), module_name(mod));
		if (klua_state_retire(s)) {
			klua_state_put(s);
			break;
		}
	}
	forget_maker(mod);
}

static bool is_retired(struct klua_state *s)
{
	struct klua_state *m;
	unsigned int i;

	klua_for_each_member(s, m, i)
		if (READ_ONCE(m->gate) == KLUA_GATE_RETIRED)
			return true;
	return false;
}

/*
 * Set and clear bits of the gate, unless the state is retired. Returns true if the gate
 * was open and is shut now, or the other way round.
 */
static bool change_gate(struct klua_state *s, u8 set, u8 clear)
{
	u8 was, now, seen = READ_ONCE(s->gate);

	do {
		was = seen;
		now = (was | set) & ~clear;
		if (was == KLUA_GATE_RETIRED || was == now)
			return false;
		seen = cmpxchg(&s->gate, was, now);
	} while (seen != was);
	return !was != !now;
}

/*
 * As change_gate(), for a state or all of its set. Setting a bit also cancels the
 * entries in progress.
 */
static bool change_gates(struct klua_state *s, u8 set, u8 clear)
{
	struct klua_state *m;
	bool changed = false;
	unsigned int i;

	klua_for_each_member(s, m, i)
		changed |= change_gate(m, set, clear);
	if (set)
		klua_state_stop(s);
	return changed;
}

/*
 * As change_gates(), for a state and all others of its line. Returns a state whose gate
 * has changed, for telling listeners of it, or NULL if there is none. If the state that
 * has not been replaced is among those that have changed, it is that one.
 */
static struct klua_state *change_line(struct klua_state *s, u8 set, u8 clear)
{
	struct klua_state *front = klua_state_front(s), *other, *changed = NULL;

	lockdep_assert_held(&lines_lock);
	if (change_gates(front, set, clear))
		changed = front;
	list_for_each_entry(other, &front->line, line)
		if (change_gates(other, set, clear) &&
		    (!changed || !other->replaced))
			changed = other;
	return changed;
}

int klua_state_set_stopped(struct klua_state *s, bool stopped)
{
	struct klua_state *changed = NULL;
	unsigned long irqs;
	bool retired;

	if (!s)
		return -EINVAL;
	/* A probe may have interrupted the holder of the lock, and must not wait. */
	if (this_cpu_read(klua_guarded))
		return -EBUSY;
	irqs = klua_guard_lock(&lines_lock);
	retired = is_retired(s);
	if (!stopped)
		changed = change_line(s, 0, KLUA_GATE_STOPPED);
	else if (!retired)
		changed = change_line(s, KLUA_GATE_STOPPED, 0);
	if (changed)
		klua_event_gate(changed, stopped);
	klua_guard_unlock(&lines_lock, irqs);
	return retired ? -ESHUTDOWN : 0;
}
EXPORT_SYMBOL_KLUA(klua_state_set_stopped);

/*
 * As klua_state_set_stopped(), for user space. Without @force it returns -EPERM rather
 * than start a state that a kernel module has stopped. Listeners are told before it
 * returns.
 */
int klua_state_gate(struct klua_state *s, bool stopped, bool force)
{
	u8 ours = KLUA_GATE_HALTED | (force ? KLUA_GATE_STOPPED : 0);
	struct klua_state *changed = NULL;
	unsigned long irqs;
	int err = 0;

	irqs = klua_guard_lock(&lines_lock);
	if (is_retired(s))
		err = -ESHUTDOWN;
	else if (stopped)
		changed = change_line(s, KLUA_GATE_HALTED, 0);
	else if (READ_ONCE(s->gate) & ~ours)
		err = -EPERM;
	else
		changed = change_line(s, 0, ours);
	/*
	 * Listeners are told after the lock is released, so the state must be held
	 * until then. A state whose count is zero cannot be held, nor be entered: tell
	 * listeners of @s instead, if that can be held.
	 */
	if (changed && !klua_state_get(changed))
		changed = klua_state_get(s) ? s : NULL;
	klua_guard_unlock(&lines_lock, irqs);
	if (changed)
		klua_event_gate_now(changed, stopped);
	klua_state_put(changed);
	return err;
}

bool klua_state_busy(const struct klua_state *s)
{
	return READ_ONCE(s->limits.entry) & 1;
}

static bool cancel_one(struct klua_state *s)
{
	u64 entry = READ_ONCE(s->limits.entry);

	if (!(entry & 1))
		return false;
	klua_limits_cancel(&s->limits, entry);
	return true;
}

/* Cancel the entry in progress in the state, or those in all states of its set. */
int klua_state_stop(struct klua_state *s)
{
	struct klua_state *m;
	bool stopped = false;
	unsigned int i;

	klua_for_each_member(s, m, i)
		stopped |= cancel_one(m);
	return stopped ? 0 : -ESRCH;
}

int klua_state_cancel(const char *name)
{
	struct klua_state *s;
	int ret = -ENOENT;

	rcu_read_lock();
	s = klua_state_lookup(name);
	if (s)
		ret = klua_state_stop(s);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_cancel);

/*
 * Drop holds that consumers forgot. The consumers use our symbols, so they are unloaded
 * already, and nobody else changes a count any more.
 */
static void drop_forgotten(void)
{
	struct klua_state *s;
	unsigned int users;

	spin_lock_irq(&states_lock);
	list_for_each_entry(s, &all_states, all) {
		users = refcount_read(&s->users);
		if (!users)
			continue;
		pr_warn("state '" NAME_FMT "' was still held %u times at exit\n",
			NAME_ARG(s), users);
		refcount_set(&s->users, 0);
		begin_close(s);
	}
	spin_unlock_irq(&states_lock);
}

/* One bucket for each state that the machine's memory has room for, within bounds. */
static unsigned int table_bits(void)
{
	unsigned long room = (totalram_pages() << PAGE_SHIFT) / STATE_SIZE;

	return clamp_t(unsigned int, ilog2(room | 1), STATES_BITS_MIN,
		       STATES_BITS_MAX);
}

static void free_table(void)
{
	if (close_queue)
		destroy_workqueue(close_queue);
	close_queue = NULL;
	kmem_cache_destroy(state_cache);
	state_cache = NULL;
	kvfree(states);
	states = NULL;
}

/* Did klua_states_init() get its memory? If not, nothing else here may be called. */
bool klua_states_ready(void)
{
	return states;
}

void klua_states_init(void)
{
	get_random_bytes(secret, sizeof(secret));
	states_bits = table_bits();
	states_shift = 32 - states_bits;
	states = kvcalloc(1u << states_bits, sizeof(*states), GFP_KERNEL);
	state_cache = KMEM_CACHE(klua_state, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	close_queue = alloc_workqueue("klua_close", WQ_UNBOUND, 0);
	if (!states || !state_cache || !close_queue)
		free_table();
	klua_enter_init();
	klua_events_init();
}

void klua_states_exit(void)
{
	klua_state_destroy_all();
	drop_forgotten();
	/* Wait for the grace periods before the closes, then for the closes. */
	rcu_barrier();
	flush_workqueue(close_queue);
	klua_events_exit();
	WARN_ON(!list_empty(&all_states));
	free_table();
}


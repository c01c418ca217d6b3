// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states manager: named Lua states, found by any module, closed by the
 * last that uses them.
 */

/**
 * DOC: concurrency
 *
 * Which lock guards what, each before those that may be taken under it:
 *
 * - &klua_state.lock: the Lua state, and who is running in it. One user at a
 *   time, with bottom halves off, since softirq takes it, too; nothing sleeps
 *   under it. A function that Lua calls may enter another state, whose lock is
 *   then only tried for (lock_nested() in run.c), so that two states that call
 *   each other wait for nobody.
 * - states_lock: who is in the table, in the numbers and in the list of all
 *   states, and the generation of the table. With interrupts off, so that a
 *   state can be destroyed from anywhere. Held for a few list operations, never
 *   while a Lua state is made, run or closed.
 * - the lock inside the xarray of numbers: its nodes. Taken under states_lock
 *   when a state enters or leaves the table, so that table and numbers change
 *   together, and alone when a number is reserved or given up: reserving may
 *   sleep for memory in between, which is why it is not states_lock.
 * - &klua_state.error_lock: what is shown of the last error. Innermost.
 *
 * netlink.c has two more: ties_mutex, which states_lock is taken under, and
 * quota_lock, taken under &klua_state.lock or alone. window.c has two:
 * care_mutex, which &klua_state.lock is taken under, and care_lock, taken under
 * that or alone.
 *
 * Readers of the table and of the numbers take none: they walk under RCU.
 *
 * What may be called where:
 *
 * - process context that may sleep: everything; create, list and destroy_all
 *   only there;
 * - softirq, bottom halves off, an RCU read section, under a spinlock that is
 *   taken with bottom halves off: lookup, find, get, put, destroy, cancel, and
 *   what takes the state's lock: lock, call, run, set_maxalloc, set_steps;
 * - hard interrupt, interrupts off: lookup, find, get, put, destroy, cancel.
 *   Calls and runs refuse with an error; nothing else may take the lock;
 * - NMI: lookup and cancel, within an RCU read section;
 * - a function that Lua calls: as softirq. The state that it was called in is
 *   locked already, and entering it again is refused. It may be destroyed: the
 *   close waits for the last hold and for RCU sections, and thereby for
 *   whoever is running in it.
 *
 * The life of a state:
 *
 * 1. klua_state_create() makes it, with nobody else knowing it, and puts it
 *    into the table with &klua_state.users at 1, the table's own reference.
 *    That happens under states_lock, where the name is looked for once more:
 *    of several creators of a name the first one wins, and the others close
 *    what they made, which nobody has seen. Whoever finds the state sees all
 *    of it, since it is put in with release semantics.
 * 2. klua_state_lookup() finds it under RCU. That alone keeps the memory of
 *    the struct, and the Lua state in it, until the caller's RCU read section
 *    ends: whatever closes the state waits for a grace period first.
 * 3. klua_state_get() turns a pointer into a reference, unless the count has
 *    reached zero; from zero it never rises again. While the count is above
 *    zero nobody closes the state.
 * 4. klua_state_destroy() takes the count from 1 to 0 in one atomic step, so
 *    that nobody gets a reference afterwards, and takes the state out of the
 *    table before it lets go of states_lock, so that nobody finds it.
 *    klua_state_destroy_all() takes states out of the table first and then
 *    gives back the table's reference, so that holders keep theirs.
 * 5. Whoever takes the count to 0 queues the close. That is one, since a count
 *    of 0 stays. The state is out of the table then: destroy unlinks it before
 *    it queues, and whoever else gets to 0 does so after the table's reference
 *    was given back, which happens to unlinked states only.
 * 6. After a grace period, in process context, without any lock, the Lua state
 *    is closed, finalizers included, and the struct freed. Readers that found
 *    it before it was unlinked are done by then, and later ones cannot.
 * 7. klua_states_exit() waits for all grace periods and closes. Modules that
 *    use states use our symbols, so they are gone: nobody changes a count any
 *    more, and holds that were forgotten can be dropped.
 *
 * A state out of the table but still held has no name any more: a new one of
 * the same name may be made at once.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <asm/word-at-a-time.h>

#include "internal.h"
#include "tracepoints.h"
#include "window.h"

/*
 * 1 MiB of pointers, as much as eighty states take, so that one among
 * 100,000 is found as quickly as one among ten: most buckets that are used have
 * one state. A step along a chain compares hashes only.
 */
#define STATES_BITS	17

static DEFINE_HASHTABLE(states, STATES_BITS);

/* Every state that is not freed, in the table or not: for the module's exit. */
static LIST_HEAD(all_states);

/*
 * The states of the table by their number, for those who walk them step by
 * step or want one whatever its name. Changes together with the table.
 */
static DEFINE_XARRAY_FLAGS(ids, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_IRQ);
static u32 next_id;

/* Guards changes of @states, @ids, @all_states and @generation; see above. */
static DEFINE_SPINLOCK(states_lock);

/* Counts changes of the table: a walk that sees it change is not consistent. */
static unsigned int generation = 1;

/* Runs closes. A close may take as long as a state's budget: unbound. */
static struct workqueue_struct *close_queue;

/* So that names that collide cannot be chosen beforehand. */
static u64 salt;

/**
 * struct key - what a state is looked up by
 * @name: the name
 * @last: its last word, what comes from its NUL on being zeroes
 * @len:  its bytes without the NUL; 0: it is not a valid name
 * @hash: of all of it
 */
struct key {
	const char *name;
	unsigned long last;
	unsigned int len;
	u32 hash;
};

/*
 * The next word of a name, of which only the bytes up to its NUL are sure to
 * exist. A name without a NUL ends with a word: KLUA_NAME_MAXSIZE is a multiple
 * of every word's size.
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

/* Multiplying moves what differs up, from where it is brought down again. */
static u64 hash_word(u64 hash, unsigned long word)
{
	return rol64((hash ^ word) * GOLDEN_RATIO_64, 32);
}

/*
 * Length and hash in one pass, a word at a time, as the kernel treats the
 * components of a path: every packet may come by here, where a struct that is
 * kept in registers is worth the copies of this code.
 */
static __always_inline struct key name_key(const char *name)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	struct key key = { .name = name };
	unsigned long word, zeroes;
	u64 hash = salt;
	unsigned int i;

	BUILD_BUG_ON(KLUA_NAME_MAXSIZE % sizeof(word));
	if (!name)
		return key;
	for (i = 0; i < KLUA_NAME_MAXSIZE; i += sizeof(word)) {
		word = name_word(name + i);
		if (!has_zero(word, &zeroes, &constants)) {
			hash = hash_word(hash, word);
			continue;
		}
		zeroes = create_zero_mask(prep_zero_mask(word, zeroes,
							 &constants));
		key.last = word & zero_bytemask(zeroes);
		key.len = i + find_zero(zeroes);
		key.hash = hash_word(hash, key.last);
		break;
	}
	return key;
}

/* The hash ends with the high half of a product; its own high bits are best. */
static struct hlist_head *bucket(u32 hash)
{
	return &states[hash >> (32 - STATES_BITS)];
}

/* Word by word, since what follows a state's name are zeroes, too. */
static __always_inline bool matches(const struct klua_state *s, const struct key *key)
{
	const unsigned long *words = (const unsigned long *)s->name;
	unsigned int n = key->len / sizeof(*words);
	unsigned int i;

	BUILD_BUG_ON(offsetof(struct klua_state, name) % sizeof(*words));
	if (s->hash != key->hash || s->namelen != key->len)
		return false;
	for (i = 0; i < n; i++)
		if (words[i] != name_word(key->name + i * sizeof(*words)))
			return false;
	return words[n] == key->last;
}

/*
 * Under RCU, or under states_lock. Those who only find a state turn preemption
 * off, which is a read section for whoever waits for a grace period, too, and
 * takes fewer instructions than rcu_read_lock().
 */
static __always_inline struct klua_state *find(const struct key *key)
{
	struct klua_state *s;

	hlist_for_each_entry_rcu(s, bucket(key->hash), node,
				 lockdep_is_held(&states_lock))
		if (matches(s, key))
			return s;
	return NULL;
}

/**
 * klua_state_lookup - find a state by name
 * @name: the name, NUL-terminated
 *
 * Takes no reference. The pointer is good until the caller's RCU read section
 * ends, or for as long as something else keeps the state alive. Without either
 * use klua_state_find().
 *
 * Context: Any context. Takes and releases the RCU read lock.
 * Return: the state, or NULL when there is none of this name.
 */
struct klua_state *klua_state_lookup(const char *name)
{
	struct key key = name_key(name);
	struct klua_state *s;

	if (!key.len)
		return NULL;
	rcu_read_lock_sched();
	s = find(&key);
	rcu_read_unlock_sched();
	return s;
}
EXPORT_SYMBOL_KLUA(klua_state_lookup);

/**
 * klua_state_get - hold a state
 * @s: a state that klua_state_lookup() returned in this RCU read section, or
 *     that the caller holds already; NULL is nobody's
 *
 * Context: Any context.
 * Return: true: the state is not closed until the matching klua_state_put().
 *	   false: it is going away, and must not be used.
 */
bool klua_state_get(struct klua_state *s)
{
	return s && refcount_inc_not_zero(&s->users);
}
EXPORT_SYMBOL_KLUA(klua_state_get);

/**
 * klua_state_find - find a state by name and hold it
 * @name: the name, NUL-terminated
 *
 * Context: Any context but NMI, where it could not be given back. Takes and
 *	    releases the RCU read lock.
 * Return: the state, to be given back with klua_state_put(), or NULL when
 *	   there is none of this name, or it is going away.
 */
struct klua_state *klua_state_find(const char *name)
{
	struct key key = name_key(name);
	struct klua_state *s;

	if (!key.len)
		return NULL;
	rcu_read_lock_sched();
	s = find(&key);
	if (s && !refcount_inc_not_zero(&s->users))
		s = NULL;
	rcu_read_unlock_sched();
	return s;
}
EXPORT_SYMBOL_KLUA(klua_state_find);

static void free_state(struct klua_state *s)
{
	klua_state_close(s);
	klua_user_uncharge(s);
	kfree(s);
}

/*
 * The count is zero, the state is in no table, and a grace period has passed
 * since: nobody else has a pointer.
 */
static void close_work(struct work_struct *work)
{
	struct klua_state *s = container_of(to_rcu_work(work),
					    struct klua_state, close);

	spin_lock_irq(&states_lock);
	list_del(&s->all);
	spin_unlock_irq(&states_lock);
	klua_event_destroyed(s);
	free_state(s);
}

/**
 * klua_state_put - give back the hold that klua_state_get() took
 * @s: the state, or NULL
 *
 * The last put of a state that was destroyed closes it, later, in process
 * context.
 *
 * Context: Any context but NMI. Does not sleep; may be called with the state's
 *	    lock held.
 */
void klua_state_put(struct klua_state *s)
{
	if (s && refcount_dec_and_test(&s->users))
		queue_rcu_work(close_queue, &s->close);
}
EXPORT_SYMBOL_KLUA(klua_state_put);

/* A number, with nothing under it yet. */
static bool reserve_id(u32 *id)
{
	return xa_alloc_cyclic_irq(&ids, id, NULL, xa_limit_32b, &next_id,
				  GFP_KERNEL_ACCOUNT) >= 0;
}

/* A state that nobody else knows; its Lua state is made by the caller. */
static struct klua_state *alloc_state(size_t maxalloc, const struct key *key)
{
	struct klua_state *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	if (!reserve_id(&s->id)) {
		kfree(s);
		return NULL;
	}
	spin_lock_init(&s->lock);
	refcount_set(&s->users, 1);
	INIT_RCU_WORK(&s->close, close_work);
	INIT_LIST_HEAD(&s->all);
	memcpy(s->name, key->name, key->len);
	s->namelen = key->len;
	s->hash = key->hash;
	s->maxalloc = maxalloc;
	klua_run_defaults(s);
	return s;
}

/* Never 0, which netlink takes for a walk that does not look. */
static void next_generation(void)
{
	lockdep_assert_held(&states_lock);
	WRITE_ONCE(generation, generation + 1 ?: 1);
}

unsigned int klua_states_generation(void)
{
	return READ_ONCE(generation);
}

/* False when another creator of the same name came first. */
static bool publish(struct klua_state *s)
{
	struct key key = name_key(s->name);
	bool first;

	spin_lock_irq(&states_lock);
	first = !find(&key);
	if (first) {
		hlist_add_head_rcu(&s->node, bucket(s->hash));
		list_add_tail(&s->all, &all_states);
		/* Cannot fail: the place is reserved. */
		xa_lock(&ids);
		__xa_store(&ids, s->id, s, 0);
		xa_unlock(&ids);
		next_generation();
	}
	spin_unlock_irq(&states_lock);
	return first;
}

/* Out of the table. The table's reference is the caller's to give back. */
static void unlink_state(struct klua_state *s)
{
	lockdep_assert_held(&states_lock);
	hlist_del_rcu(&s->node);
	xa_lock(&ids);
	__xa_erase(&ids, s->id);
	xa_unlock(&ids);
	next_generation();
	trace_destroy(s);
}

/* Why a state cannot be made: an errno for programs and words for people. */
static int refuse(struct klua_new *new, int err, const char *why)
{
	new->why = why;
	return err;
}

static int check_new(struct klua_new *new)
{
	if (!new->name)
		return refuse(new, -EINVAL, "the name is NULL");
	if (!*new->name)
		return refuse(new, -EINVAL, "the name is empty");
	if (!name_key(new->name).len)
		return refuse(new, -ENAMETOOLONG, "the name is too long");
	if (new->maxalloc < KLUA_MIN_ALLOC)
		return refuse(new, -EINVAL, "maxalloc is below KLUA_MIN_ALLOC");
	if (klua_state_lookup(new->name))
		return refuse(new, -EEXIST, "the name is taken");
	return 0;
}

static int open_state(struct klua_new *new, struct klua_state *s)
{
	int err = klua_state_open(s);

	/* What opening the libraries took is not the scripts'. */
	memset(&s->stats, 0, sizeof(s->stats));
	s->limits.runs = 0;
	s->limits.steps = 0;
	if (new->steps)
		klua_steps_set(s, new->steps);
	if (err == -ENOMEM)
		return refuse(new, err, "not enough memory to open the libraries");
	if (err)
		return refuse(new, err, "the libraries cannot be opened");
	return 0;
}

static void tell_created(u32 id)
{
	struct klua_state *s;

	rcu_read_lock();
	s = klua_state_by_id(id);
	if (s) {
		trace_create(s);
		klua_event_created(s);
	}
	rcu_read_unlock();
}

/* What making a state is, whoever asks for it. */
int klua_state_make(struct klua_new *new)
{
	struct klua_state *s;
	struct key key;
	int err = check_new(new);

	if (err)
		return err;
	key = name_key(new->name);
	s = alloc_state(new->maxalloc, &key);
	if (!s)
		return refuse(new, -ENOMEM, "not enough memory");
	err = klua_user_charge(s, new);
	if (err)
		goto free;
	err = open_state(new, s);
	if (err)
		goto close;
	new->state = s;
	new->id = s->id;
	if (!publish(s)) {
		err = refuse(new, -EEXIST, "the name is taken");
		goto close;
	}
	/* From here on somebody else may destroy it. */
	tell_created(new->id);
	return 0;

close:
	klua_state_close(s);
	klua_user_uncharge(s);
free:
	xa_erase_irq(&ids, s->id);
	kfree(s);
	return err;
}

/**
 * klua_state_create - make a state
 * @maxalloc: bytes that it may hold at any instant, KLUA_MIN_ALLOC or more
 * @name: its name, 1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL
 *
 * The state has the standard libraries open and is in the table under its
 * name. The caller holds no reference to it: it lives until somebody destroys
 * it. Of two creators racing on one name exactly one wins.
 *
 * Context: Process context. May sleep. Takes and releases states_lock.
 * Return: the state, or NULL, with the cause in the kernel log, when the name
 *	   is NULL, empty, too long or taken, @maxalloc is below
 *	   KLUA_MIN_ALLOC, or there is no memory to open the libraries.
 */
struct klua_state *klua_state_create(size_t maxalloc, const char *name)
{
	struct klua_new new = {
		.name = name,
		.maxalloc = maxalloc,
		.origin = KLUA_ORIGIN_KERNEL,
	};

	if (!klua_state_make(&new))
		return new.state;
	pr_err("cannot create state '" NAME_FMT "' with maxalloc %zu: %s\n",
	       (int)(name ? strnlen(name, KLUA_NAME_MAXSIZE) : 0), name,
	       maxalloc, new.why);
	return NULL;
}
EXPORT_SYMBOL_KLUA(klua_state_create);

/* Unless somebody holds it: then nothing changes. */
static bool destroy_unheld(struct klua_state *s)
{
	lockdep_assert_held(&states_lock);
	if (!refcount_dec_if_one(&s->users))
		return false;
	unlink_state(s);
	queue_rcu_work(close_queue, &s->close);
	return true;
}

/**
 * klua_state_destroy - destroy a state that nobody holds
 * @name: its name, NUL-terminated
 *
 * The decision is one atomic step on the count: a klua_state_get() that comes
 * first makes this fail, one that comes later fails itself.
 *
 * Context: Any context but NMI. Takes and releases states_lock. Does not sleep.
 * Return: 0: no lookup or get succeeds from now on, and the state is closed
 *	   once current readers are done. -1: there is no state of this name,
 *	   or somebody holds it, and then nothing changes.
 */
int klua_state_destroy(const char *name)
{
	struct key key = name_key(name);
	struct klua_state *s;
	unsigned long irqs;
	int ret = -1;

	if (!key.len)
		return -1;
	spin_lock_irqsave(&states_lock, irqs);
	s = find(&key);
	if (s && destroy_unheld(s))
		ret = 0;
	spin_unlock_irqrestore(&states_lock, irqs);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_state_destroy);

/*
 * Destroy the state of this number. If @held is true even while somebody holds
 * it, whose put closes it then.
 */
int klua_state_remove(u32 id, bool held)
{
	struct klua_state *s;
	int ret = -ENOENT;

	spin_lock_irq(&states_lock);
	s = xa_load(&ids, id);
	if (s && held) {
		unlink_state(s);
		ret = 0;
	} else if (s) {
		ret = destroy_unheld(s) ? 0 : -EBUSY;
	}
	spin_unlock_irq(&states_lock);
	if (!ret && held)
		klua_state_put(s);
	return ret;
}

/* The state of this number, under RCU. */
struct klua_state *klua_state_by_id(u32 id)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a state that may go away");
	return xa_load(&ids, id);
}

/* The state with the least number from *@id on, under RCU. */
struct klua_state *klua_state_next(unsigned long *id)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a state that may go away");
	return xa_find(&ids, id, ULONG_MAX, XA_PRESENT);
}

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
	s = hlist_entry_safe(first, struct klua_state, node);
	if (s)
		unlink_state(s);
	spin_unlock_irq(&states_lock);
	return s;
}

/**
 * klua_state_destroy_all - destroy every state
 *
 * Takes all states out of the table, those that somebody holds included; these
 * are closed by their last put. A state that is created meanwhile may stay.
 *
 * Context: Process context. May sleep. Takes and releases states_lock, once for
 *	    each state.
 */
void klua_state_destroy_all(void)
{
	struct klua_state *s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		/* Out of the table, so the table's reference goes, too. */
		while ((s = unlink_first(&states[i])))
			klua_state_put(s);
		cond_resched();
	}
}
EXPORT_SYMBOL_KLUA(klua_state_destroy_all);

/* How often each limit was hit, into @buf. */
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

/* The first line of the last error, with its age, into @buf. */
static void list_error(char *buf, size_t size, struct klua_state *s)
{
	scnprintf(buf, size, "none");
	spin_lock_bh(&s->error_lock);
	if (s->error)
		scnprintf(buf, size, "%d, %llu s ago: %*pE", s->error,
			  div_u64(ktime_get_ns() - s->error_ns, NSEC_PER_SEC),
			  (int)strcspn(s->errmsg, "\n"), s->errmsg);
	spin_unlock_bh(&s->error_lock);
}

static void list_one(struct klua_state *s)
{
	const struct klua_stats *stats = &s->stats;
	char limits[192], error[192];

	list_limits(limits, sizeof(limits), stats);
	list_error(error, sizeof(error), s);
	pr_info("  " NAME_FMT
		": curralloc %zu, maxalloc %zu, peak %zu, users %u, id %u, %s, runs %llu, steps %llu, time %llu ns, errors %llu, limits hit:%s, last error %s\n",
		NAME_ARG(s), READ_ONCE(s->curralloc), READ_ONCE(s->maxalloc),
		READ_ONCE(s->peakalloc), refcount_read(&s->users), s->id,
		s->origin == KLUA_ORIGIN_USER ? "user" : "kernel",
		READ_ONCE(s->limits.runs), READ_ONCE(s->limits.steps),
		READ_ONCE(stats->ns), READ_ONCE(stats->errors), limits, error);
}

/**
 * klua_state_list - write all states into the kernel log
 *
 * A header, a line for each state, a total. A state that is created or
 * destroyed meanwhile may be missing; none is listed twice.
 *
 * Context: Process context. May sleep. Takes and releases the RCU read lock.
 */
void klua_state_list(void)
{
	unsigned long count = 0;
	struct klua_state *s;
	size_t bytes = 0;
	unsigned int i;

	pr_info("states (bytes):\n");
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		/* A bucket at a time, so that readers' sections stay short. */
		rcu_read_lock();
		hlist_for_each_entry_rcu(s, &states[i], node) {
			list_one(s);
			bytes += READ_ONCE(s->curralloc);
			count++;
		}
		rcu_read_unlock();
		cond_resched();
	}
	pr_info("total: %lu states, %zu bytes\n", count, bytes);
}
EXPORT_SYMBOL_KLUA(klua_state_list);

bool klua_state_busy(const struct klua_state *s)
{
	return READ_ONCE(s->limits.stack) != KLUA_UNARMED;
}

int klua_state_stop(struct klua_state *s)
{
	if (!klua_state_busy(s))
		return -ESRCH;
	WRITE_ONCE(s->limits.cancel, 1);
	return 0;
}

/**
 * klua_state_cancel - end what runs in a state
 * @name: its name, NUL-terminated
 *
 * The run ends within KLUA_SLICE steps, with -ECANCELED for its caller.
 *
 * Context: Any context. Takes and releases the RCU read lock. Does not sleep.
 * Return: 0: the run in progress was told to end; -ENOENT: there is no state
 *	   of this name; -ESRCH: nothing runs in it.
 */
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
 * Holds that consumers forgot. They are gone, since they use our symbols, so
 * nobody else changes a count any more: what is left of it is dropped.
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
		queue_rcu_work(close_queue, &s->close);
	}
	spin_unlock_irq(&states_lock);
}

/**
 * klua_states_init - make the manager ready
 *
 * Context: Process context, once, before any other call.
 */
void klua_states_init(void)
{
	salt = get_random_long();
	close_queue = alloc_workqueue("klua_close", WQ_UNBOUND, 0);
}

/**
 * klua_states_exit - destroy every state and wait until all are gone
 *
 * A hold that was not given back is reported by the state's name, and the
 * state freed all the same.
 *
 * Context: Process context, once, after the last other call. May sleep.
 */
void klua_states_exit(void)
{
	klua_state_destroy_all();
	drop_forgotten();
	/* The grace periods that closes wait for, then the closes themselves. */
	rcu_barrier();
	destroy_workqueue(close_queue);
	WARN_ON(!list_empty(&all_states));
}

static int __init klua_init(void)
{
	int err;

	klua_states_init();
	if (!close_queue)
		return -ENOMEM;
	err = klua_netlink_init();
	if (err)
		klua_states_exit();
	else
		klua_windows_init();
	return err;
}

static void __exit klua_exit(void)
{
	/* While there still is somebody to tell. */
	klua_state_destroy_all();
	klua_states_flush();
	klua_netlink_exit();
	klua_states_exit();
	klua_windows_exit();
}

module_init(klua_init);
module_exit(klua_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Named, thread-safe Lua states for kernel modules");
MODULE_VERSION(KLUA_VERSION);

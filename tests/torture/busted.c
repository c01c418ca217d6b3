// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies of the states manager with one step broken, on which klua_torture must fail.
 *
 * This compiles states.c a second time, with some of the functions that it calls
 * replaced. Each of these breaks one step if busted= names that step, so that the copy
 * differs from the real manager by that step alone. With busted=none the copy differs by
 * no step, and must pass.
 *
 * The states hold a counter instead of Lua, and freed memory is only marked as freed:
 * the torture's invariants have to notice the fault, without a crash or KASAN.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/word-at-a-time.h>

#include "busted.h"
#include "torture.h"

enum busted torture_busted;

static const char * const names[] = {
	[NONE] = "none",
	[NO_RCU] = "no_rcu",
	[NO_RECHECK] = "no_recheck",
	[REF_FROM_ZERO] = "ref_from_zero",
	[NO_GRACE] = "no_grace",
	[CHECK_THEN_ACT] = "check_then_act",
	[REPLACE_GAP] = "replace_gap",
	[RETIRE_NO_WAIT] = "retire_no_wait",
	[STOP_THEN_ACT] = "stop_then_act",
	[FIRST_CPU] = "first_cpu",
	[ONLY_FRONT] = "only_front",
	[LIB_NO_GRACE] = "lib_no_grace",
	[LIB_NO_WAIT] = "lib_no_wait",
};

/* The contents of a state instead of Lua; &klua_state.L points to them. */
struct klua_set;

struct contents {
	u64 calls;
	int cpu;
	bool inside;
	bool closed;
	bool freed;
	struct klua_state *s;
	struct list_head all;
};

static struct contents *contents_of(const struct klua_state *s);
static void free_state_later(struct klua_state *s);
static void free_set_later(struct klua_set *set);

/* The cache of the states, which are freed after states.c is done with it. */
static struct kmem_cache *kept_cache;

static void keep_cache(struct kmem_cache *cache)
{
	kept_cache = cache;
}

/*
 * no_rcu: finding a state is not in an RCU read section. The finder sleeps between
 * reading the table and raising the count, so that the state can be freed there.
 */
static void enter_rcu(void)
{
	if (torture_busted != NO_RCU)
		rcu_read_lock_sched();
}

static void leave_rcu(void)
{
	if (torture_busted != NO_RCU)
		rcu_read_unlock_sched();
}

static void loiter(void)
{
	struct worker *w = torture_self();

	if (torture_busted == NO_RCU && w && w->finding)
		msleep(20);
}

/* ref_from_zero: a state whose count is zero can be held. */
static bool inc_not_zero(refcount_t *users);

/* check_then_act: the count is compared first, and lowered later. */
static bool dec_if_one(refcount_t *users)
{
	if (torture_busted != CHECK_THEN_ACT)
		return refcount_dec_if_one(users);
	if (refcount_read(users) != 1)
		return false;
	mdelay(WINDOW_MS);
	atomic_dec(&users->refs);
	return true;
}

/* no_grace: a state is closed and freed while readers may still use it. */
static void queue_close(struct workqueue_struct *queue, struct rcu_work *work)
{
	if (torture_busted == NO_GRACE)
		queue_work(queue, &work->work);
	else
		queue_rcu_work(queue, work);
}

/* replace_gap: while a state is replaced there is no state of its name for a moment. */
static void replace_node(struct hlist_node *old, struct hlist_node *new)
{
	struct hlist_node **pprev = old->pprev;
	struct hlist_node *next = old->next;

	if (torture_busted != REPLACE_GAP) {
		hlist_replace_rcu(old, new);
		return;
	}
	hlist_del_rcu(old);
	mdelay(WINDOW_MS);
	new->next = next;
	WRITE_ONCE(new->pprev, pprev);
	rcu_assign_pointer(*(struct hlist_node __rcu **)pprev, new);
	if (next)
		WRITE_ONCE(next->pprev, &new->next);
}

/* stop_then_act: the gate is compared first, and changed later. */
static u8 compare_gate(u8 *gate, u8 from, u8 to)
{
	u8 was;

	if (torture_busted != STOP_THEN_ACT)
		return cmpxchg(gate, from, to);
	was = READ_ONCE(*gate);
	if (was == from) {
		mdelay(WINDOW_MS);
		WRITE_ONCE(*gate, to);
	}
	return was;
}

/* first_cpu: each processor finds the state of the first one. */
static int this_cpu(void)
{
	return torture_busted == FIRST_CPU ? cpumask_first(cpu_possible_mask) :
					     raw_smp_processor_id();
}

/*
 * Without the checks of refcount_t: a count that goes wrong must not stop the machine.
 */
static bool dec_and_test(refcount_t *users)
{
	return atomic_dec_and_test(&users->refs);
}

/* Rename the copy's functions. It exports nothing, and is not a module. */
#define klua_states_init	copy_states_init
#define klua_states_exit	copy_states_exit
#define klua_state_get		copy_state_get
#define klua_state_put		copy_state_put
#define klua_state_lookup	copy_state_lookup
#define klua_state_find		copy_state_find
#define klua_state_find_id	copy_state_find_id
#define klua_state_next		copy_state_next
#define klua_state_create	copy_state_create
#define __klua_state_create	copy_state_create_for
#define klua_state_new		copy_state_new
#define __klua_state_new	copy_state_new_for
#define klua_state_retire	copy_state_retire
#define klua_state_set_stopped	copy_state_set_stopped
#define klua_state_destroy	copy_state_destroy
#define klua_state_try_destroy	copy_state_try_destroy
#define klua_state_destroy_all	copy_state_destroy_all
#define klua_state_list		copy_state_list
#define klua_state_cancel	copy_state_cancel
#define klua_state_open		copy_state_open
#define klua_state_close	copy_state_close
#define klua_state_lock_asleep	copy_state_lock_asleep
#define klua_state_unlock	copy_state_unlock
#define klua_inside_any		copy_inside_any
#define klua_stack_fits_close	copy_stack_fits_close
#define klua_run_defaults	copy_run_defaults
#define klua_build_begin	copy_build_begin
#define klua_build_end		copy_build_end
#define klua_time_valid		copy_time_valid
#define klua_enter_init		copy_enter_init
#define klua_events_init	copy_events_init
#define klua_events_exit	copy_events_exit
#define __klua_state_run	copy_state_run
#define __klua_state_call	copy_state_call
#define klua_event_created	copy_event_created
#define klua_event_destroyed	copy_event_destroyed
#define klua_event_gate		copy_event_gate
#define klua_event_gate_now	copy_event_gate_now
#define klua_states_ready	copy_states_ready
#define klua_guarded		copy_guarded
#define klua_telling		copy_telling
#define klua_stats_time		copy_stats_time
#define klua_error_age		copy_error_age
#define klua_alloc_charge	copy_alloc_charge

#include "internal.h"
#include "tracepoints.h"

/*
 * no_recheck: publish() does not see that the name is taken. That call reads the
 * state's own copy of the name, and not the text that the creator was called with.
 */
static bool unseen(const void *p)
{
	struct worker *w = torture_self();

	return torture_busted == NO_RECHECK && w && w->creating &&
	       (size_t)(p - (const void *)w->creating) >= KLUA_NAME_MAXSIZE;
}

#ifdef CONFIG_DCACHE_WORD_ACCESS
static unsigned long load_word(const void *p)
{
	return unseen(p) ? ~0ul : load_unaligned_zeropad(p);
}
#endif

/* How words are read without load_unaligned_zeropad() */
static size_t word_len(const char *p, size_t size)
{
	return unseen(p) ? 0 : strnlen(p, size);
}

/* only_front: calls for a set change only the state that is in the table. */
static unsigned int next_member(struct klua_state *s, struct klua_state **m,
				unsigned int i)
{
	if (torture_busted != ONLY_FRONT)
		return klua_member_next(s, m, i);
	*m = i ? NULL : s;
	return i;
}

static unsigned int first_member(struct klua_state *s, struct klua_state **m)
{
	return next_member(s, m, 0);
}

/* The copy has no tracepoints and tells no listeners. */
#define trace_create(s)		((void)(s))
#define trace_destroy(s)	((void)(s))

#undef EXPORT_SYMBOL_KLUA
#define EXPORT_SYMBOL_KLUA(symbol)

/* lockdep would report no_rcu at once, but the torture has to notice it, too. */
#undef lockdep_is_held
#define lockdep_is_held(lock)	((void)(lock), 1)
#undef RCU_LOCKDEP_WARN
#define RCU_LOCKDEP_WARN(wrong, text)	do { } while (0)
#define rcu_read_lock_sched	enter_rcu
#define rcu_read_unlock_sched	leave_rcu
#define load_unaligned_zeropad	load_word
#define strnlen			word_len
#define refcount_inc_not_zero	inc_not_zero
#define refcount_dec_if_one	dec_if_one
#define refcount_dec_and_test	dec_and_test
#define queue_rcu_work		queue_close
#define list_del		list_del_init
#define kfree			free_set_later
#define kmem_cache_free(cache, s)	free_state_later(s)
#define kmem_cache_destroy	keep_cache
#undef KMEM_CACHE
#define KMEM_CACHE(type, flags)	\
	kmem_cache_create("torture_busted", sizeof(struct type), 0, flags, NULL)
#define hlist_replace_rcu	replace_node
#undef cmpxchg
#define cmpxchg			compare_gate
#undef smp_processor_id
#define smp_processor_id	this_cpu
#undef klua_for_each_member
#define klua_for_each_member(s, m, i) \
	for ((i) = first_member(s, &(m)); (m); \
	     (i) = next_member(s, &(m), (i) + 1))

#undef pr_fmt
#include "states.c"

#undef rcu_read_lock_sched
#undef rcu_read_unlock_sched
#undef load_unaligned_zeropad
#undef strnlen
#undef refcount_inc_not_zero
#undef refcount_dec_if_one
#undef refcount_dec_and_test
#undef queue_rcu_work
#undef list_del
#undef kfree
#undef kmem_cache_free
#undef kmem_cache_destroy
#undef hlist_replace_rcu

/* All contents ever made are kept until the end; at most so many */
#define CONTENTS_MAX	50000

static LIST_HEAD(all_contents);
static DEFINE_SPINLOCK(contents_lock);
static unsigned int contents_count;

static struct contents *contents_of(const struct klua_state *s)
{
	return (struct contents *)s->L;
}

int klua_state_open(struct klua_state *s)
{
	struct contents *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	c->s = s;
	c->cpu = -1;
	s->L = (lua_State *)c;
	spin_lock_bh(&contents_lock);
	list_add(&c->all, &all_contents);
	contents_count++;
	spin_unlock_bh(&contents_lock);
	torture_opened();
	/*
	 * About as long as opening the libraries takes, so that creators of one name
	 * meet
	 */
	usleep_range(200, 400);
	return 0;
}

/*
 * Close the contents under the lock, so that no call is being counted meanwhile. With
 * retire_no_wait this does not take the lock, which the torture has to notice.
 */
static bool close_contents(struct klua_state *s)
{
	struct contents *c = contents_of(s);
	bool again;

	if (torture_busted == RETIRE_NO_WAIT) {
		if (READ_ONCE(c->inside))
			torture_anomaly("a state was closed with somebody in it");
		return xchg(&c->closed, true);
	}
	spin_lock_bh(&s->lock);
	again = c->closed;
	c->closed = true;
	spin_unlock_bh(&s->lock);
	return again;
}

void klua_state_close(struct klua_state *s)
{
	if (!contents_of(s))
		return;
	if (close_contents(s))
		torture_anomaly("a state was closed twice");
	else
		torture_closed(contents_of(s)->calls);
}

void klua_run_defaults(struct klua_state *s)
{
	spin_lock_init(&s->lock);
}

/* Functions that only states with Lua need */
void klua_build_begin(struct klua_state *s)
{
}

void klua_build_end(struct klua_state *s, u64 steps, u64 us)
{
}

bool klua_time_valid(enum klua_kind kind, u64 us)
{
	return true;
}

bool klua_inside_any(void)
{
	return false;
}

bool klua_stack_fits_close(void)
{
	return true;
}

/* retire_no_wait: retiring does not wait for the entry in progress. */
int klua_state_lock_asleep(struct klua_state *s, bool killable)
{
	if (torture_busted != RETIRE_NO_WAIT)
		spin_lock_bh(&s->lock);
	return 0;
}

void klua_state_unlock(struct klua_state *s)
{
	if (torture_busted != RETIRE_NO_WAIT)
		spin_unlock_bh(&s->lock);
}

int __klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		     const char *chunkname, struct klua_result *result)
{
	return 0;
}

int __klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg)
{
	return 0;
}

void klua_enter_init(void)
{
}

void klua_events_init(void)
{
}

void klua_events_exit(void)
{
}

bool klua_telling(void)
{
	return false;
}

u64 klua_stats_time(const struct klua_state *s)
{
	return 0;
}

u64 klua_error_age(const struct klua_state *s)
{
	return 0;
}

size_t klua_alloc_charge(const struct klua_state *s, size_t max)
{
	return max;
}

void klua_event_created(const struct klua_state *s)
{
}

void klua_event_destroyed(const struct klua_state *s)
{
}

void klua_event_gate(struct klua_state *s, bool stopped)
{
}

void klua_event_gate_now(const struct klua_state *s, bool stopped)
{
}

static void free_state_later(struct klua_state *s)
{
	if (!contents_of(s)) {
		kmem_cache_free(state_cache, s);
		return;
	}
	WRITE_ONCE(contents_of(s)->freed, true);
}

/* Free a set later, together with its front, which is only marked as freed. */
static void free_set_later(struct klua_set *set)
{
	if (!set->front)
		kfree(set);
}

static bool is_there(const struct klua_state *s)
{
	return !READ_ONCE(contents_of(s)->freed);
}

static bool inc_not_zero(refcount_t *users)
{
	struct klua_state *s = container_of(users, struct klua_state, users);

	loiter();
	if (!is_there(s))
		torture_anomaly("a freed state was asked for");
	if (torture_busted != REF_FROM_ZERO)
		return refcount_inc_not_zero(users);
	atomic_inc(&users->refs);
	return true;
}

/* As an entry does once it has the lock: checks the gate first */
static int count_locked(struct klua_state *s)
{
	struct contents *c = contents_of(s);

	lockdep_assert_held(&s->lock);
	if (READ_ONCE(s->gate) || !refcount_read(&s->users))
		return -ESHUTDOWN;
	WRITE_ONCE(c->inside, true);
	if (torture_busted == RETIRE_NO_WAIT)
		mdelay(WINDOW_MS);
	else
		udelay(5);
	if (READ_ONCE(c->closed))
		torture_anomaly("a call into a state that is closed");
	c->calls++;
	WRITE_ONCE(c->inside, false);
	return 0;
}

static int count(struct klua_state *s)
{
	int err;

	spin_lock_bh(&s->lock);
	err = count_locked(s);
	spin_unlock_bh(&s->lock);
	return err;
}

static void found_on(struct klua_state *s, unsigned int cpu)
{
	struct contents *c = contents_of(s);

	spin_lock_bh(&s->lock);
	if (c->cpu < 0)
		c->cpu = cpu;
	else if (c->cpu != cpu)
		torture_anomaly("processor %u found what is another one's", cpu);
	spin_unlock_bh(&s->lock);
}

static bool is_full(void)
{
	return READ_ONCE(contents_count) >= CONTENTS_MAX;
}

static struct klua_state *create(size_t maxalloc, const char *name)
{
	return is_full() ? NULL : klua_state_create(maxalloc, name);
}

static struct klua_state *new(const struct klua_config *config)
{
	return is_full() ? ERR_PTR(-ENOMEM) : klua_state_new(config);
}

static const char *start(const char *how)
{
	int i = match_string(names, ARRAY_SIZE(names), how);

	if (i < 0)
		return "no such way to be busted";
	torture_busted = i;
	klua_states_init();
	return close_queue && states ? NULL : "no memory";
}

static void stop(void)
{
	struct contents *c, *next;

	klua_states_exit();
	/* Drop the numbers of states that a broken copy has never closed. */
	xa_destroy(&ids);
	torture_copy_libs_stop();
	list_for_each_entry_safe(c, next, &all_contents, all) {
		if (c->s->set && c->s->set->front == c->s)
			kfree(c->s->set);
		kmem_cache_free(kept_cache, c->s);
		kfree(c);
	}
	kmem_cache_destroy(kept_cache);
}

const struct torture_ops torture_busted_ops = {
	.start = start,
	.stop = stop,
	.create = create,
	.lookup = klua_state_lookup,
	.find = klua_state_find,
	.get = klua_state_get,
	.put = klua_state_put,
	.destroy = klua_state_destroy,
	.destroy_all = klua_state_destroy_all,
	.list = klua_state_list,
	.cancel = klua_state_cancel,
	.new = new,
	.retire = klua_state_retire,
	.set_stopped = klua_state_set_stopped,
	.found_on = found_on,
	.lib_register = torture_copy_register,
	.lib_unregister = torture_copy_unregister,
	.use_lib = torture_copy_use_lib,
	.count = count,
	.is_there = is_there,
};

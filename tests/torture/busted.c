// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states manager with one step of it broken, for klua_torture to fail on.
 *
 * This compiles states.c a second time, with the functions that it calls for
 * the step in question replaced, so that what is tortured differs from the
 * real manager by that step alone: busted=none differs by none, and must pass.
 *
 * The states hold a counter instead of Lua, and what is freed is only marked:
 * the torture's invariants have to notice the fault themselves, with no crash
 * and no KASAN to help them.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/jiffies.h>
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

#include "torture.h"

static enum busted {
	NONE,
	NO_RCU,
	NO_RECHECK,
	REF_FROM_ZERO,
	NO_GRACE,
	CHECK_THEN_ACT,
} busted;

static const char * const names[] = {
	[NONE] = "none",
	[NO_RCU] = "no_rcu",
	[NO_RECHECK] = "no_recheck",
	[REF_FROM_ZERO] = "ref_from_zero",
	[NO_GRACE] = "no_grace",
	[CHECK_THEN_ACT] = "check_then_act",
};

/* What a state holds instead of Lua; klua_state.L points to it. */
struct contents {
	u64 calls;
	bool closed;
	bool freed;
	struct klua_state *s;
	struct list_head all;
};

static struct contents *contents_of(const struct klua_state *s);
static void free_later(const void *s);

/*
 * no_rcu: finding a state is no RCU read section. What may happen between the
 * table and the count happens: the finder sleeps there.
 */
static void enter_rcu(void)
{
	if (busted != NO_RCU)
		rcu_read_lock_sched();
}

static void leave_rcu(void)
{
	if (busted != NO_RCU)
		rcu_read_unlock_sched();
}

static void loiter(void)
{
	struct worker *w = torture_self();

	if (busted == NO_RCU && w && w->finding)
		msleep(20);
}

/* ref_from_zero: a state that is going away can be held. */
static bool inc_not_zero(refcount_t *users);

/* Long enough for the other processor to step in */
#define WINDOW_US	300

/* check_then_act: the count is looked at, and lowered later. */
static bool dec_if_one(refcount_t *users)
{
	if (busted != CHECK_THEN_ACT)
		return refcount_dec_if_one(users);
	if (refcount_read(users) != 1)
		return false;
	udelay(WINDOW_US);
	atomic_dec(&users->refs);
	return true;
}

/* no_grace: a state is closed and freed while readers may still look at it. */
static void queue_close(struct workqueue_struct *queue, struct rcu_work *work)
{
	if (busted == NO_GRACE)
		queue_work(queue, &work->work);
	else
		queue_rcu_work(queue, work);
}

/* A state that is closed twice must not take the machine along. */
static bool dec_and_test(refcount_t *users)
{
	return atomic_dec_and_test(&users->refs);
}

/* The copy has names of its own, exports nothing and is no module. */
#define klua_states_init	copy_states_init
#define klua_states_exit	copy_states_exit
#define klua_state_get		copy_state_get
#define klua_state_put		copy_state_put
#define klua_state_lookup	copy_state_lookup
#define klua_state_find		copy_state_find
#define klua_state_create	copy_state_create
#define klua_state_destroy	copy_state_destroy
#define klua_state_destroy_all	copy_state_destroy_all
#define klua_state_list		copy_state_list
#define klua_state_cancel	copy_state_cancel
#define klua_state_open		copy_state_open
#define klua_state_close	copy_state_close
#define klua_run_defaults	copy_run_defaults
#define klua_steps_set		copy_steps_set
#define klua_user_charge	copy_user_charge
#define klua_user_uncharge	copy_user_uncharge
#define klua_event_created	copy_event_created
#define klua_event_destroyed	copy_event_destroyed
#define klua_netlink_init	copy_netlink_init
#define klua_netlink_exit	copy_netlink_exit
#define klua_windows_init	copy_windows_init
#define klua_windows_exit	copy_windows_exit

#include "internal.h"
#include "tracepoints.h"
#include "window.h"

/*
 * no_recheck: whoever publishes a state does not see another of the name. The
 * name that it looks for is the state's own, not the one that it was asked for.
 */
static unsigned long load_word(const void *p)
{
	struct worker *w = torture_self();

	if (busted == NO_RECHECK && w && w->creating &&
	    (size_t)(p - (const void *)w->creating) >= KLUA_NAME_MAXSIZE)
		return ~0ul;
	return load_unaligned_zeropad(p);
}

/* Nor does it tell anybody. */
#define trace_create(s)		((void)(s))
#define trace_destroy(s)	((void)(s))

#undef EXPORT_SYMBOL_KLUA
#define EXPORT_SYMBOL_KLUA(symbol)
#undef module_init
#define module_init(fn)	static int (*copy_init)(void) __maybe_unused = (fn)
#undef module_exit
#define module_exit(fn)	static void (*copy_exit)(void) __maybe_unused = (fn)
#undef MODULE_LICENSE
#define MODULE_LICENSE(text)
#undef MODULE_DESCRIPTION
#define MODULE_DESCRIPTION(text)
#undef MODULE_VERSION
#define MODULE_VERSION(text)
#undef __init
#define __init
#undef __exit
#define __exit

/* lockdep sees no_rcu at once; the torture has to see it, too. */
#undef lockdep_is_held
#define lockdep_is_held(lock)	((void)(lock), 1)
#undef RCU_LOCKDEP_WARN
#define RCU_LOCKDEP_WARN(wrong, text)	do { } while (0)
#define rcu_read_lock_sched	enter_rcu
#define rcu_read_unlock_sched	leave_rcu
#define load_unaligned_zeropad	load_word
#define refcount_inc_not_zero	inc_not_zero
#define refcount_dec_if_one	dec_if_one
#define refcount_dec_and_test	dec_and_test
#define queue_rcu_work		queue_close
#define list_del		list_del_init
#define kfree			free_later

#undef pr_fmt
#include "states.c"

#undef rcu_read_lock_sched
#undef rcu_read_unlock_sched
#undef load_unaligned_zeropad
#undef refcount_inc_not_zero
#undef refcount_dec_if_one
#undef refcount_dec_and_test
#undef queue_rcu_work
#undef list_del
#undef kfree

/* Everything ever made, until the end; a bound keeps that from being much. */
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
	s->L = (lua_State *)c;
	spin_lock_bh(&contents_lock);
	list_add(&c->all, &all_contents);
	contents_count++;
	spin_unlock_bh(&contents_lock);
	torture_opened();
	/* About as long as opening the libraries: creators meet. */
	usleep_range(200, 400);
	return 0;
}

void klua_state_close(struct klua_state *s)
{
	struct contents *c = contents_of(s);
	bool again;

	if (!c)
		return;
	/* With the lock, for whoever counts a call has it, too. */
	spin_lock_bh(&s->lock);
	again = c->closed;
	c->closed = true;
	spin_unlock_bh(&s->lock);
	if (again)
		torture_anomaly("a state was closed twice");
	else
		torture_closed(c->calls);
}

void klua_run_defaults(struct klua_state *s)
{
}

void klua_steps_set(struct klua_state *s, u64 n)
{
}

int klua_user_charge(struct klua_state *s, struct klua_new *new)
{
	return 0;
}

void klua_user_uncharge(struct klua_state *s)
{
}

void klua_event_created(const struct klua_state *s)
{
}

void klua_event_destroyed(const struct klua_state *s)
{
}

int klua_netlink_init(void)
{
	return 0;
}

void klua_netlink_exit(void)
{
}

#ifdef KLUA_WINDOWS
void klua_windows_init(void)
{
}

void klua_windows_exit(void)
{
}
#endif

static void free_later(const void *s)
{
	if (!contents_of(s)) {
		kfree(s);
		return;
	}
	WRITE_ONCE(contents_of(s)->freed, true);
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
	if (busted != REF_FROM_ZERO)
		return refcount_inc_not_zero(users);
	atomic_inc(&users->refs);
	return true;
}

static int count(struct klua_state *s)
{
	struct contents *c = contents_of(s);
	int err = 0;

	spin_lock_bh(&s->lock);
	if (c->closed)
		err = -ESHUTDOWN;
	else
		c->calls++;
	spin_unlock_bh(&s->lock);
	return err;
}

static struct klua_state *create(size_t maxalloc, const char *name)
{
	if (READ_ONCE(contents_count) >= CONTENTS_MAX)
		return NULL;
	return klua_state_create(maxalloc, name);
}

static const char *start(const char *how)
{
	int i = match_string(names, ARRAY_SIZE(names), how);

	if (i < 0)
		return "no such way to be busted";
	busted = i;
	klua_states_init();
	return close_queue ? NULL : "no memory";
}

static void stop(void)
{
	struct contents *c, *next;

	klua_states_exit();
	list_for_each_entry_safe(c, next, &all_contents, all) {
		kfree(c->s);
		kfree(c);
	}
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
	.count = count,
	.is_there = is_there,
};

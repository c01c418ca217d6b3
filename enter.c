// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entering a state: taking the lock that its kind has, and entries inside other
 * entries.
 */

/**
 * DOC: entering
 *
 * A state of each kind has a lock of its own:
 *
 * - atomic: &klua_state.lock, taken with bottom halves off. When it is taken, the
 *   caller tries again for as long as one entry into the state may last.
 * - sleepable: &klua_state.mutex. Waiting for it ends with a fatal signal.
 * - irq: &klua_state.raw, taken with interrupts off and only tried for: the
 *   interrupt or the probe may have interrupted the holder of the lock.
 *
 * A function that Lua calls may enter another state. Entries of one context are
 * then linked by &klua_limits.outer, innermost first:
 *
 * - the innermost one of a context that cannot be preempted is in klua_inside of
 *   its processor. An interrupt finds the entry there that it interrupts. It puts
 *   its own entry on top, and removes that before it returns;
 * - those of a task that can be preempted are in a table by task, task_entries.
 *   On PREEMPT_RT all entries are.
 *
 * A nested entry has no second share of the C stack. It gets the rest of the
 * outermost entry's share on the same stack, and the rest of that entry's time.
 *
 * Two contexts that each have a state and want the other's would wait for ever. So a
 * context notes the state that it waits for, under wait_lock, after it has followed
 * such notes from that state: if they lead back to a state that it has itself, it
 * gets -EBUSY and does not wait. The context whose note would close a circle is the
 * only one that is refused. A context that has a state of another kind never waits for
 * a sleepable one, so no circle has both, and there are two sorts of notes:
 *
 * - a sleepable state has an owner, which is a task. The note of a task is in
 *   task_waits, whether Lua runs in the states that the task has or not;
 * - in an atomic state there may be an interrupt, which is no task. Its note is in
 *   each state that it is in (&klua_state.waits). A context that has locked an atomic
 *   state without running Lua there leaves no note, but waits a limited time.
 *
 * A listener may close such a circle as well: a function that makes a state waits until
 * listeners have been told, and a listener may want the state that this function is in.
 * Listeners have to be told of every state, so it is the listener that gets -EBUSY.
 */

#include <linux/hash.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>

#include "internal.h"
#include "lua/entry.h"

DEFINE_PER_CPU(struct klua_limits *, klua_inside);

DEFINE_PER_CPU(unsigned int, klua_guarded);

atomic_t klua_task_entries = ATOMIC_INIT(0);

#define TASK_BITS	6

/**
 * struct task_entries - entries of tasks, some of all tasks
 *
 * @lock: guards @head. Raw and with interrupts off, since on PREEMPT_RT an
 *	  interrupt enters irq states by way of the task that it interrupts.
 *	  Innermost.
 * @head: &klua_state.task_node of states that a task is in; of one task the
 *	  innermost comes first
 */
static struct task_entries {
	raw_spinlock_t lock;	/* head */
	struct hlist_head head;
} task_entries[1 << TASK_BITS];

/* Guards &klua_state.waits of all states, and task_waits. Innermost. */
static DEFINE_RAW_SPINLOCK(wait_lock);

/**
 * struct task_wait - a task that waits for a sleepable state
 *
 * @node: link in task_waits
 * @task: the task
 * @s:	  the state
 */
struct task_wait {
	struct hlist_node node;
	struct task_struct *task;
	struct klua_state *s;
};

static struct hlist_head task_waits[1 << TASK_BITS];

static struct klua_state *state_of(struct klua_limits *lim)
{
	return container_of(lim, struct klua_state, limits);
}

static struct task_entries *entries_of(const struct task_struct *task)
{
	return &task_entries[hash_ptr(task, TASK_BITS)];
}

/* The innermost entry of the current task by task_entries. */
static struct klua_limits *task_innermost(struct task_entries *entries)
{
	struct klua_state *s;

	lockdep_assert_held(&entries->lock);
	hlist_for_each_entry(s, &entries->head, task_node)
		if (s->task == current)
			return &s->limits;
	return NULL;
}

static struct klua_limits *task_inside(void)
{
	struct task_entries *entries = entries_of(current);
	struct klua_limits *lim;
	unsigned long irqs;

	if (!atomic_read(&klua_task_entries))
		return NULL;
	irqs = klua_guard_lock(&entries->lock);
	lim = task_innermost(entries);
	klua_guard_unlock(&entries->lock, irqs);
	return lim;
}

/*
 * The innermost entry of this context, or NULL. While a task can be preempted,
 * klua_inside of its processor is NULL, so it does not matter on which processor
 * this_cpu_read() reads.
 */
static struct klua_limits *innermost_entry(void)
{
	struct klua_limits *lim = NULL;

	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		lim = this_cpu_read(klua_inside);
	if (!lim && (in_task() || IS_ENABLED(CONFIG_PREEMPT_RT)))
		lim = task_inside();
	return lim;
}

bool klua_inside_any(void)
{
	return innermost_entry();
}

/* Is this context inside @s, or does it hold the lock of @s? */
static bool inside_state(struct klua_state *s)
{
	struct klua_limits *lim;

	if (READ_ONCE(s->owner) == current)
		return true;
	for (lim = innermost_entry(); lim; lim = lim->outer)
		if (lim == &s->limits)
			return true;
	return false;
}

static bool on_own_stack(unsigned long sp)
{
	return sp - (unsigned long)task_stack_page(current) < THREAD_SIZE;
}

/*
 * Of the entries around this one, the innermost that began on the current stack. An
 * interrupt has one stack for each processor, and an entry that it may interrupt cannot
 * leave the processor meanwhile, so only two stacks have to be told apart.
 */
static struct klua_limits *outer_on_stack(struct klua_limits *outer,
					  unsigned long sp)
{
	while (outer && on_own_stack(outer->stack_top) != on_own_stack(sp))
		outer = outer->outer;
	return outer;
}

/*
 * Give a nested entry the stack limit of the entry around it. No check: the outermost
 * entry has checked that its share is there. The time that a nested entry takes counts
 * for the entry around it, too, but takes no steps of it: so that one is made to look
 * at the clock soon after it has gone on.
 */
static void inherit_limits(struct klua_limits *lim)
{
	struct klua_limits *outer = outer_on_stack(lim->outer, lim->stack_top);

	if (outer)
		WRITE_ONCE(lim->stack, outer->stack);
	if (lim->outer)
		klua_limits_shorten(lim->outer);
}

/*
 * Nest an entry that cannot be preempted: the entry around it may be in task_entries.
 */
void klua_entry_nest(struct klua_limits *lim)
{
	if (!lim->outer && in_task())
		lim->outer = task_inside();
	inherit_limits(lim);
}

/* Begin an entry that can be preempted: put it into task_entries. */
void klua_task_enter(struct klua_limits *lim)
{
	struct task_entries *entries = entries_of(current);
	struct klua_state *s = state_of(lim);
	unsigned long irqs;

	s->task = current;
	atomic_inc(&klua_task_entries);
	irqs = klua_guard_lock(&entries->lock);
	lim->outer = task_innermost(entries);
	hlist_add_head(&s->task_node, &entries->head);
	klua_guard_unlock(&entries->lock, irqs);
	inherit_limits(lim);
}

/* End such an entry. */
void klua_task_leave(struct klua_limits *lim)
{
	struct klua_state *s = state_of(lim);
	struct task_entries *entries = entries_of(s->task);
	unsigned long irqs;

	irqs = klua_guard_lock(&entries->lock);
	hlist_del(&s->task_node);
	klua_guard_unlock(&entries->lock, irqs);
	atomic_dec(&klua_task_entries);
}

/* klua_stack_fits() for a context that is in an entry already */
bool klua_stack_fits_nested(void)
{
	unsigned long sp = current_stack_pointer;
	struct klua_limits *outer = outer_on_stack(innermost_entry(), sp);

	if (outer)
		return sp > outer->stack &&
		       sp - outer->stack >= KLUA_STACK_MINIMUM;
	return !klua_stack_short(sp);
}

/*
 * Is there enough of the C stack for closing a state here? Its finalizers are called
 * once, and those that do not fit are lost. Scripts' finalizers get less here than an
 * entry of their own would get.
 */
bool klua_stack_fits_close(void)
{
	unsigned long sp = current_stack_pointer;
	struct klua_limits *outer = outer_on_stack(innermost_entry(), sp);

	if (outer)
		return sp > outer->stack && sp - outer->stack >= KLUA_STACK_SHARE / 2;
	return !klua_stack_short(sp);
}

/*
 * The time when the entry has to end: after its own limit, and no later than the entry
 * around it. An entry of a hard interrupt does not count as nested in the entry that
 * was interrupted: it has its whole time.
 */
u64 klua_entry_deadline(struct klua_limits *lim, u64 now)
{
	u64 time = state_of(lim)->entry_ns;
	u64 deadline;

	if (lim->deadline)
		return lim->deadline;
	deadline = time > U64_MAX - now ? U64_MAX : now + time;
	if (lim->outer && !in_hardirq())
		deadline = min(deadline, klua_entry_deadline(lim->outer, now));
	lim->used = true;
	lim->deadline = deadline;
	return deadline;
}

static struct hlist_head *waits_of(const struct task_struct *task)
{
	return &task_waits[hash_ptr(task, TASK_BITS)];
}

/* The state that the owner of a sleepable state waits for, or NULL */
static struct klua_state *owner_waits(const struct klua_state *s)
{
	struct task_struct *owner = READ_ONCE(s->owner);
	struct task_wait *w;

	lockdep_assert_held(&wait_lock);
	hlist_for_each_entry(w, waits_of(owner), node)
		if (w->task == owner)
			return w->s;
	return NULL;
}

/*
 * Note that this task waits for a sleepable state. False: that would be a deadlock, and
 * nothing was noted. A task is the owner of a state before it waits for another, so of
 * two tasks the one that comes here last sees both states' owners and the other's note.
 */
static bool task_wait_begin(struct task_wait *w, struct klua_state *s)
{
	struct klua_state *next = s;
	unsigned long irqs;

	w->task = current;
	w->s = s;
	irqs = klua_guard_lock(&wait_lock);
	while (next && READ_ONCE(next->owner) != current)
		next = owner_waits(next);
	if (!next)
		hlist_add_head(&w->node, waits_of(current));
	klua_guard_unlock(&wait_lock, irqs);
	return !next;
}

static void task_wait_end(struct task_wait *w)
{
	unsigned long irqs;

	irqs = klua_guard_lock(&wait_lock);
	hlist_del(&w->node);
	klua_guard_unlock(&wait_lock, irqs);
}

/* Do the notes lead from @s back to a state that this context is in? */
static bool wait_is_endless(struct klua_state *s)
{
	struct klua_limits *lim;

	lockdep_assert_held(&wait_lock);
	for (; s; s = s->waits)
		for (lim = innermost_entry(); lim; lim = lim->outer)
			if (lim == &s->limits)
				return true;
	return false;
}

/* Note @s, in each state that this context is in, as the state that it waits for. */
static void wait_note(struct klua_state *s)
{
	struct klua_limits *lim;

	lockdep_assert_held(&wait_lock);
	for (lim = innermost_entry(); lim; lim = lim->outer)
		state_of(lim)->waits = s;
}

/*
 * Note that this context waits for @s. False: that would be a deadlock, and nothing was
 * noted.
 */
static bool wait_begin(struct klua_state *s)
{
	unsigned long irqs;
	bool endless;

	irqs = klua_guard_lock(&wait_lock);
	endless = wait_is_endless(s);
	if (!endless)
		wait_note(s);
	klua_guard_unlock(&wait_lock, irqs);
	return !endless;
}

static void wait_end(void)
{
	unsigned long irqs;

	irqs = klua_guard_lock(&wait_lock);
	wait_note(NULL);
	klua_guard_unlock(&wait_lock, irqs);
}

/*
 * The time when the wait for @s has to end: after one entry into @s, and no later than
 * our own entry.
 */
static u64 wait_deadline(struct klua_state *s)
{
	struct klua_limits *lim = innermost_entry();
	u64 now = ktime_get_mono_fast_ns();
	u64 time = READ_ONCE(s->entry_ns);
	u64 deadline = time > U64_MAX - now ? U64_MAX : now + time;

	return lim ? min(deadline, klua_entry_deadline(lim, now)) : deadline;
}

/*
 * A kernel without CONFIG_SMP has no spinlocks: a trylock succeeds there even if this
 * context has the lock. So the owner says there that the state is taken. Nobody can see
 * it change: a holder has bottom halves or interrupts off on the only processor.
 */
static __always_inline bool taken_without_smp(const struct klua_state *s)
{
	if (IS_ENABLED(CONFIG_SMP) || IS_ENABLED(CONFIG_DEBUG_SPINLOCK) ||
	    IS_ENABLED(CONFIG_PREEMPT_RT))
		return false;
	return READ_ONCE(s->owner);
}

static __always_inline bool atomic_trylock(struct klua_state *s)
{
	if (!spin_trylock_bh(&s->lock))
		return false;
	if (!taken_without_smp(s))
		return true;
	spin_unlock_bh(&s->lock);
	return false;
}

/* With interrupts off */
static bool irq_trylock(struct klua_state *s)
{
	return !taken_without_smp(s) && raw_spin_trylock(&s->raw);
}

/*
 * Handing a state from one processor to another costs about as much as a short
 * entry, and each try takes the lock's cache line from its holder. So a context
 * that finds the lock taken does not look again for about ten short entries.
 */
#define LOOK_AWAY	128	/* times cpu_relax() */

static bool atomic_lock_try(struct klua_state *s)
{
	int i;

	for (i = 0; i < LOOK_AWAY; i++)
		cpu_relax();
	return !spin_is_locked(&s->lock) && atomic_trylock(s);
}

/* The task sleeps between two tries, unless it is in a state in which it must not. */
static bool mutex_lock_try(struct klua_state *s)
{
	usleep_range(20, 200);
	return mutex_trylock(&s->mutex);
}

/*
 * Is this context a listener, and does the holder of @s wait until listeners have been
 * told, or wait for another holder who does? Then none of them goes on before this
 * context does.
 *
 * Only holders of sleepable states are looked at. Holders of other states wait neither
 * for listeners nor for sleepable states, and their &klua_state.owner may be a task
 * that was merely interrupted.
 */
static bool waits_for_listener(struct klua_state *s)
{
	unsigned long irqs;
	bool waits = false;

	if (!klua_telling() || s->kind != KLUA_KIND_SLEEPABLE)
		return false;
	irqs = klua_guard_lock(&wait_lock);
	for (; s && !waits; s = owner_waits(s))
		waits = klua_awaits_listeners(READ_ONCE(s->owner));
	klua_guard_unlock(&wait_lock, irqs);
	return waits;
}

/* Try again until the lock is taken, or the wait has lasted long enough. */
static int lock_wait(struct klua_state *s, bool (*try)(struct klua_state *s))
{
	u64 deadline = wait_deadline(s);
	int err;

	do {
		if (try(s))
			return 0;
		if (s->kind == KLUA_KIND_SLEEPABLE && fatal_signal_pending(current))
			return -EINTR;
		err = klua_entry_asked(innermost_entry());
		if (err)
			return err;
		if (waits_for_listener(s))
			return -EBUSY;
	} while (ktime_get_mono_fast_ns() < deadline);
	return -EBUSY;
}

/* Wait for an atomic state that somebody else has, unless that would be a deadlock. */
static noinline int atomic_lock_taken(struct klua_state *s)
{
	int err;

	if (inside_state(s))
		return -EDEADLK;
	if (!innermost_entry())
		return lock_wait(s, atomic_lock_try);
	if (!wait_begin(s))
		return -EBUSY;
	err = lock_wait(s, atomic_lock_try);
	wait_end();
	return err;
}

/* lockdep learns no order of locks from a trylock: tell it of this one. */
static void atomic_lock_order(struct klua_state *s)
{
	if (inside_state(s) || innermost_entry())
		return;
	local_bh_disable();
	might_lock(&s->lock);
	local_bh_enable();
}

static __always_inline int atomic_lock(struct klua_state *s)
{
	if (preempt_count() & (NMI_MASK | HARDIRQ_MASK) || irqs_disabled())
		return -EOPNOTSUPP;
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		atomic_lock_order(s);
	if (likely(atomic_trylock(s)))
		return 0;
	return atomic_lock_taken(s);
}

/*
 * Inside a state, and as a listener, the task only tries for the mutex, again and
 * again. Inside a state, because lockdep has one class for the mutexes of all states
 * and would report a second one; real circles are found by task_wait_begin(). As a
 * listener, because the holder may begin to wait for listeners at any time, which
 * lock_wait() looks for.
 */
static noinline int sleepable_lock(struct klua_state *s)
{
	struct task_wait w;
	int err;

	if (!klua_may_sleep())
		return -EOPNOTSUPP;
	if (inside_state(s))
		return -EDEADLK;
	if (mutex_trylock(&s->mutex))
		return 0;
	if (!task_wait_begin(&w, s))
		return -EBUSY;
	if (innermost_entry() || klua_telling())
		err = lock_wait(s, mutex_lock_try);
	else
		err = mutex_lock_killable(&s->mutex);
	task_wait_end(&w);
	return err;
}

static noinline int irq_lock(struct klua_state *s)
{
	unsigned long irqs;

	if (in_nmi())
		return -EOPNOTSUPP;
	local_irq_save(irqs);
	/*
	 * Refused while this processor has a lock that the entry would take:
	 * klua_guard_lock().
	 */
	if (!__this_cpu_read(klua_guarded) && irq_trylock(s)) {
		s->irqs = irqs;
		return 0;
	}
	local_irq_restore(irqs);
	return -EBUSY;
}

/*
 * Allow one change of a set's limits at a time. The states of a set are changed one
 * after the other, so two changes at once would leave some states with the limits of
 * each. Does not wait. Returns true if this context has the turn. A state without a set
 * needs no turn, because its lock allows one change at a time.
 */
bool klua_limits_turn_try(struct klua_state *s)
{
	return !s->set || !test_and_set_bit_lock(0, &s->set->turn);
}

void klua_limits_turn_end(struct klua_state *s)
{
	if (s->set)
		clear_bit_unlock(0, &s->set->turn);
}

static bool turn_try_awake(struct klua_state *s)
{
	int i;

	for (i = 0; i < LOOK_AWAY; i++)
		cpu_relax();
	return klua_limits_turn_try(s);
}

static bool turn_try_asleep(struct klua_state *s)
{
	usleep_range(20, 200);
	return klua_limits_turn_try(s);
}

/*
 * Is this context inside a state of the set? The task that has the turn may wait for
 * that state.
 */
static bool inside_member(struct klua_state *s)
{
	struct klua_state *m;
	unsigned int i;

	klua_for_each_member(s, m, i)
		if (inside_state(m))
			return true;
	return false;
}

/*
 * As klua_limits_turn_try(), but waits as for the lock of a state of this kind. Returns
 * 0 or -errno.
 */
int klua_limits_turn(struct klua_state *s)
{
	if (klua_limits_turn_try(s))
		return 0;
	if (s->kind == KLUA_KIND_IRQ || innermost_entry() || inside_member(s))
		return -EBUSY;
	if (s->kind == KLUA_KIND_SLEEPABLE)
		return klua_may_sleep() ? lock_wait(s, turn_try_asleep) : -EOPNOTSUPP;
	if (in_hardirq() || irqs_disabled())
		return -EOPNOTSUPP;
	return lock_wait(s, turn_try_awake);
}

/* Inline, because each packet takes the lock of an atomic state. */
static __always_inline int kind_lock(struct klua_state *s)
{
	int err;

	if (likely(s->kind == KLUA_KIND_ATOMIC))
		err = atomic_lock(s);
	else if (s->kind == KLUA_KIND_SLEEPABLE)
		err = sleepable_lock(s);
	else
		err = irq_lock(s);
	if (!err)
		WRITE_ONCE(s->owner, current);
	return err;
}

/*
 * Take the lock of a state, even if the state is stopped, retired or about to be
 * closed.
 */
int klua_state_lock_any(struct klua_state *s)
{
	return kind_lock(s);
}

/* Is the state stopped or retired, or was its last hold put? */
static bool gate_refuses(const struct klua_state *s)
{
	return READ_ONCE(s->gate) || !refcount_read(&s->users);
}

int klua_state_lock(struct klua_state *s)
{
	int err = kind_lock(s);

	if (unlikely(!err && gate_refuses(s))) {
		klua_state_unlock(s);
		err = -ESHUTDOWN;
	}
	return err;
}
EXPORT_SYMBOL_KLUA(klua_state_lock);

void klua_state_unlock(struct klua_state *s)
{
	unsigned long irqs;

	klua_state_assert_locked(s);
	if (likely(s->kind == KLUA_KIND_ATOMIC)) {
		WRITE_ONCE(s->owner, NULL);
		spin_unlock_bh(&s->lock);
	} else if (s->kind == KLUA_KIND_SLEEPABLE) {
		WRITE_ONCE(s->owner, NULL);
		mutex_unlock(&s->mutex);
	} else {
		/* Once the state has no owner, the next holder may write @irqs. */
		irqs = s->irqs;
		WRITE_ONCE(s->owner, NULL);
		raw_spin_unlock(&s->raw);
		local_irq_restore(irqs);
	}
}
EXPORT_SYMBOL_KLUA(klua_state_unlock);

/*
 * As klua_state_lock_any(), for a task that is in no state and waits asleep for
 * as long as it takes: an entry ends by its limits. With @killable a signal that asks
 * for the task's end ends the wait with -EINTR.
 */
int klua_state_lock_asleep(struct klua_state *s, bool killable)
{
	int err;

	might_sleep();
	while ((err = klua_state_lock_any(s)) == -EBUSY || err == -EINTR) {
		if (killable && klua_asked_to_end())
			return -EINTR;
		usleep_range(50, 500);
	}
	return err;
}

/*
 * As klua_state_lock_asleep() with @killable: a signal that asks for the task's end ends
 * the wait with -EINTR.
 */
int klua_state_lock_interruptible(struct klua_state *s)
{
	if (s->kind != KLUA_KIND_SLEEPABLE)
		return klua_state_lock_asleep(s, true);
	/* Another signal does not end the wait, but would end each sleep in it. */
	while (mutex_lock_interruptible(&s->mutex)) {
		if (klua_asked_to_end())
			return -EINTR;
		usleep_range(50, 500);
	}
	WRITE_ONCE(s->owner, current);
	return 0;
}

/* As klua_state_lock_any(), without waiting. For a task. */
bool klua_state_lock_try(struct klua_state *s)
{
	if (s->kind == KLUA_KIND_ATOMIC) {
		if (!atomic_trylock(s))
			return false;
	} else if (s->kind == KLUA_KIND_SLEEPABLE) {
		if (!mutex_trylock(&s->mutex))
			return false;
	} else if (irq_lock(s)) {
		return false;
	}
	WRITE_ONCE(s->owner, current);
	return true;
}

/* Initialize the lock of a state that nobody else knows. */
void klua_state_lock_init(struct klua_state *s)
{
	spin_lock_init(&s->lock);
	if (s->kind == KLUA_KIND_SLEEPABLE)
		mutex_init(&s->mutex);
	if (s->kind == KLUA_KIND_IRQ)
		raw_spin_lock_init(&s->raw);
}

#ifdef CONFIG_LOCKDEP
/* Does this context hold the state's lock, or is the state private? For assertions. */
bool klua_state_locked(const struct klua_state *s)
{
	if (s->building || s->closing)
		return true;
	switch (s->kind) {
	case KLUA_KIND_SLEEPABLE:
		return lockdep_is_held(&s->mutex);
	case KLUA_KIND_IRQ:
		return lockdep_is_held(&s->raw);
	default:
		return lockdep_is_held(&s->lock);
	}
}
#endif

void klua_enter_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(task_entries); i++)
		raw_spin_lock_init(&task_entries[i].lock);
}

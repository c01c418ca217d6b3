// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: lines that scripts print, their errors, and the limits that they hit. An
 * event is recorded where it happens, and told later by a work item.
 */

/**
 * DOC: events
 *
 * A script may run with interrupts off, in the middle of the console's code, and
 * under any lock of its caller. A console takes a millisecond for a dozen bytes, and a
 * listener may sleep. So neither can be called under a state's lock. There an event is
 * only copied into a buffer, one for the machine, and a work item tells the buffer's
 * events in order. The buffer's size bounds the events that wait;
 * &klua_state.print_limit and print_all bound the lines of one state and of the machine
 * in five seconds. Dropped lines are counted, and the next line that is not dropped is
 * preceded by their number.
 *
 * A probe may interrupt the holder of the buffer's lock on the same processor. So the
 * lock is tried for, a bounded number of times, and an event is dropped if the lock
 * stays taken, as it is if the buffer is full. An irq_work queues the work item, since
 * queueing takes locks, too.
 *
 * States are created and destroyed in process context, so listeners are told of that
 * at once, and of a destruction after all events recorded before.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irq_work.h>
#include <linux/kfifo.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/sizes.h>
#include <linux/string_helpers.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Bytes of the buffer of events: a few hundred lines */
#define EVENTS_SIZE	SZ_64K

/* Bytes of text that go into one line of the log */
#define PRINT_TEXT	800
/*
 * As PRINT_TEXT, with control bytes among them: each byte may become four (\ooo), and
 * the line still has to fit.
 */
#define PRINT_BINARY	200

/* Error and limit events of one state that are recorded in a second */
#define EVENTS_MAX	20

/* Tries to take records_lock, each some hundred nanoseconds */
#define LOCK_TRIES	100

static uint print_burst = 200;
module_param_cb(print_burst, &klua_param_uint, &print_burst, 0644);
MODULE_PARM_DESC(print_burst, "lines that a new state may print in five seconds; 0: any number (default 200)");

/*
 * The limit on lines of all states together: in five seconds, twice what one state may
 * print
 */
static DEFINE_RATELIMIT_STATE(print_all, 5 * HZ, 400);

static int set_print_all(const char *text, const struct kernel_param *kp)
{
	unsigned int n;
	int err = klua_param_allowed() ?: kstrtouint(text, 0, &n);

	if (err || n > INT_MAX)
		return err ?: -EINVAL;
	WRITE_ONCE(print_all.burst, n);
	WRITE_ONCE(print_all.interval, n ? 5 * HZ : 0);
	return 0;
}

static int get_print_all(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%d\n", READ_ONCE(print_all.burst));
}

static const struct kernel_param_ops print_all_ops = {
	.set = set_print_all,
	.get = get_print_all,
};

module_param_cb(print_burst_all, &print_all_ops, NULL, 0644);
MODULE_PARM_DESC(print_burst_all, "lines that all states together may print in five seconds; 0: any number (default 400)");

enum record_type {
	RECORD_PRINT,
	RECORD_ERROR,
	RECORD_LIMIT,
	RECORD_GATE,
};

/**
 * struct record - an event in the buffer; its text follows as another kfifo record
 *
 * @type:    kind of event
 * @value:   by @type: lines dropped before this one, the -errno, the enum klua_limit,
 *	     or whether the state was stopped
 * @lost:    events of the state that were dropped before this one
 * @id:      the state's number
 * @origin:  the state's origin
 * @namelen: bytes of @name
 * @name:    the state's name
 */
struct record {
	enum record_type type;
	int value;
	unsigned int lost;
	u32 id;
	enum klua_origin origin;
	unsigned int namelen;
	unsigned char name[KLUA_NAME_MAXSIZE];
};

static STRUCT_KFIFO_REC_2(EVENTS_SIZE) records;

/* Guards records. Innermost, but for a state's error_lock. */
static DEFINE_RAW_SPINLOCK(records_lock);

/* Guards listeners. The task in teller holds it while listeners are called. */
static DEFINE_MUTEX(listeners_mutex);
static LIST_HEAD(listeners);
static struct task_struct *teller;

/*
 * Is this called by a listener? Calls that would tell listeners, or wait until they
 * have been told, are refused there: they would wait for themselves.
 */
bool klua_telling(void)
{
	return READ_ONCE(teller) == current;
}

/**
 * struct waiter - a task that waits for listeners
 * @list: link in waiters
 * @task: the task
 */
struct waiter {
	struct list_head list;
	const struct task_struct *task;
};

/*
 * The tasks that wait until listeners have been told. A listener must not wait for any
 * of them: see waits_for_listener() in enter.c.
 */
static LIST_HEAD(waiters);

/* Guards waiters. Innermost. */
static DEFINE_RAW_SPINLOCK(waiters_lock);

static void wait_begin(struct waiter *waiter)
{
	unsigned long irqs = klua_guard_lock(&waiters_lock);

	waiter->task = current;
	list_add(&waiter->list, &waiters);
	klua_guard_unlock(&waiters_lock, irqs);
}

static void wait_end(struct waiter *waiter)
{
	unsigned long irqs = klua_guard_lock(&waiters_lock);

	list_del(&waiter->list);
	klua_guard_unlock(&waiters_lock, irqs);
}

/* Does the task wait for listeners? */
bool klua_awaits_listeners(const struct task_struct *task)
{
	unsigned long irqs = klua_guard_lock(&waiters_lock);
	struct waiter *waiter;
	bool found = false;

	list_for_each_entry(waiter, &waiters, list)
		found |= waiter->task == task;
	klua_guard_unlock(&waiters_lock, irqs);
	return found;
}

static void listeners_lock(void)
{
	struct waiter waiter;

	if (mutex_trylock(&listeners_mutex))
		return;
	wait_begin(&waiter);
	mutex_lock(&listeners_mutex);
	wait_end(&waiter);
}

static void tell_records(struct work_struct *work);
static DECLARE_WORK(records_work, tell_records);

static void queue_records(struct irq_work *work)
{
	queue_work(system_dfl_wq, &records_work);
}

/*
 * Runs in the interrupt itself on PREEMPT_RT as well: queueing work takes only raw
 * locks.
 */
static struct irq_work records_kick = IRQ_WORK_INIT_HARD(queue_records);

/* Allows one irq_work_sync() at a time, since that wakes only one waiter. */
static DEFINE_MUTEX(records_sync);

static bool records_trylock(void)
{
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (raw_spin_trylock(&records_lock))
			return true;
		cpu_relax();
	}
	return false;
}

/*
 * Put a record and its text into the buffer, or neither. kfifo stores two bytes of
 * length with each of the two.
 */
static bool record_put(const struct record *record, const char *text, size_t len)
{
	lockdep_assert_held(&records_lock);
	if (kfifo_avail(&records) < sizeof(*record) + len + 2)
		return false;
	kfifo_in(&records, (const char *)record, sizeof(*record));
	kfifo_in(&records, text, len);
	return true;
}

/* Record an event. False: the lock stayed taken, or the buffer is full. */
static bool record_add(const struct record *record, const char *text, size_t len)
{
	unsigned long irqs;
	bool done = false;

	local_irq_save(irqs);
	if (records_trylock()) {
		done = record_put(record, text, len);
		raw_spin_unlock(&records_lock);
	}
	local_irq_restore(irqs);
	irq_work_queue(&records_kick);
	return done;
}

static struct record record_of(const struct klua_state *s,
			       enum record_type type, int value)
{
	struct record record = {
		.type = type,
		.value = value,
		.id = s->id,
		.origin = s->origin,
		.namelen = s->namelen,
	};

	memcpy(record.name, s->name, sizeof(record.name));
	return record;
}

/*
 * May the state record one more event in this second? A filter may fail for each
 * packet, and its events must not drown those of other states.
 */
static bool event_allowed(struct klua_state *s)
{
	if (time_after(jiffies, s->events_from + HZ)) {
		s->events_from = jiffies;
		s->events = 0;
	}
	if (s->events < EVENTS_MAX) {
		s->events++;
		return true;
	}
	atomic_inc(&s->events_lost);
	return false;
}

static void event_add(struct klua_state *s, enum record_type type, int value,
		      const char *text, size_t len)
{
	struct record record;

	/* No listener knows a state that is being built. */
	if (s->building || !event_allowed(s))
		return;
	record = record_of(s, type, value);
	record.lost = atomic_xchg(&s->events_lost, 0);
	if (!record_add(&record, text, len))
		atomic_add(record.lost + 1, &s->events_lost);
}

void klua_event_error(struct klua_state *s, int err, const char *text, size_t len)
{
	event_add(s, RECORD_ERROR, err, text,
		  min_t(size_t, len, KLUA_ERROR_MAXSIZE));
}

void klua_event_limit(struct klua_state *s, enum klua_limit which)
{
	event_add(s, RECORD_LIMIT, which, "", 0);
}

/*
 * Record that a state was stopped or started. Called in any context, without the
 * state's lock. There is no limit on these events, since a gate has really changed. A
 * record that does not fit is counted, and the next event of an error or a limit tells
 * that number.
 */
void klua_event_gate(struct klua_state *s, bool stopped)
{
	struct record record;

	if (s->building)
		return;
	record = record_of(s, RECORD_GATE, stopped);
	if (!record_add(&record, "", 0))
		atomic_inc(&s->events_lost);
}

/* The number of bytes before the first control byte other than a tab */
static size_t text_length(const char *text, size_t len)
{
	size_t n;

	for (n = 0; n < len; n++)
		if (iscntrl(text[n]) && text[n] != '\t')
			break;
	return n;
}

/*
 * The number of bytes of a line that fit into one line of the log once they are escaped
 */
static size_t piece_length(const char *text, size_t len)
{
	size_t n = text_length(text, min_t(size_t, len, PRINT_TEXT));

	return n == len || n == PRINT_TEXT ? n : min_t(size_t, len, PRINT_BINARY);
}

static void print_drop(struct klua_state *s)
{
	s->print_dropped++;
	WRITE_ONCE(s->stats.unprinted, s->stats.unprinted + 1);
}

static void print_piece(struct klua_state *s, const char *text, size_t len)
{
	struct record record = record_of(s, RECORD_PRINT, s->print_dropped);

	if (__ratelimit(&s->print_limit) && __ratelimit(&print_all) &&
	    record_add(&record, text, len))
		s->print_dropped = 0;
	else
		print_drop(s);
}

/* Print a line, in pieces if it is long. */
static void print_line(struct klua_state *s, const char *text, size_t len)
{
	size_t n;

	do {
		n = piece_length(text, len);
		print_piece(s, text, n);
		text += n;
		len -= n;
	} while (len);
}

/* Print each line of a text with the state's name. */
void klua_event_print(struct klua_state *s, const char *text, size_t len)
{
	const char *end;

	while ((end = memchr(text, '\n', len))) {
		print_line(s, text, end - text);
		len -= end + 1 - text;
		text = end + 1;
	}
	print_line(s, text, len);
}

/*
 * Write a line into the log. Control bytes become \ooo, so that a script cannot forge a
 * line.
 */
static void log_print(const struct record *record, const char *text, size_t len)
{
	if (record->value)
		pr_info(NAME_FMT ": (%d lines dropped)\n", NAME_ARG(record),
			record->value);
	if (text_length(text, len) == len)
		pr_info(NAME_FMT ": %.*s\n", NAME_ARG(record), (int)len, text);
	else
		pr_info(NAME_FMT ": %*pE\n", NAME_ARG(record), (int)len, text);
}

static void tell(const struct klua_event *event)
{
	struct klua_listener *listener;

	listeners_lock();
	WRITE_ONCE(teller, current);
	list_for_each_entry(listener, &listeners, list)
		listener->event(listener, event);
	WRITE_ONCE(teller, NULL);
	mutex_unlock(&listeners_mutex);
}

static void tell_record(const struct record *record, const char *text,
			size_t len)
{
	struct klua_event event = {
		.id = record->id,
		.name = (const char *)record->name,
		.origin = record->origin,
		.lost = record->lost,
	};

	switch (record->type) {
	case RECORD_PRINT:
		log_print(record, text, len);
		return;
	case RECORD_ERROR:
		event.type = KLUA_EVENT_ERROR;
		event.error = record->value;
		event.text = text;
		event.len = len;
		break;
	case RECORD_LIMIT:
		event.type = KLUA_EVENT_LIMIT;
		event.limit = record->value;
		break;
	case RECORD_GATE:
		event.type = record->value ? KLUA_EVENT_STOPPED :
					     KLUA_EVENT_STARTED;
	}
	tell(&event);
}

/* Bytes in the buffer */
static long records_len(void)
{
	unsigned long irqs;
	long len;

	raw_spin_lock_irqsave(&records_lock, irqs);
	len = kfifo_len(&records);
	raw_spin_unlock_irqrestore(&records_lock, irqs);
	return len;
}

/* Take the oldest record out. False: there is none. */
static bool record_get(struct record *record, char *text, size_t size,
		       size_t *len)
{
	unsigned long irqs;
	bool got;

	raw_spin_lock_irqsave(&records_lock, irqs);
	got = kfifo_out(&records, (char *)record, sizeof(*record));
	if (got)
		*len = kfifo_out(&records, text, size);
	raw_spin_unlock_irqrestore(&records_lock, irqs);
	return got;
}

/*
 * Bytes of the buffer that a record takes beside its text: kfifo's two lengths are
 * among them
 */
#define RECORD_BYTES	(sizeof(struct record) + 4)

/*
 * Tell the events that are in the buffer when this begins. A work item runs once at a
 * time, so the text may be static. Events that come later have queued the work item
 * again. They are left to that run, so that flush_work() does not wait for lines that
 * scripts print meanwhile.
 */
static void tell_records(struct work_struct *work)
{
	static char text[PRINT_TEXT];
	long left = records_len();
	struct record record;
	size_t len;

	while (left > 0 && record_get(&record, text, sizeof(text), &len)) {
		left -= RECORD_BYTES + len;
		tell_record(&record, text, len);
		cond_resched();
	}
}

int klua_events_flush(void)
{
	struct waiter waiter;

	if (klua_telling())
		return -EDEADLK;
	wait_begin(&waiter);
	mutex_lock(&records_sync);
	irq_work_sync(&records_kick);
	mutex_unlock(&records_sync);
	flush_work(&records_work);
	wait_end(&waiter);
	return 0;
}
EXPORT_SYMBOL_KLUA(klua_events_flush);

static void tell_life(const struct klua_state *s, enum klua_event_type type)
{
	struct klua_event event = {
		.type = type,
		.id = s->id,
		.name = (const char *)s->name,
		.origin = s->origin,
		.ephemeral = s->ephemeral,
	};

	tell(&event);
}

void klua_event_created(const struct klua_state *s)
{
	tell_life(s, KLUA_EVENT_CREATED);
}

/* Tell listeners of a state's end, after all its events. */
void klua_event_destroyed(const struct klua_state *s)
{
	klua_events_flush();
	tell_life(s, KLUA_EVENT_DESTROYED);
}

void klua_event_gate_now(const struct klua_state *s, bool stopped)
{
	tell_life(s, stopped ? KLUA_EVENT_STOPPED : KLUA_EVENT_STARTED);
}

static bool listens(const struct klua_listener *listener)
{
	const struct klua_listener *other;

	lockdep_assert_held(&listeners_mutex);
	list_for_each_entry(other, &listeners, list)
		if (other == listener)
			return true;
	return false;
}

int klua_listener_register(struct klua_listener *listener)
{
	int err = 0;

	if (!listener || !listener->event)
		return -EINVAL;
	if (klua_telling())
		return -EDEADLK;
	listeners_lock();
	if (listens(listener))
		err = -EEXIST;
	else
		list_add_tail(&listener->list, &listeners);
	mutex_unlock(&listeners_mutex);
	return err;
}
EXPORT_SYMBOL_KLUA(klua_listener_register);

int klua_listener_unregister(struct klua_listener *listener)
{
	int err = 0;

	if (!listener)
		return -EINVAL;
	if (klua_telling())
		return -EDEADLK;
	listeners_lock();
	if (listens(listener))
		list_del(&listener->list);
	else
		err = -ENOENT;
	mutex_unlock(&listeners_mutex);
	return err;
}
EXPORT_SYMBOL_KLUA(klua_listener_unregister);

/*
 * Unregister the listeners that a module has left registered: its text is freed next.
 */
void klua_listeners_forget(struct module *mod)
{
	struct klua_listener *listener, *next;

	listeners_lock();
	list_for_each_entry_safe(listener, next, &listeners, list) {
		if (!within_module((unsigned long)listener->event, mod))
			continue;
		pr_warn("module %s did not unregister a listener\n",
			module_name(mod));
		list_del(&listener->list);
	}
	mutex_unlock(&listeners_mutex);
}

/*
 * Set the limits on events of a new state. RATELIMIT_MSG_ON_RELEASE keeps the kernel
 * from reporting suppressed lines: print_piece() counts them.
 */
void klua_events_defaults(struct klua_state *s)
{
	ratelimit_state_init(&s->print_limit,
			     READ_ONCE(print_burst) ? 5 * HZ : 0,
			     READ_ONCE(print_burst));
	ratelimit_set_flags(&s->print_limit, RATELIMIT_MSG_ON_RELEASE);
	s->events_from = jiffies;
}

void klua_events_init(void)
{
	INIT_KFIFO(records);
	ratelimit_set_flags(&print_all, RATELIMIT_MSG_ON_RELEASE);
}

/* Called when the last state is gone. */
void klua_events_exit(void)
{
	klua_events_flush();
}

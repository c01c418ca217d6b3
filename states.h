/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KLUA: named, thread-safe Lua 5.3 states for kernel modules.
 *
 * This is the only header that a consumer includes. A module that uses KLua has a line
 * KLUA_IMPORT_NS; (MODULE_IMPORT_NS() with the spelling of the kernel at hand) and
 * builds with -I of this directory.
 */
#ifndef KLUA_STATES_H
#define KLUA_STATES_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "heap.h"
#include "lua/src/lua.h"
#include "lua/src/lauxlib.h"
#include "lua/budget.h"
#include "lua/lib.h"
#include "uapi/klua.h"

/* Bytes of a state's name with its NUL, at most */
#define KLUA_NAME_MAXSIZE	64

/*
 * The least @maxalloc of a state in bytes. With its libraries open a state of any kind
 * holds some 14,000 bytes, the same on all 64-bit processors. The rest is room for the
 * libraries to grow.
 */
#define KLUA_MIN_ALLOC		16384

/* Bytes of the error text that a state keeps, at most */
#define KLUA_ERROR_MAXSIZE	256

/* Arguments, and results, of one klua_state_invoke(), at most */
#define KLUA_CALL_VALUES	8

/**
 * struct klua_stats - counters of a state since it was made; struct klua_limits has
 *			more
 *
 * Protection codes as in struct klua_state.
 *
 * @ns:      W: time that entries took while the module parameter "stats" was on
 * @entered: W: when the entry in progress began, in ns; 0 if none is, or "stats" was
 *	     off then
 * @errors:  W: calls and runs that ended in an error
 * @limits:  W: entries in which a limit was hit, by enum klua_limit
 * @unprinted: W: lines of print() that were dropped, since there were too many
 */
struct klua_stats {
	u64 ns;
	u64 entered;
	u64 errors;
	u64 limits[__KLUA_LIMIT_MAX];
	u64 unprinted;
};

/* &klua_state.gate: 0, or bits that say why nobody may enter the state */
enum klua_gate {
	KLUA_GATE_OPEN,
	KLUA_GATE_STOPPED = 1,	/* a kernel module has stopped it */
	KLUA_GATE_HALTED = 2,	/* user space has stopped it */
	KLUA_GATE_RETIRED = 4,	/* it is retired: for ever, without the other bits */
};

/**
 * struct klua_state - one named Lua state
 *
 * A consumer may read these fields; it writes none of them.
 *
 * Each field's protection:
 *   I: set before the state is published, read-only afterwards;
 *   P: private: used by the task that builds the state before anybody else knows
 *      it, and by the work item that closes it when nobody else does any more;
 *   T: states_lock for writing, RCU for reading;
 *   L: states_lock;
 *   S: the state's lock, which is @lock, @mutex or @raw by its kind, or private;
 *   W: written as S, read anywhere with READ_ONCE();
 *   E: @error_lock;
 *   A: atomic;
 *   X: has a lock or rules of its own;
 *   SE: written under both, read under either.
 *
 * @node:	T: link in the table of states
 * @L:		S: the main thread; NULL once the state is closed
 * @lock:	X: the lock of an atomic state; taken with bottom halves off
 * @users:	A: 1 for the table plus 1 for each hold
 * @maxalloc:	W: bytes that Lua may hold at any instant
 * @granted:	W: the largest @maxalloc that user space may set: that of the module
 * @curralloc:	W: bytes that Lua holds, by the sizes that it asked for
 * @name:	I: unique among the states of the table, NUL-terminated
 * @namelen:	I: bytes of @name without the NUL
 * @hash:	I: hash of @name, compared before the name itself
 * @kind:	I: which contexts may enter it, and how
 * @gate:	X: enum klua_gate. Written by an atomic exchange; each entry reads it
 *		under the state's lock, and is refused unless it is 0
 * @mutex:	X: the lock of a sleepable state
 * @raw:	X: the lock of an irq state; taken with interrupts off
 * @irqs:	S: the interrupt flags that klua_state_lock() saved, of an irq state
 * @owner:	W: the current task of the context that took the state's lock with
 *		klua_state_lock(), or NULL
 * @task:	S: the task whose entry is in progress, if the entry can be preempted
 * @task_node:	X: link in task_entries (enter.c)
 * @waits:	X: the atomic state that the context inside this state waits for, or
 *		NULL; wait_lock (enter.c)
 * @reserved:	I: all of its memory was allocated when it was made
 * @building:	P: it is being built, so allocations may wait for memory
 * @closing:	P: it is being closed, and nobody else has a pointer to it
 * @ephemeral:	I: destroyed with the netlink socket that made it
 * @retired:	A: the Lua state was closed, and its finalizers have run
 * @refused:	S: the last request for memory was refused
 * @peakalloc:	W: the largest @curralloc so far
 * @closing_max: W: while the state is closed, the @maxalloc that it had before: closing
 *		raises @maxalloc, so that finalizers can run. Otherwise 0
 * @steps:	W: steps that an entry may take, or KLUA_STEPS_UNLIMITED
 * @time_ns:	W: time that an entry may take, or KLUA_TIME_UNLIMITED
 * @entry_steps: S: steps that the entry in progress, or the next one, may take. Differs
 *		from @steps while the state is built or closed, and during a call that
 *		has limits of its own
 * @entry_ns:	W: time that the entry in progress, or the next one, may take
 * @slice:	S: the part of @entry_steps that an entry takes before its first look
 *		at the limits
 * @limits:	S: what the entry in progress is charged; some fields W (lua/budget.h)
 * @heap:	S: the pages that Lua's blocks are on
 * @pages:	S: pages of @heap from the page allocator, linked by &page.lru
 * @areas:	S: large blocks of @heap from vmalloc (alloc.c)
 * @reserve:	I: the memory of a reserved state, or NULL
 * @memcg:	I: the memory cgroup that pages are charged to
 * @print_limit: X: limits the lines that print() writes in five seconds
 * @print_dropped: S: lines of print() dropped since the last line that was printed
 * @errmsg:	SE: beginning of the last error's text, or empty
 * @trace:	SE: buffer for that text in full and its traceback, or NULL
 * @trace_len:	E: bytes of @trace that are valid
 * @traced:	S: bytes of a traceback that @trace has already, while the text of the
 *		error is still missing
 * @error_lock:	X: guards the last error; taken with interrupts off; the innermost
 *		lock
 * @error:	E: -errno of the last entry that failed, or 0
 * @error_ns:	E: when that entry failed, on the monotonic clock
 * @id:		I: the state's number. No other state has it, nor had it lately, but all
 *		states of a set share one
 * @origin:	I: whom it was made for
 * @maker:	T: the module that made it, until that is unloaded; else NULL
 * @stats:	W: counters
 * @sink:	S: the reader of the script in progress, or NULL
 * @events:	S: error and limit events recorded in the second from @events_from on
 * @events_lost: A: events dropped since the last error or limit event that was recorded
 * @events_from: S: start of that second, in jiffies
 * @all:	L: link in the list of every state not yet freed
 * @set:	I: the per-CPU set that it belongs to, or NULL
 * @line:	X: ring of the states that have replaced each other and are not freed;
 *		lines_lock (states.c)
 * @replaced:	X: another state has taken its place; lines_lock
 * @quota:	I: the quota that it is charged to, or NULL
 * @charged:	W: bytes charged to @quota: the limit set by user space, which a module
 *		may have changed since; of a reserved state all of its pages
 * @source:	P: the firmware file that is being compiled
 * @close:	P: closes the Lua state after a grace period, in process context
 */
struct klua_state {
	struct hlist_node node;
	lua_State *L;
	spinlock_t lock;	/* the lock of an atomic state */
	refcount_t users;
	size_t maxalloc;
	size_t curralloc;
	unsigned char name[KLUA_NAME_MAXSIZE];

	unsigned int namelen;
	u32 hash;
	enum klua_kind kind : 8;
	enum klua_origin origin : 8;
	u8 gate;
	bool reserved;
	bool building;
	bool closing;
	bool ephemeral;
	bool retired;
	bool refused;
	union {
		struct mutex mutex;	/* the lock of a sleepable state */
		struct {
			raw_spinlock_t raw;	/* the lock of an irq state */
			unsigned long irqs;
		};
	};
	struct task_struct *owner;
	struct task_struct *task;
	struct hlist_node task_node;
	struct klua_state *waits;
	size_t peakalloc;
	size_t granted;
	size_t closing_max;
	u64 steps;
	u64 time_ns;
	u64 entry_steps;
	u64 entry_ns;
	long slice;
	struct klua_limits limits;
	struct klua_heap heap;
	struct list_head pages;
	struct list_head areas;
	struct klua_reserve *reserve;
	struct mem_cgroup *memcg;
	struct ratelimit_state print_limit;
	unsigned int print_dropped;
	char errmsg[KLUA_ERROR_MAXSIZE];
	char *trace;
	unsigned int trace_len;
	unsigned int traced;
	raw_spinlock_t error_lock;	/* the last error */
	int error;
	u64 error_ns;
	u32 id;
	struct module *maker;
	struct klua_stats stats;
	struct klua_sink *sink;
	unsigned int events;
	atomic_t events_lost;
	unsigned long events_from;
	struct list_head all;
	struct klua_set *set;
	struct list_head line;
	bool replaced;
	const struct klua_quota *quota;
	size_t charged;
	const struct firmware *source;
	struct rcu_work close;
};

/**
 * struct klua_chunk - a piece of Lua source
 *
 * @text: the source; it may contain NULs
 * @len:  bytes of @text. A chunk of 0 bytes is a valid one, which does nothing
 * @name: what messages call it: "=name" shows name as it is, "@file" a file.
 *	  NULL: the name of the firmware file, or "=chunk"
 * @firmware: if not NULL, a file that is read instead of @text; its name for the
 *	  firmware loader, which looks below /lib/firmware
 */
struct klua_chunk {
	const char *text;
	size_t len;
	const char *name;
	const char *firmware;
};

/* The chunks in an initializer of &struct klua_config, each as { .text = ... } */
#define KLUA_CHUNKS(...) \
	.chunks = (const struct klua_chunk[]) { __VA_ARGS__ }, \
	.nchunks = sizeof((const struct klua_chunk[]) { __VA_ARGS__ }) / \
		   sizeof(struct klua_chunk)

/**
 * struct klua_config - everything about a state to be made
 *
 * A field that is 0 or NULL stands for the default that its line names. The caller
 * may free all of it after klua_state_new() has returned.
 *
 * @name:     1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL. Use a name without a slash,
 *	      best one that begins with the module's name: names with a slash are for
 *	      states that user space makes, which cannot take one without
 * @kind:     which contexts may enter it, and how. Default: KLUA_KIND_ATOMIC
 * @maxalloc: bytes that it may hold at any instant, KLUA_MIN_ALLOC or more
 * @reserve:  allocate all of @maxalloc now, so that no allocation fails later for
 *	      want of the machine's memory. An irq state always does
 * @steps:    steps an entry may take, or KLUA_STEPS_UNLIMITED. Default: the
 *	      module's parameter for the kind
 * @time_us:  microseconds an entry may take, at most KLUA_TIME_MAX_US_ATOMIC or
 *	      KLUA_TIME_MAX_US_IRQ. Default: the module's parameter for the kind
 * @time_unlimited: for a sleepable state only: no limit on time
 * @libraries: names of registered libraries, ended by NULL, that are opened as
 *	      klua_lib_open() does. Default: none
 * @chunks:   scripts that are run one after the other while the state is built. Each
 *	      has the limits of a sleepable state, is preemptible and waits for memory
 * @nchunks:  number of @chunks
 * @open:     a function that is called before @chunks run, protected, with @arg as a
 *	      light userdata at index 1. It may register the consumer's functions
 * @arg:      argument of @open
 * @percpu:   make a state for each possible processor, each with @maxalloc, all under
 *	      the one name.
 *	      klua_state_find() and klua_state_lookup() return the state of the
 *	      processor that they run on. Calls that set limits, cancel, stop,
 *	      destroy, retire or replace one of them do so to all; lists show them as
 *	      one state
 * @replace:  take the place of the state of this name, if there is one, which must be
 *	      of the same kind. If that state is stopped, the new one is stopped, too
 * @existing: only with @replace: fail if there is no state of this name
 * @error:    buffer for the cause of a failure as text, with a traceback if a
 *	      chunk failed, or NULL. NUL-terminated if @error_size is not 0
 * @error_size: bytes of @error. If it is 0 or @error is NULL, the cause goes into the
 *	      kernel log
 * @origin:   whom it is made for. Default: KLUA_ORIGIN_KERNEL. For user space the name
 *	      needs a slash, and a state that a kernel module made is not replaced
 * @ephemeral: for netlink.c alone
 * @quota:    for netlink.c alone
 */
struct klua_config {
	const char *name;
	enum klua_kind kind;
	size_t maxalloc;
	bool reserve;
	u64 steps;
	u32 time_us;
	bool time_unlimited;
	const char *const *libraries;
	const struct klua_chunk *chunks;
	unsigned int nchunks;
	lua_CFunction open;
	void *arg;
	bool percpu;
	bool replace;
	bool existing;
	char *error;
	size_t error_size;
	enum klua_origin origin;
	bool ephemeral;
	const struct klua_quota *quota;
};

/**
 * struct klua_result - the results of klua_state_run() as text
 *
 * Belongs to the caller. Two calls at once must not share one.
 *
 * @buf:  buffer for the text: the chunk's results as tostring() shows them,
 *	  separated by tabs, or the error message with its traceback.
 *	  NUL-terminated if @size is not 0
 * @size: bytes of @buf; ignored if @buf is NULL
 * @len:  out: bytes of the whole text, without NUL; @size or more if the text was
 *	  cut to fit
 * @count: out: number of results; 0 after an error
 */
struct klua_result {
	char *buf;
	size_t size;
	size_t len;
	int count;
};

/* What a &struct klua_value holds */
enum klua_type {
	KLUA_TYPE_NIL,
	KLUA_TYPE_BOOLEAN,
	KLUA_TYPE_INTEGER,
	KLUA_TYPE_STRING,
	KLUA_TYPE_OBJECT,
	KLUA_TYPE_TEXT,
	KLUA_TYPE_NUMBER,
};

/**
 * struct klua_value - an argument or a result of klua_state_invoke()
 *
 * @type:    which of the fields below has the value. Of a result: the type that the
 *	     caller wants. A value of another type is an error, unless Lua converts it:
 *	     KLUA_TYPE_INTEGER takes 7.0 and "7", KLUA_TYPE_NUMBER takes any number and
 *	     a string that reads as one, KLUA_TYPE_STRING takes a number.
 *	     KLUA_TYPE_BOOLEAN takes any value as a condition does, KLUA_TYPE_NIL takes
 *	     any value and drops it. A result cannot be a KLUA_TYPE_OBJECT or a
 *	     KLUA_TYPE_TEXT
 * @optional: of a result: nil is no error, and leaves the value as it was
 * @absent:  of a result, out: the result was nil, and @optional
 * @boolean: KLUA_TYPE_BOOLEAN
 * @integer: KLUA_TYPE_INTEGER
 * @number:  KLUA_TYPE_NUMBER: a float, for klua_number_round() and the like
 * @object:  KLUA_TYPE_OBJECT, an argument: lent as by klua_object_lend(), until the
 *	     entry ends. That is this call, unless a function that Lua calls makes it
 *	     with __klua_state_invoke(): then it is the entry around both
 * @class:   KLUA_TYPE_OBJECT: the object's class
 * @string:  KLUA_TYPE_STRING, an argument: @len bytes, which Lua copies;
 *	     KLUA_TYPE_TEXT: the bytes up to a NUL
 * @buf:     KLUA_TYPE_STRING, a result: buffer for its bytes and a NUL, or NULL
 * @size:    of a result: bytes of @buf
 * @len:     bytes of @string; of a result, out: its whole length, which is @size
 *	     or more if it was cut to fit
 */
struct klua_value {
	enum klua_type type;
	bool optional;
	bool absent;
	union {
		bool boolean;
		s64 integer;
		lua_Number number;
		const void *string;
		void *object;
		char *buf;
	};
	union {
		const struct klua_class *class;
		size_t size;
	};
	size_t len;
};

/* Initializers of arguments */
#define KLUA_ARG_BOOLEAN(value) \
	{ .type = KLUA_TYPE_BOOLEAN, .boolean = (value) }
#define KLUA_ARG_INTEGER(value) \
	{ .type = KLUA_TYPE_INTEGER, .integer = (value) }
#define KLUA_ARG_NUMBER(value) \
	{ .type = KLUA_TYPE_NUMBER, .number = (value) }
#define KLUA_ARG_STRING(bytes, count) \
	{ .type = KLUA_TYPE_STRING, .string = (bytes), .len = (count) }
#define KLUA_ARG_TEXT(text) \
	{ .type = KLUA_TYPE_TEXT, .string = (text) }
#define KLUA_ARG_OBJECT(kind, ptr) \
	{ .type = KLUA_TYPE_OBJECT, .class = (kind), .object = (ptr) }

/* Initializers of results */
#define KLUA_RESULT_BOOLEAN	{ .type = KLUA_TYPE_BOOLEAN }
#define KLUA_RESULT_INTEGER	{ .type = KLUA_TYPE_INTEGER }
#define KLUA_RESULT_NUMBER	{ .type = KLUA_TYPE_NUMBER }
#define KLUA_RESULT_STRING(buffer, bytes) \
	{ .type = KLUA_TYPE_STRING, .buf = (buffer), .size = (bytes) }

/* Initializers of results that may be nil, which leaves @value as it is */
#define KLUA_OPTIONAL_BOOLEAN(value) \
	{ .type = KLUA_TYPE_BOOLEAN, .optional = true, .boolean = (value) }
#define KLUA_OPTIONAL_INTEGER(value) \
	{ .type = KLUA_TYPE_INTEGER, .optional = true, .integer = (value) }
#define KLUA_OPTIONAL_NUMBER(value) \
	{ .type = KLUA_TYPE_NUMBER, .optional = true, .number = (value) }
#define KLUA_OPTIONAL_STRING(buffer, bytes) \
	{ .type = KLUA_TYPE_STRING, .optional = true, .buf = (buffer), .size = (bytes) }

/* The arguments in an initializer of &struct klua_call */
#define KLUA_ARGS(...) \
	.args = (const struct klua_value[]) { __VA_ARGS__ }, \
	.nargs = sizeof((const struct klua_value[]) { __VA_ARGS__ }) / \
		 sizeof(struct klua_value)

/**
 * struct klua_call - a call of a Lua function by its name
 *
 * Belongs to the caller. Two calls at once must not share one.
 *
 * @function:  name of a global function. It is looked up in the table of globals alone:
 *	       metamethods of that table are not asked
 * @args:      its arguments
 * @nargs:     number of @args, at most KLUA_CALL_VALUES
 * @results:   its results. Further results of the function are dropped, missing ones
 *	       are nil. If one has the wrong type, those before it may have been written
 * @nresults:  number of @results, at most KLUA_CALL_VALUES
 * @error:     buffer for the text of an error, or NULL. NUL-terminated if
 *	       @error_size is not 0. Empty if the call succeeds. If the state was not
 *	       entered it may be empty as well: the errno that is returned says why
 * @error_size: bytes of @error
 * @traceback: add a traceback to the text
 * @steps:     steps this call may take; 0: as many as the state's entries
 * @time_us:   microseconds this call may take; 0: as many as the state's entries
 * @missing:   private: there is no such function
 */
struct klua_call {
	const char *function;
	const struct klua_value *args;
	unsigned int nargs;
	struct klua_value *results;
	unsigned int nresults;
	char *error;
	size_t error_size;
	bool traceback;
	u64 steps;
	u32 time_us;
	bool missing;
};

/* What happened to a state */
enum klua_event_type {
	KLUA_EVENT_CREATED,
	KLUA_EVENT_DESTROYED,
	KLUA_EVENT_ERROR,
	KLUA_EVENT_LIMIT,
	KLUA_EVENT_STOPPED,
	KLUA_EVENT_STARTED,
};

/**
 * struct klua_event - an event that a listener is told of
 *
 * @type:   what happened
 * @id:     the state's number
 * @name:   the state's name, NUL-terminated
 * @origin: whom the state was made for
 * @ephemeral: the state is destroyed with the netlink socket that made it
 * @error:  KLUA_EVENT_ERROR: the -errno
 * @limit:  KLUA_EVENT_LIMIT: the limit that was hit
 * @text:   KLUA_EVENT_ERROR: the message, not NUL-terminated
 * @len:    bytes of @text
 * @lost:   errors and limits of this state that were dropped before this one, since
 *	    there were too many
 */
struct klua_event {
	enum klua_event_type type;
	u32 id;
	const char *name;
	enum klua_origin origin;
	bool ephemeral;
	int error;
	enum klua_limit limit;
	const char *text;
	size_t len;
	unsigned int lost;
};

/**
 * struct klua_listener - a function that is told what happens to states
 *
 * @event: called in process context; may sleep. It may not make or retire a state, nor
 *	   register, unregister or wait for listeners: these calls return -EDEADLK there.
 *	   Entering a sleepable state waits no longer than an entry into it may take, and
 *	   is -EBUSY or -EDEADLK if the holder of its lock waits for listeners
 * @list:  private
 */
struct klua_listener {
	void (*event)(struct klua_listener *listener,
		      const struct klua_event *event);
	struct list_head list;
};

/* The longest time limits by kind, well below the times of the lockup detectors */
#define KLUA_TIME_MAX_US_ATOMIC		(8 * USEC_PER_SEC)
#define KLUA_TIME_MAX_US_IRQ		(100 * USEC_PER_MSEC)

/**
 * klua_states_init() - make the manager ready
 *
 * Context: Process context, once, before any other call.
 */
void klua_states_init(void);

/**
 * klua_states_exit() - destroy every state and wait until all are gone
 *
 * If a state is still held, its name is reported, and it is freed all the same.
 *
 * Context: Process context, once, after the last other call. May sleep.
 */
void klua_states_exit(void);

/**
 * klua_state_get() - hold a state
 * @s: a state that klua_state_lookup() returned in this RCU read section, or that
 *     the caller holds already; or NULL
 *
 * Context: Any context.
 * Return: true: the state is not freed until the matching klua_state_put().
 *	   false: the state was destroyed and must not be used, or @s is NULL.
 */
bool klua_state_get(struct klua_state *s);

/**
 * klua_state_put() - give back the hold that klua_state_get() took
 * @s: the state, or NULL
 *
 * The last put of a state that is out of the table has it closed, later, in process
 * context. If a state that is in the table is put more often than it was held, it is
 * taken out of the table and closed or leaked, and the kernel log says so.
 *
 * Context: Any context but NMI. Does not sleep. May be called with the state's lock held,
 *	    unless the state is sleepable: the last put begins the close, which does not
 *	    wait for the holder of that lock.
 */
void klua_state_put(struct klua_state *s);

/**
 * klua_state_lookup() - find a state by name
 * @name: the name, NUL-terminated
 *
 * Takes no reference. The pointer is valid until the caller's RCU read section
 * ends, or as long as something else keeps the state alive. A caller without either
 * uses klua_state_find().
 *
 * Context: Any context. Takes and releases the RCU read lock.
 * Return: the state, or NULL when there is none of this name.
 */
struct klua_state *klua_state_lookup(const char *name);

/**
 * klua_state_find() - find a state by name and hold it
 * @name: the name, NUL-terminated
 *
 * Context: Any context but NMI, where the hold could not be given back. Takes and
 *	    releases the RCU read lock.
 * Return: the state, to be given back with klua_state_put(), or NULL when there
 *	   is none of this name, or it is being destroyed.
 */
struct klua_state * __must_check klua_state_find(const char *name);

/**
 * __klua_state_create() - klua_state_create() for another module
 * @maxalloc: bytes that it may hold at any instant
 * @name: its name
 * @maker: the module whose state it is, or NULL: the kernel itself. If the state is left
 *	   when that module is unloaded, it is retired
 *
 * Context: as klua_state_create().
 * Return: as klua_state_create().
 */
struct klua_state *__klua_state_create(size_t maxalloc, const char *name,
				       struct module *maker);

/**
 * klua_state_create() - make an atomic state
 * @maxalloc: bytes that it may hold at any instant, KLUA_MIN_ALLOC or more
 * @name: its name, 1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL
 *
 * The state has the standard libraries open and is in the table under its name.
 * The caller does not hold it: it lives until it is destroyed. Of two creators racing
 * on one name exactly one wins.
 *
 * Context: Process context. May sleep. Takes and releases states_lock.
 * Return: the state, or NULL, with the cause in the kernel log, when the name is
 *	   NULL, empty, too long or taken, @maxalloc is below KLUA_MIN_ALLOC,
 *	   there is no memory to open the libraries, too little of the C stack is
 *	   left, or the caller may not sleep.
 */
static inline struct klua_state *klua_state_create(size_t maxalloc, const char *name)
{
	return __klua_state_create(maxalloc, name, THIS_MODULE);
}

/**
 * __klua_state_new() - klua_state_new() for another module
 * @config: its name, kind, limits and contents
 * @maker: the module whose state it is, as of __klua_state_create()
 *
 * Context: as klua_state_new().
 * Return: as klua_state_new().
 */
struct klua_state * __must_check
__klua_state_new(const struct klua_config *config, struct module *maker);

/**
 * klua_state_new() - make a state of any kind and hold it
 * @config: its name, kind, limits and contents
 *
 * The state is built before anybody else knows it: Lua's libraries are opened, then
 * @config->libraries; @config->open is called, and @config->chunks are run. Then the
 * state gets its name, or takes the place of the state that has the name: entries in
 * progress finish in the old state, and later lookups find the new one. If anything
 * fails, nothing has changed.
 *
 * Context: Process context. May sleep. A fatal signal to the caller ends the build.
 *	    Takes and releases states_lock.
 * Return: the state, to be given back with klua_state_put() or klua_state_retire(),
 *	   or, with the cause in @config->error or in the kernel log:
 *	   ERR_PTR(-EINVAL): @config is NULL, a field is wrong, or the state to be
 *	   replaced is of another kind;
 *	   ERR_PTR(-EPERM): the state is for user space, and a kernel module made the
 *	   one to be replaced;
 *	   ERR_PTR(-EOPNOTSUPP): called where one may not sleep;
 *	   ERR_PTR(-EDEADLK): called by a listener's event function;
 *	   ERR_PTR(-ENAMETOOLONG): the name is too long;
 *	   ERR_PTR(-EEXIST): the name is taken;
 *	   ERR_PTR(-ENOENT): @config->existing, and there is no state of the name; or
 *	   a file that @config names is not there;
 *	   ERR_PTR(-ENOMEM): no memory, by @config->maxalloc or by the machine;
 *	   ERR_PTR(-EOVERFLOW): too little of the C stack is left;
 *	   ERR_PTR(-EDQUOT): the quota of user space is full; ERR_PTR(-EAGAIN): it is
 *	   full until states that are being closed are gone;
 *	   ERR_PTR(-EREMOTEIO): a library of @config->libraries is not registered;
 *	   or what klua_state_run() returns for a chunk, request_firmware() for
 *	   its file, or klua_state_call() for @config->open.
 */
static inline struct klua_state * __must_check
klua_state_new(const struct klua_config *config)
{
	return __klua_state_new(config, THIS_MODULE);
}

/**
 * klua_state_publish() - make a state of any kind, without holding it
 * @config: its name, kind, limits and contents
 *
 * As klua_state_new(), but nobody holds the state: it lives until it is destroyed,
 * retired or replaced. klua_invoke() and klua_state_find() find it by its name. The
 * module that made it retires it, with klua_state_retire(klua_state_find(name)).
 *
 * Context: as klua_state_new().
 * Return: 0, or the error that klua_state_new() returns.
 */
static inline int __must_check
klua_state_publish(const struct klua_config *config)
{
	struct klua_state *s = klua_state_new(config);

	if (IS_ERR(s))
		return PTR_ERR(s);
	klua_state_put(s);
	return 0;
}

/**
 * klua_state_retire() - close a state that the caller holds, and wait for that
 * @s: the state; the caller's hold is given back
 *
 * No lookup finds the state any more, and other holders get -ESHUTDOWN for each
 * entry. The entry in progress is cancelled and waited for. When this returns, the
 * state is closed and its finalizers have run. A module calls this before it is
 * unloaded.
 *
 * Context: Process context. May sleep. Takes and releases states_lock and the
 *	    state's lock. It waits for the state's lock, so the caller must not hold
 *	    that of another state.
 * Return: 0, or, with nothing changed: -EINVAL: @s is NULL, or it is in the
 *	   table and nobody holds it, which goes into the kernel log with the caller's
 *	   name; -EDEADLK: called by a function that Lua called, in this or another
 *	   state, by a listener's event function, or with the state's lock held;
 *	   -EOPNOTSUPP: called where one may not sleep.
 */
int klua_state_retire(struct klua_state *s);

/**
 * klua_state_destroy() - destroy a state that nobody holds
 * @name: its name, NUL-terminated
 *
 * The decision is one atomic step on the count: a klua_state_get() that comes
 * first makes this fail, one that comes later fails itself.
 *
 * Context: Any context but NMI, and not from a probe: the code that the probe
 *	    interrupts may have states_lock. Takes and releases states_lock; does not
 *	    sleep. On PREEMPT_RT not with interrupts off.
 * Return: 0: no lookup or get succeeds from now on, and the state is closed once
 *	   current readers are done. -1: there is no state of this name, or
 *	   somebody holds it, and then nothing changes.
 */
int klua_state_destroy(const char *name);

/**
 * klua_state_try_destroy() - klua_state_destroy() with the cause of a failure
 * @name: its name, NUL-terminated
 *
 * Context: as klua_state_destroy().
 * Return: 0, -ENOENT: there is no state of this name, or -EBUSY: somebody holds
 *	   it.
 */
int klua_state_try_destroy(const char *name);

/**
 * klua_state_list() - write all states into the kernel log
 *
 * A header, a line for each state, a total. A state that is created or destroyed
 * meanwhile may be missing; none is listed twice.
 *
 * Context: Process context. May sleep. Takes and releases the RCU read lock.
 */
void klua_state_list(void);

/**
 * klua_state_destroy_all() - destroy every state
 *
 * Takes all states out of the table, those that somebody holds included; these
 * are closed by their last put. A state that is created meanwhile may stay.
 *
 * Context: Process context. May sleep. Takes and releases states_lock, once for
 *	    each state.
 */
void klua_state_destroy_all(void);

/**
 * klua_state_next() - walk the states
 * @id: the number of the state before, or 0 for the first one
 *
 * In the order of their numbers. A state that comes or goes meanwhile may be
 * missed; none is seen twice.
 *
 * Context: Any context but NMI. Takes and releases the RCU read lock.
 * Return: the state with the least number above @id, to be given back with
 *	   klua_state_put(), or NULL at the end.
 */
struct klua_state * __must_check klua_state_next(u32 id);

/**
 * klua_state_find_id() - find a state by its number and hold it
 * @id: &klua_state.id
 *
 * Context: Any context but NMI. Takes and releases the RCU read lock.
 * Return: the state, to be given back with klua_state_put(), or NULL when it is
 *	   gone or going away.
 */
struct klua_state * __must_check klua_state_find_id(u32 id);

/**
 * klua_state_lock() - lock a state for the caller alone
 * @s: a state that the caller keeps alive, never NULL
 *
 * How long it waits depends on the state's kind: for an atomic state at most as long as
 * one entry into it may take, for a sleepable state until a fatal signal comes, for an
 * irq state not at all. A function that Lua calls may lock another state. It waits for
 * that state too, unless that would be a deadlock. The same holds for a task that has
 * locked a sleepable state and locks or calls another one. It is better to hold one lock
 * at a time: the locks of all sleepable states have one class for lockdep, which
 * therefore reports a task that waits for a second one.
 *
 * The caller uses @s->L, and calls what may raise an error, as nearly all of Lua's API
 * does when memory runs out, by __klua_state_call(). An error outside of any protected
 * call is an oops: the task ends with the lock held, and the log names the caller.
 *
 * Context: By the state's kind. Atomic: process context or softirq, interrupts on;
 *	    bottom halves are off, and nothing may sleep, until klua_state_unlock().
 *	    Sleepable: process context that may sleep. Irq: any context but NMI;
 *	    interrupts are off until klua_state_unlock(). On x86 a kprobe that is
 *	    not at a function's beginning may run as in an NMI, by a breakpoint.
 * Return: 0, or
 *	   -EDEADLK: the caller has the lock, or is called by the state's Lua code;
 *	   -EBUSY: the wait took too long, or would be a deadlock; an irq state is
 *	   locked, whether by another context or by this one;
 *	   -EINTR: a fatal signal came while it waited for a sleepable state;
 *	   -ECANCELED: the entry that waits was cancelled;
 *	   -ESHUTDOWN: the state is stopped, retired, or being closed;
 *	   -EOPNOTSUPP: the kind does not allow this context.
 */
int __must_check klua_state_lock(struct klua_state *s);

/**
 * klua_state_unlock() - unlock a state that klua_state_lock() locked
 * @s: the state
 *
 * Context: Where klua_state_lock() was called.
 */
void klua_state_unlock(struct klua_state *s);

/**
 * klua_state_call() - call a C function in a state, protected
 * @s: a state that the caller keeps alive
 * @fn: called with @arg as a light userdata at index 1 of its own stack frame; may
 *	use the whole Lua API and raise errors; its results are dropped. As any C
 *	function of Lua's, it has room for LUA_MINSTACK values, and gets more by
 *	luaL_checkstack()
 * @arg: argument of @fn; may be NULL
 *
 * Takes the lock, arms the limits, calls @fn, restores the Lua stack.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_lock(), or
 *	   -ETIME: the entry has reached its limit on steps;
 *	   -ETIMEDOUT: the entry has reached its limit on time;
 *	   -ECANCELED: the entry was cancelled, by klua_state_cancel() say;
 *	   -EINTR: a fatal signal to this task, in a sleepable state;
 *	   -ENOMEM: no memory: maxalloc is reached, or the kernel has none;
 *	   -ELOOP: an error while an error was handled;
 *	   -EREMOTEIO: any other Lua error;
 *	   -EOVERFLOW: too little of the C stack is left;
 *	   -EINVAL: @s or @fn is NULL.
 */
int klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg);

/**
 * __klua_state_call() - klua_state_call() for a caller that has the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @fn: the function
 * @arg: its argument
 *
 * After a failure s->errmsg has the text, until the next failure.
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_call().
 */
int __klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg);

/**
 * klua_state_invoke() - call a Lua function by its name
 * @s: a state that the caller keeps alive
 * @call: the function, its arguments and results
 *
 * Pushing the arguments, the call and reading the results are one protected call, so no
 * Lua error leaves it. This is the fastest way to call Lua, for each packet say.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_call(); -ENOENT: there is no such function;
 *	   -EINVAL: @call is NULL, has no @function, too many values, values at NULL, or
 *	   a @time_us that the state's kind does not allow.
 */
int klua_state_invoke(struct klua_state *s, struct klua_call *call);

/**
 * klua_invoke() - call a Lua function in the state of a name
 * @name: the state's name, NUL-terminated
 * @call: the function, its arguments and results
 *
 * klua_state_find(), klua_state_invoke() and klua_state_put() in one, for a state that
 * others make, replace and destroy.
 *
 * Context: as klua_state_lock(). Takes and releases the RCU read lock and the
 *	    state's lock.
 * Return: 0, or as klua_state_invoke(); -ENODEV: there is no state of this name.
 */
int klua_invoke(const char *name, struct klua_call *call);

/**
 * __klua_state_invoke() - klua_state_invoke() for a caller that has the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @call: the function, its arguments and results
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_invoke().
 */
int __klua_state_invoke(struct klua_state *s, struct klua_call *call);

/**
 * klua_state_run() - compile and run a text in a state
 * @s: a state that the caller keeps alive
 * @chunk: Lua source text; it may contain NULs
 * @len: its length in bytes
 * @chunkname: what messages call it ("=name" shows name as it is), or NULL
 * @result: where the results, or the error and its traceback, go as text, or
 *	    NULL; the same buffer must not be used by two calls at once
 *
 * Compiling, running and writing the results are one entry: all of it together has to
 * keep to the limits.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_call(), or -ENOEXEC: a syntax error.
 */
int klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		   const char *chunkname, struct klua_result *result);

/**
 * __klua_state_run() - klua_state_run() for a caller that has the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @chunk: the text
 * @len: its length in bytes
 * @chunkname: its name
 * @result: where results or the error go, or NULL
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_run().
 */
int __klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		     const char *chunkname, struct klua_result *result);

/**
 * klua_state_set_maxalloc() - change the memory limit of a state
 * @s: a state that the caller keeps alive
 * @maxalloc: bytes, KLUA_MIN_ALLOC or more
 *
 * A limit below what the state holds takes nothing away: the state gets no memory
 * until it has shrunk below the limit. The limit of a reserved state cannot be larger
 * than what was reserved. The states of a set are changed one after the other: after
 * an error those before the one that failed have the new limit. If another task is
 * changing limits of the set, this waits for that as for the state's lock. A function
 * that Lua calls does not wait, but gets -EBUSY.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_lock(), or -EINVAL: @s is NULL, @maxalloc is below
 *	   KLUA_MIN_ALLOC or above what was reserved.
 */
int klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc);

/**
 * __klua_state_set_maxalloc() - klua_state_set_maxalloc() for a caller that has the
 *				 lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @maxalloc: bytes, KLUA_MIN_ALLOC or more
 *
 * A function that Lua calls may call this, too. The next allocation keeps to the new
 * limit.
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_set_maxalloc(), but -EINVAL alone.
 */
int __klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc);

/**
 * klua_state_set_steps() - change the steps that each entry into a state may take
 * @s: a state that the caller keeps alive
 * @steps: 1 or more, or KLUA_STEPS_UNLIMITED
 *
 * Without a limit on steps the limit on time still holds.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_lock(), or -EINVAL: @s is NULL or @steps is 0.
 */
int klua_state_set_steps(struct klua_state *s, u64 steps);

/**
 * __klua_state_set_steps() - klua_state_set_steps() for a caller that has the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @steps: 1 or more, or KLUA_STEPS_UNLIMITED
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: 0, or -EINVAL: @s is NULL or @steps is 0; -EDEADLK: called by a function
 *	   that Lua calls, whose entry is in progress with the old limit.
 */
int __klua_state_set_steps(struct klua_state *s, u64 steps);

/**
 * klua_state_set_time() - change the time that each entry into a state may take
 * @s: a state that the caller keeps alive
 * @us: microseconds, 1 or more, or KLUA_TIME_UNLIMITED for a sleepable state
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_lock(), or -EINVAL: @s is NULL, @us is 0, or more
 *	   than a state of this kind may have (KLUA_TIME_MAX_US_ATOMIC,
 *	   KLUA_TIME_MAX_US_IRQ).
 */
int klua_state_set_time(struct klua_state *s, u64 us);

/**
 * __klua_state_set_time() - klua_state_set_time() for a caller that has the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @us: microseconds, 1 or more, or KLUA_TIME_UNLIMITED for a sleepable state
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: 0, -EINVAL as klua_state_set_time(), or -EDEADLK: called by a function
 *	   that Lua calls.
 */
int __klua_state_set_time(struct klua_state *s, u64 us);

/**
 * klua_state_set_stopped() - stop a state, or start it again
 * @s: a state that the caller keeps alive
 * @stopped: true: each entry gets -ESHUTDOWN from now on, and the one in progress
 *	     is cancelled; false: entries are allowed again
 *
 * States that have replaced each other are stopped and started together: @s, the states
 * that it has replaced and that are still held, and the states that have taken its
 * place. A state that takes the place of a stopped one later is stopped as well. A
 * state that an administrator has stopped stays stopped until an administrator starts
 * it, whatever this call says.
 *
 * Listeners are told, some time afterwards, of the state that has the name, if it has
 * changed.
 *
 * Context: Any context but NMI. Takes and releases lines_lock, and may be called under
 *	    any lock. Does not sleep.
 * Return: 0, or -EINVAL: @s is NULL; -ESHUTDOWN: @s is retired, and cannot be stopped
 *	   or started; states that have taken its place are started all the same;
 *	   -EBUSY: called by a probe that has interrupted KLua on this processor, while
 *	   it had a lock of its own. Nothing has changed then.
 */
int klua_state_set_stopped(struct klua_state *s, bool stopped);

/**
 * klua_state_cancel() - end the entry in progress in a state
 * @name: its name, NUL-terminated
 *
 * The entry in progress ends within KLUA_SLICE_MAX steps, with -ECANCELED for its
 * caller, and with it each entry that it has made into another state. An entry that
 * begins meanwhile is not cancelled.
 *
 * Context: Any context. Takes and releases the RCU read lock. Does not sleep.
 * Return: 0: the entry in progress will end; -ENOENT: there is no state of this name;
 *	   -ESRCH: no entry is in progress.
 */
int klua_state_cancel(const char *name);

/**
 * klua_listener_register() - register a function that is told what happens to states
 * @listener: with its event function set; the caller keeps it until it is
 *	      unregistered
 *
 * The function is told of states that are created, destroyed, stopped and started, of
 * errors, and of limits that are hit.
 *
 * A work item tells errors and limits some time after they happened, in their order.
 * When too many come at once, some are dropped, and the next event says how many. That
 * a state was created or destroyed, or that the administrator stopped or started one,
 * is never dropped.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL: @listener or its event function is NULL; -EEXIST: it is
 *	   registered already; -EDEADLK: called by a listener's event function.
 */
int klua_listener_register(struct klua_listener *listener);

/**
 * klua_listener_unregister() - unregister a listener
 * @listener: the listener; it is not called any more once this has returned 0
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL: @listener is NULL; -ENOENT: it is not registered; -EDEADLK:
 *	   called by a listener's event function.
 */
int klua_listener_unregister(struct klua_listener *listener);

/**
 * klua_events_flush() - wait until all events so far were told
 *
 * Afterwards all lines that scripts have printed before this call are in the log, and
 * listeners have been told of each error and limit.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EDEADLK: called by a listener's event function.
 */
int klua_events_flush(void);

/**
 * __klua_lib_register() - klua_lib_register() for another module
 * @lib: the library
 * @owner: the module that has the functions, or NULL: the kernel itself
 *
 * Context: as klua_lib_register().
 * Return: as klua_lib_register().
 */
int __klua_lib_register(struct klua_lib *lib, struct module *owner);

/**
 * klua_lib_register() - give functions and classes to Lua
 * @lib: the library; it belongs to the caller and must stay where it is, with its
 *	 classes, until it is unregistered
 *
 * From now on require() finds the library in every state. Functions run in the
 * context of the state that calls them, under its limits. They may raise
 * errors, yield, and give continuations to lua_callk(), lua_pcallk() and
 * lua_yieldk(); they have no upvalues of their own. Unregistering does not know of C
 * functions that a library pushes itself by lua_pushcfunction().
 *
 * Context: Process context. May sleep. Takes and releases libs_mutex.
 * Return: 0, or, with the cause in the kernel log,
 *	   -EINVAL: @lib is NULL; a name is NULL, empty or too long; a function
 *	   is NULL; two functions, methods or classes have one name; a method
 *	   has one of KLua's own names;
 *	   -EEXIST: the name is taken, or @lib or a class is registered already;
 *	   -ENOMEM: no memory.
 */
#define klua_lib_register(lib)	__klua_lib_register(lib, THIS_MODULE)

/**
 * klua_lib_unregister() - take a library away from Lua
 * @lib: the library
 *
 * When this has returned 0, Lua cannot reach anything of the library, whatever
 * scripts have kept, and every owned object has been released: the module may be
 * unloaded. If a script calls a function that it has kept, that raises an ordinary
 * error that names library and module.
 *
 * Waits until no function of the library runs. Lua code that these functions have
 * called is cancelled if it takes longer than five seconds.
 *
 * Context: Process context. May sleep. Takes and releases libs_mutex.
 * Return: 0, or, with the cause in the kernel log and nothing changed,
 *	   -EDEADLK: called by a function that Lua calls, by a listener, or where one
 *	   may not sleep;
 *	   -ENOENT: @lib is not registered;
 *	   -EINVAL: @lib is NULL.
 */
int klua_lib_unregister(struct klua_lib *lib);

/**
 * klua_lib_for_each() - look at all registered libraries
 * @fn: called for each; the @info is valid during the call. A result other than 0 ends
 *	the walk
 * @arg: for @fn
 *
 * A library that is registered or unregistered meanwhile, by @fn or by others, may be
 * missed; none is seen twice.
 *
 * Context: Process context. May sleep. Takes and releases libs_mutex, and does not
 *	    hold it while @fn runs.
 * Return: what @fn returned last, 0 when there are no libraries, or -EINVAL:
 *	   @fn is NULL.
 */
int klua_lib_for_each(int (*fn)(const struct klua_lib_info *info, void *arg),
		      void *arg);

/**
 * klua_lib_open() - open a library in a state
 * @L: the state
 * @name: name of the library
 *
 * As "NAME = require 'NAME'" in a script. Raises an error when there is no
 * memory for it, so it is called protected.
 *
 * Context: Any context that @L may be used in.
 * Return: 0, or -ENOENT: there is no library of this name; -EINVAL: @name is
 *	   NULL.
 */
int klua_lib_open(lua_State *L, const char *name);

/**
 * klua_object_push() - give an object to Lua
 * @L: a state
 * @class: a registered class; its library is opened when it is not yet open
 * @ptr: the object, not NULL. Lua owns it from the call on
 *
 * Pushes a userdata. &klua_class.release runs once for @ptr: when the userdata
 * is collected, when the state is closed, or when the library is unregistered,
 * whichever comes first, and also when this call raises an error.
 *
 * Context: Any context that @L may be used in. Raises an error when there is no
 *	    memory, or the class is of no registered library.
 */
void klua_object_push(lua_State *L, const struct klua_class *class, void *ptr);

/**
 * klua_object_lend() - lend an object to Lua for one entry
 * @L: a state
 * @class: a registered class; its library is opened when it is not yet open
 * @ptr: the object, not NULL, which must stay until the entry is over
 *
 * Pushes a userdata that is valid until the entry in progress ends; outside of an
 * entry, until the next one ends. Afterwards each use of it is an ordinary error.
 * &klua_class.release is not called.
 *
 * Context: Any context that @L may be used in. Raises an error when there is no
 *	    memory, or the class is of no registered library.
 */
void klua_object_lend(lua_State *L, const struct klua_class *class, void *ptr);

/**
 * klua_object_check() - get the object in an argument
 * @L: a state
 * @idx: index of the argument
 * @class: the class that it must be of
 *
 * Context: Any context that @L may be used in. Raises an ordinary error, which
 *	    names the class, when the value is of another kind, is stale, or has
 *	    been released.
 * Return: the pointer that was pushed or lent.
 */
void *klua_object_check(lua_State *L, int idx, const struct klua_class *class);

/**
 * klua_number_from_bits() - a Lua float from the bits of an IEEE double
 * @bits: its 64 bits
 *
 * Nothing in the kernel computes with a C double; lua_Number is a struct with the
 * bits of one, for lua_pushnumber() and lua_tonumberx().
 *
 * Context: Any.
 * Return: the float.
 */
static inline lua_Number klua_number_from_bits(u64 bits)
{
	return (lua_Number){ .bits = bits };
}

/**
 * klua_number_bits() - the bits of a Lua float
 * @n: the float
 *
 * Context: Any.
 * Return: the 64 bits of the IEEE double that it is.
 */
static inline u64 klua_number_bits(lua_Number n)
{
	return n.bits;
}

/**
 * klua_number_from_integer() - a Lua float from an integer
 * @i: the integer
 *
 * Context: Any.
 * Return: the float nearest to @i; of two the one whose last bit is 0.
 */
lua_Number klua_number_from_integer(s64 i);

/**
 * klua_number_from_ratio() - a Lua float from a ratio
 * @numerator: the dividend
 * @denominator: the divisor
 *
 * klua_number_from_ratio(1, 3), say. Divides as Lua does: by zero gives an infinity, and
 * zero by zero gives a NaN.
 *
 * Context: Any.
 * Return: the float nearest to the quotient of both as floats.
 */
lua_Number klua_number_from_ratio(s64 numerator, s64 denominator);

/**
 * klua_number_round() - the integer nearest to a Lua float
 * @n: the float
 * @i: out: the integer; of two that are equally near, the even one; 0 if there is none
 *
 * Context: Any.
 * Return: true, or false: @n is a NaN, or too large.
 */
bool klua_number_round(lua_Number n, s64 *i);

#endif /* KLUA_STATES_H */

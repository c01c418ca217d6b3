/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KLua: named, thread-safe Lua 5.3 states for kernel modules.
 *
 * The one header a consumer includes. A module that uses KLua says
 * MODULE_IMPORT_NS(KLUA); (the macro KLUA_IMPORT_NS below hides the
 * difference between kernels) and builds with -I of this directory.
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

/* Bytes of a state's name, its NUL included. */
#define KLUA_NAME_MAXSIZE	64

/*
 * Bytes below which klua_state_create() refuses @maxalloc: the interpreter's
 * own structures without any library already need about 5 KiB.
 */
#define KLUA_MIN_ALLOC		8192

/* Bytes of the text that the last failed entry left in a state. */
#define KLUA_ERROR_MAXSIZE	256

/* Arguments, and results, of one klua_state_invoke(). */
#define KLUA_CALL_VALUES	8

/**
 * struct klua_stats - what a state has done since it was made, but for what
 *			struct klua_limits counts
 *
 * Protection as in struct klua_state.
 *
 * @ns:      W: time these took, while the module parameter "stats" is on
 * @entered: S: when the entry in progress began, in ns, or 0 when not asked for
 * @errors:  W: calls and runs that ended in an error
 * @limits:  W: entries in which a limit was hit, by enum klua_limit
 * @unprinted: W: lines that print dropped, since there were too many
 */
struct klua_stats {
	u64 ns;
	u64 entered;
	u64 errors;
	u64 limits[__KLUA_LIMIT_MAX];
	u64 unprinted;
};

/* Who may enter a state (&klua_state.gate): bits of why nobody may */
enum klua_gate {
	KLUA_GATE_OPEN,
	KLUA_GATE_STOPPED = 1,	/* a kernel module has stopped it */
	KLUA_GATE_HALTED = 2,	/* user space has */
	KLUA_GATE_RETIRED = 4,	/* alone, and for ever */
};

/**
 * struct klua_state - one named Lua state
 *
 * A consumer may read these fields; it writes none of them.
 *
 * Each field's protection:
 *   I: set before the state is published, read-only after;
 *   P: private: touched by whoever makes the state before anybody else knows
 *      it, and by whoever closes it when nobody else does any more;
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
 * @lock:	X: an atomic state: one user at a time; taken with bottom halves off
 * @users:	A: 1 for the table plus one for each klua_state_get()
 * @maxalloc:	W: bytes the script may hold at any instant
 * @granted:	W: bytes that its owner allowed; user space allows no more
 * @curralloc:	W: bytes the script holds, as Lua asked for them
 * @name:	I: unique among the states of the table, NUL-terminated
 * @namelen:	I: bytes of @name without the NUL
 * @hash:	I: hash of @name, compared before the name itself
 * @kind:	I: who may enter it, and how
 * @gate:	X: enum klua_gate: whether they may; written by an atomic exchange, read
 *		under the state's lock by each entry
 * @mutex:	X: a sleepable state: one user at a time
 * @raw:	X: an irq state: one user at a time; with interrupts off
 * @irqs:	S: what klua_state_lock() found interrupts like, of an irq state
 * @owner:	W: the task that has the state's lock by klua_state_lock(), or that
 *		was interrupted by who has, or NULL
 * @task:	S: the task whose entry is in progress, where that may be preempted
 * @task_node:	X: link in task_entries (enter.c)
 * @waits:	X: what the context that is in this state waits for, or NULL;
 *		wait_lock (enter.c)
 * @reserved:	I: all of its memory was taken when it was made
 * @building:	P: memory may be waited for
 * @closing:	P: nobody else has a pointer to the state any more
 * @ephemeral:	I: goes away with the netlink socket that made it
 * @retired:	A: the Lua state was closed, and its finalizers have run
 * @refused:	S: the allocator said no, and has not said yes since
 * @peakalloc:	W: the largest @curralloc so far
 * @steps:	W: steps one entry may take, or KLUA_STEPS_UNLIMITED
 * @time_ns:	W: time one entry may take, or KLUA_TIME_UNLIMITED
 * @slice:	S: what an entry starts with of @steps
 * @limits:	S: what an entry is charged to; some fields W (lua/budget.h)
 * @heap:	S: the pages that its blocks are on
 * @pages:	S: those from the page allocator, by &page.lru
 * @areas:	S: those from vmalloc (alloc.c)
 * @reserve:	I: where all of them are if the state is reserved, or NULL
 * @memcg:	I: the memory cgroup that these are charged to
 * @print_limit: X: lines that print may write in five seconds
 * @print_dropped: S: lines dropped since the last one that was not
 * @errmsg:	SE: text of the last entry that failed, or empty
 * @trace:	SE: the whole of it with its traceback, or nothing of use
 * @trace_len:	E: bytes of @trace, or 0
 * @traced:	S: bytes of a traceback in @trace that are waiting for their text
 * @error_lock:	X: guards what is shown of the last error; with interrupts off;
 *		innermost of all locks
 * @error:	E: -errno of the last entry that failed, or 0
 * @error_ns:	E: when that was, on the monotonic clock
 * @id:		I: number that no other state has, nor had lately
 * @origin:	I: who made it
 * @maker:	I: the code that made it, for its module. An address in init text is
 *		replaced by that of the struct module before the text is freed
 * @stats:	W: counters
 * @sink:	S: who else gets what print() writes, or NULL
 * @events:	S: error and limit events sent since @events_from
 * @events_lost: S: those not sent, since they were too many
 * @events_from: S: jiffies
 * @all:	L: link in the list of every state not yet freed
 * @set:	I: the set of states, one for each processor, that it is of, or NULL
 * @line:	X: ring of those that have replaced each other and are not freed;
 *		lines_lock (states.c)
 * @replaced:	X: another one has its place; lines_lock
 * @quota:	I: who counts it, or NULL
 * @charged:	S: bytes that @quota counts: what user space gave, not what a module
 *		allowed since
 * @source:	P: a file that is being compiled
 * @close:	P: closes the Lua state after a grace period, in process context
 */
struct klua_state {
	struct hlist_node node;
	lua_State *L;
	spinlock_t lock;	/* one user at a time */
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
		struct mutex mutex;	/* one user at a time */
		struct {
			raw_spinlock_t raw;	/* one user at a time */
			unsigned long irqs;
		};
	};
	struct task_struct *owner;
	struct task_struct *task;
	struct hlist_node task_node;
	struct klua_state *waits;
	size_t peakalloc;
	size_t granted;
	u64 steps;
	u64 time_ns;
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
	unsigned long maker;
	struct klua_stats stats;
	struct klua_sink *sink;
	unsigned int events;
	unsigned int events_lost;
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
 * @len:  its bytes
 * @name: what messages call it; "=name" shows name as it is, "@file" a file.
 *	  NULL: the firmware's file, or "=chunk"
 * @firmware: in place of @text: a file's name for the firmware loader, which
 *	  looks below /lib/firmware
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
 * Whatever is 0 or NULL has the default that its line says. Belongs to the
 * caller, and is not looked at after klua_state_new() has returned.
 *
 * @name:     1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL. Names with a slash in them
 *	      are for states that user space makes, and those without one for kernel
 *	      modules: user space is refused the latter, and may have taken any of the
 *	      former. A module's own name, or one that begins with it, is a good one
 * @kind:     who may enter it, and how: KLUA_KIND_ATOMIC
 * @maxalloc: bytes that it may hold at any instant, KLUA_MIN_ALLOC or more
 * @reserve:  take all of @maxalloc now, so that no allocation fails later for
 *	      want of the machine's memory; an irq state does so always
 * @steps:    steps an entry may take, or KLUA_STEPS_UNLIMITED. Default: the
 *	      module's parameter for the kind
 * @time_us:  microseconds an entry may take, at most KLUA_TIME_MAX_US of the
 *	      kind. Default: the module's parameter for the kind
 * @time_unlimited: a sleepable state only: no limit on time
 * @libraries: names of registered libraries, ended by NULL, that are opened as
 *	      klua_lib_open() does: none
 * @chunks:   run one after the other while the state is made, each on the budget
 *	      of a sleepable state: preemptible, waiting for memory
 * @nchunks:  how many they are
 * @open:     called before @chunks, protected, with @arg as a light userdata
 *	      at index 1: registers the consumer's functions, say
 * @arg:      whatever @open wants
 * @percpu:   make one state for each possible processor, all of them under the one
 *	      name. klua_state_find() and klua_state_lookup() give the one of the
 *	      processor that they run on. What is said of one of them holds for all:
 *	      limits, cancel, stop, destroy, retire, replace; they are listed as one
 * @replace:  take the place of the state of this name, which must be of the same
 *	      kind, if there is one. While that is stopped, the new one is, too
 * @existing: with @replace: make none if there is no state of this name
 * @error:    where the cause of a failure goes as text, with a traceback when a
 *	      chunk failed, or NULL; always NUL-terminated when @error_size is not 0
 * @error_size: bytes @error holds; 0: the cause goes into the kernel log
 * @origin:   who it is made for: KLUA_ORIGIN_KERNEL. For user space the name needs a
 *	      slash, and a state that a kernel module made is not replaced
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
 * struct klua_result - where klua_state_run() leaves what a chunk returned
 *
 * The caller's own, and not shared.
 *
 * @buf:  bytes for the text: the chunk's results as tostring() shows them,
 *	  separated by tabs, or the error message with its traceback; always
 *	  NUL-terminated when @size is not 0
 * @size: bytes @buf holds; with a @buf of NULL they count as none
 * @len:  out: bytes of the whole text, without NUL; @size or more when it was
 *	  cut to fit
 * @count: out: how many results there are; 0 after an error
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
 * @type:    which of the following it is. Of a result: which one it has to be;
 *	     another one is an error, after what Lua itself converts: KLUA_TYPE_INTEGER
 *	     takes 7.0 and "7", KLUA_TYPE_NUMBER any number and a string that reads as
 *	     one, KLUA_TYPE_STRING a number. KLUA_TYPE_NIL takes any and drops it,
 *	     and KLUA_TYPE_BOOLEAN takes any as a condition does; no result is a
 *	     KLUA_TYPE_OBJECT or a KLUA_TYPE_TEXT
 * @optional: of a result: nil is good, too, and leaves the value as it was
 * @absent:  of a result, out: it was nil, and @optional
 * @boolean: KLUA_TYPE_BOOLEAN
 * @integer: KLUA_TYPE_INTEGER
 * @number:  KLUA_TYPE_NUMBER: a float, for klua_number_round() and the like
 * @object:  KLUA_TYPE_OBJECT, an argument: lent as by klua_object_lend(), so for
 *	     this call, but when a function that Lua calls makes it by
 *	     __klua_state_invoke() until the entry around both is over
 * @class:   KLUA_TYPE_OBJECT: what it is
 * @string:  KLUA_TYPE_STRING, an argument: @len bytes, which Lua copies;
 *	     KLUA_TYPE_TEXT: those up to a NUL
 * @buf:     KLUA_TYPE_STRING, a result: where its bytes and a NUL go, or NULL
 * @size:    of a result: bytes @buf holds
 * @len:     bytes of @string; of a result, out: its whole length, which is @size
 *	     or more when it was cut to fit
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

/* The same of results that may be nil, which is then as if it were @value */
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
 * The caller's own, and not shared.
 *
 * @function:  name of a global function
 * @args:      its arguments
 * @nargs:     how many, at most KLUA_CALL_VALUES
 * @results:   its results; further ones are dropped, missing ones are nil. After an
 *	       error those before the one that is wrong may have been written
 * @nresults:  how many, at most KLUA_CALL_VALUES
 * @error:     where the text of an error goes, or NULL; always NUL-terminated when
 *	       @error_size is not 0
 * @error_size: bytes @error holds
 * @traceback: add one to the text
 * @steps:     steps this call may take, or 0: what the state's entries may
 * @time_us:   microseconds this call may take, or 0: what the state's entries may
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
 * struct klua_event - what a listener is told
 *
 * @type:   what happened
 * @id:     the state's number
 * @name:   its name, NUL-terminated
 * @origin: who it was made for
 * @ephemeral: it goes away with the netlink socket that made it
 * @error:  KLUA_EVENT_ERROR: the -errno
 * @limit:  KLUA_EVENT_LIMIT: which one
 * @text:   KLUA_EVENT_ERROR: the message, not NUL-terminated
 * @len:    its bytes
 * @lost:   errors and limits of this state that were not told before this one,
 *	    since they were too many
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
 * struct klua_listener - who is told what happens to states
 *
 * @event: called in process context, without any lock of a state; may sleep. To make
 *	   or retire a state, and to register, unregister or wait for listeners, is
 *	   refused there with -EDEADLK
 * @list:  private
 */
struct klua_listener {
	void (*event)(struct klua_listener *listener,
		      const struct klua_event *event);
	struct list_head list;
};

/* Most that an entry may be given, by kind: well below the lockup detectors. */
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
 * A hold that was not given back is reported by the state's name, and the state
 * freed all the same.
 *
 * Context: Process context, once, after the last other call. May sleep.
 */
void klua_states_exit(void);

/**
 * klua_state_get() - hold a state
 * @s: a state that klua_state_lookup() returned in this RCU read section, or that
 *     the caller holds already; NULL is nobody's
 *
 * Context: Any context.
 * Return: true: the state is not freed until the matching klua_state_put().
 *	   false: it is going away, and must not be used.
 */
bool klua_state_get(struct klua_state *s);

/**
 * klua_state_put() - give back the hold that klua_state_get() took
 * @s: the state, or NULL
 *
 * The last put of a state that was destroyed closes it, later, in process
 * context. A put too many of a state that was not takes it out of the table, which
 * the kernel log says; whoever holds it has lost it.
 *
 * Context: Any context but NMI. Does not sleep; may be called with the state's
 *	    lock held.
 */
void klua_state_put(struct klua_state *s);

/**
 * klua_state_lookup() - find a state by name
 * @name: the name, NUL-terminated
 *
 * Takes no reference. The pointer is good until the caller's RCU read section
 * ends, or for as long as something else keeps the state alive. Without either
 * use klua_state_find().
 *
 * Context: Any context. Takes and releases the RCU read lock.
 * Return: the state, or NULL when there is none of this name.
 */
struct klua_state *klua_state_lookup(const char *name);

/**
 * klua_state_find() - find a state by name and hold it
 * @name: the name, NUL-terminated
 *
 * Context: Any context but NMI, where it could not be given back. Takes and
 *	    releases the RCU read lock.
 * Return: the state, to be given back with klua_state_put(), or NULL when there
 *	   is none of this name, or it is going away.
 */
struct klua_state * __must_check klua_state_find(const char *name);

/**
 * klua_state_create() - make an atomic state
 * @maxalloc: bytes that it may hold at any instant, KLUA_MIN_ALLOC or more
 * @name: its name, 1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL
 *
 * The state has the standard libraries open and is in the table under its name.
 * The caller holds no reference to it: it lives until somebody destroys it. Of
 * two creators racing on one name exactly one wins.
 *
 * Context: Process context. May sleep. Takes and releases states_lock.
 * Return: the state, or NULL, with the cause in the kernel log, when the name is
 *	   NULL, empty, too long or taken, @maxalloc is below KLUA_MIN_ALLOC,
 *	   there is no memory to open the libraries, or the caller may not sleep.
 */
struct klua_state *klua_state_create(size_t maxalloc, const char *name);

/**
 * klua_state_new() - make a state of any kind and hold it
 * @config: what it is to be like
 *
 * The state is built before anybody else knows it: Lua's libraries and
 * @config->libraries, @config->open, @config->chunks. Then it gets its name, or
 * takes the place of the state that has it: whoever is inside that one finishes
 * there, whoever looks the name up afterwards finds the new one. When anything
 * fails, nothing has changed.
 *
 * Context: Process context. May sleep. A fatal signal ends it. Takes and releases
 *	    states_lock.
 * Return: the state, to be given back with klua_state_put() or klua_state_retire(),
 *	   or, with the cause in @config->error or in the kernel log:
 *	   ERR_PTR(-EINVAL): @config is NULL, a field is wrong, or the state to be
 *	   replaced is of another kind;
 *	   ERR_PTR(-EPERM): for user space, and the state to be replaced is not;
 *	   ERR_PTR(-EOPNOTSUPP): called where one may not sleep;
 *	   ERR_PTR(-EDEADLK): called by a listener's event function;
 *	   ERR_PTR(-ENAMETOOLONG): the name is too long;
 *	   ERR_PTR(-EEXIST): the name is taken;
 *	   ERR_PTR(-ENOENT): @config->existing, and there is no state of the name; or
 *	   a library or file that @config names is not there;
 *	   ERR_PTR(-ENOMEM): no memory, by @config->maxalloc or by the machine;
 *	   ERR_PTR(-EDQUOT): over what user space may take; ERR_PTR(-EAGAIN): so,
 *	   until states that are being closed are gone;
 *	   or what klua_state_run() returns for a chunk, request_firmware() for
 *	   its file, or klua_state_call() for @config->open, or for a library
 *	   that there is not: -EREMOTEIO.
 */
struct klua_state * __must_check
klua_state_new(const struct klua_config *config);

/**
 * klua_state_publish() - make a state of any kind that lives by its name
 * @config: what it is to be like
 *
 * As klua_state_new(), but nobody holds the state: it lives until it is destroyed,
 * retired or replaced, and is used by klua_invoke() or klua_state_find(). The
 * module that made it ends it, with klua_state_retire(klua_state_find(name)).
 *
 * Context: as klua_state_new().
 * Return: 0, or the error that klua_state_new() returns.
 */
static inline int __must_check
klua_state_publish(const struct klua_config *config)
{
	/* Inline, so that klua_state_new() sees which module calls it. */
	struct klua_state *s = klua_state_new(config);

	if (IS_ERR(s))
		return PTR_ERR(s);
	klua_state_put(s);
	return 0;
}

/**
 * klua_state_retire() - close a state that the caller holds, and wait for it
 * @s: the state; the caller's hold is given back
 *
 * No lookup finds the state any more, and whoever holds it gets -ESHUTDOWN for
 * each entry. The run in progress is cancelled and waited for. When this returns
 * the state is closed and its finalizers have run: what a module needs before it
 * is unloaded.
 *
 * Context: Process context. May sleep. Takes and releases states_lock and the
 *	    state's lock.
 * Return: 0, or, with nothing changed: -EINVAL: @s is NULL; -EDEADLK: called by a
 *	   function that Lua called, in this or another state, by a listener's
 *	   event function, or with the state's lock held; -EOPNOTSUPP: called
 *	   where one may not sleep.
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
 *	    interrupts may have states_lock. Takes and releases that, does not sleep.
 *	    On PREEMPT_RT not with interrupts off.
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
 * klua_state_lock() - have a state to oneself
 * @s: a state that the caller keeps alive, never NULL
 *
 * Waits as the state's kind says: for an atomic one at most as long as one entry
 * into it may take, for a sleepable one until a fatal signal, for an irq one not
 * at all. A function that Lua calls may lock another state; it waits for that one
 * unless both would wait for ever.
 *
 * Context: By the state's kind. Atomic: process context or softirq, interrupts on;
 *	    bottom halves are off, and nothing may sleep, until klua_state_unlock().
 *	    Sleepable: process context that may sleep. Irq: any context but NMI;
 *	    interrupts are off until klua_state_unlock(). On x86 a kprobe that is
 *	    not at a function's beginning may run as in an NMI, by a breakpoint.
 * Return: 0, or
 *	   -EDEADLK: the caller has the lock, or is called by the state's Lua code;
 *	   -EBUSY: the wait took too long, or would be for ever; an irq state is
 *	   taken, by whomever;
 *	   -EINTR: a fatal signal came while it waited;
 *	   -ECANCELED: the entry that it waits in was cancelled;
 *	   -ESHUTDOWN: the state is stopped, retired, or being closed;
 *	   -EOPNOTSUPP: a context that the kind does not allow.
 */
int __must_check klua_state_lock(struct klua_state *s);

/**
 * klua_state_unlock() - give up what klua_state_lock() took
 * @s: the state
 *
 * Context: Where klua_state_lock() was called.
 */
void klua_state_unlock(struct klua_state *s);

/**
 * klua_state_call() - call a C function in a state, protected
 * @s: a state that the caller keeps alive
 * @fn: called with @arg as a light userdata at index 1 of an own stack frame; may
 *	use the whole Lua API and raise errors; its results are dropped
 * @arg: whatever @fn wants, NULL included
 *
 * Takes the lock, arms the limits, calls, restores the Lua stack.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_lock(), or
 *	   -ETIME: the budget of steps is spent;
 *	   -ETIMEDOUT: the time of an entry is over;
 *	   -ECANCELED: klua_state_cancel();
 *	   -EINTR: a fatal signal to this task;
 *	   -ENOMEM: no memory, by maxalloc or by the kernel;
 *	   -ELOOP: an error while an error was handled;
 *	   -EREMOTEIO: any other Lua error;
 *	   -EOVERFLOW: too little of the C stack is left;
 *	   -EINVAL: @s or @fn is NULL.
 */
int klua_state_call(struct klua_state *s, lua_CFunction fn, void *arg);

/**
 * __klua_state_call() - klua_state_call() for those who have the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @fn: the function
 * @arg: its argument
 *
 * After a failure s->errmsg has the text, until the next one.
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
 * One protected call does all of it, so nothing can be raised outside. The way for
 * each packet.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_call(); -ENOENT: there is no such function;
 *	   -EINVAL: @call is NULL, has no @function, or too many values.
 */
int klua_state_invoke(struct klua_state *s, struct klua_call *call);

/**
 * klua_invoke() - call a Lua function in the state of a name
 * @name: the state's name, NUL-terminated
 * @call: the function, its arguments and results
 *
 * klua_state_find(), klua_state_invoke() and klua_state_put() in one: what uses a
 * state that others make, replace and take away.
 *
 * Context: as klua_state_lock(). Takes and releases the RCU read lock and the
 *	    state's lock.
 * Return: 0, or as klua_state_invoke(); -ENODEV: there is no state of this name.
 */
int klua_invoke(const char *name, struct klua_call *call);

/**
 * __klua_state_invoke() - klua_state_invoke() for those who have the lock
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
 * Loading, running and making the text of the results are one entry, on one
 * budget.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_call(), or -ENOEXEC: a syntax error.
 */
int klua_state_run(struct klua_state *s, const char *chunk, size_t len,
		   const char *chunkname, struct klua_result *result);

/**
 * __klua_state_run() - klua_state_run() for those who have the lock
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
 * A limit below what the state holds takes nothing away: the state can only
 * shrink until it fits again. A state that is reserved keeps what it was made
 * with. Of a set, states are changed one after the other: an error leaves those
 * before the one that it is about with the new limit. Whoever else changes limits of
 * the set, be it from user space, is waited for as for the lock; an entry into any
 * state does not wait, but gets -EBUSY.
 *
 * Context: as klua_state_lock(). Takes and releases the state's lock.
 * Return: 0, or as klua_state_lock(), or -EINVAL: @s is NULL, @maxalloc is below
 *	   KLUA_MIN_ALLOC or above what was reserved.
 */
int klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc);

/**
 * __klua_state_set_maxalloc() - klua_state_set_maxalloc() for those who have the
 *				 lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @maxalloc: bytes, KLUA_MIN_ALLOC or more
 *
 * A function that Lua calls may do it, too: the next allocation sees it.
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: as klua_state_set_maxalloc(), but -EINVAL alone.
 */
int __klua_state_set_maxalloc(struct klua_state *s, size_t maxalloc);

/**
 * klua_state_set_steps() - change the budget of each entry into a state
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
 * __klua_state_set_steps() - klua_state_set_steps() for those who have the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @steps: 1 or more, or KLUA_STEPS_UNLIMITED
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: 0, or -EINVAL: @s is NULL or @steps is 0; -EDEADLK: a function that Lua
 *	   calls asks, and its entry is under way on the old budget.
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
 * __klua_state_set_time() - klua_state_set_time() for those who have the lock
 * @s: a state that the caller has locked with klua_state_lock()
 * @us: microseconds, 1 or more, or KLUA_TIME_UNLIMITED for a sleepable state
 *
 * Context: Where klua_state_lock() was called. Assumes the state's lock.
 * Return: 0, -EINVAL as klua_state_set_time(), or -EDEADLK: a function that Lua
 *	   calls asks.
 */
int __klua_state_set_time(struct klua_state *s, u64 us);

/**
 * klua_state_set_stopped() - let nobody enter a state, or let them again
 * @s: a state that the caller keeps alive
 * @stopped: true: each entry gets -ESHUTDOWN from now on, and the one in progress
 *	     is cancelled; false: entries are let in again
 *
 * Whatever is done to @s is done to each state that it has replaced and that somebody
 * still holds, and to each that has taken its place, before this call or after it: a
 * state that takes the place of a stopped one is stopped, and whichever of them is
 * started, all are. What an administrator has stopped an administrator has to start:
 * until then it stays stopped, whatever this call says.
 *
 * Listeners are told, some time afterwards, of the one that has the name, unless it
 * was so already.
 *
 * Context: Any context but NMI. Takes and releases lines_lock, and may be called under
 *	    any lock. Does not sleep.
 * Return: 0, or -EINVAL: @s is NULL; -ESHUTDOWN: it is retired, and cannot be stopped
 *	   or started; those that have taken its place are started all the same.
 */
int klua_state_set_stopped(struct klua_state *s, bool stopped);

/**
 * klua_state_cancel() - end what runs in a state
 * @name: its name, NUL-terminated
 *
 * The entry in progress ends within KLUA_SLICE steps, with -ECANCELED for its
 * caller. An entry that begins meanwhile is not touched.
 *
 * Context: Any context. Takes and releases the RCU read lock. Does not sleep.
 * Return: 0: the run in progress was told to end; -ENOENT: there is no state of
 *	   this name; -ESRCH: nothing runs in it.
 */
int klua_state_cancel(const char *name);

/**
 * klua_listener_register() - be told what happens to states
 * @listener: with its event function set; the caller keeps it until it is
 *	      unregistered
 *
 * States made, destroyed, stopped, started; errors; limits that are hit.
 *
 * Errors and limits are told some time after they happened, in their order, by a
 * work item; when too many come at once, some are lost, and how many is said.
 * That a state was created or destroyed, or that the administrator stopped or
 * started one, is always told.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL: @listener or its event function is NULL; -EEXIST: it is
 *	   registered already; -EDEADLK: called by a listener's event function.
 */
int klua_listener_register(struct klua_listener *listener);

/**
 * klua_listener_unregister() - be told no more
 * @listener: the listener; it is not called any more once this has returned 0
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL: @listener is NULL; -ENOENT: it is not registered; -EDEADLK:
 *	   called by a listener's event function.
 */
int klua_listener_unregister(struct klua_listener *listener);

/**
 * klua_events_flush() - wait until what has happened was told
 *
 * What scripts have printed before this call is in the log afterwards, and
 * listeners know of every error and limit.
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
 * @lib: the library; it stays the caller's and must stay where it is, with its
 *	 classes, until it is unregistered
 *
 * From now on require() finds the library in every state. Functions run in the
 * context of the state that calls them, under its limits. They may raise
 * errors, yield, and give continuations to lua_callk(), lua_pcallk() and
 * lua_yieldk(); they have no upvalues of their own. A pointer that a function
 * hands to lua_pushcfunction() itself is not looked after.
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
 * klua_lib_unregister() - take back what klua_lib_register() gave
 * @lib: the library
 *
 * When this has returned 0 nothing of the library can be reached from Lua,
 * whatever scripts have kept, and every owned object has been released: the
 * module may be unloaded. Calling what a script has kept raises an ordinary
 * error that names library and module.
 *
 * Waits for functions of the library that run. Lua code that these have called
 * is cancelled when it takes longer than five seconds.
 *
 * Context: Process context. May sleep. Takes and releases libs_mutex.
 * Return: 0, or, with the cause in the kernel log and nothing changed,
 *	   -EDEADLK: a function that Lua calls or a listener asks for it, or the
 *	   caller may not sleep;
 *	   -ENOENT: @lib is not registered;
 *	   -EINVAL: @lib is NULL.
 */
int klua_lib_unregister(struct klua_lib *lib);

/**
 * klua_lib_for_each() - look at all registered libraries
 * @fn: called for each; the @info is valid during the call. Must not register
 *	or unregister libraries. A result other than 0 ends the walk
 * @arg: for @fn
 *
 * Context: Process context. May sleep. Takes and releases libs_mutex, and holds
 *	    it while @fn runs.
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
 * @ptr: the object, not NULL. It is Lua's from the call on
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
 * Pushes a userdata that is good until the entry in progress ends; outside of an
 * entry, until the end of the next one. Afterwards each use of it is an
 * ordinary error. Nothing is released.
 *
 * Context: Any context that @L may be used in. Raises an error when there is no
 *	    memory, or the class is of no registered library.
 */
void klua_object_lend(lua_State *L, const struct klua_class *class, void *ptr);

/**
 * klua_object_check() - the object in an argument
 * @L: a state
 * @idx: where the argument is
 * @class: the class that it must be of
 *
 * Context: Any context that @L may be used in. Raises an ordinary error, which
 *	    names the class, when the value is of another kind, is stale, or has
 *	    been released.
 * Return: what was pushed or lent.
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
 * @numerator: what is divided
 * @denominator: by what
 *
 * klua_number_from_ratio(1, 3), say. As Lua divides: by zero gives an infinity,
 * or for zero by zero what is no number.
 *
 * Context: Any.
 * Return: the float nearest to the quotient of both as floats.
 */
lua_Number klua_number_from_ratio(s64 numerator, s64 denominator);

/**
 * klua_number_round() - the integer nearest to a Lua float
 * @n: the float
 * @i: out: the integer; of two the even one; 0 when there is none
 *
 * Context: Any.
 * Return: true; false: @n is no number, or too large.
 */
bool klua_number_round(lua_Number n, s64 *i);

#endif /* KLUA_STATES_H */

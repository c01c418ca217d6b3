/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KLua's interface to user space: the generic netlink family "klua", and the device
 * that runs scripts. netlink/klua.yaml says what each operation of the family takes
 * and answers; it has the same numbers as this file.
 */
#ifndef _UAPI_KLUA_H
#define _UAPI_KLUA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KLUA_FAMILY_NAME	"klua"
#define KLUA_FAMILY_VERSION	1

/* Bytes of a state's name without its NUL, at most */
#define KLUA_NAME_LEN		63
/* Bytes of a script, at most */
#define KLUA_SCRIPT_MAX		(1024 * 1024)
/* Bytes of a script's arguments with a NUL behind each, at most */
#define KLUA_ARGS_MAX		(128 * 1024)
/* Bytes of a script's results, at most */
#define KLUA_RESULTS_MAX	(16 * 1024 * 1024)
/* Bytes of klua_run.room, at most */
#define KLUA_ROOM_MAX		(32 * 1024 * 1024)

/* Who made a state */
enum klua_origin {
	KLUA_ORIGIN_KERNEL,
	KLUA_ORIGIN_USER,
};

/* Which contexts may enter a state, and what its scripts may do there */
enum klua_kind {
	KLUA_KIND_ATOMIC,	/* process context and softirq; never sleeps */
	KLUA_KIND_SLEEPABLE,	/* process context; preemptible, may sleep */
	KLUA_KIND_IRQ,		/* any context but NMI; interrupts off */

	__KLUA_KIND_MAX,
};

/* The limits: one of them ended a run, or refused an allocation or a call in it */
enum klua_limit {
	KLUA_LIMIT_STEPS,
	KLUA_LIMIT_TIME,
	KLUA_LIMIT_MEMORY,
	KLUA_LIMIT_STACK,
	KLUA_LIMIT_CANCEL,
	KLUA_LIMIT_SIGNAL,

	__KLUA_LIMIT_MAX,
};

enum {
	KLUA_CMD_STATE_GET = 1,
	KLUA_CMD_STATE_CREATE,
	KLUA_CMD_STATE_DESTROY,
	KLUA_CMD_STATE_SET,
	KLUA_CMD_CANCEL,
	KLUA_CMD_INFO_GET,
	KLUA_CMD_LISTEN,
	KLUA_CMD_STATE_STOP,
	KLUA_CMD_STATE_START,
	KLUA_CMD_STATE_CREATED,
	KLUA_CMD_STATE_DESTROYED,
	KLUA_CMD_SCRIPT_ERROR,
	KLUA_CMD_LIMIT_HIT,
	KLUA_CMD_STATE_STOPPED,
	KLUA_CMD_STATE_STARTED,

	__KLUA_CMD_MAX,
	KLUA_CMD_MAX = __KLUA_CMD_MAX - 1
};

enum {
	KLUA_A_STATE_PAD = 1,
	KLUA_A_STATE_ID,		/* u32 */
	KLUA_A_STATE_NAME,		/* string */
	KLUA_A_STATE_FORCE,		/* flag */
	KLUA_A_STATE_ORIGIN,		/* u32, enum klua_origin */
	KLUA_A_STATE_EPHEMERAL,		/* flag */
	KLUA_A_STATE_BUSY,		/* flag */
	KLUA_A_STATE_USERS,		/* u32 */
	KLUA_A_STATE_MEMORY,		/* u64, bytes */
	KLUA_A_STATE_MEMORY_PEAK,	/* u64, bytes */
	KLUA_A_STATE_MEMORY_MAX,	/* u64, bytes */
	KLUA_A_STATE_STEPS_MAX,		/* u64, all ones: no limit */
	KLUA_A_STATE_RUNS,		/* u64 */
	KLUA_A_STATE_STEPS,		/* u64 */
	KLUA_A_STATE_TIME,		/* u64, ns */
	KLUA_A_STATE_ERRORS,		/* u64 */
	KLUA_A_STATE_LIMIT_STEPS,	/* u64 */
	KLUA_A_STATE_LIMIT_TIME,	/* u64 */
	KLUA_A_STATE_LIMIT_MEMORY,	/* u64 */
	KLUA_A_STATE_LIMIT_STACK,	/* u64 */
	KLUA_A_STATE_CANCELS,		/* u64 */
	KLUA_A_STATE_SIGNALS,		/* u64 */
	KLUA_A_STATE_LAST_ERROR,	/* binary */
	KLUA_A_STATE_LAST_ERRNO,	/* u32 */
	KLUA_A_STATE_LAST_ERROR_AGE,	/* u64, ms */
	KLUA_A_STATE_MAKER_PID,		/* u32 */
	KLUA_A_STATE_MAKER_UID,		/* u32 */
	KLUA_A_STATE_MAKER_COMM,	/* string */
	KLUA_A_STATE_KIND,		/* u32, enum klua_kind */
	KLUA_A_STATE_TIME_MAX,		/* u64, us, all ones: no limit */
	KLUA_A_STATE_RESERVED,		/* flag */
	KLUA_A_STATE_STOPPED,		/* flag */
	KLUA_A_STATE_UNPRINTED,		/* u64, lines */
	KLUA_A_STATE_OWNER,		/* string */
	KLUA_A_STATE_RUNNER_PID,	/* u32 */
	KLUA_A_STATE_RUNNER_COMM,	/* string */
	KLUA_A_STATE_MEMBERS,		/* u32, of a set only */
	KLUA_A_STATE_ALL,		/* flag */
	KLUA_A_STATE_REPLACED,		/* flag */
	KLUA_A_STATE_DESTROYED,		/* flag */

	__KLUA_A_STATE_MAX,
	KLUA_A_STATE_MAX = __KLUA_A_STATE_MAX - 1
};

enum {
	KLUA_A_INFO_PAD = 1,
	KLUA_A_INFO_VERSION,		/* string */
	KLUA_A_INFO_LUA,		/* string */
	KLUA_A_INFO_MEMORY_MIN,		/* u64, bytes */
	KLUA_A_INFO_MEMORY_DEFAULT,	/* u64, bytes */
	KLUA_A_INFO_SCRIPT_MAX,		/* u32, bytes */
	KLUA_A_INFO_RESULTS_MAX,	/* u32, bytes */
	KLUA_A_INFO_STEPS_DEFAULT,	/* u64 */
	KLUA_A_INFO_TIME_DEFAULT,	/* u64, us */
	KLUA_A_INFO_USER_STATES_MAX,	/* u32 */
	KLUA_A_INFO_USER_BYTES_MAX,	/* u64, bytes */
	KLUA_A_INFO_TIME_STATISTICS,	/* flag */
	KLUA_A_INFO_USER_STATES,	/* u32 */
	KLUA_A_INFO_USER_BYTES,		/* u64, bytes */

	__KLUA_A_INFO_MAX,
	KLUA_A_INFO_MAX = __KLUA_A_INFO_MAX - 1
};

enum {
	KLUA_A_EVENT_ID = 1,		/* u32 */
	KLUA_A_EVENT_NAME,		/* string */
	KLUA_A_EVENT_ERRNO,		/* u32 */
	KLUA_A_EVENT_MESSAGE,		/* binary */
	KLUA_A_EVENT_LIMIT,		/* u32, enum klua_limit */
	KLUA_A_EVENT_SUPPRESSED,	/* u32 */

	__KLUA_A_EVENT_MAX,
	KLUA_A_EVENT_MAX = __KLUA_A_EVENT_MAX - 1
};

/*
 * The device /dev/klua: ioctl(KLUA_IOC_RUN) runs a script in a state, and returns when
 * the script has ended. An open file runs one script. Meanwhile another thread reads
 * records from it, each a struct klua_record and @len bytes, until a read returns 0. If
 * the state may sleep, the script waits when the reader is slow. Otherwise @room bytes
 * are kept for the reader: output beyond that is dropped, and results beyond that make
 * the script fail.
 */
#define KLUA_DEVICE_NAME	"klua"

struct klua_record {
	__u32 type;
	__u32 len;
};

/* Lines that the script printed */
#define KLUA_RECORD_OUTPUT	1
/* A piece of the text of its results */
#define KLUA_RECORD_RESULTS	2

/* in: the script was typed: it may be an expression, whose values are the results */
#define KLUA_RUN_INTERACTIVE	0x1
/* in: write the results as a JSON array, not as text with tabs */
#define KLUA_RUN_JSON		0x2
/* in: run the script even though a kernel module made the state */
#define KLUA_RUN_FORCE		0x4
/* out: with KLUA_RUN_INTERACTIVE: the script did not run, because it is incomplete */
#define KLUA_RUN_MORE		0x8
/*
 * in: do not run the script, return EINTR. The handler of a signal sets this, if the
 * signal comes before the call and so would not interrupt it.
 */
#define KLUA_RUN_INTERRUPTED	0x10

/**
 * struct klua_run - a script to run, and how that ended
 * @flags:	   in and out: KLUA_RUN_*
 * @id:		   in: the state's number, or 0
 * @name:	   in: the state's name, or empty. @id or @name is needed; if both are
 *		   given they must mean the same state
 * @chunkname:	   in: what messages call the script: the text after a "=", or the file
 *		   after a "@"
 * @script:	   in: the script's text
 * @args:	   in: its arguments, with a NUL behind each
 * @message:	   in: the buffer for a message, which has no NUL: why the script did not
 *		   run, or, if @error is not 0, the script's error and traceback
 * @script_len:	   in: bytes of @script
 * @args_len:	   in: bytes of @args
 * @message_size:  in: bytes that @message has room for
 * @message_len:   out: bytes of the message
 * @room:	   in: bytes of output and results that are kept for the reader, if the
 *		   state may not sleep
 * @error:	   out: 0, or the errno that the script ended with
 * @results_count: out: number of results
 * @results_len:   out: bytes of the results' text
 * @steps:	   out: steps that the script took
 * @dropped:	   out: bytes of output that were dropped
 */
struct klua_run {
	__u32 flags;
	__u32 id;
	char name[KLUA_NAME_LEN + 1];
	char chunkname[256];
	__u64 script;
	__u64 args;
	__u64 message;
	__u32 script_len;
	__u32 args_len;
	__u32 message_size;
	__u32 message_len;
	__u32 room;
	__u32 error;
	__u32 results_count;
	__u32 results_len;
	__u64 steps;
	__u64 dropped;
};

#define KLUA_IOC_RUN	_IOWR('k', 0xb0, struct klua_run)

/* Scripts that a state is made with, at most */
#define KLUA_BUILD_CHUNKS	32
/*
 * &klua_build.kind: that of the state that is replaced, or KLUA_KIND_SLEEPABLE if there
 * is none
 */
#define KLUA_BUILD_KIND_SAME	(~0u)

/* Replace the state of this name, if there is one. */
#define KLUA_BUILD_REPLACE	0x1
/*
 * Reserve all of the state's memory now, so that no allocation fails later for want of
 * memory.
 */
#define KLUA_BUILD_RESERVE	0x2
/* With KLUA_BUILD_REPLACE: fail with ENOENT if there is no state of this name. */
#define KLUA_BUILD_EXISTING	0x4

/**
 * struct klua_source - a script that a state is made with
 * @text: the script's text
 * @len:  bytes of @text
 * @pad:  0
 * @name: what messages call the script: the text after a "=", or the file after a "@"
 */
struct klua_source {
	__u64 text;
	__u32 len;
	__u32 pad;
	char name[256];
};

/**
 * struct klua_build - a state to be made, with scripts that run before anybody sees it
 * @flags:	   in: KLUA_BUILD_*
 * @kind:	   in: enum klua_kind, or KLUA_BUILD_KIND_SAME
 * @name:	   in: the state's name
 * @memory:	   in: bytes that it may hold. 0 in this field, @steps or @time_us
 *		   means the limit of the state that is replaced, or else the default
 * @steps:	   in: steps an entry may take; all ones: no limit
 * @time_us:	   in: microseconds an entry may take; all ones: no limit, for a
 *		   sleepable state only
 * @sources:	   in: an array of struct klua_source, run in their order
 * @message:	   in: the buffer for the cause of a failure, which has no NUL
 * @sources_count: in: number of @sources
 * @message_size:  in: bytes that @message has room for
 * @message_len:   out: bytes of the message
 * @id:		   out: the state's number
 */
struct klua_build {
	__u32 flags;
	__u32 kind;
	char name[KLUA_NAME_LEN + 1];
	__u64 memory;
	__u64 steps;
	__u64 time_us;
	__u64 sources;
	__u64 message;
	__u32 sources_count;
	__u32 message_size;
	__u32 message_len;
	__u32 id;
};

#define KLUA_IOC_BUILD	_IOWR('k', 0xb1, struct klua_build)

#endif /* _UAPI_KLUA_H */

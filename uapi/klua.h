/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family "klua". netlink/klua.yaml says what each
 * operation takes and answers; the numbers here and there are the same.
 */
#ifndef _UAPI_KLUA_H
#define _UAPI_KLUA_H

#define KLUA_FAMILY_NAME	"klua"
#define KLUA_FAMILY_VERSION	1
#define KLUA_MCGRP_EVENTS	"events"

/* Bytes of a state's name without its NUL. */
#define KLUA_NAME_LEN		63
/* Bytes of a script, in all its KLUA_A_RUN_SCRIPT attributes together. */
#define KLUA_SCRIPT_MAX		(1024 * 1024)
/* Bytes of printed text that a run can keep for its reply. */
#define KLUA_OUTPUT_MAX		(1024 * 1024)
#define KLUA_OUTPUT_DEFAULT	(64 * 1024)
/* Bytes of the results, or of the message and traceback, of a run. */
#define KLUA_RESULTS_MAX	(32 * 1024)

/* Who made a state */
enum klua_origin {
	KLUA_ORIGIN_KERNEL,
	KLUA_ORIGIN_USER,
};

/* Why a run was ended, or an allocation or a call in it refused */
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
	KLUA_CMD_RUN,
	KLUA_CMD_CANCEL,
	KLUA_CMD_INFO_GET,
	KLUA_CMD_STATE_CREATED,
	KLUA_CMD_STATE_DESTROYED,
	KLUA_CMD_SCRIPT_ERROR,
	KLUA_CMD_LIMIT_HIT,

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

	__KLUA_A_STATE_MAX,
	KLUA_A_STATE_MAX = __KLUA_A_STATE_MAX - 1
};

enum {
	KLUA_A_RUN_PAD = 1,
	KLUA_A_RUN_ID,			/* u32 */
	KLUA_A_RUN_NAME,		/* string */
	KLUA_A_RUN_SCRIPT,		/* binary, any number of them */
	KLUA_A_RUN_CHUNKNAME,		/* string */
	KLUA_A_RUN_OUTPUT_MAX,		/* u32, bytes */
	KLUA_A_RUN_OUTPUT,		/* binary, any number of them */
	KLUA_A_RUN_OUTPUT_DROPPED,	/* u64, bytes */
	KLUA_A_RUN_ERRNO,		/* u32, 0: success */
	KLUA_A_RUN_RESULTS,		/* binary */
	KLUA_A_RUN_RESULTS_COUNT,	/* u32 */
	KLUA_A_RUN_RESULTS_DROPPED,	/* u64, bytes */
	KLUA_A_RUN_MESSAGE,		/* binary */
	KLUA_A_RUN_STEPS,		/* u64 */
	KLUA_A_RUN_INTERRUPTIBLE,	/* flag */

	__KLUA_A_RUN_MAX,
	KLUA_A_RUN_MAX = __KLUA_A_RUN_MAX - 1
};

enum {
	KLUA_A_INFO_PAD = 1,
	KLUA_A_INFO_VERSION,		/* string */
	KLUA_A_INFO_LUA,		/* string */
	KLUA_A_INFO_MEMORY_MIN,		/* u64, bytes */
	KLUA_A_INFO_MEMORY_DEFAULT,	/* u64, bytes */
	KLUA_A_INFO_SCRIPT_MAX,		/* u32, bytes */
	KLUA_A_INFO_OUTPUT_MAX,		/* u32, bytes */
	KLUA_A_INFO_STEPS_DEFAULT,	/* u64 */
	KLUA_A_INFO_TIME_MAX,		/* u32, ms */
	KLUA_A_INFO_USER_STATES_MAX,	/* u32 */
	KLUA_A_INFO_USER_BYTES_MAX,	/* u64, bytes */
	KLUA_A_INFO_TIME_STATISTICS,	/* flag */

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

#endif /* _UAPI_KLUA_H */

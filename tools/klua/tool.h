/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the program share.
 */
#ifndef KLUA_TOOL_H
#define KLUA_TOOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "../../uapi/klua.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

/* How the program ends; klua.8 lists them. */
enum {
	EXIT_OK,
	EXIT_SCRIPT,		/* the script ended in an error */
	EXIT_USAGE,
	EXIT_NO_STATE,
	EXIT_NO_RIGHT,
	EXIT_NO_MODULE,
	EXIT_REFUSED,		/* whatever else the kernel says no to */
	EXIT_INTERRUPTED = 130,	/* what a shell makes of SIGINT */
};

/* A state as a user means it: its name, or its number when @name is NULL. */
struct ref {
	const char *name;
	u32 id;
};

/* Bytes that may be anything, or NULL. */
struct bytes {
	const char *data;
	size_t len;
};

/* link.c: requests and answers */
struct link;

struct link *link_open(void);
void link_close(struct link *link);
int link_join(struct link *link);
int link_fd(const struct link *link);
struct nlmsghdr *link_request(struct link *link, u8 cmd, u16 flags,
			      size_t more);
void link_put_ref(struct nlmsghdr *nlh, const struct ref *ref);
int link_do(struct link *link, struct nlmsghdr *nlh, mnl_cb_t reply,
	    void *data);
int link_listen(struct link *link, mnl_cb_t event, void *data);
const char *link_message(const struct link *link);
int link_parse(const struct nlmsghdr *nlh, const struct nlattr **attrs,
	       u16 max);

/* run.c: scripts */
struct script {
	struct ref state;
	struct bytes text;
	const char *chunkname;
	u32 output_max;
};

struct outcome {
	int err;
	u64 dropped;
	u64 results_dropped;
	u32 count;
	char *results;		/* or the error's message */
	size_t len;
	bool complete;
};

int script_run(struct link *link, const struct script *script,
	       struct outcome *outcome);
int script_show(const struct outcome *outcome);
void catch_interrupts(bool once);
extern volatile sig_atomic_t interrupted;
int make_state(struct link *link, const char *name, u64 memory,
	       u64 steps, bool ephemeral, mnl_cb_t reply, void *data);
int repl(struct link *link, const struct ref *state);

/* show.c: what people and programs read */
void show_bytes(const char *data, size_t len);
const char *show_size(u64 bytes, char *buf, size_t size);
const char *show_count(u64 count, char *buf, size_t size);
void json_string(const char *data, size_t len);
void json_state(const struct nlattr **attrs);
int show_list(struct link *link, bool json);
int show_stats(struct link *link, const struct ref *state, bool json);
int show_state(struct link *link, const struct ref *state, bool json);
int show_info(struct link *link, bool json);
int show_created(const struct nlmsghdr *nlh, void *json);
int monitor(struct link *link, bool json);

/* klua.c */
int complain(struct link *link, const char *what, int err);

#endif /* KLUA_TOOL_H */

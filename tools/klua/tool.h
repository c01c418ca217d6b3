/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations that the program's files share. */
#ifndef KLUA_TOOL_H
#define KLUA_TOOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <json-c/json.h>
#include <libmnl/libmnl.h>

#include "../../uapi/klua.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

/* Exit statuses; klua.8 lists them. */
enum {
	EXIT_OK,
	EXIT_SCRIPT,		/* the script ended in an error */
	EXIT_USAGE,
	EXIT_NO_STATE,
	EXIT_NO_RIGHT,
	EXIT_NO_MODULE,
	EXIT_REFUSED,		/* refused by the kernel for another reason */
	EXIT_OUTPUT,		/* the output could not be written */
	EXIT_INTERRUPTED = 130,	/* as a shell reports SIGINT: 128 + 2 */
};

/* A state on the command line: its name, or its number if @name is NULL */
struct ref {
	const char *name;
	u32 id;
	bool fresh;		/* made by this command, and ends with it */
};

/*
 * A request may need memory of destroyed states that are not closed yet. Seconds for
 * which it is repeated, and seconds between two attempts.
 */
#define CLOSING_PATIENCE	20
#define CLOSING_PAUSE		0.02

/* Bytes, with NULs or not UTF-8 maybe; @data may be NULL */
struct bytes {
	const char *data;
	size_t len;
};

/* output.c: messages and JSON */
extern FILE *plain_input;
extern FILE *plain_output;
void open_descriptors(void);
void check_output(void);
void wait_for_input(int fd);
void finish(int status) __attribute__((noreturn));
void fail(int status, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void set_json(bool json, const char *command);
void set_pretty(bool pretty);
bool json_is_pretty(void);
bool json_wanted(void);
void set_where(const char *path, unsigned int line);
void set_subject(const char *word, bool is_id);
void begin_message(void);
int nothing_to_say(bool json);
int failure(bool json, int status, int err, const char *what, const char *why);
void *allocate(void *old, size_t size);
void show_name(FILE *to, struct bytes name);
void show_text(FILE *to, struct bytes text);
struct json_object *json_bytes(struct bytes bytes);
struct json_object *json_text(struct bytes text);
void json_add(struct json_object *object, const char *key,
	      struct json_object *value);
void json_add_where(struct json_object *object);
void json_show(struct json_object *object);

/* link.c: requests and answers */
struct link;

struct link *link_open(void);
struct link *link_try(int *err);
void link_close(struct link *link);
int link_join(struct link *link, mnl_cb_t event, void *data);
struct nlmsghdr *link_request(struct link *link, u8 cmd, u16 flags);
void link_put_ref(struct nlmsghdr *nlh, const struct ref *ref);
int link_do(struct link *link, struct nlmsghdr *nlh, mnl_cb_t reply,
	    void *data);
int link_listen(struct link *link);
const char *link_message(const struct link *link);
int link_parse(const struct nlmsghdr *nlh, const struct nlattr **attrs,
	       u16 max);
bool module_absent(void);
_Noreturn void no_module(void);

/* run.c: scripts */
struct script {
	struct ref state;
	struct bytes text;
	struct bytes args;
	const char *chunkname;
	u32 flags;		/* KLUA_RUN_* */
	u32 room;
};

struct outcome {
	int err;
	bool more;		/* the script is incomplete, and did not run */
	bool fresh;		/* its state was made for it */
	u64 dropped;
	bool kept_all;		/* of what the kernel did not drop */
	bool unfinished;	/* the last line of what was shown, of results */
	u64 steps;
	u32 count;		/* number of results */
	struct bytes message;	/* text of the error */
	struct bytes output;	/* this and @results: only with KLUA_RUN_JSON */
	struct bytes results;
};

int script_run(const struct script *script, struct outcome *outcome);
int script_show(const struct outcome *outcome, bool json);
int complain_script(const struct outcome *outcome, bool json, int err,
		    const char *doing);
int script_build(struct klua_build *build, bool json, const char *doing);
void outcome_free(struct outcome *outcome);
void catch_interrupts(bool once);
extern volatile sig_atomic_t interrupted;
int repl_run(const struct ref *state, u32 flags, u32 room);

/* show.c: states and events, for people and programs */
enum sort {
	SORT_ID, SORT_NAME, SORT_RUNS, SORT_STEPS, SORT_TIME, SORT_ERRORS,
	SORT_MEMORY,
};

/* The states to show, by patterns of names or one by itself, and how to show them */
struct selection {
	const struct ref *state;
	char **patterns;
	int count;
	enum sort sort;
	bool sorted;
	bool all;		/* also those that have left the table */
	bool json;
	u32 events;		/* of monitor: kinds, a bit each by enum event_kind; 0: all */
};

const char *kind_name(u32 kind);
int parse_sort(const char *word, enum sort *sort);
int show_list(struct link *link, const struct selection *which);
int show_stats(struct link *link, const struct selection *which, bool clear);
int show_state(struct link *link, const struct ref *state, bool json);
int show_made(struct link *link, u32 id);
int show_info(struct link *link, bool json);
const char *quota_words(struct link *link, const char *why);
int show_created(const struct nlmsghdr *nlh, void *json);
bool parse_event_kind(const char *word, u32 *events);
int monitor(struct link *link, const struct selection *which);
int top(struct link *link, const struct selection *which, double interval,
	u64 count);
int wait_for(struct link *link, const struct ref *state, bool gone, bool idle,
	     double timeout, bool json);
void pause_for(double seconds);
double now(void);

/* klua.c */
int script_status(int err, int status);
int complain(struct link *link, bool json, const char *what, int err);

#endif /* KLUA_TOOL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations that the torture and the broken managers share. */
#ifndef KLUA_TORTURE_H
#define KLUA_TORTURE_H

#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/types.h>

struct klua_config;
struct klua_lib;
struct klua_state;
struct worker;

/* Longest name: "torture-other-4294967295" */
#define TORTURE_NAME_SIZE	28

/* Names of states that are replaced, at most */
#define TORTURE_OTHERS_MAX	64

/* Name of the library that is registered and unregistered */
#define TORTURE_LIB		"torture"

/* The manager under test, and the contents of its states */
struct torture_ops {
	/* Returns NULL, or a text that says what is wrong with @busted. */
	const char *(*start)(const char *busted);
	/* Returns once every state that nobody holds is closed. */
	void (*stop)(void);

	struct klua_state *(*create)(size_t maxalloc, const char *name);
	struct klua_state *(*lookup)(const char *name);
	struct klua_state *(*find)(const char *name);
	bool (*get)(struct klua_state *s);
	void (*put)(struct klua_state *s);
	int (*destroy)(const char *name);
	void (*destroy_all)(void);
	void (*list)(void);
	int (*cancel)(const char *name);
	struct klua_state *(*new)(const struct klua_config *config);
	int (*retire)(struct klua_state *s);
	int (*set_stopped)(struct klua_state *s, bool stopped);
	int (*lib_register)(struct klua_lib *lib);
	int (*lib_unregister)(struct klua_lib *lib);

	/* Counts a call in the contents: in a Lua global, if there is Lua. */
	int (*count)(struct klua_state *s);
	/* The same by a script; NULL if there is no Lua. */
	int (*count_in_lua)(struct klua_state *s);
	/* Keeps parts of the library, and calls those that were kept. */
	int (*use_lib)(struct klua_state *s);
	/*
	 * Told that @cpu has found a state of a set, which no other processor may find.
	 */
	void (*found_on)(struct klua_state *s, unsigned int cpu);
	/*
	 * Runs until it is cancelled, or for some milliseconds; NULL if there is no
	 * Lua.
	 */
	int (*spin)(struct klua_state *s);
	/* Leaves a value under @key; the second one checks that it is still there. */
	int (*mark)(struct klua_state *s, const void *key, u64 value);
	int (*check_mark)(struct klua_state *s, const void *key, u64 value);
	/* Returns false if @s was freed. NULL: only KASAN can tell. */
	bool (*is_there)(const struct klua_state *s);
};

extern const struct torture_ops torture_busted_ops;

/* A thread or a timer that does one thing again and again */
struct worker {
	const struct kind *kind;
	struct task_struct *task;
	struct timer_list timer;
	struct rnd_state rnd;
	struct klua_state *held;
	/* The name that it is creating a state of; used by the worker itself only. */
	const char *creating;
	/* It is in find(), outside any RCU read section of its own. */
	bool finding;
	u64 ops;
	u64 hits;
};

extern const struct torture_ops *torture_ops;
extern unsigned int torture_others;
extern unsigned int torture_maxalloc;

struct worker *torture_self(void);
u32 torture_below(struct worker *w, u32 end);
void torture_call(struct worker *w, struct klua_state *s);
bool torture_may_enter(const struct klua_state *s);
int torture_destroy_alls_begun(bool none);

/* others.c */
void torture_replace(struct worker *w);
void torture_retire(struct worker *w);
void torture_stop(struct worker *w);
struct klua_state *torture_find_other(struct worker *w);
void torture_other_name(unsigned int i, char *name);
void torture_others_gone(void);
int torture_stops_ended(void);
bool torture_may_be_shut(const struct klua_state *s, int ended);

/* library.c */
void torture_librarian(struct worker *w);
int torture_use_lib(struct klua_state *s);

/* A state got its contents; it was closed, with a count of @calls. */
void torture_opened(void);
void torture_closed(u64 calls);

__printf(1, 2) void torture_anomaly(const char *fmt, ...);

#endif /* KLUA_TORTURE_H */

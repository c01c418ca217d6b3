/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of klua.ko share among themselves.
 */
#ifndef KLUA_INTERNAL_H
#define KLUA_INTERNAL_H

#include <linux/jump_label.h>
#include <linux/kmemleak.h>

#include "states.h"

/* From Linux 6.13 on a namespace is named by a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_KLUA(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "KLUA")
#else
#define EXPORT_SYMBOL_KLUA(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, KLUA)
#endif

#define KLUA_VERSION	"0.1.0"

/* Names are data: a hostile one must not forge a line or a format. */
#define NAME_FMT	"%*pE"
#define NAME_ARG(s)	(int)(s)->namelen, (s)->name

/*
 * Core functions that consumers have no business with: they make, destroy and
 * open what klua_state_create() and the last put do.
 */
lua_State *lua_newstate(lua_Alloc alloc, void *ud);
void luaL_openlibs(lua_State *L);

/*
 * kmemleak knows each page of a block, since to take the last ones out of what it
 * knows as one it would sleep. What points to a block points to its first page.
 */
static inline void klua_leak_watch(void *block, size_t from, size_t to,
				   gfp_t gfp)
{
	for (; from < to; from += PAGE_SIZE)
		kmemleak_alloc(block + from, PAGE_SIZE, !from, gfp);
}

static inline void klua_leak_forget(void *pages, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += PAGE_SIZE)
		kmemleak_free(pages + at);
}

void *klua_alloc(void *ud, void *block, size_t osize, size_t nsize);
void klua_alloc_init(struct klua_state *s);
void klua_alloc_exit(struct klua_state *s);

/**
 * struct klua_new - a state to be made
 *
 * On the stack of whoever asks for it, and not shared.
 *
 * @name:      its name
 * @maxalloc:  bytes that it may hold
 * @steps:     steps an entry may take, or 0 for the default
 * @origin:    who asks for it
 * @ephemeral: destroyed with the netlink socket that asked for it
 * @state:     out: the state; it is only safe to use where nobody destroys it
 * @id:        out: its number
 * @why:       out: why it could not be made
 */
struct klua_new {
	const char *name;
	size_t maxalloc;
	u64 steps;
	enum klua_origin origin;
	bool ephemeral;
	struct klua_state *state;
	u32 id;
	const char *why;
};

/* states.c */
int klua_state_make(struct klua_new *new);
int klua_state_remove(u32 id, bool held);
int klua_state_stop(struct klua_state *s);
bool klua_state_busy(const struct klua_state *s);
struct klua_state *klua_state_by_id(u32 id);
struct klua_state *klua_state_next(unsigned long *id);
unsigned int klua_states_generation(void);
void klua_states_flush(void);

/* run.c */
u64 klua_default_steps(void);
u32 klua_max_ms(void);
void klua_steps_set(struct klua_state *s, u64 n);
int klua_state_lock_wait(struct klua_state *s);
int klua_state_open(struct klua_state *s);
void klua_state_close(struct klua_state *s);
void klua_run_defaults(struct klua_state *s);

/* stats.c */
DECLARE_STATIC_KEY_FALSE(klua_timing);
int klua_watch(void);
void klua_unwatch(void);
void klua_limits_hit(struct klua_state *s);
void klua_error_note(struct klua_state *s, int err, const char *text,
		     size_t len);
void klua_escape_name(char *dst, const struct klua_state *s);
void klua_escape(char *dst, size_t size, const char *src, size_t len);

/* netlink.c */
int klua_netlink_init(void);
void klua_netlink_exit(void);
int klua_user_charge(struct klua_state *s, struct klua_new *new);
void klua_user_uncharge(struct klua_state *s);
void klua_event_created(const struct klua_state *s);
void klua_event_destroyed(const struct klua_state *s);
void klua_event_error(struct klua_state *s, int err, const char *text,
		      size_t len);
void klua_event_limit(struct klua_state *s, enum klua_limit which);

#endif /* KLUA_INTERNAL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Large blocks of a state on pages that need not be contiguous. See window.c.
 *
 * What is given and taken are whole pages; sizes are multiples of PAGE_SIZE.
 */
#ifndef KLUA_WINDOW_H
#define KLUA_WINDOW_H

#include <linux/slab.h>

#include "internal.h"

/*
 * A machine of which we know when a processor may hold the translation of an
 * address; not the kernel as a process, and not where each page has a shadow
 * that somebody else would have to map.
 */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML) && !defined(CONFIG_KMSAN)
#define KLUA_WINDOWS

void __klua_window_open(struct klua_state *s);
void __klua_window_forget(struct klua_state *s);
size_t __klua_window_close(struct klua_state *s);
bool __klua_window_has(const struct klua_state *s, const void *block);
size_t __klua_window_idle(const struct klua_state *s);
void klua_window_fit(struct klua_state *s);
void *klua_window_get(struct klua_state *s, size_t size, size_t room, gfp_t gfp);
bool klua_window_grow(struct klua_state *s, void *block, size_t old,
		      size_t size, size_t room, gfp_t gfp);
void klua_window_put(struct klua_state *s, void *block, size_t size);
bool klua_window_trim(struct klua_state *s, size_t size);
void klua_windows_init(void);
void klua_windows_exit(void);

/* A state is made. Most states need no window and never get one. */
static inline void klua_window_open(struct klua_state *s)
{
	if (unlikely(s->maxalloc > KMALLOC_MAX_SIZE))
		__klua_window_open(s);
}

/* A state is about to be closed: nobody but us may touch its window. */
static inline void klua_window_forget(struct klua_state *s)
{
	if (unlikely(s->window || s->window_wish))
		__klua_window_forget(s);
}

/* A state is closed. Returns the bytes of blocks that are lost with its window. */
static inline size_t klua_window_close(struct klua_state *s)
{
	klua_window_forget(s);
	return unlikely(s->window) ? __klua_window_close(s) : 0;
}

/* Is a block of the state in its window? */
static inline bool klua_window_has(const struct klua_state *s,
				   const void *block)
{
	return unlikely(s->window) && __klua_window_has(s, block);
}

/* Bytes that a state holds, but in no block */
static inline size_t klua_window_idle(const struct klua_state *s)
{
	return unlikely(s->window) ? __klua_window_idle(s) : 0;
}

#else

static inline void klua_window_open(struct klua_state *s) { }
static inline void klua_window_forget(struct klua_state *s) { }

static inline size_t klua_window_close(struct klua_state *s)
{
	return 0;
}

static inline void klua_window_fit(struct klua_state *s) { }

static inline void *klua_window_get(struct klua_state *s, size_t size,
				    size_t room, gfp_t gfp)
{
	return NULL;
}

static inline bool klua_window_grow(struct klua_state *s, void *block,
				    size_t old, size_t size, size_t room,
				    gfp_t gfp)
{
	return false;
}

static inline bool klua_window_has(const struct klua_state *s, const void *block)
{
	return false;
}

static inline void klua_window_put(struct klua_state *s, void *block,
				   size_t size)
{
}

static inline size_t klua_window_idle(const struct klua_state *s)
{
	return 0;
}

static inline bool klua_window_trim(struct klua_state *s, size_t size)
{
	return false;
}

static inline void klua_windows_init(void) { }
static inline void klua_windows_exit(void) { }

#endif

#endif /* KLUA_WINDOW_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of klua.ko share among themselves.
 */
#ifndef KLUA_INTERNAL_H
#define KLUA_INTERNAL_H

#include "states.h"

/* From Linux 6.13 on a namespace is named by a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define KLUA_EXPORT(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "KLUA")
#else
#define KLUA_EXPORT(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, KLUA)
#endif

/* Names are data: a hostile one must not forge a line or a format. */
#define NAME_FMT	"%*pE"
#define NAME_ARG(s)	(int)(s)->namelen, (s)->name

/*
 * Core functions that consumers have no business with: they make, destroy and
 * open what klua_state_create() and the last put do.
 */
lua_State *lua_newstate(lua_Alloc alloc, void *ud);
void luaL_openlibs(lua_State *L);

void *klua_alloc(void *ud, void *block, size_t osize, size_t nsize);
void klua_alloc_init(struct klua_state *s);
void klua_alloc_exit(struct klua_state *s);

int klua_state_open(struct klua_state *s);
void klua_state_close(struct klua_state *s);
void klua_run_defaults(struct klua_state *s);

#endif /* KLUA_INTERNAL_H */

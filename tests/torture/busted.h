/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways in which the copies of the manager and of its libraries are broken. */
#ifndef KLUA_TORTURE_BUSTED_H
#define KLUA_TORTURE_BUSTED_H

struct klua_lib;
struct klua_state;

enum busted {
	NONE,
	NO_RCU,
	NO_RECHECK,
	REF_FROM_ZERO,
	NO_GRACE,
	CHECK_THEN_ACT,
	REPLACE_GAP,
	RETIRE_NO_WAIT,
	STOP_THEN_ACT,
	FIRST_CPU,
	ONLY_FRONT,
	LIB_NO_GRACE,
	LIB_NO_WAIT,
};

extern enum busted torture_busted;

/* Milliseconds in which another processor, even an emulated one, can step in */
#define WINDOW_MS	5

/* The copy of ../../lib.c (busted_lib.c) */
int torture_copy_register(struct klua_lib *lib);
int torture_copy_unregister(struct klua_lib *lib);
int torture_copy_use_lib(struct klua_state *s);
void torture_copy_libs_stop(void);

#endif /* KLUA_TORTURE_BUSTED_H */

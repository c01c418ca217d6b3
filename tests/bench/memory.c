// SPDX-License-Identifier: GPL-2.0-only
/*
 * States that only take memory. This file tells how many bytes they asked for;
 * guest.sh compares the kernel's free pages before and after for what they really
 * take.
 */

#include "bench.h"

#define STATES		1000
#define MAXALLOC	SZ_1M

int bench_hold(struct bench_request *req)
{
	int err = bench_make_states(0, STATES, MAXALLOC);
	char name[BENCH_NAME_SIZE];
	struct klua_state *s;

	if (err)
		return err;
	bench_name(name, STATES / 2);
	s = klua_state_find(name);
	if (!s)
		return -ENOENT;
	bench_say(req, READ_ONCE(s->curralloc) * 100, "memory-asked");
	klua_state_put(s);
	return 0;
}

int bench_drop(struct bench_request *req)
{
	bench_destroy_states(0, STATES);
	bench_say(req, 0, "dropped");
	return 0;
}

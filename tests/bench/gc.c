// SPDX-License-Identifier: GPL-2.0-only
/*
 * The longest step of the garbage collector, and the time to close a state, for a heap
 * that a script has filled.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irqflags.h>
#include <linux/ktime.h>

#include "bench.h"

#define MAXALLOC	SZ_64M

/*
 * The longest step in two cycles, in steps as a running script makes them. Interrupts
 * are off.
 */
static int longest_step(lua_State *L)
{
	u64 *longest = lua_touserdata(L, 1);
	unsigned long irqs;
	int cycles = 0;
	u64 ns;

	while (cycles < 2) {
		local_irq_save(irqs);
		ns = ktime_get_ns();
		cycles += lua_gc(L, LUA_GCSTEP, 0);
		ns = ktime_get_ns() - ns;
		local_irq_restore(irqs);
		*longest = max(*longest, ns);
	}
	return 0;
}

int bench_heap(struct bench_request *req)
{
	struct klua_state *s;
	u64 step = 0;
	int err = bench_watch();

	if (err)
		return err;
	s = klua_state_create(MAXALLOC, KBUILD_MODNAME);
	if (!s)
		return -ENOMEM;
	klua_state_set_steps(s, KLUA_STEPS_UNLIMITED);
	err = klua_state_run(s, req->script, req->script_len, "=heap", NULL) ?:
	      klua_state_call(s, longest_step, &step);
	if (err)
		pr_err("%s\n", s->errmsg);
	bench_say(req, step * 100, "step");
	bench_say(req, bench_close(KBUILD_MODNAME) * 100, "close");
	return err;
}

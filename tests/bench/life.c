// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and closing states.
 *
 * A work item closes a state, some time after the last put. To measure the close alone,
 * a kretprobe is put on its function. The probe's own time is measured on a function
 * that does nothing, and subtracted. If klua.ko's function has another name, there are
 * no such rows.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>

#include "bench.h"

#define TIMES		65
#define MAXALLOC	SZ_1M

/* Time of the last close */
static u64 close_ns;
static bool closed;

/* Time that the probe measures for a function that does nothing */
static u64 probe_ns;

static int begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(u64 *)ri->data = ktime_get_ns();
	return 0;
}

static int ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	close_ns = ktime_get_ns() - *(u64 *)ri->data;
	/* Pairs with bench_close(): a reader of true sees close_ns. */
	smp_store_release(&closed, true);
	return 0;
}

/* noinline, so that it can be probed */
static noinline void nothing(void)
{
	barrier();
}

static struct kretprobe nothing_probe = {
	.kp.symbol_name = KBUILD_MODNAME ":nothing",
	.entry_handler = begins,
	.handler = ends,
	.data_size = sizeof(u64),
};

static struct kretprobe close_probe = {
	.kp.symbol_name = "klua:close_work",
	.entry_handler = begins,
	.handler = ends,
	.data_size = sizeof(u64),
};

static bool watching;

/* Register a probe. It stays until the module is unloaded. */
static int watch(struct kretprobe *probe)
{
	int err = register_kretprobe(probe);

	/* The kernel may take so long to optimize the probe's trap into a jump. */
	if (!err)
		msleep(200);
	return err;
}

static u64 time_nothing(void)
{
	u64 ns[TIMES];
	int i;

	for (i = 0; i < TIMES; i++) {
		nothing();
		ns[i] = close_ns;
	}
	return bench_median(ns, TIMES);
}

int bench_watch(void)
{
	int err;

	if (watching)
		return 0;
	err = watch(&nothing_probe);
	if (err)
		return err;
	probe_ns = time_nothing();
	unregister_kretprobe(&nothing_probe);
	err = watch(&close_probe);
	watching = !err;
	return err;
}

void bench_unwatch(void)
{
	if (watching)
		unregister_kretprobe(&close_probe);
}

/* Destroy a state, wait until it is closed, and return the time of the close. */
u64 bench_close(const char *name)
{
	WRITE_ONCE(closed, false);
	if (klua_state_destroy(name))
		return 0;
	/* Pairs with ends(). */
	while (!smp_load_acquire(&closed))
		msleep(20);
	return close_ns > probe_ns ? close_ns - probe_ns : 0;
}

struct life {
	u64 create[TIMES];
	u64 destroy[TIMES];
	u64 both[TIMES];
};

static int live(struct life *life, int i)
{
	char name[BENCH_NAME_SIZE];
	u64 ns;

	bench_name(name, 0);
	ns = ktime_get_ns();
	if (!klua_state_create(MAXALLOC, name))
		return -ENOMEM;
	life->create[i] = ktime_get_ns() - ns;
	life->destroy[i] = bench_close(name);
	life->both[i] = life->create[i] + life->destroy[i];
	return 0;
}

int bench_create(struct bench_request *req)
{
	static struct life life;
	int err = bench_watch();
	int i;

	if (err)
		return err;
	for (i = 0; i < TIMES && !err; i++)
		err = live(&life, i);
	if (err)
		return err;
	bench_say(req, bench_median(life.create, TIMES) * 100, "create");
	bench_say(req, bench_median(life.destroy, TIMES) * 100, "close");
	bench_say(req, bench_median(life.both, TIMES) * 100,
		  "create+destroy");
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * luatimer: calls the Lua function tick(ns) every so many milliseconds, from a
 * timer, which is softirq, or with work=1 from a workqueue. The script, luatimer.lua
 * below /lib/firmware, has a scheduler of tasks in it.
 *
 *	echo 1 > /sys/module/luatimer/parameters/reload
 *
 * loads the script again while ticks go on; if it fails to load, the old one stays.
 * "klua show luatimer" shows the error of a tick.
 */
#include <linux/workqueue.h>

#include "states.h"

static unsigned int period = 10;
module_param(period, uint, 0644);

static bool work;
module_param(work, bool, 0444);

static bool leaving;	/* guarded by kernel_param_lock() */

static void tick(struct work_struct *unused)
{
	struct klua_call call = { .function = "tick", KLUA_ARGS(KLUA_ARG_INTEGER(ktime_get_ns())) };

	klua_invoke(KBUILD_MODNAME, &call);
}

static DECLARE_WORK(ticker, tick);

static void expired(struct timer_list *timer)
{
	if (work)
		schedule_work(&ticker);
	else
		tick(NULL);
	mod_timer(timer, jiffies + msecs_to_jiffies(period));
}

static DEFINE_TIMER(timer, expired);

/* A write to the parameter "reload" */
static int load(const char *text, const struct kernel_param *kp)
{
	struct klua_config config = { .name = KBUILD_MODNAME, .maxalloc = 1 << 19, .replace = true,
				      KLUA_CHUNKS({ .firmware = "luatimer.lua" }) };

	return leaving ? -ENODEV : klua_state_publish(&config);
}

module_param_call(reload, load, NULL, NULL, 0200);

static int __init luatimer_init(void)
{
	int err = load(NULL, NULL);	/* on failure the log says why */

	if (!err)
		mod_timer(&timer, jiffies);
	return err;
}

static void __exit luatimer_exit(void)
{
	kernel_param_lock(THIS_MODULE);
	leaving = true;
	kernel_param_unlock(THIS_MODULE);
	timer_delete_sync(&timer);
	cancel_work_sync(&ticker);
	klua_state_retire(klua_state_find(KBUILD_MODNAME));
}

module_init(luatimer_init);
module_exit(luatimer_exit);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Ticks in Lua");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/* The module: starts its parts in order, and stops them in the reverse order. */

#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/security.h>
#include <linux/string.h>

#include "internal.h"
#include "lua/entry.h"

#if KLUA_TWO_LOOPS
#include <asm/cpufeature.h>
#define jumps_are_dear()	boot_cpu_has(X86_FEATURE_RETPOLINE)
#else
#define jumps_are_dear()	false
#endif

/* Set to the loop that was chosen, so that /sys/module/klua/parameters shows it. */
static char *dispatch = "auto";
module_param(dispatch, charp, 0444);
MODULE_PARM_DESC(dispatch, "how the interpreter gets to the next instruction: gotos, by indirect jumps; tree, by comparisons; auto, by a tree where the kernel makes retpolines of indirect jumps (default auto)");

DEFINE_STATIC_KEY_FALSE(klua_tree);

/*
 * May a parameter be set that changes what scripts may do? Returns 0 or -EPERM. Under
 * lockdown it may not, neither when the module is loaded nor later: the kernel treats
 * its own unsafe parameters in the same way.
 */
int klua_param_allowed(void)
{
	return security_locked_down(LOCKDOWN_MODULE_PARAMETERS);
}

static int set_uint(const char *text, const struct kernel_param *kp)
{
	return klua_param_allowed() ?: param_set_uint(text, kp);
}

const struct kernel_param_ops klua_param_uint = {
	.set = set_uint,
	.get = param_get_uint,
};

static int set_ulong(const char *text, const struct kernel_param *kp)
{
	return klua_param_allowed() ?: param_set_ulong(text, kp);
}

const struct kernel_param_ops klua_param_ulong = {
	.set = set_ulong,
	.get = param_get_ulong,
};

/* Choose the interpreter's loop. Called before any Lua state is made. */
static int choose_dispatch(void)
{
	if (!strcmp(dispatch, "auto"))
		dispatch = jumps_are_dear() ? "tree" : "gotos";
	if (!strcmp(dispatch, "gotos"))
		return 0;
	if (!KLUA_TWO_LOOPS || strcmp(dispatch, "tree"))
		return -EINVAL;
	static_branch_enable(&klua_tree);
	return 0;
}

static int __init klua_init(void)
{
	int err;

	err = choose_dispatch();
	if (err)
		return err;
	klua_states_init();
	if (!klua_states_ready())
		return -ENOMEM;
	err = klua_libs_init();
	if (err)
		goto states;
	err = klua_netlink_init();
	if (err)
		goto libs;
	err = klua_device_init();
	if (err)
		goto netlink;
	return 0;

netlink:
	klua_netlink_exit();
libs:
	klua_libs_exit();
states:
	klua_states_exit();
	return err;
}

static void __exit klua_exit(void)
{
	klua_device_exit();
	/*
	 * Destroy all states first, while netlink's listener can still be told that
	 * they are gone.
	 */
	klua_state_destroy_all();
	klua_states_flush();
	klua_netlink_exit();
	klua_states_exit();
	klua_libs_exit();
}

module_init(klua_init);
module_exit(klua_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Named, thread-safe Lua states for kernel modules");
MODULE_VERSION(KLUA_VERSION);

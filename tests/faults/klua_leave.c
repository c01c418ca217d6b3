// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_leave: a consumer that is unloaded without cleaning up; klua.ko is unloaded
 * after it. It makes the states that it leaves in its exit, so that little time passes
 * in between.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "states.h"

static unsigned int alive;
module_param(alive, uint, 0444);
MODULE_PARM_DESC(alive, "states left in the table");

static unsigned int held;
module_param(held, uint, 0444);
MODULE_PARM_DESC(held, "states left with one hold each that is never given back");

static unsigned int orphans;
module_param(orphans, uint, 0444);
MODULE_PARM_DESC(orphans, "states left held twice, and taken out of the table");

static unsigned int queued;
module_param(queued, uint, 0444);
MODULE_PARM_DESC(queued, "states destroyed, their closes left to do");

static char *script = "";
module_param(script, charp, 0444);
MODULE_PARM_DESC(script, "what runs in each state");

#define NAME_SIZE	32

static struct klua_state *make_state(const char *kind, unsigned int i, char *name)
{
	struct klua_state *s;

	/* With a newline, to see that the log escapes it */
	snprintf(name, NAME_SIZE, "%s\n%u", kind, i);
	if (!klua_state_create(65536, name))
		return NULL;
	s = klua_state_find(name);
	if (klua_state_run(s, script, strlen(script), "=leave", NULL))
		pr_err("the script fails\n");
	return s;
}

static int __init leave_init(void)
{
	return 0;
}

static void __exit leave_exit(void)
{
	char name[NAME_SIZE];
	struct klua_state *s;
	unsigned int i;

	for (i = 0; i < orphans; i++)
		klua_state_get(make_state("orphan", i, name));
	klua_state_destroy_all();
	for (i = 0; i < alive; i++)
		klua_state_put(make_state("alive", i, name));
	for (i = 0; i < held; i++)
		make_state("held", i, name);
	for (i = 0; i < queued; i++) {
		s = make_state("queued", i, name);
		klua_state_put(s);
		if (s && klua_state_destroy(name))
			pr_err("a state cannot be destroyed\n");
	}
}

module_init(leave_init);
module_exit(leave_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves Lua states behind");

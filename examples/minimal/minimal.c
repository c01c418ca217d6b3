// SPDX-License-Identifier: GPL-2.0-only
/* The least that a KLua consumer does: a state, a chunk, its result. */
#include "states.h"

static const char chunk[] = "return 'hello from ' .. _VERSION, 6 * 7";

static int __init minimal_init(void)
{
	char text[80];
	struct klua_result result = { .buf = text, .size = sizeof(text) };
	struct klua_state *s = klua_state_create(64 * 1024, "minimal");

	if (!s)
		return -ENOMEM;	/* the log says why */
	klua_state_run(s, chunk, strlen(chunk), "=chunk", &result);
	pr_info("minimal: %s\n", text);	/* the results, or what went wrong */
	klua_state_list();
	return 0;
}

static void __exit minimal_exit(void)
{
	klua_state_destroy("minimal");
}

module_init(minimal_init);
module_exit(minimal_exit);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Minimal user of KLua");
MODULE_LICENSE("GPL");

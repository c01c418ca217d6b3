// SPDX-License-Identifier: GPL-2.0-only
/* The shortest KLua consumer: makes a state, runs a chunk, logs its results. */
#include "states.h"

static const char chunk[] = "return 'hello from ' .. _VERSION, 6 * 7";
static struct klua_state *state;

static int __init minimal_init(void)
{
	struct klua_config config = { .name = "minimal", .maxalloc = 64 * 1024 };
	char text[80];
	struct klua_result result = { .buf = text, .size = sizeof(text) };

	state = klua_state_new(&config);	/* ours until it is retired */
	if (IS_ERR(state))
		return PTR_ERR(state);	/* the log says why */
	klua_state_run(state, chunk, strlen(chunk), "=chunk", &result);
	pr_info("minimal: %s\n", text);	/* the results, or the error */
	klua_state_list();
	return 0;
}

static void __exit minimal_exit(void)
{
	klua_state_retire(state);
}

module_init(minimal_init);
module_exit(minimal_exit);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Minimal user of KLua");
MODULE_LICENSE("GPL");

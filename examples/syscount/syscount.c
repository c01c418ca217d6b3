// SPDX-License-Identifier: GPL-2.0-only
/*
 * syscount: counts system calls by name in a Lua table; the file syscount of
 * debugfs shows it.
 *
 * The state is an irq one, so a probe may enter it wherever it hits. If the state is in
 * use, by a probe on another processor or by a reader, the probe does not wait: the
 * call is not counted, and the file shows how many were missed. The probes are at the
 * entries of functions, where ftrace calls them. A probe elsewhere is a breakpoint,
 * which runs as an NMI does, and may not enter any state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/seq_file.h>

#include "states.h"

#define PREFIX		KLUA_SYSCALL_PREFIX

static struct klua_state *state;
static struct dentry *file;
static atomic_long_t missed;

static const char script[] =
	"counts = {}\n"
	"function hit(name) counts[name] = (counts[name] or 0) + 1 end\n"
	"function list()\n"
	"	local t = ''\n"
	"	for name, n in pairs(counts) do t = t .. name .. ' ' .. n .. '\\n' end\n"
	"	return t\n"
	"end\n";

static int hit(struct kprobe *p, struct pt_regs *regs)
{
	const char *name = p->symbol_name + strlen(PREFIX);
	struct klua_call call = { .function = "hit", KLUA_ARGS(KLUA_ARG_TEXT(name)) };

	if (klua_state_invoke(state, &call))
		atomic_long_inc(&missed);
	return 0;
}
NOKPROBE_SYMBOL(hit);

#define PROBE(name)	{ .symbol_name = PREFIX name, .pre_handler = hit }

static struct kprobe probes[] = {
	PROBE("read"), PROBE("write"), PROBE("openat"), PROBE("close"),
	PROBE("clone"), PROBE("execve"), PROBE("getppid"), PROBE("newfstatat"),
	PROBE("wait4"), PROBE("mmap"),
};

static struct kprobe *list[ARRAY_SIZE(probes)];

/*
 * Show the counts. If they do not fit into the buffer, seq_file calls this again with a
 * larger one.
 */
static int syscount_show(struct seq_file *m, void *unused)
{
	char *buf;
	size_t size = seq_get_buf(m, &buf);
	struct klua_value text = KLUA_RESULT_STRING(buf, size);
	struct klua_call call = { .function = "list", .results = &text,
				  .nresults = 1 };
	int err, tries = 1000;

	while ((err = klua_state_invoke(state, &call)) == -EBUSY && --tries)
		usleep_range(20, 200);
	seq_commit(m, text.len < size ? text.len : -1);
	seq_printf(m, "# missed %ld\n", atomic_long_read(&missed));
	return err;
}
DEFINE_SHOW_ATTRIBUTE(syscount);

static int __init syscount_init(void)
{
	struct klua_config config = {
		.name = KBUILD_MODNAME, .maxalloc = 1 << 17, .kind = KLUA_KIND_IRQ,
		KLUA_CHUNKS({ .text = script, .len = strlen(script) }),
	};
	int i, err;

	state = klua_state_new(&config);	/* on failure the log says why */
	if (IS_ERR(state))
		return PTR_ERR(state);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		list[i] = &probes[i];
	err = register_kprobes(list, ARRAY_SIZE(list));
	if (err) {
		klua_state_retire(state);
		return err;
	}
	file = debugfs_create_file(KBUILD_MODNAME, 0400, NULL, NULL,
				   &syscount_fops);
	return 0;
}

static void __exit syscount_exit(void)
{
	debugfs_remove(file);
	unregister_kprobes(list, ARRAY_SIZE(list));	/* waits for handlers */
	klua_state_retire(state);
}

module_init(syscount_init);
module_exit(syscount_exit);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Counts system calls in Lua");
MODULE_LICENSE("GPL");

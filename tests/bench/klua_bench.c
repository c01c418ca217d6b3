// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_bench: how long scripts and entries take, in ns of the guest's clock.
 *
 * Under QEMU's -icount a guest ns is an instruction, which is what tests/bench
 * counts. A script written to /dev/klua-bench runs in a fresh state without a
 * limit on steps, and what is read back is its time. Reading without writing
 * runs the measurements of entries, one line each.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "states.h"

#define SCRIPT_MAXSIZE	65536
#define MAXALLOC	(64 << 20)
#define ENTRIES		20000
#define STATES		32

/* One open file: a script, or none, and then the text of the answer. */
struct session {
	char *script;
	size_t len;
	char answer[512];
};

static void say(struct session *session, const char *what, u64 ns)
{
	size_t len = strlen(session->answer);

	scnprintf(session->answer + len, sizeof(session->answer) - len,
		  "%s %llu\n", what, ns);
}

static int run_script(struct session *session)
{
	struct klua_result result = {
		.buf = session->answer,
		.size = sizeof(session->answer),
	};
	struct klua_state *s = klua_state_create(MAXALLOC, KBUILD_MODNAME);
	u64 ns;
	int err;

	if (!s)
		return -ENOMEM;
	klua_state_set_steps(s, KLUA_STEPS_UNLIMITED);
	ns = ktime_get_ns();
	err = klua_state_run(s, session->script, session->len, "=bench", &result);
	ns = ktime_get_ns() - ns;
	klua_state_destroy(KBUILD_MODNAME);
	if (err) {
		pr_err("script failed: %s\n", session->answer);
		return err;
	}
	session->answer[0] = '\0';
	say(session, "script", ns);
	return 0;
}

static int call_empty(lua_State *L)
{
	lua_getglobal(L, "empty");
	lua_call(L, 0, 0);
	return 0;
}

static u64 time_lookups(void)
{
	struct klua_state *s;
	u64 ns = ktime_get_ns();
	int i;

	for (i = 0; i < ENTRIES; i++) {
		s = klua_state_find("bench-17");
		klua_state_put(s);
	}
	return (ktime_get_ns() - ns) / ENTRIES;
}

static u64 time_calls(struct klua_state *s)
{
	u64 ns = ktime_get_ns();
	int i;

	for (i = 0; i < ENTRIES; i++)
		klua_state_call(s, call_empty, NULL);
	return (ktime_get_ns() - ns) / ENTRIES;
}

/* What the struct allows: the lock and lua_pcall() on s->L. */
static u64 time_pcalls(struct klua_state *s)
{
	u64 ns;
	int i;

	klua_state_lock(s);
	lua_getglobal(s->L, "empty");
	klua_state_unlock(s);
	ns = ktime_get_ns();
	for (i = 0; i < ENTRIES; i++) {
		klua_state_lock(s);
		lua_pushvalue(s->L, -1);
		lua_pcall(s->L, 0, 0, 0);
		klua_state_unlock(s);
	}
	ns = (ktime_get_ns() - ns) / ENTRIES;
	klua_state_lock(s);
	lua_pop(s->L, 1);
	klua_state_unlock(s);
	return ns;
}

static int make_states(void)
{
	struct klua_state *s = NULL;
	char name[16];
	int i;

	for (i = 0; i < STATES; i++) {
		snprintf(name, sizeof(name), "bench-%d", i);
		s = klua_state_create(1 << 20, name);
		if (!s)
			return -ENOMEM;
	}
	return klua_state_run(klua_state_lookup("bench-17"),
			      "function empty() end", 20, "=bench", NULL);
}

static void destroy_states(void)
{
	char name[16];
	int i;

	for (i = 0; i < STATES; i++) {
		snprintf(name, sizeof(name), "bench-%d", i);
		klua_state_destroy(name);
	}
}

static int run_entries(struct session *session)
{
	int err = make_states();

	if (!err) {
		struct klua_state *s = klua_state_lookup("bench-17");

		say(session, "find+put", time_lookups());
		say(session, "lock+pcall+unlock", time_pcalls(s));
		say(session, "klua_state_call", time_calls(s));
	}
	destroy_states();
	return err;
}

static int bench_open(struct inode *inode, struct file *file)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return -ENOMEM;
	session->script = kvmalloc(SCRIPT_MAXSIZE, GFP_KERNEL);
	if (!session->script) {
		kfree(session);
		return -ENOMEM;
	}
	file->private_data = session;
	return 0;
}

static int bench_release(struct inode *inode, struct file *file)
{
	struct session *session = file->private_data;

	kvfree(session->script);
	kfree(session);
	return 0;
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	struct session *session = file->private_data;

	if (len > SCRIPT_MAXSIZE - session->len)
		return -EFBIG;
	if (copy_from_user(session->script + session->len, buf, len))
		return -EFAULT;
	session->len += len;
	return len;
}

static ssize_t bench_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	struct session *session = file->private_data;
	int err;

	if (!*pos && !*session->answer) {
		err = session->len ? run_script(session) : run_entries(session);
		if (err)
			return err;
	}
	return simple_read_from_buffer(buf, len, pos, session->answer,
				       strlen(session->answer));
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.release = bench_release,
	.read = bench_read,
	.write = bench_write,
	.llseek = no_llseek,
};

static struct miscdevice bench_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "klua-bench",
	.fops = &bench_fops,
	.mode = 0600,
};

module_misc_device(bench_device);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KLua benchmark: scripts and entries");
KLUA_IMPORT_NS;

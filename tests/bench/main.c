// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_bench: measures scripts, entries and states, in ns of the guest's clock.
 *
 * Under QEMU's -icount a guest ns is one instruction, which tests/bench counts. The
 * first line written to /dev/klua-bench is the name of a group of rows. Two groups need
 * a Lua script in the lines below: "script" runs it in a fresh state without a limit on
 * steps, "heap" fills a heap with it. A read then returns lines of "row value".
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "bench.h"

#define COMMAND_MAXSIZE	65536
#define ANSWER_MAXSIZE	8192
#define MAXALLOC	SZ_64M

/* The longest time that an atomic state may have: KLUA_TIME_MAX_US_ATOMIC */
#define SCRIPT_US	8000000

/* Batches of a measurement, whose median is the result */
#define BATCHES		33

/* An open file: the command that was written, then the results to be read */
struct session {
	char *command;
	size_t len;
	struct bench_request req;
};

void bench_say(struct bench_request *req, u64 value, const char *fmt, ...)
{
	char *text = req->text + req->len;
	size_t size = req->size - req->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(text, size, fmt, args);
	va_end(args);
	n += scnprintf(text + n, size - n, " %llu.%02llu\n", value / 100,
		       value % 100);
	req->len += n;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

u64 bench_median(u64 *values, size_t n)
{
	sort(values, n, sizeof(*values), compare, NULL);
	return values[n / 2];
}

u64 bench_time(void (*batch)(void *arg, unsigned int n), void *arg,
	       unsigned int n)
{
	u64 ns[BATCHES];
	int i;

	batch(arg, n);
	for (i = 0; i < BATCHES; i++) {
		cond_resched();
		ns[i] = ktime_get_ns();
		batch(arg, n);
		ns[i] = ktime_get_ns() - ns[i];
	}
	return bench_median(ns, BATCHES) * 100 / n;
}

void bench_name(char *name, unsigned int i)
{
	snprintf(name, BENCH_NAME_SIZE, "b-%06u", i);
}

void bench_destroy_states(unsigned int from, unsigned int to)
{
	char name[BENCH_NAME_SIZE];

	for (; from < to; from++) {
		bench_name(name, from);
		klua_state_destroy(name);
		cond_resched();
	}
}

int bench_make_states(unsigned int from, unsigned int to, size_t maxalloc)
{
	char name[BENCH_NAME_SIZE];
	unsigned int i;

	for (i = from; i < to; i++) {
		bench_name(name, i);
		if (!klua_state_create(maxalloc, name)) {
			bench_destroy_states(from, i);
			return -ENOMEM;
		}
		cond_resched();
	}
	return 0;
}

int bench_script(struct bench_request *req)
{
	struct klua_result result = {
		.buf = req->text,
		.size = req->size,
	};
	struct klua_state *s = klua_state_create(MAXALLOC, KBUILD_MODNAME);
	u64 ns;
	int err;

	if (!s)
		return -ENOMEM;
	klua_state_set_steps(s, KLUA_STEPS_UNLIMITED);
	klua_state_set_time(s, SCRIPT_US);
	ns = ktime_get_ns();
	err = klua_state_run(s, req->script, req->script_len, "=bench",
			     &result);
	ns = ktime_get_ns() - ns;
	klua_state_destroy(KBUILD_MODNAME);
	if (err) {
		pr_err("script failed: %s\n", req->text);
		return err;
	}
	bench_say(req, ns * 100, "script");
	return 0;
}

static const struct {
	const char *name;
	int (*measure)(struct bench_request *req);
} groups[] = {
	{ "script", bench_script },
	{ "entry", bench_entries },
	{ "create", bench_create },
	{ "hold", bench_hold },
	{ "drop", bench_drop },
	{ "scale", bench_scale },
	{ "heap", bench_heap },
	{ "smp", bench_smp },
};

static int obey(struct session *session)
{
	char *end = memchr(session->command, '\n', session->len);
	int i;

	if (!end)
		return -EINVAL;
	*end++ = '\0';
	session->req.script = end;
	session->req.script_len = session->command + session->len - end;
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(session->command, groups[i].name))
			return groups[i].measure(&session->req);
	return -EINVAL;
}

static int bench_open(struct inode *inode, struct file *file)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return -ENOMEM;
	session->command = kvmalloc(COMMAND_MAXSIZE, GFP_KERNEL);
	session->req.text = kzalloc(ANSWER_MAXSIZE, GFP_KERNEL);
	session->req.size = ANSWER_MAXSIZE;
	if (!session->command || !session->req.text) {
		kvfree(session->command);
		kfree(session->req.text);
		kfree(session);
		return -ENOMEM;
	}
	file->private_data = session;
	return 0;
}

static int bench_release(struct inode *inode, struct file *file)
{
	struct session *session = file->private_data;

	kvfree(session->command);
	kfree(session->req.text);
	kfree(session);
	return 0;
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	struct session *session = file->private_data;

	if (len > COMMAND_MAXSIZE - session->len)
		return -EFBIG;
	if (copy_from_user(session->command + session->len, buf, len))
		return -EFAULT;
	session->len += len;
	return len;
}

static ssize_t bench_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	struct session *session = file->private_data;
	int err;

	if (!*pos && !session->req.len) {
		err = obey(session);
		if (err)
			return err;
	}
	return simple_read_from_buffer(buf, len, pos, session->req.text,
				       session->req.len);
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.release = bench_release,
	.read = bench_read,
	.write = bench_write,
};

static struct miscdevice bench_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "klua-bench",
	.fops = &bench_fops,
	.mode = 0600,
};

static int __init bench_init(void)
{
	return misc_register(&bench_device);
}

static void __exit bench_exit(void)
{
	misc_deregister(&bench_device);
	bench_unwatch();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KLua benchmark: scripts, entries and states");
KLUA_IMPORT_NS;

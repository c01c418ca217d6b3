// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_runner: runs Lua scripts that root writes to /dev/klua-runner.
 *
 * It is for tests only, since everybody who may write to the device runs code in the
 * kernel. On a machine in use run scripts by the program klua.
 *
 * An open file takes one request. It is a line, and for "run" also the script:
 *
 *	run [KEY=VALUE]...	runs the text that follows the line, up to 1 MiB
 *	destroy name=NAME	destroys a state
 *	stop name=NAME		stops a state, as the module that made it does
 *	start name=NAME		starts it
 *	list			lists the states in the kernel's log
 *
 * The first read executes the request. It returns a line with 0 or the error's name,
 * then the text of struct klua_result, up to 64 KiB. Keys of "run":
 *
 *	name=NAME	the state, created when there is none (klua-runner)
 *	maxalloc=BYTES	its limit of memory (16 MiB when created)
 *	kind=KIND	atomic, sleepable without a limit on time, or irq with the
 *			largest one (when created)
 *	reserve=1	takes all of its memory when it is created
 *	percpu=1	a state for each processor (when created)
 *	replace=1	creates it in the place of the one of its name
 *	steps=N		its limit of steps
 *	chunkname=NAME	what Lua calls the script in messages (=script)
 *	context=softirq	runs it in a softirq instead of in the reader's context
 *	keep=1		leaves the state for a later request
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "states.h"

#define LINE_MAXSIZE	1024
#define SCRIPT_MAXSIZE	(1024 * 1024)
#define REQUEST_MAXSIZE	(LINE_MAXSIZE + SCRIPT_MAXSIZE)
/*
 * Bytes that are allocated first: most requests are short, and each allocation takes
 * long in a debug kernel
 */
#define REQUEST_MINSIZE	4096
#define TEXT_MAXSIZE	(64 * 1024)
#define MAXALLOC	(16 * 1024 * 1024)

/* Room before the text of a reply for the line with the error's name */
#define STATUS_MAXSIZE	32

/*
 * An open file
 *
 * @request:	the request: @len bytes so far, of @size that are allocated beside one for
 *		a NUL
 * @reply:	NULL until the request has been executed; the reader gets its bytes from
 *		@start to @end
 */
struct session {
	/* Held while a thread writes, reads, or executes the request */
	struct mutex lock;
	char *request;
	size_t len;
	size_t size;
	char *reply;
	size_t start;
	size_t end;
	loff_t pos;
};

struct options {
	const char *name;
	const char *chunkname;
	size_t maxalloc;
	u64 steps;
	enum klua_kind kind;
	bool reserve;
	bool percpu;
	bool replace;
	bool has_maxalloc;
	bool has_steps;
	bool softirq;
	bool keep;
};

/* A run that a softirq makes */
struct softirq_run {
	struct tasklet_struct tasklet;
	struct completion done;
	struct klua_state *s;
	const char *chunk;
	size_t len;
	const char *chunkname;
	struct klua_result *result;
	int ret;
};

static void run_tasklet(struct tasklet_struct *t)
{
	struct softirq_run *r = from_tasklet(r, t, tasklet);

	r->ret = klua_state_run(r->s, r->chunk, r->len, r->chunkname,
				r->result);
	complete(&r->done);
}

static int run_in_softirq(struct klua_state *s, const char *chunk, size_t len,
			  const char *chunkname, struct klua_result *result)
{
	struct softirq_run r = {
		.s = s,
		.chunk = chunk,
		.len = len,
		.chunkname = chunkname,
		.result = result,
	};

	init_completion(&r.done);
	tasklet_setup(&r.tasklet, run_tasklet);

	/*
	 * Scheduled while bottom halves are off, the tasklet runs in local_bh_enable(),
	 * on the stack and in the context of a softirq after an interrupt. Scheduled
	 * otherwise, it would run in ksoftirqd.
	 */
	local_bh_disable();
	tasklet_schedule(&r.tasklet);
	local_bh_enable();

	wait_for_completion(&r.done);
	tasklet_kill(&r.tasklet);
	return r.ret;
}

static const char * const kinds[] = {
	[KLUA_KIND_ATOMIC] = "atomic",
	[KLUA_KIND_SLEEPABLE] = "sleepable",
	[KLUA_KIND_IRQ] = "irq",
};

static int parse_option(struct options *o, char *word)
{
	char *value = word;
	char *key = strsep(&value, "=");
	u64 number = 0;
	int ret = 0;

	if (!value)
		return -EINVAL;
	if (!strcmp(key, "name")) {
		o->name = value;
	} else if (!strcmp(key, "chunkname")) {
		o->chunkname = value;
	} else if (!strcmp(key, "context")) {
		o->softirq = !strcmp(value, "softirq");
		if (!o->softirq && strcmp(value, "process"))
			ret = -EINVAL;
	} else if (!strcmp(key, "kind")) {
		ret = match_string(kinds, ARRAY_SIZE(kinds), value);
		if (ret < 0)
			return ret;
		o->kind = ret;
		ret = 0;
	} else if (!strcmp(key, "reserve")) {
		ret = kstrtobool(value, &o->reserve);
	} else if (!strcmp(key, "percpu")) {
		ret = kstrtobool(value, &o->percpu);
	} else if (!strcmp(key, "replace")) {
		ret = kstrtobool(value, &o->replace);
	} else if (!strcmp(key, "keep")) {
		ret = kstrtobool(value, &o->keep);
	} else if (!strcmp(key, "steps")) {
		o->has_steps = true;
		ret = kstrtou64(value, 0, &o->steps);
	} else if (!strcmp(key, "maxalloc")) {
		o->has_maxalloc = true;
		ret = kstrtou64(value, 0, &number);
		o->maxalloc = number;
	} else {
		ret = -EINVAL;
	}
	return ret;
}

static int parse_options(struct options *o, char *words)
{
	char *word;
	int ret;

	while ((word = strsep(&words, " "))) {
		if (!*word)
			continue;
		ret = parse_option(o, word);
		if (ret) {
			pr_err("bad option '%s'\n", word);
			return ret;
		}
	}
	return 0;
}

/* Find and hold the state that @o names; create it if there is none. */
static struct klua_state *find_or_create(const struct options *o)
{
	const struct klua_config config = {
		.name = o->name,
		.kind = o->kind,
		.maxalloc = o->maxalloc,
		.reserve = o->reserve,
		.percpu = o->percpu,
		.replace = o->replace,
		.time_unlimited = o->kind == KLUA_KIND_SLEEPABLE,
		.time_us = o->kind == KLUA_KIND_IRQ ? KLUA_TIME_MAX_US_IRQ : 0,
	};
	struct klua_state *s = o->replace ? NULL : klua_state_find(o->name);

	if (s)
		return s;
	s = klua_state_new(&config);
	if (!IS_ERR(s))
		return s;
	pr_err("cannot make state '%s': %pe\n", o->name, s);
	return NULL;
}

static int run(const struct options *o, const char *chunk, size_t len,
	       struct klua_result *result)
{
	struct klua_state *s = find_or_create(o);
	int ret = 0;

	if (!s)
		return -ENOENT;
	if (o->has_maxalloc)
		ret = klua_state_set_maxalloc(s, o->maxalloc);
	if (!ret && o->has_steps)
		ret = klua_state_set_steps(s, o->steps);
	if (!ret && o->softirq)
		ret = run_in_softirq(s, chunk, len, o->chunkname, result);
	else if (!ret)
		ret = klua_state_run(s, chunk, len, o->chunkname, result);
	/* The reader of the answer may look for the script's output in the log. */
	klua_events_flush();
	klua_state_put(s);
	if (!o->keep && klua_state_destroy(o->name))
		pr_warn("state '%s' was not destroyed\n", o->name);
	return ret;
}

static int set_stopped(const struct options *o, bool stopped)
{
	struct klua_state *s = klua_state_find(o->name);
	int ret;

	if (!s)
		return -ENOENT;
	ret = klua_state_set_stopped(s, stopped);
	klua_state_put(s);
	return ret;
}

/* Put the line with the status before the text, which is in its place already. */
static void set_status(struct session *f, int status)
{
	char line[STATUS_MAXSIZE];
	int len;

	if (status)
		len = scnprintf(line, sizeof(line), "%pe\n", ERR_PTR(status));
	else
		len = scnprintf(line, sizeof(line), "0\n");
	f->start = STATUS_MAXSIZE - len;
	memcpy(f->reply + f->start, line, len);
}

/* Execute the request. The result is an errno of the request, not of a script. */
static int carry_out(struct session *f)
{
	struct options o = {
		.name = "klua-runner",
		.chunkname = "=script",
		.maxalloc = MAXALLOC,
	};
	struct klua_result result = { .size = TEXT_MAXSIZE };
	char *script = f->request;
	char *words, *command;
	int ret;

	f->request[f->len] = '\0';
	words = strsep(&script, "\n");
	command = strsep(&words, " ");
	if (!command || !script || script - f->request > LINE_MAXSIZE)
		return -EINVAL;
	ret = parse_options(&o, words);
	if (ret)
		return ret;

	f->reply = kvmalloc(STATUS_MAXSIZE + TEXT_MAXSIZE, GFP_KERNEL);
	if (!f->reply)
		return -ENOMEM;
	result.buf = f->reply + STATUS_MAXSIZE;

	if (!strcmp(command, "run")) {
		ret = run(&o, script, f->request + f->len - script, &result);
	} else if (!strcmp(command, "destroy")) {
		ret = klua_state_destroy(o.name) ? -ENOENT : 0;
	} else if (!strcmp(command, "stop") || !strcmp(command, "start")) {
		ret = set_stopped(&o, !strcmp(command, "stop"));
	} else if (!strcmp(command, "list")) {
		klua_state_list();
	} else {
		kvfree(f->reply);
		f->reply = NULL;
		return -EINVAL;
	}
	f->end = STATUS_MAXSIZE + min(result.len, result.size - 1);
	set_status(f, ret);
	return 0;
}

static int runner_open(struct inode *inode, struct file *file)
{
	struct session *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->size = REQUEST_MINSIZE;
	f->request = kvmalloc(f->size, GFP_KERNEL);
	if (!f->request) {
		kfree(f);
		return -ENOMEM;
	}
	mutex_init(&f->lock);
	file->private_data = f;
	return stream_open(inode, file);
}

static int runner_release(struct inode *inode, struct file *file)
{
	struct session *f = file->private_data;

	kvfree(f->request);
	kvfree(f->reply);
	mutex_destroy(&f->lock);
	kfree(f);
	return 0;
}

/* Make room for @len bytes and a NUL. */
static int grow(struct session *f, size_t len)
{
	size_t size = max(len + 1, 2 * f->size);
	char *request;

	if (len < f->size)
		return 0;
	request = kvmalloc(size, GFP_KERNEL);
	if (!request)
		return -ENOMEM;
	memcpy(request, f->request, f->len);
	kvfree(f->request);
	f->request = request;
	f->size = size;
	return 0;
}

static ssize_t runner_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	struct session *f = file->private_data;
	ssize_t ret = count;

	mutex_lock(&f->lock);
	if (f->reply)
		ret = -EBUSY;
	else if (count > REQUEST_MAXSIZE - f->len)
		ret = -EFBIG;
	else if (grow(f, f->len + count))
		ret = -ENOMEM;
	else if (copy_from_user(f->request + f->len, buf, count))
		ret = -EFAULT;
	else
		f->len += count;
	mutex_unlock(&f->lock);
	return ret;
}

static ssize_t runner_read(struct file *file, char __user *buf, size_t count,
			   loff_t *ppos)
{
	struct session *f = file->private_data;
	ssize_t ret = 0;

	mutex_lock(&f->lock);
	if (!f->reply)
		ret = carry_out(f);
	if (!ret)
		ret = simple_read_from_buffer(buf, count, &f->pos,
					      f->reply + f->start,
					      f->end - f->start);
	mutex_unlock(&f->lock);
	return ret;
}

static const struct file_operations runner_fops = {
	.owner = THIS_MODULE,
	.open = runner_open,
	.release = runner_release,
	.read = runner_read,
	.write = runner_write,
};

static struct miscdevice runner_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "klua-runner",
	.fops = &runner_fops,
	.mode = 0600,
};

module_misc_device(runner_device);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Runs Lua scripts from a device file, for KLua's tests");
MODULE_VERSION("1.0");

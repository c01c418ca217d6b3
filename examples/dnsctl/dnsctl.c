// SPDX-License-Identifier: GPL-2.0-only
/*
 * dnsctl: changes the list of names that dnsfilter blocks, at run time.
 *
 *	echo "block ads.example" > /dev/dnsctl
 *	echo "unblock ads.example" > /dev/dnsctl
 *	cat /dev/dnsctl
 *
 * The two modules know nothing of each other but the name of a state and those
 * of two functions in it: command(text) and list(), each of which returns an
 * errno or 0, and a text. The state is looked up for each command and held no
 * longer, so dnsfilter can come and go. What user space writes reaches Lua as a
 * string value; no text of it is ever compiled.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/miscdevice.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "states.h"

#define STATE		"dnsfilter"
#define COMMAND_MAX	272
#define WHY_MAX		128

/* Calls @function(@arg) in dnsfilter's state; its first result is an errno. */
static int call(const char *function, struct klua_value *arg,
		struct klua_value *text)
{
	char why[WHY_MAX] = "";
	struct klua_value results[] = { KLUA_RESULT_INTEGER, *text };
	struct klua_call call = {
		.function = function, .args = arg, .nargs = !!arg,
		.results = results, .nresults = ARRAY_SIZE(results),
		.error = why, .error_size = sizeof(why),
	};
	int err = klua_invoke(STATE, &call);

	text->len = results[1].len;
	if (err)
		pr_warn("%s() in state " STATE ": %*pE (%pe)\n", function,
			(int)strlen(why), why, ERR_PTR(err));
	return err ?: -clamp_t(s64, results[0].integer, 0, MAX_ERRNO);
}

/* One command a write. */
static ssize_t dnsctl_write(struct file *file, const char __user *text,
			    size_t len, loff_t *pos)
{
	char line[COMMAND_MAX], why[WHY_MAX] = "";
	size_t n = min(len, sizeof(line));	/* command() says what is too long */
	struct klua_value arg = KLUA_ARG_STRING(line, n);
	struct klua_value result = KLUA_RESULT_STRING(why, sizeof(why));
	int err;

	if (copy_from_user(line, text, n))
		return -EFAULT;
	err = call("command", &arg, &result);
	if (*why)
		pr_warn("command refused: %s\n", why);
	return err ?: len;
}

/* A text that is too long for the buffer is asked for again with more room. */
static int dnsctl_show(struct seq_file *m, void *unused)
{
	char *buf;
	size_t size = seq_get_buf(m, &buf);
	struct klua_value result = KLUA_RESULT_STRING(buf, size);
	int err = call("list", NULL, &result);

	seq_commit(m, result.len < size ? result.len : -1);
	return err;
}

static int dnsctl_open(struct inode *inode, struct file *file)
{
	/* the misc layer left the device here, which seq_file takes for its own */
	file->private_data = NULL;
	return single_open(file, dnsctl_show, NULL);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = dnsctl_open,
	.read = seq_read,
	.write = dnsctl_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.mode = 0600,
	.fops = &fops,
};

module_misc_device(device);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("Changes dnsfilter's block list through /dev/dnsctl");
MODULE_LICENSE("GPL");

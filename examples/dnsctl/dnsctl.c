// SPDX-License-Identifier: GPL-2.0-only
/*
 * dnsctl: changes the list of names that dnsfilter blocks, at run time.
 *
 *	echo "block ads.example" > /dev/dnsctl
 *	echo "unblock ads.example" > /dev/dnsctl
 *	cat /dev/dnsctl
 *
 * This module knows only the name of dnsfilter's state and of two functions in it:
 * command(text) and list(), each of which returns an errno or 0, and a text. It finds
 * and holds the state for one command at a time, so dnsfilter can be unloaded and
 * loaded again. Text from user space reaches Lua as a string; it is never compiled.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/miscdevice.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "states.h"

#define STATE		"dnsfilter"
#define COMMAND_MAX	272
#define WHY_MAX		128

/* Call @function(@arg) in dnsfilter's state. Its first result is an errno. */
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

/* Each write is one command. */
static ssize_t dnsctl_write(struct file *file, const char __user *text,
			    size_t len, loff_t *pos)
{
	char line[COMMAND_MAX], why[WHY_MAX] = "";
	size_t n = min(len, sizeof(line));	/* command() refuses a full buffer */
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

/*
 * Show the list. If it does not fit into the buffer, seq_file calls this again with a
 * larger one.
 */
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
	/*
	 * seq_file takes private_data for its own, and the misc layer left the device
	 * in it
	 */
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

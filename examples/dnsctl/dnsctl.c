// SPDX-License-Identifier: GPL-2.0-only
/*
 * dnsctl: changes the list of names that dnsfilter blocks, at run time.
 *
 *	echo "block ads.example" > /dev/dnsctl
 *	echo "unblock ads.example" > /dev/dnsctl
 *	cat /dev/dnsctl
 *
 * The two modules know nothing of each other but the name of a state and that
 * of its global table "blocked", whose keys are domain names in lower case.
 * The state is looked up by each command and held no longer, so dnsfilter can
 * come and go. A name from user space reaches Lua as a string value; no text
 * of it is ever compiled.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "states.h"

#define STATE		"dnsfilter"

/* RFC 1035, in text and without the last dot. */
#define DOMAIN_MAX	253
#define LABEL_MAX	63

#define COMMAND_MAX	(sizeof("unblock ") + DOMAIN_MAX + sizeof(".\n"))

/**
 * struct change - one command on its way into the state
 * @name:  the domain name, checked, in lower case
 * @block: is it to be blocked from now on?
 * @found: out: was it blocked until now?
 */
struct change {
	const char *name;
	bool block;
	bool found;
};

static void push_blocked(lua_State *L)
{
	if (lua_getglobal(L, "blocked") != LUA_TTABLE)
		luaL_error(L, "the script has no table 'blocked'");
}

/* @found = blocked[name]; blocked[name] = @block or nil */
static int change(lua_State *L)
{
	struct change *c = lua_touserdata(L, 1);

	push_blocked(L);
	lua_getfield(L, -1, c->name);
	c->found = lua_toboolean(L, -1);
	lua_pop(L, 1);

	if (c->block)
		lua_pushboolean(L, true);
	else
		lua_pushnil(L);
	lua_setfield(L, -2, c->name);
	return 0;
}

/* Prints the keys of the table, which are in no order, as lines. */
static int list(lua_State *L)
{
	struct seq_file *m = lua_touserdata(L, 1);
	const char *name;
	size_t len;

	push_blocked(L);
	lua_pushnil(L);
	/* one that overflows is called again with more room */
	while (!seq_has_overflowed(m) && lua_next(L, -2)) {
		if (lua_type(L, -2) == LUA_TSTRING && lua_toboolean(L, -1)) {
			name = lua_tolstring(L, -2, &len);
			seq_printf(m, "%*pE\n", (int)len, name);
		}
		lua_pop(L, 1);
	}
	return 0;
}

/* Runs @fn(@arg) in dnsfilter's state. */
static int run(lua_CFunction fn, void *arg)
{
	struct klua_state *s;
	int err;

	s = klua_state_find(STATE);
	if (!s) {
		pr_warn("no state " STATE ": is that module loaded?\n");
		return -ENODEV;
	}

	klua_state_lock(s);
	err = __klua_state_call(s, fn, arg);
	if (err)
		pr_warn("%*pE (%pe)\n", (int)strlen(s->errmsg), s->errmsg,
			ERR_PTR(err));
	klua_state_unlock(s);
	klua_state_put(s);
	return err;
}

/* The kernel's isalnum() knows Latin-1; domain names do not. */
static bool is_label_char(char c)
{
	return isascii(c) && (isalnum(c) || c == '-' || c == '_');
}

/* Brings @name into the form that the table has, or says what is wrong. */
static const char *normalize(char *name)
{
	size_t len = strlen(name);
	size_t label = 0;
	char *p;

	if (len && name[len - 1] == '.')
		name[--len] = '\0';
	if (!len)
		return "there is no name";
	if (len > DOMAIN_MAX)
		return "the name has more than 253 bytes";

	for (p = name; *p; p++) {
		if (*p == '.' && !label)
			break;
		if (*p != '.' && !is_label_char(*p))
			return "a name has letters, digits, '-', '_' and dots";
		label = *p == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return "a label has more than 63 bytes";
		*p = tolower(*p);
	}
	return label ? NULL : "the name has an empty label";
}

/* "block NAME" or "unblock NAME", into @c; or what is wrong with it. */
static const char *parse(char *line, struct change *c)
{
	char *name = strim(line);
	const char *verb = strsep(&name, " \t");

	c->block = !strcmp(verb, "block");
	if (!c->block && strcmp(verb, "unblock"))
		return "write 'block NAME' or 'unblock NAME'";
	if (!name)
		return "there is no name";
	name = skip_spaces(name);
	c->name = name;
	return normalize(name);
}

/* One command a write. */
static ssize_t dnsctl_write(struct file *file, const char __user *text,
			    size_t len, loff_t *pos)
{
	char line[COMMAND_MAX + 1];
	const char *wrong = "more bytes than a command has";
	struct change c;
	int err;

	if (len <= COMMAND_MAX) {
		if (copy_from_user(line, text, len))
			return -EFAULT;
		line[len] = '\0';
		wrong = strlen(line) == len ? parse(line, &c) : "a NUL byte";
	}
	if (wrong) {
		pr_warn("command refused: %s\n", wrong);
		return -EINVAL;
	}

	err = run(change, &c);
	if (err)
		return err;
	if (!c.block && !c.found) {
		pr_warn("%s was not blocked\n", c.name);
		return -ENOENT;
	}
	return len;
}

static int dnsctl_show(struct seq_file *m, void *unused)
{
	return run(list, m);
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * luashare: each open of /dev/luashare is a session with a state of its own, in
 * which luashare.lua runs. A JSON text that is written becomes a table, which the
 * session's Lua function on_message() gets; its result can be read as JSON.
 *
 * Sessions share texts through one more state, "luashare", in which
 * luashare-shared.lua runs: luashare.share(key, text) puts a text there. Other modules
 * find that state by its name, as luapeer does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "states.h"

/* Bytes of one read or write, at most */
#define TEXT_MAX	1048576

static struct klua_state *shared;
static atomic_t number;

/*
 * luashare.share(key, text), called in a session's state; calls a function of the
 * shared state
 */
static int luashare_share(lua_State *L)
{
	size_t klen, len;
	const char *key = luaL_checklstring(L, 1, &klen), *text = luaL_checklstring(L, 2, &len);
	char why[64];
	struct klua_call call = {
		.function = "share",
		KLUA_ARGS(KLUA_ARG_STRING(key, klen), KLUA_ARG_STRING(text, len)),
		.error = why, .error_size = sizeof(why),
	};
	int err = klua_invoke(KBUILD_MODNAME, &call);

	return err ? luaL_error(L, "nothing is shared: %s (error %d)", why, err) : 0;
}

static const luaL_Reg functions[] = { { "share", luashare_share }, {} };
static struct klua_lib lib = { .name = KBUILD_MODNAME, .functions = functions };

static int luashare_open(struct inode *inode, struct file *file)
{
	static const char *const libraries[] = { KBUILD_MODNAME, NULL };
	char name[KLUA_NAME_MAXSIZE];
	struct klua_config config = { .name = name, .kind = KLUA_KIND_SLEEPABLE,
				      .maxalloc = 16 << 20, .libraries = libraries,
				      KLUA_CHUNKS({ .firmware = "luashare.lua" }) };
	struct klua_state *s;

	snprintf(name, sizeof(name), KBUILD_MODNAME "-%d", atomic_inc_return(&number));
	s = klua_state_new(&config);	/* on failure the log says why */
	file->private_data = s;
	return PTR_ERR_OR_ZERO(s);
}

static int luashare_release(struct inode *inode, struct file *file)
{
	return klua_state_retire(file->private_data);
}

static int luashare_call(struct file *file, struct klua_call *call)
{
	struct klua_state *s = file->private_data;
	char why[128];
	int err;

	call->error = why;
	call->error_size = sizeof(why);
	err = klua_state_invoke(s, call);
	if (err)
		pr_warn("%s() of %s: %*pE (%pe)\n", call->function, s->name, (int)strlen(why),
			why, ERR_PTR(err));
	return err;
}

static ssize_t luashare_write(struct file *file, const char __user *from, size_t len,
			      loff_t *pos)
{
	char *text = len > TEXT_MAX ? ERR_PTR(-E2BIG) : vmemdup_user(from, len);
	struct klua_call call = { .function = "write", KLUA_ARGS(KLUA_ARG_STRING(text, len)) };
	int err;

	if (IS_ERR(text))
		return PTR_ERR(text);
	err = luashare_call(file, &call);
	kvfree(text);
	return err ?: len;
}

static ssize_t luashare_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	size_t n = min_t(size_t, len, TEXT_MAX);
	char *buf = kvmalloc(n + 1, GFP_KERNEL);
	struct klua_value text = KLUA_RESULT_STRING(buf, n + 1);
	struct klua_call call = { .function = "read", KLUA_ARGS(KLUA_ARG_INTEGER(n)),
				  .results = &text, .nresults = 1 };
	int err = buf ? luashare_call(file, &call) : -ENOMEM;

	n = min(n, text.len);
	if (!err && copy_to_user(to, buf, n))
		err = -EFAULT;
	kvfree(buf);
	return err ?: n;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE, .open = luashare_open, .release = luashare_release,
	.read = luashare_read, .write = luashare_write,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR, .name = KBUILD_MODNAME, .mode = 0600, .fops = &fops,
};

static int __init luashare_init(void)
{
	struct klua_config config = { .name = KBUILD_MODNAME, .maxalloc = 16 << 20,
				      KLUA_CHUNKS({ .firmware = "luashare-shared.lua" }) };
	int err = klua_lib_register(&lib);

	if (err)
		return err;
	shared = klua_state_new(&config);	/* on failure the log says why */
	err = PTR_ERR_OR_ZERO(shared) ?: misc_register(&device);
	if (!err)
		return 0;
	if (!IS_ERR(shared))
		klua_state_retire(shared);
	klua_lib_unregister(&lib);
	return err;
}

static void __exit luashare_exit(void)
{
	misc_deregister(&device);	/* open sessions hold this module: there are none */
	klua_state_retire(shared);
	klua_lib_unregister(&lib);
}

module_init(luashare_init);
module_exit(luashare_exit);

KLUA_IMPORT_NS;
MODULE_FIRMWARE("luashare.lua");
MODULE_FIRMWARE("luashare-shared.lua");
MODULE_DESCRIPTION("A state for each session, and one that they share");
MODULE_LICENSE("GPL");

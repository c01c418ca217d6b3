// SPDX-License-Identifier: GPL-2.0-only
/*
 * luadev: /dev/luadev, whose read(n), write(text) and ioctl(cmd, arg) are Lua
 * functions of /lib/firmware/luadev.lua, in a sleepable state. They may call
 *
 *	luadev.sleep(ms)	sleeps in the state, so others have to wait for that
 *	luadev.wake()		wakes the tasks that wait
 *
 * The Lua function begin(task, name, ...) starts read(), write() or ioctl(), and
 * resume(task) continues it. Both return the result; or nil, and then the task waits
 * for wake(); or nil and a number, and then it sleeps that many milliseconds. It waits
 * outside the state, and calls resume() afterwards.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "states.h"

static struct klua_state *state;
static DECLARE_WAIT_QUEUE_HEAD(sleepers);
static atomic_t wakes;

static int luadev_sleep(lua_State *L)
{
	u64 ms = min_t(u64, luaL_checkinteger(L, 1), UINT_MAX);

	return msleep_interruptible(ms) ? luaL_error(L, "a signal came") : 0;
}

static int luadev_wake(lua_State *L)
{
	atomic_inc(&wakes);
	wake_up_all(&sleepers);
	return 0;
}

static const luaL_Reg functions[] = { { "sleep", luadev_sleep }, { "wake", luadev_wake }, {} };
static struct klua_lib lib = { .name = KBUILD_MODNAME, .functions = functions, .sleeps = true };

/*
 * Call a Lua function, and wait outside the state as it asks. "klua show luadev" shows
 * its errors.
 */
static int luadev_call(const char *name, const struct klua_value args[2], struct klua_value *result)
{
	struct klua_value results[] = { *result, KLUA_OPTIONAL_INTEGER(0) }, *ms = &results[1];
	struct klua_call call = { .function = "begin", .results = results, .nresults = 2,
				  KLUA_ARGS(KLUA_ARG_INTEGER(current->pid), KLUA_ARG_TEXT(name),
					    args[0], args[1]) };
	int seen, err;

	do {
		seen = atomic_read(&wakes);
		err = klua_state_invoke(state, &call);
		call.function = "resume";
		if (err || !results[0].absent)
			break;
		if (ms->absent)
			err = wait_event_interruptible(sleepers, atomic_read(&wakes) != seen);
		else
			err = msleep_interruptible(ms->integer) ? -EINTR : 0;
	} while (!err);
	*result = results[0];
	return err && signal_pending(current) ? -EINTR : err;
}

static ssize_t luadev_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	char buf[513];
	size_t n = min(len, sizeof(buf) - 1);
	struct klua_value args[2] = { KLUA_ARG_INTEGER(n) };
	struct klua_value text = KLUA_OPTIONAL_STRING(buf, n + 1);
	int err = luadev_call("read", args, &text);

	n = min(text.len, n);
	return err ?: copy_to_user(to, buf, n) ? -EFAULT : n;
}

static ssize_t luadev_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char buf[512];
	size_t n = min(len, sizeof(buf));
	struct klua_value args[2] = { KLUA_ARG_STRING(buf, n) };
	struct klua_value taken = KLUA_OPTIONAL_INTEGER(0);

	if (copy_from_user(buf, from, n))
		return -EFAULT;
	return luadev_call("write", args, &taken) ?: clamp_t(s64, taken.integer, -MAX_ERRNO, n);
}

static long luadev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct klua_value args[2] = { KLUA_ARG_INTEGER(cmd), KLUA_ARG_INTEGER(arg) };
	struct klua_value result = KLUA_OPTIONAL_INTEGER(0);

	return luadev_call("ioctl", args, &result) ?: result.integer;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE, .read = luadev_read, .write = luadev_write,
	.unlocked_ioctl = luadev_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR, .name = KBUILD_MODNAME, .mode = 0600, .fops = &fops,
};

static int __init luadev_init(void)
{
	struct klua_config config = { .name = KBUILD_MODNAME, .maxalloc = 1 << 20,
				      .kind = KLUA_KIND_SLEEPABLE,
				      KLUA_CHUNKS({ .firmware = "luadev.lua" }) };
	int err = klua_lib_register(&lib);

	if (err)
		return err;
	state = klua_state_new(&config);	/* on failure the log says why */
	err = PTR_ERR_OR_ZERO(state) ?: misc_register(&device);
	if (!err)
		return 0;
	if (!IS_ERR(state))
		klua_state_retire(state);
	klua_lib_unregister(&lib);
	return err;
}

static void __exit luadev_exit(void)
{
	misc_deregister(&device);
	klua_state_retire(state);
	klua_lib_unregister(&lib);
}

module_init(luadev_init);
module_exit(luadev_exit);

KLUA_IMPORT_NS;
MODULE_FIRMWARE("luadev.lua");
MODULE_DESCRIPTION("A character device in Lua");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_overshoot: measures by how much an entry may pass its limit on time.
 *
 * Only a look at the clock ends an entry. So whatever the limit is, an entry can pass
 * it by the longest stretch between two looks. A look before long work demands time
 * for that work in advance, so the stretch begins only after that time. A look far from
 * the limit lets more steps run before the next one, so from such a stretch the least
 * distance is taken that allows that many. The first look estimates when the entry
 * began, and the error of the estimate is added.
 *
 * A Lua script that is written to /dev/klua-overshoot runs in atomic states of several
 * sizes. A read then returns a line for each size:
 *
 *	SIZE OVER ALLOWED HEAP ERRNO
 *
 * SIZE is the limit on memory, OVER the stretch that is furthest beyond the allowed
 * one, ALLOWED what is allowed for its heap, HEAP the heap in KiB, and ERRNO how the
 * script ended. Under QEMU's -icount a ns is one instruction. Time in interrupts is
 * not counted.
 *
 * A stretch goes from one look to the next. One more goes from the last look in time
 * to the end of the entry, and has the late looks in it: it is by how much the limit
 * was passed, or would have been. The heap of a stretch is the largest that the state
 * had at a look of it, its ends included. What the state had before the stretch began,
 * or has afterwards, allows nothing.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "states.h"

#define SCRIPT_MAXSIZE	65536
#define ANSWER_MAXSIZE	1024

/*
 * The promise: ns that an entry may pass its limit by, and ns more for each MiB of the
 * heap
 */
#define ALLOWED		100000
#define ALLOWED_MIB	500000

/* The times are long enough for a script to fill the state. */
static const struct size {
	size_t maxalloc;
	u32 time_us;
} sizes[] = {
	{ SZ_64K, 1000 },
	{ SZ_1M, 2000 },
	{ SZ_4M, 4000 },
	{ SZ_64M, 8000 },
};

/* An open file: the script that was written, then the results to be read */
struct session {
	char *script;
	size_t len;
	char *answer;
	size_t end;
};

/*
 * A moment in an entry, at which a stretch begins or ends
 *
 * @ns:	  the time, without that of the interrupts before
 * @heap: the size of the heap; of a stretch's beginning, the largest size since
 * @away: the least ns to the limit with which the look here allows as many steps as it
 *	  does (least_distance())
 */
struct moment {
	u64 ns;
	size_t heap;
	u64 away;
};

/*
 * The entry that is measured; one at a time, with bottom halves off.
 *
 * @last:    the last look, plus the time that it has demanded in advance
 * @in_time: as @last, of the last look before the limit
 * @looked:  there was a look
 * @ended:   the entry has ended
 * @late:    ns by which the entry began earlier than the first look estimates
 * @over:    ns of the stretch that passes what is allowed by the most
 * @allowed: ns that were allowed for that stretch
 * @heap:    size of the heap in that stretch
 */
static struct {
	struct klua_state *state;
	struct moment last;
	struct moment in_time;
	bool looked;
	bool ended;
	u64 late;
	u64 over;
	u64 allowed;
	size_t heap;
} watched;

/* ns that interrupts took, since the module was loaded */
static u64 interrupts;

/* Text of the script's error or results */
static char text[1024];

static DEFINE_MUTEX(lock);	/* watched, text */

static struct moment moment(void)
{
	return (struct moment) {
		.ns = ktime_get_mono_fast_ns() - interrupts,
		.heap = READ_ONCE(watched.state->curralloc),
	};
}

/* A stretch in which nothing could end the entry: keep it if it is the worst so far. */
static void note(struct moment from, struct moment to)
{
	size_t heap = max(from.heap, to.heap);
	u64 begin = from.ns + from.away;
	u64 over = to.ns > begin ? to.ns - begin : 0;
	u64 allowed = ALLOWED + ((u64)ALLOWED_MIB * heap >> 20);

	over += watched.late;
	if ((s64)(over - allowed) < (s64)(watched.over - watched.allowed))
		return;
	watched.over = over;
	watched.allowed = allowed;
	watched.heap = heap;
}

static void first_look(struct klua_limits *lim, struct moment now)
{
	u64 guess = lim->budget.slice * KLUA_STEP_NS;
	u64 took = now.ns - watched.last.ns;

	if (watched.looked)
		return;
	watched.looked = true;
	watched.late = took > guess ? took - guess : 0;
	watched.last.ns = now.ns;
}

/*
 * A look lets more steps run the further the limit is away: see refill() in run.c.
 * Returns the least ns to the limit with which the look @now would let as many run as it
 * does.
 */
static u64 least_distance(struct klua_limits *lim, struct moment now)
{
	u64 begin = now.ns + interrupts - lim->budget.slice * KLUA_STEP_NS;
	u64 deadline = lim->deadline ?: begin + watched.state->time_ns;
	u64 looked = now.ns + interrupts + klua_limits_ahead(lim);
	u64 ns = deadline > looked ? deadline - looked : 0;
	u64 steps = min_t(u64, ns / KLUA_STEP_MOST_NS, KLUA_SLICE_MAX);

	return steps > KLUA_SLICE ? steps * KLUA_STEP_MOST_NS : 0;
}

static int before_look(struct kprobe *p, struct pt_regs *regs)
{
	struct klua_limits *lim = (void *)regs_get_kernel_argument(regs, 0);
	struct moment now;

	if (!watched.state || lim != &watched.state->limits || watched.ended)
		return 0;
	now = moment();
	first_look(lim, now);
	note(watched.last, now);
	now.away = least_distance(lim, now);
	now.ns = max(now.ns + klua_limits_ahead(lim), watched.last.ns);
	watched.last = now;
	if (!lim->deadline || now.ns + interrupts <= lim->deadline)
		watched.in_time = now;
	else	/* a late look of the stretch that began in time */
		watched.in_time.heap = max(watched.in_time.heap, now.heap);
	return 0;
}

/* The entry ends: the state is unlocked, and bottom halves go on. */
static int before_unlock(struct kprobe *p, struct pt_regs *regs)
{
	struct moment now;

	if (!watched.state || watched.ended ||
	    (void *)regs_get_kernel_argument(regs, 0) != watched.state)
		return 0;
	now = moment();
	watched.ended = true;
	note(watched.last, now);
	/*
	 * Whatever has ended the entry, the limit on time would have ended it by now.
	 */
	note(watched.in_time, now);
	return 0;
}

static struct kprobe look_probe = {
	.symbol_name = "klua_limits_check",
	.pre_handler = before_look,
};

static struct kprobe unlock_probe = {
	.symbol_name = "klua_state_unlock",
	.pre_handler = before_unlock,
};

static int interrupt_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(u64 *)ri->data = ktime_get_mono_fast_ns();
	return 0;
}

static int interrupt_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	interrupts += ktime_get_mono_fast_ns() - *(u64 *)ri->data;
	return 0;
}

/* While a script runs, no device but the clock interrupts. */
static struct kretprobe interrupt_probe = {
	.kp.symbol_name = "hrtimer_interrupt",
	.entry_handler = interrupt_begins,
	.handler = interrupt_ends,
	.data_size = sizeof(u64),
	.maxactive = 4,
};

static int watch(struct klua_state *s, const char *script, size_t len)
{
	struct klua_result result = { .buf = text, .size = sizeof(text) };
	int err;

	memset(&watched, 0, sizeof(watched));
	watched.allowed = S64_MAX;
	watched.state = s;
	watched.last = moment();
	watched.in_time = watched.last;
	err = klua_state_run(s, script, len, "=script", &result);
	watched.state = NULL;
	return err;
}

static int measure(struct session *f, const struct size *size)
{
	const struct klua_config config = {
		.name = KBUILD_MODNAME,
		.maxalloc = size->maxalloc,
		.steps = KLUA_STEPS_UNLIMITED,
		.time_us = size->time_us,
	};
	struct klua_state *s = klua_state_new(&config);
	int err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = watch(s, f->script, f->len);
	klua_state_retire(s);
	f->end += scnprintf(f->answer + f->end, ANSWER_MAXSIZE - f->end,
			    "%zu %llu %llu %zu %d\n", size->maxalloc,
			    watched.over, watched.allowed, watched.heap >> 10,
			    err);
	return 0;
}

static int obey(struct session *f)
{
	int i, err = 0;

	mutex_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(sizes) && !err; i++)
		err = measure(f, &sizes[i]);
	mutex_unlock(&lock);
	return err;
}

static int overshoot_open(struct inode *inode, struct file *file)
{
	struct session *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->script = kvmalloc(SCRIPT_MAXSIZE, GFP_KERNEL);
	f->answer = kmalloc(ANSWER_MAXSIZE, GFP_KERNEL);
	if (!f->script || !f->answer) {
		kvfree(f->script);
		kfree(f->answer);
		kfree(f);
		return -ENOMEM;
	}
	file->private_data = f;
	return 0;
}

static int overshoot_release(struct inode *inode, struct file *file)
{
	struct session *f = file->private_data;

	kvfree(f->script);
	kfree(f->answer);
	kfree(f);
	return 0;
}

static ssize_t overshoot_write(struct file *file, const char __user *buf,
			       size_t len, loff_t *pos)
{
	struct session *f = file->private_data;

	if (len > SCRIPT_MAXSIZE - f->len)
		return -EFBIG;
	if (copy_from_user(f->script + f->len, buf, len))
		return -EFAULT;
	f->len += len;
	return len;
}

static ssize_t overshoot_read(struct file *file, char __user *buf, size_t len,
			      loff_t *pos)
{
	struct session *f = file->private_data;
	int err;

	if (!*pos && !f->end) {
		err = obey(f);
		if (err)
			return err;
	}
	return simple_read_from_buffer(buf, len, pos, f->answer, f->end);
}

static const struct file_operations overshoot_fops = {
	.owner = THIS_MODULE,
	.open = overshoot_open,
	.release = overshoot_release,
	.read = overshoot_read,
	.write = overshoot_write,
};

static struct miscdevice overshoot_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "klua-overshoot",
	.fops = &overshoot_fops,
	.mode = 0600,
};

static int __init overshoot_init(void)
{
	int err = register_kprobe(&look_probe);

	if (err)
		return err;
	err = register_kprobe(&unlock_probe);
	if (err)
		goto no_unlock;
	err = register_kretprobe(&interrupt_probe);
	if (err)
		goto no_interrupt;
	err = misc_register(&overshoot_device);
	if (!err)
		return 0;
	unregister_kretprobe(&interrupt_probe);
no_interrupt:
	unregister_kprobe(&unlock_probe);
no_unlock:
	unregister_kprobe(&look_probe);
	return err;
}

static void __exit overshoot_exit(void)
{
	misc_deregister(&overshoot_device);
	unregister_kretprobe(&interrupt_probe);
	unregister_kprobe(&unlock_probe);
	unregister_kprobe(&look_probe);
}

module_init(overshoot_init);
module_exit(overshoot_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KLua: by how much an entry may pass its limit on time");
KLUA_IMPORT_NS;

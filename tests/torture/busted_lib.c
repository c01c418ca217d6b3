// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies of the libraries with one step of unregistering broken, on which klua_torture
 * must fail.
 *
 * This compiles lib.c a second time, as busted.c does with states.c. There is no Lua:
 * instead of a script this file keeps a reference to the library's descriptor, and it
 * calls the library's functions as the trampoline in lua/lib.c does.
 */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "busted.h"
#include "torture.h"

#define __klua_lib_register	copy_lib_register
#define klua_lib_unregister	copy_lib_unregister
#define klua_lib_for_each	copy_lib_for_each
#define klua_lib_standard	copy_lib_standard
#define klua_lib_find		copy_lib_find
#define klua_lib_get		copy_lib_get
#define klua_lib_put		copy_lib_put
#define klua_frame_enter	copy_frame_enter
#define klua_frames_leave	copy_frames_leave
#define klua_owned_link		copy_owned_link
#define klua_owned_release	copy_owned_release
#define klua_libs_init		copy_libs_init
#define klua_libs_exit		copy_libs_exit
#define klua_inside_any		copy_inside_any
#define klua_telling		copy_telling
#define klua_guarded		copy_guarded
#define klua_listeners_forget	copy_listeners_forget

#include "internal.h"

#undef EXPORT_SYMBOL_KLUA
#define EXPORT_SYMBOL_KLUA(symbol)

/*
 * lib_no_grace: unregistering does not wait for calls that saw the library before it
 * was dead.
 */
static void wait_for_readers(void)
{
	if (torture_busted != LIB_NO_GRACE)
		synchronize_rcu();
}

/*
 * lib_no_wait: unregistering does not wait for calls that sleep in one of its
 * functions.
 */
static bool is_empty(const struct list_head *list)
{
	return torture_busted == LIB_NO_WAIT || list_empty(list);
}

#define synchronize_rcu		wait_for_readers
#define list_empty		is_empty

#undef pr_fmt
#include "lib.c"

#undef synchronize_rcu
#undef list_empty

DEFINE_PER_CPU(unsigned int, klua_guarded);

bool klua_lib_standard(const char *name)
{
	return false;
}

void klua_listeners_forget(struct module *mod)
{
}

int torture_copy_register(struct klua_lib *lib)
{
	return klua_lib_register(lib);
}

int torture_copy_unregister(struct klua_lib *lib)
{
	return klua_lib_unregister(lib);
}

/* The descriptor that is kept, as scripts would */
static struct klua_libdesc *kept;
static DEFINE_SPINLOCK(kept_lock);

/*
 * Keep the library that is registered now. A dead one is kept until there is another.
 */
static void keep_current(void)
{
	u64 id = klua_lib_find(TORTURE_LIB);
	struct klua_libdesc *desc;

	lockdep_assert_held(&kept_lock);
	if (!id || (kept && kept->id == id))
		return;
	desc = klua_lib_get(id);
	if (!desc)
		return;
	if (kept)
		klua_lib_put(kept);
	kept = desc;
}

/* A call in an atomic entry, with bottom halves off */
static void call_atomic(void)
{
	spin_lock_bh(&kept_lock);
	keep_current();
	if (kept && !READ_ONCE(kept->dead)) {
		if (torture_busted == LIB_NO_GRACE)
			mdelay(WINDOW_MS);
		kept->func[0].fn(NULL);
	}
	spin_unlock_bh(&kept_lock);
}

/* A call in an entry that may sleep, which may last longer than a grace period */
static void call_sleepable(void)
{
	struct klua_limits lim = {};
	struct klua_libdesc *desc;
	struct klua_frame frame;

	desc = klua_lib_get(klua_lib_find(TORTURE_LIB));
	if (!desc)
		return;
	if (klua_frame_enter(&lim, &frame, desc)) {
		msleep(torture_busted == LIB_NO_WAIT ? 100 : 1);
		desc->func[0].fn(NULL);
		klua_frames_leave(&lim, frame.prev);
	}
	klua_lib_put(desc);
}

int torture_copy_use_lib(struct klua_state *s)
{
	call_atomic();
	if (in_task())
		call_sleepable();
	return 0;
}

/* Called when nobody uses a library any more. */
void torture_copy_libs_stop(void)
{
	if (kept)
		klua_lib_put(kept);
	kept = NULL;
	free_unused();
}

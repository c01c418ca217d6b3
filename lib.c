// SPDX-License-Identifier: GPL-2.0-only
/*
 * Libraries that modules register: the list of libraries, and how KLua makes sure that
 * no Lua state uses the text of a module that is unloaded.
 */

/**
 * DOC: unregistering a library
 *
 * A state refers to a library by its descriptor alone (lua/lib.h), so a script may keep
 * functions and objects of the library for as long as it likes. When
 * klua_lib_unregister() returns, no processor runs a function of the module
 * through the library, none ever will again, and every owned object has been
 * released. In this order:
 *
 * 1. &klua_libdesc.dead is set, under &klua_libdesc.lock. Later calls of the
 *    library's functions get an error.
 * 2. Calls that saw the library alive are waited for. Calls in atomic and irq entries
 *    run with preemption or bottom halves off from before they read @dead until the
 *    function has returned, so a grace period of RCU waits for them. Calls in other
 *    entries have put a frame into &klua_libdesc.frames under the lock; this waits
 *    until the list is empty.
 * 3. Owned objects are released. There are no new ones, since an object enters the
 *    library's list under the lock, and not if the library is dead. A finalizer may
 *    release an object at the same time: the one that takes the pointer out of the
 *    object, under the lock, releases it.
 * 4. Finalizers that took a pointer before are waited for, as in step 2.
 *
 * Locks: libs_mutex guards the list of libraries. It is taken in process context
 * only and is not held while Lua or a function of a module runs. States look up
 * libraries under RCU. &klua_libdesc.lock is the innermost lock. It is raw, since irq
 * states take it, too.
 *
 * The last reference to a descriptor may be put in an irq state, where nothing can be
 * freed. So an unused descriptor is freed by the next change of the list, or when
 * klua.ko is unloaded.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Guards changes of libs and next_id, and the private fields of each library. */
static DEFINE_MUTEX(libs_mutex);

static LIST_HEAD(libs);

/* The next number for a library or a class; numbers are not used again */
static u64 next_id = 1;

/* Descriptors without references */
static LLIST_HEAD(unused);

/*
 * Begin a call into the library, in an entry that may sleep. False: the library is
 * dead. The caller's state has a reference to the descriptor.
 */
bool klua_frame_enter(struct klua_limits *lim, struct klua_frame *frame,
		      struct klua_libdesc *desc)
{
	unsigned long irqs;
	bool dead;

	frame->prev = lim->frames;
	frame->lim = lim;
	frame->desc = desc;
	irqs = klua_guard_lock(&desc->lock);
	dead = desc->dead;
	if (!dead)
		list_add(&frame->link, &desc->frames);
	klua_guard_unlock(&desc->lock, irqs);
	if (!dead)
		lim->frames = frame;
	return !dead;
}

static void frame_leave(struct klua_frame *frame)
{
	struct klua_libdesc *desc = frame->desc;
	unsigned long irqs;
	bool last;

	/* Once the frame is off the list only RCU keeps the descriptor. */
	rcu_read_lock();
	irqs = klua_guard_lock(&desc->lock);
	list_del(&frame->link);
	last = desc->dead && list_empty(&desc->frames);
	klua_guard_unlock(&desc->lock, irqs);
	if (last)
		complete(&desc->idle);
	rcu_read_unlock();
}

/* End the calls of this entry, the innermost first, up to @until. */
void klua_frames_leave(struct klua_limits *lim, struct klua_frame *until)
{
	struct klua_frame *frame;

	while (lim->frames != until) {
		frame = lim->frames;
		lim->frames = frame->prev;
		frame_leave(frame);
	}
}

static struct klua_libdesc *find_name(const char *name)
{
	struct klua_libdesc *desc;

	list_for_each_entry_rcu(desc, &libs, link,
				lockdep_is_held(&libs_mutex))
		if (!strcmp(desc->name, name))
			return desc;
	return NULL;
}

/* The number of the library of this name, or 0. Called in any context but NMI. */
u64 klua_lib_find(const char *name)
{
	struct klua_libdesc *desc;
	u64 id = 0;

	rcu_read_lock();
	desc = find_name(name);
	if (desc)
		id = desc->id;
	rcu_read_unlock();
	return id;
}

/* Get a reference to the library of this number. NULL: it was unregistered. */
struct klua_libdesc *klua_lib_get(u64 id)
{
	struct klua_libdesc *desc, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(desc, &libs, link)
		if (desc->id == id && refcount_inc_not_zero(&desc->refs))
			found = desc;
	rcu_read_unlock();
	return found;
}

void klua_lib_put(struct klua_libdesc *desc)
{
	if (refcount_dec_and_test(&desc->refs))
		llist_add(&desc->reap, &unused);
}

/* Free unused descriptors, after a grace period: readers may have found them before. */
static void free_unused(void)
{
	struct klua_libdesc *desc, *next;

	llist_for_each_entry_safe(desc, next, llist_del_all(&unused), reap)
		kfree_rcu(desc, rcu);
}

/*
 * Put an object into its library's list: Lua owns it from now on. False: the library is
 * dead.
 */
bool klua_owned_link(struct klua_owned *owned, struct klua_libdesc *desc,
		     const struct klua_libclass *class, void *ptr)
{
	unsigned long irqs;
	bool dead;

	irqs = klua_guard_lock(&desc->lock);
	dead = desc->dead;
	if (!dead) {
		owned->desc = desc;
		owned->class = class;
		WRITE_ONCE(owned->object.ptr, ptr);
		list_add_tail(&owned->link, &desc->objects);
	}
	klua_guard_unlock(&desc->lock, irqs);
	return !dead;
}

/* Take the pointer out of an object. NULL: somebody else has taken it. */
static void *owned_take(struct klua_owned *owned)
{
	void *ptr = owned->object.ptr;

	lockdep_assert_held(&owned->desc->lock);
	if (ptr) {
		list_del(&owned->link);
		WRITE_ONCE(owned->object.ptr, NULL);
	}
	return ptr;
}

/*
 * Release an object that its state does not use any more, unless unregistering the
 * library has released it: the one of the two that takes the pointer out of the object,
 * under the descriptor's lock, releases it.
 *
 * RCU keeps the descriptor until the frame is in its list. From then on the frame keeps
 * the module's text, because unregistering waits until the list is empty.
 */
void klua_owned_release(struct klua_limits *lim, struct klua_owned *owned)
{
	struct klua_frame frame = { .lim = lim };
	void (*release)(void *ptr);
	unsigned long irqs;
	void *ptr;

	rcu_read_lock();
	if (!READ_ONCE(owned->object.ptr)) {
		rcu_read_unlock();
		return;
	}
	frame.desc = owned->desc;
	release = owned->class->release;
	irqs = klua_guard_lock(&frame.desc->lock);
	ptr = owned_take(owned);
	if (ptr)
		list_add(&frame.link, &frame.desc->frames);
	klua_guard_unlock(&frame.desc->lock, irqs);
	rcu_read_unlock();
	if (!ptr)
		return;
	if (release)
		release(ptr);
	frame_leave(&frame);
}

/* Release all objects of a dead library of which no function runs. Process context. */
static void release_objects(struct klua_libdesc *desc)
{
	void (*release)(void *ptr);
	struct klua_owned *owned;
	unsigned long irqs;
	void *ptr;

	do {
		ptr = NULL;
		irqs = klua_guard_lock(&desc->lock);
		owned = list_first_entry_or_null(&desc->objects,
						 struct klua_owned, link);
		if (owned) {
			release = owned->class->release;
			ptr = owned_take(owned);
		}
		klua_guard_unlock(&desc->lock, irqs);
		if (ptr && release)
			release(ptr);
		cond_resched();
	} while (ptr);
}

/* Why a library cannot be registered or unregistered; no reason if @err is 0 */
struct refusal {
	int err;
	const char *why;
};

static bool bad_name(const char *name)
{
	return !name || !*name ||
	       strnlen(name, KLUA_NAME_MAXSIZE) == KLUA_NAME_MAXSIZE;
}

static bool is_reserved_name(const char *name)
{
	return !strcmp(name, "__gc") || !strcmp(name, "__metatable") ||
	       !strcmp(name, "__name");
}

static struct refusal refuse(int err, const char *why)
{
	return (struct refusal){ .err = err, .why = why };
}

static struct refusal check_functions(const luaL_Reg *reg)
{
	const luaL_Reg *first = reg, *other;

	for (; reg && reg->name; reg++) {
		if (bad_name(reg->name))
			return refuse(-EINVAL, "the name of a function is empty or too long");
		if (!reg->func)
			return refuse(-EINVAL, "a function is NULL");
		for (other = first; other != reg; other++)
			if (!strcmp(other->name, reg->name))
				return refuse(-EINVAL, "two functions have one name");
	}
	return refuse(0, NULL);
}

static struct refusal check_class(const struct klua_class *class)
{
	const luaL_Reg *reg;

	if (bad_name(class->name))
		return refuse(-EINVAL, "the name of a class is NULL, empty or too long");
	for (reg = class->methods; reg && reg->name; reg++)
		if (is_reserved_name(reg->name))
			return refuse(-EINVAL, "a method has a name that is KLua's own");
	return check_functions(class->methods);
}

static struct refusal check_classes(struct klua_class *const *classes)
{
	struct klua_class *const *class, *const *other;
	struct refusal refusal;

	for (class = classes; class && *class; class++) {
		refusal = check_class(*class);
		if (refusal.err)
			return refusal;
		for (other = classes; other != class; other++)
			if (!strcmp((*other)->name, (*class)->name))
				return refuse(-EINVAL, "two classes have one name");
	}
	return refuse(0, NULL);
}

static struct refusal check_lib(const struct klua_lib *lib)
{
	struct refusal refusal;

	if (bad_name(lib->name))
		return refuse(-EINVAL, "the name is NULL, empty or too long");
	refusal = check_functions(lib->functions);
	if (refusal.err)
		return refusal;
	return check_classes(lib->classes);
}

/* The numbers and the bytes that a library's descriptor has to hold */
struct sizes {
	size_t functions;
	size_t classes;
	size_t all;	/* functions and methods */
	size_t text;	/* bytes of all names */
};

static size_t count_functions(const luaL_Reg *reg, struct sizes *sizes)
{
	size_t n = 0;

	for (; reg && reg->name; reg++, n++)
		sizes->text += strlen(reg->name) + 1;
	sizes->all += n;
	return n;
}

static struct sizes count_lib(const struct klua_lib *lib, const char *module)
{
	struct sizes sizes = { .text = strlen(lib->name) + strlen(module) + 2 };
	struct klua_class *const *class;

	sizes.functions = count_functions(lib->functions, &sizes);
	for (class = lib->classes; class && *class; class++) {
		sizes.text += strlen((*class)->name) + 1;
		count_functions((*class)->methods, &sizes);
		sizes.classes++;
	}
	return sizes;
}

static const char *copy_name(char **text, const char *name)
{
	size_t size = strlen(name) + 1;
	char *copy = memcpy(*text, name, size);

	*text += size;
	return copy;
}

static struct klua_libfunc *copy_functions(struct klua_libfunc *func,
					   const luaL_Reg *reg, char **text)
{
	for (; reg && reg->name; reg++, func++) {
		func->name = copy_name(text, reg->name);
		func->fn = reg->func;
	}
	return func;
}

static void copy_lib(struct klua_libdesc *desc, const struct klua_lib *lib,
		     char *text)
{
	struct klua_libfunc *func, *end;
	struct klua_libclass *copy = desc->class;
	struct klua_class *const *class;

	desc->name = copy_name(&text, lib->name);
	desc->module = copy_name(&text, module_name(desc->owner));
	func = copy_functions(desc->func, lib->functions, &text);
	for (class = lib->classes; class && *class; class++, copy++) {
		copy->name = copy_name(&text, (*class)->name);
		copy->first = func - desc->func;
		end = copy_functions(func, (*class)->methods, &text);
		copy->count = end - func;
		copy->release = (*class)->release;
		func = end;
	}
}

/* A descriptor and all that it points to are one block, which kfree_rcu() frees. */
static struct klua_libdesc *make_desc(struct klua_lib *lib,
				      struct module *owner)
{
	struct sizes sizes = count_lib(lib, module_name(owner));
	struct klua_libdesc *desc;

	desc = kzalloc(sizeof(*desc) + sizes.classes * sizeof(*desc->class) +
		       sizes.all * sizeof(*desc->func) + sizes.text, GFP_KERNEL);
	if (!desc)
		return NULL;
	desc->owner = owner;
	desc->lib = lib;
	desc->sleeps = lib->sleeps;
	desc->functions = sizes.functions;
	desc->classes = sizes.classes;
	desc->class = (void *)(desc + 1);
	desc->func = (void *)(desc->class + sizes.classes);
	copy_lib(desc, lib, (char *)(desc->func + sizes.all));
	refcount_set(&desc->refs, 1);
	raw_spin_lock_init(&desc->lock);
	INIT_LIST_HEAD(&desc->frames);
	INIT_LIST_HEAD(&desc->objects);
	init_completion(&desc->idle);
	return desc;
}

static struct refusal check_taken(const struct klua_lib *lib)
{
	struct klua_class *const *class;

	lockdep_assert_held(&libs_mutex);
	if (lib->desc)
		return refuse(-EEXIST, "it is registered already");
	if (klua_lib_standard(lib->name) || find_name(lib->name))
		return refuse(-EEXIST, "the name is taken");
	for (class = lib->classes; class && *class; class++)
		if ((*class)->id)
			return refuse(-EEXIST, "a class is registered already");
	return refuse(0, NULL);
}

/*
 * Give the library and its classes numbers, and put it into the list. No number is used
 * twice, so a state that knows an older library of the same name does not take its
 * functions and classes for those of this one.
 */
static void lib_publish(struct klua_libdesc *desc)
{
	struct klua_class *class;
	unsigned int i;

	lockdep_assert_held(&libs_mutex);
	desc->id = next_id;
	next_id += 1 + desc->classes;
	for (i = 0; i < desc->classes; i++) {
		class = desc->lib->classes[i];
		class->index = i;
		WRITE_ONCE(class->id, desc->id + 1 + i);
	}
	desc->lib->desc = desc;
	list_add_tail_rcu(&desc->link, &libs);
}

static struct refusal register_lib(struct klua_lib *lib, struct module *owner)
{
	struct klua_libdesc *desc;
	struct refusal refusal = check_lib(lib);

	if (refusal.err)
		return refusal;
	desc = make_desc(lib, owner);
	if (!desc)
		return refuse(-ENOMEM, "not enough memory");
	mutex_lock(&libs_mutex);
	free_unused();
	refusal = check_taken(lib);
	if (!refusal.err)
		lib_publish(desc);
	mutex_unlock(&libs_mutex);
	if (refusal.err)
		kfree(desc);
	return refusal;
}

/* The bytes of a name that the log shows. The name may be NULL, or have no NUL. */
static int name_len(const char *name)
{
	return name ? strnlen(name, KLUA_NAME_MAXSIZE) : 0;
}

int __klua_lib_register(struct klua_lib *lib, struct module *owner)
{
	struct refusal refusal;

	if (!lib) {
		pr_err("cannot register a library of module %s: it is NULL\n",
		       module_name(owner));
		return -EINVAL;
	}
	refusal = register_lib(lib, owner);
	if (refusal.err)
		pr_err("cannot register library '" NAME_FMT "' of module %s: %s\n",
		       name_len(lib->name), lib->name, module_name(owner),
		       refusal.why);
	return refusal.err;
}
EXPORT_SYMBOL_KLUA(__klua_lib_register);

static void set_dead(struct klua_libdesc *desc)
{
	unsigned long irqs;

	lockdep_assert_held(&libs_mutex);
	irqs = klua_guard_lock(&desc->lock);
	WRITE_ONCE(desc->dead, true);
	klua_guard_unlock(&desc->lock, irqs);
	list_del_rcu(&desc->link);
}

/* Take the library out of the list: no state finds it any more. */
static struct refusal lib_unpublish(struct klua_lib *lib,
				    struct klua_libdesc **result)
{
	struct klua_libdesc *desc;
	struct refusal refusal = {};

	mutex_lock(&libs_mutex);
	desc = lib->desc;
	if (!desc || desc->dead)
		refusal = refuse(-ENOENT, "it is not registered");
	else
		set_dead(desc);
	mutex_unlock(&libs_mutex);
	*result = desc;
	return refusal;
}

/* Cancel Lua code that functions of the library have called. */
static void cancel_frames(struct klua_libdesc *desc)
{
	struct klua_frame *frame;
	unsigned long irqs;

	irqs = klua_guard_lock(&desc->lock);
	list_for_each_entry(frame, &desc->frames, link)
		klua_limits_cancel(frame->lim, READ_ONCE(frame->lim->entry));
	klua_guard_unlock(&desc->lock, irqs);
}

static bool frames_gone(struct klua_libdesc *desc)
{
	unsigned long irqs;
	bool gone;

	irqs = klua_guard_lock(&desc->lock);
	gone = list_empty(&desc->frames);
	klua_guard_unlock(&desc->lock, irqs);
	return gone;
}

/* Scripts that hold up an unregistering for longer than this are cancelled */
#define PATIENCE	(5 * HZ)

/*
 * Wait for the calls that entered the module before its library was dead. Lua code
 * in them ends by its limits, or is cancelled. A function of the module may sleep as
 * long as the module likes; the log says that it is waited for.
 */
static void wait_frames(struct klua_libdesc *desc)
{
	synchronize_rcu();
	while (!frames_gone(desc)) {
		if (wait_for_completion_timeout(&desc->idle, PATIENCE))
			continue;
		pr_warn("library '%s' of module %s waits for its own functions to return\n",
			desc->name, desc->module);
		cancel_frames(desc);
	}
}

static void detach(struct klua_libdesc *desc)
{
	unsigned int i;

	mutex_lock(&libs_mutex);
	for (i = 0; i < desc->classes; i++)
		WRITE_ONCE(desc->lib->classes[i]->id, 0);
	desc->lib->desc = NULL;
	desc->lib = NULL;
	klua_lib_put(desc);
	free_unused();
	mutex_unlock(&libs_mutex);
}

static struct refusal unregister_lib(struct klua_lib *lib)
{
	struct klua_libdesc *desc;
	struct refusal refusal;

	/* klua_may_sleep() is also false if the task has locked an atomic state. */
	if (!klua_may_sleep() || klua_inside_any())
		return refuse(-EDEADLK, "Lua runs here, or nothing may sleep");
	/* A function of the library may make a state, and so wait for this listener. */
	if (klua_telling())
		return refuse(-EDEADLK, "called by a listener");
	might_sleep();
	refusal = lib_unpublish(lib, &desc);
	if (refusal.err)
		return refusal;
	wait_frames(desc);
	release_objects(desc);
	wait_frames(desc);
	detach(desc);
	return refusal;
}

int klua_lib_unregister(struct klua_lib *lib)
{
	struct refusal refusal;

	if (!lib) {
		pr_err("cannot unregister a library: it is NULL\n");
		return -EINVAL;
	}
	refusal = unregister_lib(lib);
	if (refusal.err)
		pr_err("cannot unregister library '" NAME_FMT "': %s\n",
		       name_len(lib->name), lib->name, refusal.why);
	return refusal.err;
}
EXPORT_SYMBOL_KLUA(klua_lib_unregister);

/* Get a reference to the first library with a number above @id, or NULL. */
static struct klua_libdesc *walk_get(u64 id)
{
	struct klua_libdesc *desc;

	lockdep_assert_held(&libs_mutex);
	list_for_each_entry(desc, &libs, link) {
		if (desc->id <= id)
			continue;
		desc->walks++;
		refcount_inc(&desc->refs);
		return desc;
	}
	return NULL;
}

static void walk_put(struct klua_libdesc *desc)
{
	lockdep_assert_held(&libs_mutex);
	desc->walks--;
	klua_lib_put(desc);
}

/* The function is called without libs_mutex: it may do what would take that. */
int klua_lib_for_each(int (*fn)(const struct klua_lib_info *info, void *arg),
		      void *arg)
{
	struct klua_lib_info info;
	struct klua_libdesc *desc;
	int ret = 0;
	u64 id = 0;

	if (!fn)
		return -EINVAL;
	mutex_lock(&libs_mutex);
	while (!ret && (desc = walk_get(id))) {
		info = (struct klua_lib_info){
			.name = desc->name,
			.module = desc->module,
			.states = refcount_read(&desc->refs) - 1 - desc->walks,
			.functions = desc->functions,
			.classes = desc->classes,
		};
		mutex_unlock(&libs_mutex);
		ret = fn(&info, arg);
		mutex_lock(&libs_mutex);
		id = desc->id;
		walk_put(desc);
	}
	mutex_unlock(&libs_mutex);
	return ret;
}
EXPORT_SYMBOL_KLUA(klua_lib_for_each);

#ifdef KLUA_MODULE_USE
static bool uses_klua(const struct module *mod)
{
	const struct module_use *use;

	/* target_list changes only before the module runs and after it is gone. */
	list_for_each_entry(use, &mod->target_list, target_list)
		if (use->target == THIS_MODULE)
			return true;
	return false;
}
#else
static bool uses_klua(const struct module *mod)
{
	return true;	/* this kernel does not show it to modules */
}
#endif

static struct klua_lib *find_owned(const struct module *mod)
{
	struct klua_libdesc *desc;
	struct klua_lib *lib = NULL;

	mutex_lock(&libs_mutex);
	list_for_each_entry(desc, &libs, link)
		if (desc->owner == mod)
			lib = desc->lib;
	mutex_unlock(&libs_mutex);
	return lib;
}

/*
 * The module's exit has run, or its init has failed, and its text is freed next. Take
 * the libraries and states that it has left behind away from Lua. Wait for the closes
 * that its exit has begun, since finalizers may be functions of the module. Then drop
 * its listeners.
 */
static void module_going(struct module *mod)
{
	struct klua_lib *lib;

	while ((lib = find_owned(mod))) {
		pr_warn("module %s did not unregister library '%s'\n",
			module_name(mod), lib->name);
		if (klua_lib_unregister(lib))
			break;
	}
	klua_states_retire_module(mod);
	klua_states_flush();
	/* By now its listeners have been told that the module's states are gone. */
	klua_listeners_forget(mod);
}

static int module_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	struct module *mod = data;

	if (!uses_klua(mod))
		return NOTIFY_DONE;
	if (event == MODULE_STATE_GOING)
		module_going(mod);
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = {
	.notifier_call = module_event,
};

int klua_libs_init(void)
{
	return register_module_notifier(&module_notifier);
}

/* Called when all states are closed and no module uses this one. */
void klua_libs_exit(void)
{
	unregister_module_notifier(&module_notifier);
	WARN_ON(!list_empty(&libs));
	free_unused();
}

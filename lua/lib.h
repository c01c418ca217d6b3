/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Libraries and objects of modules, as the core and its host share them.
 *
 * A module's text goes away with the module, and a Lua state that has seen a
 * function of the module may keep copies of it anywhere: in tables, upvalues,
 * coroutines, finalizers. Therefore no Lua value ever holds a pointer into a
 * module. What Lua gets is a closure over one function of klua.ko, the
 * trampoline. The closure names a descriptor of the library, which is klua.ko's
 * own memory and lives as long as a state refers to it, and the number of a
 * function in that descriptor. The trampoline looks whether the library is
 * still there, and calls the function where unregistering waits for it:
 *
 * - in atomic and irq states preemption or bottom halves are off, which is a
 *   read section of RCU. A call costs nothing more there;
 * - where the entry may sleep (&klua_limits.preemptible) the call puts a frame,
 *   struct klua_frame, on the list of the library. An error thrown past the
 *   trampoline takes it off again (LUAI_THROW() in try.h).
 */
#ifndef KLUA_LIB_H
#define KLUA_LIB_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct klua_libdesc;
struct klua_limits;
struct lua_State;
struct luaL_Reg;
struct module;

/**
 * struct klua_class - a kind of objects that a library hands to Lua
 * @name: what messages call it; 1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL
 * @methods: the methods, ended by a name of NULL, or NULL. A name that begins
 *	     with "__" is a metamethod; "__gc", "__metatable" and "__name" are
 *	     KLua's own
 * @release: gives back what klua_object_push() took; NULL: nothing to do. Runs
 *	     once for each object: in a finalizer, in the context of the state,
 *	     or in process context when the state is closed or the library
 *	     unregistered. It must not use the Lua state
 *
 * A class belongs to one library, and is registered with it.
 */
struct klua_class {
	const char *name;
	const struct luaL_Reg *methods;
	void (*release)(void *ptr);
	/* private: set by registering; @id is 0 before and afterwards */
	u64 id;
	unsigned int index;
};

/**
 * struct klua_lib - functions and classes that a module gives to Lua
 * @name: what require() calls it; 1 to KLUA_NAME_MAXSIZE - 1 bytes and a NUL
 * @functions: the functions, ended by a name of NULL, or NULL
 * @classes: the classes, ended by NULL, or NULL
 * @sleeps: its functions and methods may sleep: where a state may not, to call one
 *	    is an error
 *
 * KLua keeps copies of all names, and pointers to the functions until the
 * library is unregistered.
 */
struct klua_lib {
	const char *name;
	const struct luaL_Reg *functions;
	struct klua_class *const *classes;
	bool sleeps;
	/* private: */
	struct klua_libdesc *desc;
};

/**
 * struct klua_lib_info - what is known about a registered library
 * @name: its name
 * @module: the module that registered it
 * @states: Lua states in which it is open
 * @functions: functions it has, without methods
 * @classes: classes it has
 */
struct klua_lib_info {
	const char *name;
	const char *module;
	unsigned int states;
	unsigned int functions;
	unsigned int classes;
};

/* The rest is for klua.ko only. */

/* A function or a method, by its copied name */
struct klua_libfunc {
	const char *name;
	int (*fn)(struct lua_State *L);
};

/* A class; its methods are @count of &klua_libdesc.func, from @first on. */
struct klua_libclass {
	const char *name;
	unsigned int first;
	unsigned int count;
	void (*release)(void *ptr);
};

/**
 * struct klua_libdesc - a library, in memory that outlives the module
 *
 * I: set before anybody else sees it; D: @lock; M: libs_mutex for writing, RCU
 * for reading; A: atomic; X: rules of its own.
 *
 * @id:      I: number of the library in a state's registry; the classes have the
 *	     numbers that follow. No number is used twice
 * @refs:    A: 1 while it is registered, plus 1 for each state in which it is open, and
 *	     1 for each of @walks
 * @walks:   M: calls of klua_lib_for_each() that are at this library
 * @dead:    D: unregistering has begun, and no function of the module is called any
 *	     more. Entries that RCU waits for read it without the lock
 * @lock:    X: taken in any context but NMI, inside all other locks
 * @frames:  D: calls in progress in entries that may sleep
 * @objects: D: owned objects that are not released yet, of all states
 * @sleeps:  I: as in &struct klua_lib
 * @idle:    X: completed when the last of @frames of a dead library is gone
 * @link:    M: link in the list of libraries
 * @reap:    X: link in the list of unused descriptors, once @refs is 0
 * @rcu:     X: frees the descriptor, once @refs is 0
 * @owner:   I: the module; only compared, since the descriptor outlives it
 * @lib:     M: the library, until it is unregistered
 * @module:  I: name of @owner
 * @name:    I: name of the library
 * @functions: I: number of the library's own functions, which come first in @func
 * @classes: I: number of classes
 * @class:   I: the classes
 * @func:    I: functions, then methods
 */
struct klua_libdesc {
	u64 id;
	refcount_t refs;
	unsigned int walks;
	bool dead;
	raw_spinlock_t lock;	/* frames and objects */
	struct list_head frames;
	struct list_head objects;
	bool sleeps;
	struct completion idle;
	struct list_head link;
	struct llist_node reap;
	struct rcu_head rcu;
	struct module *owner;
	struct klua_lib *lib;
	const char *module;
	const char *name;
	unsigned int functions;
	unsigned int classes;
	struct klua_libclass *class;
	struct klua_libfunc *func;
};

/**
 * struct klua_frame - a call into a module that may sleep; it is on the C stack
 * @prev: the call around this one in the same entry
 * @lim:  limits of the state
 * @desc: the library
 * @link: link in &klua_libdesc.frames, guarded by its lock
 */
struct klua_frame {
	struct klua_frame *prev;
	struct klua_limits *lim;
	struct klua_libdesc *desc;
	struct list_head link;
};

/*
 * A library that is open in a state, in a userdata that each closure of the library
 * refers to. @desc becomes NULL when no closure is left, or when the state is closed.
 * Guarded by the state's lock.
 */
struct klua_opened {
	struct klua_libdesc *desc;
	struct klua_opened *next;
	struct klua_opened **pprev;
};

/*
 * The contents of an object's userdata. If @entry is not 0 the object is lent for the
 * entry of that number. If it is 0 the object is owned, and this is the beginning of
 * struct klua_owned.
 */
struct klua_object {
	void *ptr;
	u64 entry;
};

/*
 * An owned object. While @object.ptr is not NULL the object is in
 * &klua_libdesc.objects, and @desc and @class are valid. The one that takes the pointer
 * out, under &klua_libdesc.lock, releases it.
 */
struct klua_owned {
	struct klua_object object;
	struct list_head link;
	struct klua_libdesc *desc;
	const struct klua_libclass *class;
};

/* lib.c, for the core */
bool klua_frame_enter(struct klua_limits *lim, struct klua_frame *frame,
		      struct klua_libdesc *desc);
void klua_frames_leave(struct klua_limits *lim, struct klua_frame *until);
u64 klua_lib_find(const char *name);
struct klua_libdesc *klua_lib_get(u64 id);
void klua_lib_put(struct klua_libdesc *desc);
bool klua_owned_link(struct klua_owned *owned, struct klua_libdesc *desc,
		     const struct klua_libclass *class, void *ptr);
void klua_owned_release(struct klua_limits *lim, struct klua_owned *owned);

/* lua/lib.c, for the host */
bool klua_lib_standard(const char *name);

#endif /* KLUA_LIB_H */

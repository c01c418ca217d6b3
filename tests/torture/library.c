// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library that is registered and unregistered again and again, while scripts keep
 * its functions and objects and call them. This checks that once unregistering has
 * returned
 *
 * - no function of the library runs, and none begins to;
 * - all of its objects are released, and none is released later.
 */
#include <linux/delay.h>
#include <linux/mutex.h>

#include "states.h"
#include "torture.h"

/*
 * Set while the library may be called: from before it is registered until it is
 * unregistered
 */
static bool there;
static atomic_t inside;
static atomic_t objects;

static void check_there(const char *what)
{
	if (!READ_ONCE(there))
		torture_anomaly("%s of a library that is not registered", what);
}

/* Called by the copy of the libraries as well, which has no Lua. */
static int lib_enter(lua_State *L)
{
	atomic_inc(&inside);
	check_there("a function began");
	udelay(5);
	check_there("a function ran");
	atomic_dec(&inside);
	return 0;
}

static int lib_continue(lua_State *L, int status, lua_KContext ctx)
{
	lib_enter(L);
	return lua_yieldk(L, 0, 0, lib_continue);
}

static int lib_stay(lua_State *L)
{
	return lua_yieldk(L, 0, 0, lib_continue);
}

static void box_release(void *ptr)
{
	check_there("an object was released");
	atomic_dec(ptr);
}

static const luaL_Reg box_methods[] = {
	{ "enter", lib_enter },
	{}
};

static struct klua_class box_class = {
	.name = "box",
	.methods = box_methods,
	.release = box_release,
};

static struct klua_class *const classes[] = { &box_class, NULL };

static int lib_box(lua_State *L)
{
	atomic_inc(&objects);
	klua_object_push(L, &box_class, &objects);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "enter", lib_enter },
	{ "box", lib_box },
	{ "stay", lib_stay },
	{}
};

static struct klua_lib library = {
	.name = TORTURE_LIB,
	.functions = functions,
	.classes = classes,
};

static DEFINE_MUTEX(registering);

static void lib_come(struct worker *w)
{
	int err;

	WRITE_ONCE(there, true);
	err = torture_ops->lib_register(&library);
	if (!err)
		w->hits++;
	else if (err != -ENOMEM)
		torture_anomaly("registering a library returned %d", err);
	usleep_range(500, 5000);
	if (err)
		return;
	err = torture_ops->lib_unregister(&library);
	if (err)
		torture_anomaly("unregistering a library returned %d", err);
}

void torture_librarian(struct worker *w)
{
	mutex_lock(&registering);
	lib_come(w);
	WRITE_ONCE(there, false);
	if (atomic_read(&inside))
		torture_anomaly("unregistering left somebody inside a library");
	if (atomic_read(&objects))
		torture_anomaly("unregistering left %d objects of a library",
				atomic_read(&objects));
	usleep_range(500, 1000);
	mutex_unlock(&registering);
}

/*
 * Keeps the functions and objects of some registrations, and calls all of them. Calls
 * of those that are gone fail with an ordinary error.
 */
static const char script[] =
	"kept, at = kept or {}, (at or 0) % 3 + 1\n"
	"local found, lib = pcall(require, '" TORTURE_LIB "')\n"
	"if found then\n"
	"	local made, box = pcall(lib.box)\n"
	"	kept[at] = { lib.enter, coroutine.wrap(lib.stay),\n"
	"		     made and box.enter, box }\n"
	"end\n"
	"for _, k in pairs(kept) do\n"
	"	pcall(k[1]) pcall(k[2]) pcall(k[3], k[4])\n"
	"end";

int torture_use_lib(struct klua_state *s)
{
	return klua_state_run(s, script, sizeof(script) - 1, "=lib", NULL);
}

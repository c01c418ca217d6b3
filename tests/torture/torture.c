// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_torture: many threads and timers make all calls of the interface on a few
 * states, or on many, and check that its promises hold.
 *
 * The test starts when the module is loaded. It ends after @secs seconds, when a promise
 * was broken, or when the module is unloaded. The last line is "End of test: SUCCESS" or
 * "End of test: FAILURE"; each broken promise has a line with "!!!". These are checked
 * all the time:
 *
 * - no get succeeds after destroy returned 0;
 * - within an RCU read section, what lookup returned keeps its name;
 * - a state that is held stays open and keeps what was put into it;
 * - a state is closed only when its count is zero, or when it is retired;
 * - the promises listed in others.c, of states that are replaced, retired, stopped and
 *   in sets, and in library.c, of libraries that are unregistered.
 *
 * Now and then all workers stop for an audit, which destroys all states and checks:
 *
 * - each state has one user, the table, since all holds were given back;
 * - there is one state of each name;
 * - all states that were made are closed within some seconds;
 * - the calls counted in the states' Lua globals add up to the calls made.
 *
 * busted= names a way in which a copy of the manager is broken (busted.c): the torture
 * must fail on it. With busted=none the copy is not broken.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include "states.h"
#include "torture.h"

static unsigned int creators = 2;
module_param(creators, uint, 0444);
MODULE_PARM_DESC(creators, "threads that create states (2)");

static unsigned int destroyers = 2;
module_param(destroyers, uint, 0444);
MODULE_PARM_DESC(destroyers, "threads that destroy them (2)");

static unsigned int finders = 2;
module_param(finders, uint, 0444);
MODULE_PARM_DESC(finders, "threads that find states, hold them and call them (2)");

static unsigned int readers = 2;
module_param(readers, uint, 0444);
MODULE_PARM_DESC(readers, "threads that look at states under RCU (2)");

static unsigned int runners = 1;
module_param(runners, uint, 0444);
MODULE_PARM_DESC(runners, "threads that run scripts that do not end by themselves (1)");

static unsigned int listers = 1;
module_param(listers, uint, 0444);
MODULE_PARM_DESC(listers, "threads that list states (1)");

static unsigned int destroy_alls = 1;
module_param(destroy_alls, uint, 0444);
MODULE_PARM_DESC(destroy_alls, "threads that destroy all states (1)");

static unsigned int cancellers = 1;
module_param(cancellers, uint, 0444);
MODULE_PARM_DESC(cancellers, "threads that cancel what runs (1)");

static unsigned int replacers = 1;
module_param(replacers, uint, 0444);
MODULE_PARM_DESC(replacers, "threads that replace states (1)");

static unsigned int retirers = 1;
module_param(retirers, uint, 0444);
MODULE_PARM_DESC(retirers, "threads that retire states (1)");

static unsigned int stoppers = 1;
module_param(stoppers, uint, 0444);
MODULE_PARM_DESC(stoppers, "threads that stop states and start them again (1)");

static unsigned int callers = 2;
module_param(callers, uint, 0444);
MODULE_PARM_DESC(callers, "threads that call states which are replaced, retired and stopped (2)");

static unsigned int librarians = 1;
module_param(librarians, uint, 0444);
MODULE_PARM_DESC(librarians, "threads that register and unregister a library (1)");

static unsigned int timers = 4;
module_param(timers, uint, 0444);
MODULE_PARM_DESC(timers, "timers that do all of it in softirq (4)");

static unsigned int hotplugs;
module_param(hotplugs, uint, 0444);
MODULE_PARM_DESC(hotplugs, "threads that take the last CPU off and bring it back (0)");

static unsigned int pressures;
module_param(pressures, uint, 0444);
MODULE_PARM_DESC(pressures, "threads that take memory and give it back (0)");

static unsigned int pressure_mb = 256;
module_param(pressure_mb, uint, 0444);
MODULE_PARM_DESC(pressure_mb, "the most that one of these takes (256)");

static unsigned int names = 8;
module_param(names, uint, 0444);
MODULE_PARM_DESC(names, "names of states (8)");

unsigned int torture_others = 4;
module_param_named(others, torture_others, uint, 0444);
MODULE_PARM_DESC(others, "names of states that are replaced, retired and stopped, every other one a set of them (4)");

unsigned int torture_maxalloc = 65536;
module_param_named(maxalloc, torture_maxalloc, uint, 0444);
MODULE_PARM_DESC(maxalloc, "of each state (65536)");

static unsigned int hold_us = 2000;
module_param(hold_us, uint, 0444);
MODULE_PARM_DESC(hold_us, "longest time for which a thread holds a state (2000)");

static unsigned int list_ms = 100;
module_param(list_ms, uint, 0444);
MODULE_PARM_DESC(list_ms, "least milliseconds between two lists of one thread, of which it takes up to twice as many (100)");

static unsigned int audit_ms = 1000;
module_param(audit_ms, uint, 0444);
MODULE_PARM_DESC(audit_ms, "milliseconds between two audits (1000)");

static unsigned int secs;
module_param(secs, uint, 0444);
MODULE_PARM_DESC(secs, "seconds until the test ends by itself; 0: when unloaded (0)");

static unsigned int stat_secs;
module_param(stat_secs, uint, 0444);
MODULE_PARM_DESC(stat_secs, "seconds between two lines that say what was counted so far; 0: none (0)");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random numbers (1)");

static char *busted = "";
module_param(busted, charp, 0444);
MODULE_PARM_DESC(busted, "break a copy of the manager: none, or as the table of names in busted.c says");

static bool running;
module_param(running, bool, 0444);
MODULE_PARM_DESC(running, "(to be read) the test has not ended");

static unsigned int close_secs = 60;
module_param(close_secs, uint, 0444);
MODULE_PARM_DESC(close_secs, "longest time in seconds that an audit waits for states to be closed (60)");

/* A kind of worker: what a thread or a timer does again and again */
struct kind {
	const char *name;
	const unsigned int *count;
	void (*act)(struct worker *w);
	/* an audit does not stop it */
	bool aside;
};

const struct torture_ops *torture_ops;
static struct worker *workers;
static unsigned int worker_count;

/* Held for reading by a worker that acts, for writing by an audit */
static DECLARE_RWSEM(acting);

/*
 * Set during an audit: timers check this instead of the lock, and the audit waits for
 * them
 */
static bool auditing;
static struct task_struct *controller;

static atomic_t anomalies;
/* The first anomaly, repeated in the last lines, since much may be logged in between */
static char first_anomaly[160];
static atomic_t opened;
static atomic_t closed;
/* Calls that workers made, and calls that states counted */
static atomic64_t calls;
static atomic64_t counted;
/* Calls that failed, and may have been counted before */
static atomic64_t unsure;
/* While these differ a destroy_all may be in progress. */
static atomic_t destroy_alls_begun;
static atomic_t destroy_alls_ended;
static unsigned int audits;
/* Actions, by processor */
static DEFINE_PER_CPU(unsigned long, acts);

/*
 * The number of destroy_alls that have begun; with @none -1 if one may be in progress.
 */
int torture_destroy_alls_begun(bool none)
{
	int begun = atomic_read_acquire(&destroy_alls_begun);

	return none && atomic_read(&destroy_alls_ended) != begun ? -1 : begun;
}

void torture_anomaly(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	int nth = atomic_inc_return(&anomalies);

	/* The first anomalies are enough; later ones follow from them. */
	if (nth > 20)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_err("!!! %pV\n", &vaf);
	va_end(args);
	if (nth > 1)
		return;
	va_start(args, fmt);
	vscnprintf(first_anomaly, sizeof(first_anomaly), fmt, args);
	va_end(args);
}

void torture_opened(void)
{
	atomic_inc(&opened);
}

void torture_closed(u64 n)
{
	atomic64_add(n, &counted);
	atomic_inc(&closed);
}

struct worker *torture_self(void)
{
	unsigned int i;

	if (!in_task())
		return NULL;
	for (i = 0; i < worker_count; i++)
		if (READ_ONCE(workers[i].task) == current)
			return &workers[i];
	return NULL;
}

/*
 * The contents of a Lua state: a userdata whose finalizer reports that the state is
 * closed, the global n that counts calls, and marks in the registry.
 */

static int finalizer(lua_State *L)
{
	struct klua_state *s = *(struct klua_state **)lua_touserdata(L, 1);
	unsigned int users = refcount_read(&s->users);

	if (users && READ_ONCE(s->gate) != KLUA_GATE_RETIRED)
		torture_anomaly("a state was closed with %u users", users);
	if (lua_getglobal(L, "n") != LUA_TNUMBER)
		torture_anomaly("a state was closed without its count");
	torture_closed(lua_tointeger(L, -1));
	return 0;
}

static const char contents_key;

/*
 * Allocations that may fail come first, so that the state gets all of its contents or
 * none.
 */
static void open_contents(lua_State *L, struct klua_state *s)
{
	struct klua_state **box = lua_newuserdata(L, sizeof(*box));

	*box = s;
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, finalizer);
	lua_setfield(L, -2, "__gc");
	lua_pushinteger(L, 0);
	lua_setglobal(L, "n");
	lua_pushvalue(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &contents_key);
	lua_setmetatable(L, -2);
	torture_opened();
}

static int count_call(lua_State *L)
{
	struct klua_state *s = lua_touserdata(L, 1);

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &contents_key) == LUA_TNIL)
		open_contents(L, s);
	else if (*(struct klua_state **)lua_touserdata(L, -1) != s)
		torture_anomaly("a state has another's contents");
	if (lua_getglobal(L, "n") != LUA_TNUMBER)
		torture_anomaly("a state lost its count");
	lua_pushinteger(L, lua_tointeger(L, -1) + 1);
	lua_setglobal(L, "n");
	return 0;
}

static int klua_count(struct klua_state *s)
{
	return klua_state_call(s, count_call, s);
}

static int klua_count_in_lua(struct klua_state *s)
{
	static const char text[] = "local t = {} for i = 1, 20 do t[i] = {i} end n = n + 1";

	return klua_state_run(s, text, sizeof(text) - 1, "=count", NULL);
}

static int klua_spin(struct klua_state *s)
{
	static const char text[] = "for i = 1, 20000 do pcall(error) end";

	return klua_state_run(s, text, sizeof(text) - 1, "=spin", NULL);
}

struct mark {
	const void *key;
	u64 value;
};

static int set_mark(lua_State *L)
{
	struct mark *mark = lua_touserdata(L, 1);

	lua_pushinteger(L, mark->value);
	lua_rawsetp(L, LUA_REGISTRYINDEX, mark->key);
	return 0;
}

static int get_mark(lua_State *L)
{
	struct mark *mark = lua_touserdata(L, 1);

	lua_rawgetp(L, LUA_REGISTRYINDEX, mark->key);
	if (lua_tointeger(L, -1) != mark->value)
		torture_anomaly("a state that was held lost its contents");
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, mark->key);
	return 0;
}

static int klua_mark(struct klua_state *s, const void *key, u64 value)
{
	struct mark mark = { .key = key, .value = value };

	return klua_state_call(s, set_mark, &mark);
}

static int klua_check_mark(struct klua_state *s, const void *key, u64 value)
{
	struct mark mark = { .key = key, .value = value };

	return klua_state_call(s, get_mark, &mark);
}

static const char cpu_key;

/* Check that the state of a set is found on the processor that found it first. */
static int check_cpu(lua_State *L)
{
	unsigned int *cpu = lua_touserdata(L, 1);

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &cpu_key) == LUA_TNIL) {
		lua_pushinteger(L, *cpu);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &cpu_key);
	} else if (lua_tointeger(L, -1) != *cpu) {
		torture_anomaly("processor %u found what is another one's",
				*cpu);
	}
	return 0;
}

static void klua_found_on(struct klua_state *s, unsigned int cpu)
{
	klua_state_call(s, check_cpu, &cpu);
}

static int klua_register(struct klua_lib *lib)
{
	return klua_lib_register(lib);
}

static const char *klua_start(const char *how)
{
	return NULL;
}

static void klua_stop(void)
{
}

static const struct torture_ops klua_ops = {
	.start = klua_start,
	.stop = klua_stop,
	.create = klua_state_create,
	.lookup = klua_state_lookup,
	.find = klua_state_find,
	.get = klua_state_get,
	.put = klua_state_put,
	.destroy = klua_state_destroy,
	.destroy_all = klua_state_destroy_all,
	.list = klua_state_list,
	.cancel = klua_state_cancel,
	.new = klua_state_new,
	.retire = klua_state_retire,
	.set_stopped = klua_state_set_stopped,
	.found_on = klua_found_on,
	.lib_register = klua_register,
	.lib_unregister = klua_lib_unregister,
	.use_lib = torture_use_lib,
	.count = klua_count,
	.count_in_lua = klua_count_in_lua,
	.spin = klua_spin,
	.mark = klua_mark,
	.check_mark = klua_check_mark,
};

u32 torture_below(struct worker *w, u32 end)
{
	return end ? prandom_u32_state(&w->rnd) % end : 0;
}

static void name_of(unsigned int i, char *name)
{
	snprintf(name, TORTURE_NAME_SIZE, "torture-%u", i);
}

static void any_name(struct worker *w, char *name)
{
	name_of(torture_below(w, names), name);
}

/* A thread that has found no state yields, so that others make some. */
static void idle(void)
{
	if (in_task())
		usleep_range(20, 50);
}

/* Nobody waits for an irq state, and for another one no longer than an entry may take. */
static bool may_be_busy(const struct klua_state *s, u64 begun)
{
	return s->kind == KLUA_KIND_IRQ ||
	       ktime_get_mono_fast_ns() - begun >= READ_ONCE(s->entry_ns);
}

/*
 * Note the result of a call. It was counted in the state; or it failed for want of
 * memory, and was not; or it was ended early, and may have been. @stops had ended
 * before the call, which was made at @begun.
 */
static void note_call(struct klua_state *s, int err, int stops, u64 begun)
{
	switch (err) {
	case 0:
		atomic64_inc(&calls);
		break;
	case -ENOMEM:
		break;
	case -ECANCELED:
	case -ETIMEDOUT:
		atomic64_inc(&unsure);
		break;
	case -ESHUTDOWN:
		if (torture_may_be_shut(s, stops))
			break;
		fallthrough;
	default:
		if (err != -EBUSY || !may_be_busy(s, begun))
			torture_anomaly("a call into a state that is held: %d",
					err);
	}
}

bool torture_may_enter(const struct klua_state *s)
{
	return in_task() || s->kind != KLUA_KIND_SLEEPABLE;
}

/*
 * Call the script that keeps parts of the library. It does not count as a call, and may
 * run out of memory.
 */
static void use_lib(struct klua_state *s, int stops)
{
	u64 begun = ktime_get_mono_fast_ns();
	int err = torture_ops->use_lib(s);

	if (err)
		note_call(s, err, stops, begun);
}

static int call_counted(struct klua_state *s, int (*count)(struct klua_state *s), int stops)
{
	u64 begun = ktime_get_mono_fast_ns();
	int err = count(s);

	note_call(s, err, stops, begun);
	return err;
}

/*
 * Make a counted call. Called by a holder; the first call gives the state its contents.
 */
void torture_call(struct worker *w, struct klua_state *s)
{
	int stops = torture_stops_ended();
	int err;

	if (!torture_may_enter(s))
		return;
	err = call_counted(s, torture_ops->count, stops);
	if (!err && torture_ops->count_in_lua && torture_below(w, 4) == 0)
		call_counted(s, torture_ops->count_in_lua, stops);
	if (!err && librarians && torture_below(w, 8) == 0)
		use_lib(s, stops);
}

static void act_create(struct worker *w)
{
	char name[TORTURE_NAME_SIZE];

	any_name(w, name);
	/* Mostly only if there is no state of the name: refusals fill the log. */
	if (torture_below(w, 16) && torture_ops->lookup(name)) {
		usleep_range(50, 100);
		return;
	}
	WRITE_ONCE(w->creating, name);
	if (torture_ops->create(torture_maxalloc, name))
		w->hits++;
	WRITE_ONCE(w->creating, NULL);
}

/*
 * After destroy has returned 0 the state that lookup found before cannot be held:
 * either it was the one that was destroyed, or its count was zero and it had left the
 * table before. Only destroy_all takes states out of the table that are held.
 */
static void check_destroyed(struct klua_state *s, const char *name, int ended)
{
	if (torture_ops->lookup(name) == s)
		torture_anomaly("lookup found what had been destroyed");
	if (!torture_ops->get(s))
		return;
	smp_rmb(); /* reads the ended ones, then gets, then reads the begun ones */
	if (atomic_read(&destroy_alls_begun) == ended)
		torture_anomaly("a get succeeded after destroy returned 0");
	torture_ops->put(s);
}

static void act_destroy(struct worker *w)
{
	struct klua_state *s;
	char name[TORTURE_NAME_SIZE];
	bool destroyed;
	int ended;

	any_name(w, name);
	rcu_read_lock();
	ended = atomic_read_acquire(&destroy_alls_ended);
	s = torture_ops->lookup(name);
	destroyed = !torture_ops->destroy(name);
	if (destroyed && s)
		check_destroyed(s, name, ended);
	rcu_read_unlock();
	if (destroyed)
		w->hits++;
	else
		idle();
}

static void check_name(struct klua_state *s, const char *name)
{
	if (torture_ops->is_there && !torture_ops->is_there(s))
		torture_anomaly("a state that can be seen was freed");
	if (strncmp(s->name, name, sizeof(s->name)))
		torture_anomaly("the state '%s' has another name", name);
}

static void act_find(struct worker *w)
{
	struct klua_state *s;
	char name[TORTURE_NAME_SIZE];
	bool marked;
	u64 value;

	any_name(w, name);
	WRITE_ONCE(w->finding, true);
	s = torture_ops->find(name);
	WRITE_ONCE(w->finding, false);
	if (!s) {
		idle();
		return;
	}
	w->hits++;
	value = prandom_u32_state(&w->rnd);
	marked = torture_ops->mark && !torture_ops->mark(s, w, value);
	torture_call(w, s);
	if (hold_us)
		usleep_range(1, 1 + torture_below(w, hold_us));
	torture_call(w, s);
	check_name(s, name);
	if (refcount_read(&s->users) < 1)
		torture_anomaly("a state that is held has no user");
	if (marked)
		torture_ops->check_mark(s, w, value);
	torture_ops->put(s);
}

static void act_look(struct worker *w)
{
	struct klua_state *s;
	char name[TORTURE_NAME_SIZE];
	bool held = false;

	any_name(w, name);
	rcu_read_lock();
	s = torture_ops->lookup(name);
	if (s) {
		check_name(s, name);
		udelay(torture_below(w, 100));
		check_name(s, name);
		held = torture_ops->get(s);
	}
	rcu_read_unlock();
	if (!held) {
		idle();
		return;
	}
	w->hits++;
	torture_call(w, s);
	torture_ops->put(s);
}

static void act_run(struct worker *w)
{
	struct klua_state *s;
	char name[TORTURE_NAME_SIZE];

	any_name(w, name);
	usleep_range(500, 1000);
	s = torture_ops->find(name);
	if (!s)
		return;
	torture_call(w, s);
	if (torture_ops->spin && torture_ops->spin(s) == -ECANCELED)
		w->hits++;
	torture_ops->put(s);
}

static void act_list(struct worker *w)
{
	torture_ops->list();
	msleep(list_ms + torture_below(w, list_ms));
}

static void act_destroy_all(struct worker *w)
{
	msleep(torture_below(w, 200));
	atomic_inc(&destroy_alls_begun);
	smp_mb__after_atomic(); /* counts the begin before the call */
	torture_ops->destroy_all();
	smp_mb__before_atomic(); /* counts the end after the call */
	atomic_inc(&destroy_alls_ended);
}

static void act_cancel(struct worker *w)
{
	char name[TORTURE_NAME_SIZE];
	int err;

	any_name(w, name);
	err = torture_ops->cancel(name);
	if (!err)
		w->hits++;
	else if (err != -ENOENT && err != -ESRCH)
		torture_anomaly("cancel returned %d", err);
	usleep_range(50, 100);
}

static void act_call(struct worker *w)
{
	struct klua_state *s = torture_find_other(w);

	if (!s) {
		idle();
		return;
	}
	w->hits++;
	torture_call(w, s);
	torture_ops->put(s);
}

static void act_hotplug(struct worker *w)
{
	unsigned int cpu = nr_cpu_ids - 1;

	msleep(100 + torture_below(w, 400));
	if (!cpu || remove_cpu(cpu))
		return;
	w->hits++;
	msleep(100 + torture_below(w, 400));
	add_cpu(cpu);
}

/* Pages that act_pressure() has taken; taken_lock guards the list */
static LIST_HEAD(taken);
static DEFINE_SPINLOCK(taken_lock);

static bool take_page(void)
{
	struct page *page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);

	if (!page)
		return false;
	spin_lock(&taken_lock);
	list_add(&page->lru, &taken);
	spin_unlock(&taken_lock);
	return true;
}

static void give_back(void)
{
	struct page *page, *next;
	LIST_HEAD(pages);

	spin_lock(&taken_lock);
	list_splice_init(&taken, &pages);
	spin_unlock(&taken_lock);
	list_for_each_entry_safe(page, next, &pages, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

/*
 * Take all free memory that can be had without waiting, in large pieces and in small
 * ones.
 */
static void act_pressure(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < pressure_mb * (SZ_1M >> PAGE_SHIFT); i++)
		if (!take_page())
			break;
	w->hits += i;
	msleep(torture_below(w, 50));
	give_back();
	msleep(torture_below(w, 200));
}

/*
 * The OOM killer is about to kill a process: give back the pages that we took. Reports
 * that some were freed even if they were given back just before, for then there is free
 * memory now.
 */
static int on_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	give_back();
	*(unsigned long *)freed += 1;
	return NOTIFY_OK;
}

static struct notifier_block oom_notifier = {
	.notifier_call = on_oom,
};

static void act_anything(struct worker *w)
{
	struct klua_state *s;
	char name[TORTURE_NAME_SIZE];

	if (w->held) {
		torture_call(w, w->held);
		torture_ops->put(w->held);
		w->held = NULL;
	}
	any_name(w, name);
	switch (torture_below(w, 5)) {
	case 0:
		act_destroy(w);
		break;
	case 4:
		act_call(w);
		break;
	case 1:
		act_look(w);
		break;
	case 2:
		torture_ops->cancel(name);
		break;
	default:
		s = torture_ops->find(name);
		if (!s)
			break;
		w->hits++;
		torture_call(w, s);
		/* Holds the state until this worker acts again. */
		w->held = s;
	}
}

static const struct kind kinds[] = {
	{ "creators", &creators, act_create },
	{ "destroyers", &destroyers, act_destroy },
	{ "finders", &finders, act_find },
	{ "readers", &readers, act_look },
	{ "runners", &runners, act_run },
	{ "listers", &listers, act_list },
	{ "destroy_alls", &destroy_alls, act_destroy_all },
	{ "cancellers", &cancellers, act_cancel },
	{ "replacers", &replacers, torture_replace },
	{ "retirers", &retirers, torture_retire },
	{ "stoppers", &stoppers, torture_stop },
	{ "callers", &callers, act_call },
	{ "librarians", &librarians, torture_librarian },
	{ "hotplugs", &hotplugs, act_hotplug, true },
	{ "pressures", &pressures, act_pressure, true },
	{ "timers", &timers, act_anything },
};

#define TIMERS	(&kinds[ARRAY_SIZE(kinds) - 1])

static int work(void *data)
{
	struct worker *w = data;

	while (!kthread_should_stop()) {
		if (!w->kind->aside)
			down_read(&acting);
		w->kind->act(w);
		if (!w->kind->aside)
			up_read(&acting);
		w->ops++;
		this_cpu_inc(acts);
		cond_resched();
	}
	return 0;
}

static void tick(struct timer_list *timer)
{
	struct worker *w = container_of(timer, struct worker, timer);

	w->kind->act(w);
	w->ops++;
	this_cpu_inc(acts);
	if (!READ_ONCE(auditing))
		mod_timer(&w->timer, jiffies + 1);
}

static void start_timers(void)
{
	unsigned int i, cpu = 0;

	WRITE_ONCE(auditing, false);
	for (i = 0; i < worker_count; i++) {
		struct worker *w = &workers[i];

		if (w->kind != TIMERS)
			continue;
		w->timer.expires = jiffies + 1;
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		cpus_read_lock();
		if (cpu_online(cpu))
			add_timer_on(&w->timer, cpu);
		else
			add_timer(&w->timer);
		cpus_read_unlock();
	}
}

static void stop_timers(void)
{
	unsigned int i;

	WRITE_ONCE(auditing, true);
	for (i = 0; i < worker_count; i++) {
		struct worker *w = &workers[i];

		if (w->kind != TIMERS)
			continue;
		timer_delete_sync(&w->timer);
		torture_ops->put(w->held);
		w->held = NULL;
	}
}

static void audit_name(const char *name)
{
	struct klua_state *s = torture_ops->lookup(name);
	unsigned int users;

	if (!s) {
		if (torture_ops->destroy(name) != -1)
			torture_anomaly("a state was destroyed that was not there");
		return;
	}
	users = refcount_read(&s->users);
	if (users != 1)
		torture_anomaly("'%s' has %u users when nobody holds it", name,
				users);
	else if (torture_ops->destroy(name))
		torture_anomaly("'%s' cannot be destroyed", name);
	else if (torture_ops->lookup(name))
		torture_anomaly("there was more than one state '%s'", name);
	else if (torture_ops->destroy(name) != -1)
		torture_anomaly("'%s' was there twice", name);
}

static bool all_closed(void)
{
	return atomic_read(&closed) == atomic_read(&opened);
}

static void audit_calls(void)
{
	u64 made = atomic64_read(&calls);
	u64 most = made + atomic64_read(&unsure);
	u64 seen = atomic64_read(&counted);

	if (seen < made || seen > most)
		torture_anomaly("%llu calls were made, %llu counted, %llu unsure",
				made, seen, most - made);
}

/* Called while nobody acts and nobody holds a state. */
static void audit(void)
{
	unsigned long end = jiffies + close_secs * HZ;
	char name[TORTURE_NAME_SIZE];
	unsigned int i;

	for (i = 0; i < names; i++) {
		name_of(i, name);
		audit_name(name);
		cond_resched();
	}
	for (i = 0; i < torture_others; i++) {
		torture_other_name(i, name);
		audit_name(name);
	}
	torture_others_gone();
	/* Destroys duplicates of a name, which a lookup does not find */
	torture_ops->destroy_all();
	while (!all_closed() && time_before(jiffies, end))
		msleep(20);
	if (!all_closed())
		torture_anomaly("of %d states opened %d were closed",
				atomic_read(&opened), atomic_read(&closed));
	else
		audit_calls();
	audits++;
}

static void stop_and_audit(void)
{
	down_write(&acting);
	stop_timers();
	audit();
	start_timers();
	up_write(&acting);
}

static size_t all_parameters(char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		len += scnprintf(buf + len, size - len, "%s=%u ",
				 kinds[i].name, *kinds[i].count);
	len += scnprintf(buf + len, size - len,
			 "pressure_mb=%u names=%u others=%u maxalloc=%u hold_us=%u list_ms=%u audit_ms=%u secs=%u stat_secs=%u seed=%u busted=%s",
			 pressure_mb, names, torture_others, torture_maxalloc,
			 hold_us, list_ms, audit_ms, secs, stat_secs, seed, *busted ? busted : "-");
	return len;
}

static void log_parameters(const char *what)
{
	static char parameters[512];

	all_parameters(parameters, sizeof(parameters));
	pr_info("%s: %s\n", what, parameters);
}

/* Log the totals; the line begins with @when. */
static void say_totals(const char *when)
{
	pr_info("%s%d states used and closed, %lld calls counted in them, %lld unsure, %u audits, %d anomalies\n",
		when, atomic_read(&closed), atomic64_read(&counted),
		atomic64_read(&unsure), audits, atomic_read(&anomalies));
}

static void say_counts(void)
{
	u64 did[ARRAY_SIZE(kinds)] = {};
	u64 hits[ARRAY_SIZE(kinds)] = {};
	unsigned int i;

	for (i = 0; i < worker_count; i++) {
		did[workers[i].kind - kinds] += workers[i].ops;
		hits[workers[i].kind - kinds] += workers[i].hits;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (*kinds[i].count)
			pr_info("%s: %llu times, %llu with effect\n",
				kinds[i].name, did[i], hits[i]);
	for_each_possible_cpu(i)
		if (per_cpu(acts, i))
			pr_info("processor %u: did %lu of this\n", i,
				per_cpu(acts, i));
	say_totals("");
}

static void stop_workers(void)
{
	unsigned int i;

	for (i = 0; i < worker_count; i++)
		if (workers[i].task)
			kthread_stop(workers[i].task);
	stop_timers();
}

static void end(void)
{
	stop_workers();
	audit();
	say_counts();
	if (*first_anomaly)
		pr_err("!!! first of all: %s\n", first_anomaly);
	log_parameters(atomic_read(&anomalies) ? "End of test: FAILURE" :
		       "End of test: SUCCESS");
	WRITE_ONCE(running, false);
}

/* Log the progress between two audits, if it is time. */
static void say_progress(unsigned long start)
{
	static unsigned long told;
	unsigned long now = (jiffies - start) / HZ;
	char when[32];

	if (!stat_secs || now < told + stat_secs)
		return;
	told = now;
	snprintf(when, sizeof(when), "after %lu s: ", now);
	say_totals(when);
}

static int control(void *unused)
{
	unsigned long start = jiffies;
	unsigned long stop = start + secs * HZ;

	while (!kthread_should_stop() && !atomic_read(&anomalies) &&
	       (!secs || time_before(jiffies, stop))) {
		schedule_timeout_interruptible(msecs_to_jiffies(audit_ms) + 1);
		stop_and_audit();
		say_progress(start);
	}
	end();
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

static int start_worker(struct worker *w, const struct kind *kind)
{
	struct task_struct *task;

	w->kind = kind;
	prandom_seed_state(&w->rnd, ((u64)seed << 32) + (w - workers));
	timer_setup(&w->timer, tick, TIMER_PINNED);
	if (kind == TIMERS)
		return 0;
	task = kthread_create(work, w, "torture-%s", kind->name);
	if (IS_ERR(task))
		return PTR_ERR(task);
	WRITE_ONCE(w->task, task);
	return 0;
}

static int start_workers(void)
{
	unsigned int i, j, n = 0;
	int err;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		n += *kinds[i].count;
	workers = kcalloc(n, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (j = 0; j < *kinds[i].count; j++) {
			err = start_worker(&workers[worker_count], &kinds[i]);
			if (err)
				return err;
			worker_count++;
		}
	for (i = 0; i < worker_count; i++)
		if (workers[i].task)
			wake_up_process(workers[i].task);
	start_timers();
	return 0;
}

static int __init torture_init(void)
{
	const char *why;
	int err;

	if (!names || names > 1000000 || !torture_others ||
	    torture_others > TORTURE_OTHERS_MAX)
		return -EINVAL;
	torture_ops = *busted ? &torture_busted_ops : &klua_ops;
	why = torture_ops->start(busted);
	if (why) {
		pr_err("busted=%s: %s\n", busted, why);
		return -EINVAL;
	}
	log_parameters("Start of test");
	running = true;
	if (pressures)
		register_oom_notifier(&oom_notifier);
	err = start_workers();
	if (err)
		goto stop;
	controller = kthread_run(control, NULL, "torture-control");
	err = PTR_ERR_OR_ZERO(controller);
	if (err)
		goto stop;
	return 0;

stop:
	stop_workers();
	if (pressures)
		unregister_oom_notifier(&oom_notifier);
	torture_ops->destroy_all();
	torture_ops->stop();
	kfree(workers);
	return err;
}

static void __exit torture_exit(void)
{
	kthread_stop(controller);
	if (pressures)
		unregister_oom_notifier(&oom_notifier);
	torture_ops->stop();
	kfree(workers);
}

module_init(torture_init);
module_exit(torture_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tortures KLua's states manager");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host for the Lua core in user space. It does what run.c and alloc.c do in the
 * kernel, with small limits, and checks each promise.
 */
#include <sanitizer/allocator_interface.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
#include "entry.h"
#include "host.h"

/*
 * Bytes of stack that a script may use. Frames are several times as large with the
 * sanitizers as without.
 */
#define STACK_SHARE	(32 * 1024)
/* Bytes below that, for the deepest calls and the sanitizers' own functions */
#define STACK_RESERVE	(24 * 1024)
/* Bytes that are filled with a pattern, to see how deep the stack went */
#define STACK_PAINTED	(512 * 1024)
#define PAINT		0x5aa55aa55aa55aa5ull

/* CPU time that a run may take. The steps themselves take a few milliseconds. */
#define MAX_MS		300

/* Steps that an entry may take after it has hit its limit: two full collections */
#define STEPS_AFTER	40000

/* Bytes that the second script may use, beside what the first one has left */
#define SECOND_BYTES	(16 * 1024)
/* Steps that the second script gets at least. Libraries are opened with fewer. */
#define SECOND_STEPS	1000

static struct klua_limits limits;
static const struct fuzz_options *opt;
static unsigned int steps;
static size_t maxalloc, curralloc;
static unsigned int allocs;
static int resources;
static unsigned long long seed;
static bool verbose;

static void broken(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "BROKEN: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

/* Returns the same numbers for each input, so that a crash can be repeated. */
unsigned long long klua_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

void klua_print(struct lua_State *L, const char *text, size_t len)
{
	static char line[64 * 1024];

	(void)L;
	if (verbose)
		fprintf(stderr, "%.*s\n", (int)len, text);
	memcpy(line, text, len < sizeof(line) ? len : sizeof(line));
}

bool klua_stream(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	(void)text;
	return len % 2;	/* either way */
}

static void refill(struct klua_budget *budget)
{
	budget->slice = budget->total < KLUA_SLICE ? (long)budget->total :
						     KLUA_SLICE;
	budget->left = budget->slice;
}

int klua_arm_slow(struct klua_limits *lim)
{
	unsigned long sp = (unsigned long)__builtin_frame_address(0);

	lim->entry++;
	lim->stack = sp - STACK_SHARE;
	lim->budget.stopped = 0;
	lim->budget.total = steps;
	refill(&lim->budget);
	return 1;
}

void klua_disarm(struct klua_limits *lim)
{
	lim->stack = KLUA_UNARMED;
}

int klua_limits_check(struct klua_limits *lim)
{
	u64 spent = lim->budget.slice - lim->budget.left;

	/* Lets an endless script run on, for the test of the fuzzers themselves */
	if (getenv("FUZZ_UNLIMITED"))
		spent = 0;
	if (spent > lim->budget.total)
		return -ETIME;
	lim->budget.total -= spent;
	refill(&lim->budget);
	return 0;
}

void klua_limits_trace(struct klua_limits *lim, lua_State *L)
{
	(void)lim;
	(void)L;
}

size_t klua_memory_left(const struct klua_limits *lim)
{
	(void)lim;
	return maxalloc > curralloc ? maxalloc - curralloc : 0;
}

/* Blocks are freed one by one, so that one which Lua forgets is noticed. */
bool klua_drop(struct klua_limits *lim, size_t bytes)
{
	(void)lim;
	if (curralloc != bytes)
		broken("Lua knows of %zu bytes, and holds %zu", bytes,
		       curralloc);
	return false;
}

/*
 * Each block moves when its size changes, so that stale pointers are noticed. Lua has
 * to tell the right size of each.
 */
static void *allocate(void *ud, void *block, size_t osize, size_t nsize)
{
	size_t old = block ? osize : 0;
	void *moved;

	if (ud != &limits)
		broken("the allocator is called with other data");
	if (block && __sanitizer_get_allocated_size(block) != old)
		broken("a block of %zu bytes is said to have %zu",
		       __sanitizer_get_allocated_size(block), old);
	if (nsize > old) {
		if (++allocs == opt->fail)
			return NULL;
		if (curralloc > maxalloc || nsize - old > maxalloc - curralloc)
			return NULL;
	}
	curralloc = curralloc - old + nsize;
	if (!nsize) {
		free(block);
		return NULL;
	}
	moved = malloc(nsize);
	if (!moved)
		broken("no memory for %zu bytes", nsize);
	if (block)
		memcpy(moved, block, old < nsize ? old : nsize);
	free(block);
	return moved;
}

/* The allocator decides which request fails. */
void *klua_block_get(struct klua_limits *lim, size_t size)
{
	void *block;

	if (allocs + 1 == opt->fail)
		return NULL;
	block = allocate(lim, NULL, 0, size);
	if (!block)
		allocs--;
	return block;
}

void klua_block_put(struct klua_limits *lim, void *block, size_t size)
{
	if (!block)
		broken("NULL is freed");
	allocate(lim, block, size, 0);
}

static int panicked(lua_State *L)
{
	broken("an error outside any protected call: %s",
	       lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?");
	return 0;
}

/* An object of a consumer: its finalizer, in C, has to run once. */
static int resource_gc(lua_State *L)
{
	int *live = lua_touserdata(L, 1);

	if (live && *live) {
		*live = 0;
		resources--;
	}
	return 0;
}

static int resource(lua_State *L)
{
	int *live = lua_newuserdata(L, sizeof(*live));

	*live = 0;
	luaL_setmetatable(L, "resource");
	*live = 1;
	resources++;
	return 1;
}

/* A consumer's function that calls Lua functions, with and without protection */
static int callback(lua_State *L)
{
	int top = lua_gettop(L);

	luaL_checkany(L, 1);
	lua_pushvalue(L, 1);
	if (lua_pcall(L, 0, 1, 0) != LUA_OK)
		lua_pop(L, 1);
	lua_settop(L, top);
	lua_call(L, top - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static int open(lua_State *L)
{
	luaL_openlibs(L);
	luaL_newmetatable(L, "resource");
	lua_pushcfunction(L, resource_gc);
	lua_setfield(L, -2, "__gc");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_register(L, "resource", resource);
	lua_register(L, "callback", callback);
	lua_settop(L, 0);
	if (opt->thread) {
		lua_newthread(L);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &limits);
	}
	return 0;
}

struct chunk {
	const char *text;
	size_t len;
};

static int run_chunk(lua_State *L)
{
	struct chunk *chunk = lua_touserdata(L, 1);
	int i;

	lua_settop(L, 0);
	if (luaL_loadbufferx(L, chunk->text, chunk->len, "=fuzz", "t"))
		return lua_error(L);
	lua_call(L, 0, LUA_MULTRET);
	luaL_checkstack(L, LUA_MINSTACK, NULL);
	for (i = lua_gettop(L); i > 0; i--) {
		luaL_tolstring(L, i, NULL);
		lua_pop(L, 1);
	}
	return 0;
}

static int trace(lua_State *L)
{
	if (lua_type(L, 1) != LUA_TSTRING)
		luaL_tolstring(L, 1, NULL);
	luaL_traceback(L, L, lua_tostring(L, -1), 1);
	return 1;
}

static void show_error(lua_State *L, int status)
{
	if (verbose && status > LUA_YIELD)
		fprintf(stderr, "error %d: %s\n", status,
			lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) :
							 "no text");
}

static int enter(lua_State *L, const char *text, size_t len)
{
	struct chunk chunk = { text, len };
	int status;

	if (!lua_checkstack(L, LUA_MINSTACK))
		return LUA_ERRMEM;
	lua_pushcfunction(L, trace);
	lua_pushcfunction(L, run_chunk);
	lua_pushlightuserdata(L, &chunk);
	status = lua_pcall(L, 1, 0, 1);
	if (lua_gettop(L) != (status ? 2 : 1))
		broken("the stack has %d values", lua_gettop(L));
	show_error(L, status);
	lua_settop(L, 0);
	return status;
}

/* Runs the script as a consumer may do it without klua_state_run(). */
static int enter_thread(lua_State *L, const char *text, size_t len)
{
	lua_State *co;
	int rounds = 8;
	int status;

	if (!lua_checkstack(L, LUA_MINSTACK))
		return LUA_ERRMEM;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &limits);
	co = lua_tothread(L, -1);
	status = luaL_loadbufferx(co, text, len, "=fuzz", "t");
	if (status == LUA_OK) {
		do {
			status = lua_resume(co, rounds % 2 ? L : NULL, 0);
			if (limits.budget.stopped && status <= LUA_YIELD)
				broken("the thread caught a limit's error");
			if (status == LUA_YIELD)
				lua_settop(co, 0);
		} while (status == LUA_YIELD && --rounds);
		if (status == LUA_YIELD)
			status = LUA_OK;
	}
	show_error(co, status);
	lua_settop(L, 0);
	lua_gc(L, LUA_GCSTEP, 1);
	return status;
}

static void after_entry(int status)
{
	if (klua_armed(&limits))
		broken("the limits are armed after the entry");
	if (limits.budget.stopped && !opt->thread) {
		if (status == LUA_OK)
			broken("the script caught the error of a limit");
		if (limits.budget.left < -STEPS_AFTER)
			broken("%ld steps after the limit",
			       -limits.budget.left);
	}
}

/*
 * Runs a second script: the state has to work, whatever the first one did. Finalizers
 * that the first one left may fail and use up the steps, so the script is tried again
 * without them.
 */
static void second_run(lua_State *L)
{
	static const char text[] = "return 1 + 1";
	size_t saved = maxalloc;

	if (steps < SECOND_STEPS)
		steps = SECOND_STEPS;
	maxalloc = curralloc + SECOND_BYTES;
	allocs = opt->fail;
	if (enter(L, text, sizeof(text) - 1) != LUA_OK) {
		lua_gc(L, LUA_GCSTOP, 0);
		if (maxalloc < curralloc + SECOND_BYTES)
			maxalloc = curralloc + SECOND_BYTES;
		if (enter(L, text, sizeof(text) - 1) != LUA_OK)
			broken("the state does not work any more");
		lua_gc(L, LUA_GCRESTART, 0);
	}
	maxalloc = saved;
}

static void run_in_state(lua_State *L, const char *text, size_t len)
{
	int status;

	lua_atpanic(L, panicked);
	lua_pushcfunction(L, open);
	status = lua_pcall(L, 0, 0, 0);
	lua_settop(L, 0);
	if (status == LUA_OK) {
		status = opt->thread ? enter_thread(L, text, len) :
				       enter(L, text, len);
		after_entry(status);
		second_run(L);
	}
	klua_arm(&limits);
	lua_close(L);
	klua_disarm(&limits);
}

static lua_State *newstate(void)
{
	klua_disarm(&limits);
	seed = 88172645463325252ull;
	maxalloc = (size_t)opt->kib * 1024;
	steps = opt->steps;
	curralloc = 0;
	allocs = 0;
	resources = 0;
	return lua_newstate(allocate, &limits);
}

/* After a state was closed */
static void nothing_left(void)
{
	if (curralloc)
		broken("%zu bytes are lost", curralloc);
	if (resources)
		broken("%d finalizers in C were not called once each", resources);
}

static void run(const char *text, size_t len)
{
	lua_State *L = newstate();

	if (L)
		run_in_state(L, text, len);
	nothing_left();
}

/*
 * Fills the stack below this function's frame with a pattern, or checks how deep it was
 * overwritten.
 */
__attribute__((no_sanitize("address", "undefined", "coverage")))
static size_t paint(int check)
{
	unsigned long long *low;
	size_t i, n = STACK_PAINTED / sizeof(*low);

	low = (unsigned long long *)
		((char *)__builtin_frame_address(0) - STACK_PAINTED - 1024);
	/* Keeps the compiler from assuming what is there, or that nobody reads it */
	asm volatile("" : "+r" (low) : : "memory");
	if (check) {
		for (i = 0; i < n && low[i] == PAINT; i++)
			;
		return STACK_PAINTED - i * sizeof(*low);
	}
	for (i = 0; i < n; i++)
		low[i] = PAINT;
	asm volatile("" : : "r" (low) : "memory");
	return 0;
}

static long cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/**
 * fuzz_run - run a script, and abort if it has broken a promise
 * @text: the script
 * @len: its length
 * @options: the limits
 */
void fuzz_run(const char *text, size_t len, const struct fuzz_options *options)
{
	size_t used;
	long ms;

	opt = options;
	verbose = getenv("FUZZ_VERBOSE");
	paint(0);
	ms = cpu_ms();
	run(text, len);
	ms = cpu_ms() - ms;
	used = paint(1);
	if (verbose)
		fprintf(stderr, "%ld ms, %zu bytes of stack\n", ms, used);
	if (ms > MAX_MS)
		broken("%ld ms for %u steps", ms, options->steps);
	if (used > STACK_SHARE + KLUA_STACK_HANDLING + STACK_RESERVE)
		broken("%zu bytes of stack", used);
}

static int script_broken(lua_State *L)
{
	broken("%s", luaL_checkstring(L, 1));
	return 0;
}

static int call_act(lua_State *L)
{
	lua_getglobal(L, "act");
	lua_insert(L, 1);
	lua_call(L, 1, 0);
	return 0;
}

/* What runs out of memory, or is ended by a limit, is tried again by the next entry. */
static void enter_act(lua_State *L, unsigned int count)
{
	int status;

	lua_pushcfunction(L, call_act);
	lua_pushinteger(L, count);
	status = lua_pcall(L, 1, 0, 0);
	if (status == LUA_ERRRUN && !limits.budget.stopped)
		broken("%s", lua_tostring(L, -1));
	lua_settop(L, 0);
	after_entry(status);
}

/**
 * fuzz_entries - run a script, and call its act() many times, under other limits
 * @text: the script
 * @len: its length
 * @options: the limits that it, and closing, run under
 * @entries: steps of each entry that calls act()
 * @n: how many there are
 * @count: what act() is called with
 */
void fuzz_entries(const char *text, size_t len, const struct fuzz_options *options,
		  const unsigned int *entries, size_t n, unsigned int count)
{
	lua_State *L;
	size_t i;

	opt = options;
	L = newstate();
	lua_atpanic(L, panicked);
	lua_pushcfunction(L, open);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK)
		broken("a state does not open");
	lua_register(L, "broken", script_broken);
	if (enter(L, text, len) != LUA_OK)
		broken("the script does not run");
	for (i = 0; i < n; i++) {
		steps = entries[i];
		enter_act(L, count);
	}
	klua_arm(&limits);
	lua_close(L);
	klua_disarm(&limits);
	nothing_left();
}

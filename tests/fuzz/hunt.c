// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hunts for calls that take many instructions for each step that they are charged. The
 * fuzzer's input chooses functions of the libraries, operators, and large values for
 * them (hunt.lua). The instructions of an input for each step are its fitness, so that
 * libFuzzer goes on from the inputs that took most.
 *
 * Instructions are estimated. Each basic block of the core calls hunt_block() when it
 * runs. Functions of the C library are counted by their bytes, as the kernel's take
 * them, one at a time.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
#include "entry.h"

/*
 * Instructions of a basic block: 3.3 in the mean by callgrind, while hunt.lua's values
 * are made
 */
#define BLOCK_INSNS	3

/*
 * Instructions for each byte: "rep movsb" and "rep stosb" count one, loops SCAN_INSNS
 */
#define COPY_INSNS	1
#define SCAN_INSNS	5

/*
 * Instructions that a step may take (lua/budget.h), and those that an entry may take
 * beyond its steps (tests/guest/86-overshoot.sh)
 */
#define STEP_INSNS	200
#define MORE_INSNS	100000

/* Limits of one input. Making the large values has no limits. */
#define STEPS		20000
#define MEMORY		(512ul << 20)
#define STACK		(256 * 1024)

/* Inputs that run on the same values, which they change */
#define INPUTS		256

/* Levels of fitness: eight for each doubling */
#define FITNESS		128

__attribute__((section("__libfuzzer_extra_counters")))
static uint8_t fitness[FITNESS];

static struct klua_limits limits;
static size_t curralloc;
static unsigned long insns;
static u64 steps, budget;
static unsigned long long seed;
static lua_State *state;
static int used;

void hunt_block(void);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text of hunt.lua */
asm(".section .rodata\nhunt_lua: .incbin \"hunt.lua\"\nhunt_lua_end:\n.previous");
extern const char hunt_lua[], hunt_lua_end[];

void hunt_block(void)
{
	insns += BLOCK_INSNS;
}

void *hunt_memcpy(void *to, const void *from, size_t n)
{
	insns += COPY_INSNS * n;
	return memcpy(to, from, n);
}

void *hunt_memmove(void *to, const void *from, size_t n)
{
	insns += COPY_INSNS * n;
	return memmove(to, from, n);
}

void *hunt_memset(void *to, int c, size_t n)
{
	insns += COPY_INSNS * n;
	return memset(to, c, n);
}

void *hunt_memchr(const void *s, int c, size_t n)
{
	const char *found = memchr(s, c, n);

	insns += SCAN_INSNS * (found ? found - (const char *)s + 1 : n);
	return (void *)found;
}

int hunt_memcmp(const void *s, const void *t, size_t n)
{
	const unsigned char *a = s, *b = t;
	size_t i;

	for (i = 0; i < n && a[i] == b[i]; i++)
		;
	insns += SCAN_INSNS * i;
	return i < n ? a[i] - b[i] : 0;
}

size_t hunt_strlen(const char *s)
{
	size_t len = strlen(s);

	insns += SCAN_INSNS * (len + 1);
	return len;
}

char *hunt_strchr(const char *s, int c)
{
	const char *found = strchr(s, c);

	insns += SCAN_INSNS * (found ? (size_t)(found - s) : strlen(s));
	return (char *)found;
}

int hunt_strcmp(const char *s, const char *t)
{
	return hunt_memcmp(s, t, strnlen(s, strlen(t)) + 1);
}

int hunt_strncmp(const char *s, const char *t, size_t n)
{
	insns += SCAN_INSNS * strnlen(s, n);
	return strncmp(s, t, n);
}

size_t hunt_strspn(const char *s, const char *set)
{
	size_t n = strspn(s, set);

	insns += SCAN_INSNS * (n + 1) * strlen(set);
	return n;
}

char *hunt_strpbrk(const char *s, const char *set)
{
	insns += SCAN_INSNS * (strcspn(s, set) + 1) * strlen(set);
	return strpbrk(s, set);
}

/* Returns the same numbers in each new state, so that a find can be repeated. */
unsigned long long klua_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

void klua_print(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%.*s\n", (int)len, text);
}

bool klua_stream(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	(void)text;
	(void)len;
	return true;
}

static void refill(struct klua_limits *lim)
{
	lim->budget.slice = KLUA_SLICE;
	lim->budget.left = KLUA_SLICE;
}

int klua_arm_slow(struct klua_limits *lim)
{
	lim->entry++;
	lim->stack = (unsigned long)__builtin_frame_address(0) - STACK;
	lim->budget.stopped = 0;
	lim->budget.total = ~0ull;
	refill(lim);
	insns = 0;
	steps = 0;
	return 1;
}

void klua_disarm(struct klua_limits *lim)
{
	steps += lim->budget.slice - lim->budget.left;
	lim->stack = KLUA_UNARMED;
}

int klua_limits_check(struct klua_limits *lim)
{
	steps += lim->budget.slice - lim->budget.left;
	refill(lim);
	return steps > budget ? -ETIME : 0;
}

void klua_limits_trace(struct klua_limits *lim, lua_State *L)
{
	(void)lim;
	(void)L;
}

size_t klua_memory_left(const struct klua_limits *lim)
{
	(void)lim;
	return MEMORY > curralloc ? MEMORY - curralloc : 0;
}

bool klua_drop(struct klua_limits *lim, size_t bytes)
{
	(void)lim;
	(void)bytes;
	return false;
}

static void *allocate(void *ud, void *block, size_t osize, size_t nsize)
{
	size_t old = block ? osize : 0;

	(void)ud;
	if (nsize > old && nsize - old > klua_memory_left(&limits))
		return NULL;
	curralloc += nsize - old;
	if (nsize)
		return realloc(block, nsize);
	free(block);
	return NULL;
}

void *klua_block_get(struct klua_limits *lim, size_t size)
{
	return allocate(lim, NULL, 0, size);
}

void klua_block_put(struct klua_limits *lim, void *block, size_t size)
{
	allocate(lim, block, size, 0);
}

/* For the test of the hunt: a function that reads bytes and charges nothing */
static int uncharged(lua_State *L)
{
	size_t len;
	const char *s = luaL_checklstring(L, 1, &len);

	lua_pushboolean(L, !!hunt_memchr(s, '\1', len));
	return 1;
}

static int prepare(lua_State *L)
{
	luaL_openlibs(L);
	if (getenv("FUZZ_UNCHARGED"))
		lua_register(L, "uncharged", uncharged);
	if (luaL_loadbufferx(L, hunt_lua, hunt_lua_end - hunt_lua, "=hunt.lua", "t"))
		return lua_error(L);
	lua_call(L, 0, 0);
	return 0;
}

static void state_close(void)
{
	if (!state)
		return;
	budget = ~0ull;
	klua_arm(&limits);
	lua_close(state);
	klua_disarm(&limits);
	state = NULL;
}

/* Make a state that no input has changed yet. */
static void state_new(void)
{
	state_close();
	klua_disarm(&limits);
	seed = 88172645463325252ull;
	curralloc = 0;
	budget = ~0ull;
	used = 0;
	state = lua_newstate(allocate, &limits);
	lua_pushcfunction(state, prepare);
	if (lua_pcall(state, 0, 0, 0) != LUA_OK) {
		fprintf(stderr, "hunt.lua: %s\n", lua_tostring(state, -1));
		exit(2);
	}
}

static int call(lua_State *L)
{
	lua_getglobal(L, "hunt");
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 0);
	return 0;
}

/* Make the calls of an input. True: they took too many instructions for their steps. */
static bool passes(const uint8_t *data, size_t size)
{
	budget = STEPS;
	lua_settop(state, 0);
	lua_pushcfunction(state, call);
	lua_pushlstring(state, (const char *)data, size);
	lua_pushboolean(state, !!getenv("FUZZ_VERBOSE"));
	lua_pcall(state, 2, 0, 0);
	used++;
	return insns > MORE_INSNS + STEP_INSNS * steps;
}

/* Report the instructions for each step as a feature of the input, for libFuzzer. */
static void set_fitness(void)
{
	unsigned long eighths = 8 * (insns + MORE_INSNS / 100) / (steps + 100);
	unsigned int level = 0;

	while (eighths >= 16) {
		eighths /= 2;
		level += 8;
	}
	level += eighths & 7;
	fitness[level < FITNESS ? level : FITNESS - 1] = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!state || used >= INPUTS)
		state_new();
	/*
	 * Values that an earlier input has changed may be the cause: run it again on
	 * fresh ones.
	 */
	if (passes(data, size) && used > 1) {
		state_new();
		passes(data, size);
	}
	set_fitness();
	if (insns <= MORE_INSNS + STEP_INSNS * steps)
		return 0;
	fprintf(stderr, "BROKEN: %lu instructions for %llu steps\n", insns,
		(unsigned long long)steps);
	abort();
}

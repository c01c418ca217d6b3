// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks for addresses in the output of scripts: the core in user space, with a host
 * that knows where each block is. Prints TAP.
 *
 * test attack.lua output.lua
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
#include "entry.h"
#include "host.h"

/* Bytes of an address that count as a part of it, and their hexadecimal digits */
#define PART		6
#define DIGITS		(2 * PART)
#define MASK		((1ull << 8 * PART) - 1)

/* Offsets in their blocks of a coroutine, and of the bytes of a userdata */
#define OF_THREAD	LUA_EXTRASPACE
#define OF_USERDATA	40

#define WANTED		1048576
#define MAX_BLOCKS	262144
#define MAX_TARGETS	8

static struct klua_limits limits;
static uint64_t blocks[MAX_BLOCKS];	/* a hash table that is never full */
static char *output;
static size_t length, size;
static unsigned int checks, failures;

static void check(bool good, const char *what)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++checks, what);
}

unsigned long long klua_random(void)
{
	static uint64_t seed = 88172645463325252ull;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

int klua_arm_slow(struct klua_limits *lim)
{
	lim->stack = (unsigned long)__builtin_frame_address(0) - 256 * 1024;
	lim->budget = (struct klua_budget){ .left = 1l << 60, .slice = 1l << 60 };
	return 1;
}

void klua_disarm(struct klua_limits *lim)
{
	lim->stack = KLUA_UNARMED;
}

int klua_limits_check(struct klua_limits *lim)
{
	return lim->budget.left < 0 ? -ETIME : 0;
}

void klua_limits_trace(struct klua_limits *lim, lua_State *L)
{
	(void)lim;
	(void)L;
}

size_t klua_memory_left(const struct klua_limits *lim)
{
	(void)lim;
	return 1L << 60;
}

bool klua_drop(struct klua_limits *lim, size_t bytes)
{
	(void)lim;
	(void)bytes;
	return false;
}

static void append(const char *text, size_t len)
{
	if (length + len > size) {
		size = 2 * (length + len);
		output = realloc(output, size);
	}
	memcpy(output + length, text, len);
	length += len;
}

void klua_print(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	append(text, len);
	append("\n", 1);
}

bool klua_stream(struct lua_State *L, const char *text, size_t len)
{
	(void)L;
	append(text, len);
	return true;
}

/* Each block is in a list, through a header before its bytes. */
struct block {
	struct block *next;
	struct block **at;
};

static struct block *live;

static void *allocate(void *ud, void *data, size_t osize, size_t nsize)
{
	struct block *block = data ? (struct block *)data - 1 : NULL;

	(void)ud;
	(void)osize;
	if (block) {
		*block->at = block->next;
		if (block->next)
			block->next->at = block->at;
	}
	if (!nsize) {
		free(block);
		return NULL;
	}
	block = realloc(block, sizeof(*block) + nsize);
	block->next = live;
	block->at = &live;
	if (live)
		live->at = &block->next;
	live = block;
	return block + 1;
}

static uint64_t *slot(uint64_t address)
{
	size_t i = (address * 0x9e3779b97f4a7c15ull) >> 40;

	while (blocks[i % MAX_BLOCKS] && blocks[i % MAX_BLOCKS] != address)
		i++;
	return &blocks[i % MAX_BLOCKS];
}

static void fill_blocks(void)
{
	struct block *block;

	for (block = live; block; block = block->next) {
		uint64_t address = (uintptr_t)(block + 1) & MASK;

		*slot(address) = address;
	}
}

void *klua_block_get(struct klua_limits *lim, size_t n)
{
	return allocate(lim, NULL, 0, n);
}

void klua_block_put(struct klua_limits *lim, void *block, size_t n)
{
	allocate(lim, block, n, 0);
}

static bool is_block(uint64_t address)
{
	static const unsigned int inside[] = { 0, OF_THREAD, OF_USERDATA };
	unsigned int i;

	for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		uint64_t block = (address - inside[i]) & MASK;

		if (block && *slot(block) == block)
			return true;
	}
	return false;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is there a part of a block's address at @s, as bytes in either order or as digits? */
static bool part_at(const char *s, size_t left)
{
	uint64_t little = 0, big = 0, hex = 0;
	unsigned int i;

	if (left < PART)
		return false;
	for (i = 0; i < PART; i++) {
		little |= (uint64_t)(unsigned char)s[i] << 8 * i;
		big = big << 8 | (unsigned char)s[i];
	}
	if (is_block(little) || is_block(big))
		return true;
	for (i = 0; i < DIGITS; i++) {
		if (i == left || digit(s[i]) < 0)
			return false;
		hex = hex << 4 | digit(s[i]);
	}
	return is_block(hex);
}

/* Is there one as a decimal number? That takes the most bytes. */
static bool number_at(const char *s, size_t left)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < left && s[i] >= '0' && s[i] <= '9' && i < 20; i++)
		n = n * 10 + (s[i] - '0');
	return i > 12 && is_block(n);
}

static size_t parts(void)
{
	size_t i, n = 0;

	for (i = 0; i < length; i++)
		n += part_at(output + i, length - i) ||
		     number_at(output + i, length - i);
	return n;
}

static int nothing(lua_State *L)
{
	return lua_gettop(L);
}

/*
 * Make an object of each type in the global "targets". Their addresses go into
 * @address.
 */
static unsigned int make_targets(lua_State *L, uint32_t *address)
{
	unsigned int i, n;

	lua_createtable(L, MAX_TARGETS, 0);
	lua_getglobal(L, "print");
	lua_newtable(L);
	lua_newthread(L);
	lua_newuserdata(L, 100);
	lua_pushlightuserdata(L, malloc(1));
	luaL_loadstring(L, "return 1");
	lua_pushnil(L);
	lua_pushcclosure(L, nothing, 1);
	n = lua_gettop(L) - 1;
	for (i = n; i > 0; i--) {
		/*
		 * lua_topointer() gives the bytes of a userdata; its header is before
		 * them.
		 */
		address[i - 1] = (uintptr_t)lua_topointer(L, -1) -
				 (lua_type(L, -1) == LUA_TUSERDATA ?
				  OF_USERDATA : 0);
		lua_rawseti(L, 1, i);
	}
	lua_setglobal(L, "targets");
	return n;
}

static bool run(lua_State *L, const char *file, int results)
{
	static char text[64 * 1024];
	FILE *f = fopen(file, "r");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	if (f)
		fclose(f);
	if (!luaL_loadbuffer(L, text, n, "=script") &&
	    !lua_pcall(L, 0, results, 0))
		return true;
	fprintf(stderr, "%s: %s\n", file, lua_tostring(L, -1));
	return false;
}

static void attack(lua_State *L, const char *file, const uint32_t *address,
		   unsigned int n)
{
	unsigned int i, found = 0;
	char line[80];

	check(run(L, file, n), "the script of the tries runs");
	for (i = 0; i < n; i++)
		found += (uint32_t)lua_tointeger(L, i + 1) == address[i];
	lua_settop(L, 0);
	snprintf(line, sizeof(line), "no address is found by next(): %u of %u",
		 found, n);
	check(!found, line);
}

/*
 * Run a script that writes texts of all values it can have. The addresses come from the
 * host.
 */
static void texts(lua_State *L, const char *file)
{
	char line[80];
	size_t n;

	lua_pushinteger(L, 16);
	lua_setglobal(L, "rounds");
	check(run(L, file, 0), "a script says all that it can");
	snprintf(line, sizeof(line), "which is a megabyte: %zu bytes", length);
	check(length >= WANTED, line);
	fill_blocks();
	n = parts();
	snprintf(line, sizeof(line), "no part of an address is in it: %zu", n);
	check(!n, line);
}

static int open(lua_State *L)
{
	luaL_openlibs(L);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t address[MAX_TARGETS];
	lua_State *L;
	unsigned int n;

	klua_disarm(&limits);
	L = lua_newstate(allocate, &limits);
	lua_pushcfunction(L, open);
	if (argc != 3 || lua_pcall(L, 0, 0, 0))
		return 2;
	n = make_targets(L, address);
	attack(L, argv[1], address, n);
	texts(L, argv[2]);
	lua_close(L);
	printf("1..%u\n", checks);
	return !!failures;
}

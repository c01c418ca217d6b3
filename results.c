// SPDX-License-Identifier: GPL-2.0-only
/*
 * The results of a script, written as text for people or as JSON for programs. They are
 * written piece by piece inside the script's entry, which pays for that.
 */

#include <linux/ctype.h>
#include <linux/kernel.h>

#include "internal.h"
#include "utf8.h"

/* Tables inside each other, at most */
#define DEPTH_MAX	64

/* Steps that each value costs, beside one for each byte of a string */
#define COST_VALUE	4

/* Bytes, a step each, that are written between two looks at the clock */
#define BLOCK		256

/**
 * struct level - a table that is being written
 * @length: elements of an array, or -1 for an object
 * @done:   elements written so far
 */
struct level {
	lua_Integer length;
	lua_Integer done;
};

/**
 * struct writer - the state of writing JSON
 * @sink:   gets the text
 * @depth:  tables that are open, one inside the other. The table of level i is at
 *	    index @base + 2 * i of the Lua stack, and its current key above it
 * @base:   index of the outermost table on the Lua stack
 * @levels: the open tables
 * @len:    bytes of @buf that are not yet with the sink
 * @buf:    text on its way to the sink
 */
struct writer {
	struct klua_sink *sink;
	int depth;
	int base;
	struct level levels[DEPTH_MAX];
	size_t len;
	char buf[512];
};

static void flush(lua_State *L, struct writer *w)
{
	size_t len = w->len;

	w->len = 0;
	if (len)
		w->sink->results(w->sink, L, w->buf, len);
}

static void put(lua_State *L, struct writer *w, const char *text, size_t len)
{
	if (len > sizeof(w->buf) - w->len)
		flush(L, w);
	memcpy(w->buf + w->len, text, len);
	w->len += len;
}

static void put_char(lua_State *L, struct writer *w, char c)
{
	put(L, w, &c, 1);
}

/*
 * Write a character of a string, escaped if need be; at most six bytes. It costs a
 * step, and so does not go through snprintf(), which takes hundreds of instructions.
 */
static void put_escaped(lua_State *L, struct writer *w, unsigned char c)
{
	static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	const char *found = c ? strchr(shorts, c) : NULL;
	char text[6] = "\\u00";

	if (found) {
		text[1] = letters[found - shorts];
		put(L, w, text, 2);
	} else if (c < 0x20 || c == 0x7f) {
		text[4] = hex_asc_hi(c);
		text[5] = hex_asc_lo(c);
		put(L, w, text, 6);
	} else {
		put_char(L, w, c);
	}
}

/*
 * Charge for piece @i of @len, which is about to be written: for a whole BLOCK at its
 * first piece
 */
static void charge_block(lua_State *L, size_t i, size_t len)
{
	if (i % BLOCK == 0)
		klua_charge_host(L, min_t(size_t, len - i, BLOCK));
}

static bool is_utf8(lua_State *L, const unsigned char *p, size_t len)
{
	size_t n, i;

	for (i = 0; len; i++, p += n, len -= n) {
		charge_block(L, i, i + len);
		n = klua_utf8_sequence(p, len);
		if (!n)
			return false;
	}
	return true;
}

static void put_string(lua_State *L, struct writer *w, int index)
{
	size_t len, i;
	const char *text = lua_tolstring(L, index, &len);

	put_char(L, w, '"');
	for (i = 0; i < len; i++) {
		charge_block(L, i, len);
		put_escaped(L, w, text[i]);
	}
	put_char(L, w, '"');
}

/*
 * Write a key, which must be UTF-8. Readers of JSON replace other bytes by U+FFFD, so
 * that two keys could become one, and a value would be lost.
 */
static void put_key(lua_State *L, struct writer *w, int index)
{
	size_t len;
	const char *text = lua_tolstring(L, index, &len);

	if (!is_utf8(L, (const unsigned char *)text, len))
		klua_raise(L, "JSON has no key that is not UTF-8");
	put_string(L, w, index);
}

/*
 * Steps for a float, which is written and read up to four times to find its shortest
 * form
 */
#define COST_NUMBER	256

/*
 * Write a number. A float has a fraction or an exponent, and as many digits as it takes
 * to read the same float again.
 */
static void put_number(lua_State *L, struct writer *w)
{
	char text[32];
	int len;

	if (lua_isinteger(L, -1)) {
		len = snprintf(text, sizeof(text), "%lld", lua_tointeger(L, -1));
	} else {
		klua_charge_host(L, COST_NUMBER);
		len = klua_number_write(lua_tonumber(L, -1), text);
		if (isalpha(text[len - 1]))
			klua_raise(L, "JSON has no number '%s'", text);
	}
	put(L, w, text, len);
}

/* Write the value on top of the stack, which is no table. */
static void put_scalar(lua_State *L, struct writer *w)
{
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		put(L, w, "null", 4);
		break;
	case LUA_TBOOLEAN:
		if (lua_toboolean(L, -1))
			put(L, w, "true", 4);
		else
			put(L, w, "false", 5);
		break;
	case LUA_TNUMBER:
		put_number(L, w);
		break;
	case LUA_TSTRING:
		put_string(L, w, -1);
		break;
	default:
		klua_raise(L, "JSON has no %s", luaL_typename(L, -1));
	}
}

static int bad_keys(lua_State *L)
{
	klua_raise(L, "JSON has no table whose keys are neither all strings nor 1 to n");
}

/*
 * The number of elements if the keys of the table on top are 1 to n, or -1 if all are
 * strings
 */
static lua_Integer table_length(lua_State *L)
{
	lua_Integer n = 0, most = lua_rawlen(L, -1), key;
	bool strings = false;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		klua_charge_host(L, COST_VALUE);
		lua_pop(L, 1);
		key = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
		if (key >= 1 && key <= most)
			n++;
		else if (lua_type(L, -1) == LUA_TSTRING)
			strings = true;
		else
			return bad_keys(L);
	}
	if (strings)
		return n ? bad_keys(L) : -1;
	return n == most ? n : bad_keys(L);
}

static void check_cycle(lua_State *L, struct writer *w)
{
	int i;

	klua_charge_host(L, w->depth);
	for (i = 0; i < w->depth; i++)
		if (lua_rawequal(L, -1, w->base + 2 * i))
			klua_raise(L, "JSON has no table that contains itself");
	if (w->depth == DEPTH_MAX)
		klua_raise(L, "more than %d tables inside of each other",
			   DEPTH_MAX);
}

/* Begin to write the table on top. */
static void open_table(lua_State *L, struct writer *w)
{
	struct level *level = &w->levels[w->depth];

	check_cycle(L, w);
	luaL_checkstack(L, 4, "results");
	level->length = table_length(L);
	level->done = 0;
	put_char(L, w, level->length < 0 ? '{' : '[');
	/* The current key, for lua_next(). Arrays do not use it. */
	lua_pushnil(L);
	w->depth++;
}

/* Push the next value of the innermost table. False: there is none. */
static bool next_value(lua_State *L, struct writer *w)
{
	struct level *level = &w->levels[w->depth - 1];

	if (level->length >= 0) {
		if (level->done == level->length)
			return false;
		lua_rawgeti(L, -2, level->done + 1);
	} else if (!lua_next(L, -2)) {
		lua_pushnil(L);
		return false;
	}
	if (level->done++)
		put_char(L, w, ',');
	if (level->length < 0) {
		put_key(L, w, -2);
		put_char(L, w, ':');
	}
	return true;
}

static void close_table(lua_State *L, struct writer *w)
{
	w->depth--;
	put_char(L, w, w->levels[w->depth].length < 0 ? '}' : ']');
	lua_pop(L, 2);
}

/* Write the value on top and pop it. Not recursive, since the C stack is short. */
static void put_value(lua_State *L, struct writer *w)
{
	w->base = lua_gettop(L);
	w->depth = 0;
	for (;;) {
		klua_charge_host(L, COST_VALUE);
		if (lua_istable(L, -1)) {
			open_table(L, w);
		} else {
			put_scalar(L, w);
			lua_pop(L, 1);
		}
		while (w->depth && !next_value(L, w))
			close_table(L, w);
		if (!w->depth)
			return;
	}
}

/* Write an array of all results. */
static void write_json(lua_State *L, struct klua_sink *sink, int count)
{
	struct writer *w = lua_newuserdata(L, sizeof(*w));
	int i;

	w->sink = sink;
	w->len = 0;
	put_char(L, w, '[');
	for (i = 1; i <= count; i++) {
		if (i > 1)
			put_char(L, w, ',');
		lua_pushvalue(L, i);
		put_value(L, w);
	}
	put_char(L, w, ']');
	flush(L, w);
}

/* Write the results as tostring() shows them, with tabs in between. */
static void write_text(lua_State *L, struct klua_sink *sink, int count)
{
	const char *text;
	size_t len;
	int i;

	for (i = 1; i <= count; i++) {
		if (i > 1)
			sink->results(sink, L, "\t", 1);
		text = luaL_tolstring(L, i, &len);
		klua_charge_host(L, len >> 4);
		sink->results(sink, L, text, len);
		lua_pop(L, 1);
	}
}

/* Write all values on the stack. Called by Lua in a protected call. */
void klua_results_write(lua_State *L, struct klua_sink *sink, bool json)
{
	int count = lua_gettop(L);

	luaL_checkstack(L, LUA_MINSTACK, "results");
	if (json)
		write_json(L, sink, count);
	else
		write_text(L, sink, count);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_address: looks for kernel addresses in the output of a script.
 *
 * Its library "address" has four functions for scripts: say(text) keeps a text;
 * note(object) adds the address of a function or a light userdata to the addresses
 * that are looked for; light() returns a light userdata; leak(object, form) returns
 * the address of an object, which no function of KLua does.
 *
 * Reading the parameter "found" searches all texts and forgets them. It shows two
 * numbers: the bytes of the texts, and the places in them that have a part of an
 * address. Addresses that are looked for lie on a page of the state "address", in its
 * struct klua_state, or were noted. That state has to be an atomic one without a
 * reserve.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "states.h"

#define STATE		"address"

/* Bytes of an address that count as a part of it, and their hexadecimal digits */
#define PART		6
#define DIGITS		(2 * PART)
#define MASK		GENMASK_ULL(8 * PART - 1, 0)

/* A number of fewer decimal digits is smaller than any address of the kernel. */
#define DECIMAL_DIGITS	13

#define SAID_MAXSIZE	(4 * 1024 * 1024)
#define PAGES_MAX	16384

/* Guarded by the state's lock while scripts write; read between entries. */
static char *said;
static size_t said_len;

/* Numbers of the pages whose addresses are looked for */
static DEFINE_XARRAY(pages);

static unsigned long page_of(const void *p)
{
	return ((unsigned long)p & MASK) >> PAGE_SHIFT;
}

static int page_add(unsigned long number, gfp_t gfp)
{
	return xa_err(xa_store_bh(&pages, number, xa_mk_value(0), gfp));
}

static int address_say(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);

	if (len > SAID_MAXSIZE - said_len)
		return luaL_error(L, "too much was said");
	memcpy(said + said_len, text, len);
	said_len += len;
	return 0;
}

static int address_note(lua_State *L)
{
	const void *p = lua_topointer(L, 1);

	if (p && page_add(page_of(p), GFP_ATOMIC))
		return luaL_error(L, "no memory to note an object");
	return 0;
}

static int address_light(lua_State *L)
{
	lua_pushlightuserdata(L, said);
	return 1;
}

static int address_leak(lua_State *L)
{
	unsigned long p = (unsigned long)lua_topointer(L, 1);
	__le64 forth = cpu_to_le64(p & MASK);
	__be64 back = cpu_to_be64(p & MASK);
	char digits[24];

	switch (*luaL_checkstring(L, 2)) {
	case 'b':	/* the bytes, the lowest first */
		lua_pushlstring(L, (char *)&forth, PART);
		return 1;
	case 'r':	/* the other way round */
		lua_pushlstring(L, (char *)&back + sizeof(back) - PART, PART);
		return 1;
	case 'x':
		snprintf(digits, sizeof(digits), "%lx", p);
		break;
	default:
		snprintf(digits, sizeof(digits), "%ld", p);
	}
	lua_pushstring(L, digits);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "say", address_say },
	{ "note", address_note },
	{ "light", address_light },
	{ "leak", address_leak },
	{}
};

static struct klua_lib lib = { .name = "address", .functions = functions };

/* Write the numbers of the pages of @s. Called with its lock held. */
static size_t list_pages(struct klua_state *s, unsigned long *numbers)
{
	struct page *page;
	size_t n = 0;

	list_for_each_entry(page, &s->pages, lru) {
		if (n == PAGES_MAX)
			break;
		numbers[n++] = page_of(page_address(page));
	}
	return n;
}

static int look_for_pages(struct klua_state *s)
{
	unsigned long *numbers = vmalloc(array_size(PAGES_MAX, sizeof(*numbers)));
	unsigned long number;
	size_t i, n;
	int err;

	if (!numbers)
		return -ENOMEM;
	err = klua_state_lock(s);
	if (err)
		goto out;
	n = list_pages(s, numbers);
	klua_state_unlock(s);

	for (i = 0; i < n && !err; i++)
		err = page_add(numbers[i], GFP_KERNEL);
	for (number = page_of(s); !err && number <= page_of(s + 1); number++)
		err = page_add(number, GFP_KERNEL);
out:
	vfree(numbers);
	return err;
}

static bool is_address(u64 part)
{
	return xa_load(&pages, part >> PAGE_SHIFT);
}

/*
 * Is there a part of an address at @s, as bytes in either order or as hexadecimal
 * digits?
 */
static bool part_at(const char *s, size_t left)
{
	u64 little = 0, big = 0, hex = 0;
	unsigned int i;

	if (left < PART)
		return false;
	for (i = 0; i < PART; i++) {
		little |= (u64)(u8)s[i] << 8 * i;
		big = big << 8 | (u8)s[i];
	}
	if (is_address(little) || is_address(big))
		return true;
	for (i = 0; i < DIGITS; i++) {
		if (i == left || !isxdigit(s[i]))
			return false;
		hex = hex << 4 | hex_to_bin(s[i]);
	}
	return is_address(hex);
}

/*
 * Is there an address as a decimal number at @s? As integers of Lua, addresses are
 * negative.
 */
static bool number_at(const char *s, size_t left)
{
	u64 n = 0;
	size_t i;

	for (i = 0; i < left && isdigit(s[i]) && i < 20; i++)
		n = n * 10 + (s[i] - '0');
	return i >= DECIMAL_DIGITS &&
	       (is_address(n & MASK) || is_address(-n & MASK));
}

static size_t parts(void)
{
	size_t i, n = 0;

	for (i = 0; i < said_len; i++) {
		n += part_at(said + i, said_len - i) ||
		     number_at(said + i, said_len - i);
		if (i % 1024 == 0)
			cond_resched();
	}
	return n;
}

static int found_get(char *buf, const struct kernel_param *kp)
{
	struct klua_state *s = klua_state_find(STATE);
	int ret;

	if (!s)
		return -ENOENT;
	ret = look_for_pages(s);
	if (!ret)
		ret = scnprintf(buf, PAGE_SIZE, "%zu %zu\n", said_len,
				parts());
	klua_state_put(s);
	said_len = 0;
	return ret;
}

static const struct kernel_param_ops found_ops = { .get = found_get };
module_param_cb(found, &found_ops, NULL, 0400);
MODULE_PARM_DESC(found, "Bytes that were said, and parts of addresses in them");

static int __init address_init(void)
{
	int err;

	said = vzalloc(SAID_MAXSIZE);
	if (!said)
		return -ENOMEM;
	err = klua_lib_register(&lib);
	if (err)
		vfree(said);
	return err;
}

static void __exit address_exit(void)
{
	klua_lib_unregister(&lib);
	xa_destroy(&pages);
	vfree(said);
}

module_init(address_init);
module_exit(address_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Looks for addresses in what a script says");

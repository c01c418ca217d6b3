// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_kasan: a consumer that reads where it may not, around blocks of a Lua state. It
 * logs what it is about to read, and KASAN reports the read. All bytes are on the
 * state's pages, so that on a kernel without KASAN nothing happens.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "states.h"

/* noinline, so that the compiler cannot leave the read out */
static noinline void read_byte(const char *what, const u8 *p)
{
	pr_info("read %s\n", what);
	OPTIMIZER_HIDE_VAR(p);
	READ_ONCE(*p);
	pr_info("done\n");
}

/* Before the bytes of a userdata is its header, which Lua may read. */
static int read_around(lua_State *L)
{
	static const size_t sizes[] = { 8, 9, 16, 24, 200, 3000, 4056, 50000 };
	u8 *block;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		block = lua_newuserdata(L, sizes[i]);
		read_byte("the first byte", block);
		read_byte("the last byte", block + sizes[i] - 1);
		read_byte("behind a block", block + sizes[i]);
	}
	return 0;
}

static int read_freed(lua_State *L)
{
	static const size_t sizes[] = { 8, 200, 3000 };
	u8 *block;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		block = lua_newuserdata(L, sizes[i]);
		lua_pop(L, 1);
		lua_gc(L, LUA_GCCOLLECT, 0);
		read_byte("a freed block", block);
	}
	return 0;
}

static int __init read_init(void)
{
	struct klua_state *s = klua_state_create(1000000, "kasan");
	int err;

	if (!s)
		return -ENOMEM;
	err = klua_state_call(s, read_around, NULL);
	if (!err)
		err = klua_state_call(s, read_freed, NULL);
	klua_state_destroy("kasan");
	return err;
}

static void __exit read_exit(void)
{
}

module_init(read_init);
module_exit(read_exit);

KLUA_IMPORT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Reads around and after the blocks of a Lua state");

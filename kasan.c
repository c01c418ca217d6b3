// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KASAN is told of the blocks of a heap.
 *
 * KASAN has a shadow byte for each eight bytes of memory: 0 when all of them may
 * be touched, 1 to 7 when only so many at their start may, and above 0x7f when
 * none may. It has no function for other allocators that a module may call, so
 * this file, which KASAN does not watch, writes the shadow itself. The values
 * are those that KASAN has a text for.
 */

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "heap.h"

#define SHADOW_FREED	0xff	/* "use-after-free" */
#define SHADOW_BEYOND	0xfe	/* "slab-out-of-bounds" */
#define GRANULE		BIT(KASAN_SHADOW_SCALE_SHIFT)

/* Without CONFIG_KASAN_VMALLOC all areas of vmalloc share one shadow. */
static bool has_shadow(const void *p)
{
	return IS_ENABLED(CONFIG_KASAN_VMALLOC) || !is_vmalloc_addr(p);
}

static void shadow_set(const void *p, size_t size, u8 value)
{
	if (has_shadow(p))
		memset(kasan_mem_to_shadow(p), value, size / GRANULE);
}

/* Nobody may touch these @size bytes, a multiple of the grain. */
void klua_heap_poison(const void *block, size_t size)
{
	shadow_set(block, size, SHADOW_FREED);
}

/* Anybody may touch these @size bytes, a multiple of the page. */
void klua_pages_unpoison(const void *pages, size_t size)
{
	shadow_set(pages, size, 0);
}

/* The bytes that the heap takes for a block of @size bytes */
static size_t block_room(size_t size)
{
	if (size <= KLUA_SMALL_MAX)
		return klua_grains(size) * KLUA_GRAIN;
	return PAGE_ALIGN(size + KLUA_RED_ZONE);
}

/* Lua may touch the @size bytes of a block, and not what else is its room. */
void klua_heap_unpoison(const void *block, size_t size)
{
	size_t whole = ALIGN_DOWN(size, GRANULE);

	shadow_set(block, whole, 0);
	shadow_set(block + whole, block_room(size) - whole, SHADOW_BEYOND);
	if (size > whole && has_shadow(block))
		*(u8 *)kasan_mem_to_shadow(block + whole) = size - whole;
}

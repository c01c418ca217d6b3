// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shadow memory of a heap, by which KASAN finds wrong accesses to blocks.
 *
 * KASAN has a shadow byte for each eight bytes of memory: 0 if all of them may be
 * touched, 1 to 7 if only so many at their start may, and above 0x7f if none may. KASAN
 * exports no function by which another allocator could set these, so this file writes
 * them itself. KASAN does not instrument this file. The values are some that KASAN has
 * a text for.
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

/* Without CONFIG_KASAN_VMALLOC all vmalloc areas share one page of shadow. */
static bool has_shadow(const void *p)
{
	return IS_ENABLED(CONFIG_KASAN_VMALLOC) || !is_vmalloc_addr(p);
}

static void shadow_set(const void *p, size_t size, u8 value)
{
	if (has_shadow(p))
		memset(kasan_mem_to_shadow(p), value, size / GRANULE);
}

/* Make each access to @size bytes an error. @size is a multiple of the grain. */
void klua_heap_poison(const void *block, size_t size)
{
	shadow_set(block, size, SHADOW_FREED);
}

/* Allow access to @size bytes, a multiple of the page. */
void klua_pages_unpoison(const void *pages, size_t size)
{
	shadow_set(pages, size, 0);
}

/* The bytes of a block of @size bytes with all of its grains or pages */
static size_t block_span(size_t size)
{
	if (size <= KLUA_SMALL_MAX)
		return klua_grains(size) * KLUA_GRAIN;
	return PAGE_ALIGN(size + KLUA_RED_ZONE);
}

/* Allow access to the @size bytes of a block, and not to the rest of its span. */
void klua_heap_unpoison(const void *block, size_t size)
{
	size_t whole = ALIGN_DOWN(size, GRANULE);

	shadow_set(block, whole, 0);
	shadow_set(block + whole, block_span(size) - whole, SHADOW_BEYOND);
	if (size > whole && has_shadow(block))
		*(u8 *)kasan_mem_to_shadow(block + whole) = size - whole;
}

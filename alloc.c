// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a state.
 */
#include <linux/slab.h>

#include "internal.h"

/*
 * While a state is made, in process context and without a lock, memory may be
 * waited for; afterwards it is asked for under a spinlock and in softirq.
 * Never reported and never at any price: a script that runs out of memory is
 * told so by an error, and must neither wake the OOM killer nor drain the
 * reserves that drivers live on.
 */
static gfp_t flags(const struct klua_state *s)
{
	return (s->building ? GFP_KERNEL : GFP_NOWAIT) |
	       __GFP_NORETRY | __GFP_NOWARN | __GFP_ACCOUNT;
}

/* Is there room for @more bytes? @maxalloc may have been lowered below use. */
static bool fits(const struct klua_state *s, size_t more)
{
	return s->curralloc <= s->maxalloc &&
	       more <= s->maxalloc - s->curralloc;
}

static void account(struct klua_state *s, size_t old, size_t new)
{
	WRITE_ONCE(s->curralloc, s->curralloc - old + new);
	if (s->curralloc > s->peakalloc)
		WRITE_ONCE(s->peakalloc, s->curralloc);
}

/**
 * klua_alloc - the allocator of every state, a lua_Alloc
 * @ud: the limits of the state
 * @block: what to resize or free, or NULL
 * @osize: bytes of @block; what kind of object it is for when @block is NULL
 * @nsize: bytes wanted, 0 to free
 *
 * A block that shrinks moves to a smaller one when there is one, so that what
 * is accounted is what is held; otherwise it stays, and nothing fails.
 *
 * Context: Any context in which the state may be used, under its lock; or
 *	    process context, while the state is made or closed.
 * Return: the block, or NULL when @nsize is 0, the limit of the state is
 *	   reached, or the kernel has no memory to give.
 */
void *klua_alloc(void *ud, void *block, size_t osize, size_t nsize)
{
	struct klua_state *s = container_of(ud, struct klua_state, limits);
	size_t old = block ? osize : 0;
	void *moved;

	if (!nsize) {
		kfree(block);
		account(s, old, 0);
		return NULL;
	}
	if (nsize > old && (nsize > KMALLOC_MAX_SIZE || !fits(s, nsize - old)))
		return NULL;
	moved = kmalloc(nsize, flags(s));
	if (!moved && nsize > old)
		return NULL;
	if (moved && block) {
		memcpy(moved, block, min(old, nsize));
		kfree(block);
	}
	account(s, old, nsize);
	return moved ?: block;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_fragment: leaves the machine only single free pages.
 *
 * It takes all memory, a page at a time, and frees every other page, so that no two
 * free pages are neighbours. The pages that it keeps cannot be moved, so compaction
 * does not help. Unloading it frees the rest.
 *
 * A few blocks of four pages stay free, no two of them next to each other, since the
 * kernel needs such blocks to make a process. There are no larger ones.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>

#define GFP_TAKE	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

static unsigned int spare = 1024;
module_param(spare, uint, 0444);
MODULE_PARM_DESC(spare, "blocks of four pages that stay free (default 1024)");

static unsigned long taken;
module_param(taken, ulong, 0444);
MODULE_PARM_DESC(taken, "pages that are kept");

static unsigned long given;
module_param(given, ulong, 0444);
MODULE_PARM_DESC(given, "pages that were given back");

static LIST_HEAD(singles);
static LIST_HEAD(fours);

/* Take blocks until there are no more, or @max of them. Returns how many. */
static unsigned long take_blocks(struct list_head *list, unsigned int order,
				 unsigned long max)
{
	struct page *page;
	unsigned long n;

	for (n = 0; n < max; n++) {
		page = alloc_pages(GFP_TAKE, order);
		if (!page)
			break;
		list_add(&page->lru, list);
		cond_resched();
	}
	return n;
}

/* Free every other block in the machine, or all. Returns how many. */
static unsigned long free_blocks(struct list_head *list, unsigned int order, bool all)
{
	struct page *page, *next;
	unsigned long n = 0;

	list_for_each_entry_safe(page, next, list, lru) {
		if (!all && (page_to_pfn(page) >> order) % 2)
			continue;
		list_del(&page->lru);
		__free_pages(page, order);
		n++;
		cond_resched();
	}
	return n;
}

static int __init fragment_init(void)
{
	unsigned long n = 4 * take_blocks(&fours, 2, 2 * spare);

	n += take_blocks(&singles, 0, ULONG_MAX);
	given = free_blocks(&singles, 0, false) + 4 * free_blocks(&fours, 2, false);
	taken = n - given;
	pr_info("%lu pages are taken, %lu are free\n", taken, given);
	return 0;
}

static void __exit fragment_exit(void)
{
	free_blocks(&singles, 0, true);
	free_blocks(&fours, 2, true);
}

module_init(fragment_init);
module_exit(fragment_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves a machine's free memory in single pages");

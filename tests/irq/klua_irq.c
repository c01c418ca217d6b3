// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_irq: enters an irq state from a kprobe on a function of the page allocator, from
 * a task and from an hrtimer, while it is loaded, and logs the results.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>

#include "states.h"

static char *symbol = "get_page_from_freelist";
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "where the probe is (default get_page_from_freelist)");

/*
 * The probe calls hit(). pages() makes KLua call the page allocator and returns how
 * many hits were counted meanwhile; fill() needs more than all of the state's memory.
 */
static const char script[] =
	"local irq = require 'klua_irq'\n"
	"count = 0\n"
	"function hit() count = count + 1 end\n"
	"function total() return count end\n"
	"function pages()\n"
	"	local before = count\n"
	"	irq.page()\n"
	"	return count - before\n"
	"end\n"
	"function fill()\n"
	"	local t = {}\n"
	"	while true do t[#t + 1] = { #t } end\n"
	"end\n";

static struct klua_state *state;

/* Set while this processor is in enter(), with interrupts off */
static DEFINE_PER_CPU(bool, entered);

/*
 * Hits of the probe on a processor that was in enter(), and the result of the last one.
 * Used on that processor only, by one call of enter() at a time.
 */
static int hits;
static int hit_err;

static int page(lua_State *L)
{
	struct page *p = alloc_page(GFP_NOWAIT | __GFP_NOWARN);

	if (p)
		__free_page(p);
	return 0;
}

static const luaL_Reg functions[] = { { "page", page }, {} };
static struct klua_lib lib = { .name = KBUILD_MODNAME, .functions = functions };

static int probed(struct kprobe *p, struct pt_regs *regs)
{
	struct klua_call call = { .function = "hit" };
	int err = klua_state_invoke(state, &call);

	if (this_cpu_read(entered)) {
		hits++;
		hit_err = err;
	}
	return 0;
}
NOKPROBE_SYMBOL(probed);

static struct kprobe probe = { .pre_handler = probed };

/* Hits on the other processor may be in the state now and then. */
static int enter(const char *function, s64 *result)
{
	struct klua_value value = KLUA_RESULT_INTEGER;
	struct klua_call call = { .function = function, .results = &value,
				  .nresults = 1 };
	unsigned long irqs;
	int tries = 1000;
	int err;

	local_irq_save(irqs);
	this_cpu_write(entered, true);
	do {
		hits = 0;
		hit_err = 0;
		err = klua_state_invoke(state, &call);
		if (err == -EBUSY)
			udelay(10);
	} while (err == -EBUSY && --tries);
	this_cpu_write(entered, false);
	local_irq_restore(irqs);
	*result = value.integer;
	return err;
}

static void enter_from(const char *from, const char *function)
{
	s64 result;
	int err = enter(function, &result);

	pr_info("%s: %s() %d, %lld; hits %d, the last %d\n", from, function, err,
		err ? 0 : result, hits, hit_err);
}

static DECLARE_COMPLETION(expired);

static enum hrtimer_restart expire(struct hrtimer *timer)
{
	enter_from("hrtimer", "pages");
	enter_from("hrtimer", "fill");
	complete(&expired);
	return HRTIMER_NORESTART;
}

static void try_all(void)
{
	struct hrtimer timer;
	s64 before, after;
	int i;

	enter("total", &before);
	for (i = 0; i < 100; i++)	/* another hit may be in the state */
		page(NULL);
	enter("total", &after);
	pr_info("a page: counted %s\n", after > before ? "yes" : "no");
	enter_from("task", "pages");
	enter_from("task", "fill");
	hrtimer_setup_on_stack(&timer, expire, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	wait_for_completion(&expired);
	hrtimer_cancel(&timer);
	destroy_hrtimer_on_stack(&timer);
}

/*
 * A task runs in a state while it takes each lock that entries take, and the probe hits
 * there.
 */
static void try_inside(void)
{
	static const char text[] = "for i = 1, 10 do x = i end";
	static const struct klua_config config = {
		.name = "klua_irq_inside", .kind = KLUA_KIND_SLEEPABLE,
		.maxalloc = 1 << 16,
	};
	struct klua_state *s = klua_state_new(&config);
	int err;

	if (IS_ERR(s))
		return;
	err = klua_state_run(s, text, strlen(text), "=text", NULL);
	pr_info("inside: %d\n", err);
	klua_state_retire(s);
}

static int open_state(void)
{
	struct klua_chunk chunk = { .text = script, .len = strlen(script) };
	struct klua_config config = {
		.name = KBUILD_MODNAME, .kind = KLUA_KIND_IRQ,
		.maxalloc = 1 << 17, .steps = 1000000, .time_us = 100000,
		.chunks = &chunk, .nchunks = 1,
	};

	state = klua_state_new(&config);
	return PTR_ERR_OR_ZERO(state);
}

static int __init klua_irq_init(void)
{
	int err = klua_lib_register(&lib);

	if (err)
		return err;
	err = open_state();
	if (err)
		goto err_lib;
	probe.symbol_name = symbol;
	err = register_kprobe(&probe);
	if (err)
		goto err_state;
	try_all();
	try_inside();
	return 0;

err_state:
	klua_state_retire(state);
err_lib:
	klua_lib_unregister(&lib);
	return err;
}

static void __exit klua_irq_exit(void)
{
	unregister_kprobe(&probe);
	klua_state_retire(state);
	klua_lib_unregister(&lib);
}

module_init(klua_irq_init);
module_exit(klua_irq_exit);

KLUA_IMPORT_NS;
MODULE_DESCRIPTION("An irq state under the page allocator");
MODULE_LICENSE("GPL");

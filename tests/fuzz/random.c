// SPDX-License-Identifier: GPL-2.0-only
/*
 * klua_random: runs random programs, one or several in a state, in process context and
 * in softirqs, with small limits or hardly any memory, and checks the result of each.
 * All of it happens while the module is loaded; loading fails if a promise was broken.
 * The harness reads what the kernel logs meanwhile.
 *
 * With a seed, state number N always runs the same programs:
 *
 *	insmod klua_random.ko seed=S first=N states=1 show=1
 *
 * runs them again, each after it has been written to the log.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/stringify.h>

#include "states.h"
#include "generate.h"

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of the programs; 0 (default): a random one, which the log has");

static ulong first;
module_param(first, ulong, 0444);
MODULE_PARM_DESC(first, "number of the first state (default 0)");

static ulong states;
module_param(states, ulong, 0444);
MODULE_PARM_DESC(states, "how many; 0 (default): as many as there is time for");

static uint secs = 20;
module_param(secs, uint, 0444);
MODULE_PARM_DESC(secs, "seconds to go on for (default 20)");

static ulong steps = 65536;
module_param(steps, ulong, 0444);
MODULE_PARM_DESC(steps, "most steps of a program (default 65536)");

static bool show;
module_param(show, bool, 0444);
MODULE_PARM_DESC(show, "write the programs to the log (default no)");

#define NAME		"random"
#define CHOICES		1024
#define PROGRAM_SIZE	(32 * 1024)

/*
 * Bytes that a state gets in addition for the second run, which shows that it still
 * works
 */
#define SECOND_BYTES	(32 * 1024)
/* Steps that the second run gets at least: its script has to be compiled */
#define SECOND_STEPS	128

/* Times that a thread which yields is resumed */
#define RESUMES		8

/*
 * Programs that run in one state, one after the other, with their limits and results
 *
 * @stream: state of the generator whose numbers choose the next program
 * @room: bytes that the state may hold beyond those of an empty one, or 0 for all of
 *	  @maxalloc
 * @bound: the most bytes that the state may have held
 * @resumed: the program runs by lua_resume() under the lock, not by klua_state_run()
 */
struct trial {
	unsigned long number;
	u64 stream;
	char *text;
	size_t len;
	size_t maxalloc;
	size_t room;
	size_t bound;
	u64 steps;
	unsigned int rounds;
	bool softirq;
	bool resumed;
	struct klua_state *s;
	struct klua_result result;
	char buf[256];
};

/* A run that a softirq makes */
struct softirq_run {
	struct tasklet_struct tasklet;
	struct completion done;
	struct trial *t;
	int ret;
};

static unsigned long broken;
static unsigned long programs;
static s64 longest_ms;

/* Not the kernel's generator, so that a seed gives the same numbers on each kernel. */
static u64 next_number(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void make_trial(struct trial *t)
{
	u64 state = seed + t->number * 0xd1342543de82ef95ull;

	t->softirq = next_number(&state) & 1;
	t->maxalloc = 32768 << next_number(&state) % 8;
	t->steps = min_t(u64, steps, 1 << (6 + next_number(&state) % 11));
	t->room = next_number(&state) % 4 ? 0 : 1 + next_number(&state) % 4096;
	t->rounds = next_number(&state) % 4 ? 1 : 3;
	t->resumed = !(next_number(&state) % 4);
	t->stream = state;
}

static void make_program(struct trial *t, unsigned char *choices)
{
	size_t len, i;

	len = 16 + next_number(&t->stream) % (CHOICES - 16);
	for (i = 0; i < len; i++)
		choices[i] = next_number(&t->stream) >> 32;
	t->len = fuzz_generate(choices, len, t->text, PROGRAM_SIZE);
}

static void __printf(2, 3) complain(struct trial *t, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_err("!!! seed %lu, state %lu: %pV\n", seed, t->number, &vaf);
	va_end(args);
	broken++;
}

static void show_program(struct trial *t)
{
	size_t i, n;

	pr_info("state %lu, %s%s, maxalloc %zu, steps %llu:\n", t->number,
		t->softirq ? "softirq" : "process",
		t->resumed ? ", resumed" : "", READ_ONCE(t->s->maxalloc),
		t->steps);
	for (i = 0; i < t->len; i += n) {
		const char *end = memchr(t->text + i, '\n', t->len - i);

		n = end ? end - t->text - i + 1 : t->len - i;
		n = min_t(size_t, n, 800);
		pr_info("%.*s\n", (int)(end ? n - 1 : n), t->text + i);
	}
}

static int run_text(struct trial *t, const char *text, size_t len)
{
	t->result.buf = t->buf;
	t->result.size = sizeof(t->buf);
	return klua_state_run(t->s, text, len, "=random", &t->result);
}

/* Make a Lua thread that outlives the entry, where run_thread() finds it. */
static int make_thread(lua_State *L)
{
	lua_newthread(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &seed);
	return 0;
}

/* Resume the program until it ends or has yielded often enough. */
static int resume(struct trial *t, lua_State *co)
{
	int rounds = RESUMES;
	int status, err;

	do {
		status = lua_resume(co, rounds % 2 ? t->s->L : NULL, 0);
		err = t->s->limits.budget.stopped;
		if (err && (status == LUA_OK || status == LUA_YIELD))
			complain(t, "the thread caught the error of a limit");
		if (status == LUA_YIELD)
			lua_settop(co, 0);
	} while (status == LUA_YIELD && --rounds);
	return err;
}

/* Runs a program as a consumer may do it without klua_state_run(). */
static int run_thread(struct trial *t)
{
	lua_State *L = t->s->L;
	int top, ret;

	ret = klua_state_call(t->s, make_thread, NULL);
	if (ret)
		return ret;
	ret = klua_state_lock(t->s);
	if (ret)
		return ret;
	top = lua_gettop(L);
	if (lua_checkstack(L, LUA_MINSTACK)) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, &seed);
		L = lua_tothread(L, -1);
		if (!luaL_loadbufferx(L, t->text, t->len, "=random", "t"))
			ret = resume(t, L);
		lua_settop(t->s->L, top);
	}
	klua_state_unlock(t->s);
	return ret;
}

static int run_program(struct trial *t)
{
	return t->resumed ? run_thread(t) : run_text(t, t->text, t->len);
}

static void run_tasklet(struct tasklet_struct *tasklet)
{
	struct softirq_run *r = from_tasklet(r, tasklet, tasklet);

	r->ret = run_program(r->t);
	complete(&r->done);
}

static int run_in_softirq(struct trial *t)
{
	struct softirq_run r = { .t = t };

	init_completion(&r.done);
	tasklet_setup(&r.tasklet, run_tasklet);
	local_bh_disable();
	tasklet_schedule(&r.tasklet);
	local_bh_enable();
	wait_for_completion(&r.done);
	tasklet_kill(&r.tasklet);
	return r.ret;
}

/*
 * Is this a result that a program may have? The time limit is not: the steps take far
 * less time.
 */
static bool expected(int ret)
{
	switch (ret) {
	case 0:
	case -ETIME:
	case -ENOMEM:
	case -ENOEXEC:
	case -EREMOTEIO:
	case -ELOOP:
		return true;
	default:
		return false;
	}
}

/*
 * Runs a second script, with the collector stopped: finalizers that the program left
 * could fail and use up its steps.
 */
static void second_run(struct trial *t)
{
	static const char text[] = "return 1 + 1";
	int ret;

	if (klua_state_lock(t->s)) {
		complain(t, "afterwards, the state cannot be locked");
		return;
	}
	lua_gc(t->s->L, LUA_GCSTOP, 0);
	klua_state_unlock(t->s);
	klua_state_set_maxalloc(t->s, READ_ONCE(t->s->curralloc) + SECOND_BYTES);
	klua_state_set_steps(t->s, max_t(u64, t->steps, SECOND_STEPS));
	ret = run_text(t, text, sizeof(text) - 1);
	if (ret || strcmp(t->buf, "2"))
		complain(t, "afterwards, 1 + 1 is %d: %s", ret, t->buf);
}

/*
 * Leave the state only a few bytes to work with. No limit may be below KLUA_MIN_ALLOC,
 * of which an empty state holds more than three quarters, so it holds a quarter more.
 */
static void leave_room(struct trial *t)
{
	static const char text[] =
		"ballast = ('b'):rep(" __stringify(KLUA_MIN_ALLOC) " // 4)";
	size_t max;

	if (run_text(t, text, sizeof(text) - 1))
		complain(t, "takes no ballast: %s", t->buf);
	max = READ_ONCE(t->s->curralloc) + t->room;
	t->bound = max(READ_ONCE(t->s->peakalloc), max);
	if (klua_state_set_maxalloc(t->s, max))
		complain(t, "takes no limit of %zu bytes", max);
}

static void set_limits(struct trial *t)
{
	t->bound = t->maxalloc;
	if (t->room)
		leave_room(t);
	klua_state_set_steps(t->s, t->steps);
}

static void run_round(struct trial *t)
{
	ktime_t start = ktime_get();
	int ret;

	t->buf[0] = '\0';
	ret = t->softirq ? run_in_softirq(t) : run_program(t);
	programs++;
	longest_ms = max(longest_ms, ktime_ms_delta(ktime_get(), start));
	if (!expected(ret))
		complain(t, "ends with %d: %s", ret, t->buf);
	if (READ_ONCE(t->s->peakalloc) > t->bound)
		complain(t, "takes %zu bytes", t->s->peakalloc);
}

static void run_trial(struct trial *t, unsigned char *choices)
{
	unsigned int i;

	make_trial(t);
	t->s = klua_state_create(t->maxalloc, NAME);
	if (!t->s || !klua_state_get(t->s)) {
		complain(t, "there is no state");
		return;
	}
	set_limits(t);
	for (i = 0; i < t->rounds; i++) {
		make_program(t, choices);
		if (show)
			show_program(t);
		run_round(t);
	}
	second_run(t);
	klua_state_put(t->s);
	if (klua_state_destroy(NAME))
		complain(t, "the state cannot be destroyed");
}

static unsigned long run_all(struct trial *t, unsigned char *choices)
{
	unsigned long end = jiffies + secs * HZ;
	unsigned long n;

	for (n = 0; !states || n < states; n++) {
		if (time_after(jiffies, end) || fatal_signal_pending(current))
			break;
		t->number = first + n;
		run_trial(t, choices);
		cond_resched();
	}
	return n;
}

static int __init klua_random_init(void)
{
	unsigned char *choices = kvmalloc(CHOICES, GFP_KERNEL);
	struct trial *t = kvzalloc(sizeof(*t), GFP_KERNEL);
	char *text = kvmalloc(PROGRAM_SIZE, GFP_KERNEL);
	int ret = -ENOMEM;
	unsigned long n;

	if (!choices || !t || !text)
		goto free;
	t->text = text;
	if (!seed)
		seed = get_random_u32();
	pr_info("seed %lu\n", seed);
	n = run_all(t, choices);
	pr_info("seed %lu: %lu programs in %lu states, %lu promises broken, %lld ms at most\n",
		seed, programs, n, broken, longest_ms);
	ret = broken || !n ? -EIO : 0;
free:
	kvfree(text);
	kvfree(t);
	kvfree(choices);
	return ret;
}

static void __exit klua_random_exit(void)
{
}

module_init(klua_random_init);
module_exit(klua_random_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Random programs for KLua");
KLUA_IMPORT_NS;

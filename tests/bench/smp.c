// SPDX-License-Identifier: GPL-2.0-only
/*
 * The work of two processors in the time of one: on two states, on one state, and in a
 * loop that shares nothing, which shows what the machine allows. These are ratios within
 * one boot. Each is printed once for each slice of time.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/task.h>

#include "bench.h"

#define MAXALLOC	SZ_1M
#define SLICE_MS	60
#define SLICES		25
#define WORKERS		2

struct worker {
	void (*work)(void *arg, unsigned int n);
	void *arg;
	struct completion done;
	struct task_struct *task;
	u64 count;
	u64 ns;		/* that it worked for */
} __aligned(BENCH_APART);

static bool go, stop;

static int worker_run(void *data)
{
	struct worker *worker = data;
	u64 ns;

	/* The task that sets go may need this processor. */
	while (!smp_load_acquire(&go))
		cond_resched();
	ns = ktime_get_ns();
	while (!READ_ONCE(stop)) {
		worker->work(worker->arg, 20);
		worker->count++;
		cond_resched();
	}
	worker->ns = ktime_get_ns() - ns;
	complete(&worker->done);
	return 0;
}

static int worker_start(struct worker *worker, int cpu)
{
	worker->count = 0;
	init_completion(&worker->done);
	worker->task = kthread_create(worker_run, worker, "bench/%d", cpu);
	if (IS_ERR(worker->task))
		return PTR_ERR(worker->task);
	get_task_struct(worker->task);
	kthread_bind(worker->task, cpu);
	wake_up_process(worker->task);
	return 0;
}

static void worker_end(struct worker *worker)
{
	wait_for_completion(&worker->done);
	kthread_stop(worker->task);
	put_task_struct(worker->task);
}

/* What it got done in a millisecond, in thousandths */
static u64 worker_rate(const struct worker *worker)
{
	return div64_u64(worker->count * 1000 * NSEC_PER_MSEC, worker->ns);
}

/* Operations of all workers in a millisecond, in thousandths */
static u64 run(struct worker *workers, int from, int n)
{
	u64 rate = 0;
	int i, started;

	WRITE_ONCE(go, false);
	WRITE_ONCE(stop, false);
	for (started = 0; started < n; started++)
		if (worker_start(&workers[from + started], from + started))
			break;
	/* Pairs with worker_run(): a worker that sees go sees all workers made. */
	smp_store_release(&go, true);
	msleep(SLICE_MS);
	WRITE_ONCE(stop, true);
	for (i = 0; i < started; i++) {
		worker_end(&workers[from + i]);
		rate += worker_rate(&workers[from + i]);
	}
	return started == n ? rate : 0;
}

/* Two workers at once, compared with the mean of each alone, in hundredths of 1 % */
static u64 ratio(struct worker *workers)
{
	u64 alone = run(workers, 0, 1) + run(workers, 1, 1);
	u64 both = run(workers, 0, 2);

	return alone ? div64_u64(both * 20000, alone) : 0;
}

static void loop(void *arg, unsigned int n)
{
	u64 *x = arg;

	n *= 500;
	while (n--)
		*x = *x * 6364136223846793005ull + 1442695040888963407ull;
}

static void measure(struct bench_request *req, struct bench_target *targets,
		    struct bench_target *set)
{
	static struct { u64 x __aligned(BENCH_APART); } numbers[WORKERS];
	static struct worker loops[WORKERS], two[WORKERS], packets[WORKERS],
			     one[WORKERS], percpu[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		loops[i] = (struct worker){ loop, &numbers[i].x };
		two[i] = (struct worker){ bench_entry, &targets[i] };
		packets[i] = (struct worker){ bench_dispatch, &targets[i] };
		one[i] = (struct worker){ bench_entry, &targets[0] };
		percpu[i] = (struct worker){ bench_dispatch, &set[i] };
	}
	for (i = 0; i < SLICES; i++) {
		bench_say(req, ratio(loops), "smp-loop");
		bench_say(req, ratio(two), "smp-two-states");
		bench_say(req, ratio(packets), "smp-dispatch");
		bench_say(req, ratio(one), "smp-one-state");
		bench_say(req, ratio(percpu), "smp-percpu");
	}
}

/* Also measures a per-CPU set: one name, with a state for each processor. */
static int measure_set(struct bench_request *req, struct bench_target *targets)
{
	static const struct klua_chunk chunk = {
		.text = BENCH_FUNCTIONS,
		.len = sizeof(BENCH_FUNCTIONS) - 1,
	};
	static const struct klua_config config = {
		.name = "bench-percpu",
		.maxalloc = MAXALLOC,
		.percpu = true,
		.chunks = &chunk,
		.nchunks = 1,
	};
	static struct bench_target set[WORKERS];
	struct klua_state *s = klua_state_new(&config);
	int i;

	if (IS_ERR(s))
		return PTR_ERR(s);
	for (i = 0; i < WORKERS; i++)
		set[i].name = config.name;
	measure(req, targets, set);
	return klua_state_retire(s);
}

int bench_smp(struct bench_request *req)
{
	static struct bench_target targets[WORKERS];
	static char names[WORKERS][BENCH_NAME_SIZE];
	int err, i;

	if (num_online_cpus() < WORKERS)
		return -ENXIO;
	err = bench_make_states(0, WORKERS, MAXALLOC);
	if (err)
		return err;
	for (i = 0; i < WORKERS && !err; i++) {
		bench_name(names[i], i);
		err = bench_target_init(&targets[i], names[i]);
	}
	if (!err)
		err = measure_set(req, targets);
	bench_destroy_states(0, WORKERS);
	return err;
}

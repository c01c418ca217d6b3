// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processors: threads that are bound to one of the machine's processors each, and
 * stand-ins for the functions by which the benchmark runs a kthread on each.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native.h"

/*
 * The distance from a per-CPU variable's address to its value on processor 0; thunks.S
 * has it, too. The kernel lets the heap begin up to 1 GiB behind the program, so the
 * values are further away than that.
 */
#define PERCPU_SHIFT	0x60000000ul
/* The distance between the values of two processors */
#define PERCPU_STRIDE	0x10000000ul
#define PAGE		4096ul

/* Variables of thunks.S; their addresses are offsets behind %gs */
extern int cpu_number;
extern void *current_task;
extern unsigned long this_cpu_off;

unsigned long __per_cpu_offset[NATIVE_CPUS];

/* Bytes of a task_struct, of which klua.o reads a few */
#define TASK_SIZE	65536

static void *map_at(unsigned long at, size_t size)
{
	void *p = mmap((void *)(at & ~(PAGE - 1)), size + at % PAGE,
		       PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		native_die("no memory where %gs is to point to");
	return (void *)at;
}

/* The address of a variable of the processor whose variables are at @offset */
static void *of_cpu(void *variable, unsigned long offset)
{
	return (char *)variable + offset;
}

/*
 * Map the per-CPU variables of a processor, which klua.o reads at %gs plus their
 * address, and the stack protector's canary at %gs:40.
 */
static void cpu_init(int cpu)
{
	unsigned long offset = PERCPU_SHIFT + cpu * PERCPU_STRIDE;
	size_t size = __stop_percpu - __start_percpu;

	map_at(offset, PAGE);
	memcpy(map_at((unsigned long)__start_percpu + offset, size),
	       __start_percpu, size);
	*(int *)of_cpu(&cpu_number, offset) = cpu;
	*(unsigned long *)of_cpu(&this_cpu_off, offset) = offset;
	__per_cpu_offset[cpu] = offset;
}

/* From here on this thread is on that processor. */
static void cpu_enter(int cpu)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, __per_cpu_offset[cpu]))
		native_die("%gs cannot be set");
}

void native_cpus_init(void)
{
	int cpu;

	for (cpu = 0; cpu < NATIVE_CPUS; cpu++)
		cpu_init(cpu);
	cpu_enter(0);
}

/* A kthread. Its task comes first: klua.o and the benchmark have pointers to that. */
struct kthread {
	char task[TASK_SIZE];
	pthread_t thread;
	int (*fn)(void *data);
	void *data;
	int cpu;
};

static void *kthread_run(void *arg)
{
	struct kthread *k = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(k->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		native_die("there are too few processors");
	cpu_enter(k->cpu);
	*(void **)of_cpu(&current_task, __per_cpu_offset[k->cpu]) = k->task;
	k->fn(k->data);
	return NULL;
}

void *kthread_create_on_node(int (*fn)(void *data), void *data)
{
	struct kthread *k = calloc(1, sizeof(*k));

	if (!k)
		native_die("no memory for a thread");
	k->fn = fn;
	k->data = data;
	return k;
}

void kthread_bind(struct kthread *k, unsigned int cpu)
{
	k->cpu = cpu;
}

int wake_up_process(struct kthread *k)
{
	if (pthread_create(&k->thread, NULL, kthread_run, k))
		native_die("a thread cannot be made");
	return 1;
}

/* All of them end by themselves. */
int kthread_stop(struct kthread *k)
{
	pthread_join(k->thread, NULL);
	return 0;
}

/* Whoever made the kthread puts it last. */
void __put_task_struct(struct kthread *k)
{
	free(k);
}

/* Whoever waits for a completion joins the thread next. */
void complete(void *done)
{
	(void)done;
}

void wait_for_completion(void *done)
{
	(void)done;
}

void msleep(unsigned int ms)
{
	usleep(ms * 1000);
}

/* Getting a new task warns, since its count begins at 0 here. No harm comes of it. */
void refcount_warn_saturate(void *refs, int type)
{
	(void)refs;
	(void)type;
}

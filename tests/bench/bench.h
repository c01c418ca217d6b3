/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of klua_bench.ko share.
 */
#ifndef KLUA_BENCH_H
#define KLUA_BENCH_H

#include <linux/cache.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "states.h"

/* All names have eight bytes: to find a longer one costs more. */
#define BENCH_NAME_SIZE	16

/**
 * struct bench_request - what to measure, and with which result
 * @script: a Lua script, for those rows that need one
 * @script_len: its bytes
 * @text:   the answer: lines of "row value"
 * @size:   bytes @text has room for
 * @len:    bytes that are in it
 */
struct bench_request {
	const char *script;
	size_t script_len;
	char *text;
	size_t size;
	size_t len;
};

/* @value is in hundredths. */
void bench_say(struct bench_request *req, u64 value, const char *fmt, ...)
	__printf(3, 4);

/* Operations in a batch that is over before the timer is likely to tick. */
#define BENCH_BATCH	500

/*
 * What one operation costs, in hundredths of a ns: the median of many batches,
 * so that those in which something came between do not count. @batch does its
 * operation @n times.
 */
u64 bench_time(void (*batch)(void *arg, unsigned int n), void *arg,
	       unsigned int n);
u64 bench_median(u64 *values, size_t n);

void bench_name(char *name, unsigned int i);
int bench_make_states(unsigned int from, unsigned int to, size_t maxalloc);
void bench_destroy_states(unsigned int from, unsigned int to);

/* What the states of the benchmark can do */
#define BENCH_FUNCTIONS \
	"function empty() end\n" \
	"function verdict(packet) return #packet end\n" \
	"function judge(packet) return packet:length() end\n"

/* What two processors write to is so many bytes apart: they may fetch lines in pairs. */
#define BENCH_APART	(2 * L1_CACHE_BYTES)

/*
 * One operation on a state, @n times, for the rows that do it elsewhere. Two
 * processors, each with its own, count their packets there.
 */
struct bench_target {
	const char *name;
	struct klua_state *state;
	u64 packets;
	s64 judged;
} __aligned(BENCH_APART);

int bench_target_init(struct bench_target *target, const char *name);
void bench_entry(void *target, unsigned int n);
void bench_dispatch(void *target, unsigned int n);

/* Watching closes, which happen later and elsewhere; see life.c. */
int bench_watch(void);
void bench_unwatch(void);
u64 bench_close(const char *name);

/* The groups of rows. Each returns 0 or -errno. */
int bench_script(struct bench_request *req);
int bench_entries(struct bench_request *req);
int bench_create(struct bench_request *req);
int bench_hold(struct bench_request *req);
int bench_drop(struct bench_request *req);
int bench_scale(struct bench_request *req);
int bench_heap(struct bench_request *req);
int bench_smp(struct bench_request *req);

#endif /* KLUA_BENCH_H */

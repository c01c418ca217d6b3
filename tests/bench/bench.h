/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations that the files of klua_bench.ko share. */
#ifndef KLUA_BENCH_H
#define KLUA_BENCH_H

#include <linux/cache.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "states.h"

/* All names have eight bytes, since it takes longer to find a longer one. */
#define BENCH_NAME_SIZE	16

/**
 * struct bench_request - a group of rows to be measured, and its results
 * @script: a Lua script, for rows that need one
 * @script_len: bytes of @script
 * @text:   buffer for the results: lines of "row value"
 * @size:   bytes that @text has room for
 * @len:    bytes that @text has
 */
struct bench_request {
	const char *script;
	size_t script_len;
	char *text;
	size_t size;
	size_t len;
};

/* Add a line to the results; @value is in hundredths. */
void bench_say(struct bench_request *req, u64 value, const char *fmt, ...)
	__printf(3, 4);

/* Operations of a batch: so few that the timer is unlikely to tick in it */
#define BENCH_BATCH	500

/*
 * Measure an operation, in hundredths of a ns: the median of many batches, so that
 * batches which were interrupted do not count. @batch does its operation @n times.
 */
u64 bench_time(void (*batch)(void *arg, unsigned int n), void *arg,
	       unsigned int n);
u64 bench_median(u64 *values, size_t n);

void bench_name(char *name, unsigned int i);
int bench_make_states(unsigned int from, unsigned int to, size_t maxalloc);
void bench_destroy_states(unsigned int from, unsigned int to);

/* Lua functions of the states of the benchmark */
#define BENCH_FUNCTIONS \
	"function empty() end\n" \
	"function verdict(packet) return #packet end\n" \
	"function judge(packet) return packet:length() end\n"

/*
 * Data that two processors write to are so many bytes apart: processors may fetch cache
 * lines in pairs
 */
#define BENCH_APART	(2 * L1_CACHE_BYTES)

/* Operations on a state, @n times, which other files use as well */
struct bench_target {
	const char *name;
	struct klua_state *state;
	u64 packets;
	s64 judged;
} __aligned(BENCH_APART);

int bench_target_init(struct bench_target *target, const char *name);
void bench_entry(void *target, unsigned int n);
void bench_dispatch(void *target, unsigned int n);

/* Measuring closes, which a work item does; see life.c */
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

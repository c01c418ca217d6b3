// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding one of very many states.
 */

#include <linux/prandom.h>
#include <linux/slab.h>

#include "bench.h"

#define MOST		100000
#define MAXALLOC	16384

/* Names that are looked up: many, since the table's chains differ in length */
#define NAMES		2048

struct names {
	unsigned int next;
	char name[NAMES][BENCH_NAME_SIZE];
};

static void choose(struct names *names, unsigned int states)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, states);
	for (i = 0; i < NAMES; i++)
		bench_name(names->name[i], prandom_u32_state(&rnd) % states);
	names->next = 0;
}

static void find_next(void *arg, unsigned int n)
{
	struct names *names = arg;
	unsigned int i = names->next;

	while (n--)
		klua_state_put(klua_state_find(names->name[i++ % NAMES]));
	names->next = i;
}

static int grow(struct bench_request *req, struct names *names)
{
	unsigned int have = 0, want;
	int err;

	for (want = 10; want <= MOST; want *= 10) {
		err = bench_make_states(have, want, MAXALLOC);
		if (err)
			break;
		have = want;
		choose(names, have);
		bench_say(req, bench_time(find_next, names, NAMES),
			  "find-%u", have);
	}
	bench_destroy_states(0, have);
	return err;
}

int bench_scale(struct bench_request *req)
{
	struct names *names = kmalloc(sizeof(*names), GFP_KERNEL);
	int err;

	if (!names)
		return -ENOMEM;
	err = grow(req, names);
	kfree(names);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first four bytes of the fuzzer's input choose the conditions that a program runs
 * under; the others go to the generator, which makes the program. With FUZZ_SHOW in the
 * environment the program is printed, in the form that script.c reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "host.h"

#define OPTION_BYTES	4
#define PROGRAM_SIZE	(32 * 1024)

/* In half of all runs no allocation fails. The first 700 allocations make the state. */
static void read_options(const unsigned char *data, struct fuzz_options *o)
{
	o->fail = data[0] & 128 ? 0 : data[0] * 32 + (data[1] >> 3);
	o->thread = data[1] & 1;
	o->kib = data[1] & 2 ? 256 : 32 + data[2];
	o->steps = data[1] & 4 ? 50000 : 50 * data[3] + 1;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static char buffer[PROGRAM_SIZE];
	unsigned char head[OPTION_BYTES] = { 0 };
	struct fuzz_options o;
	size_t len, used;
	char *text;

	used = size < OPTION_BYTES ? size : OPTION_BYTES;
	memcpy(head, data, used);
	read_options(head, &o);
	len = fuzz_generate(data + used, size - used, buffer, sizeof(buffer));
	if (getenv("FUZZ_SHOW")) {
		fwrite(buffer, 1, len, stdout);
		printf("\n--@ %u %u %u %u\n", o.fail, o.kib, o.steps - 1,
		       o.thread);
		fflush(stdout);
	}
	text = malloc(len);
	memcpy(text, buffer, len);
	fuzz_run(text, len, &o);
	free(text);
	return 0;
}

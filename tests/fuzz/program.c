// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer's input drives a generator of programs, after four bytes that
 * choose under what conditions they run. With FUZZ_SHOW in the environment the
 * program is printed, in the form that the other fuzzer reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "host.h"

#define OPTION_BYTES	4
#define PROGRAM_SIZE	(32 * 1024)

/* Half of all runs fail no allocation; those before 700 make the state. */
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer's input is the text of a script. Its last line may be a comment with the
 * conditions that it runs under:
 *
 *	--@ FAIL KIB STEPS THREAD
 *
 * which are the fields of struct fuzz_options.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"

static unsigned int number(const char **p, const char *end, unsigned int max)
{
	unsigned int n = 0;

	while (*p < end && **p == ' ')
		(*p)++;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		n = n * 10 % 100000000 + (**p - '0');
	return n > max ? max : n;
}

static void read_options(const char *text, size_t len, struct fuzz_options *o)
{
	const char *end = text + len;
	const char *p = end;

	while (p > text && !(end - p >= 3 && !memcmp(p, "--@", 3)))
		p--;
	if (p == text)
		return;
	p += 3;
	o->fail = number(&p, end, 1000000);
	o->kib = number(&p, end, 1024);
	o->steps = number(&p, end, 100000) + 1;
	o->thread = number(&p, end, 1);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz_options o = { .kib = 256, .steps = 50000 };
	/* In a copy, so that a read beyond the text's end is noticed */
	char *text = malloc(size + !size);

	memcpy(text, data, size);
	read_options(text, size, &o);
	fuzz_run(text, size, &o);
	free(text);
	return 0;
}

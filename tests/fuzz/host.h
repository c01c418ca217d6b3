/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host for the Lua core in user space, one state at a time, that looks for
 * what a script must not be able to do.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stddef.h>

/**
 * struct fuzz_options - under what conditions a script runs
 * @fail:   the allocation to fail, counted from the state's creation, or 0
 * @kib:    the memory the state may use, in KiB
 * @steps:  the budget of the entry
 * @thread: run it by lua_load() and lua_resume() on a thread of its own
 */
struct fuzz_options {
	unsigned int fail;
	unsigned int kib;
	unsigned int steps;
	unsigned int thread;
};

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
unsigned long long klua_random(void);
void fuzz_run(const char *text, size_t len, const struct fuzz_options *options);

#endif /* FUZZ_HOST_H */

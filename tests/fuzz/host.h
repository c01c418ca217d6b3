/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host for the Lua core in user space, which runs one state at a time and checks that
 * a script breaks no promise.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stddef.h>

/**
 * struct fuzz_options - the conditions that a script runs under
 * @fail:   number of the allocation that fails, counted from the state's creation, or 0
 * @kib:    memory that the state may use, in KiB
 * @steps:  steps that the entry may take
 * @thread: run it by lua_load() and lua_resume(), on a Lua thread of its own
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
void fuzz_entries(const char *text, size_t len, const struct fuzz_options *options,
		  const unsigned int *entries, size_t n, unsigned int count);

#endif /* FUZZ_HOST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes programs from bytes, which come from a fuzzer in user space, and from a random
 * generator in the kernel.
 */
#ifndef FUZZ_GENERATE_H
#define FUZZ_GENERATE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stddef.h>
#endif

size_t fuzz_generate(const unsigned char *in, size_t inlen, char *out,
		     size_t size);

#endif /* FUZZ_GENERATE_H */

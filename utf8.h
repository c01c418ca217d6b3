/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recognizes UTF-8, for the module and for the program. The kernel's own
 * utf8_to_utf32() exists only in kernels with CONFIG_NLS.
 */
#ifndef KLUA_UTF8_H
#define KLUA_UTF8_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stddef.h>
#endif

/* The length of the well-formed sequence at @p, of which @len bytes are there, or 0 */
static inline size_t klua_utf8_sequence(const unsigned char *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
		   p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	size_t i;

	if (n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Refuse overlong forms, surrogates, and values beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

#endif /* KLUA_UTF8_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions on bytes like the kernel's for x86-64 in lib/string.c: they take a byte at a
 * time, memcmp() a word at a time.
 */
#include <stddef.h>

#include "native.h"

size_t strlen(const char *s)
{
	const char *end;

	for (end = s; *end; end++)
		;
	return end - s;
}

size_t strnlen(const char *s, size_t max)
{
	const char *end;

	for (end = s; max-- && *end; end++)
		;
	return end - s;
}

int strcmp(const char *a, const char *b)
{
	unsigned char x, y;

	do {
		x = *a++;
		y = *b++;
		if (x != y)
			return x < y ? -1 : 1;
	} while (x);
	return 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	while (n--)
		if (*p++ == (unsigned char)c)
			return (void *)(p - 1);
	return NULL;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;
	int res = 0;

	for (; n >= 8; x += 8, y += 8, n -= 8)
		if (*(const u64 *)x != *(const u64 *)y)
			break;
	for (; n; x++, y++, n--) {
		res = *x - *y;
		if (res)
			break;
	}
	return res;
}

size_t strspn(const char *s, const char *accept)
{
	const char *p;

	for (p = s; *p && strchr(accept, *p); p++)
		;
	return p - s;
}

size_t strcspn(const char *s, const char *reject)
{
	const char *p;

	for (p = s; *p && !strchr(reject, *p); p++)
		;
	return p - s;
}

char *strpbrk(const char *s, const char *accept)
{
	for (; *s; s++)
		if (strchr(accept, *s))
			return (char *)s;
	return NULL;
}

char *strstr(const char *s, const char *what)
{
	size_t n = strlen(what);

	for (; *s; s++)
		if (*s == *what && strnlen(s, n) == n && !memcmp(s, what, n))
			return (char *)s;
	return n ? NULL : (char *)s;
}

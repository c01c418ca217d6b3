/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counted versions of the C library's functions on bytes that the core calls. Included
 * before all else in core.c when hunt.c is built.
 */
#ifndef FUZZ_HUNT_H
#define FUZZ_HUNT_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *hunt_memcpy(void *to, const void *from, size_t n);
void *hunt_memmove(void *to, const void *from, size_t n);
void *hunt_memset(void *to, int c, size_t n);
void *hunt_memchr(const void *s, int c, size_t n);
int hunt_memcmp(const void *s, const void *t, size_t n);
size_t hunt_strlen(const char *s);
char *hunt_strchr(const char *s, int c);
int hunt_strcmp(const char *s, const char *t);
int hunt_strncmp(const char *s, const char *t, size_t n);
size_t hunt_strspn(const char *s, const char *set);
char *hunt_strpbrk(const char *s, const char *set);

#define memcpy	hunt_memcpy
#define memmove	hunt_memmove
#define memset	hunt_memset
#define memchr	hunt_memchr
#define memcmp	hunt_memcmp
#define strlen	hunt_strlen
#define strchr	hunt_strchr
#define strcmp	hunt_strcmp
#define strncmp	hunt_strncmp
#define strspn	hunt_strspn
#define strpbrk	hunt_strpbrk

#endif /* FUZZ_HUNT_H */

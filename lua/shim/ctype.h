/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Character classes of the C locale for Lua's patterns. The kernel's own table
 * is Latin-1, where 0xe9 is a letter; Lua's scripts expect ASCII.
 */
#ifndef KLUA_CTYPE_H
#define KLUA_CTYPE_H

static inline int islower(int c)
{
	return c >= 'a' && c <= 'z';
}

static inline int isupper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static inline int isalpha(int c)
{
	return islower(c | ('a' ^ 'A'));
}

static inline int isdigit(int c)
{
	return c >= '0' && c <= '9';
}

static inline int isalnum(int c)
{
	return isalpha(c) || isdigit(c);
}

static inline int isxdigit(int c)
{
	return isdigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline int isgraph(int c)
{
	return c > ' ' && c < 0x7f;
}

static inline int ispunct(int c)
{
	return isgraph(c) && !isalnum(c);
}

static inline int iscntrl(int c)
{
	return (c >= 0 && c < ' ') || c == 0x7f;
}

static inline int isspace(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline int tolower(int c)
{
	return isupper(c) ? c - 'A' + 'a' : c;
}

static inline int toupper(int c)
{
	return islower(c) ? c - 'a' + 'A' : c;
}

#endif /* KLUA_CTYPE_H */

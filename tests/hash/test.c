// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of the hash of strings, which is cut out of the patched core
 * (hash.h) and checked under AddressSanitizer. Prints TAP.
 *
 * The promise is that nobody can find strings that collide without knowing the seed.
 * That cannot be tested. This tests that similar strings, of which a script can make
 * any number, collide no more often than by chance.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long lua_Unsigned;

#define cast(type, value)	((type)(value))
#define cast_byte(value)	((unsigned char)(value))

#include "hash.h"

#define SEEDS		400
#define STRINGS		4096	/* as many as places in the table */
#define LONGEST		64

static unsigned int checks;
static unsigned int failures;

static void check(bool good, const char *what)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++checks, what);
}

static unsigned int seed_of(unsigned int i)
{
	return i * 2654435761u;
}

/* The hash of a copy of the bytes, so that a read beyond either end is noticed */
static unsigned int hash(const char *s, size_t len, unsigned int seed)
{
	char *copy = malloc(len ? len : 1);
	unsigned int h;

	memcpy(copy, s, len);
	h = luaS_hash(copy, len, seed);
	free(copy);
	return h;
}

/* Does each change of one bit change the hash of the string? */
static bool every_bit_counts(void)
{
	char s[LONGEST] = "";
	unsigned int i, h;
	size_t len, bit;

	for (i = 0; i < 8; i++)
		for (len = 1; len <= LONGEST; len++) {
			h = hash(s, len, seed_of(i));
			for (bit = 0; bit < len * 8; bit++) {
				s[bit / 8] ^= 1 << bit % 8;
				if (hash(s, len, seed_of(i)) == h)
					return false;
				s[bit / 8] ^= 1 << bit % 8;
			}
		}
	return true;
}

static bool lengths_count(char byte)
{
	char s[LONGEST];
	unsigned int i;
	size_t a, b;

	memset(s, byte, sizeof(s));
	for (i = 0; i < 50; i++)
		for (a = 0; a <= LONGEST; a++)
			for (b = 0; b < a; b++)
				if (luaS_hash(s, a, seed_of(i)) ==
				    luaS_hash(s, b, seed_of(i)))
					return false;
	return true;
}

static bool seeds_count(void)
{
	unsigned int a, b;

	for (a = 0; a < SEEDS; a++)
		for (b = 0; b < a; b++)
			if (luaS_hash("name", 4, seed_of(a)) ==
			    luaS_hash("name", 4, seed_of(b)))
				return false;
	return true;
}

/*
 * The functions below write the string of a number below STRINGS and return its length.
 */
static size_t decimal(char *s, int i)
{
	return sprintf(s, "%d", i);
}

static size_t numbered(char *s, int i)
{
	return sprintf(s, "key%d", i);
}

static size_t name(char *s, int i)
{
	return sprintf(s, "object.method_number_%04x_name", i);
}

static size_t three(char *s, int i)
{
	s[0] = 'a' + i % 16;
	s[1] = 'a' + i / 16 % 16;
	s[2] = 'a' + i / 256;
	return 3;
}

static size_t two_letters(char *s, int i)
{
	int at;

	for (at = 0; at < 12; at++)
		s[at] = i >> at & 1 ? 'b' : 'a';
	return 12;
}

static size_t high_bits(char *s, int i)
{
	int at;

	memset(s, 'a', 40);
	for (at = 0; at < 12; at++)
		s[at * 3 + 2] ^= i >> at & 1 ? 0x80 : 0;
	return 40;
}

/*
 * Strings in which a byte of the second word could undo what the last byte of the first
 * one does to the hash
 */
static size_t across_words(char *s, int i)
{
	memset(s, 'a', 16);
	s[7] = i & 255;
	s[10] = i >> 8;
	return 16;
}

static size_t ends_of_words(char *s, int i)
{
	memset(s, 'a', 16);
	s[6] = 64 | (i & 63);
	s[7] = 64 | i >> 6;
	return 16;
}

/* The strings that collide with others, in percent of the number by chance */
static int worst(size_t (*make)(char *s, int i))
{
	static unsigned char used[STRINGS];
	static char text[STRINGS][LONGEST];
	static size_t len[STRINGS];
	unsigned int seed, pairs, most = 0;
	int i;

	for (i = 0; i < STRINGS; i++)
		len[i] = make(text[i], i);
	for (seed = 0; seed < SEEDS; seed++) {
		memset(used, 0, sizeof(used));
		for (pairs = 0, i = 0; i < STRINGS; i++)
			pairs += used[luaS_hash(text[i], len[i], seed_of(seed)) %
				      STRINGS]++;
		if (pairs > most)
			most = pairs;
	}
	return most * 100 / ((STRINGS - 1) / 2);
}

int main(void)
{
	static const struct {
		size_t (*make)(char *s, int i);
		const char *what;
	} sets[] = {
		{ decimal, "numbers" },
		{ numbered, "a name and a number" },
		{ name, "a number in a long name" },
		{ three, "three letters" },
		{ two_letters, "twelve of two letters" },
		{ high_bits, "high bits, far from each other" },
		{ across_words, "high bits, and what could undo them" },
		{ ends_of_words, "both ends of a word" },
	};
	char line[100];
	unsigned int i;
	int percent;

	check(every_bit_counts(), "every bit counts, and no other is read");
	check(lengths_count('\0') && lengths_count('a'), "the length counts");
	check(seeds_count(), "the seed counts");
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		percent = worst(sets[i].make);
		snprintf(line, sizeof(line), "spread with every seed: %s (%d %%)",
			 sets[i].what, percent);
		check(percent < 130, line);
	}
	printf("1..%u\n", checks);
	return !!failures;
}

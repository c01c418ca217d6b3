// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many entries of one state, which limits end anywhere in a cycle of the collector.
 * The fuzzer's input is the memory of the state and the steps of each entry.
 * cycles.lua is what they run.
 */
#include "host.h"

/* Actions of cycles.lua in each entry, if its steps are enough */
#define ACTIONS		64
#define MAX_ENTRIES	60

asm(".section .rodata\ncycles_lua: .incbin \"cycles.lua\"\ncycles_lua_end:\n.previous");
extern const char cycles_lua[], cycles_lua_end[];

/* 20 to some 42,000 steps, most of them few */
static unsigned int steps_of(unsigned char byte)
{
	return 20 + byte * byte * byte / 400;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned int entries[MAX_ENTRIES];
	struct fuzz_options o = { .kib = 96, .steps = 1000000 };
	size_t i;

	if (size)
		o.kib += 2 * data[0];
	for (i = 0; i < MAX_ENTRIES && i + 1 < size; i++)
		entries[i] = steps_of(data[i + 1]);
	fuzz_entries(cycles_lua, cycles_lua_end - cycles_lua, &o, entries, i,
		     ACTIONS);
	return 0;
}

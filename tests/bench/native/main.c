// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: native [-r] [-t] [-s SEED] script FILE
 *        native [-r] [-t] [-s SEED] entry|create|smp
 *
 * Runs klua.o, the code of the module as the kernel's build system makes it, in user
 * space, and prints lines "row nanoseconds". As the kernel does when it loads a module,
 * this first turns jumps and calls through retpolines into plain ones; with -r the
 * retpolines stay, as on a processor that needs them. With -t the interpreter dispatches
 * by a tree, as the module does on such a processor.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "native.h"

#define PAGE		4096ul

void native_die(const char *why)
{
	fprintf(stderr, "native: %s\n", why);
	exit(1);
}

static void writable(u8 *code, bool yes)
{
	unsigned long at = (unsigned long)code & ~(PAGE - 1);

	mprotect((void *)at, 2 * PAGE,
		 PROT_READ | PROT_EXEC | (yes ? PROT_WRITE : 0));
}

/* The number of the register whose retpoline an instruction goes to */
static int register_of(const u8 *target)
{
	static const int numbers[] = {
		0, 3, 1, 2, 6, 7, 5, 8, 9, 10, 11, 12, 13, 14, 15
	};
	size_t i = (target - (u8 *)__x86_indirect_thunk_rax) / 32;

	if (target < (u8 *)__x86_indirect_thunk_rax ||
	    i >= ARRAY_SIZE(numbers))
		native_die("a retpoline that is none");
	return numbers[i];
}

/* Write "jmp *%reg" or "call *%reg" into @len bytes. Nothing needs to follow a jump. */
static void write_indirect(u8 *code, int len, bool call, int reg)
{
	int i = 0;

	if (reg >= 8)
		code[i++] = 0x41;
	code[i++] = 0xff;
	code[i++] = (call ? 0xd0 : 0xe0) + reg % 8;
	memset(code + i, call ? 0x90 : 0xcc, len - i);
}

/*
 * Does as patch_retpoline() in arch/x86/kernel/alternative.c. The compiler puts a
 * prefix before an instruction whose plain form is one byte longer.
 */
static void make_plain(u8 *code)
{
	bool conditional = code[0] == 0x0f && (code[1] & 0xf0) == 0x80;
	int at = conditional || code[0] == 0x2e ? 2 : 1;
	s32 offset;
	int reg;

	memcpy(&offset, code + at, 4);
	reg = register_of(code + at + 4 + offset);
	if (conditional) {	/* the opposite condition jumps across it */
		code[0] = ((code[1] & 0x0f) ^ 1) | 0x70;
		code[1] = 4;
		write_indirect(code + 2, 4, false, reg);
	} else if ((code[at - 1] & 0xfe) == 0xe8) {
		write_indirect(code, at + 4, code[at - 1] == 0xe8, reg);
	} else {
		native_die("a retpoline that is neither jumped to nor called");
	}
}

static void each_site(s32 *site, s32 *end, void (*patch)(u8 *code))
{
	u8 *code;

	for (; site < end; site++) {
		code = (u8 *)site + *site;
		writable(code, true);
		patch(code);
		writable(code, false);
	}
}

static void make_return(u8 *code)
{
	if (code[0] != 0xe9)
		native_die("a return that is none");
	code[0] = 0xc3;
	memset(code + 1, 0xcc, 4);
}

/*
 * Does as static_branch_enable() in the module's init: turns a no-op into a jump if it
 * belongs to @key. Each of the three members is relative to its own address.
 */
static void enable(struct jump_entry *entry, const void *key)
{
	u8 *code = (u8 *)&entry->code + entry->code;
	u8 *target = (u8 *)&entry->target + entry->target;
	s32 offset;

	if ((((long)&entry->key + entry->key) & ~3l) != (long)key)
		return;
	writable(code, true);
	if (code[0] == 0x66) {
		code[0] = 0xeb;
		code[1] = target - (code + 2);
	} else {
		offset = target - (code + 5);
		code[0] = 0xe9;
		memcpy(code + 1, &offset, 4);
	}
	writable(code, false);
}

/* Switch to the module's other loop, if it has two. */
static void choose_dispatch(void)
{
	struct jump_entry *entry;

	for (entry = __start___jump_table; entry < __stop___jump_table; entry++)
		if (klua_tree)
			enable(entry, klua_tree);
}

static char *read_file(const char *name, size_t *len)
{
	FILE *file = fopen(name, "r");
	char *text = malloc(1 << 20);

	if (!file || !text)
		native_die("cannot read the script");
	*len = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

#define STATES	200

/* Make a state with its libraries, and close it at once. */
static void make_and_close(void)
{
	long long ns, made = 0, closed = 0;
	int i;

	for (i = -20; i < STATES; i++) {
		ns = ktime_get();
		if (!__klua_state_create(1 << 20, "b-000000", NULL))
			native_die("no state");
		made += i < 0 ? 0 : ktime_get() - ns;
		ns = ktime_get();
		klua_state_destroy("b-000000");
		closed += i < 0 ? 0 : ktime_get() - ns;
	}
	printf("create %lld\nclose %lld\ncreate+destroy %lld\n", made / STATES,
	       closed / STATES, (made + closed) / STATES);
}

int main(int argc, char **argv)
{
	static char text[8192];
	struct bench_request req = { .text = text, .size = sizeof(text) };
	bool retpolines = false, tree = false;
	int opt, err = 0;

	while ((opt = getopt(argc, argv, "rts:")) != -1) {
		if (opt == 'r')
			retpolines = true;
		else if (opt == 't')
			tree = true;
		else if (opt == 's')
			native_seed(strtoul(optarg, NULL, 0));
		else
			native_die("an option that is none");
	}
	if (optind == argc)
		native_die("nothing to do");
	native_cpus_init();
	native_kernel_init();
	each_site(__start_return_sites, __stop_return_sites, make_return);
	if (!retpolines)
		each_site(__start_retpoline_sites, __stop_retpoline_sites,
			  make_plain);
	if (tree)
		choose_dispatch();
	klua_states_init();
	if (!strcmp(argv[optind], "script") && optind + 1 < argc) {
		req.script = read_file(argv[optind + 1], &req.script_len);
		err = bench_script(&req);
	} else if (!strcmp(argv[optind], "entry")) {
		err = bench_entries(&req);
	} else if (!strcmp(argv[optind], "smp")) {
		err = bench_smp(&req);
	} else if (!strcmp(argv[optind], "create")) {
		make_and_close();
	} else {
		native_die("what is that?");
	}
	fputs(text, stdout);
	return err != 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations that the files of the benchmark in user space share. */
#ifndef KLUA_NATIVE_H
#define KLUA_NATIVE_H

#include <stddef.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* As many as the rows with several processors have */
#define NATIVE_CPUS	2

/* Stand-ins (kernel.c, threads.c, thunks.S) */
void native_kernel_init(void);
void native_cpus_init(void);
void native_die(const char *why) __attribute__((noreturn));
void native_missing(const char *name);
void native_seed(unsigned long n);
void pv_flags(void);
long long ktime_get(void);

/*
 * Not those of the C library: klua.o gets functions like the kernel's (text.c,
 * thunks.S).
 */
void *memset(void *s, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);

/* As bench.h has it */
struct bench_request {
	const char *script;
	size_t script_len;
	char *text;
	size_t size;
	size_t len;
};

struct module;
struct klua_state;

int bench_script(struct bench_request *req);
int bench_entries(struct bench_request *req);
int bench_smp(struct bench_request *req);
struct klua_state *__klua_state_create(size_t maxalloc, const char *name,
				       struct module *maker);
int klua_state_destroy(const char *name);
void klua_states_init(void);

/* As <linux/jump_label.h> has it for x86-64 */
struct jump_entry {
	s32 code;
	s32 target;
	long key;
};

/* Symbols of the linker, of the module and of thunks.S */
extern s32 __start_retpoline_sites[], __stop_retpoline_sites[];
extern s32 __start_return_sites[], __stop_return_sites[];
extern struct jump_entry __start___jump_table[], __stop___jump_table[];
extern char klua_tree[] __attribute__((weak));
extern char __start_percpu[], __stop_percpu[];
extern char __x86_indirect_thunk_rax[];

#endif /* KLUA_NATIVE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stand-ins for the kernel's assembler code that klua.o calls: retpolines, the return
 * thunk, copying and clearing as on a processor with ERMS, and per-CPU variables.
 * main.c says what %gs points to.
 */
	.text

/* As arch/x86/lib/retpoline.S, for a processor that is not of AMD's lfence kind */
.macro THUNK reg
	.balign 32
	.globl __x86_indirect_thunk_\reg
__x86_indirect_thunk_\reg:
	call 2f
1:	int3
2:	mov %\reg, (%rsp)
	ret
	int3
.endm

.irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	THUNK \reg
.endr

	/* Where a return needs no thunk, as here, the kernel writes a plain one. */
	.balign 32
	.globl __x86_return_thunk
__x86_return_thunk:
	ret
	int3

	.balign 16
	.globl memcpy, __memcpy
memcpy:
__memcpy:
	mov %rdi, %rax
	mov %rdx, %rcx
	rep movsb
	ret

	.balign 16
	.globl memmove
memmove:
	mov %rdi, %rax
	mov %rdx, %rcx
	mov %rdi, %r8
	sub %rsi, %r8
	cmp %rdx, %r8
	jb 1f
	rep movsb
	ret
1:	lea -1(%rdi,%rdx), %rdi
	lea -1(%rsi,%rdx), %rsi
	std
	rep movsb
	cld
	ret

	.balign 16
	.globl memset
memset:
	mov %rdi, %r9
	mov %esi, %eax
	mov %rdx, %rcx
	rep stosb
	mov %r9, %rax
	ret

	/* pv_ops: saves all registers but %rax. Interrupts are always on here. */
	.balign 16
	.globl pv_flags
pv_flags:
	pushf
	pop %rax
	ret

	.globl __SCT__cond_resched, __SCT__might_resched
	.globl __SCT__preempt_schedule, __SCT__preempt_schedule_notrace
__SCT__cond_resched:
__SCT__might_resched:
__SCT__preempt_schedule:
__SCT__preempt_schedule_notrace:
	xor %eax, %eax
	ret

	/* The function tracer's hook, of which the kernel makes nothing */
	.globl __fentry__
__fentry__:
	ret

	.section percpu, "aw"
	.balign 64
	.globl __preempt_count, cpu_number, current_task, this_cpu_off
	.globl int_active_memcg
__preempt_count:	.long 0x80000000	/* nothing wants to run */
cpu_number:		.long 0
current_task:		.quad the_task
this_cpu_off:		.quad 0x60000000		/* PERCPU_SHIFT of threads.c */
int_active_memcg:	.quad 0

	.bss
	.balign 64
the_task:		.skip 65536

	.section .note.GNU-stack, "", @progbits

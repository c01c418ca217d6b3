/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protected calls and throws for x86-64; see try.h.
 *
 * The only indirect jump here is RET, so return thunks and straight-line speculation
 * are left to the kernel.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/unwind_hints.h>

#ifndef CONFIG_X86_64
#error "KLua's x86 code is for 64 bits"
#endif

	.text

/* rdi: L, rsi: ud, which klua_try_call() gets in the same registers; rdx: buf, rcx: f */
SYM_FUNC_START(klua_try)
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
#ifdef CONFIG_UML
	/* UML aligns the stack to 16 bytes at calls. */
	subq	$8, %rsp
#endif
	movq	%rsp, (%rdx)
	movq	%rcx, %rdx
	call	klua_try_call
	/* f() has restored the callee-saved registers: they need no popping. */
	leave
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(klua_try)
/*
 * No kretprobe here: a throw drops the probes' return addresses above klua_try(), but
 * could not drop one of klua_try() itself.
 */
_ASM_NOKPROBE(klua_try)

/*
 * rdi: buf. Continues in the frame of klua_try(). No unwinder can follow a stack
 * pointer that comes from memory. That is harmless: only a debugger or an NMI's trace
 * can interrupt these instructions and unwind, and their trace then ends at this
 * function.
 */
SYM_FUNC_START(klua_throw)
	movq	(%rdi), %rsp
#ifdef CONFIG_UML
	addq	$8, %rsp
#endif
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	RET
SYM_FUNC_END(klua_throw)
_ASM_NOKPROBE(klua_throw)
STACK_FRAME_NON_STANDARD klua_throw

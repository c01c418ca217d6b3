/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protected calls and throws for riscv64; see try.h.
 *
 * gp may hold the pointer of the shadow call stack; a throw restores it as well.
 */
#include <linux/linkage.h>
#include <asm/asm.h>

#define FRAME	112

.macro	restore
	ld	ra, 104(sp)
	ld	s0, 96(sp)
	ld	s1, 88(sp)
	ld	s2, 80(sp)
	ld	s3, 72(sp)
	ld	s4, 64(sp)
	ld	s5, 56(sp)
	ld	s6, 48(sp)
	ld	s7, 40(sp)
	ld	s8, 32(sp)
	ld	s9, 24(sp)
	ld	s10, 16(sp)
	ld	s11, 8(sp)
#ifdef CONFIG_SHADOW_CALL_STACK
	ld	gp, 0(sp)
#endif
	addi	sp, sp, FRAME
	ret
.endm

/*
 * No kretprobe: a throw drops the probes' return addresses above klua_try(), but could
 * not drop one of klua_try() itself. Not all kernels have a macro for this.
 */
.macro	nokprobe name
#ifdef CONFIG_KPROBES
	.pushsection "_kprobe_blacklist", "aw"
	.dword	\name
	.popsection
#endif
.endm

	.text

/* a0: L, a1: ud, which klua_try_call() gets in the same registers; a2: buf, a3: f */
SYM_FUNC_START(klua_try)
	addi	sp, sp, -FRAME
	sd	ra, 104(sp)
	sd	s0, 96(sp)
	sd	s1, 88(sp)
	sd	s2, 80(sp)
	sd	s3, 72(sp)
	sd	s4, 64(sp)
	sd	s5, 56(sp)
	sd	s6, 48(sp)
	sd	s7, 40(sp)
	sd	s8, 32(sp)
	sd	s9, 24(sp)
	sd	s10, 16(sp)
	sd	s11, 8(sp)
#ifdef CONFIG_SHADOW_CALL_STACK
	sd	gp, 0(sp)
#endif
	addi	s0, sp, FRAME
	sd	sp, 0(a2)
	mv	a2, a3
	call	klua_try_call
	restore
SYM_FUNC_END(klua_try)
	nokprobe klua_try

/* a0: buf. Takes over the frame of klua_try(). */
SYM_FUNC_START(klua_throw)
	ld	sp, 0(a0)
	restore
SYM_FUNC_END(klua_throw)
	nokprobe klua_throw

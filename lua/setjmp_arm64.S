/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protected calls and throws for arm64; see try.h.
 *
 * With CONFIG_SHADOW_CALL_STACK x18 points to the shadow call stack, and a throw
 * restores it with the other registers. Without, no call preserves x18. A return address
 * is signed with the stack pointer at the begin of klua_try(), and authenticated when
 * the stack pointer is the same again. RET needs no landing pad.
 */
#include <linux/linkage.h>
#include <asm/assembler.h>

#ifdef CONFIG_SHADOW_CALL_STACK
#define FRAME	112
#else
#define FRAME	96
#endif

.macro	restore
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
#ifdef CONFIG_SHADOW_CALL_STACK
	ldr	x18, [sp, #96]
#endif
	ldp	x29, x30, [sp], #FRAME
#ifdef CONFIG_ARM64_PTR_AUTH_KERNEL
	hint	#29			/* autiasp */
#endif
	ret
.endm

	.text

/* x0: L, x1: ud, which klua_try_call() gets in the same registers; x2: buf, x3: f */
SYM_FUNC_START(klua_try)
#ifdef CONFIG_ARM64_PTR_AUTH_KERNEL
	hint	#25			/* paciasp */
#endif
	stp	x29, x30, [sp, #-FRAME]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
#ifdef CONFIG_SHADOW_CALL_STACK
	str	x18, [sp, #96]
#endif
	str	x29, [x2]
	mov	x2, x3
	bl	klua_try_call
	restore
SYM_FUNC_END(klua_try)
/*
 * No kretprobe here: a throw drops the probes' return addresses above klua_try(), but
 * could not drop one of klua_try() itself.
 */
NOKPROBE(klua_try)

/* x0: buf. Takes over the frame of klua_try(). */
SYM_FUNC_START(klua_throw)
	ldr	x9, [x0]
	mov	sp, x9
	restore
SYM_FUNC_END(klua_throw)
NOKPROBE(klua_throw)

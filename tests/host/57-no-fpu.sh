#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# klua.ko has not one instruction that touches a register of the FPU, by which it
# would spoil those of the program that it interrupts. And it does not grow unseen:
# tests/README.md says what numbers took of its size.
. "$(dirname "$0")/../lib.sh"

vm=$(dirname "$0")/../vm
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$vm/need.sh" build && "$vm/stock.sh" && "$vm/modules.sh" stock >/dev/null ||
	exit 1

# fpu FILE: its instructions of x87, MMX, SSE and AVX
fpu()
{
	objdump -d --no-show-raw-insn "$1" |
		grep -E '%([xyz]?mm[0-9]|st\b|k[0-7]\b)|^ *[0-9a-f]+:[[:space:]]+(f[a-z0-9]+|emms|ldmxcsr|stmxcsr|v[a-z0-9]+)\b' |
		grep -vE '\b(verr|verw|vm[a-z]+)\b'
}

is "klua.ko does not touch the FPU" '' \
	"$(fpu "$vm/../../build/modules/stock/klua.ko" | head -n 5)"
check "and was looked at" test "$(objdump -d \
	"$vm/../../build/modules/stock/klua.ko" | wc -l)" -gt 10000

text=$(size "$vm/../../build/modules/stock/klua.ko" | awk 'NR == 2 { print $1 }')
check "its text, of $text bytes, stays below 460 KiB" \
	test "$text" -lt $((460 * 1024))

# By what this would be seen: the same in code that has them
printf 'double f(double x) { return x * x + 1; }
long double g(long double x) { return x / 3; }\n' >"$tmp/try.c"
"${CC:-cc}" -c -O2 "$tmp/try.c" -o "$tmp/try.o" || exit 1
for name in mulsd fdiv; do
	like "$name would be found" "*$name*" "$(fpu "$tmp/try.o")"
done
while read -r name operands; do
	echo "$name $operands" | "${CC:-cc}" -c -x assembler - -o "$tmp/one.o" ||
		exit 1
	like "$name would be found" "*$name*" "$(fpu "$tmp/one.o")"
done <<'END'
movaps %xmm0, (%rax)
pxor %xmm9, %xmm9
cvtsi2sd %rax, %xmm0
vaddpd %ymm1, %ymm2, %ymm3
vmovdqu64 (%rax), %zmm31
vzeroupper
kmovw %eax, %k1
movq %mm0, %rax
emms
fld1
fninit
fxsave (%rax)
ldmxcsr (%rax)
END

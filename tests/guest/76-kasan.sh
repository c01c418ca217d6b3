#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel: kasan
# timeout: 60
# boot: own kasan_multi_shot
# allow: BUG: KASAN: (slab-out-of-bounds|use-after-free) in read_byte\+|Call Trace
#
# The heap that users run is the heap that KASAN watches: a consumer that reads
# behind a block, or one that was freed (tests/kasan/), is reported.
. "$(dirname "$0")/lib.sh"

load klua
dmesg_mark
load klua_kasan
dmesg_since |
	sed -n 's/^klua_kasan: read \(.*\)/\1/p; s/^BUG: KASAN: \(.*\) in .*/\1/p' \
	>/tmp/log
sed 's/^/# /' /tmp/log

# reports WHAT: for each time that it was read, what KASAN said
reports()
{
	awk -v what="$1" '$0 == what { n++; found = 1; next }
		/^(the|behind|a) / { found = 0; next }
		found { said[$0]++ }
		END { for (s in said) printf "%s %d of %d", s, said[s], n }' \
		/tmp/log
}
is "what belongs to a block may be read" "" \
	"$(reports 'the first byte')$(reports 'the last byte')"
is "the byte behind each block may not" "slab-out-of-bounds 8 of 8" \
	"$(reports 'behind a block')"
is "nor a block that was freed" "use-after-free 3 of 3" \
	"$(reports 'a freed block')"

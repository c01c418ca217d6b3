#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# The heap of a state, outside the kernel: its properties under the address
# and undefined-behaviour sanitizers, with small and large pages, and red zones.
. "$(dirname "$0")/../lib.sh"

top=$(dirname "$0")/../..
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# compile PROGRAM HEAP [FLAG]...: the test with the heap.[ch] of that directory
compile()
{
	program=$1
	heap=$2
	shift 2
	"${CC:-cc}" -std=gnu11 -O1 -g -Wall -Wextra "$@" \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-I"$heap" "$top/tests/alloc/test.c" -o "$tmp/$program"
}

# KASAN's kernels have a red zone behind each block.
for flags in -DKLUA_PAGE=4096ul -DKLUA_PAGE=65536ul -DKLUA_RED_ZONE=16; do
	check "the test compiles, $flags" compile heap "$top" -Werror "$flags"
	for seed in 1 2; do
		check "the heap's properties hold, $flags, seed $seed" \
			"$tmp/heap" "$seed"
	done
done

# A test that cannot fail is none: each of these breaks the heap in one place.
mkdir "$tmp/broken"
cp "$top/heap.h" "$tmp/broken/"
while IFS='|' read -r what expression; do
	sed "$expression" "$top/heap.c" >"$tmp/broken/heap.c"
	if cmp -s "$top/heap.c" "$tmp/broken/heap.c"; then
		not_ok "found out: $what" "the expression changes nothing"
	elif ! compile heap-broken "$tmp/broken" -w; then
		not_ok "found out: $what" "it does not compile"
	else
		check_fails "found out: $what" timeout 100 "$tmp/heap-broken" 1
	fi
done <<'EOF'
freed bytes are not counted|s/page->used -= grains;//
a shrunk block's end gets lost|s/small_free(h, klua_page_of(block), at, more);//
the rest of a split block overlaps it|s/klua_grain_of(block) + grains;/klua_grain_of(block);/
no page is ever ripe|s/page->used ? &h->ripe :/page->used ? \&h->rest :/
neighbours are not joined when memory is short|s/block = join_last(h, grains);/;/
empty pages are kept|s/release_surplus(h);/;/
empty pages go all at once|s/ && klua_heap_affords(h, RELEASE_COST)//
ripe pages are joined all at once|s/if (!klua_heap_affords(h, KLUA_GRAINS.*/if (0)/
ripe pages are joined without a charge|s/klua_heap_charge(h, 1 + blocks.*/;/
empty pages go without a charge|s/klua_heap_charge(h, RELEASE_LEAST.*/;/
empty pages are not kept|s,h->pages - h->empties + 1,0,
empty pages are kept from large blocks|s/if (!pages && (h->empties || h->spare))/if (0)/
the last large block is kept from others|s/if (!pages && (h->empties || h->spare))/if (!pages \&\& h->empties)/
the last large block serves any size|s/ || h->spare_size != size//
no large block waits|s/if (n > SPARE_MAX ||/if (1 ||/
a large block cannot become small|s/return page_convert(h, block, size);/return NULL;/
a large block keeps its pages|s/!klua_pages_resize(h, block, page_round(old), keep)/0/
a block that the host does not shrink stays|s/moved = klua_heap_alloc(h, size);/;/
sizes wrap around|s/if (size > LARGE_MAX)/if (0)/
EOF

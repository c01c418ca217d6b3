#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh [--secs N] [--without PATCH] [--kind KIND] [--hunt]
#        run.sh INPUT...
#        run.sh --packages
#
# Fuzzes the Lua core, built for user space with its assertions, ASan and UBSan:
# for N seconds (60) three fuzzers at once. One mutates the text of scripts, one the
# bytes that a generator makes programs from, one the steps of entries that share a
# state (cycles.c). Every input runs in a fresh state with small limits; host.c has
# what must hold. The last line says how much was run and covered; the exit status is 1 when
# something was found, which is then in build/fuzz/found until the next run, or
# in found-PATCH.
#
# With --hunt one fuzzer hunts for time instead: it calls functions and operators
# with large values, and what takes more than 200 instructions for a step that is
# charged is found (hunt.c).
#
#   --secs 0	   runs only the inputs of the tree, not what earlier runs have kept
#   --without PATCH	leaves out the patch of that number, to see what it is for
#   --kind KIND	   only this fuzzer: script, program or cycles
#   INPUT...	   runs what was found, scripts (.lua) and inputs of the
#		   generator (with --hunt, of the hunt), once and with a full
#		   report
#   --packages	   prints the Debian packages this needs
#
# FUZZ_BREAK is an expression of sed that breaks the collector (lgc.c), for the test of
# the fuzzers themselves.
set -u
. "$(dirname "$0")/../vm/common.sh"
here=$top/tests/fuzz
dir=$build/fuzz

packages="clang libclang-rt-14-dev"
flags=(-O1 -g -fwrapv -fno-omit-frame-pointer -fsanitize="address,undefined"
	-fno-sanitize-recover=all -Wall -Wextra -Wno-unused-parameter
	-Wno-unused-function -Wno-implicit-fallthrough -Wno-sign-compare)
asserting='-Dlua_assert(c)=((c) ? (void)0 : __builtin_trap())'
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1

# Addresses decide about the order of tables: the same ones in every run.
fixed=(setarch -R)
"${fixed[@]}" true 2>/dev/null || fixed=()

check_tools()
{
	mkdir -p "$dir" || exit
	echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' >"$dir/try.c"
	clang -fsanitize=fuzzer,address,undefined "$dir/try.c" -o "$dir/try" \
		>"$dir/try.log" 2>&1 && return
	cat "$dir/try.log" >&2
	die "clang with libFuzzer is needed: apt-get install $packages"
}

# sources: sets $src, the patched core. What a patch repairs is to be seen as it
# is, not as the assertion that it fails first.
sources()
{
	"$top/lua/import.sh" || exit 2
	src=$top/lua/src
	if [ -n "${FUZZ_BREAK-}" ]; then
		without=broken
		src=$dir/src
		rm -rf "$src"
		cp -R "$top/lua/src" "$src" && sed -i "$FUZZ_BREAK" "$src/lgc.c" || exit
		! cmp -s "$top/lua/src/lgc.c" "$src/lgc.c" ||
			die "FUZZ_BREAK changes nothing"
		return
	fi
	if [ -z "$without" ]; then
		flags+=("$asserting")
		return
	fi
	src=$dir/src
	core_without "$without" "$src"
}

# compile OBJECT FLAG...: anew only when something has changed
compile()
{
	local object=$1
	shift
	[ -z "$(find "$here"/*.[ch] "$here/run.sh" "$top"/luaconf.h \
		"$top"/lua/*.[ch] "$src" -newer "$object" 2>&1)" ] ||
		clang "${flags[@]}" -I"$top" -I"$top/lua" -I"$src" "$@" \
			-c -o "$object" || die "the fuzzers do not build"
}

build_fuzzers()
{
	local fuzzer
	bin=$dir/bin${without:+-$without}
	mkdir -p "$bin"
	compile "$bin/core.o" -fsanitize=fuzzer-no-link "$top/lua/core.c" &
	compile "$bin/generate.o" -fsanitize=fuzzer-no-link "$here/generate.c"
	compile "$bin/host.o" "$here/host.c"
	for fuzzer in "${kinds[@]}"; do
		compile "$bin/$fuzzer.o" -Wa,-I"$here" "$here/$fuzzer.c"
	done
	wait $! || exit
	for fuzzer in "${kinds[@]}"; do
		clang "${flags[@]}" -fsanitize=fuzzer "$bin/$fuzzer.o" \
			"$bin/host.o" "$bin/core.o" "$bin/generate.o" \
			-o "$bin/$fuzzer" || die "the fuzzers do not link"
	done
}

# hunt.c counts the blocks of the core: no sanitizer, and plain jumps of C.
build_hunt()
{
	flags=(-O1 -g -fwrapv -Wall -Wextra -Wno-unused-parameter
		-Wno-unused-function -Wno-implicit-fallthrough -Wno-sign-compare)
	bin=$dir/bin-hunt${without:+-$without}
	mkdir -p "$bin"
	compile "$bin/core.o" -include "$here/hunt.h" "$top/lua/core.c" \
		-fsanitize-coverage=inline-8bit-counters,pc-table,edge,trace-pc,no-prune
	objcopy --redefine-sym __sanitizer_cov_trace_pc=hunt_block "$bin/core.o" ||
		exit
	compile "$bin/hunt.o" -Wa,-I"$here" "$here/hunt.c"
	clang -fsanitize=fuzzer "$bin/hunt.o" "$bin/core.o" -o "$bin/hunt" ||
		die "the hunt does not link"
}

# The known inputs: the scripts of the tests, one file for each, and those of
# the generator, a line of hexadecimal digits for each.
seeds()
{
	local line n=0
	rm -rf "$dir/seeds"
	mkdir -p "$dir"/seeds/{script,program,cycles,hunt} \
		"$dir"/corpus/{script,program,cycles,hunt}
	cp "$here"/corpus/*.lua "$dir/seeds/script/" || exit
	for file in "$top"/tests/scripts/hostile/*.lua; do
		awk -v to="$dir/seeds/script/$(basename "$file" .lua)" '
			/^--- / { out = to "-" $2 ".lua" }
			out { print > out }' "$file" || exit
	done
	while read -r line; do
		n=$((n + 1))
		perl -e 'print pack("H*", shift)' "$line" \
			>"$dir/seeds/program/$n"
	done < <(grep -v '^#' "$here/corpus/program.hex")
}

# fuzz NAME OPTION...: with what earlier runs have found, unless only what is known is run
fuzz()
{
	local name=$1 corpus=("$dir/corpus/$1")
	[ "$secs" -gt 0 ] || corpus=()
	shift
	"${fixed[@]}" "$bin/$name" -timeout=20 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$finds/$name-" \
		"$@" "${corpus[@]}" "$dir/seeds/$name" \
		>"$finds.$name.log" 2>&1
}

# last NAME EXPRESSION: of what the fuzzer's log has, the last
last()
{
	local found
	found=$(sed -nE "s/.*$2.*/\1/p" "$finds.$1.log" | tail -n 1)
	echo "${found:-0}"
}

# runs NAME: without the final count, of a crash, the last that was shown
runs()
{
	local n
	n=$(last "$1" '^stat::number_of_executed_units: ([0-9]+)')
	[ "$n" != 0 ] || n=$(last "$1" '^#([0-9]+)')
	echo "$n"
}

# show FILE: what was found, and how to see it again
show()
{
	local name=${1##*/} log
	log=$finds.${name%%-*}.log
	echo "found: $1"
	grep -aE 'BROKEN|ERROR|runtime error|^ *#[0-9] .* in ' "$log" |
		grep -v 'fuzzer::' | head -n 12 | cut -c 1-120
	if [ "${name%%-*}" = program ]; then
		FUZZ_SHOW=1 timeout 60 "${fixed[@]}" "$bin/program" "$1" \
			>"$1.lua" 2>/dev/null
		echo "as a script: $1.lua"
	fi
	echo "to run it again: tests/fuzz/run.sh $1"
}

run_inputs()
{
	local file name status=0
	$builder
	for file in "$@"; do
		[ -r "$file" ] || die "cannot read $file"
		name=${kinds[0]}
		case ${file##*/} in
		*.lua) ;;
		program-*|cycles-*) name=${file##*/} name=${name%%-*} ;;
		esac
		FUZZ_VERBOSE=1 "${fixed[@]}" "$bin/$name" -timeout=20 "$file" ||
			status=1
	done
	exit $status
}

secs=60
without=
builder=build_fuzzers
kinds=(script program cycles)
while [ $# -gt 0 ]; do
	case $1 in
	-h|--help) usage; exit 0 ;;
	--packages) echo "$packages"; exit 0 ;;
	--secs) secs=${2-}; shift ;;
	--without) without=${2-}; shift ;;
	--kind) kinds=("${2-}"); shift ;;
	--hunt) builder=build_hunt kinds=(hunt) ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
[[ $secs =~ ^[0-9]+$ ]] || die "--secs takes a number of seconds"
[[ " script program cycles hunt " = *" ${kinds[0]} "* ]] ||
	die "--kind takes script, program or cycles"

check_tools
sources
[ $# -eq 0 ] || run_inputs "$@"
$builder
seeds
finds=$dir/found${without:+-$without}
rm -rf "$finds"
mkdir -p "$finds"

limit=(-runs=0)
[ "$secs" -eq 0 ] || limit=("-max_total_time=$secs")
jobs=()
for name in "${kinds[@]}"; do
	case $name in
	script) options=(-max_len=4096 -dict="$here/lua.dict") ;;
	program) options=(-max_len=1024) ;;
	cycles) options=(-max_len=61 -len_control=0) ;;
	hunt) options=(-max_len=40 -len_control=0) ;;
	esac
	fuzz "$name" "${limit[@]}" "${options[@]}" &
	jobs+=($!)
done
status=0
for job in "${jobs[@]}"; do
	wait "$job" || status=1
done

found=$(find "$finds" -type f | sort)
for file in $found; do
	show "$file"
done
total=0
summary=
for name in "${kinds[@]}"; do
	n=$(runs "$name")
	total=$((total + n))
	summary=${summary:+$summary; }"$name: $n executions, $(last "$name" \
		'cov: ([0-9]+)') edges"
done
count=$(echo "$found" | grep -c .)
echo "fuzz: $summary; $count found"
[ "$count" -eq 0 ] && [ $status -eq 0 ] && [ $total -gt 0 ]

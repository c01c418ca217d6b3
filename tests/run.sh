#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh [-k KERNEL] [-l] [TEST|GROUP]...
#
# Runs tests: those named or, without names, the groups "host" and "guest"; the
# groups "packages" and "intree", which take long, when they are named.
# The tests of each kernel, and those of the host, are one job, and as many jobs run at
# a time as there are processors.
# The last line is "N passed, N failed" with ", N skipped" when some were.
#
#   -k KERNEL	guest tests on this kernel only (may be repeated): stock, one of
#		the debug kernels, one of vm/debian.list, or all
#   -l		lists the tests and the kernels they run on
#
# A group is a directory of tests/, a test is a file NN-NAME.sh in it. A
# comment at a test's top may say
#   # kernel: NAME...	kernels to run on ("stock kasan"), guest tests only
#   # others: no|short	not, or also without being asked, on the kernels of
#			vm/debian.list, where otherwise all runs on demand that
#			runs on the stock one
#   # timeout: SECONDS	longest time on the stock kernel and a machine that has
#			nothing else to do (60). A test that hangs is ended, after
#			four times that
#   # boot: own [WORDS]	a boot for itself, with WORDS on the kernel's command
#			line
#   # clock: instructions [ARCHITECTURE|others]...	one processor whose clock counts
#			instructions, with a boot of its own; if any are named,
#			only on kernels of these architectures, or on others:
#			those of vm/debian.list. On kasan-arm64 all tests have it
#   # processors: 1|in turn	for tests that change the kernel's code while it
#			runs: an emulator with a thread for each processor may
#			go on to see an instruction that is gone. With a boot of
#			its own
#   # memory: SIZE	of the VM, with a boot of its own (512M)
#   # programs: SET	the VM has these programs of tests/vm/programs.sh, with
#			a boot of its own
#   # allow: EXPRESSION	a text that the test makes the kernel say on purpose
#			and that fails any other test (may be repeated)
# V=1 shows the kernel's messages as they come.
set -u
. "$(dirname "$0")/vm/common.sh"
cd "$top/tests" || exit 2

# A debug kernel, or another kind of processor, needs this many times longer.
slow=5

# Only a test that hangs is to be ended by the clock, however busy the machine is.
patience=4

passed=0
failed=0
skipped=0
summary=()

header()	# FILE KEY
{
	sed -n "/^#/!q; s/^# $2: //p" "$1"
}

# header_all KEY FILE...: what any of them says, each once
header_all()
{
	local key=$1 file
	shift
	for file in "$@"; do
		header "$file" "$key" | grep . || echo "-"
	done | sort -u
}

name_of()	# FILE
{
	local name=${1##*/}
	name=${name%.sh}
	echo "${name#[0-9][0-9]-}"
}

# select_tests: the files that the arguments name, in order
select_tests()
{
	local want file found
	for want in "$@"; do
		found=$([ ! -d "$want" ] || echo yes)
		for file in */[0-9][0-9]-*.sh; do
			case $want in
			"${file%%/*}"|"$(name_of "$file")"|"$file"|"tests/$file")
				echo "$file"
				found=yes ;;
			esac
		done
		[ "$found" ] || die "no test or group '$want'"
	done | LC_ALL=C sort -u
	return "${PIPESTATUS[0]}"
}

# kernels_of FILE: without -k the others of vm/debian.list have its short tests, and the
# kernels of clang and kasan-arm64 have none. With it, these two have the short tests of
# the debug kernels.
kernels_of()
{
	local on others k
	on=$(header "$1" kernel)
	on=${on:-stock kasan}
	others=$(header "$1" others)
	[[ "$others $on " != "short "*" kasan "* ]] || on+=" clang kasan-arm64"
	for k in $on; do
		case $k in
		clang|kasan-arm64) wanted "$k" '' ;;
		*) wanted "$k" yes ;;
		esac && echo "$k"
	done
	[[ " $on " = *" stock "* ]] && [ "$others" != no ] || return 0
	for k in $(vm/debian.sh -l); do
		wanted "$k" "$(short "$k" "$others")" && echo "$k"
	done
	return 0
}

# short KERNEL OTHERS: says yes where a test of that kind runs without -k
short()
{
	[ "$2" = short ] && awk -v k="$1" '$1 == k { exit $5 != "short" }' \
		vm/debian.list && echo yes
}

# wanted KERNEL UNASKED: by -k or, without, because of UNASKED
wanted()
{
	case " $only " in
	"  ") [ "$2" ] ;;
	*" all "*|*" $1 "*) ;;
	*) false ;;
	esac
}

good()		# WHAT
{
	passed=$((passed + 1))
	[ -z "${V-}" ] || echo "ok: $1"
}

bad()		# WHAT
{
	failed=$((failed + 1))
	summary+=("$1")
	echo "FAILED: $1"
}

# note KERNEL TEST [CHECKS FAILED SECONDS]: for tests/tested.sh; nothing while it runs
note()
{
	local file=$build/tested/$1
	[ -e "$build/kernels/$1/release" ] || return 0
	mkdir -p "$build/tested"
	{
		grep -vs "^$2 " "$file"
		[ $# -eq 2 ] || echo "${*:2}" \
			"$(<"$build/kernels/$1/release") $(date -u +%F)"
	} >"$file.new"
	mv "$file.new" "$file"
}

# report WHERE TEST...: reads what the tests print; counts and shows it
report()
{
	local where=$1 line current='' status=0 n=0 f=0 s=0 since=0
	shift
	local -A pending=()
	for line in "$@"; do
		pending[$line]=1
		note "$where" "$line"
	done

	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		"# begin "*)
			current=${line#\# begin }
			n=0 f=$failed s=$skipped since=$SECONDS ;;
		"# end $current")
			unset "pending[$current]"
			[ $n -gt 0 ] || bad "$where: $current: makes no check"
			printf '%s: %s: %d checks, %d failed' "$where" \
				"$current" $n $((failed - f))
			[ $s = $skipped ] ||
				printf ', %d skipped' $((skipped - s))
			printf ' (%d s)\n' $((SECONDS - since))
			note "$where" "$current" $n $((failed - f)) $((SECONDS - since))
			current= ;;
		"ok "*"# SKIP"*)
			n=$((n + 1)) skipped=$((skipped + 1))
			echo "skipped: $where: $current: ${line#ok * - }" ;;
		"ok "*" - "*)
			n=$((n + 1))
			good "$where: $current: ${line#ok * - }" ;;
		"not ok "*" - "*)
			n=$((n + 1))
			bad "$where: $current: ${line#not ok * - }" ;;
		"# status "*)
			status=${line#\# status } ;;
		*)
			[ -z "$line" ] || echo "    $line" ;;
		esac
	done
	for line in "${!pending[@]}"; do
		bad "$where: $line: did not finish"
	done
	return "$status"
}

# took WHAT SINCE: says how long that was, if it was
took()
{
	[ $((SECONDS - $2)) -lt 5 ] || echo "$1: $((SECONDS - $2)) s"
}

# prepare WHAT COMMAND...: counted only when it fails
prepare()
{
	local what=$1 since=$SECONDS
	shift
	"$@" || { bad "$what"; return 1; }
	took "$what" "$since"
}

run_host_tests()
{
	local file name limit
	for file in "$@"; do
		name=$(name_of "$file")
		limit=$(header "$file" timeout)
		report "${file%%/*}" "$name" < <(
			echo "# begin $name"
			timeout -k 5 $((${limit:-60} * patience)) \
				sh "$file" </dev/null 2>&1 ||
				echo "not ok 0 - ended with status $?"
			echo "# end $name")
	done
}

# make_payload KERNEL FILE...: what the guest finds in /klua; prints the
# seconds all of it may take
make_payload()
{
	local kernel=$1 file limit sum=60 factor=$patience
	shift
	[ "$kernel" = stock ] || factor=$((factor * slow))
	rm -rf "$payload"
	vm/payload.sh "$kernel" "$payload" || return
	mv "$payload/guest/main" "$payload/main"
	: >"$payload/plan"
	: >"$work/allow"
	for file in "$@"; do
		limit=$(header "$file" timeout)
		limit=$((${limit:-60} * factor))
		sum=$((sum + limit))
		echo "$(name_of "$file") $limit $file" >>"$payload/plan"
		header "$file" allow | sed "s/^/$(name_of "$file")\t/" \
			>>"$work/allow"
	done
	echo "$sum"
}

# counts KERNEL FILE: there the clock of this test counts instructions. On kasan-arm64
# every one does: an access of memory takes a call there, and on a machine that others use
# it took two minutes to run a script of 1 MiB.
counts()
{
	local on kind kinds=amd64
	[ "$1" != kasan-arm64 ] || return 0
	on=$(header "$2" clock)
	! has_arch "$1" || kinds="others $(<"$build/kernels/$1/arch")"
	for kind in $kinds; do
		[[ "${on#instructions} " != *" $kind "* ]] || return 0
	done
	[ "$on" = instructions ]
}

# boot KERNEL LOG WORDS FILE...
boot()
{
	local kernel=$1 log=$2 words=$3 file limit quiet memory more=() names=()
	local set
	shift 3
	memory=$(header "$1" memory)
	set=$(header "$1" programs)
	if [ "$set" ]; then
		prepare "$kernel: the programs $set" vm/programs.sh "$set" ||
			return
		more=(-x "$build/programs-$set.cpio")
	fi
	! counts "$kernel" "$1" || more+=(-i)
	case $(header "$1" processors) in
	1) more+=(-c 1) ;;
	?*) more+=(-o) ;;
	esac
	for file in "$@"; do names+=("$(name_of "$file")"); done
	limit=$(make_payload "$kernel" "$@") || {
		bad "$kernel: the files for the VM"
		return
	}
	quiet=$(awk '$2 > max { max = $2 } END { print max + 60 }' "$payload/plan")
	report "$kernel" "${names[@]}" < <(
		vm/vm -k "$kernel" -n "$log-$$" -t "$limit" -q "$quiet" \
			-m "${memory:-512M}" -a "$words" -A "$work/allow" \
			"${more[@]}" "$payload" 2>"$work/err"
		echo "# status $?")
	case $? in
	0|120) ;;
	*)
		bad "$kernel: the VM does not end as it should"
		cat "$work/err" ;;
	esac
	for file in console out bad; do
		mv "$build/logs/$log-$$.$file" "$build/logs/$log.$file"
	done
	for file in $(cut -f 1 "$build/logs/$log.bad" | uniq); do
		bad "$kernel: $file: warnings on the console, build/logs/$log.console:"
		note "$kernel" "$file"
		grep "^$file	" "$build/logs/$log.bad" | cut -f 2- |
			sed 's/^/    /;20q'
	done
}

# is_other KERNEL: it is one of vm/debian.list
is_other()
{
	vm/debian.sh -l | grep -qxF -- "$1"
}

# has_arch KERNEL: it is one of those or, like them, for another architecture
has_arch()
{
	[ -e "$build/kernels/$1/arch" ]
}

# collect JOB LOG STATUS: counts what a run of its own said
collect()
{
	local line counts
	while IFS= read -r line; do
		summary+=("${line#FAILED: }")
	done < <(grep '^FAILED: ' "$2")
	counts=$(tail -n 1 "$2" | tr -cd '0-9 ')
	read -r -a counts <<<"$counts"
	if [ "${#counts[@]}" -lt 2 ]; then
		bad "$1: did not finish (status $3)"
		return
	fi
	passed=$((passed + counts[0]))
	failed=$((failed + counts[1]))
	skipped=$((skipped + ${counts[2]:-0}))
}

# fetch_others KERNEL...: while other tests run; who needs one waits for its lock,
# and says what is wrong when it cannot be fetched
fetch_others()
{
	local k since
	for k in "$@"; do
		since=$SECONDS
		vm/debian.sh "$k" 2>/dev/null
		took "$k: fetched while other tests ran" "$since"
	done </dev/null >"$work/fetched" &
	running[fetch]=$!
}

# begin_job JOB FILE...: in the background; a job is "host" or a kernel
begin_job()
{
	local job=$1 option=(-k "$1")
	shift
	[ "$job" != host ] || option=()
	mkfifo "$work/$job.pipe"
	tee "$work/$job" <"$work/$job.pipe" | show_job &
	shown_by[$job]=$!
	"$self" "${option[@]}" "$@" </dev/null >"$work/$job.pipe" 2>&1 &
	running[$job]=$!
	at[$!]=$job
	began_at[$job]=$SECONDS
}

# show_job: what a job says but its last lines, and the details, which are indented, in
# one piece with the line that they lead to
show_job()
{
	local line text=
	while IFS= read -r line && [ "$line" ]; do
		text+=$line$'\n'
		case $line in
		" "*) ;;
		*)
			printf %s "$text"
			text= ;;
		esac
	done
	printf %s "$text"
	cat >/dev/null
}

# finish_job: the first of them that ends
finish_job()
{
	local status=0 pid job
	wait -n -p pid "${!at[@]}" || status=$?
	job=${at[$pid]}
	wait "${shown_by[$job]}"
	unset "running[$job]" "at[$pid]"
	collect "$job" "$work/$job" "$status"
	echo "$job: all of it took $((SECONDS - began_at[$job])) s"
}

# run_jobs JOB...: as many at a time as there are processors
run_jobs()
{
	local job
	for job in "$@"; do
		[ "${#at[@]}" -lt "$(nproc)" ] || finish_job
		# shellcheck disable=SC2086	# one word for each file
		begin_job "$job" ${files_of[$job]}
	done
	while [ "${#at[@]}" -gt 0 ]; do
		finish_job
	done
}

run_guest_tests()	# KERNEL FILE...
{
	local kernel=$1 tools=kernels file own together=() modules=
	shift
	if [ "$kernel" = stock ]; then
		prepare "$kernel: the kernel" vm/stock.sh || return
	elif is_other "$kernel"; then
		prepare "$kernel: the kernel" vm/debian.sh "$kernel" &&
		prepare "$kernel: the tools" vm/need.sh \
			"vm-$(cat "$build/kernels/$kernel/arch")" &&
		prepare "$kernel: the VM's programs" vm/rootfs.sh "$kernel" ||
			return
	else
		case $kernel in
		clang) tools='kernel-clang' ;;
		*-arm64) tools='kernel-arm64' ;;
		esac
		prepare "$kernel: the tools" vm/need.sh "$tools" &&
		prepare "$kernel: the kernel" vm/build-kernel.sh "$kernel" &&
		prepare "$kernel: the VM's programs" vm/rootfs.sh "$kernel" ||
			return
	fi
	if has_arch "$kernel" && [ "$(header_all others "$@")" = short ]; then
		modules='examples tests/kunit tests/runner'
	fi
	# Without a consumer module the tests of the others can still run.
	# shellcheck disable=SC2086	# one word for each directory
	prepare "$kernel: the modules build" vm/modules.sh "$kernel" $modules ||
		[ -e "$build/modules/$kernel/.built" ] || return
	if [ -s "$build/modules/$kernel.warnings" ]; then
		bad "$kernel: the modules build without warnings"
	else
		good "$kernel: the modules build without warnings"
	fi
	for file in "$@"; do
		[ -n "$(header "$file" boot)" ] || together+=("$file")
	done
	[ ${#together[@]} -eq 0 ] || boot "$kernel" "$kernel" '' "${together[@]}"
	for file in "$@"; do
		own=$(header "$file" boot)
		[ -z "$own" ] ||
			boot "$kernel" "$kernel-$(name_of "$file")" \
				"${own#own}" "$file"
	done
}

only=
list=
declare -A running=() at=() began_at=() shown_by=()
[ "${1-}" != --help ] || set -- -h
while getopts k:lh opt; do
	case $opt in
	k) only="$only $OPTARG";;
	l) list=1;;
	h) usage; exit 0;;
	*) usage >&2; exit 2;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- host guest

files=$(select_tests "$@") || exit 2
declare -A files_of=()
for file in $files; do
	case $file in
	guest/*) for k in $(kernels_of "$file"); do files_of[$k]+=" $file"; done ;;
	*) files_of[host]+=" $file" ;;
	esac
	[ -z "$list" ] || echo "$file: $(name_of "$file")" \
		"$([[ $file != guest/* ]] || kernels_of "$file" | tr '\n' ' ')"
done
[ -z "$list" ] || exit 0

mkdir -p "$build"
work=$(mktemp -d "$build/tmp.XXXXXX")
payload=$work/payload
# shellcheck disable=SC2317	# the trap calls it
cleanup()
{
	[ ${#running[@]} -eq 0 ] || kill "${running[@]}" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# What takes longest goes first: of the debug kernels kasan, of the others, which are
# fetched meanwhile, arm64.
jobs=()
others=()
for k in host kasan stock $(printf '%s\n' "${!files_of[@]}" | LC_ALL=C sort); do
	[[ ${files_of[$k]-} && " ${jobs[*]} ${others[*]} " != *" $k "* ]] || continue
	if [ ${#files_of[@]} -gt 1 ] && [ "$k" != host ] && is_other "$k"; then
		others+=("$k")
	else
		jobs+=("$k")
	fi
done
# All guest tests need these, which two jobs would make at the same time.
made=yes
if [[ ${files_of[*]} = *guest/* ]]; then
	prepare "tools" vm/need.sh build vm && prepare "the VM's programs" vm/rootfs.sh ||
		made=
fi
# shellcheck disable=SC2086	# one word for each file
if [ "$made" ] && [ ${#files_of[@]} -gt 1 ]; then
	[ -z "${files_of[stock]-}" ] || prepare "the stock kernel" vm/stock.sh
	[ ${#others[@]} -eq 0 ] || fetch_others "${others[@]}"
	run_jobs "${jobs[@]}" "${others[@]}"
	if [ ${#others[@]} -gt 0 ]; then
		wait "${running[fetch]}"
		unset "running[fetch]"
		cat "$work/fetched"
	fi
elif [ "${jobs[*]}" = host ]; then
	run_host_tests ${files_of[host]}
elif [ "$made" ] && [ ${#jobs[@]} -gt 0 ]; then
	run_guest_tests "${jobs[0]}" ${files_of[${jobs[0]}]}
fi

if [ ${#summary[@]} -gt 0 ]; then
	echo
	echo "What failed:"
	printf '    %s\n' "${summary[@]}"
fi
echo
if [ $skipped -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]

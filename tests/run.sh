#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: run.sh [-k KERNEL] [-l] [TEST|GROUP]...
#
# Runs tests: those named or, without names, the groups "host" and "guest".
# The last line is "N passed, N failed" with ", N skipped" when some were.
#
#   -k KERNEL	guest tests on this kernel only (may be repeated)
#   -l		lists the tests and the kernels they run on
#
# A group is a directory of tests/, a test is a file NN-NAME.sh in it. A
# comment at a test's top may say
#   # kernel: NAME...	kernels to run on ("stock kasan"), guest tests only
#   # timeout: SECONDS	longest time on the stock kernel (60)
#   # boot: own [WORDS]	a boot for itself, with WORDS on the kernel's command
#			line
#   # clock: instructions	one processor whose clock counts instructions, with
#			a boot of its own
#   # memory: SIZE	of the VM, with a boot of its own (512M)
#   # clients: yes	the VM has the programs of tests/vm/clients.sh, with a
#			boot of its own
#   # allow: EXPRESSION	a text that the test makes the kernel say on purpose
#			and that fails any other test (may be repeated)
# V=1 shows the kernel's messages as they come.
set -u
. "$(dirname "$0")/vm/common.sh"
cd "$top/tests" || exit 2

# A debug kernel on an emulated processor needs this many times longer.
slow=5

passed=0
failed=0
skipped=0
summary=()

header()	# FILE KEY
{
	sed -n "/^#/!q; s/^# $2: //p" "$1"
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

kernels_of()	# FILE
{
	local on k
	on=$(header "$1" kernel)
	for k in ${on:-stock kasan}; do
		[ -z "$only" ] || [[ " $only " = *" $k "* ]] || continue
		echo "$k"
	done
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

# report WHERE TEST...: reads what the tests print; counts and shows it
report()
{
	local where=$1 line current='' status=0 n=0 f=0 s=0 since=0
	shift
	local -A pending=()
	for line in "$@"; do pending[$line]=1; done

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

# prepare WHAT COMMAND...: counted only when it fails
prepare()
{
	local what=$1
	shift
	"$@" || { bad "$what"; return 1; }
}

run_host_tests()
{
	local file name limit
	for file in "$@"; do
		name=$(name_of "$file")
		limit=$(header "$file" timeout)
		report "${file%%/*}" "$name" < <(
			echo "# begin $name"
			timeout -k 5 "${limit:-60}" sh "$file" </dev/null 2>&1 ||
				echo "not ok 0 - ended with status $?"
			echo "# end $name")
	done
}

# make_payload KERNEL FILE...: what the guest finds in /klua; prints the
# seconds all of it may take
make_payload()
{
	local kernel=$1 file limit sum=60 factor=1
	shift
	[ "$kernel" = stock ] || factor=$slow
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

# boot KERNEL LOG WORDS FILE...
boot()
{
	local kernel=$1 log=$2 words=$3 file limit quiet memory more=() names=()
	shift 3
	memory=$(header "$1" memory)
	if [ -n "$(header "$1" clients)" ]; then
		prepare "$kernel: the clients" vm/clients.sh || return
		more=(-x "$build/clients.cpio")
	fi
	[ -z "$(header "$1" clock)" ] || more+=(-i)
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
		grep "^$file	" "$build/logs/$log.bad" | cut -f 2- |
			sed 's/^/    /;20q'
	done
}

run_guest_tests()	# KERNEL FILE...
{
	local kernel=$1 file own together=()
	shift
	if [ "$kernel" = stock ]; then
		prepare "$kernel: the kernel" vm/stock.sh || return
	else
		prepare "$kernel: the tools" vm/need.sh kernels || return
		prepare "$kernel: the kernel" vm/build-kernel.sh "$kernel" ||
			return
	fi
	# Without a consumer module the tests of the others can still run.
	prepare "$kernel: the modules build" vm/modules.sh "$kernel" ||
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
host=()
declare -A on=()
for file in $files; do
	case $file in
	guest/*) for k in $(kernels_of "$file"); do on[$k]+=" $file"; done ;;
	*) host+=("$file") ;;
	esac
	[ -z "$list" ] || echo "$file: $(name_of "$file")" \
		"$([[ $file != guest/* ]] || kernels_of "$file" | tr '\n' ' ')"
done
[ -z "$list" ] || exit 0

mkdir -p "$build"
work=$(mktemp -d "$build/tmp.XXXXXX")
payload=$work/payload
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

[ ${#host[@]} -eq 0 ] || run_host_tests "${host[@]}"
if [ ${#on[@]} -gt 0 ]; then
	prepare "tools" vm/need.sh build vm &&
	prepare "the VM's programs" vm/rootfs.sh &&
	for k in $(printf '%s\n' "${!on[@]}" | LC_ALL=C sort -r); do
		# shellcheck disable=SC2086	# one word for each file
		run_guest_tests "$k" ${on[$k]}
	done
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

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What a test script in the VM has besides the checks of tests/lib.sh. It
# begins with: . "$(dirname "$0")/lib.sh"

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

loaded=

# Which of the interpreter's loops is to run: auto, gotos, or tree
: "${dispatch:=auto}"

# Emulated processors are slow, and slower still where others want the real ones:
# here steps end what is too long, not the clock, unless a test says otherwise.
patient="atomic_steps=10000000 atomic_us=8000000 irq_us=100000"

# load MODULE [PARAMETER=VALUE]...: until the script ends
load()
{
	local module="$1"
	shift
	# shellcheck disable=SC2086	# one word for each parameter
	[ "$module" != klua ] || set -- $patient dispatch="$dispatch" "$@"
	if insmod "/klua/modules/$module.ko" "$@"; then
		loaded="$module $loaded"
	else
		not_ok "load $module"
		exit 0
	fi
}

# unload MODULE
unload()
{
	local rest='' module
	for module in $loaded; do
		[ "$module" = "$1" ] || rest="$rest $module"
	done
	loaded=$rest
	rmmod "$1"
}

# A module that cannot be unloaded is held by a reference somebody forgot.
finish()
{
	local status=$? module
	[ "$status" -eq 0 ] || not_ok "the script ends with status $status"
	for module in $loaded; do
		rmmod "$module" || not_ok "unload $module"
	done
}
trap finish EXIT

# Where there is KCSAN: it watches one access in 4000 for 80 us. One in 500, and
# for so long that an emulated processor that had to wait for a real one runs
# again, finds in seconds what takes it minutes.
watch_races()
{
	local to=/sys/module/kcsan/parameters
	[ -d "$to" ] || return 0
	echo 500 >"$to/skip_watch"
	echo 400 >"$to/udelay_task"
}

# dmesg_mark; ...; dmesg_since: what the kernel said in between, without times
dmesg_mark()
{
	mark="klua-mark: $$-$((${mark_count:=0} + 1))"
	mark_count=$((mark_count + 1))
	echo "$mark" >/dev/kmsg
}

dmesg_since()
{
	dmesg | sed "1,/$mark\$/d; s/^\[[^]]*\] //"
}

# page_kib: KiB of a page, which the program's auxiliary vector has (AT_PAGESZ is 6). Not
# every kernel has /proc/self/smaps.
page_kib()
{
	od -An -v -t u8 -w16 /proc/self/auxv | awk '$1 == 6 { print $2 / 1024 }'
}

# free_now: KiB of the machine's memory that nobody uses. Pages that a processor keeps at
# hand are among it: MemFree is without them, and since Linux 6.7 they may be an eighth
# of the memory.
free_now()
{
	awk -v page="$(page_kib)" '
	     /^(MemFree|Cached|Buffers):/ { sum += $2 }
	     / count:/ { sum += page * $2 }
	     END { print sum }' /proc/meminfo /proc/zoneinfo
}

# has_kasan: each access of memory is checked. (Any kernel may have names with "kasan".)
has_kasan()
{
	grep -q ' kasan_report$' /proc/kallsyms
}

# lua SCRIPT [KEY=VALUE]...: runs it through klua_runner; sets $lua_errno and
# $lua_text (the results, or the error message). Keys: see tests/runner/.
lua()
{
	local script="$1"
	shift
	exec 4<>/dev/klua-runner
	{ printf 'run%s\n' "$(printf ' %s' "$@")"; printf '%s' "$script"; } >&4
	{ read -r lua_errno; lua_text=$(cat); } <&4
	exec 4>&-
}

# lua_ok WHAT SCRIPT RESULTS [KEY=VALUE]...
lua_ok()
{
	local what="$1" script="$2" results="$3"
	shift 3
	lua "$script" "$@"
	is "$what" "0: $results" "$lua_errno: $lua_text"
}

# lua_fails WHAT SCRIPT ERRNO MESSAGE [KEY=VALUE]...: a pattern for a message
lua_fails()
{
	local what="$1" script="$2" errno="$3" message="$4"
	shift 4
	lua "$script" "$@"
	like "$what" "-$errno: $message" "$lua_errno: $lua_text"
}

# gone NUMBER: soon klua knows no state of this number
gone()
{
	local i=0
	while klua show --id "$1" >/dev/null 2>&1; do
		[ $((i += 1)) -lt 600 ] || { not_ok "$1 goes"; return; }
		sleep 0.1
	done
}

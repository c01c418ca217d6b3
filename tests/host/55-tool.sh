#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 900
#
# The program klua as a program: built as distributions build theirs, without a
# complaint of compilers and checkers, and clean under the sanitizers wherever
# it gets without the module.
. "$(dirname "$0")/../lib.sh"

cd "$(dirname "$0")/../.." || exit 1
tests/vm/need.sh vm tool || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# tool DIRECTORY [VARIABLE=VALUE]...: builds it there
tool()
{
	local out=$1
	shift
	env -u MAKEFLAGS -u MAKELEVEL make -s -C tools/klua "O=$out" "$@" \
		2>&1
}

is "it compiles without a warning" '' "$(tool "$tmp/plain")"
klua=$tmp/plain/klua
properties=$(readelf -dlsW "$klua")
like "it may be loaded anywhere" '*Flags: *PIE*' "$properties"
like "its tables are read-only" '*GNU_RELRO*' "$properties"
like "from the beginning" '*FLAGS*NOW*' "$properties"
like "its stack is guarded" '*__stack_chk_fail*' "$properties"
like "its calls are checked" '*_chk@*' "$properties"

if command -v dpkg-buildflags >/dev/null; then
	commands=$(tool "$tmp/none" -n)
	for flag in $(for kind in CFLAGS CPPFLAGS LDFLAGS; do
			DEB_BUILD_MAINT_OPTIONS='hardening=+all reproducible=-all' \
				dpkg-buildflags --get $kind
		      done); do
		case $flag in
		-O2|-g) ;;
		*) like "Debian's flag $flag" "* $flag *" "$commands" ;;
		esac
	done
else
	skip "Debian's flags" "there is no dpkg-buildflags"
fi

is "it compiles with sanitizers" '' "$(tool "$tmp/asan" HARDENING= \
	LDHARDENING= CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all')"

# sane STATUS WORD...: that is how it ends, and a sanitizer says nothing
sane()
{
	local want="$1" status said
	shift
	said=$("$tmp/asan/klua" "$@" 2>&1 </dev/null)
	status=$?
	is "klua $*: status" "$want" "$status"
	case $said in
	*Sanitizer*|*'runtime error'*) not_ok "klua $*" "$said" ;;
	esac
}

sane 0 help
sane 0 --version
for command in $("$klua" help | sed -n 's/^  \([a-z]*\)  *[A-Z].*/\1/p'); do
	sane 0 "$command" --help
done
sane 2 frob
sane 2 destroy -dash
sane 2 destroy --json -dash
sane 2 frob --json
sane 2 list --force -j
sane 2 create u/x -jm
sane 2 --json
sane 2 -j
sane 0 help --json
sane 0 help -p list
sane 2 list --frob
sane 2 create
sane 2 create -m
sane 2 list --sort nothing
for size in 0 1Q 1.5 1.M K -1 99999999999999T 1KB 1e3 ''; do
	sane 2 create "-m$size" u/x
done
sane 2 create -s 0 u/x
for time in 0 0us 4001 4295s 0x10s 1e3ms 1.s .s s inf 99999999999999999999s; do
	sane 2 create -T "$time" u/x
done
sane 2 wait -t -1 u/x
sane 2 wait -t 1e1 u/x
sane 2 create "$(printf '%064d' 0)"
sane 2 run "$tmp/none"
sane 2 "$tmp/none" x
sane 2 stats --watch=0
sane 2 stats --watch 0
sane 2 stats -w 0 u/x
sane 2 run u/x
sane 2 run --
sane 2 run -- -x/y
sane 2 run -- u/x -y -- z
sane 2 run -- a b c
sane 2 stats --id
sane 2 stats --id 1 2
sane 2 run --id /dev/null
sane 2 run --force -e 1
sane 2 repl --force
sane 2 set -m 99999999999999999999.5 u/x
sane 2 batch "$tmp/none"
printf 'help\n help list # more\n"he"lp '"'cre'"'ate\nhe\\lp\n' >"$tmp/batch"
sane 0 batch "$tmp/batch"
printf 'help "list\n' >"$tmp/batch"
sane 2 batch "$tmp/batch"
sane 2 batch --json "$tmp/batch"
if [ ! -e /sys/module/klua ]; then
	for command in list info stats top monitor repl 'run -e 1' 'show x'; do
		# shellcheck disable=SC2086	# one word for each
		sane 5 $command
	done
	sane 0 destroy --if-exists u/x
	sane 0 destroy --json -x u/x
fi

# A pipe that nobody waits for is shared with programs that made it one. It is read
# when it is full, or when nobody writes any more.
"$klua" help --json >"$tmp/wanted"
# slow DESCRIPTOR WORD...: klua with such a pipe for that; what comes out of it
slow()
{
	perl -e 'use Fcntl; use POSIX;
		my ($to, @words) = @ARGV;
		my ($had, $size) = (0, pack("i", 0));
		pipe(my $out, my $in) or die;
		fcntl($in, F_SETFL, O_WRONLY | O_NONBLOCK) or die;
		fcntl($in, 1031, 4096) or die;		# F_SETPIPE_SZ
		my $pid = fork() // die;
		if (!$pid) {
			POSIX::dup2(fileno($in), $to);
			exec(@words);
			POSIX::_exit(99);
		}
		close($in);
		until ($had >= 4096 || waitpid($pid, WNOHANG)) {
			ioctl($out, 0x541b, $size) or die;	# FIONREAD
			$had = unpack("i", $size);
			select(undef, undef, undef, 0.01);
		}
		my $status = $?;
		print while <$out>;
		$status = $? if waitpid($pid, 0) > 0;
		exit($status >> 8)' "$@"
}
slow 1 "$klua" help --json >"$tmp/got"
is "all of it comes out of a slow pipe: status" 0 $?
check "all of it comes out of a slow pipe" cmp "$tmp/wanted" "$tmp/got"

# Another look at what is not initialized
for words in 'help' 'run --help' 'destroy -dash' 'create -m1Q x' 'list' \
	     "batch $tmp/batch"; do
	# shellcheck disable=SC2086	# one word for each
	said=$(valgrind --quiet --error-exitcode=99 "$klua" $words 2>&1)
	status=$?
	is "valgrind has nothing to say of klua $words" 1 \
		"$((status != 99))"
	case $said in
	*==*) not_ok "klua $words" "$said" ;;
	esac
done

is "cppcheck has nothing to say" '' "$(cppcheck --quiet \
	--enable=warning,portability --inline-suppr \
	--suppress=missingIncludeSystem --error-exitcode=1 tools/klua 2>&1)"
# shellcheck disable=SC2046	# one word for each flag
is "clang's analyzer has nothing to say" '' "$(cd "$tmp" && clang --analyze \
	--analyzer-output text -Xclang -analyzer-disable-checker \
	-Xclang deadcode.DeadStores \
	$(pkg-config --cflags libmnl libedit json-c) \
	"$OLDPWD"/tools/klua/*.c 2>&1)"

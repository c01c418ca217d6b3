# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What demo.sh and test.sh share. Both run as root inside the VM and need no
# more than busybox and dnsmasq.

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
firmware=/lib/firmware
server=
ipv6=$(cat /proc/net/if_inet6 2>/dev/null)

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# find_file NAME: its path, beside this script, below it or one level up
find_file()
{
	for path in "$here/$1" "$here"/*/"$1" "$here/../$1" "$here"/../*/"$1"; do
		[ ! -e "$path" ] || { echo "$path"; return; }
	done
	echo "there is no $1 near $here" >&2
	return 1
}

# load MODULE [PARAMETER=VALUE]...: an emulated processor is slow, and slower
# still where others want the real one, so the clock has to be patient
load()
{
	path=$(find_file "$1.ko") || return 1
	module=$1
	shift
	[ "$module" != klua ] ||
		set -- atomic_us=8000000 irq_us=100000 "$@"
	insmod "$path" "$@"
}

# unload MODULE...: those that are loaded
unload()
{
	for module; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module" || return 1
	done
}

# A DNS server on the loopback interface that knows the address of each name
# below test. and example., and writes down what it is asked.
start_server()
{
	dnsmasq --keep-in-foreground --user=root --conf-file=/dev/null \
		--pid-file="$work/pid" --no-resolv --no-hosts --bind-interfaces \
		--listen-address=127.0.0.1${ipv6:+,::1} \
		--log-queries --log-facility="$work/queries" \
		--address=/test/192.0.2.1 --address=/example/192.0.2.2 &
	server=$!
	tries=100
	until grep -qs started "$work/queries"; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ] || ! kill -0 "$server" 2>/dev/null; then
			die "dnsmasq does not start: $(cat "$work/queries")"
		fi
		sleep 0.1
	done
}

stop_server()
{
	[ -z "$server" ] || kill "$server"
	server=
}

# ask NAME [SECONDS [SERVER]]: the address that the server answers, else what
# the resolver says instead
ask()
{
	nslookup -type=a -retry=1 -timeout="${2:-10}" "$1" \
		"${3:-127.0.0.1}" 2>&1 |
		awk '/^Name:/ { named = 1 }
		     named && /^Address/ { print $NF; exit found = 1 }
		     /refused|timed out|find|rror/ && !other { other = $0 }
		     END { if (!found) print other }'
}

# seen NAME: how often the server was asked for it
seen()
{
	grep -c "query\[A\] $1 from" "$work/queries"
}

# mark, since: the kernel's messages from mark on
mark()
{
	marks=$((${marks:-0} + 1))
	echo "examples: mark $$-$marks" >/dev/kmsg
}

since()
{
	dmesg | sed "1,/examples: mark $$-$marks\$/d; s/^\[[^]]*\] //"
}

at_exit()
{
	stop_server
	rm -rf "$work"
}
trap at_exit EXIT
trap 'exit 130' INT TERM HUP

[ "$(id -u)" -eq 0 ] || die "only root can load modules"
mkdir -p "$firmware"
for script in dnsfilter luadev luatimer luashare luashare-shared; do
	cp "$(find_file $script.lua)" "$firmware/" || exit 1
done

# be_verbose: dnsfilter's script prints what it accepts, too
be_verbose()
{
	klua run --force dnsfilter -e 'verbose = true' >/dev/null
}

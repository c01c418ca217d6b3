#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 240
# boot: own KLUA_SYSTEMD=1
# memory: 1G
# programs: systemd
#
# A machine that systemd boots loads the module, and has the states that its
# administrator wrote scripts for; these are upgraded, stopped and started as
# services. Whoever asks for the family has the module loaded.
. "$(dirname "$0")/lib.sh"

if [ ! -e /lib/systemd/systemd ]; then
	skip "boot" "there are no Debian packages to take systemd from"
	exit
fi
export PATH="$PATH:/sbin:/usr/local/sbin"

# said [OPTION]...: what the journal has
said()
{
	journalctl --no-pager -b -o cat "$@" 2>&1
}

# greets WHAT NUMBER: the global of the state's script
greets()
{
	is "$1" "$2" "$(klua run user/first -e 'return greeting' 2>&1)"
}

is "systemd is the first process" systemd "$(cat /proc/1/comm)"
# Its own words, or the kernel's if the journal was not there yet
like "it has loaded the module" "*Inserted module 'klua'*" "$(said)"

# As tests/boot/prepare.sh left them
is "a service has made its state" active "$(systemctl is-active klua@first)"
greets "with its script" one
like "and with its options" '*"kind":"atomic",*"memory_max":4194304,*' \
	"$(klua show --json user/first)"
is "one whose script fails is none" failed \
	"$(systemctl is-active klua@broken)"
like "and says why" \
	'*klua: user/broken: cannot replace the state: /etc/klua/broken.lua:1: oh*traceback*' \
	"$(said -u klua@broken)"
check_fails "it has no state" klua show user/broken

echo 'greeting = "two"' >/etc/klua/first.lua
check "reload" systemctl reload klua@first
greets "upgrades the state" two
echo 'greeting = "three" error("oh")' >/etc/klua/first.lua
check_fails "reload with a script that fails" systemctl reload klua@first
greets "changes nothing" two
like "and says why" '*first.lua:1: oh*' "$(said -u klua@first)"
is "the service goes on" active "$(systemctl is-active klua@first)"

check "stop" systemctl stop klua@first
check_fails "ends the state" klua show user/first
check_fails "start with a script that fails" systemctl start klua@first
check_fails "makes none" klua show user/first
echo 'greeting = "four"' >/etc/klua/first.lua
check "start" systemctl start klua@first
greets "makes it anew" four

check_fails "no script, no service" systemctl start klua@second
like "and its path is said" '*klua: /etc/klua/second.lua: No such file or directory*' \
	"$(systemctl status klua@second)"
echo 'x = 2' >/etc/klua/second.lua
check "enable --now" systemctl enable --now klua@second
is "makes another one" 2 "$(klua run user/second -e 'return x')"
like "of the usual kind" '*"kind":"sleepable",*' \
	"$(klua show --json user/second)"
check "for the next boot, too" systemctl is-enabled klua@second

# To stop a service whose state is gone is no failure; one whose state stays is.
check "a state goes by hand" klua destroy user/second
check "stop without it" systemctl stop klua@second
is "is no failure" inactive "$(systemctl is-active klua@second)"
check "start" systemctl start klua@second
klua set -s unlimited -T unlimited user/second
klua run user/second -e 'while true do end' >/dev/null 2>&1 &
runner=$!
until klua show --json user/second | grep -q '"busy":true'; do :; done
check "stop of a state that is held returns" systemctl stop klua@second
is "and the unit is failed" failed \
	"$(systemctl is-active klua@second)"
like "and says why" '*klua: user/second: cannot destroy the state: somebody holds the state*' \
	"$(said -u klua@second)"
klua cancel user/second
wait "$runner"
check "start" systemctl start klua@second
is "makes it anew" 2 "$(klua run user/second -e 'return x')"

systemctl stop klua@first klua@second
check "the module goes" modprobe -r klua
check "start" systemctl start klua@first
greets "has it loaded" four
systemctl stop klua@first
modprobe -r klua
is "it is gone" '' "$(grep '^klua ' /proc/modules)"
check "whoever asks for the family" klua list
like "has it loaded" 'klua *' "$(grep '^klua ' /proc/modules)"

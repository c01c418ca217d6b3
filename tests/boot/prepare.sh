#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Leaves in the VM, before systemd is its first process, what "make install" and
# an administrator would have left, and a service that goes on with /klua/main
# when the boot is done.

cp -r /klua/installed/. /
# The kernel's own call has another path than ours.
modules=/lib/modules/$(uname -r)
mkdir -p "$modules/updates" /etc/klua /etc/systemd/system
cp /klua/modules/klua.ko "$modules/updates/"
touch "$modules/modules.order" "$modules/modules.builtin" \
	"$modules/modules.builtin.modinfo"
/sbin/depmod

# The service of a state wants the module, too, and might come first.
mkdir /etc/systemd/system/modprobe@klua.service.d
printf '[Unit]\nAfter=systemd-modules-load.service\n' \
	>/etc/systemd/system/modprobe@klua.service.d/order.conf

echo 'greeting = "one"' >/etc/klua/first.lua
echo 'KLUA_OPTIONS=--kind atomic --memory 4M' >/etc/klua/first.conf
echo 'error("oh")' >/etc/klua/broken.lua

# Otherwise systemd takes this for the first boot ever, and asks.
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
cat >/etc/systemd/system/klua-test.service <<EOS
[Unit]
Description=Tests
After=multi-user.target

[Service]
Environment=KLUA_PORTS=$KLUA_PORTS
ExecStart=/init

[Install]
WantedBy=graphical.target
EOS
# Nobody logs in, and the programs for it are not there.
/bin/systemctl --root=/ mask getty.target systemd-logind.service
/bin/systemctl --root=/ enable klua@first.service klua@broken.service \
	klua-test.service

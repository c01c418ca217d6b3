#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# At the end of a boot: what kmemleak has found, where there is kmemleak.

leaks=/sys/kernel/debug/kmemleak
[ -e "$leaks" ] || exit 0
unscanned=
# What nothing points to is suspect only once it is some seconds old.
for _ in 1 2; do
	sleep 6
	echo scan >"$leaks" || unscanned=yes
done
if [ "$unscanned" ]; then
	echo "not ok 1 - kmemleak looks for leaks"
elif grep -q . "$leaks"; then
	echo "not ok 1 - no memory is leaked"
	sed 's/^/# /' "$leaks"
else
	echo "ok 1 - no memory is leaked"
fi

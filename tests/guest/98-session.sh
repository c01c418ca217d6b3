#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# shellcheck shell=dash
# kernel: stock
# timeout: 120
#
# The session that doc/administration.md shows, typed at a terminal, is what comes of it.
# Sizes and steps are left out of the comparison.
. "$(dirname "$0")/lib.sh"

export HOME=/tmp TERM=vt100 PS1='# '

# The first block after the paragraph that announces it
sed '1,/^A session, /d' /klua/doc/administration.md | sed '1,/^```$/d; /^```$/,$d' \
	>/tmp/session

# What a person does: what follows a prompt is typed when that is there, and a
# key when what is before it is.
awk '
	/^# / { print "wait # "; print "type " substr($0, 3) "\\r"; next }
	/^> \^D$/ { print "wait > "; print "type \\004"; next }
	/^>> / { print "wait >> "; print "type " substr($0, 4) "\\r"; next }
	/^> / { print "wait > "; print "type " substr($0, 3) "\\r"; next }
	/^\^C/ { print "line " before; print "type \\003" }
	{ before = $0 }
	END { print "wait # "; print "type \\004" }' /tmp/session >/tmp/keys

# plain FILE: without what moves the cursor, sizes, numbers of processes and what
# their width is filled up with; without the echo of what was typed before the line
# editor had the terminal
plain()
{
	sed "s/$(printf '\033')\[[0-9;]*[A-Za-z]//g; s/[0-9.]*K /N /
		s/klua\[[0-9]*]/klua[N]/; s/  */ /g
		s/\"steps\":[0-9]*/\"steps\":N/" "$1" |
		awk '"> " $0 != before && ">> " $0 != before
			{ before = $0 }'
}

load klua
check "the session goes on to its end" sh -c \
	'dialog sh -i </tmp/keys >/tmp/seen'
plain /tmp/session >/tmp/expected
plain /tmp/seen | sed '1,/^$/d' | sed '1,/^$/d; $d' >/tmp/got
is "the page shows what the terminal does" "$(cat /tmp/expected)" \
	"$(cat /tmp/got)"

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of klua's commands, options and states in bash. What there is klua
# says itself, by its help.

_klua_commands()
{
	klua help 2>/dev/null | sed -n 's/^  \([a-z]*\)  *[A-Z].*/\1/p'
}

# _klua_options COMMAND: the long ones
_klua_options()
{
	klua help "$1" 2>/dev/null |
		sed -n 's/^  -[A-Za-z], \(--[a-z-]*\).*/\1/p'
}

# Names with anything unusual in them are left for the user to quote.
_klua_states()
{
	# Asking for states would load the module.
	[ -e /sys/module/klua ] || return
	klua list --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9_.:/-]*"' |
		cut -d '"' -f 4
}

# _klua_words COMMAND: what an argument of it may be
_klua_words()
{
	case $1 in
	help) _klua_commands ;;
	list|show|replace|destroy|run|repl|cancel|stop|start) _klua_states ;;
	set|stats|top|wait|monitor) _klua_states ;;
	esac
}

# _klua_values OPTION: what it takes, or fails where that may be anything
_klua_values()
{
	case $1 in
	-S|--sort) echo 'id name runs steps time errors memory' ;;
	-E|--event) echo 'created destroyed stopped started error limit' ;;
	-k|--kind) echo 'atomic sleepable irq' ;;
	-c|--count|-e|--execute|-m|--memory|-o|--output|-s|--steps) ;;
	-t|--timeout|-T|--time) ;;
	*) return 1 ;;
	esac
}

# _klua_files WORD: also what begins so as a file's name
_klua_files()
{
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$1")
}

_klua()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local at=1 command words

	# As bash splits words, = is one of its own: --kind = atomic.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	while [[ ${COMP_WORDS[at]} = @(-j|--json|-p|--pretty) ]] &&
	      [ "$at" -lt "$COMP_CWORD" ]; do
		at=$((at + 1))
	done
	command=${COMP_WORDS[at]}
	# klua -e CODE is klua run -e CODE.
	[ "$COMP_CWORD" -eq "$at" ] || [ "$command" != -e ] || command=run
	if [ "$COMP_CWORD" -eq "$at" ]; then
		words="$(_klua_commands) --help --version --json --pretty -e"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		[[ $cur != */* ]] || _klua_files "$cur"
		return
	fi
	case $prev in
	-f|--file)
		COMPREPLY=()
		_klua_files "$cur"
		return ;;
	esac
	if words=$(_klua_values "$prev"); then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	case $cur in
	-*) words=$(_klua_options "$command") ;;
	*) words=$(_klua_words "$command") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	case $command in
	run|batch|*/*)
		[[ $cur = -* ]] || _klua_files "$cur" ;;
	esac
}

complete -F _klua klua

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of klua's commands, options and states in bash.

# Names with anything unusual in them are left for the user to quote.
_klua_states()
{
	klua list 2>/dev/null | sed '1d; s/^ *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* //' |
		grep -x '[A-Za-z0-9_.:/-]*'
}

_klua()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='list show create destroy run repl cancel set stats
			monitor info help --help -e'
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	case $prev in
	-e|--execute|-m|--memory|-o|--output|-s|--steps) return ;;
	esac
	case ${COMP_WORDS[1]} in
	list|monitor|info) words='--json --help' ;;
	show) words="--json --id --help" ;;
	create) words='--memory --steps --json --help' ;;
	destroy) words='--force --id --help' ;;
	run) words='--memory --steps --output --execute --id --help' ;;
	repl|set) words='--memory --steps --id --help' ;;
	cancel) words='--id --help' ;;
	stats) words='--watch --json --id --help' ;;
	*) return ;;
	esac
	case $cur in
	-*) ;;
	*)
		case ${COMP_WORDS[1]} in
		show|destroy|run|repl|cancel|set|stats) words=$(_klua_states) ;;
		*) return ;;
		esac ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[ "${COMP_WORDS[1]}" != run ] || [[ $cur = -* ]] ||
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
			< <(compgen -f -- "$cur")
}

complete -F _klua klua

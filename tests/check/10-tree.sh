#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every file says its licence (patches of Lua have that of Lua), and none of them
# is Lua's own.
set --
. "$(dirname "$0")/lib.sh"

# In the first line, in the second below the line that names the interpreter,
# or in the text before a patch
licensed()
{
	case $1 in
	*.patch) sed '/^diff /,$d' "$1" ;;
	*) sed '1{/^#!/d}' "$1" | head -n 1 ;;
	esac | grep -qE 'SPDX-License-Identifier: (GPL-2\.0-only|MIT)' ||
		echo "no SPDX-License-Identifier where it belongs"
}
each licensed

fetched=$(git ls-files -- lua/src '*.tar.gz' '*.deb')
is "nothing fetched is tracked" '' "$fetched"

# By name too: the files of lua-5.3.6/src but those that a shim replaces.
names='l(api|auxlib|baselib|bitlib|code|corolib|ctype|dblib|debug|do|dump|func'
names="$names|gc|init|iolib|lex|limits|mathlib|mem|oadlib|object|opcodes|oslib"
names="$names|parser|state|string|strlib|table|tablib|tests|tm|ua|uac|ualib"
names="$names|undump|utf8lib|vm|zio)\\.[ch]"
is "nothing tracked has the name of a file of Lua's" '' \
	"$(git ls-files | grep -E "(^|/)($names)\$")"

# The README walks through an example that is built and run.
code()
{
	sed -E 's|[[:space:]]*/\*.*\*/$||; /^\/\//d; /^$/d'
}
# shellcheck disable=SC2016	# backticks of Markdown
is "README shows examples/minimal as it is" \
	"$(code <examples/minimal/minimal.c)" \
	"$(sed -n '/^```c$/,/^```$/{/^```/d; p}' README.md | code)"

# All targets but those that others are made of
help=$(make -s help)
targets=$(sed -n '/^\.PHONY:/,/[^\\]$/{s/\\$//; s/^.*://; p;}' Makefile)
for target in $targets; do
	case $target in
	module|help|core|headers|llvm) ;;
	*) like "make help tells of $target" "*  make $target *" "$help" ;;
	esac
done

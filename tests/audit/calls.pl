#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# calls.pl FILE...: each call of a function that reads or writes as many bytes as
# its arguments say, in C files as the compiler sees them: a line "FILE
# FUNCTION CALLEE TIMES" for each, sorted. A call in a macro is the macro's.
use strict;
use warnings;

# strings, memory, conversions; and what the core has made of them
my $callee = join '|', qw(
	mem(?:p?cpy|move|set(?:16|32|64|_l|_p)?|r?chr|chr_inv|cmp|mem|scan|parse)
	b(?:cmp|zero) memzero_explicit memcpy_and_pad memcat_p
	str(?:n?len|n?(?:case)?cmp|coll|xfrm|[nsl]?cpy|scpy_pad|n?r?chr|n?chrnul|pbrk)
	str(?:c?spn|n?str|[nl]?cat|sep|tok|im|strip|replace|to(?:d|f|i|u?ll?))
	str_has_prefix skip_spaces stpcpy sysfs_streq match_string
	k(?:v?mem|str|strn?|memn?)dup\w* kasprintf
	v?sn?printf v?scnprintf v?sscanf l_sprintf lua_integer2str lua_number2str
	ato(?:i|l|ll|f) kstrto\w+ simple_strto\w+ hex2bin bin2hex hex_dump_to_buffer
	string_(?:un)?escape\w* crc\w+ jhash\w* siphash\w* xxh\w+ utf8\w*_to_\w+
	copy_(?:from|to)_user qsort sort
	klua_text(?:len|find) klua_copy
	luaO_str2num l_str2int l_str2d\w* b_str2int luaO_tostring);

my %seen;
for my $path (@ARGV) {
	(my $file = $path) =~ s,.*/,,;
	open my $in, '<', $path or die "$path: $!\n";
	my $text = join '', <$in>;
	# Comments go, and what is between quotes, but no line does.
	$text =~ s{(/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
		  { my $was = $1; (my $lines = $was) =~ tr/\n//cd; " $lines" }gse;
	$text =~ s/\\\n/ /g;
	my ($where, $off) = ('-', 0);
	for (split /\n/, $text) {
		# "#if 0" up to its "#endif" or "#else", whatever is in between
		if (/^\s*#\s*if/) {
			$off++ if $off || /^\s*#\s*if\s+0\b/;
			next;
		}
		if (/^\s*#\s*endif/) { $off-- if $off; next }
		if (/^\s*#\s*el/) { $off = 0 if $off == 1; next }
		next if $off;
		my $in = $where;
		if (/^\s*#\s*define\s+(\w+)/) {
			$in = $1;
			s/^\s*#\s*define\s+\w+(\([^)]*\))?//;
		} elsif (/^[A-Za-z_].*?(\w+) ?\(/ && !/^(else|if|while|for|switch)\b/) {
			$in = $where = $1;
			s/\b$where ?\(//;
		}
		$seen{"$file $in $1"}++ while /\b($callee) ?\(/g;
	}
}
print "$_ $seen{$_}\n" for sort keys %seen;

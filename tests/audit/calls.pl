#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# calls.pl FILE...: each call of a function that reads or writes as many bytes as
# its arguments say, in files of the core as the compiler sees them: a line "FILE
# FUNCTION CALLEE TIMES" for each, sorted. A call in a macro is the macro's.
use strict;
use warnings;

# strings, memory, conversions; and what the core has made of them
my $callee = join '|', qw(mem(?:cpy|move|set|chr|cmp)
	str(?:n?len|n?cmp|coll|n?cpy|r?chr|pbrk|c?spn|str|n?cat|tol|toul|toull|tod)
	v?sn?printf v?scnprintf l_sprintf lua_integer2str lua_number2str
	kstrto\w+ simple_strto\w+ klua_text(?:len|find) klua_copy
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

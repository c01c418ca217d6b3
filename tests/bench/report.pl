#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: report.pl ROWS FIGURES DIRECTORY [KEY=VALUE]...
#
# Makes of the lines "build row value" of FIGURES a table of medians and
# spreads, which is printed, and bench.json, bench.csv and plots in DIRECTORY.
# ROWS says what the rows are. The keys are kept in bench.json.
use strict;
use warnings;
use JSON::PP;

my ($rows_file, $figures_file, $dir, @about) = @ARGV;
die "usage: report.pl ROWS FIGURES DIRECTORY [KEY=VALUE]...\n" unless $dir;
my %about = map { split /=/, $_, 2 } @about;
my (@order, %row, %figures);

sub lines_of
{
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	return grep { !/^#/ } <$in>;
}

for (lines_of($rows_file)) {
	my ($name, $unit, $title, $goal, $peer, $prototype) =
		map { s/^\s+|\s+$//gr } split /\|/, $_, -1;
	push @order, $name;
	$row{$name} = { name => $name, unit => $unit, title => $title,
			goal => $goal, peer => $peer, prototype => $prototype };
}
for (lines_of($figures_file)) {
	my ($build, $name, $value) = split;
	push @{$figures{$build}{$name}}, $value + 0;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[$#sorted / 2] if @sorted % 2;
	return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# The twenty together, round by round; only when all have been measured.
sub add_totals
{
	my @parts = grep { m{^twenty/(?!total$)} } @order or return;
	for my $build (values %figures) {
		next if grep { !$build->{$_} } @parts;
		my $rounds = @{$build->{$parts[0]}};
		for my $i (0 .. $rounds - 1) {
			my $sum = 0;
			$sum += $build->{$_}[$i] for @parts;
			push @{$build->{'twenty/total'}}, $sum;
		}
	}
}

# The worst of what a heap of some size may hold, round by round
sub add_worst
{
	for my $build (values %figures) {
		for my $name (sort keys %$build) {
			my ($worst) = $name =~ m{^((?:step|close)-\d+K)/} or next;
			my $values = $build->{$name};
			for my $i (0 .. $#$values) {
				my $most = \$build->{$worst}[$i];
				$$most = $values->[$i]
					if $values->[$i] > ($$most // 0);
			}
		}
	}
}

# figure BUILD ROW: its median, or undef
sub figure
{
	my ($build, $name) = @_;
	my $values = $figures{$build}{$name} or return undef;
	return median(@$values);
}

# What a percentage of rounds differ by, of all of a row's builds the most
sub spread
{
	my ($name) = @_;
	my $most = 0;
	for my $build (values %figures) {
		my @v = sort { $a <=> $b } @{$build->{$name} // []};
		next unless @v > 1 && $v[0] > 0;
		# Of many slices of time some are always disturbed: quartiles.
		@v = @v[@v / 4 .. $#v - @v / 4] if @v > 10;
		my $spread = 100 * ($v[-1] - $v[0]) / $v[0];
		$most = $spread if $spread > $most;
	}
	return $most;
}

sub commas
{
	my ($text) = @_;
	1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
	return $text;
}

sub show
{
	my ($value, $unit) = @_;
	return '' unless defined $value;
	return sprintf '%.1f %%', $value if $unit eq '%';
	return commas(sprintf '%.0f', $value) if $unit ne 'Minsn';
	$value /= 1e6;
	return sprintf $value < 1 ? '%.3f M' : $value < 10 ? '%.2f M' : '%.1f M',
		       $value;
}

# verdict ROW: "met", "not met: by how much", or nothing to say
sub verdict
{
	my ($name) = @_;
	my ($op, $limit, $of) =
		$row{$name}{goal} =~ /^([<>]=) ([\d.]+)(?: x (\S+))?$/ or return '';
	my $value = figure('this', $name);
	my $other = !defined $of ? 1 : $of eq 'user' ? figure('user', $name) :
		    figure('this', $of);
	return '' unless defined $value && $other;
	my $ratio = $value / $other / $limit;
	return 'met' if $op eq '<=' ? $ratio <= 1 : $ratio >= 1;
	return sprintf 'not met (%+.1f %%)', 100 * ($ratio - 1);
}

sub against
{
	my ($name, $build) = @_;
	my $value = figure('this', $name);
	my $other = figure($build, $name);
	return $value && $other ? $value / $other : undef;
}

sub percent
{
	my ($ratio) = @_;
	return defined $ratio ? sprintf '%+.1f %%', 100 * ($ratio - 1) : '';
}

# A row of a table whose column widths line up
sub table
{
	my ($right, @lines) = @_;
	my @width;
	for my $line (@lines) {
		for my $i (0 .. $#$line) {
			my $n = length $line->[$i];
			$width[$i] = $n if $n > ($width[$i] // 3);
			$width[$i] //= 3;
		}
	}
	for my $n (0 .. $#lines) {
		print '| ', join(' | ', map {
			sprintf $right->[$_] ? '%*s' : '%-*s',
				$right->[$_] ? $width[$_] : $width[$_],
				$lines[$n][$_];
		} 0 .. $#width), " |\n";
		next if $n;
		print '| ', join(' | ', map {
			$right->[$_] ? '-' x ($width[$_] - 1) . ':' :
				       '-' x $width[$_];
		} 0 .. $#width), " |\n";
	}
}

# Columns that have anything in them
sub print_rows
{
	my @names = grep { $figures{this}{$_} } @order;
	my @columns = (
		['', 0, sub { $row{$_[0]}{title} }],
		['this', 1, sub { show(figure('this', $_[0]), $row{$_[0]}{unit}) }],
		['base', 1, sub { show(figure('base', $_[0]), $row{$_[0]}{unit}) }],
		['this / base', 1, sub { percent(against($_[0], 'base')) }],
		['lua5.3', 1, sub { show(figure('user', $_[0]), $row{$_[0]}{unit}) }],
		['this / lua5.3', 1, sub {
			my $ratio = against($_[0], 'user');
			defined $ratio ? sprintf '%.2f', $ratio : '' }],
		['no limits', 1, sub {
			show(figure('unchecked', $_[0]), $row{$_[0]}{unit}) }],
		['limits cost', 1, sub { percent(against($_[0], 'unchecked')) }],
		['spread', 1, sub { sprintf '%.1f %%', spread($_[0]) }],
		['goal', 0, sub { $row{$_[0]}{goal} }],
		['', 0, sub { verdict($_[0]) }],
		['peer', 0, sub { $row{$_[0]}{peer} }],
		['prototype', 0, sub { $row{$_[0]}{prototype} }],
	);
	for my $part (parts_of(@names)) {
		my @used = grep {
			my $cell = $_->[2];
			grep { length $cell->($_) } @$part;
		} @columns;
		table([map { $_->[1] } @used],
		      [map { $_->[0] } @used],
		      map { my $name = $_; [map { $_->[2]->($name) } @used] } @$part);
		print "\n";
	}
}

# One table for each kind of row
sub parts_of
{
	my (%part, @parts);
	for my $name (@_) {
		my $kind = $name =~ m{^(seven|twenty|floats)/} ? $1 :
			   $name =~ /^(?:step|close)-\d/ ? 'heap' :
			   $name =~ /^smp/ ? 'smp' : 'other';
		push @parts, $part{$kind} = [] unless $part{$kind};
		push @{$part{$kind}}, $name;
	}
	return @parts;
}

sub write_file
{
	my ($name, $text) = @_;
	open my $file, '>', "$dir/$name" or die "$dir/$name: $!\n";
	print $file $text;
	close $file or die "$dir/$name: $!\n";
}

# Every figure, those that no table shows included
sub write_data
{
	my @data;
	my $csv = "build,row,unit,median,min,max,rounds\n";
	for my $build (sort keys %figures) {
		for my $name (sort keys %{$figures{$build}}) {
			my @v = sort { $a <=> $b } @{$figures{$build}{$name}};
			my $unit = ($row{$name} // {})->{unit} // 'insn';
			$unit = 'insn' if $unit eq 'Minsn';
			$csv .= join(',', $build, $name, $unit, median(@v),
				     $v[0], $v[-1], scalar @v) . "\n";
			push @data, { build => $build, row => $name,
				      unit => $unit, median => median(@v),
				      rounds => $figures{$build}{$name},
				      goal => ($row{$name} // {})->{goal} // '',
				      verdict => $build eq 'this' && $row{$name} ?
						 verdict($name) : '' };
		}
	}
	write_file('bench.csv', $csv);
	write_file('bench.json', JSON::PP->new->pretty->canonical->encode(
		{ about => \%about, rows => \@data }));
}

add_totals();
add_worst();
print_rows();
write_data();
print "Guest instructions; kernel $about{kernel}, $about{date}, ",
      "revision $about{revision}",
      $about{base} ? " against $about{base}" : '',
      ", $about{rounds} rounds: `$about{command}`\n";

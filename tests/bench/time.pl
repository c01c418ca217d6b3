#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: time.pl ROWS FIGURES CSV [KEY=VALUE]...
#
# Makes tables of the lines "build jumps row ns" of FIGURES: medians and
# quartiles, beside lua5.3 and whatever else took turns. ROWS says what the rows
# are. The keys say what was measured where. CSV gets the medians, for plot.pl.
use strict;
use warnings;

my ($rows_file, $figures_file, $csv_file, @about) = @ARGV;
die "usage: time.pl ROWS FIGURES CSV [KEY=VALUE]...\n" unless $csv_file;
my %about = map { split /=/, $_, 2 } @about;
my (@order, %title, %goals, %figures);

# Geometric mean and worst of the seven, beside lua5.3
my %goal = (plain => [0.80, 1.0], retpolines => [1.25, 1.6]);
my $limits_goal = 3;	# percent of the median script
my %jumps = (plain => 'plain jumps', retpolines => 'retpolines');

open my $in, '<', $rows_file or die "$rows_file: $!\n";
while (<$in>) {
	my ($name, undef, $title, $goal) =
		map { s/^\s+|\s+$//gr } split /\|/, $_, -1;
	next if /^#/ || !defined $title;
	push @order, $name;
	$title{$name} = $title;
	$goals{$name} = $goal;
}
open $in, '<', $figures_file or die "$figures_file: $!\n";
while (<$in>) {
	my ($build, $jumps, $name, $ns) = split;
	push @{$figures{"$build $jumps"}{$name}}, $ns;
}

# quantile PART VALUE...: between two values their mean by distance
sub quantile
{
	my ($part, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;
	my $at = $part * $#sorted;
	my $low = int $at;
	return $sorted[$low] if $low == $#sorted;
	return $sorted[$low] + ($at - $low) * ($sorted[$low + 1] - $sorted[$low]);
}

# median BUILD ROW: undef where it was not measured
sub median
{
	my ($build, $name) = @_;
	my $values = $figures{$build}{$name} or return undef;
	return quantile(0.5, @$values);
}

# spread BUILD ROW: half of what lies between the quartiles, in percent
sub spread
{
	my ($build, $name) = @_;
	my @values = @{$figures{$build}{$name}};
	my $half = (quantile(0.75, @values) - quantile(0.25, @values)) / 2;
	return 100 * $half / quantile(0.5, @values);
}

# ratio BUILD OTHER ROW [ROW OF OTHER]
sub ratio
{
	my ($build, $other, $name, $row) = @_;
	my ($x, $y) = (median($build, $name), median($other, $row // $name));
	return defined $x && $y ? $x / $y : undef;
}

sub mean
{
	my $sum = 0;
	$sum += log for @_;
	return exp($sum / @_);
}

sub number
{
	my ($value, $digits) = @_;
	return defined $value ? sprintf "%.${digits}f", $value : '';
}

sub line { print '| ', join(' | ', @_), " |\n" }

# cell BUILD ROW UNIT: "median ± spread"
sub cell
{
	my ($build, $name, $unit) = @_;
	my $value = median($build, $name);
	return '' unless defined $value;
	$value /= $unit;
	return sprintf '%s ± %.0f %%', number($value, $value < 100 ? 1 : 0),
		spread($build, $name);
}

# table UNIT BUILDS RATIOS ROW...: a ratio is of two builds
sub table
{
	my ($unit, $builds, $ratios, @names) = @_;
	line('', map({ $_->[1] } @$builds), map({ $_->[2] } @$ratios));
	line('---', map { '---:' } @$builds, @$ratios);
	for my $name (@names) {
		line($title{$name} // $name,
		     map({ cell($_->[0], $name, $unit) } @$builds),
		     map({ number(ratio($_->[0], $_->[1], $name), 2) } @$ratios));
	}
	print "\n";
}

sub verdict
{
	my ($value, $goal) = @_;
	return sprintf 'goal at most %.2f: %s', $goal,
		$value <= $goal ? 'met' : sprintf 'missed by %.2f', $value - $goal;
}

# Beside lua5.3: the geometric mean of a group, and its worst
sub summary
{
	my ($group, $jumps, @names) = @_;
	my %ratio;
	for (@names) {
		my $ratio = ratio("this $jumps", 'lua5.3 plain', $_) // next;
		$ratio{$_} = $ratio;
	}
	return unless %ratio;
	my ($worst) = sort { $ratio{$b} <=> $ratio{$a} } keys %ratio;
	my $mean = mean(values %ratio);
	my ($mean_goal, $worst_goal) = @{$goal{$jumps}};
	my $judged = $group eq 'seven';
	printf "- %s, %s: geometric mean %.2f of lua5.3%s; worst %s, %.2f%s\n",
		$group, $jumps{$jumps}, $mean,
		$judged ? ' (' . verdict($mean, $mean_goal) . ')' : '',
		$worst, $ratio{$worst},
		$judged ? ' (' . verdict($ratio{$worst}, $worst_goal) . ')' : '';
}

# What the limits cost of a group's scripts, in percent of the median one
sub limits
{
	my ($group, $jumps, @names) = @_;
	my @cost = map { 100 * ($_ - 1) } grep { defined }
		map { ratio("this $jumps", "unchecked $jumps", $_) } @names;
	return unless @cost;
	printf "- limits, %s, %s: %.1f %% of the median script, from %.1f to %.1f%s\n",
		$group, $jumps{$jumps}, quantile(0.5, @cost), quantile(0, @cost),
		quantile(1, @cost),
		$group eq 'seven' ? ' (' . verdict(quantile(0.5, @cost),
						   $limits_goal) . ')' : '';
}

# other BUILD: how this one compares with another, over all scripts
sub other
{
	my ($build, $what, $jumps, @names) = @_;
	my @ratio = grep { defined } map { ratio("$build $jumps", "this $jumps", $_) }
		@names;
	return unless @ratio;
	printf "- %s, %s: %+.1f %% (geometric mean of %d scripts)\n", $what,
		$jumps{$jumps}, 100 * (mean(@ratio) - 1), scalar @ratio;
}

# What a patch is worth: by how much more the rows take without it that gain most
# from it. Both builds took turns, so each round is compared with itself.
my $gains = 3;		# rows shown

sub gain
{
	my ($build, $jumps, $name) = @_;
	my ($without, $with) = map { $figures{"$_ $jumps"}{$name} } $build, 'this';
	return unless $without && $with;
	my @gain = map { 100 * ($without->[$_] / $with->[$_] - 1) }
		grep { defined $without->[$_] } 0 .. $#$with;
	return {
		name => $name, value => quantile(0.5, @gain),
		spread => (quantile(0.75, @gain) - quantile(0.25, @gain)) / 2,
	};
}

sub gains
{
	my ($build, $jumps) = @_;
	my @gain = sort { $b->{value} <=> $a->{value} }
		map { gain($build, $jumps, $_) } @order;
	$#gain = $gains - 1 if @gain > $gains;
	return join ', ', map {
		sprintf '%s %+.1f ± %.1f %%', @$_{qw(name value spread)}
	} @gain;
}

# processors JUMPS ROW...: those that have a goal, which are of the kind ">= N x ROW"
sub processors
{
	my ($jumps, @names) = @_;
	for (@names) {
		my ($part, $other) = $goals{$_} =~ /^>= (\S+) x (\S+)$/ or next;
		my $ratio = ratio("this $jumps", "this $jumps", $_, $other) // next;
		printf "- %s, %s: %.3f of %s (goal at least %s: %s)\n", $title{$_},
			$jumps{$jumps}, $ratio, $title{$other} =~ s/.*, //r, $part,
			$ratio >= $part ? 'met' :
				sprintf 'missed by %.3f', $part - $ratio;
	}
}

sub write_csv
{
	open my $csv, '>', $csv_file or die "$csv_file: $!\n";
	print $csv "build,row,unit,median\n";
	for my $build (sort keys %figures) {
		print $csv join(',', $build, $_, /^smp-/ ? '%' : 'ns',
				median($build, $_)), "\n"
			for grep { defined median($build, $_) } @order;
	}
	close $csv or die "$csv_file: $!\n";
}

my @measured = grep { defined median('this plain', $_) } @order;
my @scripts = grep { m{/} } @measured;
my @smp = grep { /^smp-/ } @measured;
my @calls = grep { !m{/} && !/^smp-/ } @measured;
my @others = grep { defined $figures{"$_ plain"} } qw(base);
my %label = (base => $about{base});
my @without = sort map { /^(without-\S+) plain$/ } keys %figures;

print "`$about{command}`, $about{date}, revision $about{revision}, klua.ko for\n",
	"$about{kernel}, gcc $about{compiler}; $about{processor}; medians of\n",
	"$about{rounds} rounds ± half of what lies between the quartiles.\n\n";
if (@calls) {
	print "Nanoseconds:\n\n";
	table(1, [
		['this plain', 'plain jumps'], ['this retpolines', 'retpolines'],
		map({ (["$_ plain", "$label{$_}, plain"],
		       ["$_ retpolines", "$label{$_}, retpolines"]) } @others)
	], [], @calls);
}
if (@smp) {
	print "Together, in percent of what one processor gets done alone:\n\n";
	table(1, [
		['this plain', 'plain jumps'], ['this retpolines', 'retpolines'],
	], [], @smp);
	processors($_, @smp) for qw(plain retpolines);
	print "\n";
}
if (@scripts) {
	print "Milliseconds for a script:\n\n";
	table(1e6, [
		['this plain', 'plain jumps'], ['this retpolines', 'retpolines'],
		map({ (["$_ plain", "$label{$_}, plain"],
		       ["$_ retpolines", "$label{$_}, retpolines"]) } @others),
		['lua5.3 plain', 'lua5.3'],
		$figures{'lua5.4 plain'} ? ['lua5.4 plain', 'lua5.4'] : ()
	], [
		['this plain', 'lua5.3 plain', 'plain / lua5.3'],
		['this retpolines', 'lua5.3 plain', 'retpolines / lua5.3'],
		$figures{'lua5.4 plain'} ?
			['this plain', 'lua5.4 plain', 'plain / lua5.4'] : ()
	], @scripts);
}
for my $jumps (qw(plain retpolines)) {
	for my $group (qw(seven twenty floats)) {
		my @group = grep { m{^$group/} } @scripts;
		summary($group, $jumps, @group);
		limits($group, $jumps, @group);
	}
	other($_, $label{$_}, $jumps, @scripts) for @others;
}
if (@without) {
	print "\nWithout a patch, the rows that gain most from it:\n\n";
	line('patch', 'plain jumps', 'retpolines');
	line('---', '---', '---');
	for (@without) {
		line(s/^without-//r, gains($_, 'plain'), gains($_, 'retpolines'));
	}
	print "\n";
}
for my $jumps (qw(plain retpolines)) {
	other($_, s/-/ /r, $jumps, @scripts) for @without;
}
write_csv();

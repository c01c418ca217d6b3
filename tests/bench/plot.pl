#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: plot.pl CSV DIRECTORY
#
# Draws what report.pl or time.pl wrote as SVG files: find-states.svg, the cost of
# finding one of many states; step-heap.svg and close-heap.svg, the collector's
# longest step and the close of a state, by the size of the heap and what is in it;
# packet-parts.svg, the time that each part of a packet's way takes. A plot whose
# rows were not measured is not drawn.
use strict;
use warnings;

my ($csv, $dir) = @ARGV;
die "usage: plot.pl CSV DIRECTORY\n" unless $dir;

my ($width, $height) = (640, 400);
my ($left, $right, $top, $bottom) = (80, 120, 40, 50);
# Eight that are told apart by most eyes, on white and in grey print
my @colours = map { "#$_" } qw(0072b2 d55e00 009e73 cc79a7 e69f00 56b4e9 000000 999999);

my %figures;
open my $in, '<', $csv or die "$csv: $!\n";
while (<$in>) {
	my ($build, $row, undef, $median) = split /,/;
	$figures{$build}{$row} = $median;
}
close $in;

sub log10 { return log($_[0]) / log(10) }

# A number for an axis: 1k, 10M
sub short
{
	my ($n) = @_;
	return $n >= 1e6 ? sprintf '%gM', $n / 1e6 :
	       $n >= 1e3 ? sprintf '%gk', $n / 1e3 : sprintf '%g', $n;
}

# ticks LOW HIGH LOG: where lines of the grid are
sub ticks
{
	my ($low, $high, $log) = @_;
	return map { 10 ** $_ } int(log10($low) + 0.999) .. int(log10($high) + 1e-9)
		if $log;
	my $step = 10 ** int(log10($high - $low));
	$step /= 2 while ($high - $low) / $step < 4;
	return grep { $_ >= $low && $_ <= $high }
	       map { $_ * $step } int($low / $step) .. int($high / $step);
}

# position VALUE LOW HIGH LOG FROM TO
sub position
{
	my ($value, $low, $high, $log, $from, $to) = @_;
	($value, $low, $high) = map { log10($_) } $value, $low, $high if $log;
	return $from + ($to - $from) * ($value - $low) / ($high - $low);
}

sub limits
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted[0, -1];
}

# write_svg FILE HEIGHT ELEMENT...: on white
sub write_svg
{
	my ($file, $tall, @svg) = @_;
	open my $out, '>', "$dir/$file" or die "$dir/$file: $!\n";
	print $out map { "$_\n" }
		'<!-- SPDX-License-Identifier: GPL-2.0-only -->',
		qq(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $tall" ) .
		qq(font-family="sans-serif" font-size="12">),
		'<rect width="100%" height="100%" fill="#fff"/>', @svg, '</svg>';
	close $out or die "$dir/$file: $!\n";
}

# plot FILE TITLE X-LABEL Y-LABEL LOG {SERIES => [[x, y]...]}: the x axis is
# logarithmic, the y axis if LOG, else it begins at 0
sub plot
{
	my ($file, $title, $xlabel, $ylabel, $log, $series) = @_;
	my @points = map { @$_ } values %$series;
	return if @points < 2;
	my ($xlow, $xhigh) = limits(map { $_->[0] } @points);
	my ($ylow, $yhigh) = limits(map { $_->[1] } @points);
	$ylow = 0 unless $log;
	$yhigh *= 1.2;
	my $x = sub { sprintf '%.1f', position($_[0], $xlow, $xhigh, 1, $left,
					       $width - $right) };
	my $y = sub { sprintf '%.1f', position($_[0], $ylow, $yhigh, $log,
					       $height - $bottom, $top) };
	my @svg = (
		sprintf('<text x="%d" y="20" font-size="14">%s</text>', $left, $title),
		sprintf('<text x="%d" y="%d" text-anchor="middle">%s</text>',
			($left + $width - $right) / 2, $height - 12, $xlabel),
		sprintf('<text transform="translate(16 %d) rotate(-90)" ' .
			'text-anchor="middle">%s</text>',
			($top + $height - $bottom) / 2, $ylabel));
	for my $tick (ticks($xlow, $xhigh, 1)) {
		push @svg, sprintf('<path d="M%s %dV%d" stroke="#ddd"/>',
				   $x->($tick), $top, $height - $bottom),
			   sprintf('<text x="%s" y="%d" text-anchor="middle">%s</text>',
				   $x->($tick), $height - $bottom + 16, short($tick));
	}
	for my $tick (ticks($ylow, $yhigh, $log)) {
		push @svg, sprintf('<path d="M%d %sH%d" stroke="#ddd"/>',
				   $left, $y->($tick), $width - $right),
			   sprintf('<text x="%d" y="%s" text-anchor="end">%s</text>',
				   $left - 6, $y->($tick) + 4, short($tick));
	}
	write_svg($file, $height, @svg, lines_of($series, $x, $y));
}

# Each with its name at its end; names that would overlap move apart.
sub lines_of
{
	my ($series, $x, $y) = @_;
	my (@svg, $last);
	my @names = sort { $series->{$a}[-1][1] <=> $series->{$b}[-1][1] ||
			   $a cmp $b } keys %$series;
	for my $i (0 .. $#names) {
		my $colour = $colours[$i % @colours];
		my @at = map { [$x->($_->[0]), $y->($_->[1])] } @{$series->{$names[$i]}};
		push @svg, sprintf '<polyline fill="none" stroke="%s" ' .
			'stroke-width="2" points="%s"/>', $colour,
			join ' ', map { join ',', @$_ } @at;
		push @svg, map { sprintf '<circle cx="%s" cy="%s" r="3" fill="%s"/>',
				 @$_, $colour } @at;
		my $down = $at[-1][1] + 4;
		$down = $last - 14 if defined $last && $down > $last - 14;
		$last = $down;
		push @svg, sprintf '<text x="%s" y="%s" fill="%s">%s</text>',
			$at[-1][0] + 8, $down, $colour, $names[$i];
	}
	return @svg;
}

# A row of each part has all parts before it; what it takes is the difference.
my @parts = (
	['packet-find', 'find the state, put it'],
	['packet-lock', 'lock'],
	['packet-call', 'enter, call by name'],
	['packet-bytes', 'make 60 bytes a string, free it'],
	['dispatch', 'run #packet, take the result'],
);

# bar BUILD X Y: its parts beside each other, and their sum
sub bar
{
	my ($build, $x, $y) = @_;
	my $before = 0;
	my $name = $build =~ s/^this //r =~ s/^plain$/plain jumps/r;
	my @svg = sprintf '<text x="%d" y="%d" text-anchor="end">%s</text>',
		$left + 12, $y + 19, $name;
	for my $i (0 .. $#parts) {
		my $all = $figures{$build}{$parts[$i][0]};
		my $wide = $x->($all) - $x->($before);
		$wide = 0 if $wide < 0;
		push @svg, sprintf('<rect x="%s" y="%d" width="%.1f" height="30" ' .
				   'fill="%s"/>', $x->($before), $y, $wide,
				   $colours[$i]),
			   sprintf('<text x="%.1f" y="%d" fill="#fff" ' .
				   'text-anchor="middle">%.0f</text>',
				   $x->($before) + $wide / 2, $y + 19, $all - $before);
		$before = $all;
	}
	return @svg, sprintf '<text x="%.1f" y="%d">%.0f</text>', $x->($before) + 4,
		$y + 19, $before;
}

# legend Y: what the colours of the parts mean
sub legend
{
	my ($y) = @_;
	my @svg;
	for my $i (0 .. $#parts) {
		push @svg, sprintf('<rect x="%d" y="%d" width="12" height="12" ' .
				   'fill="%s"/>', $left + 20, $y, $colours[$i]),
			   sprintf('<text x="%d" y="%d">%s</text>', $left + 38,
				   $y + 10, $parts[$i][1]);
		$y += 18;
	}
	return @svg;
}

# parts FILE TITLE BUILD...: a bar for each build that has them all, in ns
sub parts
{
	my ($file, $title, @builds) = @_;
	my @rows = map { $_->[0] } @parts;
	@builds = grep { @rows == grep { defined } @{$figures{$_}}{@rows} } @builds;
	return unless @builds;
	my $end = $top + 44 * @builds;
	my (undef, $most) = limits(map { $figures{$_}{$parts[-1][0]} } @builds);
	my $x = sub { sprintf '%.1f', position($_[0], 0, $most * 1.05, 0, $left + 20,
					       $width - 40) };
	my @svg = sprintf '<text x="%d" y="20" font-size="14">%s</text>', $left + 20,
		$title;
	push @svg, bar($builds[$_], $x, $top + 44 * $_) for 0 .. $#builds;
	push @svg, sprintf('<text x="%d" y="%d">nanoseconds</text>', $left + 20,
			   $end + 8), legend($end + 24);
	write_svg($file, $end + 36 + 18 * @parts, @svg);
}

my (%find, %heap);
for my $build (keys %figures) {
	for my $row (keys %{$figures{$build}}) {
		my $value = $figures{$build}{$row};
		push @{$find{$build}}, [$1, $value] if $row =~ /^find-(\d+)$/;
		# A close too short to be told from the probe is no point.
		push @{$heap{$1}{$3}}, [$2, $value]
			if $build eq 'this' && $value > 0 &&
			   $row =~ m{^(step|close)-(\d+)K/(.+)};
	}
}
for my $series (\%find, values %heap) {
	@$_ = sort { $a->[0] <=> $b->[0] } @$_ for values %$series;
}
plot('find-states.svg', 'Finding a state and putting it', 'states in the table',
     'instructions', 0, \%find);
plot('step-heap.svg', 'Longest step of the collector, by what is in the heap',
     'heap, KiB', 'instructions', 1, $heap{step} // {});
plot('close-heap.svg', 'Closing a state, by what is in the heap', 'heap, KiB',
     'instructions', 1, $heap{close} // {});
parts('packet-parts.svg', 'What a packet of 60 bytes takes', 'this plain',
      'this retpolines');

# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f compare.awk BASELINE FIGURES
#
# Compares FIGURES, lines "build row value", with BASELINE, lines "row,value".
# Prints "ok - what" or "not ok - what" for each row: it must be in both, and
# not more than 3 % above the baseline. Where it is that much below, a line
# "# what" says so.

FNR == NR {
	if ($0 !~ /^#/) {
		split($0, part, ",")
		base[part[1]] = part[2]
	}
	next
}

/^#/ { next }

{
	seen[$2] = 1
	if (!($2 in base)) {
		print "not ok - " $2 ": " $3 ", not in the baseline"
		next
	}
	change = 100 * ($3 / base[$2] - 1)
	what = sprintf("%s: %d, %+.1f %% from the baseline", $2, $3, change)
	if (100 * $3 > 103 * base[$2])
		print "not ok - " what
	else
		print "ok - " what
	if (100 * $3 < 97 * base[$2])
		print "# much better: if on purpose, update the baseline"
}

END {
	for (row in base)
		if (!(row in seen))
			print "not ok - " row ": was not measured"
}

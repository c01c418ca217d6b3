# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f compare.awk BASELINE FIGURES
#
# Compares FIGURES, lines "build row value", with BASELINE, lines "row,value".
# Prints "ok - what" or "not ok - what" for each row: it must be in both, and
# its mean not more than 3 % above the baseline. Where that is as much below, a
# line "# what" says so.

FNR == NR {
	if ($0 !~ /^#/) {
		split($0, part, ",")
		base[part[1]] = part[2]
	}
	next
}

/^#/ { next }

!($2 in n) { order[++rows] = $2 }
{
	n[$2]++
	sum[$2] += $3
}

function compare(row,	mean, what)
{
	mean = sum[row] / n[row]
	if (!(row in base)) {
		printf "not ok - %s: %d, not in the baseline\n", row, mean
		return
	}
	what = sprintf("ok - %s: %d, %+.1f %% from the baseline", row, mean,
		       100 * (mean / base[row] - 1))
	print (100 * mean > 103 * base[row] ? "not " : "") what
	if (100 * mean < 97 * base[row])
		print "# much better: if on purpose, update the baseline"
}

END {
	for (i = 1; i <= rows; i++)
		compare(order[i])
	for (row in base)
		if (!(row in n))
			print "not ok - " row ": was not measured"
}

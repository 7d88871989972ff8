# SPDX-License-Identifier: GPL-2.0
# gnuplot -c chart.gp DATA WHOLE SVG GROUPS BARS: draws the time of the helper, and below it
# the time of all of xl restore, relative to stock's. With 0 GROUPS or BARS, only the other.
data = ARG1
whole = ARG2
groups = int(ARG4)
rows = int(ARG5)
upper = groups ? 420 : 0
lower = rows ? 370 : 0
height = 1.0 * (upper + lower)
set terminal svg size 900,height font "Helvetica,13" background "white" enhanced
set output ARG3
set multiplot
set datafile separator "\t"
set datafile missing "?"
set style fill solid 1.0 noborder
set border 3 lc "#666666"

bars = 6
name(i) = word("stock mmapbatch gntdev module module memcpy", i)
title(i) = i == 5 ? "module, packed image" : i == 6 ? "memcpy of the same bytes" : name(i)
array colour[6] = ["#9aa5b1", "#e3b23c", "#d9822b", "#2b6cb0", "#174a7c", "#d5dae0"]
width = 0.8 / bars
at(group, i) = group + (i - (bars + 1) / 2.0) * width

if (groups) {
	set size 1, upper / height
	set origin 0, lower / height
	set title "Time of the restore helper, as a part of the stock helper's" font ",15"
	set boxwidth width * 0.92
	set xrange [-0.55:groups - 0.45]
	set yrange [0:*]
	set offsets 0, 0, 0.08, 0
	set bmargin 6
	set ytics 0.2 nomirror
	set xtics scale 0
	set grid ytics lc "#e2e2e2" lt 1
	set key at screen 0.5, (lower + 12) / height center bottom horizontal reverse Left \
		samplen 1.5 maxrows 2
	plot for [i = 1:bars] data using (at($0, i)):(column(3 * i - 1)) with boxes \
			lc rgb colour[i] title title(i), \
		for [i = 1:bars] data using (at($0, i)):(column(3 * i)):(0): \
			(column(3 * i + 1) - column(3 * i)) \
			with vectors nohead lc rgb "#444444" lw 1.5 notitle, \
		for [i = 2:bars] data using (at($0, i)):(column(3 * i + 1)): \
			(sprintf("%.2f", column(3 * i - 1))) \
			with labels offset 0,0.6 font ",9" tc "#333333" notitle, \
		data using 0:(0):xtic(1) with dots lc rgb "white" notitle
}

# Bars from the left to the right. Column 1 of the data has the label, 2 the ratio, and the
# parts follow.
array part[6] = ["xl", "scripts", "xen-thaw-helper", "stock helper", "xenstored", \
	"waiting, others"]
array shade[6] = ["#5f6b76", "#d9822b", "#2b6cb0", "#9aa5b1", "#e3b23c", "#e2e5e9"]
from(i) = i > 1 ? sum [k = 3:i + 1] column(k) : 0

if (rows) {
	set size 1, lower / height
	set origin 0, 0
	unset title
	set label "Time of all of xl restore, as a part of the time with stock's helper and scripts" \
		at screen 0.5, (lower - 24) / height center font ",15"
	set tmargin 3.5
	set bmargin 5
	set lmargin 26
	set offsets 0, 0, 0, 0
	set xrange [0:1.12]
	set yrange [rows - 0.4:-0.6]
	set xtics 0, 0.2, 1 nomirror
	set ytics scale 0
	set grid noytics xtics lc "#e2e2e2" lt 1
	set key at screen 0.5, 12 / height center bottom horizontal reverse Left samplen 1.5 \
		maxrows 2
	plot for [i = 1:6] whole using (0):0:(from(i)):(from(i + 1)):($0 - 0.32):($0 + 0.32):ytic(1) \
			with boxxyerror lc rgb shade[i] title part[i], \
		whole using 2:0:(sprintf("%.2f", $2)) with labels left offset 0.6,0 font ",11" \
			tc "#333333" notitle
}

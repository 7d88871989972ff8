# SPDX-License-Identifier: GPL-2.0
# gnuplot -c chart.gp DATA SVG GROUPS: draws restore time, relative to the stock helper
data = ARG1
groups = int(ARG3)
set terminal svg size 900,420 font "Helvetica,13" background "white" enhanced
set output ARG2
set datafile separator "\t"
set datafile missing "?"

bars = 6
name(i) = word("stock mmapbatch gntdev module module memcpy", i)
title(i) = i == 5 ? "module, packed image" : i == 6 ? "memcpy of the same bytes" : name(i)
array colour[6] = ["#9aa5b1", "#e3b23c", "#d9822b", "#2b6cb0", "#174a7c", "#d5dae0"]
width = 0.8 / bars
at(group, i) = group + (i - (bars + 1) / 2.0) * width

set title "Time of the restore helper, as a part of the stock helper's" font ",15"
set style fill solid 1.0 noborder
set boxwidth width * 0.92
set xrange [-0.55:groups - 0.45]
set yrange [0:*]
set offsets 0, 0, 0.08, 0
set bmargin 6
set ytics 0.2 nomirror
set xtics scale 0
set border 3 lc "#666666"
set grid ytics lc "#e2e2e2" lt 1
set key at screen 0.5, 0.03 center bottom horizontal reverse Left samplen 1.5 maxrows 2
plot for [i = 1:bars] data using (at($0, i)):(column(3 * i - 1)) with boxes \
		lc rgb colour[i] title title(i), \
	for [i = 1:bars] data using (at($0, i)):(column(3 * i)):(0):(column(3 * i + 1) - column(3 * i)) \
		with vectors nohead lc rgb "#444444" lw 1.5 notitle, \
	for [i = 2:bars] data using (at($0, i)):(column(3 * i + 1)):(sprintf("%.2f", column(3 * i - 1))) \
		with labels offset 0,0.6 font ",9" tc "#333333" notitle, \
	data using 0:(0):xtic(1) with dots lc rgb "white" notitle

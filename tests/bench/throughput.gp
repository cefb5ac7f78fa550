# Calls a second by the length of the line, in memory: three panels on one scale.
set multiplot layout 1,3 margins 0.075,0.985,0.17,0.88 spacing 0.03,0
set logscale x
set xrange [700:1.4e7]
set xtics ('1 k' 1e3, '10 k' 1e4, '100 k' 1e5, '1 M' 1e6, '10 M' 1e7)
set xlabel 'people waiting'
set key top right
stats $enters_per_s_libqueue using 2 nooutput name 'a'
stats $enters_per_s_peer using 2 nooutput name 'b'
stats $batch_polls_per_s_libqueue using 2 nooutput name 'c'
stats $batch_polls_per_s_peer using 2 nooutput name 'd'
max(x, y) = x > y ? x : y
set yrange [0:1.3 * max(max(a_max, b_max), max(c_max, d_max)) / 1e6]
set ylabel 'millions of calls a second'
set title 'memory: enters'
plot $enters_per_s_libqueue using 1:($2/1e6) with linespoints ls 1 title 'libqueue', \
     $enters_per_s_peer using 1:($2/1e6) with linespoints ls 2 title 'peer'
unset ylabel
set ytics format ''
set title 'memory: random polls'
plot $polls_per_s_libqueue using 1:($2/1e6) with linespoints ls 1 title 'libqueue', \
     $polls_per_s_peer using 1:($2/1e6) with linespoints ls 2 title 'peer'
set title 'memory: random polls, 256 a batch'
plot $batch_polls_per_s_libqueue using 1:($2/1e6) with linespoints ls 1 title 'libqueue', \
     $batch_polls_per_s_peer using 1:($2/1e6) with linespoints ls 2 title 'peer, one a call'
unset multiplot

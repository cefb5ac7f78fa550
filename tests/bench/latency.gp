# How long a call took for which share of the calls, 64 threads on Redis: two panels on one scale.
set multiplot layout 1,2 margins 0.095,0.97,0.17,0.88 spacing 0.06,0
eval set_nines
stats $enter_64_threads_libqueue using 2 nooutput name 'a'
stats $enter_64_threads_peer using 2 nooutput name 'b'
stats $poll_64_threads_libqueue using 2 nooutput name 'c'
stats $poll_64_threads_peer using 2 nooutput name 'd'
min(x, y) = x < y ? x : y
max(x, y) = x > y ? x : y
set yrange [0.4 * min(min(a_min, b_min), min(c_min, d_min)) / 1e6 : 1.5 * max(max(a_max, b_max), max(c_max, d_max)) / 1e6]
# The range may be less than two decades.
set ytics (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
set ylabel 'milliseconds'
set title 'Redis, 64 threads: enter'
plot $enter_64_threads_libqueue using (nines($1)):($2/1e6) with linespoints ls 1 title 'libqueue', \
     $enter_64_threads_peer using (nines($1)):($2/1e6) with linespoints ls 2 title 'peer: a script call each'
unset ylabel
set title 'Redis, 64 threads: random poll'
plot $poll_64_threads_libqueue using (nines($1)):($2/1e6) with linespoints ls 1 title 'libqueue', \
     $poll_64_threads_peer using (nines($1)):($2/1e6) with linespoints ls 2 title 'peer: a script call each'
unset multiplot

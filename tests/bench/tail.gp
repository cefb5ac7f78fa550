# How long a poll each millisecond took while people were moved.
eval set_nines
set rmargin 5
set ylabel 'milliseconds'
set title 'Redis: a poll each millisecond while 25,000 people are let in every 5 s'
plot $tail_libqueue using (nines($1)):($2/1e6) with linespoints ls 1 title 'libqueue: ticks in slices', \
     $tail_peer using (nines($1)):($2/1e6) with linespoints ls 2 title 'peer: all in one call'

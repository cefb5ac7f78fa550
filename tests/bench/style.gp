# What the pictures share. The colours are two of Okabe and Ito's, which the colour-blind can tell apart.
set terminal svg size 900,400 dynamic enhanced font 'Helvetica,Arial,sans-serif,14' background 'white'
set border 3 lc rgb '#5f6b7a'
set tics nomirror textcolor rgb '#1b2430'
set grid y lc rgb '#d5dae1' lt 1 lw 0.6
set style line 1 lc rgb '#0072b2' lw 2.5 pt 7 ps 0.5
set style line 2 lc rgb '#d55e00' lw 2.5 pt 5 ps 0.5
set key left Left reverse samplen 2

# Shares of the calls on an axis on which every further nine takes as much room as the one before. The longest call
# stands where the nines end.
nines(share) = share < 1 ? 1 / (1 - share) : 1e5
set_nines = "set logscale x; set xrange [1:1.3e5]; set logscale y; set key bottom right; \
  set xlabel 'share of the calls that took no longer'; \
  set xtics ('50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1e3, '99.99 %%' 1e4, 'longest' 1e5)"

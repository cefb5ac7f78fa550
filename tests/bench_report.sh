#!/bin/sh
# The benchmark, small and without a Redis server: it runs to its end, writes every figure, says why those on Redis are
# missing, and draws what it has. How fast anything is does not matter here.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need gnuplot

tests/bench/bench --quick --server "$tmp/no-server" --json "$tmp/report.json" --plots "$tmp/plots" >"$tmp/table" ||
  fail "bench failed: $(cat "$tmp/table")"

# Section and names; a name stands once for each length of the line.
while read -r section names; do
  for name in $names; do
    grep -A 1 "\"section\": \"$section\"" "$tmp/report.json" | grep -q "\"name\": \"$name\"" ||
      fail "no figure $name of $section"
  done
done <<END
memory enters_per_s polls_per_s batch_polls_per_s
rush rush_s
metrics record_ns record_of_enter record_of_poll bytes_per_queue
enters enters_per_s enters_seated_per_s enters_beside_script_per_s enters_beside_six_calls_per_s
threads enters_64_threads_per_s enter_64_threads_p99_ns polls_64_threads_per_s poll_64_threads_p99_ns
threads enters_256_threads_per_s enter_256_threads_p99_ns polls_256_threads_per_s poll_256_threads_p99_ns
tokens token_polls_per_s token_polls_scripts token_polls_idle_per_s token_polls_idle_scripts
tail tail_p50_ns tail_p99_ns tail_p999_ns tail_max_ns move_ns
bytes bytes_waiting bytes_waiting_idle bytes_active
realtime rush_offered rush_accepted rush_dropped rush_faults rush_enter_p99_ns rush_poll_p99_ns
hosts host_1_1ms_per_s hosts_2_1ms_per_s hosts_4_1ms_per_s host_1_5ms_per_s hosts_2_5ms_per_s hosts_4_5ms_per_s
END

# Three lengths of the line, and nothing there is missing; on Redis everything is, with the reason.
count() {
  grep -c "$1" "$tmp/report.json" || true
}
[ "$(count '"section": "memory"')" = 9 ] || fail "$(count '"section": "memory"') figures in memory"
[ "$(count '"libqueue": null')" = "$(count '"missing": "')" ] || fail 'a figure is missing without a reason'
[ "$(count '"missing": "')" = "$(count '"missing": "\(no-server cannot be run\|this build has no Redis\)"')" ] ||
  fail "a figure failed: $(grep '"missing"' "$tmp/report.json" | sort -u)"
[ "$(count '"missing": "')" = $(($(count '"section": "')-14)) ] || fail 'something on Redis was measured'

# It says on what machine, but neither its name nor where the files are.
for key in processor cores system compiler flags redis; do
  grep -q "\"$key\": " "$tmp/report.json" || fail "the machine's $key is missing"
done
! grep -e "$tmp" -e "$PWD" "$tmp/report.json" || fail 'a path is in the report'

# The same table comes out of the file.
tests/bench/bench --from "$tmp/report.json" >"$tmp/again"
diff -u "$tmp/table" "$tmp/again" || fail 'the table from the file differs'
[ "$(ls "$tmp/plots")" = throughput.svg ] || fail "drawn: $(ls "$tmp/plots")"

# With the distributions of a run on Redis the other pictures are drawn as well.
quantiles='[1e5, 2e5, 3e5, 4e5, 5e5, 6e5, 7e5, 8e5, 9e5, 1e6, 2e6, 3e6]'
spectrum() {
  echo "{\"section\": \"s\", \"name\": \"$1\", \"rounds\": {\"libqueue\": [$quantiles], \"peer\": [$quantiles]}}"
}
echo "{\"schema\": 1, \"figures\": [], \"spectra\": [$(spectrum enter_64_threads), $(spectrum poll_64_threads),
  $(spectrum tail)]}" >"$tmp/spectra.json"
tests/bench/bench --from "$tmp/spectra.json" --plots "$tmp/plots" >/dev/null
for plot in throughput latency tail; do
  grep -q '<svg' "$tmp/plots/$plot.svg" || fail "$plot.svg is no picture"
  grep -q '>libqueue' "$tmp/plots/$plot.svg" || fail "$plot.svg does not name the library"
  grep -q '>peer' "$tmp/plots/$plot.svg" || fail "$plot.svg does not name the peer"
done

# The tables of README.md name their goals.
tests/bench/bench --from "$tmp/report.json" --markdown >"$tmp/markdown"
grep -q '^| .*| rush of 310,000 people | .* | <= 5.00 s' "$tmp/markdown" || fail "no table: $(cat "$tmp/markdown")"

! tests/bench/bench --only nothing 2>/dev/null || fail 'there is no such section'
! tests/bench/bench --rounds 0 2>/dev/null || fail 'no rounds are too few'

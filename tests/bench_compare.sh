#!/bin/sh
# Two reports of the benchmark side by side: what is worse by more than the rounds' noise is a regression, and ends
# with status 1. What has a peer is compared by the ratio; what has none, only on the same machine.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"

# Print a report of one figure: unit, the library's rounds, the peer's rounds.
report() {
  cat <<END
{"schema": 1, "libqueue": "0.1.0", "quick": false, "rounds": 3,
 "machine": {"processor": "${processor:-a processor}", "cores": 2},
 "figures": [{"section": "memory", "name": "${name:-enters}", "people": 1000, "group": "g", "label": "l", "beside": "p",
   "unit": "$1", "tolerance": 0.1, "rounds": {"libqueue": [$2], "peer": [$3]}}],
 "spectra": []}
END
}

# Compare old.json with new.json: the status must be $1, and the line of the figure must end with $2.
expect() {
  status=0
  tests/bench/bench --compare "$tmp/old.json" "$tmp/new.json" >"$tmp/table" 2>"$tmp/errors" || status=$?
  [ $status = "$1" ] || fail "$3: status $status instead of $1: $(cat "$tmp/table" "$tmp/errors")"
  grep -q "^memory .*%  $2\$" "$tmp/table" || fail "$3: not \"$2\": $(cat "$tmp/table")"
}

report 1/s 400,410,405 100,102,101 >"$tmp/old.json"
report 1/s 402,408,403 101,102,100 >"$tmp/new.json"
expect 0 '' 'as before'
report 1/s 200,210,205 50,51,50.5 >"$tmp/new.json"
expect 0 '' 'a slower machine slows the peer as well'
report 1/s 300,310,305 100,102,101 >"$tmp/new.json"
expect 1 REGRESSION 'slower than the peer by a quarter'
report 1/s 500,510,505 100,102,101 >"$tmp/new.json"
expect 0 better 'faster than the peer by a quarter'
report 1/s 330,310,400 100,102,101 >"$tmp/new.json"
expect 0 '' 'slower, but within what the rounds differ by'

report ns 400,410,405 4000,4100,4050 >"$tmp/old.json"
report ns 600,610,605 4000,4100,4050 >"$tmp/new.json"
expect 1 REGRESSION 'of times less is better'

report B 80 '' >"$tmp/old.json"
report B 95 '' >"$tmp/new.json"
expect 0 '' 'single rounds have an unknown noise'
report B 120 '' >"$tmp/new.json"
expect 1 REGRESSION 'half as much again, without a peer'
processor='another processor' report B 120 '' >"$tmp/new.json"
expect 0 'not judged' 'another machine'

report 1 0 '' >"$tmp/old.json"
report 1 1 '' >"$tmp/new.json"
expect 1 REGRESSION 'where there was none'

# What cannot be compared is neither good nor bad.
cannot() {
  status=0
  tests/bench/bench --compare "$tmp/old.json" "$tmp/new.json" >/dev/null 2>"$tmp/errors" || status=$?
  [ $status = 2 ] || fail "$1: status $status instead of 2"
  grep -q '^bench: ' "$tmp/errors" || fail "$1: nothing is said"
}
name=polls report 1 1 '' >"$tmp/new.json"
cannot 'no figure in common'
report parsecs 1 '' >"$tmp/new.json"
cannot 'an unknown unit'
echo '{"schema": 99}' >"$tmp/new.json"
cannot 'another schema'
echo '{"schema": 1, "figures"' >"$tmp/new.json"
cannot 'half a file'
rm "$tmp/new.json"
cannot 'no file'

# Both ways through make.
report B 80 '' >"$tmp/old.json"
report B 120 '' >"$tmp/new.json"
$MAKE -s bench-compare "$tmp/old.json" "$tmp/old.json" >"$tmp/table" || fail "make bench-compare: $(cat "$tmp/table")"
! $MAKE -s bench-compare "$tmp/old.json" "$tmp/new.json" >"$tmp/table" 2>&1 || fail 'make bench-compare sees nothing'
grep -q REGRESSION "$tmp/table" || fail "make bench-compare: $(cat "$tmp/table")"
! $MAKE -s bench-compare OLD="$tmp/old.json" NEW="$tmp/new.json" >/dev/null 2>&1 || fail 'OLD= and NEW= are not seen'

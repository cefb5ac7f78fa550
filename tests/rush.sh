#!/bin/sh
# The rush, small: in memory and on a redis-server of its own, in virtual and in real time, played by one host and by
# several. It checks itself that nobody is lost, nobody gets in twice, and the order is kept.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"

sale='--quiet --ramp-s 1 --ramp-rate 300 --peak-s 1 --peak-rate 1500 --seats 250 --stay-min-ms 100 --stay-max-ms 400
  --ready-ms 1500 --active-ms 1500 --idle-ms 3000 --tick-ms 300'

play() {
  # shellcheck disable=SC2086
  examples/rush $sale "$@" >"$tmp/output" 2>&1 || fail "rush $* failed: $(cat "$tmp/output")"
}

play
play --batch 64 --step-ms 5 --vip 10
play --realtime
! examples/rush --hosts 2 2>/dev/null || fail 'hosts share what is in memory'

if examples/rush redis+unix:///nowhere 2>&1 | grep -q 'unknown scheme'; then
  echo 'this build has no Redis'
  exit 0
fi
need redis-server redis-cli

redis-server --port 0 --unixsocket "$tmp/redis.sock" --dir "$tmp" --save '' --appendonly no >"$tmp/redis.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$tmp"' EXIT
uri=redis+unix://$tmp/redis.sock

redis() {
  redis-cli -s "$tmp/redis.sock" "$@"
}

tries=0
until redis ping 2>/dev/null | grep -q PONG; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || fail "redis-server does not start: $(cat "$tmp/redis.log")"
  sleep 0.1
done

# The same name each time: a run removes its queue.
play --queue sale "$uri"
play --queue sale --rate 600 --vip 10 "$uri"
play --queue sale --hosts 2 "$uri"
play --queue sale --hosts 3 --rate 600 --vip 10 --lease "$uri"
play --queue sale --realtime "$uri"
play --queue sale --realtime --hosts 2 "$uri"

# What a run leaves behind that is killed, the next one removes.
play "$uri"
keys=$(redis --scan | sort)
examples/rush --quiet --realtime "$uri" >"$tmp/output" 2>&1 &
run=$!
tries=0
while [ "$(redis --scan | sort)" = "$keys" ]; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || fail "no queue is made: $(cat "$tmp/output")"
  sleep 0.1
done
kill -KILL $run
wait $run 2>/dev/null || true
play "$uri"
[ "$(redis --scan | grep -v '}[nd]$' | sort)" = "$(echo "$keys" | grep -v '}[nd]$')" ] ||
  fail "keys are left: $(redis --scan)"

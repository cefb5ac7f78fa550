#!/bin/sh
# The monitoring example for real: a host of examples/exporter, or two on a redis-server, is scraped by a Prometheus of
# its own, which then has data for every expression of the dashboard and of the alerts. promtool judges the metrics,
# the rules and the configuration, and runs the unit tests of the alerts.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"

if [ ! -x examples/exporter ]; then
  [ "${CI:-}" != true ] || fail 'examples/exporter is not built: no libevent'
  echo 'skipped: examples/exporter is not built'
  exit 77
fi
need promtool prometheus node curl

monitoring=$srcdir/examples/monitoring
dashboard=$monitoring/dashboard.json
tests=$srcdir/tests/monitoring
started=''
# One that is stopped ends only when it goes on.
# shellcheck disable=SC2086
trap '{ kill $started; kill -CONT $started; } 2>/dev/null || true; wait; rm -rf "$tmp"' EXIT

# Wait for a command to succeed, $1 seconds at most.
within() {
  end=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt $end ] || return 1
    sleep 0.1
  done
}

# Wait for the end of a process, whatever it comes to.
forget() {
  wait "$1" || true
  started=$(echo "$started " | sed "s/ $1 / /;s/ *\$//")
}

# Start a host on the store $2; sets page and pid.
start_host() {
  examples/exporter --port 0 "$2" >"$tmp/$1.out" 2>"$tmp/$1.err" &
  pid=$!
  started="$started $pid"
  within 20 grep -q http "$tmp/$1.out" || fail "the host does not start: $(cat "$tmp/$1.err")"
  page=$(cat "$tmp/$1.out")
}

# Start Prometheus with the example's configuration, for the given pages, and faster; sets prometheus and pid. Its
# port is below those that the system gives out.
start_prometheus() {
  targets=$(echo "$*" | sed "s,http://,',g;s,/metrics,',g;s/ /, /g")
  sed "s/'127.0.0.1:9464'/$targets/;s/_interval: .*/_interval: 1s/" "$monitoring/prometheus.yml" >"$tmp/prometheus.yml"
  cp "$monitoring/alerts.yml" "$tmp"
  port=$((21100 + $$ % 100))
  for try in 1 2 3 4 5; do
    prometheus=http://127.0.0.1:$port
    rm -rf "$tmp/data"
    prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/data" \
      --web.listen-address="127.0.0.1:$port" >"$tmp/prometheus.log" 2>&1 &
    pid=$!
    started="$started $pid"
    while kill -0 $pid 2>/dev/null; do
      ! grep -qs 'ready to receive web requests' "$tmp/prometheus.log" || return 0
      sleep 0.1
    done
    forget $pid
    port=$((21100 + (port + try) % 100))
  done
  fail "Prometheus does not start: $(tail -n 5 "$tmp/prometheus.log")"
}

# The value of an expression that has one.
value() {
  curl -fsG --data-urlencode "query=$1" "$prometheus/api/v1/query" | sed -n 's/.*"value":\[[^,]*,"\([^"]*\)"\].*/\1/p'
}

is() {
  [ "$(value "$1")" = "$2" ]
}

query() {
  node "$tests/query.mjs" "$prometheus" "$@" >"$tmp/query" 2>&1
}

# The page is well-formed, and is served while the host works.
check_page() {
  curl -fs "$1" >"$tmp/$2.txt" || fail "$2: no page of metrics"
  promtool check metrics <"$tmp/$2.txt" >"$tmp/promtool" 2>&1 || fail "$2: $(cat "$tmp/promtool")"
  curl -fs "${1%metrics}healthz" >/dev/null || fail "$2: not healthy"
  ! curl -fs "${1%metrics}" >/dev/null || fail "$2: serves what is not there"
}

# ---- What needs no host

promtool check config "$monitoring/prometheus.yml" >"$tmp/promtool" 2>&1 || fail "$(cat "$tmp/promtool")"
promtool check rules "$monitoring/alerts.yml" >"$tmp/promtool" 2>&1 || fail "$(cat "$tmp/promtool")"
promtool test rules "$monitoring/alerts_test.yml" >"$tmp/promtool" 2>&1 || fail "$(cat "$tmp/promtool")"
sed -n 's/.*- alert: //p' "$monitoring/alerts.yml" >"$tmp/alerts"
while read -r alert; do
  grep -q "alertname=\"$alert\"\|alertname: $alert" "$monitoring/alerts_test.yml" || fail "no unit test: $alert"
  grep -q "$alert" "$monitoring/README.md" || fail "not in README.md: $alert"
done <"$tmp/alerts"

# ---- In memory

start_host memory memory:
memory=$page host=$pid
start_prometheus "$memory"
# Only a store elsewhere has scripts, connections and a cursor.
elsewhere='libqueue_(script|connects|reconnects|redirects|repeats|received|sent|token_polls|untold)'
query "$dashboard" 60 "$elsewhere" || fail "in memory: $(cat "$tmp/query")"
cat "$tmp/query"

sed 's/libqueue_waiting\b/libqueue_waitings/' "$dashboard" >"$tmp/wrong.json"
! query "$tmp/wrong.json" 0 "$elsewhere" || fail 'a wrong name has data'
grep -q 'empty: .*libqueue_waitings' "$tmp/query" || fail "a wrong name is not seen: $(cat "$tmp/query")"

check_page "$memory" memory
kill "$pid" "$host"
forget "$pid"
forget "$host"

# ---- Two hosts on Redis

if examples/exporter redis+unix:///nowhere 2>&1 | grep -q 'unknown scheme'; then
  echo 'this build has no Redis'
  exit 0
fi
need redis-server

redis-server --port 0 --unixsocket "$tmp/redis.sock" --dir "$tmp" --save '' --appendonly no >"$tmp/redis.log" 2>&1 &
redis=$!
started="$started $redis"
within 10 test -S "$tmp/redis.sock" || fail "redis-server does not start: $(cat "$tmp/redis.log")"
uri=redis+unix://$tmp/redis.sock

start_host one "$uri"
one=$page
start_host two "$uri"
two=$page
start_prometheus "$one" "$two"
query "$dashboard" 60 || fail "on Redis: $(cat "$tmp/query")"
cat "$tmp/query"
check_page "$one" one
check_page "$two" two
node "$tests/layout.mjs" "$dashboard" "$monitoring/alerts.yml" "$tmp/one.txt" || fail 'the dashboard has faults'

is 'count(libqueue_build_info)' 2 || fail 'not two hosts'
is 'count(max by (queue) (libqueue_waiting))' 4 || fail 'not four queues'
is 'min(libqueue_mode{queue="presale",mode="HOLD"})' 1 || fail 'presale is not on hold'
lost=libqueue_entered_total
for where in waiting ready active left_total dropped_total lapsed_total expired_total completed_total; do
  lost="$lost - libqueue_$where"
done
is "max(abs($lost))" 0 || fail "what a host shows of a queue does not balance: $(value "max(abs($lost))")"

# Without its store a host says so, and its page is there all the same.
kill -STOP $redis
within 30 is 'max(libqueue_store_up)' 0 || fail 'nobody notices that the store is away'
curl -fs "$one" >/dev/null || fail 'no page without the store'
! curl -fs "${one%metrics}healthz" >/dev/null || fail 'healthy without the store'
kill -CONT $redis
within 30 is 'min(libqueue_store_up)' 1 || fail 'nobody notices that the store is back'
within 30 curl -fs "${one%metrics}healthz" || fail 'not healthy with the store'

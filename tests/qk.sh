#!/bin/sh
# The operator's tool: every command, as text and as JSON, on a terminal and without one, with its exit status.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"

qk=tools/qk/qk
helpers=tests/qk
escape=$(printf '\033')

# Run a command that must end with exit status $1; its output is in $tmp/out and $tmp/err.
expect() {
  want=$1 status=0
  shift
  "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
  [ $status = "$want" ] || fail "$*: exit status $status, not $want: $(cat "$tmp/out" "$tmp/err")"
}

# What the last command wrote has a line like $1: on standard output, on standard error.
says() {
  grep -qe "$1" "$tmp/out" || fail "no '$1' in: $(cat "$tmp/out" "$tmp/err")"
}
complains() {
  grep -qe "$1" "$tmp/err" || fail "no '$1' on standard error: $(cat "$tmp/err")"
}
says_not() {
  ! cat "$tmp/out" "$tmp/err" | grep -qe "$1" || fail "'$1' in: $(cat "$tmp/out" "$tmp/err")"
}

# ---- Help, usage, and what needs no store

expect 0 $qk --help
says '^Usage: qk COMMAND'
for command in stats watch queues policy open hold drain close bypass remove verify doctor; do
  expect 0 $qk --help
  says "^  $command  "
  expect 0 $qk $command --help
  says "^Usage: qk $command "
  expect 2 $qk $command
  complains "usage: qk $command "
  [ ! -s "$tmp/out" ] || fail "$command: writes usage to standard output"
done
expect 0 $qk help watch
says '^Usage: qk watch '
expect 0 $qk --version
says '^qk [0-9.]*, libqueue [0-9.]*$'
expect 2 $qk
complains 'a command is missing'
expect 2 $qk stat memory:
complains 'did you mean stats'
expect 2 $qk stats --jsn memory:
complains 'did you mean --json'
expect 2 $qk stats --interval=1 memory:
complains 'has no option --interval'
expect 2 $qk stats --json=1 memory:
complains 'takes no value'
expect 2 $qk watch -n 0 memory:
complains 'interval: must be seconds'
expect 2 $qk stats --timeout x memory:
complains 'timeout: must be a number'
expect 2 $qk stats nonsense
complains 'URI'
expect 2 $qk stats --json nonsense
complains '^{"error":{"code":"QK_EINVAL","text":"URI'
expect 2 $qk stats @/nowhere
complains '/nowhere'

# A store in memory is nobody else's.
expect 0 $qk stats memory:
complains 'of this process alone'
[ ! -s "$tmp/out" ] || fail 'shows a store that nobody has'
expect 0 $qk stats --json memory:
complains '^{"warning":'
says '^{"queues":\[\],"balanced":true}$'
expect 0 $qk doctor memory:
says '^note  store: memory:'
expect 2 $qk doctor http://localhost
complains 'knows redis:'

# It can check a file of policies.
echo '{"hall": {"max_active": 5, "rate": 2}}' >"$tmp/policies.json"
expect 0 $qk policy memory: --load "$tmp/policies.json"
says '^hall: set$'
echo '{"hall": {"max_activ": 5}}' >"$tmp/wrong.json"
expect 2 $qk policy memory: --load "$tmp/wrong.json"
complains 'max_active'

# ---- Completion

completion=$srcdir/tools/qk/completion
if command -v bash >/dev/null; then
  bash -n "$completion/qk.bash" || fail 'the completion for bash is no bash'
  # What is offered at the end of a line.
  offers() {
    bash -c '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _qk; printf "%s\n" "${COMPREPLY[@]}"' \
      bash "$completion/qk.bash" "$1" >"$tmp/out" 2>"$tmp/err"
  }
  offers "$qk "
  for command in stats watch queues policy open hold drain close bypass remove verify doctor; do says "^$command$"; done
  offers "$qk st"
  says '^stats$'
  says_not watch
  offers "$qk watch --"
  for option in interval count ascii json timeout key no-color help version; do says "^--$option$"; done
  says_not '^--yes$'
  # The fields are those that there are.
  offers "$qk policy memory: hall "
  sort "$tmp/out" >"$tmp/fields"
  $qk policy --json --create memory: hall 2>/dev/null | sed 's/.*"policy":{//' | tr ',' '\n' |
    sed -n 's/^"\([a-z_]*\)":.*/\1=/p' | grep -v '^mode=' | sort | cmp -s - "$tmp/fields" ||
    fail "other fields than a policy has: $(cat "$tmp/fields")"
fi
for shell in zsh fish; do
  file=$completion/_qk
  [ $shell = zsh ] || file=$completion/qk.fish
  ! command -v $shell >/dev/null || $shell -n "$file" || fail "the completion for $shell is none"
  for command in stats watch queues policy open hold drain close bypass remove verify doctor; do
    grep -qw "$command" "$file" || fail "the completion for $shell lacks $command"
  done
  while read -r field; do
    grep -q "${field%=}" "$file" || fail "the completion for $shell lacks $field"
  done <"${tmp}/fields"
done

if $qk stats redis+unix:///nowhere 2>&1 | grep -q 'unknown scheme'; then
  expect 2 $qk doctor redis+unix:///nowhere
  complains 'no Redis'
  exit 0
fi

# ---- A server with queues

need redis-server redis-cli

redis-server --port 0 --unixsocket "$tmp/socket" --dir "$tmp" --save '' --appendonly yes --maxmemory 200mb \
  >"$tmp/redis.log" 2>&1 &
server=$!
looking=
# shellcheck disable=SC2086
trap 'kill $server $looking 2>/dev/null; wait $server 2>/dev/null; rm -rf "$tmp"' EXIT
uri=redis+unix://$tmp/socket

redis() {
  redis-cli -s "$tmp/socket" "$@"
}

tries=0
until redis ping 2>/dev/null | grep -q PONG; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || fail "redis-server does not start: $(cat "$tmp/redis.log")"
  sleep 0.1
done

expect 0 $qk stats "$uri"
says '^no queues$'
[ "$(redis dbsize)" = 0 ] || fail "to look writes $(redis keys '*')"
$helpers/fill "$uri" concert 1234 20 480 >"$tmp/tokens"
$helpers/fill "$uri" checkout 0 3 5 >/dev/null

expect 0 $qk queues "$uri"
printf 'checkout\nconcert\n' | cmp -s - "$tmp/out" || fail "the names are $(cat "$tmp/out")"
expect 0 $qk queues --json "$uri"
says '^{"queues":\["checkout","concert"\]}$'
expect 0 $qk stats "$uri"
says '^QUEUE  *MODE  *WAITING  *READY  *ACTIVE  *SEATS  '
says '^concert  *OPEN  *1,234  *20  *480  *500  .* balance$'
says '^checkout  *OPEN  *0  *3  *5  *8  .* balance$'
says_not "$escape"
expect 0 $qk stats "$uri" concert
says '^concert  OPEN$'
says '^  waiting  *1,234$'
says '^  inside  *500  taken of 500 seats: 20 ready, 480 active$'
says '^  entered  *1,734 '
says 'The totals balance: 1,734 entered = 1,234 waiting + 500 inside + 0 over$'
expect 0 $qk stats --json "$uri" concert
says '^{"queue":"concert","mode":"OPEN","max_active":500,"waiting":1234,"ready":20,"active":480,"entered":1734,'
says '"balanced":true}$'
expect 0 $qk stats --json "$uri"
says '^{"queues":\[{"queue":"checkout",.*},{"queue":"concert",.*}\],"balanced":true}$'
echo "$uri" >"$tmp/uri"
expect 0 $qk stats "@$tmp/uri" concert
says '^concert  OPEN$'
expect 4 $qk stats "$uri" conzert
complains 'conzert: no such queue'
expect 4 $qk stats --json "$uri" conzert
complains '^{"error":{"code":"QK_ENOTFOUND","text":"conzert: no such queue"}}$'
expect 3 $qk stats --timeout 300 redis+unix:///nowhere
complains 'nowhere'
if [ -c /dev/full ]; then
  status=0
  $qk stats "$uri" >/dev/full 2>"$tmp/err" || status=$?
  [ $status = 3 ] || fail 'does not notice that its output is lost'
fi

if command -v bash >/dev/null; then
  offers "$qk stats --json $uri con"
  says '^concert$'
  says_not checkout
  # As a person has it, with bash's own ideas of what a word is.
  HISTFILE='' INPUTRC=/dev/null $helpers/pty 'wait:bash-' "send:PS1='ready> '; . $completion/qk.bash
" 'wait:ready> ' "send:$qk stats $uri con	" 'wait:concert' "send: --js	" 'wait:--json' "send:
" 'wait:"queue":"concert"' 'wait:ready>' 'send:exit
' -- bash --norc --noprofile -i >"$tmp/out" || fail "bash completes nothing: $(cat -v "$tmp/out")"
fi

# ---- Policy and mode

expect 0 $qk policy "$uri" concert
says '^  max_active  *500$'
says '^  ready_ms  *300,000  *5m 00s$'
expect 0 $qk policy "$uri" concert rate=50 idle_ms=120000
says '^  rate  *50  *was 0$'
says '^  max_active  *500$'
expect 0 $qk policy --json "$uri" concert
says '^{"queue":"concert","policy":{"mode":"OPEN","max_active":500,.*"rate":50,'
expect 0 $qk policy --json "$uri" concert rate=60
says '"rate":60,.*"was":{.*"rate":50,'
expect 2 $qk policy "$uri" concert rat=1
complains 'did you mean rate'
expect 2 $qk policy "$uri" concert rate
complains 'not FIELD=VALUE'
expect 2 $qk policy "$uri" concert rate=-1
complains 'rate'
expect 2 $qk policy "$uri" concert rate_window_ms=0
complains 'rate_window_ms'
expect 2 $qk policy "$uri" concert mode=HOLD
complains 'qk open, hold'
expect 4 $qk policy "$uri" conzert rate=1
complains 'create'
expect 2 $qk policy "$uri"
complains 'QUEUE is missing'
expect 0 $qk policy --create "$uri" lobby max_active=7
says '^  max_active  *7'
expect 0 $qk stats "$uri" lobby
expect 0 $qk policy "$uri" --load "$tmp/policies.json"
expect 0 $qk policy "$uri" hall
says '^  rate  *2$'
$qk policy "$uri" --load - <"$tmp/policies.json" >/dev/null || fail 'no policies from standard input'

expect 0 $qk hold "$uri" concert
says '^concert: HOLD, was OPEN$'
expect 0 $qk drain "$uri" concert
says '^concert: DRAIN, was HOLD$'
expect 0 $qk close "$uri" concert
says '^concert: CLOSED, was DRAIN$'
expect 0 $qk bypass "$uri" lobby
says '^lobby: BYPASS, was OPEN$'
expect 0 $qk open --json "$uri" concert
says '^{"queue":"concert","mode":"OPEN","was":"CLOSED"}$'
expect 4 $qk hold "$uri" conzert
complains 'conzert: no such queue; --create makes it'
expect 4 $qk stats "$uri" conzert
expect 0 $qk hold --create "$uri" foyer
says '^foyer: HOLD, a new queue$'
expect 0 $qk stats "$uri" foyer

# ---- Tokens

token() {
  sed -n "s/^$1 //p" "$tmp/tokens"
}
expect 0 $qk verify "$uri" "$(token ACTIVE)"
says '^good: '
says '^  user  *user480$'
says '^  state  *ACTIVE$'
expect 1 $qk verify "$uri" "$(token WAITING)"
says '^not good: genuine, but its owner waits'
expect 1 $qk verify "$uri" "$(token ACTIVE)x"
says '^not good: garbled'
expect 0 $qk verify --json "$uri" "$(token READY)"
says '^{"good":true,"code":"QK_OK",.*"ticket":{"state":"READY",'
expect 1 $qk verify --json "$uri" nonsense
says '"good":false,"code":"QK_ETOKEN",.*"ticket":null}$'
token ACTIVE | $qk verify "$uri" - >"$tmp/out" || fail 'no token from standard input'
# With the secret no server is needed, and the end of the file's line is not part of it.
secret=0123456789abcdef0123456789abcdef
$helpers/fill "$uri" signed 1 1 1 $secret >"$tmp/tokens"
echo $secret >"$tmp/key"
expect 0 $qk verify --key "$tmp/key" memory: "$(token READY)"
says '^  queue  *signed$'
expect 1 $qk verify "$uri" "$(token READY)"
expect 2 $qk verify memory: "$(token READY)"
complains 'key FILE'
echo short >"$tmp/key"
expect 2 $qk verify --key "$tmp/key" memory: x
complains '16 to'

# ---- Removing

expect 2 $qk remove "$uri" foyer
complains 'say --yes'
expect 0 $qk stats "$uri" foyer
$helpers/pty 'wait:[y/N]' "send:n
" -- $qk remove "$uri" foyer >"$tmp/out" || fail "$(cat "$tmp/out")"
says 'nothing was removed'
says 'status 1,'
$helpers/pty 'wait:[y/N]' "send:y
" -- $qk remove "$uri" foyer >"$tmp/out" || fail "$(cat "$tmp/out")"
says 'foyer: removed'
expect 4 $qk remove --yes "$uri" foyer
expect 0 $qk remove --yes --json "$uri" lobby
says '^{"removed":"lobby","waiting":0,"inside":0}$'
expect 4 $qk stats "$uri" lobby

# ---- Watching

export TERM=xterm
expect 0 $qk watch --count 2 -n 0.1 "$uri" concert
says '^[0-9:]*  concert  OPEN  waiting 1,234  inside 500/500  in/s -  '
says '  in/s 0.0  out/s 0.0  '
[ "$(wc -l <"$tmp/out")" = 2 ] || fail "not a line for each look: $(cat "$tmp/out")"
says_not "$escape"
expect 0 $qk watch --json --count 2 --interval=0.1 "$uri"
[ "$(grep -c '^{"at_ms":[0-9]*,"queues":\[{.*}\]}$' "$tmp/out")" = 2 ] || fail "no objects: $(cat "$tmp/out")"
says '"in_per_s":0.0,"out_per_s":0.0}'
expect 4 $qk watch --count 1 "$uri" conzert

# Rates times the time between the looks are the people who entered, 45, and were admitted, 15.
$helpers/fill "$uri" flow 0 0 5 >/dev/null
: >"$tmp/looks"
$qk watch --json -n 0.2 "$uri" flow >"$tmp/looks" 2>"$tmp/err" &
looking=$!
await_look() {
  tries=0
  until tail -n 1 "$tmp/looks" | grep -q "$1"; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "no look with $1: $(cat "$tmp/looks" "$tmp/err")"
    sleep 0.1
  done
}
await_look '"entered":5,.*"in_per_s":0\.0,'
$helpers/fill "$uri" flow 30 0 20 >/dev/null
await_look '"entered":50,.*"in_per_s":0\.0,'
kill $looking
wait $looking 2>/dev/null || true
looking=
sed -n 's/^{"at_ms":\([0-9]*\),.*"in_per_s":\([0-9.]*\),"out_per_s":\([0-9.]*\)}.*/\1 \2 \3/p' "$tmp/looks" |
  awk 'NR > 1 { entered += $2 * ($1 - at) / 1000; admitted += $3 * ($1 - at) / 1000 }
    { at = $1 }
    END { exit !(entered > 30 && entered < 68 && admitted > 10 && admitted < 23) }' ||
  fail "no such rates: $(cat "$tmp/looks")"

# A damaged queue is an error, and hides no other.
$helpers/fill "$uri" broken 1 1 1 >/dev/null
redis del 'qk:{broken}w' >/dev/null
expect 3 $qk stats "$uri"
says '^concert  *OPEN '
complains 'broken'
expect 3 $qk watch --count 1 "$uri"
says '  concert  OPEN '
says_not '  broken  '
complains 'broken'
expect 3 $qk watch --json --count 1 "$uri"
says '"queue":"concert".*"error":{"code":"QK_ESTATE","text":".*broken'
expect 0 $qk remove --yes "$uri" broken
expect 2 $qk hold "$uri" ''
complains 'not the name of a queue'

# On a terminal: the screen, and afterwards everything as it was.
watch() {
  "$helpers/pty" "$@" >"$tmp/out" 2>&1 || fail "watch $*: $(cat -v "$tmp/out")"
}
screen="$escape\[?1049h"
restored="$escape\[?25h$escape\[?1049l"
watch wait:concert wait:1,234 wait:0.0 send:q -- $qk watch -n 0.2 "$uri"
says "$screen"
says 'status 0, terminal restored'
says "$restored"
says "$escape\[1mconcert"
watch wait:concert 'size:50x7' wait:more send:q -- $qk watch -n 60 "$uri"
says 'status 0, terminal restored'
watch wait:concert signal:15 -- $qk watch "$uri"
says 'signal 15, terminal restored'
says "$restored"
watch wait:concert "send:$(printf '\003')" -- $qk watch "$uri"
says 'signal 2, terminal restored'
watch wait:concert -- $qk watch --count 1 --no-color "$uri"
says 'status 0, terminal restored'
says_not "$escape\[1m"
NO_COLOR=1 watch wait:concert -- $qk watch --count 1 "$uri"
says_not "$escape\[1m"
watch 'wait:20 ready, 480 active, 500 seats' 'wait:the totals balance' wait:@ send:q -- \
  $qk watch --ascii -n 0.1 "$uri" concert
LC_ALL=C.UTF-8 watch wait:█ send:q -- $qk watch -n 0.1 "$uri" concert
TERM=dumb watch wait:waiting -- $qk watch --count 1 "$uri"
says_not "$escape"
watch wait:concert -- $qk stats "$uri"
says "$escape\[1mconcert"
watch wait:concert -- $qk stats --no-color "$uri"
says_not "$escape"

# ---- The doctor

expect 0 $qk doctor --strict "$uri"
says '^ok    version: '
says '^ok    eviction: noeviction\.$'
says '^ok    disk: append-only file'
says '^ok    rights: '
says '^0 failures, 0 warnings$'
says_not "$escape"
expect 0 $qk doctor --json "$uri"
says '^{"uri":"redis+unix://.*,"failed":0,"warnings":0,"findings":\[{"level":"ok","what":"reach",'

redis config set maxmemory-policy allkeys-lru >/dev/null
expect 1 $qk doctor "$uri"
says '^FAIL  eviction: allkeys-lru .* CONFIG SET maxmemory-policy noeviction'
says '^FAIL  store: '
expect 0 $qk doctor "$uri?allow_eviction=1"
says '^warn  eviction: '
redis config set maxmemory-policy volatile-lru >/dev/null
expect 0 $qk doctor --strict "$uri"
says '^note  eviction: '
redis config set maxmemory-policy noeviction >/dev/null

redis config set appendonly no >/dev/null
expect 0 $qk doctor "$uri"
says '^warn  disk: no append-only file and no snapshots: a restart forgets everybody\. CONFIG SET appendonly yes'
expect 1 $qk doctor --strict "$uri"
redis config set appendonly yes >/dev/null

redis config set maxmemory 1mb >/dev/null
expect 1 $qk doctor "$uri"
says '^FAIL  memory: .* new people are refused\. Raise maxmemory'
redis config set maxmemory 200mb >/dev/null
redis config set min-replicas-to-write 1 >/dev/null
expect 1 $qk doctor "$uri"
says '^FAIL  min-replicas: '
redis config set min-replicas-to-write 0 >/dev/null
expect 1 $qk doctor "$uri?replicas=1"
says '^FAIL  replicas: 0 in step, and replicas=1'
redis config set timeout 60 >/dev/null
redis config set client-output-buffer-limit 'normal 1000000 0 0' >/dev/null
expect 0 $qk doctor "$uri"
says '^note  timeout: connections that rest for 1m 00s'
says '^warn  output buffer: 1.0 MB'
redis config set timeout 0 >/dev/null
redis config set client-output-buffer-limit 'normal 0 0 0' >/dev/null

# What a user may not see is no failure; what the library needs and may not do is.
redis acl setuser blind 'on' '>s3cret' '~*' '+@all' -info -config >/dev/null
expect 0 $qk doctor "redis+unix://blind:s3cret@$tmp/socket"
says '^note  sight: cannot see INFO'
says '^note  sight: cannot see CONFIG'
says_not s3cret
redis acl setuser lame 'on' '>s3%cret' '~*' '+@all' -zadd >/dev/null
expect 1 $qk doctor "redis+unix://lame:s3%25cret@$tmp/socket"
says '^FAIL  store: .*ACL'
expect 3 $qk doctor "redis+unix://lame:wr0ng@$tmp/socket"
says '^FAIL  reach: .*WRONGPASS.* Mend user and password'
says_not wr0ng
expect 3 $qk doctor --json "redis+unix://lame:wr0ng@$tmp/socket"
says '"level":"FAIL","what":"reach"'
says '^{"uri":"redis+unix://\*\*\*@'
says_not wr0ng
expect 3 $qk doctor redis+unix:///nowhere
says '^FAIL  reach: /nowhere: '
expect 3 $qk doctor redis://127.0.0.1:1
says '^FAIL  reach: 127.0.0.1:1: Connection refused'
expect 2 $qk doctor "$uri?bogus=1"
complains 'unknown setting'

# Several servers.
[ -x $helpers/stage ] || need 'check (libcheck)'
stage() {
  want=$1
  shift
  expect "$want" $helpers/stage "$@"
}
stage 0 cluster appendonly yes maxmemory 100mb -- $qk doctor --strict URI
says '^ok    cluster: cluster_state is ok\.$'
says '^ok    slots: all 16384 are served, by 3 masters\.$'
says '^ok    disk: '
says '^ok    clocks: '
stage 1 cluster appendonly yes maxmemory 100mb maxmemory-policy allkeys-lru -- $qk doctor URI
says '^FAIL  eviction: '
# A slot that nobody serves.
# shellcheck disable=SC2016
stage 1 cluster -- sh -c 'port=${1#*//127.0.0.1:}
  redis-cli -p "${port%%,*}" cluster delslots 0 >/dev/null
  exec "$0" doctor --timeout 1000 "$1"' $qk URI
says '^FAIL  slots: 16383 of 16384 are served'
stage 0 sentinels appendonly yes maxmemory 100mb min-replicas-to-write 1 -- $qk doctor --strict URI
says '^ok    sentinels: 3, quorum 2\.$'
says '^ok    master: 127.0.0.1:[0-9]*, as 3 sentinels say\.$'
says '^ok    min-replicas: '
stage 1 replica -- $qk doctor URI
says '^FAIL  role: a replica, of 127.0.0.1:'
stage 0 single -- $qk doctor URI
says '^note  password: none is asked for'

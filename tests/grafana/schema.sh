#!/bin/sh
# The dashboard fits the schema that Grafana publishes, and copies of it with faults do not. What npm installs for that
# stays in the build tree, for as long as package-lock.json is the same.
srcdir=${srcdir:-$(dirname "$0")/../..}
# shellcheck source=../support/script.sh
. "$(dirname "$0")/../support/script.sh"
need node npm jq

sources=$srcdir/tests/grafana
dashboard=$(cd "$srcdir" && pwd)/examples/monitoring/dashboard.json
folder=tests/grafana-npm

! grep -nE '"resolved"|://' "$sources/package-lock.json" || fail 'package-lock.json has addresses'
[ "$(grep -c '"integrity"' "$sources/package-lock.json")" -gt 10 ] || fail 'package-lock.json has no checksums'

install() {
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$sources/package.json" "$sources/package-lock.json" "$sources/.npmrc" "$folder"
  (cd "$folder" && npm ci) >"$tmp/npm.log" 2>&1 && touch "$folder/installed"
}

if [ ! -e "$folder/installed" ] || ! cmp -s "$sources/package-lock.json" "$folder/package-lock.json"; then
  install || {
    [ "${CI:-}" != true ] || fail "npm ci failed: $(tail -n 20 "$tmp/npm.log")"
    echo 'skipped: npm cannot install what is needed'
    exit 77
  }
fi
cp -f "$sources/schema.mjs" "$folder"

check() {
  (cd "$folder" && node schema.mjs "$@") >"$tmp/output" 2>&1
}

check "$dashboard" || fail "$(cat "$tmp/output")"

# One fault each: a number as text, unknown values, an unknown name, one that is missing, a panel of no known kind.
cat >"$tmp/faults" <<'END'
.panels[1].gridPos.w = "12"
.graphTooltip = 7
.templating.list[0].hide = 9
(.panels[] | select(.type == "timeseries")).options.tooltip.mode = "many"
(.panels[] | select(.type == "timeseries")).fieldConfig.defaults.custom.drawStyle = "wavy"
(.panels[] | select(.type == "stat")).fieldConfig.defaults.units = "s"
del(.panels[1].type)
.panels[1].type = "statistics"
END
number=0
while read -r fault; do
  number=$((number + 1))
  jq "$fault" "$dashboard" >"$tmp/bad$number.json"
done <"$tmp/faults"
! check "$tmp"/bad*.json || fail 'bad dashboards fit the schema'
number=0
while read -r fault; do
  number=$((number + 1))
  grep -q "/bad$number.json: /" "$tmp/output" || fail "fits the schema: $fault: $(cat "$tmp/output")"
done <"$tmp/faults"

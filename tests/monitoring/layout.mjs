// What the schema of a dashboard leaves open: `node layout.mjs DASHBOARD ALERTS METRICS...`. Panels have ids of their
// own and do not overlap; each says what it shows, in which unit; dashboard and alerts name only metrics that a host
// shows (METRICS: what its page said), and every family that it shows is on a panel.
import { readFileSync } from 'node:fs'

const [dashboardFile, alertsFile, ...metricsFiles] = process.argv.slice(2)
const dashboard = JSON.parse(readFileSync(dashboardFile, 'utf8'))
const alerts = readFileSync(alertsFile, 'utf8')
const errors = []

const panels = dashboard.panels.flatMap(panel => [panel, ...(panel.panels ?? [])])
const expressions = panels.flatMap(panel => (panel.targets ?? []).map(target => target.expr))

function checkIds() {
  const ids = panels.map(panel => panel.id)
  for (const [i, id] of ids.entries()) {
    if (!Number.isInteger(id) || id < 1) errors.push(`${panels[i].title}: id ${id}`)
    if (ids.indexOf(id) !== i) errors.push(`${panels[i].title}: id ${id} is taken`)
  }
}

function checkGrid() {
  const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
  for (const [i, { title, gridPos: a }] of panels.entries()) {
    if (a.x < 0 || a.y < 0 || a.w < 1 || a.h < 1 || a.x + a.w > 24) errors.push(`${title}: outside the grid`)
    for (const other of panels.slice(i + 1)) {
      if (overlap(a, other.gridPos)) errors.push(`${title} and ${other.title} overlap`)
    }
  }
}

function checkTexts() {
  for (const panel of panels.filter(panel => panel.type !== 'row')) {
    if (!panel.title || !panel.description) errors.push(`panel ${panel.id}: no title or description`)
    if (!panel.fieldConfig?.defaults?.unit) errors.push(`${panel.title}: no unit`)
    if (!panel.targets?.length) errors.push(`${panel.title}: no expression`)
    const refs = (panel.targets ?? []).map(target => target.refId)
    if (new Set(refs).size !== refs.length) errors.push(`${panel.title}: two expressions of one name`)
    for (const source of [panel, ...(panel.targets ?? [])]) {
      if (source.datasource?.uid !== '${datasource}') errors.push(`${panel.title}: a data source of its own`)
    }
  }
}

// The families of the pages, and the names of the series in them.
function known() {
  const series = new Map()
  for (const file of metricsFiles) {
    for (const [, name, type] of readFileSync(file, 'utf8').matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      for (const suffix of suffixes) series.set(name + suffix, name)
    }
  }
  return series
}

function checkMetrics() {
  const series = known()
  const named = text => text.match(/\blibqueue_[a-z0-9_]+/g) ?? []
  const shown = new Set()
  if (series.size === 0) errors.push('no metrics')
  for (const name of named(JSON.stringify(dashboard))) {
    if (!series.has(name)) errors.push(`dashboard: nobody knows ${name}`)
  }
  for (const name of named(alerts)) {
    if (!series.has(name)) errors.push(`alerts: nobody knows ${name}`)
  }
  for (const name of expressions.flatMap(named)) shown.add(series.get(name))
  for (const family of new Set(series.values())) {
    if (!shown.has(family)) errors.push(`no panel shows ${family}`)
  }
}

checkIds()
checkGrid()
checkTexts()
checkMetrics()
for (const error of errors) console.error(error)
process.exitCode = errors.length > 0 ? 1 : 0

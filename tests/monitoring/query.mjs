// Ask a real Prometheus for every expression of the dashboard, its variables, and the alerts that it has loaded:
// `node query.mjs ADDRESS DASHBOARD SECONDS [EXCEPT]`. Each must have data within that time, and numbers only; a wrong
// name is an empty answer. Of alerts the comparisons are dropped, and each side of an "and" must have data too.
// EXCEPT is a regular expression of names: what has one of them is left out.
import { readFileSync } from 'node:fs'

const [address, dashboardFile, seconds, except = '^$'] = process.argv.slice(2)
const dashboard = JSON.parse(readFileSync(dashboardFile, 'utf8'))
const deadline = Date.now() + Number(seconds) * 1000
const values = { job: 'libqueue', instance: '.+', queue: '.+', __rate_interval: '10s', __range: '1m' }

async function api(path) {
  const response = await fetch(`${address}/api/v1/${path}`)
  const answer = await response.json()
  if (answer.status !== 'success') throw new Error(answer.error)
  return answer.data
}

function substitute(text) {
  const filled = text.replace(/\$(\w+)/g, (whole, name) => values[name] ?? whole)
  if (filled.includes('$')) throw new Error(`unknown variable: ${filled}`)
  return filled
}

// Call fill with what is outside of label matchers and strings, keep these.
function outside(text, fill) {
  const parts = text.split(/(\{[^}]*\}|"[^"]*")/)
  return parts.map((part, i) => (i % 2 === 0 ? fill(part) : part)).join('')
}

function dropComparisons(text) {
  const dropped = outside(text, part => part.replace(/\s(==|!=|>=|<=|>|<)\s+-?[\d.]+/g, ''))
  outside(dropped, part => {
    if (/[=<>]/.test(part)) throw new Error(`a comparison with something else than a number: ${text}`)
    return part
  })
  return dropped
}

// The sides of the outermost "and"s.
function sides(text) {
  const found = []
  let depth = 0
  let start = 0
  for (const { 0: token, index } of text.matchAll(/"[^"]*"|[({[]|[)}\]]|\band\b/g)) {
    if ('({['.includes(token)) depth++
    if (')}]'.includes(token)) depth--
    if (token === 'and' && depth === 0) {
      found.push(text.slice(start, index))
      start = index + token.length
    }
  }
  return [...found, text.slice(start)]
}

function ofDashboard() {
  const panels = dashboard.panels.flatMap(panel => [panel, ...(panel.panels ?? [])])
  const shown = panels.flatMap(panel => (panel.targets ?? []).map(target => [panel.title, substitute(target.expr)]))
  const variables = dashboard.templating.list
    .filter(variable => variable.type === 'query')
    .map(variable => [`$${variable.name}`, variable.query.query.match(/^label_values\((.*), (\w+)\)$/)])
    .map(([name, [, selector, label]]) => [name, `count by (${label}) (${substitute(selector)})`])
  return [...shown, ...variables]
}

async function ofAlerts() {
  const { groups } = await api('rules')
  const rules = groups.flatMap(group => group.rules)
  if (rules.length === 0) throw new Error('no alerts are loaded')
  const texts = rules.map(rule => [rule.name, dropComparisons(rule.query)])
  return texts.flatMap(([name, text]) => [...new Set([text, ...sides(text)])].map(part => [name, part]))
}

// What is wrong with the answer; empty if nothing is.
async function ask(expression) {
  try {
    const { result } = await api(`query?query=${encodeURIComponent(expression)}`)
    const bad = result.find(series => !Number.isFinite(Number(series.value[1])))
    if (bad) return `${bad.value[1]} for ${JSON.stringify(bad.metric)}`
    return result.length === 0 ? 'empty' : ''
  } catch (error) {
    return `${error.message} ${error.cause ?? ''}`
  }
}

const all = [...ofDashboard(), ...(await ofAlerts())].filter(([, text]) => !new RegExp(except).test(text))
let open = all
let wrong = []
while (true) {
  wrong = []
  for (const [name, text] of open) {
    const trouble = await ask(text)
    if (trouble) wrong.push([name, text, trouble])
  }
  open = wrong
  if (open.length === 0 || Date.now() > deadline) break
  await new Promise(resolve => setTimeout(resolve, 500))
}
for (const [name, text, trouble] of wrong) console.error(`${name}: ${trouble}: ${text}`)
console.log(`${all.length - wrong.length} of ${all.length} expressions have data`)
process.exitCode = wrong.length > 0 || all.length === 0 ? 1 : 0

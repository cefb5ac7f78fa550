// Check dashboards against the types that Grafana publishes: `node schema.mjs FILE...`. Each file is held against the
// Dashboard type, which leaves open what is inside a panel, and each panel's options and fields against the types of
// its kind. Ends with 1 and says what is wrong if any file does not fit. Run where package.json is installed.
import { existsSync, readFileSync } from 'node:fs'
import Ajv from 'ajv'
import { createGenerator } from 'ts-json-schema-generator'

const types = 'node_modules/@grafana/schema/dist/types/raw'
const validators = new Map()

// A validator of one of the types in a file; null if the file has no such type.
function validator(path, type) {
  const key = `${path} ${type}`
  if (!validators.has(key)) {
    const found = existsSync(path) && new RegExp(`export interface ${type}\\b`).test(readFileSync(path, 'utf8'))
    validators.set(key, found ? compile(path, type) : null)
  }
  return validators.get(key)
}

function compile(path, type) {
  const schema = createGenerator({ path, type, skipTypeCheck: true }).createSchema(type)
  return new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema)
}

function check(where, value, path, type) {
  const validate = validator(path, type)
  if (!validate || validate(value)) return []
  return validate.errors.map(e => `${where}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`)
}

function checkPanel(panel, where) {
  if (typeof panel.type !== 'string') return [`${where}: no type`]
  if (panel.type === 'row') return (panel.panels ?? []).flatMap((p, i) => checkPanel(p, `${where}/panels/${i}`))
  const path = `${types}/composable/${panel.type.replaceAll('-', '')}/panelcfg/x/types.gen.d.ts`
  if (!existsSync(path)) return [`${where}/type: no such kind of panel: ${panel.type}`]
  return [
    ...check(`${where}/options`, panel.options ?? {}, path, 'Options'),
    ...check(`${where}/fieldConfig/defaults/custom`, panel.fieldConfig?.defaults?.custom ?? {}, path, 'FieldConfig')
  ]
}

let failed = false
for (const file of process.argv.slice(2)) {
  const dashboard = JSON.parse(readFileSync(file, 'utf8'))
  const errors = check('', dashboard, `${types}/dashboard/x/types.gen.d.ts`, 'Dashboard')
  errors.push(...dashboard.panels.flatMap((panel, i) => checkPanel(panel, `/panels/${i}`)))
  for (const error of errors) console.error(`${file}: ${error}`)
  if (errors.length > 0) failed = true
}
if (validators.size === 0 || validators.get(`${types}/dashboard/x/types.gen.d.ts Dashboard`) === null) {
  console.error('the Dashboard type is not where it was, or there is no file to check')
  failed = true
}
process.exitCode = failed ? 1 : 0

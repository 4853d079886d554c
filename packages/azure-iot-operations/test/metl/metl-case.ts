import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'

/** The folder of the cases, which are not part of this repository. */
export const metlFolder: string =
  process.env['ANTIPHON_METL'] ?? fileURLToPath(new URL('../../../../../shared/metl', import.meta.url))

/** Where the cases come from. */
export const metlSource =
  '../shared/metl, or ANTIPHON_METL: eng/test/test-cases of github.com/Azure/iot-operations-sdks at febffe03'

/** A mapping of a case; a key without a value is `null`. */
export type Fields = Readonly<Record<string, unknown>>

/** The four suites. */
export const suites = ['CommandInvoker', 'CommandExecutor', 'TelemetrySender', 'TelemetryReceiver'] as const
export type SuiteName = (typeof suites)[number]

/** A case of the suite, with the defaults of its kind filled in. */
export interface MetlCase {
  readonly name: string
  readonly prologue: Fields
  readonly actions: readonly Fields[]
  readonly epilogue: Fields
}

/** The key of the list in a prologue whose elements have defaults. */
const subjects: Readonly<Record<SuiteName, string>> = {
  CommandInvoker: 'invoker',
  CommandExecutor: 'executor',
  TelemetrySender: 'sender',
  TelemetryReceiver: 'receiver',
}

/** Reads the cases of a suite: `Protocol` must pass, and of `SanityCheck` only the canaries may. */
export function readCases(folder: 'Protocol' | 'SanityCheck', suite: SuiteName): readonly MetlCase[] {
  const defaults = parseToml(
    readFileSync(join(metlFolder, 'Protocol', suite, 'defaults.toml'), 'utf8'),
  ) as Fields
  const path = join(metlFolder, folder, suite)
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => toCase(suite, defaults, basename(name, '.yaml'), readFileSync(join(path, name), 'utf8')))
}

function toCase(suite: SuiteName, defaults: Fields, name: string, text: string): MetlCase {
  // One file has an indented document start, which YAML parsers of other languages accept.
  const parsed = fields(parseYaml(text.replace(/^ +---/m, '---').replace(/\n\.\.\.\s*$/, '\n')))
  const subject = subjects[suite]
  const prologue = fields(parsed['prologue'])
  const subjectDefaults = fields(fields(defaults['prologue'])[subject])
  const actionDefaults = fields(defaults['actions'])
  const withSubjects = list(prologue[`${subject}s`]).map((each) =>
    withDefaults(fields(each), subjectDefaults),
  )
  return {
    name,
    prologue: { ...prologue, [`${subject}s`]: withSubjects },
    actions: list(parsed['actions']).map((each) => {
      const action = fields(each)
      const kind = String(action['action']).replaceAll(' ', '-')
      return withDefaults(action, fields(actionDefaults[kind]))
    }),
    epilogue: fields(parsed['epilogue']),
  }
}

/** Fills in what a mapping leaves out; `null` is a value. */
function withDefaults(given: Fields, defaults: Fields): Fields {
  const merged: Record<string, unknown> = { ...defaults, ...given }
  for (const [key, value] of Object.entries(defaults)) {
    const own = given[key]
    if (isFields(value) && isFields(own) && key === 'serializer') merged[key] = withDefaults(own, value)
  }
  return merged
}

export function fields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function texts(value: unknown): Readonly<Record<string, string>> {
  return fields(value) as Readonly<Record<string, string>>
}

/** Returns the text of a field; `undefined` if it is absent or null. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const units: readonly (readonly [name: string, milliseconds: number])[] = [
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1_000],
  ['milliseconds', 1],
  ['microseconds', 1e-3],
]

/** Returns the milliseconds of a duration; `undefined` if it is null. */
export function milliseconds(value: unknown): number | undefined {
  if (!isFields(value)) return undefined
  return units.reduce((sum, [name, unit]) => sum + Number(value[name] ?? 0) * unit, 0)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

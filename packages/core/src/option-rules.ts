import { appendToPath, renderValue } from './rendering.js'

/**
 * Returns the rule that the value of an option breaks, such as `it must be a function`; `undefined` if it is valid.
 *
 * A result that begins with `.` concerns a property of the value and begins with its path. A result that begins with `:` is
 * shown without the value.
 */
export type OptionRule<Context = unknown> = (value: unknown, context: Context) => string | undefined

/** The rule of each option. A name without a rule is not an option. */
export type OptionRules<Options, Context = unknown> = {
  readonly [Name in keyof Required<Options>]: OptionRule<Context>
}

/** The range of a numeric option. */
export interface NumberRule {
  readonly least: number
  /** @defaultValue Infinity */
  readonly most?: number
  readonly isWhole?: boolean
}

/** Accepts every value; for an option that has its own validation. */
export const anyRule: OptionRule = () => undefined

export const booleanRule: OptionRule = (value) =>
  typeof value === 'boolean' ? undefined : 'it must be true or false'

export const functionRule: OptionRule = (value) =>
  typeof value === 'function' ? undefined : 'it must be a function'

export const objectRule: OptionRule = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'it must be an object'

export const stringRule: OptionRule = (value) =>
  typeof value === 'string' ? undefined : 'it must be a string'

/** Returns the rule of a number in a range; `Infinity` is in a range without `most`. */
export function numberRule({ least, most = Infinity, isWhole = false }: NumberRule): OptionRule {
  return (value) => {
    const isInRange = typeof value === 'number' && value >= least && value <= most
    if (isInRange && (!isWhole || Number.isInteger(value) || value === Infinity)) return undefined
    return `it must be a ${isWhole ? 'whole ' : ''}number from ${least}${most === Infinity ? '' : ` to ${most}`}`
  }
}

/** Returns the rule of an option that has one of a few values. */
export function oneOfRule(...allowed: readonly unknown[]): OptionRule {
  return (value) => (allowed.includes(value) ? undefined : `it must be ${allowed.join(' or ')}`)
}

/** Returns the rule of an object that has options of its own. */
export function nestedRule<Options, Context = unknown>(
  rules: OptionRules<Options, Context>,
): OptionRule<Context> {
  return (value, context) => {
    const violation = objectRule(value, context)
    if (violation !== undefined) return violation
    for (const name of Object.keys(value as object)) {
      const option: unknown = (value as Readonly<Record<string, unknown>>)[name]
      if (option === undefined) continue
      if (!Object.hasOwn(rules, name)) {
        return `${appendToPath('', name)} is not known: ${suggestion(name, Object.keys(rules))}`
      }
      const fault = rules[name as keyof Options](option, context)
      if (fault === undefined) continue
      return `.${name}${isComplete(fault) ? fault : ` is ${renderValue(option)}: ${fault}`}`
    }
    return undefined
  }
}

/** Describes the first option that is invalid or not known; `undefined` if all are valid. */
export function optionFault<Options, Context>(
  options: Options,
  rules: OptionRules<Options, Context>,
  context: Context,
): string | undefined {
  const fault = nestedRule(rules)(options, context)
  if (fault === undefined) return undefined
  return isComplete(fault)
    ? `option ${fault.replace(/^\./, '')}`
    : `the options are ${renderValue(options)}: ${fault}`
}

/** Whether a fault continues the path of its option; otherwise it is a rule. */
function isComplete(fault: string): boolean {
  return /^[.[:]/.test(fault)
}

function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: distanceOf(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= 0.4 * name.length || candidate.startsWith(name) || name.startsWith(candidate),
    )
    .sort((a, b) => a.distance - b.distance)
  return nearest === undefined ? `use ${known.join(', ')}` : `did you mean ${nearest.candidate}?`
}

/** Returns how many characters must be inserted, removed or replaced to turn one name into the other. */
function distanceOf(name: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, length) => length)
  for (let i = 0; i < name.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < other.length; j++) {
      const replaced = (row[j] ?? 0) + Number(name[i] !== other[j])
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

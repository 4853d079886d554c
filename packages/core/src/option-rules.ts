import { appendToPath, renderValue } from './rendering.js'

/** What is wrong with a value, such as `it must be a function`; `undefined` if it is valid. */
export type Violation = string | undefined

/**
 * The rule of an option: the name of a type, the allowed values, the rules of its own options, or a function that returns
 * what is wrong with a value.
 *
 * A result of the function that begins with `.` concerns a property of the value and begins with its path. A result that
 * begins with `:` is shown without the value.
 */
export type OptionRule<Context = unknown> =
  | 'any'
  | 'function'
  | 'object'
  | 'string'
  | readonly (boolean | number | string)[]
  | { readonly [name: string]: OptionRule<Context> }
  | ((value: unknown, context: Context) => Violation)

/** The rules of all options of a function. A name without a rule is not an option. */
export type OptionRules<Options, Context = unknown> = {
  readonly [Name in keyof Required<Options>]: OptionRule<Context>
}

/** Returns the rule of a number in a range. Without `most`, `Infinity` is valid. */
export const numberRule: RangeRule = rangeRule('number', () => true)

/** Returns the rule of a whole number in a range. Without `most`, `Infinity` is valid. */
export const wholeNumberRule: RangeRule = rangeRule(
  'whole number',
  (value) => Number.isInteger(value) || value === Infinity,
)

/** Accepts durations in milliseconds. */
export const durationRule: OptionRule = numberRule(1e-3)

/** Accepts sizes, and durations that may be 0. */
export const sizeRule: OptionRule = numberRule(0)

/** Accepts whole numbers from 1. */
export const countRule: OptionRule = wholeNumberRule(1)

/** Returns the rule of a number from `least` to `most`. */
export type RangeRule = (least: number, most?: number) => (value: unknown) => Violation

function rangeRule(kind: string, isOfKind: (value: number) => boolean): RangeRule {
  return (least, most = Infinity) =>
    (value) => {
      const isValid = typeof value === 'number' && value >= least && value <= most && isOfKind(value)
      return isValid
        ? undefined
        : `it must be a ${kind} from ${least}${most === Infinity ? '' : ` to ${most}`}`
    }
}

/** Returns what is wrong with a value; of several faults in its options the first, with the path of the option. */
export function violationOf<Context>(rule: OptionRule<Context>, value: unknown, context: Context): Violation {
  if (typeof rule === 'function') return rule(value, context)
  if (Array.isArray(rule)) return rule.includes(value) ? undefined : `it must be ${rule.join(' or ')}`
  const type = typeof rule === 'string' ? rule : 'object'
  if (type !== 'any' && (typeof value !== type || value === null)) {
    return `it must be ${type === 'object' ? 'an' : 'a'} ${type}`
  }
  return typeof rule === 'string'
    ? undefined
    : violationIn(rule as Readonly<Record<string, OptionRule<Context>>>, value as object, context)
}

function violationIn<Context>(
  rules: Readonly<Record<string, OptionRule<Context>>>,
  options: object,
  context: Context,
): Violation {
  for (const name of Object.keys(options)) {
    const value: unknown = options[name as keyof object]
    if (value === undefined) continue
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (rule === undefined) {
      return `${appendToPath('', name)} is not known: ${nearestNameHint(name, Object.keys(rules))}`
    }
    const violation = violationOf(rule, value, context)
    if (violation !== undefined) return `.${name}${withValue(value, violation)}`
  }
  return undefined
}

/** Puts the value before a violation, unless the violation concerns a property or hides the value. */
export function withValue(value: unknown, violation: string): string {
  return /^[.[:]/.test(violation) ? violation : ` is ${renderValue(value)}: ${violation}`
}

/** Returns the options that have a rule, for a function whose options include those of another. */
export function pickOptions<Options>(options: object, rules: OptionRules<Options, never>): Partial<Options> {
  const picked = Object.entries(options).filter(([name]) => Object.hasOwn(rules, name))
  return Object.fromEntries(picked) as Partial<Options>
}

/** Matches two names that differ in one place by at most two characters. */
const nearNames = /^(.+).{0,2}(.*)\n\1.{0,2}\2$/i
/** Matches two names of which one begins with the other. */
const prefixedNames = /^(?:(.+).*\n\1|(.+)\n\2.*)$/i

/** Returns the known name that an unknown one resembles. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const find = (pattern: RegExp): string | undefined =>
    known.find((candidate) => pattern.test(`${name}\n${candidate}`))
  return find(nearNames) ?? find(prefixedNames)
}

/** Returns a hint to the known name that an unknown one resembles, or else to all of them. */
export function nearestNameHint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? `use ${known.join(', ')}` : `did you mean ${nearest}?`
}

import { numberRule, type OptionRule, type OptionRules, sizeRule, violationOf } from '../option-rules.js'

/** The delays between successive attempts. */
export interface BackOffOptions {
  /** The delay before the second attempt, in milliseconds. @defaultValue 250 */
  readonly initial?: number
  /** The longest delay, in milliseconds. @defaultValue 30 000 */
  readonly maximum?: number
  /** The factor by which each delay exceeds the previous one. @defaultValue 2 */
  readonly factor?: number
  /** The random share of a delay, 0 to 1, so that many clients do not reconnect at once. @defaultValue 0.5 */
  readonly jitter?: number
  /** Returns a random number from 0 up to, but excluding, 1. @defaultValue Math.random */
  readonly random?: () => number
}

const DEFAULT_INITIAL = 250
const DEFAULT_MAXIMUM = 30_000

const optionRules: OptionRules<BackOffOptions> = {
  initial: sizeRule,
  maximum: sizeRule,
  factor: numberRule(1),
  jitter: numberRule(0, 1),
  random: 'function',
}

/** The rule of `BackOffOptions`. */
export const backOffRule: OptionRule = backOffRuleWith({})

/** Returns the rule of options that include those of a back-off. */
export function backOffRuleWith(others: Readonly<Record<string, OptionRule>>): OptionRule {
  const rules = { ...optionRules, ...others }
  return (value, context) => {
    const violation = violationOf(rules, value, context)
    if (violation !== undefined) return violation
    const { initial = DEFAULT_INITIAL, maximum = DEFAULT_MAXIMUM } = value as BackOffOptions
    return maximum < initial ? `.maximum is ${maximum}: it must be at least initial, ${initial}` : undefined
  }
}

/** Returns the delay in milliseconds after the given number of successive failures, counted from 1. */
export type BackOff = (failures: number) => number

/** Returns delays that grow exponentially up to a maximum; a random share (jitter) is subtracted from each. */
export function backOff({
  initial = DEFAULT_INITIAL,
  maximum = DEFAULT_MAXIMUM,
  factor = 2,
  jitter = 0.5,
  random = Math.random,
}: BackOffOptions = {}): BackOff {
  return (failures) => {
    // `factor` to a large power is Infinity, and 0 * Infinity would be NaN.
    const delay = initial === 0 ? 0 : Math.min(maximum, initial * factor ** (failures - 1))
    return Math.round(delay * (1 - jitter * random()))
  }
}

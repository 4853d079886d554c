import { AntiphonError } from './errors.js'
import { numberRule, optionFault, type NumberRule, type OptionRules } from './option-rules.js'
import { renderValue } from './rendering.js'

/** Creates the error for an invalid option or argument; nothing has been sent. */
export function invalidArgument(message: string, topic?: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', message, {
    phase: 'before-network',
    ...(topic === undefined ? {} : { topic }),
  })
}

/** Returns the value if it obeys the rule. Throws `invalid-argument` with the option, the value and the rule otherwise. */
export function requireNumber(option: string, value: number, rule: NumberRule): number {
  const violation = numberRule(rule)(value, undefined)
  if (violation === undefined) return value
  throw invalidArgument(`${option} is ${renderValue(value)}: ${violation}`)
}

/** Throws `invalid-argument` for the first option that breaks its rule or has none, with its path and the nearest name. */
export function requireOptions<Options>(options: Options, rules: OptionRules<Options>): void {
  const fault = optionFault(options, rules, undefined)
  if (fault !== undefined) throw invalidArgument(fault)
}

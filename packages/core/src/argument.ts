import { AntiphonError } from './errors.js'
import { violationOf, withValue, type OptionRule } from './option-rules.js'

/** Creates the error for an invalid option or argument; nothing has been sent. */
export function invalidArgument(message: string, topic?: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', message, {
    phase: 'before-network',
    ...(topic === undefined ? {} : { topic }),
  })
}

/**
 * Throws `invalid-argument` if an argument breaks its rule, with the path of the faulty option, its value and the rule. For
 * an option that is not known it names the nearest one.
 */
export function requireArgument<Context>(
  name: string,
  value: unknown,
  rule: OptionRule<Context>,
  ...[context]: unknown extends Context ? [] : [context: Context]
): void {
  const violation = violationOf(rule, value, context as Context)
  if (violation !== undefined) throw invalidArgument(name + withValue(value, violation))
}

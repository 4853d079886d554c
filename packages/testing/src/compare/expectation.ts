import { difference } from './difference.js'
import { isEqual } from './equal.js'
import { readable } from './readable.js'

/**
 * The error of a failed expectation. The message contains the whole difference; `actual` and `expected` are for test
 * frameworks that show them.
 */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
  /** The actual value. */
  readonly actual: unknown
  /** The expected value. */
  readonly expected: unknown

  constructor(message: string, actual: unknown, expected: unknown) {
    super(message)
    this.actual = actual
    this.expected = expected
  }
}

/** Returns the error for two different texts, with their line difference. */
export function mismatchError(subject: string, actual: string, expected: string): ExpectationError {
  const text =
    actual === expected
      ? `${actual}\n(both read alike, but their types differ)`
      : difference(actual, expected)
  return new ExpectationError(`${subject}: expected (-), but saw (+)\n${text}`, actual, expected)
}

/** Throws unless the values are deeply equal; `subject` names the compared value in the message. */
export function expectEqual(actual: unknown, expected: unknown, subject: string): void {
  if (!isEqual(actual, expected)) throw mismatchError(subject, readable(actual), readable(expected))
}

/** Throws an error with `message` unless `condition` holds. */
export function expectThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ExpectationError(message, false, true)
}

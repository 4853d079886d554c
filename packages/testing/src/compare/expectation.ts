import { difference } from './difference.js'
import { isEqual } from './equal.js'
import { readable } from './readable.js'

/**
 * An expectation that was not met. Test frameworks that show `actual` and `expected` of an error show these; the
 * message says it all without them.
 */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
  readonly actual: unknown
  readonly expected: unknown

  constructor(message: string, actual: unknown, expected: unknown) {
    super(message)
    this.actual = actual
    this.expected = expected
  }
}

/** The error of two texts that should tell the same, with what differs between them. */
export function mismatch(what: string, seen: string, wanted: string): ExpectationError {
  const shown =
    seen === wanted
      ? `${seen}\n(what was seen reads alike, but is of another kind)`
      : difference(seen, wanted)
  return new ExpectationError(`${what}: expected (-), but saw (+)\n${shown}`, seen, wanted)
}

/** Throws unless both are the same in every visible part; `what` says what was looked at. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!isEqual(actual, expected)) throw mismatch(what, readable(actual), readable(expected))
}

/** Throws unless `condition` holds. */
export function expectThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ExpectationError(what, false, true)
}

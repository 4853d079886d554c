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

/** Throws unless both are the same in every visible part; `what` says what was looked at. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (isEqual(actual, expected)) return
  const [seen, wanted] = [readable(actual), readable(expected)]
  throw new ExpectationError(`${what}: expected (-), but saw (+)\n${difference(seen, wanted)}`, seen, wanted)
}

/** Throws unless `condition` holds. */
export function expectThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ExpectationError(what, false, true)
}

import { isEqual } from '../compare/equal.js'
import { expectEqual, mismatchError } from '../compare/expectation.js'
import { readable } from '../compare/readable.js'
import { checkValues } from './call-site.js'
import { readableTimeline, type TimelineEntry } from './timeline.js'

interface Marble {
  readonly frame: number
  readonly notification: {
    readonly kind: 'N' | 'E' | 'C'
    readonly value?: unknown
    readonly error?: unknown
  }
}

/**
 * Compares marbles for a `TestScheduler`: values and errors deeply, and reports a difference as a timeline with decoded
 * payloads.
 */
export function assertMarbles(actual: unknown, expected: unknown): void {
  checkValues(actual, () => compareMarbles(actual, expected))
}

function compareMarbles(actual: unknown, expected: unknown): void {
  if (isEqual(actual, expected)) return
  if (!isMarbles(actual) || !isMarbles(expected)) {
    expectEqual(actual, expected, 'subscriptions')
    return
  }
  // Show the matched value instead of its matcher, so that the difference marks only unequal values.
  const expectedShown = expected.map((marble, index) =>
    isEqual(actual[index], marble) ? (actual[index] ?? marble) : marble,
  )
  throw mismatchError(
    'stream',
    readableTimeline(actual.map(entryOf)),
    readableTimeline(expectedShown.map(entryOf)),
  )
}

function entryOf({ frame, notification: { kind, value, error } }: Marble): TimelineEntry {
  if (kind === 'C') return { frame, text: 'complete' }
  return { frame, text: `${kind === 'N' ? 'next' : 'error'} ${readable(kind === 'N' ? value : error)}` }
}

function isMarbles(value: unknown): value is readonly Marble[] {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item === 'object' && item !== null && 'notification' in item)
  )
}

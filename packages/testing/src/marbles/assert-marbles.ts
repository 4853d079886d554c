import { isEqual } from '../compare/equal.js'
import { expectEqual, mismatch } from '../compare/expectation.js'
import { readable } from '../compare/readable.js'
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
 * What a TestScheduler compares with: values and errors in every visible part, a difference shown as a timeline with
 * payloads decoded.
 */
export function assertMarbles(actual: unknown, expected: unknown): void {
  if (isEqual(actual, expected)) return
  if (!isMarbles(actual) || !isMarbles(expected)) {
    expectEqual(actual, expected, 'subscriptions')
    return
  }
  // A matcher shows the value it matched, so that only what differs is marked.
  const wanted = expected.map((marble, index) =>
    isEqual(actual[index], marble) ? (actual[index] ?? marble) : marble,
  )
  throw mismatch('a stream', readableTimeline(actual.map(entryOf)), readableTimeline(wanted.map(entryOf)))
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

import type { Guarantees } from './guarantees.js'
import type { Ledger, LedgerEvent } from './run/ledger.js'
import type { Breach, Rule } from './verdict.js'

/** The streams and cancels of a run, as plain JSON. */
export interface StreamFigures {
  readonly streams: number
  readonly completedStreams: number
  /** Cancels that were sent while a handler ran. */
  readonly cancels: number
  /** Cancels that stopped their handler. Others were lost at QoS 0, in a fault: those handlers stopped at the expiry. */
  readonly arrivedCancels: number
}

type EventOf<E extends LedgerEvent['event']> = Extract<LedgerEvent, { readonly event: E }>

/** Returns the figures of the streams and cancels. */
export function streamFiguresOf(ledgers: readonly Ledger[]): StreamFigures {
  const cancelled = new Set(eventsOf(ledgers, 'cancelled').map(({ request }) => request))
  return {
    streams: eventsOf(ledgers, 'stream-sent').length,
    completedStreams: eventsOf(ledgers, 'stream-ended').filter(({ outcome }) => outcome === 'complete')
      .length,
    cancels: cancelled.size,
    arrivedCancels: [...stoppedByCancel(ledgers)].filter((request) => cancelled.has(request)).length,
  }
}

/** Returns the breaches of the rules on streams and cancels. */
export function streamBreachesIn(
  ledgers: readonly Ledger[],
  { areItemsIntact, isEveryStreamComplete, isCancelled }: Guarantees,
): readonly Breach[] {
  const breaches: Breach[] = []
  const breach = (rule: Rule, detail: string): void => void breaches.push({ rule, detail })
  const ends = new Map(eventsOf(ledgers, 'stream-ended').map((end) => [end.stream, end]))
  for (const { stream } of eventsOf(ledgers, 'stream-sent')) {
    const end = ends.get(stream)
    if (end === undefined) breach('every stream has an outcome', `${stream}: no outcome`)
    else if (areItemsIntact && end.fault !== undefined)
      breach('a stream has no gap and no repetition', `${stream}: ${end.fault}`)
    else if (isEveryStreamComplete && end.outcome !== 'complete')
      breach('every stream completes', `${stream}: ${end.outcome} after ${end.items} items`)
  }
  if (!isCancelled) return breaches
  const stopped = stoppedByCancel(ledgers)
  for (const { request, isFinal } of eventsOf(ledgers, 'cancelled'))
    if (isFinal && !stopped.has(request))
      breach('a cancel stops its handler', `${request}: no handler stopped by its cancel`)
  for (const { request, isFinal, code } of eventsOf(ledgers, 'not-cancelled'))
    if (isFinal) breach('a cancel stops its handler', `${request}: ${code} before it was cancelled`)
  return breaches
}

function eventsOf<E extends LedgerEvent['event']>(
  ledgers: readonly Ledger[],
  event: E,
): readonly EventOf<E>[] {
  return ledgers.flatMap(({ events }) => events.filter((entry): entry is EventOf<E> => entry.event === event))
}

function stoppedByCancel(ledgers: readonly Ledger[]): ReadonlySet<string> {
  return new Set(
    eventsOf(ledgers, 'released')
      .filter(({ outcome }) => outcome === 'cancelled')
      .map(({ request }) => request),
  )
}

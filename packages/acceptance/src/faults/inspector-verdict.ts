import type { InspectedRun } from './run/inspected-run.js'
import type { Ledger, LedgerEvent } from './run/ledger.js'
import { requesterNames, responderNames } from './run/plan.js'
import type { Breach, Rule } from './verdict.js'

/** An exchange as the ledgers have it. */
interface RecordedExchange {
  readonly requester: string
  readonly name: string
  readonly outcome: string
}

const rule: Rule = 'the inspector shows every exchange once, with its outcome'

/**
 * Returns where the inspector and the ledgers differ: an exchange that is missing, shown twice or with another outcome, one
 * that no ledger has, a handler run that is missing, and events that were lost.
 */
export function inspectorBreachesIn(ledgers: readonly Ledger[], inspected: InspectedRun): readonly Breach[] {
  const breaches: Breach[] = []
  const breach = (detail: string): void => void breaches.push({ rule, detail })
  const { exchanges, handlerRuns, lost, unreadable } = inspected
  const shown = new Map<string, (string | undefined)[]>()
  for (const { name, outcome } of exchanges)
    if (name !== undefined) shown.set(name, [...(shown.get(name) ?? []), outcome])
  const unsent = requesterNames.map((requester) => {
    const outcomes = exchanges
      .filter((exchange) => exchange.requester === requester && exchange.name === undefined)
      .map(({ outcome }) => outcome)
    return [requester, outcomes] as const
  })
  const unsentBy = new Map<string, (string | undefined)[]>(unsent)
  for (const { requester, name, outcome } of exchangesIn(ledgers)) {
    const outcomes = shown.get(name)
    shown.delete(name)
    if (outcomes === undefined) {
      // One that was never sent is shown without its name.
      const rest = unsentBy.get(requester) ?? []
      const index = rest.indexOf(outcome)
      if (index < 0) breach(`${name}: missing`)
      else rest.splice(index, 1)
    } else if (outcomes.length > 1) breach(`${name}: shown ${outcomes.length} times`)
    else if (outcomes[0] !== outcome) breach(`${name}: shown as ${outcomes[0] ?? 'pending'}, was ${outcome}`)
  }
  // A requester that was killed has not recorded how its pending exchanges ended.
  const killed = new Set(ledgers.filter(isKilled).map((ledger) => ledger.process))
  for (const { requester, name } of exchanges)
    if (name !== undefined && shown.delete(name) && !killed.has(requester))
      breach(`${name}: shown, but no requester has recorded it`)
  for (const [requester, rest] of unsentBy)
    if (rest.length > 0 && !killed.has(requester))
      breach(`${requester}: ${rest.length} exchanges shown that it has not recorded`)
  for (const responder of responderNames) {
    const own = ledgers.filter(({ process }) => process === responder)
    const runs = own.flatMap(({ events }) => events.filter(({ event }) => event === 'handler-started')).length
    const difference = Math.abs(runs - (handlerRuns[responder] ?? 0))
    // Between an event and its line in the ledger, the process may be killed.
    if (difference > own.filter(isKilled).length)
      breach(`${responder}: ${handlerRuns[responder] ?? 0} handler runs shown, was ${runs}`)
  }
  if (lost > 0) breach(`${lost} events or exchanges were lost`)
  if (unreadable > ledgers.filter(isKilled).length) breach(`${unreadable} lines are not events`)
  return breaches
}

/** Whether the process of a ledger was killed. */
function isKilled({ events }: Ledger): boolean {
  return !events.some(({ event }) => event === 'finished')
}

function exchangesIn(ledgers: readonly Ledger[]): readonly RecordedExchange[] {
  return ledgers.flatMap(({ process: requester, events }) =>
    events.flatMap((event) => {
      const ended = endIn(event)
      return ended === undefined ? [] : [{ requester, ...ended }]
    }),
  )
}

/** Returns the exchange that an event of a ledger ends, with its outcome in the words of the inspector. */
function endIn(event: LedgerEvent): Omit<RecordedExchange, 'requester'> | undefined {
  switch (event.event) {
    case 'settled':
      return { name: event.request, outcome: outcomeOf(event.outcome) }
    case 'stream-ended':
      return { name: event.stream, outcome: outcomeOf(event.outcome) }
    case 'cancelled':
      return { name: event.request, outcome: 'cancelled' }
    case 'not-cancelled':
      return { name: event.request, outcome: outcomeOf(event.code) }
    default:
      return undefined
  }
}

function outcomeOf(outcome: string): string {
  if (outcome === 'response' || outcome === 'complete') return 'responded'
  return outcome === 'timeout' ? 'timed-out' : 'failed'
}

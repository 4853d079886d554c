import { countOccurrences } from './count-occurrences.js'
import { inspectorBreachesIn } from './inspector-verdict.js'
import type { InspectedRun } from './run/inspected-run.js'
import type { Ledger, LedgerEvent } from './run/ledger.js'
import type { ScheduledFault, FaultKind, Plan, RequestOutcome } from './run/plan.js'
import { streamBreachesIn, streamFiguresOf, type StreamFigures } from './stream-verdict.js'
import { guaranteesFor, maxRecoveryTime, type Guarantees } from './guarantees.js'

/** A fault with the times at which it was injected and reverted, on the clock of the ledgers. */
export interface FaultRecord {
  readonly fault: ScheduledFault
  readonly began: number
  readonly ended: number
}

/** What a run is judged by: its plan and the records of its processes. */
export interface Evidence {
  readonly plan: Plan
  readonly ledgers: readonly Ledger[]
  readonly faults: readonly FaultRecord[]
  /** Milliseconds during which requests were sent. */
  readonly loadDuration: number
  /** Processes that exited unexpectedly, or did not finish in time. */
  readonly unexpectedExits: readonly string[]
  /** What the inspector shows of the run, if it has watched it. */
  readonly inspected?: InspectedRun | undefined
}

/** The rules; the report counts breaches under these names. */
export type Rule =
  | 'every request has an outcome'
  | 'no request has two outcomes'
  | 'a response goes to its requester'
  | 'only requests that were sent are handled'
  | 'a responder handles a request once'
  | 'no request is handled twice without a redelivery or retry'
  | 'no acknowledged request is lost'
  | 'every request is answered'
  | 'every stream has an outcome'
  | 'a stream has no gap and no repetition'
  | 'every stream completes'
  | 'a cancel stops its handler'
  | 'the inspector shows every exchange once, with its outcome'
  | 'the system recovers'
  | 'no process exits unexpectedly'

/** One breach of a rule. */
export interface Breach {
  readonly rule: Rule
  readonly detail: string
}

/** The time from the end of a fault to the next response. */
export interface Recovery {
  readonly kind: FaultKind
  readonly milliseconds: number
}

/** The result of judging a run, as plain JSON. */
export interface Verdict extends StreamFigures {
  readonly breaches: readonly Breach[]
  readonly requests: number
  readonly outcomes: Readonly<Partial<Record<RequestOutcome, number>>>
  /** Requests a second while the load lasted. */
  readonly rate: number
  /** The number of handler runs. */
  readonly handled: number
  /** Requests that more than one responder process handled, which at-least-once delivery allows. */
  readonly handledElsewhere: number
  /** Duplicates that a responder recognised and did not handle again. */
  readonly duplicates: number
  /** Unmatched responses. */
  readonly unmatched: number
  /** Recoveries from faults during whose end no other fault was active. */
  readonly recoveries: readonly Recovery[]
  /** The exchanges in the inspector; absent if it has not watched the run. */
  readonly inspected?: number
}

/** The events of one request. */
interface RequestHistory {
  readonly sentAt: number
  isAcknowledged: boolean
  readonly settlements: Extract<LedgerEvent, { event: 'settled' }>[]
  /** The handler runs of the request. */
  readonly handlerRuns: HandlerRun[]
}

/** One run of a handler. */
interface HandlerRun {
  readonly process: string
  /** The request's correlation, response topic and payload, as the responder received them. */
  readonly identity: string
  readonly at: number
}

/** What a request is judged by. */
interface Expectations extends Guarantees {
  /** When the last fault ended. */
  readonly lastFaultEnd: number
  readonly timeout: number
}

/** Judges a run: a pure function of its evidence. */
export function judge(evidence: Evidence): Verdict {
  const { plan, ledgers, unexpectedExits, inspected } = evidence
  const breaches: Breach[] = unexpectedExits.map((detail) => ({
    rule: 'no process exits unexpectedly',
    detail,
  }))
  const histories = toHistories(ledgers, breaches)
  const guarantees = guaranteesFor(plan)
  const lastFaultEnd = Math.max(0, ...evidence.faults.map(({ ended }) => ended))
  for (const [request, history] of histories)
    breaches.push(
      ...breachesIn(request, history, { ...guarantees, lastFaultEnd, timeout: plan.requestPolicy.timeout }),
    )
  breaches.push(...streamBreachesIn(ledgers, guarantees))
  if (inspected !== undefined) breaches.push(...inspectorBreachesIn(ledgers, inspected))
  const recoveries = recoveriesIn(evidence)
  const events = ledgers.flatMap((ledger) => ledger.events)
  const responses = events.filter((event) => event.event === 'settled' && event.outcome === 'response')
  const { recoveryTimeout } = guarantees
  const recoveryTime = Math.min(
    ...responses.filter(({ at }) => at >= lastFaultEnd).map(({ at }) => at - lastFaultEnd),
  )
  if (recoveryTimeout !== undefined && recoveryTime > recoveryTimeout) {
    const detail =
      recoveryTime === Infinity
        ? 'no response arrived after the last fault'
        : `the next response took ${Math.round(recoveryTime)} ms`
    breaches.push({ rule: 'the system recovers', detail })
  }
  const processesPerRequest = [...histories.values()].map(({ handlerRuns }) =>
    handlerRuns.map(({ process }) => process),
  )
  const count = (name: LedgerEvent['event']): number => events.filter(({ event }) => event === name).length
  return {
    breaches,
    requests: histories.size,
    outcomes: countOccurrences(events.flatMap((event) => (event.event === 'settled' ? [event.outcome] : []))),
    rate: (histories.size * 1_000) / evidence.loadDuration,
    handled: count('handler-started'),
    handledElsewhere: processesPerRequest.filter((processes) => new Set(processes).size > 1).length,
    duplicates: count('duplicate'),
    unmatched: count('unmatched-response'),
    recoveries,
    ...streamFiguresOf(ledgers),
    ...(inspected !== undefined && { inspected: inspected.exchanges.length }),
  }
}

function toHistories(ledgers: readonly Ledger[], breaches: Breach[]): ReadonlyMap<string, RequestHistory> {
  const histories = new Map<string, RequestHistory>()
  for (const { events } of ledgers)
    for (const event of events)
      if (event.event === 'sent')
        histories.set(event.request, {
          sentAt: event.at,
          isAcknowledged: false,
          settlements: [],
          handlerRuns: [],
        })
  for (const { process, restarts, events } of ledgers)
    for (const event of events) {
      if (event.event !== 'acknowledged' && event.event !== 'settled' && event.event !== 'handler-started')
        continue
      const history = histories.get(event.request)
      if (history === undefined) {
        const detail = `${process} (restarts: ${restarts}) recorded ${event.request}, which no requester sent`
        breaches.push({ rule: 'only requests that were sent are handled', detail })
      } else if (event.event === 'acknowledged') history.isAcknowledged = true
      else if (event.event === 'settled') history.settlements.push(event)
      else
        history.handlerRuns.push({
          process: `${process} (restarts: ${restarts})`,
          identity: event.identity,
          at: event.at,
        })
    }
  return histories
}

function breachesIn(
  request: string,
  { sentAt, isAcknowledged, settlements, handlerRuns }: RequestHistory,
  { isEveryRequestAnswered, isHandledOnce, isIdentityIntact, lastFaultEnd, timeout }: Expectations,
): readonly Breach[] {
  const breaches: Breach[] = []
  const breach = (rule: Rule, detail: string): void =>
    void breaches.push({ rule, detail: `${request}: ${detail}` })
  const handlers = handlerRuns.map(({ process }) => process)
  const handledBy = handlers.length === 0 ? 'not handled' : `handled by ${handlers.join(', ')}`
  if (settlements.length === 0) breach('every request has an outcome', `no outcome, ${handledBy}`)
  if (settlements.length > 1)
    breach('no request has two outcomes', settlements.map(({ outcome }) => outcome).join(', '))
  for (const { outcome, respondsTo } of settlements)
    if (outcome === 'response' && respondsTo !== request)
      breach('a response goes to its requester', `it got the response to ${respondsTo ?? 'no request'}`)
  const isSameRequest = (handlerRun: HandlerRun, earlier: HandlerRun): boolean =>
    earlier.process === handlerRun.process && (earlier.identity === handlerRun.identity || isIdentityIntact)
  // Duplicates count only until the request's timeout: afterwards a responder may have forgotten the request.
  const repeatedRun = handlerRuns.find(
    (handlerRun, index) =>
      handlerRun.at < sentAt + timeout &&
      handlerRuns.slice(0, index).some((earlier) => isSameRequest(handlerRun, earlier)),
  )
  if (repeatedRun !== undefined)
    breach('a responder handles a request once', `${repeatedRun.process} handled it again`)
  else if (isHandledOnce && handlers.length > 1)
    breach(
      'no request is handled twice without a redelivery or retry',
      `${handledBy}, without a redelivery or retry`,
    )
  const failed = settlements.find(
    (settlement) => settlement.outcome !== 'response' && !isBeforeRecovery(settlement, lastFaultEnd),
  )
  if (isEveryRequestAnswered && failed !== undefined) {
    const rule = isAcknowledged ? 'no acknowledged request is lost' : 'every request is answered'
    breach(rule, `${failed.outcome} (${failed.message ?? ''}), ${handledBy}`)
  }
  return breaches
}

/** Whether the request timed out before the system must have recovered: on a slow machine a fault may outlast its plan. */
function isBeforeRecovery(
  { outcome, at }: RequestHistory['settlements'][number],
  lastFaultEnd: number,
): boolean {
  return (outcome === 'timeout' || outcome === 'expired') && at < lastFaultEnd + maxRecoveryTime
}

function recoveriesIn({ ledgers, faults }: Evidence): readonly Recovery[] {
  const responses = ledgers
    .flatMap(({ events }) => events)
    .flatMap((event) => (event.event === 'settled' && event.outcome === 'response' ? [event.at] : []))
    .sort((one, other) => one - other)
  return faults.flatMap((record) => {
    const { fault, ended } = record
    const isOutlasted = faults.some(
      (other) => other !== record && other.began <= ended && other.ended > ended,
    )
    const recoveryTime = responses.find((at) => at >= ended)
    return isOutlasted || recoveryTime === undefined
      ? []
      : [{ kind: fault.kind, milliseconds: recoveryTime - ended }]
  })
}

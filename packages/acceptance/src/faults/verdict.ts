import { tallied } from './tallied.js'
import type { Ledger, LedgerEvent } from './ledger.js'
import type { Fault, HarmKind, Plan, RequestOutcome } from './plan.js'
import { promisesOf, recovery, type Promises } from './promises.js'

/** A fault as it really came; times are those of the ledgers. */
export interface FaultRecord {
  readonly fault: Fault
  readonly began: number
  readonly ended: number
}

/** What a run is judged by. */
export interface Evidence {
  readonly plan: Plan
  readonly ledgers: readonly Ledger[]
  readonly faults: readonly FaultRecord[]
  /** Milliseconds during which requests were asked. */
  readonly loadedFor: number
  /** Processes that ended, or did not end, against the plan. */
  readonly deaths: readonly string[]
}

/** The rules, by the names under which the report counts what broke them. */
export type Rule =
  | 'every request has an outcome'
  | 'no request has two outcomes'
  | 'an answer goes to its asker'
  | 'nothing is handled that was not asked'
  | 'a responder handles a request once'
  | 'nothing is handled twice without a reason'
  | 'nothing acknowledged is lost'
  | 'every request is answered'
  | 'the system recovers'
  | 'no process falls'

/** One breach of a rule. */
export interface Breach {
  readonly rule: Rule
  readonly detail: string
}

/** How long it took from the end of a fault to the first answer. */
export interface Recovery {
  readonly kind: HarmKind
  readonly milliseconds: number
}

/** What a run amounted to, as plain JSON. */
export interface Verdict {
  readonly breaches: readonly Breach[]
  readonly asked: number
  readonly outcomes: Readonly<Partial<Record<RequestOutcome, number>>>
  /** Requests a second while the load lasted. */
  readonly rate: number
  /** Handlers that were started. */
  readonly handled: number
  /** Requests that more than one life of a responder handled: what MQTT's at least once allows, and no more. */
  readonly handledElsewhere: number
  /** Repetitions that a responder recognised, and did not handle again. */
  readonly recognised: number
  /** Replies that came when nobody waited for them any more. */
  readonly strays: number
  /** Of faults that no other fault outlasted. */
  readonly recoveries: readonly Recovery[]
}

/** What is known of one request. */
interface Story {
  readonly askedAt: number
  isAcknowledged: boolean
  readonly ends: Extract<LedgerEvent, { event: 'ended' }>[]
  /** The lives that handled it, as often as they did. */
  readonly handlings: Handling[]
}

/** One time that it was handled. */
interface Handling {
  readonly by: string
  /** By what it was known there. */
  readonly as: string
  readonly at: number
}

/** What a request is judged under. */
interface Circumstances extends Promises {
  /** When the last fault was over. */
  readonly calm: number
  readonly timeout: number
}

/** Judges a run: a pure function of what its processes wrote. */
export function judge(evidence: Evidence): Verdict {
  const { plan, ledgers, deaths } = evidence
  const breaches: Breach[] = deaths.map((detail) => ({ rule: 'no process falls', detail }))
  const stories = toStories(ledgers, breaches)
  const promises = promisesOf(plan)
  const calm = Math.max(0, ...evidence.faults.map(({ ended }) => ended))
  for (const [request, story] of stories)
    breaches.push(...breachesIn(request, story, { ...promises, calm, timeout: plan.asking.timeout }))
  const recoveries = recoveriesIn(evidence)
  const events = ledgers.flatMap((ledger) => ledger.events)
  const responses = events.filter((each) => each.event === 'ended' && each.outcome === 'answer')
  const { recoversWithin } = promises
  const first = Math.min(...responses.filter(({ at }) => at >= calm).map(({ at }) => at - calm))
  if (recoversWithin !== undefined && first > recoversWithin) {
    const detail =
      first === Infinity ? 'nothing was answered after the last fault' : `it took ${Math.round(first)} ms`
    breaches.push({ rule: 'the system recovers', detail })
  }
  const lives = [...stories.values()].map(({ handlings }) => handlings.map(({ by }) => by))
  const count = (event: LedgerEvent['event']): number => events.filter((each) => each.event === event).length
  return {
    breaches,
    asked: stories.size,
    outcomes: tallied(events.flatMap((each) => (each.event === 'ended' ? [each.outcome] : []))),
    rate: (stories.size * 1_000) / evidence.loadedFor,
    handled: count('ran'),
    handledElsewhere: lives.filter((by) => new Set(by).size > 1).length,
    recognised: count('recognised'),
    strays: count('stray'),
    recoveries,
  }
}

function toStories(ledgers: readonly Ledger[], breaches: Breach[]): ReadonlyMap<string, Story> {
  const stories = new Map<string, Story>()
  for (const { events } of ledgers)
    for (const each of events)
      if (each.event === 'asked')
        stories.set(each.request, { askedAt: each.at, isAcknowledged: false, ends: [], handlings: [] })
  for (const { who, life, events } of ledgers)
    for (const each of events) {
      if (each.event !== 'acknowledged' && each.event !== 'ended' && each.event !== 'ran') continue
      const story = stories.get(each.request)
      if (story === undefined) {
        const detail = `${who} (life ${life}) knows ${each.request}, which nobody asked`
        breaches.push({ rule: 'nothing is handled that was not asked', detail })
      } else if (each.event === 'acknowledged') story.isAcknowledged = true
      else if (each.event === 'ended') story.ends.push(each)
      else story.handlings.push({ by: `${who} (life ${life})`, as: each.as, at: each.at })
    }
  return stories
}

function breachesIn(
  request: string,
  { askedAt, isAcknowledged, ends, handlings }: Story,
  { isAllAnswered, isHandledOnce, isNamed, calm, timeout }: Circumstances,
): readonly Breach[] {
  const breaches: Breach[] = []
  const breach = (rule: Rule, detail: string): void =>
    void breaches.push({ rule, detail: `${request}: ${detail}` })
  const handledBy = handlings.map(({ by }) => by)
  const by = handledBy.length === 0 ? 'handled by nobody' : `handled by ${handledBy.join(', ')}`
  if (ends.length === 0) breach('every request has an outcome', `none, ${by}`)
  if (ends.length > 1) breach('no request has two outcomes', ends.map(({ outcome }) => outcome).join(', '))
  for (const { outcome, of } of ends)
    if (outcome === 'answer' && of !== request)
      breach('an answer goes to its asker', `it got the answer to ${of ?? 'nothing'}`)
  const isAgain = (handling: Handling, earlier: Handling): boolean =>
    earlier.by === handling.by && (earlier.as === handling.as || isNamed)
  // Once the caller has given up there is nothing to remember it for: what was stuck in a buffer may come later still.
  const twice = handlings.find(
    (each, index) =>
      each.at < askedAt + timeout && handlings.slice(0, index).some((other) => isAgain(each, other)),
  )
  if (twice !== undefined) breach('a responder handles a request once', `${twice.by} handled it again`)
  else if (isHandledOnce && handledBy.length > 1)
    breach('nothing is handled twice without a reason', `${by}, and nothing called for it`)
  const failed = ends.find((end) => end.outcome !== 'answer' && !isTooEarly(end, calm))
  if (isAllAnswered && failed !== undefined) {
    const rule = isAcknowledged ? 'nothing acknowledged is lost' : 'every request is answered'
    breach(rule, `${failed.outcome} (${failed.why ?? ''}), ${by}`)
  }
  return breaches
}

/** Its caller gave up before the system had to have recovered: on a slow machine a fault may outlast its plan. */
function isTooEarly({ outcome, at }: Story['ends'][number], calm: number): boolean {
  return (outcome === 'timeout' || outcome === 'expired') && at < calm + recovery
}

function recoveriesIn({ ledgers, faults }: Evidence): readonly Recovery[] {
  const responses = ledgers
    .flatMap(({ events }) => events)
    .flatMap((each) => (each.event === 'ended' && each.outcome === 'answer' ? [each.at] : []))
    .sort((one, other) => one - other)
  return faults.flatMap((record) => {
    const { fault, ended } = record
    const isOutlasted = faults.some(
      (other) => other !== record && other.began <= ended && other.ended > ended,
    )
    const first = responses.find((at) => at >= ended)
    return isOutlasted || first === undefined ? [] : [{ kind: fault.kind, milliseconds: first - ended }]
  })
}

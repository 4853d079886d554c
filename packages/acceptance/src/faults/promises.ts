import { hasFault, type Fault, type Plan } from './plan.js'

/** What can be demanded of a run beyond what always can. */
export interface Promises {
  /** Every request is answered whose caller waits until all must have recovered; none that was acknowledged is lost. */
  readonly isAllAnswered: boolean
  /** No request is handled by more than one life of a responder. */
  readonly isHandledOnce: boolean
  /** What a request is known by arrives as it was sent. */
  readonly isNamed: boolean
  /** There are answers again within this many milliseconds after the last fault. */
  readonly recoversWithin: number | undefined
}

/** Milliseconds from the last fault within which there must be answers again. */
export const recovery = 10_000

/**
 * What is promised under the faults of a plan. Always: each request has exactly one outcome, an answer goes to its asker,
 * and one life of a responder handles a request once.
 *
 * - Changed bytes may be anything, an acknowledgement of something else among them: nothing more can be demanded. A
 *   request whose correlation or response topic was changed is another one, and runs beside its repetition.
 * - A clock set forward is time gone by for whoever waits: his requests may end in time-outs.
 * - MQTT delivers at least once. A second delivery goes to another responder, which does not know what the first did,
 *   whenever the first was cut off with work in hand, the publish of the request was repeated, or it was asked again.
 */
export function promisesOf(plan: Plan): Promises {
  const isGarbled = hasFault(plan, 'corrupted')
  const isLate = plan.faults.some(
    (fault) => fault.kind === 'clock set' && fault.hours > 0 && fault.who.startsWith('requester'),
  )
  return {
    isAllAnswered: !isGarbled && !isLate,
    isHandledOnce: plan.asking.style === 'once' && !plan.faults.some(mayRepeat),
    isNamed: !isGarbled,
    recoversWithin: isGarbled ? undefined : recovery,
  }
}

/** Peers and broker take a silence of this many milliseconds for a lost connection, at the earliest. */
const silence = 5_000

/** Whether a message may be delivered again because of this fault. */
function mayRepeat({ kind, lasts }: Fault): boolean {
  switch (kind) {
    case 'stalled':
    case 'broker stopped':
    case 'responder stopped':
    case 'requester stopped':
      return lasts >= silence
    case 'delayed':
    case 'throttled':
    case 'disk full':
    case 'clock set':
      return false
    case 'broker killed':
    case 'responder killed':
    case 'connection cut':
    case 'one side cut':
    case 'half closed':
    case 'corrupted':
    case 'session dropped':
    case 'files exhausted':
      return true
  }
}

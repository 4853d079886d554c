import { hasFault, type ScheduledFault, type Plan } from './run/plan.js'

/** What must hold in a run, beyond the rules that always hold. */
export interface Guarantees {
  /** Every request that is still pending when the system must have recovered is answered; no acknowledged request is lost. */
  readonly isEveryRequestAnswered: boolean
  /** No request is handled by more than one responder process. */
  readonly isHandledOnce: boolean
  /** Correlation, response topic and payload of a request arrive unchanged. */
  readonly isIdentityIntact: boolean
  /** A stream has no gap and no repetition, up to its end or its error. */
  readonly areItemsIntact: boolean
  /** Every stream completes. */
  readonly isEveryStreamComplete: boolean
  /** A cancel that is sent after the faults stops its handler. */
  readonly isCancelled: boolean
  /** The maximum time in milliseconds from the end of the last fault to the next response. */
  readonly recoveryTimeout: number | undefined
}

/** The maximum time in milliseconds from the end of the last fault to the next response. */
export const maxRecoveryTime = 10_000

/**
 * Returns what must hold under the faults of a plan.
 *
 * These rules always hold: each request has exactly one outcome, a response reaches the requester that sent the request,
 * and one responder process handles a request once.
 *
 * - Changed bytes can form any packet, also an acknowledgement of another message, so only these rules hold. A request
 *   with a changed correlation, response topic or payload counts as another request, and runs beside its own duplicate.
 * - If a requester's clock is set forward, its pending requests may time out.
 * - MQTT delivers at least once. A redelivery may go to another responder, which does not know of the first delivery. This
 *   happens if the first responder lost its connection while handling, if the PUBLISH was resent, or if the requester
 *   retried.
 */
export function guaranteesFor(plan: Plan): Guarantees {
  const isGarbled = hasFault(plan, 'corrupted')
  const isLate = plan.faults.some(
    (fault) => fault.kind === 'clock set' && fault.hours > 0 && fault.target.startsWith('requester'),
  )
  return {
    isEveryRequestAnswered: !isGarbled && !isLate,
    isHandledOnce: plan.requestPolicy.style === 'once' && !plan.faults.some(mayCauseRedelivery),
    isIdentityIntact: !isGarbled,
    areItemsIntact: !isGarbled,
    isEveryStreamComplete: !plan.faults.some((fault) => mayEndStream(fault, plan)),
    isCancelled: !isGarbled,
    recoveryTimeout: isGarbled ? undefined : maxRecoveryTime,
  }
}

/** Whether the fault may end a stream: its responder is gone, or a message of it. */
function mayEndStream({ kind, ...fault }: ScheduledFault, { broker }: Plan): boolean {
  switch (kind) {
    case 'responder killed':
    case 'session dropped':
    case 'corrupted':
      return true
    case 'clock set':
      return 'hours' in fault && fault.hours > 0
    case 'broker killed':
      return broker === 'mosquitto'
    default:
      return false
  }
}

/** The shortest silence in milliseconds that peers and brokers treat as a lost connection. */
const keepAliveTimeout = 5_000

/** Whether the fault may cause a redelivery. */
function mayCauseRedelivery({ kind, duration }: ScheduledFault): boolean {
  switch (kind) {
    case 'stalled':
    case 'broker stopped':
    case 'responder stopped':
    case 'requester stopped':
      return duration >= keepAliveTimeout
    case 'rolling restart':
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

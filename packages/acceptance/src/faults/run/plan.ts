import type { ErrorCode } from '@antiphon/core'

/** The brokers that the fault bench tests. */
export const brokerKinds = ['embedded', 'mosquitto'] as const
export type BrokerKind = (typeof brokerKinds)[number]

/** The requester processes. */
export const requesterNames = ['requester-1', 'requester-2'] as const
/** The responder processes. */
export const responderNames = ['responder-1', 'responder-2', 'responder-3'] as const
export type RequesterName = (typeof requesterNames)[number]
export type ResponderName = (typeof responderNames)[number]
export type PeerName = RequesterName | ResponderName

/** The direction of bytes: `outbound` to the broker, `inbound` from the broker. */
export type Direction = 'outbound' | 'inbound'

/** A fault with its target, without its time. */
export type Fault =
  /** SIGKILL, and a restart at the end. */
  | { readonly kind: 'broker killed' }
  | { readonly kind: 'responder killed'; readonly peer: ResponderName }
  /** One responder after the other leaves the group, exits and starts again. */
  | { readonly kind: 'rolling restart' }
  /** SIGSTOP, and SIGCONT at the end. */
  | { readonly kind: 'broker stopped' }
  | { readonly kind: 'responder stopped'; readonly peer: ResponderName }
  | { readonly kind: 'requester stopped'; readonly peer: RequesterName }
  /** Both connections of the proxy are reset, and new connections are rejected until the end. */
  | { readonly kind: 'connection cut'; readonly peer: PeerName }
  /** The connection of one side is reset; the other side's stays open and silent until the end. */
  | { readonly kind: 'one side cut'; readonly peer: PeerName; readonly side: 'peer' | 'broker' }
  /** One direction is closed by FIN; the other stays open until the end. */
  | { readonly kind: 'half closed'; readonly peer: PeerName; readonly direction: Direction }
  /** Bytes are held back, and delivered at the end. */
  | { readonly kind: 'stalled'; readonly peer: PeerName; readonly direction: Direction }
  | { readonly kind: 'delayed'; readonly peer: PeerName; readonly milliseconds: number }
  | { readonly kind: 'throttled'; readonly peer: PeerName; readonly bytesPerSecond: number }
  /** Some bytes are changed on their way. */
  | { readonly kind: 'corrupted'; readonly peer: PeerName; readonly direction: Direction }
  /** While the peer is disconnected, another client ends its session under its client id. */
  | { readonly kind: 'session dropped'; readonly peer: PeerName }
  /** The disk of the broker's store is full. */
  | { readonly kind: 'disk full' }
  /** The process cannot open files or sockets, and its connections are cut. */
  | { readonly kind: 'files exhausted'; readonly target: PeerName | 'broker' }
  /** The wall clock is set, and stays set. */
  | { readonly kind: 'clock set'; readonly target: PeerName | 'broker'; readonly hours: 1 | -1 }

export type FaultKind = Fault['kind']

/** A fault with its time, in milliseconds from the start of the load. */
export type ScheduledFault = Fault & { readonly at: number; readonly duration: number }

/** How the requesters send their requests. */
export interface RequestPolicy {
  /** The timeout of a request. */
  readonly timeout: number
  /** `once`: published once; `retried`: sent again after an attempt times out, and after a lost session. */
  readonly style: 'once' | 'retried'
  /** When responders acknowledge. A request that is sent once needs `after-response`: a crash would lose it otherwise. */
  readonly acknowledge: 'on-start' | 'after-response'
}

/** All parameters of a run. */
export interface Plan {
  readonly seed: number
  readonly broker: BrokerKind
  /** Requests a second, of both requesters together. */
  readonly rate: number
  readonly requestPolicy: RequestPolicy
  /** Ordered by their start. */
  readonly faults: readonly ScheduledFault[]
  /** Milliseconds of load; it ends a while after the last fault. */
  readonly loadDuration: number
}

/** The outcome of a request: a response, or the code of an error. */
export type RequestOutcome = 'response' | ErrorCode

/** Returns a description of a fault in one line. */
export function describeFault(fault: ScheduledFault): string {
  const { kind, at, duration, ...target } = fault
  const details = Object.values(target).join(' ')
  return `${at}–${at + duration} ms ${kind}${details === '' ? '' : ` (${details})`}`
}

/** Returns a description of a plan in one line. */
export function describePlan({ seed, broker, requestPolicy, faults }: Plan): string {
  return `seed ${seed}: ${broker}, sent ${requestPolicy.style}: ${faults.map(describeFault).join('; ')}`
}

/** Whether the plan has a fault of one of these kinds. */
export function hasFault({ faults }: Plan, ...kinds: readonly FaultKind[]): boolean {
  return faults.some(({ kind }) => kinds.includes(kind))
}

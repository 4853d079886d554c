import type { ErrorCode } from '@antiphon/core'

/** The brokers that the bench puts under faults. */
export const brokerKinds = ['embedded', 'mosquitto'] as const
export type BrokerKind = (typeof brokerKinds)[number]

/** The processes beside the broker. */
export const requesterNames = ['requester-1', 'requester-2'] as const
export const responderNames = ['responder-1', 'responder-2', 'responder-3'] as const
export type RequesterName = (typeof requesterNames)[number]
export type ResponderName = (typeof responderNames)[number]
export type PeerName = RequesterName | ResponderName

/** Where bytes go, seen from the peer. */
export type Way = 'up' | 'down'

/** What can be done to the system, each with what it is done to. */
export type Harm =
  /** SIGKILL, and a new start at the end. */
  | { readonly kind: 'broker killed' }
  | { readonly kind: 'responder killed'; readonly peer: ResponderName }
  /** SIGSTOP, and SIGCONT at the end. */
  | { readonly kind: 'broker stopped' }
  | { readonly kind: 'responder stopped'; readonly peer: ResponderName }
  | { readonly kind: 'requester stopped'; readonly peer: RequesterName }
  /** Both connections of the proxy are reset, and none gets through until the end. */
  | { readonly kind: 'connection cut'; readonly peer: PeerName }
  /** One side's connection ends; the other side's stays, silent, until the end. */
  | { readonly kind: 'one side cut'; readonly peer: PeerName; readonly side: 'peer' | 'broker' }
  /** One way is closed in order (FIN), the other goes on until the end. */
  | { readonly kind: 'half closed'; readonly peer: PeerName; readonly way: Way }
  /** Bytes are kept back, and delivered at the end. */
  | { readonly kind: 'stalled'; readonly peer: PeerName; readonly way: Way }
  | { readonly kind: 'delayed'; readonly peer: PeerName; readonly milliseconds: number }
  | { readonly kind: 'throttled'; readonly peer: PeerName; readonly bytesPerSecond: number }
  /** Some bytes are changed on their way. */
  | { readonly kind: 'corrupted'; readonly peer: PeerName; readonly way: Way }
  /** While the peer is cut off, somebody ends its session in its name. */
  | { readonly kind: 'session dropped'; readonly peer: PeerName }
  /** The disk of the broker's store has no room left. */
  | { readonly kind: 'disk full' }
  /** The process can open no file and no socket, and its connections are cut. */
  | { readonly kind: 'files exhausted'; readonly who: PeerName | 'broker' }
  /** The wall clock is set, and stays so. */
  | { readonly kind: 'clock set'; readonly who: PeerName | 'broker'; readonly hours: 1 | -1 }

export type HarmKind = Harm['kind']

/** One harm and its time, in milliseconds from the start of the load. */
export type Fault = Harm & { readonly at: number; readonly lasts: number }

/** How the requesters ask. */
export interface Asking {
  /** Milliseconds until a caller gives up. */
  readonly timeout: number
  /** `once`: one publish, which waits for whatever comes; `again`: asked again after silence, and after a lost session. */
  readonly style: 'once' | 'again'
}

/** Everything that is decided about a run before it begins. */
export interface Plan {
  readonly seed: number
  readonly broker: BrokerKind
  /** Requests a second, of both requesters together. */
  readonly rate: number
  readonly asking: Asking
  /** In the order of their beginnings. */
  readonly faults: readonly Fault[]
  /** When the load ends: a while after the last fault. */
  readonly loadFor: number
}

/** Every way in which a request can end. */
export type RequestOutcome = 'answer' | ErrorCode

/** One line about a fault, for people. */
export function describeFault(fault: Fault): string {
  const { kind, at, lasts, ...where } = fault
  const details = Object.values(where).join(' ')
  return `${at}–${at + lasts} ms ${kind}${details === '' ? '' : ` (${details})`}`
}

/** One line about a run, for people. */
export function describePlan({ seed, broker, asking: requesting, faults }: Plan): string {
  return `seed ${seed}: ${broker}, asked ${requesting.style}: ${faults.map(describeFault).join('; ')}`
}

/** Whether a fault of one of these kinds is planned. */
export function hasFault({ faults }: Plan, ...kinds: readonly HarmKind[]): boolean {
  return faults.some(({ kind }) => kinds.includes(kind))
}

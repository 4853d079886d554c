import type { Engine } from './engine.js'

/** The broker's counters since it started. */
export interface Counters {
  connects: number
  refusals: number
  /** The number of refusals for each reason code. */
  refusalsByReason: Record<number, number>
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  dropped: number
}

/** Returns counters at zero. */
export function newCounters(): Counters {
  return {
    connects: 0,
    refusals: 0,
    refusalsByReason: {},
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    dropped: 0,
  }
}

/** Counts a refused connection. */
export function countRefusal(counters: Counters, reasonCode: number): void {
  counters.refusals++
  counters.refusalsByReason[reasonCode] = (counters.refusalsByReason[reasonCode] ?? 0) + 1
}

/** The broker's statistics at one moment: its counters since it started, and the present numbers of its state. */
export interface BrokerStats extends Readonly<Counters> {
  readonly connections: number
  readonly sessions: number
  readonly subscriptions: number
  readonly retained: number
  readonly retainedBytes: number
  readonly inFlight: number
  readonly queued: number
  /** Bytes of all messages in flight and queued. */
  readonly heldBytes: number
}

/** Returns the broker's present statistics. */
export function snapshot({ counters, connections, sessions, router, retained }: Engine): BrokerStats {
  let inFlight = 0
  let queued = 0
  let heldBytes = 0
  for (const { outbound } of sessions) {
    inFlight += outbound.inFlightCount
    queued += outbound.queuedCount
    heldBytes += outbound.heldBytes
  }
  return {
    ...counters,
    refusalsByReason: { ...counters.refusalsByReason },
    connections: connections.size,
    sessions: sessions.size,
    subscriptions: router.subscriptionCount,
    retained: retained.count,
    retainedBytes: retained.bytes,
    inFlight,
    queued,
    heldBytes,
  }
}

import type { Engine } from './engine.js'

/** What has been counted since the broker started. */
export interface Counters {
  connects: number
  refusals: number
  /** The same by reason code. */
  refusalsByReason: Record<number, number>
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  dropped: number
}

/** Counters at nothing. */
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

/** Counts a connection that was not let in. */
export function countRefusal(counters: Counters, reasonCode: number): void {
  counters.refusals++
  counters.refusalsByReason[reasonCode] = (counters.refusalsByReason[reasonCode] ?? 0) + 1
}

/** The broker at one moment: what it counted since it started, and what it holds. */
export interface BrokerStats extends Readonly<Counters> {
  readonly connections: number
  readonly sessions: number
  readonly subscriptions: number
  readonly retained: number
  readonly retainedBytes: number
  readonly inFlight: number
  readonly queued: number
  /** Bytes of what is in flight and queued. */
  readonly heldBytes: number
}

/** The broker's present numbers. */
export function snapshot({ counters, guests, sessions, router, retained }: Engine): BrokerStats {
  let inFlight = 0
  let queued = 0
  let heldBytes = 0
  for (const { downlink } of sessions) {
    inFlight += downlink.inFlightCount
    queued += downlink.queuedCount
    heldBytes += downlink.heldBytes
  }
  return {
    ...counters,
    refusalsByReason: { ...counters.refusalsByReason },
    connections: guests.size,
    sessions: sessions.size,
    subscriptions: router.subscriptionCount,
    retained: retained.count,
    retainedBytes: retained.bytes,
    inFlight,
    queued,
    heldBytes,
  }
}

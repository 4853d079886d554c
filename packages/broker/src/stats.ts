import type { Counters } from './counters.js'
import type { Engine } from './engine/engine.js'

/** The broker's statistics at one moment: its counters since it started, and the present numbers of its state. */
export interface BrokerStats extends Readonly<Counters> {
  readonly connections: number
  /** Sessions whose client is connected. */
  readonly clients: number
  readonly sessions: number
  readonly subscriptions: number
  readonly retained: number
  readonly retainedBytes: number
  readonly inFlight: number
  readonly queued: number
  /** Bytes of all messages in flight and queued. */
  readonly heldBytes: number
  /** Estimated bytes of all sessions with their subscriptions, Wills and messages; `limits.totalBytes` bounds them. */
  readonly totalBytes: number
  /** Bytes that wait in connections whose clients read slowly; `limits.totalUnreadBytes` bounds them. */
  readonly unreadBytes: number
}

/** Returns the broker's present statistics. */
export function snapshot(engine: Engine): BrokerStats {
  const { counters, connections, sessions, router, retained, memory, unread } = engine
  let inFlight = 0
  let queued = 0
  let heldBytes = 0
  let clients = 0
  for (const { outbound, peer } of sessions) {
    if (peer !== null) clients++
    inFlight += outbound.inFlightCount
    queued += outbound.queuedCount
    heldBytes += outbound.heldBytes
  }
  return {
    ...counters,
    refusalsByReason: { ...counters.refusalsByReason },
    connections: connections.size,
    clients,
    sessions: sessions.size,
    subscriptions: router.subscriptionCount,
    retained: retained.count,
    retainedBytes: retained.bytes,
    inFlight,
    queued,
    heldBytes,
    totalBytes: memory.bytes,
    unreadBytes: unread.bytes,
  }
}

import type { SchedulerLike } from 'rxjs'
import { Outgoing } from './outgoing.js'
import { PacketTable, type AwaitingPacket } from './packet-table.js'

/** What outlives a connection: our half of the session [MQTT-4.1.0-1]. */
export interface Session {
  /** What waits for the broker's answer. */
  readonly packets: PacketTable<AwaitingPacket>
  readonly outgoing: Outgoing
  /** Identifiers of QoS 2 messages that were acknowledged and that the broker has yet to release. */
  readonly handled: Set<number>
  /** Our name at the broker, which may be of its choosing. */
  clientId: string
  /** The broker has accepted us before. */
  hasBegun: boolean
}

export function newSession(clientId: string, scheduler: SchedulerLike): Session {
  const packets = new PacketTable<AwaitingPacket>()
  const outgoing = new Outgoing(packets, scheduler)
  return { packets, outgoing, handled: new Set(), clientId, hasBegun: false }
}

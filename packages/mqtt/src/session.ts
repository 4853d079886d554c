import { UnacknowledgedPublishes } from './unacknowledged-publishes.js'
import { PacketTable, type UnacknowledgedPacket } from './packet-table.js'

/** The client's Session State, which outlives a connection [MQTT-4.1.0-1]. */
export interface Session {
  /** All packets that the broker has not acknowledged yet. */
  readonly packets: PacketTable<UnacknowledgedPacket>
  readonly outbound: UnacknowledgedPublishes
  /** Packet Identifiers of QoS 2 messages for which PUBREC was sent and PUBREL is awaited. */
  readonly unreleased: Set<number>
  /** The Client Identifier, which the broker may have assigned. */
  clientId: string
  /** Whether the broker has accepted a connection of this session. */
  isEstablished: boolean
}

/** Creates the state of a session that no connection has used yet. */
export function newSession(clientId: string): Session {
  const packets = new PacketTable<UnacknowledgedPacket>()
  return {
    packets,
    outbound: new UnacknowledgedPublishes(packets),
    unreleased: new Set(),
    clientId,
    isEstablished: false,
  }
}

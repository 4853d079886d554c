import type { Limits } from '../limits.js'
import type { Publication } from '../packet/publication.js'

/** The connection of a session, over a socket or in process. */
export interface Peer {
  /** Whether the client reads too slowly: QoS 1 and 2 messages must wait, QoS 0 messages are dropped. */
  readonly isFull: boolean
  /** The limit that makes it full. */
  readonly fullLimit: keyof Limits
  /**
   * Sends a PUBLISH with these flags (DUP, QoS and RETAIN as in its first byte); returns `false` if it exceeds the
   * client's Maximum Packet Size [MQTT-3.1.2-24].
   */
  readonly publish: (
    publication: Publication,
    flags: number,
    packetId: number,
    identifiers: readonly number[] | null,
  ) => boolean
  /** Sends a PUBREC for a message that the client sent on an earlier connection. */
  readonly received: (packetId: number, reasonCode: number) => void
  /** Sends a PUBREL. */
  readonly release: (packetId: number, reasonCode: number) => void
  /** Ends the connection; sends the reason if the protocol version allows it. */
  readonly disconnect: (reasonCode: number, text: string) => void
}

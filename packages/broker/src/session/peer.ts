import type { Publication } from '../packet/publication.js'

/** The connection of a session: what the session may ask of it, whatever carries it. */
export interface Peer {
  /** It reads too slowly: what can wait should, and what cannot is dropped. */
  readonly isFull: boolean
  /**
   * Sends a PUBLISH with these flags (DUP, QoS and RETAIN as in its first byte); `false` when it is larger than the
   * client accepts [MQTT-3.1.2-24].
   */
  readonly publish: (
    publication: Publication,
    flags: number,
    packetId: number,
    identifiers: readonly number[] | null,
  ) => boolean
  /** Sends a PUBREC for a message of the client whose own connection was another one. */
  readonly received: (packetId: number, reasonCode: number) => void
  /** Sends a PUBREL. */
  readonly release: (packetId: number, reasonCode: number) => void
  /** Ends the connection for a reason, and tells it where the protocol can. */
  readonly disconnect: (reasonCode: number, text: string) => void
}

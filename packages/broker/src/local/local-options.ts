import type { MessageProperties, QoS } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import type { ProtocolVersion } from '../packet/codec.js'

/** The message the broker sends in a local client's name when it loses it. */
export interface LocalWill extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  /** @defaultValue 0 */
  readonly qos?: QoS
  /** @defaultValue false */
  readonly retain?: boolean
  /** Seconds between the loss and the will. @defaultValue 0 */
  readonly willDelayInterval?: number
}

/** A client without a socket; the names are those of CONNECT. */
export interface LocalClientOptions {
  /** @defaultValue `local-` and a random UUID, the same for every connection */
  readonly clientId?: string
  /** @defaultValue the highest version the broker lets in */
  readonly protocolVersion?: ProtocolVersion
  /**
   * `true`: every connection begins a session of its own. `false`: every connection resumes the one the broker knows.
   * Left out: the first connection begins a session and the later ones resume it.
   */
  readonly clean?: boolean
  /**
   * Seconds the broker keeps the session when the client is gone. Left out it is 300 (0 with `clean: true`), and a
   * farewell ends the session, unless `clean: false` asks to be remembered.
   */
  readonly sessionExpiryInterval?: number
  /** How many QoS 1 and 2 messages it takes unacknowledged. @defaultValue 65 535 */
  readonly receiveMaximum?: number
  readonly username?: string
  readonly password?: string | Uint8Array
  readonly will?: LocalWill
}

/** A local client, and how its link behaves. */
export interface LocalLinkOptions extends LocalClientOptions, Omit<LinkOptions, 'scheduler'> {}

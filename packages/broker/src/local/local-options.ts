import {
  linkOptionRules,
  type LinkOptions,
  numberRule,
  type OptionRules,
  wholeNumberRule,
} from '@antiphon/core/link'
import type { ProtocolVersion } from '@antiphon/packet'
import type { LocalWill } from '../will/local-will.js'

/** Options of a client without a socket, named as the fields of CONNECT. */
export interface LocalClientOptions {
  /** The Client Identifier. @defaultValue `local-` and a random UUID, the same for every connection */
  readonly clientId?: string
  /** The protocol version of the client. @defaultValue the highest version that the broker accepts */
  readonly protocolVersion?: ProtocolVersion
  /**
   * `true`: every connection starts a new session. `false`: every connection resumes the session of the client.
   * `undefined`: the first connection starts a session, and later ones resume it.
   */
  readonly clean?: boolean
  /**
   * The Session Expiry Interval, in seconds. If it is `undefined`, it is 300 (0 with `clean: true`), and a disconnect
   * ends the session unless `clean` is `false`.
   */
  readonly sessionExpiryInterval?: number
  /** Whether `close()` ends the session. @defaultValue see `sessionExpiryInterval` */
  readonly endSession?: boolean
  /**
   * The Receive Maximum: QoS 1 and 2 messages that the broker may send before the first is acknowledged.
   * @defaultValue 65 535
   */
  readonly receiveMaximum?: number
  /** The User Name of CONNECT. */
  readonly username?: string
  /** The Password of CONNECT. */
  readonly password?: string | Uint8Array
  /** The message that the broker publishes if the connection ends without a DISCONNECT. */
  readonly will?: LocalWill
}

/** Options of a link without a socket: those of its client, and those of every link. */
export interface LocalLinkOptions extends LocalClientOptions, Omit<LinkOptions, 'scheduler'> {}

/** The rules of `LocalClientOptions`. */
export const localClientOptionRules: OptionRules<LocalClientOptions> = {
  clientId: 'string',
  protocolVersion: [4, 5],
  clean: [true, false],
  sessionExpiryInterval: numberRule(0),
  endSession: [true, false],
  receiveMaximum: wholeNumberRule(1, 65_535),
  username: 'string',
  password: 'any',
  will: 'object',
}

const { scheduler: _, ...rulesOfLink } = linkOptionRules

/** The rules of `LocalLinkOptions`. */
export const localLinkOptionRules: OptionRules<LocalLinkOptions> = {
  ...localClientOptionRules,
  ...rulesOfLink,
}

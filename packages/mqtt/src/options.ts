import type { MessageProperties, QoS, UserProperties } from '@antiphon/core'
import type { ObservableInput, SchedulerLike } from 'rxjs'
import type { Tunnel } from './tunnel.js'

/** Who we say we are. */
export interface Credentials {
  readonly username: string
  readonly password?: string | Uint8Array
}

/** The message the broker sends in our name when it loses us. */
export interface Will extends Pick<
  MessageProperties,
  | 'responseTopic'
  | 'correlationData'
  | 'contentType'
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'userProperties'
> {
  readonly topic: string
  /** @defaultValue empty */
  readonly payload?: string | Uint8Array
  /** @defaultValue 0 */
  readonly qos?: QoS
  /** @defaultValue false */
  readonly retain?: boolean
  /** Seconds the broker waits for us to come back before it sends the will. MQTT 5 only. @defaultValue 0 */
  readonly willDelayInterval?: number
}

/** What MQTT 5 lets us say in CONNECT. */
export interface ConnectProperties {
  /**
   * Seconds the broker keeps our session when we are gone.
   * @defaultValue 300, and 0 with `clean: true`
   */
  readonly sessionExpiryInterval?: number
  /** How many QoS 1 and 2 messages the broker may send us before we acknowledge any. @defaultValue 65 535 */
  readonly receiveMaximum?: number
  /** The largest packet we take, in bytes. @defaultValue no limit */
  readonly maximumPacketSize?: number
  /** How many topic aliases the broker may use. @defaultValue 0 */
  readonly topicAliasMaximum?: number
  /** Ask the broker where it wants response topics. @defaultValue true */
  readonly requestResponseInformation?: boolean
  /** Let the broker send reason strings with acknowledgements. @defaultValue true */
  readonly requestProblemInformation?: boolean
  readonly userProperties?: UserProperties
}

/** How to reach a broker and what to tell it; the names are those of MQTT.js. */
export interface MqttOptions {
  /** 5, or 4 for MQTT 3.1.1. @defaultValue 5 */
  readonly protocolVersion?: 4 | 5
  /**
   * Our name at the broker, the same for every connection. An empty one lets the broker choose.
   * @defaultValue `antiphon` and 15 random hexadecimal digits
   */
  readonly clientId?: string
  /**
   * `true`: every connection begins a session of its own. `false`: every connection resumes the one the broker knows;
   * needs a `clientId`. Left out, on MQTT 5: the first connection begins a session and the later ones resume it, and
   * `disconnect$` ends it unless a `sessionExpiryInterval` was given; on 3.1.1 the same as `true`.
   */
  readonly clean?: boolean
  /** Seconds of silence after which the connection is probed; 0 never. @defaultValue 60 */
  readonly keepalive?: number
  /** Milliseconds the broker has to accept us. @defaultValue 30 000 */
  readonly connectTimeout?: number
  readonly username?: string
  readonly password?: string | Uint8Array
  /** Called before every connection, instead of `username` and `password`: for tokens that run out. */
  readonly credentials?: () => Credentials | ObservableInput<Credentials>
  readonly will?: Will
  /** MQTT 5 only. */
  readonly properties?: ConnectProperties
  /** Authorities to trust, as PEM. Node only, as are the next six. */
  readonly ca?: TlsMaterial
  /** Our certificate, as PEM. */
  readonly cert?: TlsMaterial
  /** The key of our certificate, as PEM. */
  readonly key?: TlsMaterial
  /** The passphrase of the key. */
  readonly passphrase?: string
  /** Refuse a broker whose certificate no authority vouches for. @defaultValue true */
  readonly rejectUnauthorized?: boolean
  /** The name the broker's certificate must bear. @defaultValue the host of the URL */
  readonly servername?: string
  /** Application protocols to offer in the TLS handshake. */
  readonly ALPNProtocols?: readonly string[]
  /** Options of the WebSocket of the `ws` package, such as `headers` and `agent`. Node only. */
  readonly wsOptions?: Readonly<Record<string, unknown>>
  /** Opens the way to the broker in place of a plain socket, such as `throughProxy(…)`. Node only. @defaultValue none */
  readonly tunnel?: Tunnel
  /** What keeps time for `keepalive` in a browser: a worker in a blob, which a CSP may forbid, or the page itself. */
  readonly timerVariant?: 'auto' | 'worker' | 'native'
  /** The clock of message expiry and of the farewell's limit. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** PEM text, or several. */
export type TlsMaterial = string | Uint8Array | readonly (string | Uint8Array)[]

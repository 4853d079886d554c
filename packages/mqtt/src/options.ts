import type { MessageProperties, QoS, UserProperties } from '@antiphon/core'
import type { Observable, ObservableInput, SchedulerLike } from 'rxjs'
import type { Tunnel } from './tunnel.js'

/** The username and password that CONNECT carries. */
export interface Credentials {
  readonly username: string
  readonly password?: string | Uint8Array
}

/** The Will Message: published by the broker when the connection ends without a DISCONNECT. */
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
  /** The payload of the Will. @defaultValue empty */
  readonly payload?: string | Uint8Array
  /** The QoS of the Will. @defaultValue 0 */
  readonly qos?: QoS
  /** Whether the Will is retained. @defaultValue false */
  readonly retain?: boolean
  /** Seconds the broker waits for a reconnect before it publishes the will. MQTT 5 only. @defaultValue 0 */
  readonly willDelayInterval?: number
}

/** One run of an enhanced authentication, from CONNECT or from the AUTH that begins a re-authentication. */
export interface AuthenticationExchange {
  /** The Authentication Data of CONNECT, or of the AUTH that begins a re-authentication. */
  readonly data?: Uint8Array
  /** Returns the response to a challenge, the Authentication Data of the broker's AUTH. */
  readonly respond?: (challenge: Uint8Array | undefined) => Uint8Array | ObservableInput<Uint8Array>
  /** Checks the Authentication Data with which the broker accepts the client; throws to close the connection. */
  readonly verify?: (data: Uint8Array | undefined) => void
}

/** Enhanced authentication of MQTT 5, by AUTH packets. */
export interface Authentication {
  /** The Authentication Method, such as `SCRAM-SHA-256`. */
  readonly method: string
  /** Begins an authentication; called before every connection and for every re-authentication. */
  readonly begin: () => AuthenticationExchange | ObservableInput<AuthenticationExchange>
  /** Authenticates the open connection again each time that it emits, for example when a token is renewed. */
  readonly reauthenticate$?: Observable<unknown>
}

/** The MQTT 5 properties of CONNECT. */
export interface ConnectProperties {
  /**
   * Seconds the broker keeps the session after the connection has ended.
   * @defaultValue 300, and 0 with `clean: true`
   */
  readonly sessionExpiryInterval?: number
  /** How many unacknowledged QoS 1 and 2 messages the broker may send. @defaultValue 65 535 */
  readonly receiveMaximum?: number
  /** The largest packet the client accepts, in bytes. @defaultValue no limit */
  readonly maximumPacketSize?: number
  /** How many topic aliases the broker may use. @defaultValue 0 */
  readonly topicAliasMaximum?: number
  /** Requests Response Information: where the broker wants response topics. @defaultValue true */
  readonly requestResponseInformation?: boolean
  /** Lets the broker send a Reason String with acknowledgements. @defaultValue true */
  readonly requestProblemInformation?: boolean
  readonly userProperties?: UserProperties
}

/** Which Server References of a broker are followed. */
export interface ServerRedirection {
  /**
   * The servers: `host` for the port of the URL, or `host:port`. A host that begins with `*.` stands for all names below a
   * domain. The protocol of the URL is kept, and the credentials are sent to these servers too.
   */
  readonly allow: readonly string[]
  /** How many servers may follow each other before one accepts the connection. @defaultValue 3 */
  readonly maxHops?: number
}

/** The options of MQTT, over any stream to the broker, named as in MQTT.js. */
export interface SessionOptions {
  /**
   * 5, or 4 for MQTT 3.1.1. With `auto`, every connection begins with MQTT 5, and 3.1.1 follows at once if the broker refuses it
   * or closes at CONNECT; what the broker has refused is not tried again. `ConnectionInfo` has the version. @defaultValue 5
   */
  readonly protocolVersion?: 4 | 5 | 'auto'
  /**
   * The Client Identifier of every connection. With an empty one, the broker assigns an identifier.
   * @defaultValue `antiphon` and 15 random hexadecimal digits
   */
  readonly clientId?: string
  /**
   * `true`: every connection starts a new session. `false`: every connection resumes the session that the broker keeps
   * for the `clientId`, which is then required. Left out, on MQTT 5: the first connection starts a session, later ones
   * resume it, and `close()` ends it unless `sessionExpiryInterval` or `endSession` is set. Left out, on 3.1.1: the same as `true`.
   */
  readonly clean?: boolean
  /** The Keep Alive in seconds: an idle connection is probed after that time. 0 switches it off. @defaultValue 60 */
  readonly keepalive?: number
  /** Milliseconds to wait for CONNACK. @defaultValue 30 000 */
  readonly connectTimeout?: number
  /** The User Name of CONNECT. */
  readonly username?: string
  /** The Password of CONNECT. */
  readonly password?: string | Uint8Array
  /** Called before every connection, instead of `username` and `password`: for tokens that expire. */
  readonly credentials?: () => Credentials | ObservableInput<Credentials>
  /** Enhanced authentication. MQTT 5 only, and not with `auto`: on 3.1.1 the client would connect without it. */
  readonly authentication?: Authentication
  /**
   * Whether `close()` ends the session at the broker, with a Session Expiry Interval of 0 in DISCONNECT. MQTT 5 only.
   * @defaultValue true if neither `clean` nor `sessionExpiryInterval` is set
   */
  readonly endSession?: boolean
  /**
   * Connects to another server if the broker names one in a CONNACK or DISCONNECT with 0x9C (Use another server) or 0x9D
   * (Server moved). MQTT 5 only. @defaultValue no Server Reference is followed
   */
  readonly serverRedirection?: ServerRedirection
  /** The message that the broker publishes if the connection ends without a DISCONNECT. */
  readonly will?: Will
  /** Further properties of CONNECT. MQTT 5 only. */
  readonly properties?: ConnectProperties
  /** The scheduler that times message expiry and disconnecting. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** The options of a connection to a broker, named as in MQTT.js. */
export interface MqttOptions extends SessionOptions {
  /** Certificate authorities to trust, as PEM. Node only, as are the next six. */
  readonly ca?: TlsMaterial
  /** The client certificate, as PEM. */
  readonly cert?: TlsMaterial
  /** The private key of the client certificate, as PEM. */
  readonly key?: TlsMaterial
  /** The passphrase of `key`. */
  readonly passphrase?: string
  /** Rejects a broker whose certificate is not signed by a trusted authority. @defaultValue true */
  readonly rejectUnauthorized?: boolean
  /** The host name that the broker's certificate must contain. @defaultValue the host of the URL */
  readonly servername?: string
  /** Application protocols (ALPN) to offer in the TLS handshake. */
  readonly ALPNProtocols?: readonly string[]
  /** Options of the WebSocket of the `ws` package, such as `headers` and `agent`. Node only. */
  readonly wsOptions?: Readonly<Record<string, unknown>>
  /** Opens the stream to the broker in place of a plain socket, such as `throughProxy(…)`. Node only. @defaultValue none */
  readonly tunnel?: Tunnel
  /**
   * Lets the process end although the link is open, for example at the end of a script: the socket and the timers of the
   * connection do not keep it alive. Pending requests, messages that are being sent and `close()` do. A responder must not set
   * it. Node only. @defaultValue false
   */
  readonly unref?: boolean
  /**
   * Which timer drives `keepalive` in a browser: `worker` starts a worker from a blob, which a content security policy
   * may forbid; `native` uses the timers of the page.
   */
  readonly timerVariant?: 'auto' | 'worker' | 'native'
}

/** One or several PEM texts. */
export type TlsMaterial = string | Uint8Array | readonly (string | Uint8Array)[]

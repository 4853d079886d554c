import type { Message, OutgoingMessage, QoS } from '@antiphon/core'
import type { Observable } from 'rxjs'
import type { ProtocolVersion, RequestedSubscription } from '@antiphon/packet'
import type { PeerCertificate } from './peer-certificate.js'
import type { WebSocketRequest } from './web-socket-request.js'

/** The result of a hook: a value, a Promise of it, or an Observable whose first item it is. */
export type HookResult<T> = T | PromiseLike<T> | Observable<T>

/** The identity of a connected client. */
export interface ClientInfo {
  readonly clientId: string
  /** 4 is MQTT 3.1.1, and MQTT 3.1 with `acceptsMqtt31`. */
  readonly protocolVersion: ProtocolVersion
  readonly userName?: string
  /**
   * The client's network address, for logs: `address:port`, with port 0 if it is named by `X-Forwarded-For`; `unix` for a Unix
   * socket, `in-process` for a link without a socket.
   */
  readonly remoteAddress: string
  /** The network address of the proxy that named `remoteAddress`. */
  readonly proxyAddress?: string
  /** The URL of the listener that accepted the connection. */
  readonly listener: string
  readonly certificate?: PeerCertificate
  /** The Keep Alive of CONNECT, in seconds. */
  readonly keepAlive: number
  /** The principal that `authenticate` returned. */
  readonly principal?: unknown
}

/** A CONNECT, or an AUTH after it, for `authenticate` to decide on. */
export interface ConnectAttempt extends ClientInfo {
  readonly password?: Uint8Array
  /** The HTTP request that opened the connection, over a WebSocket. */
  readonly webSocketRequest?: WebSocketRequest
  readonly cleanStart: boolean
  /** The requested Session Expiry Interval, in seconds; `Infinity` for a session that does not expire. */
  readonly sessionExpiryInterval: number
  readonly will?: {
    readonly topic: string
    readonly payload: Uint8Array
    readonly qos: QoS
    readonly retain: boolean
  }
  /** The Authentication Method of an enhanced authentication; `authenticationData` is the data of this step. */
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
  /** 0 for CONNECT, and one more for each AUTH after it. */
  readonly step: number
  /** Whether a connected client re-authenticates. */
  readonly isReAuthentication: boolean
  /** The context that the challenge of the previous step returned. */
  readonly context?: unknown
}

/** The decision of `authenticate`. */
export type ConnectVerdict =
  | {
      readonly admit: true
      /** Any value to attach to the client; every other hook receives it. */
      readonly principal?: unknown
      /**
       * When the credential expires, in milliseconds on the broker's clock; the client is then disconnected with
       * 0xA0.
       */
      readonly expiresAt?: number
      /** A maximum of the Session Expiry Interval, in seconds. */
      readonly sessionExpiryInterval?: number
      /** The Authentication Data of CONNACK, or of the AUTH that completes a re-authentication. */
      readonly authenticationData?: Uint8Array
    }
  | {
      readonly admit: false
      readonly reasonCode: number
      readonly reasonString?: string
      /** The Server Reference for 0x9C and 0x9D: the server that the client should use. */
      readonly serverReference?: string
    }
  /** Continues an enhanced authentication: sends the data, and calls `authenticate` again for the client's AUTH. */
  | { readonly challenge: Uint8Array; readonly context?: unknown }

/** A message that a client wants to publish. */
export interface PublishRequest {
  readonly client: ClientInfo
  readonly message: Message
  /**
   * Whether the message is the client's Will: no acknowledgement is sent for it, and there is no connection to close.
   */
  readonly isWill: boolean
}

/** The decision of `authorizePublish`. */
export type PublishVerdict =
  | 'allow'
  /** Does not route the message. It is acknowledged with this reason code; over MQTT 3.1.1 without one. */
  | { readonly refuse: number; readonly reasonString?: string }
  /** Ends the connection with this reason code, without acknowledging the message. */
  | { readonly close: number; readonly reasonString?: string }
  /**
   * Does not route the message: the hook handles it, and the broker acknowledges it with the resulting reason code.
   */
  | { readonly take: HookResult<number> }

/** One Topic Filter that a client wants to subscribe to. */
export interface SubscribeAttempt extends RequestedSubscription {
  readonly client: ClientInfo
  /** The client's present number of subscriptions, including one that this one replaces. */
  readonly subscriptionCount: number
  /** Whether it replaces a subscription to the same Topic Filter. */
  readonly isReplacement: boolean
}

/**
 * The decision of `authorizeSubscribe`: grant the requested QoS, grant at most `maximumQoS`, or refuse. `reasonString` is the
 * reason of a refusal in the event `subscribed`.
 */
export type SubscribeVerdict =
  'allow' | { readonly maximumQoS: QoS } | { readonly refuse: number; readonly reasonString?: string }

/** One Topic Filter that a client wants to unsubscribe from. */
export interface UnsubscribeAttempt {
  readonly client: ClientInfo
  readonly filter: string
  /** Whether the client is subscribed to it. */
  readonly isSubscribed: boolean
}

/**
 * The decision of `authorizeUnsubscribe`. A refused subscription remains, and UNSUBACK has the reason code. MQTT 3.1.1 has
 * no such reason code: over it, the subscription is removed nevertheless [MQTT-3.10.4-2].
 */
export type UnsubscribeVerdict = 'allow' | { readonly refuse: number }

/** A message that is about to be sent to a subscriber. */
export interface DeliveryAttempt {
  /** The subscriber, which is connected. */
  readonly client: ClientInfo
  readonly topic: string
  /** The Client Identifier of the publisher; empty for a message from the broker itself. */
  readonly publisherId: string
  /** The message as it was published; it is decoded when the property is read. */
  readonly message: Message
}

/** The decision of `authorizeDelivery`. */
export type DeliveryVerdict = 'allow' | 'refuse'

/** The end of the connection of a client that was admitted. */
export interface ClientDisconnection {
  readonly client: ClientInfo
  readonly by: 'client' | 'broker' | 'network'
  /** The reason code of the client's or the broker's DISCONNECT; `undefined` for a lost connection. */
  readonly reasonCode?: number
  readonly reason: string
  /** Whether the client sent a DISCONNECT that discards its Will. */
  readonly isClean: boolean
  /** Whether the session continues by its Session Expiry Interval. It may still be ended, for example by a Clean Start. */
  readonly isSessionKept: boolean
}

/**
 * The hooks of a broker. An absent hook allows everything. Each hook is called before the operation that it decides
 * on takes effect, and may call the broker. A hook that throws, rejects, returns an invalid result or, if it is
 * asynchronous, takes longer than `hookTimeout` allows nothing; `events$` emits `hook-failed`.
 */
export interface Authority {
  /**
   * Decides whether a client may connect. A hook that fails refuses the client with 0x80, one that takes too long with
   * 0x88.
   */
  readonly authenticate?: (attempt: ConnectAttempt) => HookResult<ConnectVerdict>
  /** Decides whether a message may be published. Messages of one client keep their order while a hook is pending. */
  readonly authorizePublish?: (request: PublishRequest) => HookResult<PublishVerdict>
  /** Decides whether a client may subscribe; called for each Topic Filter of a SUBSCRIBE. */
  readonly authorizeSubscribe?: (attempt: SubscribeAttempt) => HookResult<SubscribeVerdict>
  /** Decides whether a client may unsubscribe; called for each Topic Filter of an UNSUBSCRIBE. */
  readonly authorizeUnsubscribe?: (attempt: UnsubscribeAttempt) => HookResult<UnsubscribeVerdict>
  /**
   * Decides whether a message may be sent to a subscriber, so that a right that is removed no longer counts for
   * subscriptions and queued messages that exist already. Synchronous, because it is called for every delivery: keep the
   * rights in memory. A message that waits in a queue is decided on again when it is sent.
   *
   * A refused message is dropped for this subscriber, and `events$` emits `dropped`; a shared subscription gives it to
   * another member. Not called for messages of `Broker.deliver$`, nor when a message that was sent before is sent again.
   */
  readonly authorizeDelivery?: (attempt: DeliveryAttempt) => DeliveryVerdict
  /** Returns the message to route in place of an allowed one; `undefined` discards the message. */
  readonly onPublish?: (request: PublishRequest) => HookResult<OutgoingMessage | undefined>
  /** Called after the connection of a client has ended, in the order of `events$`. */
  readonly onDisconnect?: (disconnection: ClientDisconnection) => void
}

/** The name of a hook. */
export type HookName = keyof Authority

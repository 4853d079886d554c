import type { Message, OutgoingMessage, QoS } from '@antiphon/core'
import type { Observable } from 'rxjs'
import type { PeerCertificate } from '../connection/channel.js'
import type { ProtocolVersion } from '../packet/codec.js'
import type { SubscribeLine } from '../packet/subscribe.js'

/** An answer now, or later by a Promise or by the first item of an Observable. */
export type HookResult<T> = T | PromiseLike<T> | Observable<T>

/** Who a connected client is. */
export interface ClientInfo {
  readonly clientId: string
  readonly protocolVersion: ProtocolVersion
  readonly userName?: string
  /** The other end, for people; `in-process` for a link without a socket. */
  readonly remoteAddress: string
  /** The address of the listener that accepted it. */
  readonly listener: string
  readonly certificate?: PeerCertificate
  /** Seconds, as the client asked. */
  readonly keepAlive: number
  /** Whatever `authenticate` attached. */
  readonly principal?: unknown
}

/** A client that wants in. */
export interface ConnectAttempt extends ClientInfo {
  readonly password?: Uint8Array
  readonly cleanStart: boolean
  /** Seconds; `Infinity` for ever. */
  readonly sessionExpiryInterval: number
  readonly will?: {
    readonly topic: string
    readonly payload: Uint8Array
    readonly qos: QoS
    readonly retain: boolean
  }
  /** Enhanced authentication: the method, and the data of this step. */
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
  /** 0 for CONNECT, then one more for each AUTH. */
  readonly step: number
  /** The client is in and authenticates anew. */
  readonly isReAuthentication: boolean
  /** What the previous step's challenge attached. */
  readonly context?: unknown
}

/** How a connect attempt is answered. */
export type ConnectVerdict =
  | {
      readonly admit: true
      /** Attached to the client and seen by every other hook. */
      readonly principal?: unknown
      /** When the credential ends, in milliseconds on the broker's clock: the client is then disconnected with 0xA0. */
      readonly expiresAt?: number
      /** Seconds its session may outlive the connection, where less than it asked. */
      readonly sessionExpiryInterval?: number
      /** The last word of an enhanced authentication. */
      readonly authenticationData?: Uint8Array
    }
  | {
      readonly admit: false
      readonly reasonCode: number
      readonly reasonString?: string
      /** With 0x9C and 0x9D: where the client should go. */
      readonly serverReference?: string
    }
  /** Enhanced authentication goes on: the data is sent, and `authenticate` asked again with the client's answer. */
  | { readonly challenge: Uint8Array; readonly context?: unknown }

/** A message somebody wants to publish. */
export interface PublishRequest {
  readonly client: ClientInfo
  readonly message: Message
  /** It is the client's will: there is nobody left to close on or to answer. */
  readonly isWill: boolean
}

/** How a publish is answered. */
export type PublishVerdict =
  | 'allow'
  /** Not delivered; acknowledged with this reason, or without one where 3.1.1 has no word for it. */
  | { readonly refuse: number; readonly reasonString?: string }
  /** The connection ends; the message is not acknowledged. */
  | { readonly close: number; readonly reasonString?: string }
  /** Not routed: the hook takes the message, and its acknowledgement goes out with the reason code given here, whenever. */
  | { readonly take: HookResult<number> }

/** One filter somebody wants to subscribe to. */
export interface SubscribeAttempt extends SubscribeLine {
  readonly client: ClientInfo
  /** How many filters the client is subscribed to; one that this one replaces is among them. */
  readonly subscriptionCount: number
  /** It replaces a subscription to the same filter. */
  readonly isReplacement: boolean
}

/** How a filter is answered: as asked, at this QoS at most, or not at all. */
export type SubscribeVerdict = 'allow' | { readonly maximumQoS: QoS } | { readonly refuse: number }

/**
 * The hooks. One that is absent costs nothing and allows everything. Each is called before what it decides on has any
 * effect, and may call the broker itself.
 */
export interface Authority {
  /** Who may connect. A hook that fails refuses with 0x80. */
  readonly authenticate?: (attempt: ConnectAttempt) => HookResult<ConnectVerdict>
  /** Who may publish what. Messages of one client keep their order while an answer is awaited. */
  readonly authorizePublish?: (request: PublishRequest) => HookResult<PublishVerdict>
  /** Who may subscribe to what, asked for each filter. */
  readonly authorizeSubscribe?: (attempt: SubscribeAttempt) => HookResult<SubscribeVerdict>
  /** Rewrites an allowed message, or swallows it by `undefined`. */
  readonly onPublish?: (request: PublishRequest) => HookResult<OutgoingMessage | undefined>
}

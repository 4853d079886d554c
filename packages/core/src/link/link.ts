/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable, SchedulerLike } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message, OutgoingMessage, QoS } from '../message.js'

/** The limits and facts from CONNACK; MQTT's default for each property that the broker did not send. */
export interface ConnectionInfo {
  readonly protocolVersion: 4 | 5
  /** The client id, from the options or assigned by the broker. */
  readonly clientId: string
  /** Session Present: the broker kept this client's subscriptions and unacknowledged messages. */
  readonly sessionPresent: boolean
  /** Whether the broker keeps the session after `close()`, with messages for the next start. @defaultValue false */
  readonly isSessionKept?: boolean
  /** Receive Maximum: how many QoS 1 and 2 messages may be sent and unacknowledged. */
  readonly receiveMaximum: number
  /** The largest packet that the broker accepts, in bytes; `Infinity` if it set no limit. */
  readonly maximumPacketSize: number
  readonly maximumQoS: QoS
  readonly retainAvailable: boolean
  readonly wildcardSubscriptions: boolean
  readonly sharedSubscriptions: boolean
  readonly subscriptionIdentifiers: boolean
  /** Response Information: the prefix for response topics, if the broker sent one. */
  readonly responseInformation?: string
  /** The server to which the broker has redirected the client, by a Server Reference; absent without one. */
  readonly redirectedTo?: string
}

/** The limits of `ConnectionInfo` that options may override. */
export type ConnectionLimits = Partial<
  Omit<
    ConnectionInfo,
    | 'protocolVersion'
    | 'clientId'
    | 'sessionPresent'
    | 'isSessionKept'
    | 'responseInformation'
    | 'redirectedTo'
  >
>

/** The state of a link's connection to its broker. */
export type LinkState =
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'online'; readonly info: ConnectionInfo }
  /** Not connected; the next attempt starts in `retryIn` milliseconds. */
  | { readonly status: 'offline'; readonly error: AntiphonError; readonly retryIn: number }
  /** Ended by `close()`, or by an error that retrying cannot fix. */
  | { readonly status: 'closed'; readonly error?: AntiphonError }

/** The Subscription Options of MQTT, under their own names. */
export interface SubscribeOptions {
  /** The maximum QoS of deliveries. @defaultValue 1 */
  readonly qos?: QoS
  /** Do not deliver messages that this client published. Not allowed on a shared filter. @defaultValue false */
  readonly noLocal?: boolean
  /** Keep the RETAIN flag as the publisher set it. @defaultValue false */
  readonly retainAsPublished?: boolean
  /** Send retained messages: 0 on every SUBSCRIBE, 1 only for a new subscription, 2 never. @defaultValue 0 */
  readonly retainHandling?: 0 | 1 | 2
}

/** A message together with the function that acknowledges it. */
export interface Delivery {
  readonly message: Message
  /**
   * Marks the message as handled. Idempotent. Acknowledgements are sent in the order in which the messages arrived
   * [MQTT-4.6.0-2], whatever the order of these calls. After a lost connection the call has no effect: the broker
   * redelivers the message.
   */
  readonly acknowledge: () => void
}

/** A subscription without a gap: from its SUBACK to the loss of the session. */
export interface SubscriptionWindow {
  readonly filter: string
  readonly grantedQoS: QoS
  /**
   * Emits the deliveries for this filter. Hot: subscribe while the window is emitted, or miss earlier deliveries.
   * - *next*: a delivery.
   * - *complete*: the window closed, because the session was lost or the link was closed.
   * - *unsubscribe*: open deliveries stay unacknowledged; the broker redelivers them on the next connection.
   */
  readonly deliveries$: Observable<Delivery>
  /**
   * Ends the subscription at the broker, but keeps the window open for messages that the broker has already assigned to
   * this client.
   * - *on subscribe*: sends UNSUBSCRIBE, unless the filter has other subscribers on this link.
   * - *next, complete*: the UNSUBACK has arrived, or there are other subscribers, or the window has closed. Messages may
   *   still arrive [MQTT-3.10.4-2].
   * - *unsubscribe*: does not subscribe again.
   */
  readonly unsubscribe$: Observable<void>
}

/** The broker's acknowledgement of a message. */
export interface PublishAck {
  /** 0 is success; 0x10 (16) is No matching subscribers. Always 0 for QoS 0. */
  readonly reasonCode: number
}

/** A fault that belongs to no single subscriber or publisher: the link reports it and continues. */
export type Incident =
  /** The broker or a peer sent an invalid packet; it was acknowledged and dropped. */
  | { readonly kind: 'malformed'; readonly error: AntiphonError; readonly message?: Message }
  /** A message arrived that matches no subscription of this link. */
  | { readonly kind: 'unroutable'; readonly message: Message }
  /** A subscriber threw when it received a message. */
  | { readonly kind: 'subscriber-threw'; readonly error: AntiphonError; readonly message: Message }
  /**
   * A message has not been acknowledged for so long that `waiting` later ones, at least nine, are not acknowledged either:
   * they have been handled and wait for it [MQTT-4.6.0-2], or no acknowledgement has been sent for 5 s. The broker may not
   * send more until it is.
   */
  | { readonly kind: 'acknowledgements-blocked'; readonly message: Message; readonly waiting: number }
  /**
   * Several connections in a row ended without a reason, before CONNACK or soon after it; the error names the likely causes.
   */
  | { readonly kind: 'short-connections'; readonly error: AntiphonError; readonly message?: undefined }
  /**
   * The broker refused what the library needs for a function of its own, such as the control topic of a responder or the
   * announcement of a member; the link goes on without this function.
   */
  | { readonly kind: 'refused'; readonly error: AntiphonError; readonly message?: undefined }
  /** The broker refused to end a subscription, so that it may still deliver its messages; they are `unroutable`. */
  | { readonly kind: 'unsubscribe-refused'; readonly error: AntiphonError; readonly message?: undefined }
  /** An outgoing message was dropped, because the queue was full. */
  | { readonly kind: 'dropped'; readonly error: AntiphonError; readonly message: OutgoingMessage }

/**
 * The port to a broker: the rest of the library uses MQTT through these members alone.
 *
 * A link is lazy: the first subscription to any of its streams except `incidents$` opens the connection. It is shared,
 * and reconnects until it is closed. A middleware is a function from link to link.
 */
export interface Link {
  /** The clock and timers of this link. */
  readonly scheduler: SchedulerLike
  /**
   * Emits the state of the connection.
   * - *on subscribe*: opens the link if it is not open.
   * - *next*: the current state, then every change.
   * - *complete*: after `closed`. Never errors.
   */
  readonly state$: Observable<LinkState>
  /**
   * Subscribes to `filter` and emits its windows.
   * - *on subscribe*: sends one SUBSCRIBE per filter for any number of subscribers; a later subscriber gets the open
   *   window.
   * - *next*: a window after its SUBACK, and another after each lost session.
   * - *complete*: the link was closed by `close()`.
   * - *error*: `subscribe-refused` with the broker's reason code; `invalid-argument` before any packet; the error that
   *   ended the link.
   * - *unsubscribe*: the last subscriber sends UNSUBSCRIBE; a new subscriber waits for the UNSUBACK.
   */
  readonly subscription$: (filter: string, options?: SubscribeOptions) => Observable<SubscriptionWindow>
  /**
   * Subscribes to `filter` and emits the messages of all its windows. Each message is acknowledged when its subscribers
   * have returned. Otherwise like `subscription$`.
   */
  readonly messages$: (filter: string, options?: SubscribeOptions) => Observable<Message>
  /**
   * Publishes one message.
   * - *on subscribe*: validates the message and sends it; offline it waits in a bounded queue until it expires.
   * - *next, complete*: the acknowledgement; for QoS 0, when the message was handed to the connection.
   * - *error*: `publish-refused` with the reason code, `too-large`, `overflow`, `expired`, `invalid-argument`,
   *   `link-closed`; for QoS 0, which is sent at most once, also `connection-lost`.
   * - *unsubscribe*: removes the message from the queue; a message already sent stays sent.
   */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck>
  /** Emits faults that belong to no single subscriber or publisher. Hot; never errors; completes with the link. */
  readonly incidents$: Observable<Incident>
  /** Sends queued messages if connected, disconnects and ends all streams; resolves when all of it is done. */
  readonly close: () => Promise<void>
  /** Calls `close`, at the end of the block of an `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A function from link to link: logging, tracing, metering, fault injection. Compose them with fp-ts `pipe`. */
export type LinkMiddleware = (link: Link) => Link

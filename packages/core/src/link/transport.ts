import type { Observable } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message, OutgoingMessage } from '../message.js'
import type { ConnectionInfo, PublishAck, SubscribeOptions } from './link.js'

/** One Topic Filter of a SUBSCRIBE packet with its Subscription Options. */
export interface SubscribeRequest extends Required<SubscribeOptions> {
  readonly filter: string
}

/** An event of a connection, in order of arrival. */
export type TransportEvent =
  /** CONNACK accepted the connection. Always the first event, once per connection. */
  | { readonly type: 'online'; readonly info: ConnectionInfo }
  /** A message arrived. `acknowledge` sends PUBACK or PUBREC at once; the link calls it in order of receipt. */
  | { readonly type: 'message'; readonly message: Message; readonly acknowledge: () => void }
  /** An invalid packet arrived; it was acknowledged if possible and dropped. */
  | { readonly type: 'malformed'; readonly error: AntiphonError; readonly message?: Message }
  /** The broker closes the connection, possibly because of a message sent on it; the error of the connection follows. */
  | { readonly type: 'closing'; readonly reasonCode?: number }

/** An unacknowledged publish of a resumed session, for the link to send it again when the send window has room. */
export interface ResumedPublish {
  readonly reasonCode?: undefined
  /** Sends the message again under its Packet Identifier, with DUP and this remaining Message Expiry Interval. */
  readonly resend: (messageExpiryInterval?: number) => void
  /** Ends the publish without sending it again. Its Packet Identifier stays in use if the broker may hold the message. */
  readonly discard: () => void
}

/**
 * The MQTT client under a link: one client's session with one broker, over any number of connections.
 *
 * It speaks the protocol and keeps the session's packet state, nothing else: no retrying, no queueing, no window,
 * no sharing, no routing. `linkOver(transport, …)` adds those, the same for every transport.
 */
export interface Transport {
  /**
   * Opens one connection and emits its events.
   * - *on subscribe*: connects.
   * - *next*: `online` once, then everything that arrives, from the first packet after CONNACK.
   * - *error*: `connection-refused` or `connection-lost`, with the reason code; `link-closed` if the broker is closed for
   *   good. If CONNECT may have reached the broker and started a session, the error has the phase `after-network`.
   * - *complete*: the connection was ended by `disconnect$`.
   * - *unsubscribe*: closes the connection without DISCONNECT.
   */
  readonly connect$: (attempt: number) => Observable<TransportEvent>
  /**
   * Sends one SUBSCRIBE while online, with a Subscription Identifier if one is passed. Emits the reason codes in order
   * (below 0x80: the granted QoS) and completes. Errors with `connection-lost` if the SUBACK cannot arrive any more.
   */
  readonly subscribe$: (
    requests: readonly SubscribeRequest[],
    subscriptionIdentifier?: number,
  ) => Observable<readonly number[]>
  /** Sends one UNSUBSCRIBE while online, emits the reason codes in order and completes. Errors like `subscribe$`. */
  readonly unsubscribe$: (filters: readonly string[]) => Observable<readonly number[]>
  /**
   * Sends one PUBLISH while online, at once: the link keeps to Receive Maximum. The message is valid by `outgoingFault`.
   *
   * A publish survives the connection. Of each one that is not acknowledged, the transport reports before the next `online`
   * event, in the order of sending [MQTT-4.6.0-1], whether the session was resumed or lost. It sends PUBREL again by itself.
   * - *next*: a `ResumedPublish` if the session was resumed and PUBREC has not arrived [MQTT-4.4.0-1].
   * - *next, complete*: the acknowledgement with any reason code; for QoS 0, when handed to the connection.
   * - *error*: `session-lost` if the session was lost (the link sends the message again); `connection-lost` if it was
   *   certainly not sent.
   * - *unsubscribe*: the link does not unsubscribe.
   */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck | ResumedPublish>
  /**
   * Sends DISCONNECT, after which the broker does not publish the will [MQTT-3.14.4-3], and completes once the connection
   * is closed; emits nothing. Safe while not connected. With `keepSession`, the next connection can resume the session.
   */
  readonly disconnect$: (options?: { readonly keepSession?: boolean }) => Observable<never>
}

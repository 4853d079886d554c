import type { Observable } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message, OutgoingMessage } from '../message.js'
import type { ConnectionInfo, PublishAck, SubscribeOptions } from './link.js'

/** One line of a SUBSCRIBE packet. */
export interface SubscribeRequest extends Required<SubscribeOptions> {
  readonly filter: string
}

/** What happens on a connection, in order. */
export type TransportEvent =
  /** The broker accepted us. First, and once per connection. */
  | { readonly type: 'online'; readonly info: ConnectionInfo }
  /** A message arrived. `acknowledge` sends its acknowledgement at once; its caller minds the order. */
  | { readonly type: 'message'; readonly message: Message; readonly acknowledge: () => void }
  /** Something unfit arrived, was acknowledged where it could be, and goes no further. */
  | { readonly type: 'malformed'; readonly error: AntiphonError; readonly message?: Message }

/**
 * What carries a link: one client's conversation with one broker, over any number of connections.
 *
 * It speaks the protocol and keeps the session's packet state, nothing else: no retrying, no queueing, no sharing, no
 * routing. `linkOver(transport, …)` adds those, the same for every transport.
 */
export interface Transport {
  /**
   * One connection.
   * - *on subscribe*: connects.
   * - *next*: `online` once, then what arrives, from the very first packet after the broker's acceptance.
   * - *error*: `connection-refused` or `connection-lost`, with the reason code; `link-closed` when there is nothing left
   *   to connect to, ever. Nothing follows. An attempt whose CONNECT may have reached the broker, and begun a session
   *   there unseen, says so by the phase `after-network`.
   * - *complete*: the connection ended by `disconnect$`.
   * - *unsubscribe*: drops the connection without a farewell.
   */
  readonly connect$: (attempt: number) => Observable<TransportEvent>
  /**
   * Sends one SUBSCRIBE while online, under a subscription identifier where one is given; emits the reason codes in
   * order (below 0x80: the granted QoS), completes. Errors with `connection-lost` when the answer cannot come any more.
   */
  readonly subscribe$: (
    requests: readonly SubscribeRequest[],
    subscriptionIdentifier?: number,
  ) => Observable<readonly number[]>
  /** Sends one UNSUBSCRIBE while online; emits the reason codes in order, completes. Errors like `subscribe$`. */
  readonly unsubscribe$: (filters: readonly string[]) => Observable<readonly number[]>
  /**
   * Sends one PUBLISH while online, of a message that `outgoingFault` finds no fault with. One sent again for a lost
   * session is another message with the same `payload` object.
   * - *next, complete*: the acknowledgement, of whatever reason code; QoS 0: handed to the connection.
   * - *error*: `session-lost` when a later connection finds no session (its sender may send it anew); `connection-lost`
   *   where it is known never to have left. Otherwise it outlives the connection: a resumed session sends it again
   *   under its packet identifier, marked as a duplicate [MQTT-4.4.0-1]. `publish-refused` when the broker answers it
   *   by closing, again and again; `expired` when its expiry ran out between two connections.
   */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck>
  /** Says farewell and ends the connection: emits nothing, completes when it is gone. Safe while not connected. */
  readonly disconnect$: () => Observable<never>
}

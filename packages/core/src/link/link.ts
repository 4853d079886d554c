import type { Observable, SchedulerLike } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message, OutgoingMessage, QoS } from '../message.js'

/** What the broker allowed when it let us in; where MQTT has a default and the broker said nothing, the default. */
export interface ConnectionInfo {
  readonly protocolVersion: 4 | 5
  /** The client's name, chosen by us or assigned by the broker. */
  readonly clientId: string
  /** The broker still knew this client: its subscriptions and unacknowledged messages live on. */
  readonly sessionPresent: boolean
  /** How many QoS 1 and 2 messages we may have unacknowledged. */
  readonly receiveMaximum: number
  /** The largest packet the broker takes, in bytes; `Infinity` when it did not say. */
  readonly maximumPacketSize: number
  readonly maximumQoS: QoS
  readonly retainAvailable: boolean
  readonly wildcardSubscriptions: boolean
  readonly sharedSubscriptions: boolean
  readonly subscriptionIdentifiers: boolean
  /** The prefix under which the broker wants response topics, where it named one. */
  readonly responseInformation?: string
}

/** What a broker allows, as far as it need not say so itself. */
export type ConnectionLimits = Partial<
  Omit<ConnectionInfo, 'protocolVersion' | 'clientId' | 'sessionPresent' | 'responseInformation'>
>

/** Where a link stands with its broker. */
export type LinkState =
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'online'; readonly info: ConnectionInfo }
  /** Not connected; `retryIn` milliseconds from now the next attempt starts. */
  | { readonly status: 'offline'; readonly error: AntiphonError; readonly retryIn: number }
  /** Finished: by `close()`, or by the error that no retry can mend. */
  | { readonly status: 'closed'; readonly error?: AntiphonError }

/** How a filter is subscribed; the names are MQTT's own. */
export interface SubscribeOptions {
  /** The highest quality of service to be delivered at. @defaultValue 1 */
  readonly qos?: QoS
  /** Leave out what this very client publishes. Not together with a shared filter. @defaultValue false */
  readonly noLocal?: boolean
  /** Keep the retain flag as the publisher set it. @defaultValue false */
  readonly retainAsPublished?: boolean
  /** Retained messages: 0 at every subscribe, 1 at a new subscription only, 2 never. @defaultValue 0 */
  readonly retainHandling?: 0 | 1 | 2
}

/** A message together with the right to say that it was handled. */
export interface Delivery {
  readonly message: Message
  /**
   * Says that the message was handled. Idempotent. Acknowledgements leave in the order in which the messages arrived
   * [MQTT-4.6.0-2], whatever the order of these calls; those of a lost connection are forgotten, and the broker
   * delivers again.
   */
  readonly acknowledge: () => void
}

/** The time during which a subscription is in force without a gap: from the broker's grant to its loss. */
export interface SubscriptionWindow {
  readonly filter: string
  readonly grantedQoS: QoS
  /**
   * Hot; subscribe within the emission that brought the window, or miss what arrives meanwhile.
   * - *next*: a delivery for this filter.
   * - *complete*: the window closed: the session was lost, or the link was closed.
   * - *unsubscribe*: deliveries still in hand stay unacknowledged; the broker delivers them again on another connection.
   */
  readonly deliveries$: Observable<Delivery>
}

/** The broker's acknowledgement of a message. */
export interface PublishAck {
  /** 0 is success; 0x10 (16) says that nobody is subscribed to the topic. QoS 0 is always 0. */
  readonly reasonCode: number
}

/** Something that went wrong aside from any caller: seen, survived, and told here instead of thrown. */
export type Incident =
  /** The broker or a peer sent something unfit; it was acknowledged and dropped. */
  | { readonly kind: 'malformed'; readonly error: AntiphonError; readonly message?: Message }
  /** A message arrived that no subscription of ours asks for. */
  | { readonly kind: 'unroutable'; readonly message: Message }
  /** A subscriber threw while it was handed a message. */
  | { readonly kind: 'subscriber-threw'; readonly error: AntiphonError; readonly message: Message }
  /** A message was taken out of the outgoing queue for good. */
  | { readonly kind: 'dropped'; readonly error: AntiphonError; readonly message: OutgoingMessage }

/**
 * The port to a broker: everything above it knows MQTT through these members alone.
 *
 * A link is lazy (the first subscription to any of its streams but `incidents$` opens the connection), shared, and
 * reconnects until it is closed. A middleware is a function from link to link.
 */
export interface Link {
  /** The clock and timer of everything on this link. */
  readonly scheduler: SchedulerLike
  /**
   * Where the link stands.
   * - *on subscribe*: opens the link when it was not; emits the present state, then every change.
   * - *complete*: after `closed`. Never errors.
   */
  readonly state$: Observable<LinkState>
  /**
   * The windows of a subscription to `filter`.
   * - *on subscribe*: one SUBSCRIBE per filter, however many subscribers; a later one joins the window that is open.
   * - *next*: a window, only after the broker granted it; another one after each lost session.
   * - *complete*: the link was closed by `close()`.
   * - *error*: `subscribe-refused` with the broker's reason; `invalid-argument` before any packet; the error that
   *   ended the link.
   * - *unsubscribe*: the last one sends UNSUBSCRIBE; who comes back meanwhile waits for its acknowledgement.
   */
  readonly subscription$: (filter: string, options?: SubscribeOptions) => Observable<SubscriptionWindow>
  /**
   * The messages of a subscription to `filter`, over all its windows, each acknowledged once its subscribers returned.
   * Otherwise as `subscription$`.
   */
  readonly messages$: (filter: string, options?: SubscribeOptions) => Observable<Message>
  /**
   * Publishes one message.
   * - *on subscribe*: validates, then sends; offline it waits in a bounded queue while its expiry runs.
   * - *next, complete*: the acknowledgement (QoS 0: handed to the connection).
   * - *error*: `publish-refused` with the reason, `too-large`, `overflow`, `expired`, `invalid-argument`,
   *   `link-closed`; QoS 0 alone, which goes at most once: `connection-lost`.
   * - *unsubscribe*: takes it out of the queue when it has not left; what has left stays sent.
   */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck>
  /** What went wrong aside from any caller. Hot; never errors; completes when the link is closed. */
  readonly incidents$: Observable<Incident>
  /** Sends what is queued where it can, disconnects, ends every stream; resolves when nothing of the link is left. */
  readonly close: () => Promise<void>
}

/** A function from link to link: logging, tracing, metering, fault injection. Compose them with fp-ts `pipe`. */
export type LinkMiddleware = (link: Link) => Link

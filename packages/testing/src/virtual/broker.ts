import type { Overlap, SubscriptionChange } from '@antiphon/broker/engine'
import type { ConnectionInfo, Link, OutgoingMessage } from '@antiphon/core'
import type { LinkOptions, SubscribeRequest, Transport } from '@antiphon/core/link'
import type { Observable, SchedulerLike, Subscription } from 'rxjs'
import type { Fault, ScriptedFault, Undo } from '../faults/fault.js'
import type { Latency } from '../connection/latency.js'
import type { PacketType, Will } from '../connection/packet.js'

/** The limits of a broker, named as in `ConnectionInfo`. */
export type VirtualBrokerLimits = Omit<
  ConnectionInfo,
  'protocolVersion' | 'clientId' | 'sessionPresent' | 'isSessionKept' | 'redirectedTo'
>

/** The options of `virtualBroker`. */
export interface VirtualBrokerOptions {
  /** The clock and timers: a `TestScheduler`, a `VirtualTimeScheduler`, or any scheduler that runs work asynchronously. */
  readonly scheduler: SchedulerLike
  /** The seed of all random decisions. @defaultValue 1 */
  readonly seed?: number
  /** The latency of packets in milliseconds; a number applies to both directions. @defaultValue 0 */
  readonly latency?: number | Latency
  /** The limits of the broker. @defaultValue no limits */
  readonly limits?: Partial<VirtualBrokerLimits>
  /** The number of copies of a message for overlapping subscriptions of one client. @defaultValue 'once' */
  readonly overlap?: Overlap
}

/** The options of a client of a virtual broker, named as in CONNECT. */
export interface VirtualClientOptions {
  /** The client id. @defaultValue `client-1`, `client-2`, … */
  readonly clientId?: string
  /** Starts every connection with a new session (Clean Start). @defaultValue true */
  readonly clean?: boolean
  /** The protocol version, 4 for MQTT 3.1.1. @defaultValue 5 */
  readonly protocolVersion?: 4 | 5
  /** The Session Expiry Interval in seconds. @defaultValue 0; without limit for 3.1.1 without `clean` */
  readonly sessionExpiryInterval?: number
  /** The Receive Maximum: unacknowledged QoS 1 and 2 messages to the client. @defaultValue 65 535 */
  readonly receiveMaximum?: number
  /** The Will Message. @defaultValue none */
  readonly will?: Will
}

/** The options of a link to a virtual broker: those of its client and of the link. */
export interface VirtualLinkOptions extends VirtualClientOptions, Omit<LinkOptions, 'scheduler'> {}

/** A subscription of a session; `filter` as in SUBSCRIBE, including `$share`. */
export interface BrokerSubscription extends SubscribeRequest {
  /** The Subscription Identifier. */
  readonly identifier?: number
}

/** A message as published to the broker. */
export interface Published {
  readonly message: OutgoingMessage
  /** The client that published it; absent for `broker.publish`. */
  readonly clientId?: string
  /** The reason code of the acknowledgement. */
  readonly reasonCode: number
}

/** A snapshot of a session. */
export interface SessionView {
  readonly clientId: string
  readonly isConnected: boolean
  readonly subscriptions: readonly BrokerSubscription[]
  /** Messages sent to the client and not acknowledged. */
  readonly unacknowledged: readonly OutgoingMessage[]
  /** Messages queued for the client. */
  readonly queued: readonly OutgoingMessage[]
}

/** Counts of connections and packets since the broker was made. */
export interface BrokerCounts {
  readonly connections: number
  readonly refusedConnections: number
  readonly packets: Readonly<Partial<Record<PacketType, number>>>
}

/** The options of `down` and `restart`. */
export interface OutageOptions {
  /** Whether the broker keeps or loses its sessions. @defaultValue 'keep' */
  readonly sessions?: 'keep' | 'lose'
}

/** The options of `play`. */
export interface PlayOptions {
  /** The client that faults without a `clientId` affect. @defaultValue every client */
  readonly clientId?: string
  /** Further marbles, or other faults for existing ones. */
  readonly values?: Readonly<Record<string, Fault>>
}

/** An MQTT broker on virtual time, with controls for tests. */
export interface VirtualBroker {
  /** The scheduler of the options. */
  readonly scheduler: SchedulerLike
  /** Makes a link to this broker. By default it reconnects every millisecond, without jitter. */
  readonly link: (options?: VirtualLinkOptions) => Link
  /** Makes a transport to this broker, for `linkOver`. */
  readonly transport: (options?: VirtualClientOptions) => Transport
  /** Publishes without a client. Returns the reason code, 0x10 when no client is subscribed. */
  readonly publish: (message: OutgoingMessage) => number
  /** Emits every published message, accepted or refused. Hot; never completes. */
  readonly published$: Observable<Published>
  /** Emits every start and end of a subscription, but no replacement. Hot; never completes. */
  readonly subscriptions$: Observable<SubscriptionChange>
  /** Closes a client's connection, with DISCONNECT if `reasonCode` is set. */
  readonly disconnect: (
    clientId: string,
    options?: { readonly session?: 'keep' | 'lose'; readonly reasonCode?: number },
  ) => void
  /** Cuts every connection and accepts no new one. */
  readonly down: (options?: OutageOptions) => void
  /** Accepts connections again. */
  readonly up: () => void
  /** Cuts every connection and accepts new ones at once. */
  readonly restart: (options?: OutageOptions) => void
  /** Refuses every CONNECT, or that of one client, with the reason code. */
  readonly refuseConnect: (reasonCode: number, clientId?: string) => Undo
  /** Refuses a SUBSCRIBE to exactly this filter with the reason code. */
  readonly refuseSubscribe: (filter: string, reasonCode: number) => Undo
  /** Refuses messages to topics that match the filter with the reason code, and drops them. */
  readonly refusePublish: (filter: string, reasonCode: number) => Undo
  /** Changes limits of the broker; a connected client learns of them on its next connection. */
  readonly setLimits: (limits: Partial<VirtualBrokerLimits>) => void
  /** Injects a fault now and returns a function that ends it. */
  readonly inject: (fault: Fault) => Undo
  /**
   * Plays a fault script from now on, as marbles (see `faultAlphabet`) or as data. A fault at 0 is injected synchronously,
   * any other before the marbles of its time. Unsubscribing from the result cancels the later faults.
   */
  readonly play: (script: string | readonly ScriptedFault[], options?: PlayOptions) => Subscription
  /** Returns snapshots of all sessions. */
  readonly sessions: () => readonly SessionView[]
  /** Returns a snapshot of the session of a client. */
  readonly session: (clientId: string) => SessionView | undefined
  /** Returns the subscriptions of all sessions. */
  readonly subscriptions: () => readonly (BrokerSubscription & { readonly clientId: string })[]
  /** Returns the retained messages. */
  readonly retained: () => readonly OutgoingMessage[]
  /** Returns the counts of connections and packets. */
  readonly counts: () => BrokerCounts
}

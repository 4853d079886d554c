import type { Grant, Link, OutgoingMessage } from '@antiphon/core'
import type { LinkOptions, Transport } from '@antiphon/core/link'
import type { Observable, SchedulerLike, Subscription } from 'rxjs'
import type { Fault, ScriptedFault } from '../faults/fault.js'
import type { Latency } from './connection.js'
import type { PacketType, Will } from './packet.js'
import type { Overlap } from './routing.js'
import type { BrokerSubscription } from './session.js'

/** What a broker allows; the same names as in the grant a link sees. */
export type BrokerLimits = Omit<Grant, 'protocolVersion' | 'clientId' | 'sessionPresent'>

/** How to make a virtual broker. */
export interface VirtualBrokerOptions {
  /** Its clock and timer: a TestScheduler, a VirtualTimeScheduler, or any that does not run work at once. */
  readonly scheduler: SchedulerLike
  /** From which everything that looks random comes. @defaultValue 1 */
  readonly seed?: number
  /** Milliseconds a packet takes; a number for both directions. @defaultValue 0 */
  readonly latency?: number | Latency
  /** What it allows; everything when not said. */
  readonly limits?: Partial<BrokerLimits>
  /** How often a message comes that several subscriptions of a client ask for. @defaultValue 'once' */
  readonly overlap?: Overlap
}

/** A client of a virtual broker; the names are those of MQTT's CONNECT. */
export interface VirtualClientOptions {
  /** @defaultValue `client-1`, `client-2`, … */
  readonly clientId?: string
  /** Start without what the broker remembers, at every connection. @defaultValue true */
  readonly clean?: boolean
  /** @defaultValue 5 */
  readonly protocolVersion?: 4 | 5
  /** Seconds the broker remembers the client after a connection. @defaultValue 0, for 3.1.1 without `clean` for ever */
  readonly sessionExpiry?: number
  /** How many QoS 1 and 2 messages the client takes unacknowledged. @defaultValue 65535 */
  readonly receiveMaximum?: number
  readonly will?: Will
}

/** A link to a virtual broker: its client, and how the link itself behaves. */
export interface VirtualLinkOptions extends VirtualClientOptions, Omit<LinkOptions, 'scheduler'> {}

/** A subscription that began or ended at the broker. */
export interface SubscriptionChange {
  readonly kind: 'subscribed' | 'unsubscribed'
  readonly clientId: string
  readonly filter: string
}

/** What a message looked like when the broker took it. */
export interface Published {
  readonly message: OutgoingMessage
  /** The client that published it; absent for `broker.publish`. */
  readonly clientId?: string
  /** The acknowledgement's reason code. */
  readonly reasonCode: number
}

/** A session as it stands. */
export interface SessionView {
  readonly clientId: string
  readonly isConnected: boolean
  readonly subscriptions: readonly BrokerSubscription[]
  /** Sent to the client and not acknowledged. */
  readonly unacknowledged: readonly OutgoingMessage[]
  /** Waiting for the client. */
  readonly queued: readonly OutgoingMessage[]
}

/** How often something was seen since the broker was made. */
export interface BrokerCounts {
  readonly connections: number
  readonly refusedConnections: number
  readonly packets: Readonly<Partial<Record<PacketType, number>>>
}

/** What happens to the broker's memory of its clients. */
export interface SessionFate {
  /** @defaultValue 'keep' */
  readonly sessions?: 'keep' | 'lose'
}

/** How a fault script is read. */
export interface PlayOptions {
  /** Whom it befalls. @defaultValue every client */
  readonly clientId?: string
  /** More marbles, or another meaning of one. */
  readonly values?: Readonly<Record<string, Fault>>
}

/** Takes back a rule. */
export type Undo = () => void

/** An MQTT broker on virtual time, with the strings to pull in a test. */
export interface VirtualBroker {
  readonly scheduler: SchedulerLike
  /** A link to this broker; unless told otherwise it tries to come back every millisecond, without jitter. */
  readonly link: (options?: VirtualLinkOptions) => Link
  /** A client's conversation with this broker, as `linkOver` takes it. */
  readonly transport: (options?: VirtualClientOptions) => Transport
  /** Publishes as a client of the outside world; says the reason code: 0x10 when nobody is subscribed. */
  readonly publish: (message: OutgoingMessage) => number
  /** What was published, by anybody, accepted or not. Hot. */
  readonly published$: Observable<Published>
  /** Every beginning and end of a subscription at the broker; replacing one is neither. Hot. */
  readonly subscriptions$: Observable<SubscriptionChange>
  /** Ends a client's connection: with a DISCONNECT where there is a reason, by a cut where there is none. */
  readonly disconnect: (
    clientId: string,
    options?: { readonly session?: 'keep' | 'lose'; readonly reasonCode?: number },
  ) => void
  /** Goes away: cuts every connection and lets nobody in. */
  readonly down: (fate?: SessionFate) => void
  /** Comes back. */
  readonly up: () => void
  /** Goes away and comes back at once. */
  readonly restart: (fate?: SessionFate) => void
  /** Answers every CONNECT, or this client's, with this reason code. */
  readonly refuseConnect: (reasonCode: number, clientId?: string) => Undo
  /** Answers a SUBSCRIBE to this very filter with this reason code. */
  readonly refuseSubscribe: (filter: string, reasonCode: number) => Undo
  /** Acknowledges what goes to a topic under this filter with this reason code, and drops it. */
  readonly refusePublish: (filter: string, reasonCode: number) => Undo
  /** Brings a fault about, now; the returned function takes it back while it is in force. */
  readonly inject: (fault: Fault) => Undo
  /**
   * Plays a fault script from now on: marbles (see `faultAlphabet`), or data. With a `clientId` what does not name a
   * client befalls this one alone. A fault at 0 strikes at once, any other before its instant's marbles. Unsubscribing
   * from the result ends what has not happened yet.
   */
  readonly play: (script: string | readonly ScriptedFault[], options?: PlayOptions) => Subscription
  /** The sessions as they stand. */
  readonly sessions: () => readonly SessionView[]
  readonly session: (clientId: string) => SessionView | undefined
  /** Every subscription of every session. */
  readonly subscriptions: () => readonly (BrokerSubscription & { readonly clientId: string })[]
  readonly retained: () => readonly OutgoingMessage[]
  readonly counts: () => BrokerCounts
}

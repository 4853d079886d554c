import type { Grant, OutgoingMessage, Transport } from '@antiphon/core'
import { Subject, type Observable, type SchedulerLike } from 'rxjs'
import { connection, type Latency } from './connection.js'
import { matches } from './filter.js'
import type { Packet, Will } from './packet.js'
import { connectPacket, registry } from './registry.js'
import type { Overlap } from './routing.js'
import { serverConnection } from './server-connection.js'
import type { BrokerSubscription } from './session.js'
import { virtualTransport } from './transport.js'

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
  readonly packets: Readonly<Partial<Record<Packet['type'], number>>>
}

/** What happens to the broker's memory of its clients. */
export interface SessionFate {
  /** @defaultValue 'keep' */
  readonly sessions?: 'keep' | 'lose'
}

/** Takes back a rule. */
export type Undo = () => void

/** An MQTT broker on virtual time, with the strings to pull in a test. */
export interface VirtualBroker {
  readonly scheduler: SchedulerLike
  /** A client's conversation with this broker, as `linkOver` takes it. */
  readonly transport: (options?: VirtualClientOptions) => Transport
  /** Publishes as a client of the outside world; says the reason code: 0x10 when nobody is subscribed. */
  readonly publish: (message: OutgoingMessage) => number
  /** What was published, by anybody, accepted or not. Hot. */
  readonly published$: Observable<Published>
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
  /** Answers every CONNECT with this reason code. */
  readonly refuseConnect: (reasonCode: number) => Undo
  /** Answers a SUBSCRIBE to this very filter with this reason code. */
  readonly refuseSubscribe: (filter: string, reasonCode: number) => Undo
  /** Acknowledges what goes to a topic under this filter with this reason code, and drops it. */
  readonly refusePublish: (filter: string, reasonCode: number) => Undo
  /** The sessions as they stand. */
  readonly sessions: () => readonly SessionView[]
  readonly session: (clientId: string) => SessionView | undefined
  /** Every subscription of every session. */
  readonly subscriptions: () => readonly (BrokerSubscription & { readonly clientId: string })[]
  readonly retained: () => readonly OutgoingMessage[]
  readonly counts: () => BrokerCounts
}

/**
 * A deterministic MQTT broker on an RxJS scheduler: sessions, QoS 0 to 2, retained messages, shared groups, expiry,
 * and no input or output at all.
 *
 * @example
 * ```ts
 * const broker = virtualBroker({ scheduler })
 * const link = linkOver(broker.transport({ clientId: 'thermostat' }), { scheduler })
 * ```
 */
export function virtualBroker(options: VirtualBrokerOptions): VirtualBroker {
  const { scheduler, latency = 0 } = options
  const published$ = new Subject<Published>()
  const packets: Partial<Record<Packet['type'], number>> = {}
  const connections = { accepted: 0, refused: 0 }
  const state = registry({ ...options, onPublished: (published) => published$.next(published) })
  let lastClient = 0
  let isUp = true

  const counted = <P extends Packet>(packet: P): readonly { readonly packet: P }[] => {
    packets[packet.type] = (packets[packet.type] ?? 0) + 1
    if (packet.type === 'connack') connections[packet.reasonCode === 0 ? 'accepted' : 'refused'] += 1
    return [{ packet }]
  }

  const transport = (client: VirtualClientOptions = {}): Transport => {
    const connect = connectPacket(client, () => `client-${(lastClient += 1)}`)
    const { up = 0, down = 0 } = typeof latency === 'number' ? { up: latency, down: latency } : latency
    const lanes = { scheduler, latency: { up, down }, disturbUp: counted, disturbDown: counted }
    return virtualTransport(
      (receiver) =>
        connection(lanes, receiver, (end) => {
          const server = serverConnection(state, end)
          return { packet: (packet) => (isUp ? server.packet(packet) : end.cut()), closed: server.closed }
        }),
      connect,
    )
  }

  const down = ({ sessions = 'keep' }: SessionFate = {}): void => {
    isUp = false
    for (const { clientId } of state.views()) state.disconnect(clientId, { session: sessions })
  }
  const up = (): void => {
    isUp = true
  }

  return {
    scheduler,
    transport,
    publish: (message) => state.publish(message),
    published$: published$.asObservable(),
    disconnect: state.disconnect,
    down,
    up,
    restart: (fate) => {
      down(fate)
      up()
    },
    refuseConnect: (reasonCode) => state.refuse('connect', () => true, reasonCode),
    refuseSubscribe: (filter, reasonCode) =>
      state.refuse('subscribe', (asked) => asked === filter, reasonCode),
    refusePublish: (filter, reasonCode) =>
      state.refuse('publish', (topic) => matches(filter, topic), reasonCode),
    sessions: state.views,
    session: (clientId) => state.views().find((view) => view.clientId === clientId),
    subscriptions: () =>
      state
        .views()
        .flatMap(({ clientId, subscriptions }) => subscriptions.map((one) => ({ ...one, clientId }))),
    retained: () => state.retained(),
    counts: () => ({
      connections: connections.accepted,
      refusedConnections: connections.refused,
      packets: { ...packets },
    }),
  }
}

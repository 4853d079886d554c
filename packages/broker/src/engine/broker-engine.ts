import type { Message, OutgoingMessage } from '@antiphon/core'
import type { Deadlines } from '@antiphon/core/link'
import { Subject, type Observable, type SchedulerLike } from 'rxjs'
import type { Authority, PublishRequest, SubscribeAttempt, SubscribeVerdict } from '../authority/authority.js'
import type { BrokerEvent } from '../events.js'
import type { BrokerOptions } from '../options.js'
import { resolveOptions } from '../options.js'
import { fromOutgoing, toMessage } from '../packet/publication.js'
import type { Overlap, SubscriptionChange } from '../routing/router.js'
import type { OutboundMessage } from '../session/outbound-message.js'
import type { Session } from '../session/session.js'
import { createEngine } from './engine.js'
import { openEngineConnection } from './engine-connection.js'
import type { EngineClient, EngineConnection, EnginePeer } from './engine-connection.js'
import { engineControls, type EngineControls } from './engine-controls.js'

/** The hooks of an engine, which decide at once. An absent hook allows everything. */
export interface EngineAuthority extends Pick<Authority, 'authorizeDelivery'> {
  /** Decides whether a client may publish a message, or its Will may be published. */
  readonly authorizePublish?: (request: PublishRequest) => 'allow' | { readonly refuse: number }
  /** Decides whether a client may subscribe; called for each Topic Filter. */
  readonly authorizeSubscribe?: (attempt: SubscribeAttempt) => SubscribeVerdict
}

/** Options of `createBrokerEngine`. */
export interface BrokerEngineOptions extends Pick<
  BrokerOptions,
  'limits' | 'maximumQoS' | 'wildcardSubscriptions' | 'sharedSubscriptions' | 'queuePolicy' | 'sharedOffline'
> {
  /** The scheduler of the engine's clock and timers. */
  readonly scheduler: SchedulerLike
  /** Decides who may connect, publish and subscribe. @defaultValue every client may do everything */
  readonly authority?: EngineAuthority
  /** The copies of a message that overlapping subscriptions of a client get: one together, or one each. @defaultValue 'once' */
  readonly overlap?: Overlap
  /** The deadlines at which sessions and retained messages expire. @defaultValue timers of the scheduler */
  readonly expiries?: Deadlines
  /** Called after a Will was published, with the reason code. It may call the engine. */
  readonly willPublished?: (clientId: string, reasonCode: number) => void
}

/** The messages of a session that its client has not acknowledged, oldest first. */
export interface SessionMessages {
  /** Messages that were sent. */
  readonly inFlight: readonly Message[]
  /** Messages that wait to be sent. */
  readonly queued: readonly Message[]
}

/**
 * The part of a broker that needs neither a network nor Node: sessions, subscriptions, routing, retained messages and
 * Wills, kept in memory.
 *
 * The program around it carries the packets. It calls `connect` for every CONNECT that it accepts, and passes on what the
 * client sends; the engine calls the peer with what the client is to receive, also during such a call.
 */
export interface BrokerEngine extends EngineControls {
  /**
   * Opens or resumes the session of a client that the program has admitted. Disconnects an earlier connection of the
   * same Client Identifier first [MQTT-3.1.4-3].
   */
  readonly connect: (client: EngineClient, peer: EnginePeer) => EngineConnection
  /**
   * Publishes a message from the broker itself, without calling a hook; returns the reason code, 0x10 if no session is
   * subscribed. Throws `invalid-argument` if a property is too long.
   */
  readonly publish: (message: OutgoingMessage) => number
  /** Returns the messages that a client has not acknowledged. */
  readonly messages: (clientId: string) => SessionMessages
  /** Emits what happens in sessions and routing, after the call that caused it. Hot; never completes. */
  readonly events$: Observable<BrokerEvent>
  /** Emits every start and end of a subscription, but no replacement, after the call that caused it. Hot; never completes. */
  readonly subscriptions$: Observable<SubscriptionChange>
}

/**
 * Creates an engine.
 *
 * @example
 * ```ts
 * const engine = createBrokerEngine({ scheduler: asyncScheduler })
 * const connection = engine.connect(
 *   { clientId: 'display', cleanStart: true, sessionExpiryInterval: 0 },
 *   { publish: ({ topic }) => console.log(topic), release: () => {}, disconnect: () => connection.close() },
 * )
 * connection.subscribe([{ filter: 'room/+', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }])
 * engine.publish({ topic: 'room/1', payload: new Uint8Array() }) // prints room/1
 * ```
 */
export function createBrokerEngine({
  overlap = 'once',
  expiries,
  willPublished,
  ...options
}: BrokerEngineOptions): BrokerEngine {
  const events = new Subject<BrokerEvent>()
  const subscriptions = new Subject<SubscriptionChange>()
  const engine = createEngine(resolveOptions(options), events, {
    overlap,
    ...(expiries === undefined ? {} : { expiries }),
    willPublished: (clientId, outcome) => willPublished?.(clientId, outcome as number),
    subscriptionChanged: (change) => {
      if (subscriptions.observed) engine.notifications.post(() => subscriptions.next(change))
    },
  })
  const { notifications, publishPipeline, sessions, now } = engine
  const toMessages = (messages: readonly OutboundMessage[]): readonly Message[] =>
    messages.map(({ publication, qos, retain, identifiers }) =>
      toMessage(publication, { qos, retain, dup: false, identifiers }, now()),
    )
  const messagesOf = ({ outbound }: Session): SessionMessages => ({
    inFlight: toMessages(outbound.inFlight),
    queued: toMessages(outbound.queued.filter(({ publication }) => !publication.isExpired(now()))),
  })

  return {
    ...engineControls(engine),
    connect: (client, peer) => notifications.run(() => openEngineConnection(engine, client, peer)),
    publish: (message) =>
      notifications.run(
        // Nothing is stored, so that the result is not a Promise.
        () => publishPipeline.publishWithoutHooks(fromOutgoing(message, '', now())) as number,
      ),
    messages: (clientId) => {
      const session = sessions.get(clientId)
      return session === undefined ? { inFlight: [], queued: [] } : messagesOf(session)
    },
    events$: events.asObservable(),
    subscriptions$: subscriptions.asObservable(),
  }
}

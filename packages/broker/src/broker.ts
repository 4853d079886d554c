import { AntiphonError } from '@antiphon/core'
import { linkOver, type Transport } from '@antiphon/core/link'
import type { Link, Message, OutgoingMessage, PublishAck } from '@antiphon/core'
import { Subject, from, map, switchMap, takeUntil, timer } from 'rxjs'
import type { Observable } from 'rxjs'
import type { Channel } from './connection/channel.js'
import { Connection } from './connection/connection.js'
import { deliver$, publishFromServer$ } from './control/deliver.js'
import type { DeliveryStatus } from './control/deliver.js'
import { toSessionInfo } from './control/session-info.js'
import type { SessionInfo } from './control/session-info.js'
import { createEngine } from './engine.js'
import type { Engine } from './engine.js'
import type { BrokerEvent } from './events.js'
import { listen } from './listen/listen.js'
import type { ListenOptions, Listener } from './listen/listen.js'
import type { LocalClientOptions, LocalLinkOptions } from './local/local-options.js'
import { localTransport } from './local/local-transport.js'
import { resolveOptions } from './options.js'
import type { BrokerOptions } from './options.js'
import { toMessage } from './packet/publication.js'
import { Reason } from './packet/reason.js'
import { shutDown } from './control/shut-down.js'
import { countRefusal, snapshot } from './stats.js'
import type { BrokerStats } from './stats.js'

/** A running broker. */
export interface Broker {
  /** Accepts connections at an address, any number of times; resolves when it does. */
  readonly listen: (options: ListenOptions) => Promise<Listener>
  /** A link to the broker without a socket. */
  readonly link: (options?: LocalLinkOptions) => Link
  /** A client's conversation with the broker without a socket, as `linkOver` takes it. */
  readonly transport: (options?: LocalClientOptions) => Transport
  /**
   * Publishes a message of the broker's own to everybody subscribed; no hook is asked.
   * - *on subscribe*: publishes.
   * - *next, complete*: the reason code; 0x10 says that nobody is subscribed.
   * - *error*: `invalid-argument`.
   */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck>
  /**
   * Sends a message of the broker's own to one client, whoever else is subscribed to its topic.
   * - *on subscribe*: hands it to the client's session, where it waits while the client is away.
   * - *next*: how far it has come.
   * - *complete*: the client acknowledged it, with whatever reason code; at QoS 0 it was sent.
   * - *error*: `no-responder` when there is no such session or it is not subscribed to the topic; `expired`, `overflow`,
   *   `too-large`, `session-lost`; `connection-lost` at QoS 0 when the client is away; `invalid-argument`.
   * - *unsubscribe*: takes it back; a client that is away, or that has not acknowledged it when its connection ends, will
   *   not get it any more. What was begun at QoS 2 is completed.
   */
  readonly deliver$: (clientId: string, message: OutgoingMessage) => Observable<DeliveryStatus>
  /** Ends a client's connection, by default with 0x98 Administrative action; `false` when there is none. */
  readonly disconnect: (clientId: string, reasonCode?: number, reasonString?: string) => boolean
  /** Ends a client's connection and its session; `false` when there is none. */
  readonly forget: (clientId: string) => boolean
  /** One client's session as it stands. */
  readonly session: (clientId: string) => SessionInfo | undefined
  /** Every session as it stands. */
  readonly sessions: () => SessionInfo[]
  /** The retained messages that a filter selects. @defaultValue all, those of topics that begin with `$` included */
  readonly retained: (filter?: string) => Message[]
  /**
   * What happens in the broker. Hot; never errors; completes when the broker is closed.
   *
   * Emits events in the order in which they happened, after the operation that caused them and at the latest at the end of
   * the turn. An observer may therefore call the broker: publish, subscribe, disconnect clients, close it.
   */
  readonly events$: Observable<BrokerEvent>
  /**
   * What the broker counts and holds.
   * - *on subscribe*: the present, then again at every `statsInterval`.
   * - *complete*: the broker was closed. Never errors.
   */
  readonly stats$: Observable<BrokerStats>
  /** Stops listening, says goodbye to every client, lets what is under way end, and resolves when nothing is left. */
  readonly close: () => Promise<void>
}

/** Starts a broker; it accepts nobody until it is told where to listen. */
export function createBroker(options: BrokerOptions = {}): Broker {
  const events = new Subject<BrokerEvent>()
  return brokerOver(createEngine(resolveOptions(options), events), events)
}

/** Returns the public face of an engine whose events go to `events`. */
export function brokerOver(engine: Engine, events: Subject<BrokerEvent>): Broker {
  const { settings, guests, sessions, retained, notifications, now } = engine
  const { scheduler, limits } = settings
  const closed$ = new Subject<void>()
  const listeners = new Set<Listener>()

  let closing: Promise<void> | undefined
  const hasClosed = (): boolean => closing !== undefined

  const turnedAway = (remoteAddress: string): void => {
    const reason = `there are ${limits.connections} connections already`
    countRefusal(engine.counters, Reason.serverBusy)
    engine.emit({ type: 'refused', remoteAddress, clientId: '', reasonCode: Reason.serverBusy, reason })
  }
  const accept = (channel: Channel): void => {
    if (guests.size >= limits.connections) {
      turnedAway(channel.remoteAddress)
      return channel.destroy()
    }
    const connection = new Connection(engine, channel, () => guests.delete(connection))
    guests.add(connection)
  }

  const failed = (url: string, cause: Error): void =>
    engine.emit({ type: 'listener-failed', url, error: AntiphonError.from(cause) })

  return {
    listen: async (where) => {
      await engine.ready
      if (hasClosed()) throw new AntiphonError('invalid-argument', 'the broker is closed: it listens no more')
      const listener = await listen(where, limits, { accept, turnedAway, failed })
      listeners.add(listener)
      engine.emit({ type: 'listening', url: listener.url })
      return listener
    },
    link: (link = {}) => linkOver(localTransport(engine, link, hasClosed), { ...link, scheduler }),
    transport: (client = {}) => localTransport(engine, client, hasClosed),
    publish$: (message) => afterStart$(engine, publishFromServer$(engine, message)),
    deliver$: (clientId, message) => afterStart$(engine, deliver$(engine, clientId, message)),
    disconnect: (
      clientId,
      reasonCode = Reason.administrativeAction,
      reasonString = 'disconnected by the operator',
    ) =>
      notifications.run(() => {
        const peer = sessions.get(clientId)?.peer ?? null
        peer?.disconnect(reasonCode, reasonString)
        return peer !== null
      }),
    forget: (clientId) =>
      notifications.run(() => {
        const session = sessions.get(clientId)
        session?.peer?.disconnect(Reason.administrativeAction, 'its session was ended by the operator')
        if (session !== undefined) sessions.end(session)
        return session !== undefined
      }),
    session: (clientId) => {
      const session = sessions.get(clientId)
      return session && toSessionInfo(session)
    },
    sessions: () => [...sessions].map(toSessionInfo),
    retained: (filter) =>
      (filter === undefined ? [...retained] : retained.matching(filter)).map((publication) =>
        toMessage(publication, { qos: publication.qos, retain: true, dup: false }, now()),
      ),
    events$: events.asObservable(),
    stats$: timer(0, settings.statsPeriod, scheduler).pipe(
      map(() => snapshot(engine)),
      takeUntil(closed$),
    ),
    close: () =>
      (closing ??= shutDown(engine, listeners, settings.closeTimeout).finally(() => {
        notifications.flush()
        closed$.next()
        events.complete()
      })),
  }
}

/** The same once what was stored is back. */
function afterStart$<T>({ ready }: Engine, work$: Observable<T>): Observable<T> {
  return ready === undefined ? work$ : from(ready).pipe(switchMap(() => work$))
}

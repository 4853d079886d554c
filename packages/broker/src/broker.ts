import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { AntiphonError } from '@antiphon/core'
import {
  linkOptionRules,
  linkOver,
  pickOptions,
  requireArgument,
  type Transport,
  unrefScheduler,
} from '@antiphon/core/link'
import type { Link, OutgoingMessage, PublishAck } from '@antiphon/core'
import { Subject, asyncScheduler, from, map, switchMap, takeUntil, timer } from 'rxjs'
import type { Observable } from 'rxjs'
import { Reason } from '@antiphon/packet'
import type { Channel } from './connection/channel.js'
import { Connection } from './connection/connection.js'
import { deliver$, publishFromServer$ } from './control/deliver.js'
import type { DeliverOptions, DeliveryStatus } from './control/deliver.js'
import { createEngine } from './engine/engine.js'
import type { Engine } from './engine/engine.js'
import { engineControls, type EngineControls } from './engine/engine-controls.js'
import { EventSubject } from './event-subject.js'
import type { BrokerEvent, EventLevel } from './events.js'
import { attach, type AttachOptions, type Attachment } from './listen/attach.js'
import { toChannel, type StreamInfo } from './listen/handle.js'
import { listen } from './listen/listen.js'
import type { ListenOptions, Listener } from './listen/listen.js'
import {
  localClientOptionRules,
  localLinkOptionRules,
  type LocalClientOptions,
  type LocalLinkOptions,
} from './local/local-options.js'
import { localTransport } from './local/local-transport.js'
import { resolveOptions } from './options.js'
import type { BrokerOptions } from './options.js'
import { shutDown } from './control/shut-down.js'
import { countRefusal } from './counters.js'
import { snapshot } from './stats.js'
import type { BrokerStats } from './stats.js'

/** A running broker. */
export interface Broker extends EngineControls {
  /** Listens on one more address; resolves when the broker accepts connections there. */
  readonly listen: (options: ListenOptions) => Promise<Listener>
  /**
   * Accepts the WebSockets of one path of an HTTP or HTTPS server; other requests and paths are not touched. Pass the server
   * before or after it listens. Throws `invalid-argument` if an option is invalid or the broker is closed.
   */
  readonly attach: (server: HttpServer | HttpsServer, options?: AttachOptions) => Attachment
  /**
   * Accepts a connection over any stream of bytes: a socket of another server, one end of a tunnel or a serial line. The
   * broker ends the stream with the connection. Throws `invalid-argument` if it cannot carry bytes or the broker is closed.
   */
  readonly handle: (stream: Duplex, info?: StreamInfo) => void
  /** Returns a link to the broker that needs no socket. */
  readonly link: (options?: LocalLinkOptions) => Link
  /** Returns a transport to the broker that needs no socket, for `linkOver`. */
  readonly transport: (options?: LocalClientOptions) => Transport
  /**
   * Publishes a message from the broker itself to all subscribers, without calling a hook.
   * - *on subscribe*: publishes the message.
   * - *next, complete*: the reason code; 0x10 if there is no matching subscriber.
   * - *error*: `invalid-argument`.
   * - *unsubscribe*: the message stays published.
   */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck>
  /**
   * Sends a message from the broker itself to one client. Other subscribers of the topic do not receive it.
   * - *on subscribe*: adds the message to the queue of the client's session, also while the client is disconnected.
   * - *next*: each change of the delivery's status.
   * - *complete*: the client acknowledged the message, with any reason code; at QoS 0: the message was sent.
   * - *error*: `no-responder` if there is no such session or it is not subscribed to the topic; `expired`, `overflow`,
   *   `too-large`, `session-lost`; `connection-lost` at QoS 0 if the client is disconnected; `invalid-argument`.
   * - *unsubscribe*: withdraws the message. A disconnected client does not receive it any more, nor does a client that
   *   has not acknowledged it when its connection ends. A QoS 2 delivery that was begun is completed.
   */
  readonly deliver$: (
    clientId: string,
    message: OutgoingMessage,
    options?: DeliverOptions,
  ) => Observable<DeliveryStatus>
  /**
   * Emits what happens in the broker. Hot; never errors; completes when the broker is closed.
   *
   * Emits events in the order in which they happened, after the operation that caused them and at the latest at the
   * end of the turn. An observer may therefore call the broker: publish, subscribe, disconnect clients, close it.
   */
  readonly events$: Observable<BrokerEvent>
  /**
   * Emits the events of a level and above, see `eventLevel`. Unless the level is `debug`, the broker creates no event for
   * a message that it routes, so that a log of warnings costs nothing while there are none.
   */
  readonly eventsFrom$: (level: EventLevel) => Observable<BrokerEvent>
  /**
   * Emits the broker's statistics.
   * - *on subscribe*: emits the present statistics, then again every `statsPeriod`.
   * - *complete*: the broker was closed. Never errors.
   */
  readonly stats$: Observable<BrokerStats>
  /**
   * Stops listening, waits up to `closeTimeout` for messages in flight, disconnects all clients and closes the
   * storage. Resolves when all this is done.
   */
  readonly close: () => Promise<void>
  /** Calls `close`, at the end of the block of an `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** The longest delay of a timer. */
const LONGEST_DELAY = 2 ** 31 - 1

/** Starts a broker. It accepts network connections after a call of `listen`. */
export function createBroker(options: BrokerOptions = {}): Broker {
  const events = new EventSubject()
  const settings = resolveOptions(options)
  // On real time, `setImmediate` runs after the sockets that are readable were read.
  const isOnRealTime = settings.scheduler === asyncScheduler || settings.scheduler === unrefScheduler
  const host = isOnRealTime ? { atTurnEnd: runImmediate } : {}
  return toBroker(createEngine(settings, events, host), events)
}

/** Calls a function; a broker with `unref` keeps the process alive until it has ended. */
async function whileHeld(isUnref: boolean, work: () => Promise<void>): Promise<void> {
  const timer = isUnref ? setInterval(() => undefined, LONGEST_DELAY) : undefined
  await work().finally(() => clearInterval(timer))
}

function runImmediate(work: () => void): void {
  setImmediate(work)
}

/** Wraps an engine in the public interface; `events` is the sink that the engine was created with. */
export function toBroker(engine: Engine, events: EventSubject): Broker {
  const { settings, connections, notifications } = engine
  const { scheduler, limits } = settings
  const closed$ = new Subject<void>()
  const listeners = new Set<Listener | Attachment>()

  let closing: Promise<void> | undefined
  const isClosed = (): boolean => closing !== undefined

  const refuse = (remoteAddress: string, reasonCode: number, reason: string): void => {
    countRefusal(engine.counters, reasonCode)
    engine.emit({ type: 'refused', remoteAddress, clientId: '', reasonCode, reason })
  }
  const rejectConnection = (remoteAddress: string): void =>
    refuse(
      remoteAddress,
      Reason.serverBusy,
      `too many connections: limits.connections is ${limits.connections}`,
    )
  const rejectRate = (remoteAddress: string): void =>
    refuse(
      remoteAddress,
      Reason.connectionRateExceeded,
      `too many connections per second: rates.addressConnects is ${settings.rates?.addressConnects}`,
    )
  const rejectHandshake = (remoteAddress: string, awaited: string): void =>
    refuse(
      remoteAddress,
      Reason.notAuthorized,
      `no ${awaited} within ${limits.connectTimeout} ms, which is limits.connectTimeout`,
    )
  const rejectEarly = (remoteAddress: string, reason: string): void =>
    refuse(remoteAddress, Reason.notAuthorized, reason)
  const requireOpen = (verb: string): void => {
    if (isClosed()) throw new AntiphonError('invalid-argument', `cannot ${verb}: the broker is closed`)
  }
  const accept = (channel: Channel): void => {
    if (engine.rates?.admitsConnection(channel.remoteAddress) === false) {
      rejectRate(channel.remoteAddress)
      return channel.destroy()
    }
    if (connections.size >= limits.connections) {
      rejectConnection(channel.remoteAddress)
      return channel.destroy()
    }
    const connection = new Connection(engine, channel, () => connections.delete(connection))
    connections.add(connection)
  }

  /** Accepts a channel when the stored state is restored; its client waits until then. */
  const acceptWhenReady = (channel: Channel): void => {
    if (engine.ready === undefined) return accept(channel)
    channel.pause()
    const destroy = (): void => channel.destroy()
    engine.ready
      .then(() => {
        if (isClosed()) return destroy()
        if (channel.isClosed) return
        accept(channel)
        channel.resume()
      })
      .catch(destroy)
  }

  const reportListenerFailure = (url: string, cause: Error): void =>
    engine.emit({ type: 'listener-failed', url, error: AntiphonError.from(cause) })

  const close = (): Promise<void> =>
    (closing ??= whileHeld(settings.unref, () => shutDown(engine, listeners, settings.closeTimeout)).finally(
      () => {
        notifications.flush()
        closed$.next()
        events.complete()
      },
    ))

  return {
    listen: async (listenOptions) => {
      await engine.ready
      requireOpen('listen')
      const listener = await listen(listenOptions, limits, {
        accept,
        isUnref: settings.unref,
        deadlines: engine.deadlines,
        rejected: rejectConnection,
        timedOut: rejectHandshake,
        refused: rejectEarly,
        failed: reportListenerFailure,
      })
      listeners.add(listener)
      engine.emit({ type: 'listening', url: listener.url })
      return listener
    },
    attach: (server, attachOptions = {}) => {
      requireOpen('attach')
      const attachment = attach(server, attachOptions, limits, {
        accept: acceptWhenReady,
        refused: rejectEarly,
      })
      listeners.add(attachment)
      return attachment
    },
    handle: (stream, info = {}) => {
      requireOpen('handle the stream')
      acceptWhenReady(toChannel(stream, info))
    },
    link: (link = {}) => {
      requireArgument('options', link, localLinkOptionRules)
      return linkOver(localTransport(engine, link, isClosed), {
        ...(settings.unref && { backgroundScheduler: scheduler }),
        ...pickOptions(link, linkOptionRules),
        // Pending requests keep the process alive until their timeout.
        scheduler: scheduler === unrefScheduler ? asyncScheduler : scheduler,
      })
    },
    transport: (client = {}) => {
      requireArgument('options', client, localClientOptionRules)
      return localTransport(engine, client, isClosed)
    },
    publish$: (message) => whenReady$(engine, publishFromServer$(engine, message)),
    deliver$: (clientId, message, deliverOptions) =>
      whenReady$(engine, deliver$(engine, clientId, message, deliverOptions)),
    ...engineControls(engine),
    events$: events.asObservable(),
    eventsFrom$: (level) => events.from$(level),
    stats$: timer(0, settings.statsPeriod, scheduler).pipe(
      map(() => snapshot(engine)),
      takeUntil(closed$),
    ),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Delays `work$` until the stored state is restored. */
function whenReady$<T>({ ready }: Engine, work$: Observable<T>): Observable<T> {
  return ready === undefined ? work$ : from(ready).pipe(switchMap(() => work$))
}

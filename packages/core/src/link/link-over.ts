import { asyncScheduler, defer, Observable, Subject, type SchedulerLike } from 'rxjs'
import { requireArgument } from '../argument.js'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import { deadlines as deadlinesOn, type Deadline } from '../time/deadlines.js'
import { Acknowledgements } from './acknowledgements.js'
import { BaseLink, withBase } from './base-link.js'
import { Connector } from './connector.js'
import { type ReconnectOptions, reconnectDelays } from './reconnect.js'
import type { ConnectionLimits, Incident, Link, PublishAck } from './link.js'
import { linkOptionRules } from './link-option-rules.js'
import { messagesOf$ } from './messages.js'
import { Outbox, type QueueBounds } from './outbox.js'
import { outgoingFault } from './outgoing-rules.js'
import { Subscriptions } from './subscriptions.js'
import type { Transport } from './transport.js'
import type { UnroutedBounds } from './unrouted-messages.js'

/** The options that a link has over any transport. */
export interface LinkOptions {
  /** The timers of this link, and the time of day in its records. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /**
   * The timers that only keep the link connected and tidy up: reconnecting, the age of the connection, subscriptions that are
   * kept for later requests. On Node, their handles need not keep the process alive. @defaultValue the `scheduler`
   */
  readonly backgroundScheduler?: SchedulerLike
  /** The delays between attempts to connect. */
  readonly reconnect?: ReconnectOptions
  /** The limits of the outgoing queue. */
  readonly queue?: QueueBounds
  /** The limits on messages that arrive before their subscriber. */
  readonly unrouted?: UnroutedBounds
  /** The most filters in one SUBSCRIBE packet; some cloud brokers allow only a few. @defaultValue 100 */
  readonly filtersPerSubscribe?: number
  /**
   * How many response subscriptions requests may have at a time. A request that needs a further one waits until an earlier one is
   * released, within its timeout. @defaultValue 10 000
   */
  readonly maxResponseSubscriptions?: number
  /** Override the limits in CONNACK, for example with those that a 3.1.1 broker cannot state. */
  readonly limits?: ConnectionLimits
  /**
   * Milliseconds online after which the link disconnects and connects again, before the broker closes the connection because
   * the credentials expired; up to a tenth earlier at random, so that a fleet does not do so at once. The session and pending
   * requests survive, and the will is not published. @defaultValue Infinity
   */
  readonly maxConnectionAge?: number
  /** Milliseconds that `close()` waits for queued and unacknowledged messages. @defaultValue 2 000 */
  readonly closeTimeout?: number
}

/** Creates a link over a transport: reconnecting, subscriptions, acknowledgements and the outgoing queue. */
export function linkOver(transport: Transport, options: LinkOptions = {}): Link {
  requireArgument('options', options, linkOptionRules)
  const { scheduler = asyncScheduler, closeTimeout = 2_000, limits } = options
  const deadlines = deadlinesOn(scheduler)
  const { backgroundScheduler = scheduler } = options
  const background = backgroundScheduler === scheduler ? deadlines : deadlinesOn(backgroundScheduler)
  const incidents = new Subject<Incident>()
  const report = (incident: Incident): void => incidents.next(incident)

  const acknowledgements = new Acknowledgements(
    (message, waiting) => report({ kind: 'acknowledgements-blocked', message, waiting }),
    background,
  )
  const subscriptions = new Subscriptions({
    transport,
    deadlines: background,
    acknowledgements,
    unrouted: toUnroutedBounds(options.unrouted),
    filtersPerSubscribe: options.filtersPerSubscribe ?? 100,
    report,
  })
  const bounds = toQueueBounds(options.queue)
  const outbox = new Outbox({ transport, deadlines, bounds, report })

  let isClosing = false
  let closeDeadline: Deadline | undefined
  let resolveClosed: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })
  const connector = new Connector({
    transport,
    deadlines: background,
    delays: reconnectDelays(options.reconnect),
    limits,
    maxConnectionAge: options.maxConnectionAge ?? Infinity,
    onOnline: (info, isSameSession) =>
      subscriptions.online({ info, isSameSession, onReady: () => outbox.resume(info) }),
    onEvent: (event) => {
      if (event.type === 'message') return subscriptions.receive(event.message, event.acknowledge)
      if (event.type === 'closing') return outbox.closedByBroker(event.reasonCode)
      const { type: kind, ...details } = event
      report({ kind, ...details })
    },
    onOffline: () => {
      acknowledgements.clear()
      subscriptions.offline()
      outbox.pause()
    },
    report,
    onEnd: (error) => {
      closeDeadline?.cancel()
      acknowledgements.clear()
      outbox.end(linkClosed(error))
      subscriptions.end(error)
      incidents.complete()
      resolveClosed()
    },
  })
  const open = (): void => connector.open()

  const close = (): Promise<void> => {
    if (!isClosing) {
      isClosing = true
      if (connector.isOnline) closeDeadline = deadlines.add(closeTimeout, () => connector.close())
      outbox.drain(linkClosed(), () => connector.close())
      if (closeDeadline === undefined) connector.close()
    }
    return closed
  }

  const subscription$: Link['subscription$'] = (filter, subscribeOptions = {}) =>
    subscriptions.windows$(filter, subscribeOptions, open)

  const link: Link = {
    scheduler,
    state$: defer(() => {
      open()
      return connector.state$
    }),
    subscription$,
    messages$: (filter, subscribeOptions) => messagesOf$(subscription$(filter, subscribeOptions)),
    publish$: (message: OutgoingMessage): Observable<PublishAck> =>
      new Observable((subscriber) => {
        const fault = outgoingFault(message)
        if (fault !== undefined) {
          subscriber.error(fault)
          return
        }
        open()
        outbox.send(message, subscriber)
      }),
    incidents$: incidents.asObservable(),
    close,
    [Symbol.asyncDispose]: close,
  }
  const { maxResponseSubscriptions = 10_000 } = options
  return withBase(
    link,
    new BaseLink(deadlines, {
      background,
      queueBounds: bounds,
      report,
      outgoing: () => outbox.counts(),
      mustWait: (qos) => outbox.mustWait(qos),
      maxResponseSubscriptions,
    }),
  )
}

function linkClosed(cause?: AntiphonError): AntiphonError {
  const text = cause === undefined ? 'the link was closed' : `the link ended: ${cause.rawMessage}`
  return new AntiphonError('link-closed', text, {
    ...(cause === undefined ? {} : { cause }),
    ...(cause?.reasonCode === undefined ? {} : { reasonCode: cause.reasonCode }),
  })
}

function toQueueBounds({
  messages = 100_000,
  bytes = 64 * 2 ** 20,
}: QueueBounds = {}): Required<QueueBounds> {
  return { messages, bytes }
}

function toUnroutedBounds(bounds: UnroutedBounds = {}): Required<UnroutedBounds> {
  const { messages = 1_000, bytes = 16 * 2 ** 20, ttl = 10_000 } = bounds
  return { messages, bytes, ttl }
}

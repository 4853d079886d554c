import { asyncScheduler, defer, Observable, Subject, type SchedulerLike } from 'rxjs'
import { requireNumber } from '../argument.js'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import { deadlines as deadlinesOn, type Deadline } from '../time/deadlines.js'
import { Acknowledgements } from './acknowledgements.js'
import { backOff, type BackOffOptions } from './back-off.js'
import { Connector } from './connector.js'
import type { ConnectionLimits, Incident, Link, PublishAck } from './link.js'
import { messagesOf$ } from './messages.js'
import { Outbox, type QueueBounds } from './outbox.js'
import { outgoingFault } from './outgoing-rules.js'
import { Subscriptions } from './subscriptions.js'
import type { Transport } from './transport.js'
import type { UnroutedBounds } from './unrouted-messages.js'

/** How a link behaves, whatever carries it. */
export interface LinkOptions {
  /** The clock and timer of everything on this link. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** The waits between attempts to connect. */
  readonly reconnect?: BackOffOptions
  /** How much may wait to be sent. */
  readonly queue?: QueueBounds
  /** How much is kept for subscribers that are still to come. */
  readonly unrouted?: UnroutedBounds
  /** The most filters in one SUBSCRIBE packet; some clouds allow few. @defaultValue 100 */
  readonly filtersPerSubscribe?: number
  /** What the broker allows where it has no words for it, as in MQTT 3.1.1; it takes the place of what it says. */
  readonly limits?: ConnectionLimits
  /**
   * Milliseconds online after which the connection ends and another begins, because what the broker let us in with runs
   * out. Session and open questions live on. @defaultValue Infinity
   */
  readonly maxConnectionAge?: number
  /** Milliseconds `close()` gives what is queued and unacknowledged to leave, before its farewell. @defaultValue 2 000 */
  readonly closeTimeout?: number
}

/** A link over any transport: the machinery that is the same for a socket, an in-process broker and virtual time. */
export function linkOver(transport: Transport, options: LinkOptions = {}): Link {
  const { scheduler = asyncScheduler, closeTimeout = 2_000 } = options
  requireNumber('closeTimeout', closeTimeout, { least: 0 })
  const deadlines = deadlinesOn(scheduler)
  const incidents = new Subject<Incident>()
  const report = (incident: Incident): void => incidents.next(incident)

  const acknowledgements = new Acknowledgements()
  const subscriptions = new Subscriptions({
    transport,
    deadlines,
    acknowledgements,
    unrouted: toUnroutedBounds(options.unrouted),
    filtersPerSubscribe: requireNumber('filtersPerSubscribe', options.filtersPerSubscribe ?? 100, {
      least: 1,
      isWhole: true,
    }),
    report,
  })
  const outbox = new Outbox({ transport, scheduler, deadlines, bounds: toQueueBounds(options.queue), report })

  let isClosing = false
  let silenceTimeout: Deadline | undefined
  let tellClosed: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    tellClosed = resolve
  })
  const connector = new Connector({
    transport,
    scheduler,
    deadlines,
    backOff: backOff(options.reconnect),
    limits: options.limits,
    maxConnectionAge: requireNumber('maxConnectionAge', options.maxConnectionAge ?? Infinity, { least: 1 }),
    onOnline: (info, isSameSession) =>
      subscriptions.online({ info, isSameSession, onReady: () => outbox.resume(info) }),
    onEvent: (event) => {
      if (event.type === 'message') return subscriptions.receive(event.message, event.acknowledge)
      const { type: kind, ...what } = event
      report({ kind, ...what })
    },
    onOffline: () => {
      acknowledgements.forget()
      subscriptions.offline()
      outbox.pause()
    },
    onEnd: (error) => {
      silenceTimeout?.cancel()
      acknowledgements.forget()
      outbox.end(linkClosed(error))
      subscriptions.end(error)
      incidents.complete()
      tellClosed()
    },
  })
  const open = (): void => connector.open()

  const subscription$: Link['subscription$'] = (filter, subscribeOptions = {}) =>
    subscriptions.windows$(filter, subscribeOptions, open)

  return {
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
    close: () => {
      if (!isClosing) {
        isClosing = true
        if (connector.isOnline) silenceTimeout = deadlines.add(closeTimeout, () => connector.close())
        outbox.drain(linkClosed(), () => connector.close())
        if (silenceTimeout === undefined) connector.close()
      }
      return closed
    },
  }
}

function linkClosed(cause?: AntiphonError): AntiphonError {
  const why = cause === undefined ? 'the link was closed' : `the link has ended: ${cause.rawMessage}`
  return new AntiphonError('link-closed', why, {
    ...(cause === undefined ? {} : { cause }),
    ...(cause?.reasonCode === undefined ? {} : { reasonCode: cause.reasonCode }),
  })
}

function toQueueBounds({
  messages = 100_000,
  bytes = 64 * 2 ** 20,
}: QueueBounds = {}): Required<QueueBounds> {
  return {
    messages: requireNumber('queue.messages', messages, { least: 0 }),
    bytes: requireNumber('queue.bytes', bytes, { least: 0 }),
  }
}

function toUnroutedBounds(bounds: UnroutedBounds = {}): Required<UnroutedBounds> {
  const { messages = 1_000, bytes = 16 * 2 ** 20, ttl = 10_000 } = bounds
  return {
    messages: requireNumber('unrouted.messages', messages, { least: 0 }),
    bytes: requireNumber('unrouted.bytes', bytes, { least: 0 }),
    ttl: requireNumber('unrouted.ttl', ttl, { least: 0 }),
  }
}

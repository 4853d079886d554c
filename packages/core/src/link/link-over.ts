import { asyncScheduler, defer, Observable, Subject, type SchedulerLike } from 'rxjs'
import { requireNumber } from '../argument.js'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import { deadlines as deadlinesOn, type Deadline } from '../time/deadlines.js'
import { Acknowledgements } from './acknowledgements.js'
import { backOff, type BackOffOptions } from './back-off.js'
import { Connector } from './connector.js'
import type { BrokerLimits, Incident, Link, PublishAck } from './link.js'
import { messagesOf$ } from './messages.js'
import { Outbox, type QueueBounds } from './outbox.js'
import { outgoingFault } from './outgoing-rules.js'
import { Subscriptions } from './subscriptions.js'
import type { Transport } from './transport.js'
import type { UnclaimedBounds } from './unclaimed.js'

/** How a link behaves, whatever carries it. */
export interface LinkOptions {
  /** The clock and timer of everything on this link. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** The waits between attempts to connect. */
  readonly reconnect?: BackOffOptions
  /** How much may wait to be sent. */
  readonly queue?: QueueBounds
  /** How much is kept for subscribers that are still to come. */
  readonly unclaimed?: UnclaimedBounds
  /** The most filters in one SUBSCRIBE packet; some clouds allow few. @defaultValue 100 */
  readonly filtersPerSubscribe?: number
  /** What the broker allows where it has no words for it, as in MQTT 3.1.1; it takes the place of what it says. */
  readonly limits?: BrokerLimits
  /**
   * Milliseconds online after which the connection ends and another begins, because what the broker let us in with runs
   * out. Session and open questions live on. @defaultValue Infinity
   */
  readonly renewAfter?: number
  /** Milliseconds `close()` gives what is queued and unacknowledged to leave, before its farewell. @defaultValue 2 000 */
  readonly closeWithin?: number
}

/** A link over any transport: the machinery that is the same for a socket, an in-process broker and virtual time. */
export function linkOver(transport: Transport, options: LinkOptions = {}): Link {
  const { scheduler = asyncScheduler, closeWithin = 2_000 } = options
  requireNumber('closeWithin', closeWithin, { least: 0 })
  const deadlines = deadlinesOn(scheduler)
  const incidents = new Subject<Incident>()
  const report = (incident: Incident): void => incidents.next(incident)

  const acknowledgements = new Acknowledgements()
  const subscriptions = new Subscriptions({
    transport,
    deadlines,
    acknowledgements,
    unclaimed: toUnclaimedBounds(options.unclaimed),
    filtersPerSubscribe: requireNumber('filtersPerSubscribe', options.filtersPerSubscribe ?? 100, {
      least: 1,
      isWhole: true,
    }),
    report,
  })
  const outbox = new Outbox({ transport, scheduler, deadlines, bounds: toQueueBounds(options.queue), report })

  let isClosing = false
  let patience: Deadline | undefined
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
    renewAfter: requireNumber('renewAfter', options.renewAfter ?? Infinity, { least: 1 }),
    online: (grant, isSameSession) =>
      subscriptions.online({ grant, isSameSession, onReady: () => outbox.resume(grant) }),
    arrived: (event) => {
      if (event.type === 'message') return subscriptions.receive(event.message, event.acknowledge)
      const { type: kind, ...what } = event
      report({ kind, ...what })
    },
    offline: () => {
      acknowledgements.forget()
      subscriptions.offline()
      outbox.pause()
    },
    ended: (error) => {
      patience?.cancel()
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
        if (connector.isOnline) patience = deadlines.add(closeWithin, () => connector.close())
        outbox.drain(linkClosed(), () => connector.close())
        if (patience === undefined) connector.close()
      }
      return closed
    },
  }
}

function linkClosed(cause?: AntiphonError): AntiphonError {
  const why = cause === undefined ? 'the link was closed' : `the link has ended: ${cause.message}`
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

function toUnclaimedBounds(bounds: UnclaimedBounds = {}): Required<UnclaimedBounds> {
  const { messages = 1_000, bytes = 16 * 2 ** 20, keepFor = 10_000 } = bounds
  return {
    messages: requireNumber('unclaimed.messages', messages, { least: 0 }),
    bytes: requireNumber('unclaimed.bytes', bytes, { least: 0 }),
    keepFor: requireNumber('unclaimed.keepFor', keepFor, { least: 0 }),
  }
}

import { Subscription as Teardown } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import { Acknowledgements } from '../../src/link/acknowledgements.js'
import type { ConnectionInfo, Incident, SubscribeOptions, SubscriptionWindow } from '../../src/link/link.js'
import { Subscriptions } from '../../src/link/subscriptions.js'
import type { UnroutedBounds } from '../../src/link/unrouted-messages.js'
import type { Message } from '../../src/message.js'
import { deadlines } from '../../src/time/deadlines.js'
import { connectionInfo } from './connection-info.js'
import { manualTransport, type ManualTransport, type CallHandlers } from './manual-transport.js'
import { arrival, textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** A subscriber of a filter and what it received. */
export interface WatchedSubscription {
  /** `open`, then the texts received, `closed`; at last `complete` or the error's code. */
  readonly log: string[]
  readonly windows: SubscriptionWindow[]
  readonly errors: AntiphonError[]
  readonly unsubscribe: () => void
}

/** Subscribe options, and callbacks of the subscriber. */
export interface WatchOptions extends SubscribeOptions {
  readonly onWindow?: () => void
  readonly onMessage?: (text: string) => void
  readonly onClosed?: () => void
  readonly onEnd?: () => void
}

/** `Subscriptions` over a transport that the test controls. */
export interface SubscriptionsSetting extends VirtualTime {
  readonly subscriptions: Subscriptions
  readonly transport: ManualTransport
  readonly incidents: Incident[]
  /** The texts of the messages that were acknowledged. */
  readonly acknowledged: string[]
  /** The calls of `open` and `onReady`: `open`, `ready`. */
  readonly calls: string[]
  readonly watch: (filter: string, options?: WatchOptions) => WatchedSubscription
  /** Returns the packets since the last call: `+a,b #1` for SUBSCRIBE with its identifier, `-a,b` for UNSUBSCRIBE. */
  readonly takePackets: () => string[]
  /** Answers the earliest SUBSCRIBE in flight with these codes, or with the requested QoS. */
  readonly suback: (...codes: number[]) => void
  /** Answers the earliest UNSUBSCRIBE in flight with these codes, or with success. */
  readonly unsuback: (...codes: number[]) => void
  /** Starts a connection; a present session is the same one as before by default. */
  readonly online: (limits?: Partial<ConnectionInfo>, isSameSession?: boolean) => void
  readonly offline: () => void
  readonly receive: (topic: string, text: string, more?: Partial<Message>) => void
}

export function subscriptionsSetting(
  options: {
    readonly unrouted?: UnroutedBounds
    readonly filtersPerSubscribe?: number
    readonly react?: CallHandlers
  } = {},
): SubscriptionsSetting {
  const time = virtualTime()
  const { filtersPerSubscribe = 100, react = {} } = options
  const takePackets: string[] = []
  const transport = manualTransport({
    ...react,
    subscribe: (call) => {
      takePackets.push(
        `+${call.filters.join()}${call.identifier === undefined ? '' : ` #${call.identifier}`}`,
      )
      react.subscribe?.(call)
    },
    unsubscribe: (call) => {
      takePackets.push(`-${call.filters.join()}`)
      react.unsubscribe?.(call)
    },
  })
  const incidents: Incident[] = []
  const acknowledged: string[] = []
  const calls: string[] = []
  const acknowledgements = new Acknowledgements()
  const subscriptions = new Subscriptions({
    transport,
    deadlines: deadlines(time.scheduler),
    acknowledgements,
    unrouted: { messages: 1_000, bytes: Infinity, ttl: 10_000, ...options.unrouted },
    filtersPerSubscribe,
    report: (incident) => incidents.push(incident),
  })
  /** The number of calls before the current connection. */
  let since = { subscribed: 0, unsubscribed: 0 }
  const open = (): void => void calls.push('open')

  return {
    ...time,
    subscriptions,
    transport,
    incidents,
    acknowledged,
    calls,
    watch: (filter, { onWindow, onMessage, onClosed, onEnd, ...subscribeOptions } = {}) => {
      const log: string[] = []
      const windows: SubscriptionWindow[] = []
      const errors: AntiphonError[] = []
      const teardown = new Teardown()
      const subscribeTo = ({ deliveries$ }: SubscriptionWindow): Teardown =>
        deliveries$.subscribe({
          next: ({ message, acknowledge }) => {
            log.push(textOf(message))
            onMessage?.(textOf(message))
            acknowledge()
          },
          complete: () => {
            log.push('closed')
            onClosed?.()
          },
        })
      const opened = (window: SubscriptionWindow): void => {
        windows.push(window)
        log.push('open')
        teardown.add(subscribeTo(window))
        onWindow?.()
      }
      const ended = (end: string): void => {
        log.push(end)
        onEnd?.()
      }
      const failed = (error: unknown): void => {
        const failure = AntiphonError.from(error)
        errors.push(failure)
        ended(failure.code)
      }
      const windows$ = subscriptions.windows$(filter, subscribeOptions, open)
      teardown.add(windows$.subscribe({ next: opened, error: failed, complete: () => ended('complete') }))
      return { log, windows, errors, unsubscribe: () => teardown.unsubscribe() }
    },
    takePackets: () => takePackets.splice(0),
    suback: (...codes) => {
      const call = transport.subscribed.slice(since.subscribed).find(({ subscriber }) => !subscriber.closed)
      if (call === undefined) throw new Error('no SUBSCRIBE is in flight')
      call.subscriber.next(codes.length > 0 ? codes : call.requests.map(({ qos }) => qos))
      call.subscriber.complete()
    },
    unsuback: (...codes) => {
      const call = transport.unsubscribed
        .slice(since.unsubscribed)
        .find(({ subscriber }) => !subscriber.closed)
      if (call === undefined) throw new Error('no UNSUBSCRIBE is in flight')
      call.subscriber.next(codes.length > 0 ? codes : call.filters.map(() => 0))
      call.subscriber.complete()
    },
    online: (limits, isSameSession = limits?.sessionPresent ?? false) =>
      subscriptions.online({
        info: connectionInfo(limits),
        isSameSession,
        onReady: () => calls.push('ready'),
      }),
    offline: () => {
      since = { subscribed: transport.subscribed.length, unsubscribed: transport.unsubscribed.length }
      acknowledgements.clear()
      subscriptions.offline()
    },
    receive: (topic, text, more) =>
      subscriptions.receive(arrival(topic, text, more), () => acknowledged.push(text)),
  }
}

import { Subscription as Teardown } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import { Acknowledgements } from '../../src/link/acknowledgements.js'
import type { ConnectionInfo, Incident, SubscribeOptions, SubscriptionWindow } from '../../src/link/link.js'
import { Subscriptions } from '../../src/link/subscriptions.js'
import type { UnroutedBounds } from '../../src/link/unrouted-messages.js'
import type { Message } from '../../src/message.js'
import { deadlines } from '../../src/time/deadlines.js'
import { connectionInfo } from './connection-info.js'
import { manualTransport, type ManualTransport, type Reactions } from './manual-transport.js'
import { arrival, textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** Somebody who asked for a filter. */
export interface WatchedSubscription {
  /** `open`, then the texts that came, `closed`; at last `complete` or the error's code. */
  readonly log: string[]
  readonly windows: SubscriptionWindow[]
  readonly errors: AntiphonError[]
  readonly leave: () => void
}

/** What a watcher does from within. */
export interface WatchOptions extends SubscribeOptions {
  readonly onWindow?: () => void
  readonly onText?: (text: string) => void
  readonly onClosed?: () => void
  readonly onEnd?: () => void
}

/** The subscriptions of a link over a transport in the test's hands. */
export interface SubscriptionsSetting extends VirtualTime {
  readonly subscriptions: Subscriptions
  readonly transport: ManualTransport
  readonly incidents: Incident[]
  /** The texts of the messages that were acknowledged. */
  readonly acknowledged: string[]
  /** What was told beside the watchers: `ready`. */
  readonly calls: string[]
  readonly watch: (filter: string, options?: WatchOptions) => WatchedSubscription
  /** The packets since the last look: `+a,b #1` for SUBSCRIBE, with its identifier, `-a,b` for UNSUBSCRIBE. */
  readonly takePackets: () => string[]
  /** Answers the earliest open SUBSCRIBE of this connection: with these codes, or with what it asked for. */
  readonly suback: (...codes: number[]) => void
  readonly unsuback: () => void
  /** A connection; the same session as before where there is one, unless told otherwise. */
  readonly online: (limits?: Partial<ConnectionInfo>, isSameSession?: boolean) => void
  readonly offline: () => void
  readonly receive: (topic: string, text: string, more?: Partial<Message>) => void
}

export function subscriptionsSetting(
  options: {
    readonly unclaimed?: UnroutedBounds
    readonly filtersPerSubscribe?: number
    readonly react?: Reactions
  } = {},
): SubscriptionsSetting {
  const time = virtualTime()
  const { filtersPerSubscribe = 100, react = {} } = options
  const takePackets: string[] = []
  const transport = manualTransport({
    ...react,
    subscribe: (requested) => {
      takePackets.push(
        `+${requested.filters.join()}${requested.identifier === undefined ? '' : ` #${requested.identifier}`}`,
      )
      react.subscribe?.(requested)
    },
    unsubscribe: (requested) => {
      takePackets.push(`-${requested.filters.join()}`)
      react.unsubscribe?.(requested)
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
    unrouted: { messages: 1_000, bytes: Infinity, ttl: 10_000, ...options.unclaimed },
    filtersPerSubscribe,
    report: (incident) => incidents.push(incident),
  })
  /** From where on what was asked belongs to the present connection. */
  let since = { subscribed: 0, unsubscribed: 0 }
  const open = (): void => void calls.push('open')

  return {
    ...time,
    subscriptions,
    transport,
    incidents,
    acknowledged,
    calls,
    watch: (filter, { onWindow, onText, onClosed, onEnd, ...subscribeOptions } = {}) => {
      const log: string[] = []
      const windows: SubscriptionWindow[] = []
      const errors: AntiphonError[] = []
      const teardown = new Teardown()
      const subscribeTo = ({ deliveries$ }: SubscriptionWindow): Teardown =>
        deliveries$.subscribe({
          next: ({ message, acknowledge }) => {
            log.push(textOf(message))
            onText?.(textOf(message))
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
      const ended = (how: string): void => {
        log.push(how)
        onEnd?.()
      }
      const failed = (error: unknown): void => {
        const failure = AntiphonError.from(error)
        errors.push(failure)
        ended(failure.code)
      }
      const windows$ = subscriptions.windows$(filter, subscribeOptions, open)
      teardown.add(windows$.subscribe({ next: opened, error: failed, complete: () => ended('complete') }))
      return { log, windows, errors, leave: () => teardown.unsubscribe() }
    },
    takePackets: () => takePackets.splice(0),
    suback: (...codes) => {
      const requested = transport.subscribed
        .slice(since.subscribed)
        .find(({ subscriber: response }) => !response.closed)
      if (requested === undefined) throw new Error('no SUBSCRIBE is open')
      requested.subscriber.next(codes.length > 0 ? codes : requested.requests.map(({ qos }) => qos))
      requested.subscriber.complete()
    },
    unsuback: () => {
      const requested = transport.unsubscribed
        .slice(since.unsubscribed)
        .find(({ subscriber: response }) => !response.closed)
      if (requested === undefined) throw new Error('no UNSUBSCRIBE is open')
      requested.subscriber.next(requested.filters.map(() => 0))
      requested.subscriber.complete()
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

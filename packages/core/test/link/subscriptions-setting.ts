import { Subscription as Teardown } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import { Acknowledgements } from '../../src/link/acknowledgements.js'
import type { ConnectionInfo, Incident, SubscribeOptions, SubscriptionWindow } from '../../src/link/link.js'
import { Subscriptions } from '../../src/link/subscriptions.js'
import type { UnroutedBounds } from '../../src/link/unrouted-messages.js'
import type { Message } from '../../src/message.js'
import { deadlines } from '../../src/time/deadlines.js'
import { grant } from './grants.js'
import { handTransport, type HandTransport, type Reactions } from './hand-transport.js'
import { arrival, textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** Somebody who asked for a filter. */
export interface Watched {
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
  readonly transport: HandTransport
  readonly incidents: Incident[]
  /** The texts of the messages that were acknowledged. */
  readonly acknowledged: string[]
  /** What was told beside the watchers: `ready`. */
  readonly told: string[]
  readonly watch: (filter: string, options?: WatchOptions) => Watched
  /** The packets since the last look: `+a,b #1` for SUBSCRIBE, with its identifier, `-a,b` for UNSUBSCRIBE. */
  readonly packets: () => string[]
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
  const packets: string[] = []
  const transport = handTransport({
    ...react,
    subscribe: (requested) => {
      packets.push(
        `+${requested.filters.join()}${requested.identifier === undefined ? '' : ` #${requested.identifier}`}`,
      )
      react.subscribe?.(requested)
    },
    unsubscribe: (requested) => {
      packets.push(`-${requested.filters.join()}`)
      react.unsubscribe?.(requested)
    },
  })
  const incidents: Incident[] = []
  const acknowledged: string[] = []
  const told: string[] = []
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
  const open = (): void => void told.push('open')

  return {
    ...time,
    subscriptions,
    transport,
    incidents,
    acknowledged,
    told,
    watch: (filter, { onWindow, onText, onClosed, onEnd, ...subscribeOptions } = {}) => {
      const log: string[] = []
      const windows: SubscriptionWindow[] = []
      const errors: AntiphonError[] = []
      const teardown = new Teardown()
      const listen = ({ deliveries$ }: SubscriptionWindow): Teardown =>
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
        teardown.add(listen(window))
        onWindow?.()
      }
      const ended = (how: string): void => {
        log.push(how)
        onEnd?.()
      }
      const failed = (error: unknown): void => {
        const known = AntiphonError.from(error)
        errors.push(known)
        ended(known.code)
      }
      const windows$ = subscriptions.windows$(filter, subscribeOptions, open)
      teardown.add(windows$.subscribe({ next: opened, error: failed, complete: () => ended('complete') }))
      return { log, windows, errors, leave: () => teardown.unsubscribe() }
    },
    packets: () => packets.splice(0),
    suback: (...codes) => {
      const requested = transport.subscribed
        .slice(since.subscribed)
        .find(({ answer: response }) => !response.closed)
      if (requested === undefined) throw new Error('no SUBSCRIBE is open')
      requested.answer.next(codes.length > 0 ? codes : requested.requests.map(({ qos }) => qos))
      requested.answer.complete()
    },
    unsuback: () => {
      const requested = transport.unsubscribed
        .slice(since.unsubscribed)
        .find(({ answer: response }) => !response.closed)
      if (requested === undefined) throw new Error('no UNSUBSCRIBE is open')
      requested.answer.next(requested.filters.map(() => 0))
      requested.answer.complete()
    },
    online: (limits, isSameSession = limits?.sessionPresent ?? false) =>
      subscriptions.online({ info: grant(limits), isSameSession, onReady: () => told.push('ready') }),
    offline: () => {
      since = { subscribed: transport.subscribed.length, unsubscribed: transport.unsubscribed.length }
      acknowledgements.forget()
      subscriptions.offline()
    },
    receive: (topic, text, more) =>
      subscriptions.receive(arrival(topic, text, more), () => acknowledged.push(text)),
  }
}

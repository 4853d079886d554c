import { Observable } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { withOwnBytes } from '../own-bytes.js'
import { isSharedFilter } from '../topic/topic-filter.js'
import { TopicTrie } from '../topic/topic-trie.js'
import type { Acknowledgements, Receipt } from './acknowledgements.js'
import type { ConnectionInfo, Incident, SubscribeOptions, SubscriptionWindow } from './link.js'
import { Negotiation, type NegotiationListener } from './negotiation.js'
import { conflictBetween, toSubscribeRequest } from './subscribe-request.js'
import { FilterSubscription } from './filter-subscription.js'
import type { SubscribeRequest, Transport } from './transport.js'
import { UnroutedMessages, type UnroutedMessage, type UnroutedBounds } from './unrouted-messages.js'
import { OpenSubscription } from './open-subscription.js'

/** What `Subscriptions` works with. */
export interface SubscriptionsParts {
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly acknowledgements: Acknowledgements
  readonly unrouted: Required<UnroutedBounds>
  readonly filtersPerSubscribe: number
  readonly report: (incident: Incident) => void
}

/** A new connection, for `Subscriptions`. */
export interface OnlineParts {
  readonly info: ConnectionInfo
  /** Whether the session is certainly that of the previous connection. */
  readonly isSameSession: boolean
  /** Called once all wanted subscriptions are restored. */
  readonly onReady: () => void
}

/**
 * The subscriptions of a link, and the routing of its incoming messages.
 *
 * Subscribers of the same filter share one subscription. Its window opens with the SUBACK and closes with the session.
 */
export class Subscriptions {
  readonly #parts: SubscriptionsParts
  readonly #negotiation: Negotiation
  readonly #unrouted: UnroutedMessages
  readonly #byFilter = new Map<string, FilterSubscription>()
  readonly #routes = new TopicTrie<FilterSubscription>()
  #ended: { readonly error: AntiphonError | undefined } | undefined
  #hasBeenOnline = false
  /** Runs while a session from before this link may deliver messages that have no subscriber yet. */
  #earlierSession: Deadline | undefined

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
    this.#unrouted = new UnroutedMessages(
      parts.unrouted,
      (unrouted) => this.#release(unrouted),
      // The broker would not send a QoS 0 message again, nor does our Receive Maximum bound these.
      (message) => message.qos > 0 && this.#isAwaited(message),
    )
    const { transport, filtersPerSubscribe } = parts
    const listener: NegotiationListener = {
      onGranted: (subscription, qos) => this.#openWindow(subscription, qos),
      onRefused: (subscription, error) => subscription.end(error),
      onUnsubscribeRefused: (error) => parts.report({ kind: 'unsubscribe-refused', error }),
      onUnused: (subscription) => {
        if (subscription.hasSubscribers) subscription.unsubscribed()
        else this.#remove(subscription)
      },
      onAnswered: () => this.#releaseUnrouted(),
    }
    this.#negotiation = new Negotiation({ transport, filtersPerSubscribe, listener })
  }

  /** See `Link.subscription$`. `open` starts the link. */
  windows$(filter: string, options: SubscribeOptions, open: () => void): Observable<SubscriptionWindow> {
    return new Observable((subscriber) => {
      const request = toSubscribeRequest(filter, options)
      if (this.#ended !== undefined) {
        if (this.#ended.error === undefined) subscriber.complete()
        else subscriber.error(this.#ended.error)
        return
      }
      const subscription = this.#subscriptionFor(request)
      subscription.join(subscriber)
      subscriber.add(() => {
        subscription.leave(subscriber)
        this.#negotiation.reconcile([subscription])
      })
      open()
      this.#negotiation.reconcile([subscription])
    })
  }

  /** Restores the wanted subscriptions on a new connection, then calls `onReady`. */
  online({ info, isSameSession, onReady }: OnlineParts): void {
    if (!isSameSession) this.#loseSession(info)
    if (info.sessionPresent && !this.#hasBeenOnline) this.#awaitEarlierSession()
    this.#hasBeenOnline = true
    // Only now, so that subscriptions made while windows close are batched with all others.
    this.#negotiation.connected(info)
    if (isSameSession) this.#renewShared()
    this.#negotiation.reconcile([...this.#byFilter.values()], onReady)
  }

  /** Marks the connection as lost. The next connection shows whether the session was kept. */
  offline(): void {
    this.#negotiation.disconnected(this.#byFilter.values())
    this.#unrouted.clear()
  }

  /** Ends all subscriptions, and every later one: with `error`, or by completing them. */
  end(error?: AntiphonError): void {
    this.#ended ??= { error }
    this.#stopAwaitingEarlierSession()
    this.offline()
    const subscriptions = [...this.#byFilter.values()]
    this.#byFilter.clear()
    for (const subscription of subscriptions) subscription.end(error)
  }

  /** Delivers a message to its subscribers. `release` sends its acknowledgement. */
  receive(message: Message, release: () => void): void {
    const subscriptions = this.#subscriptionsOf(message)
    let awaiting: FilterSubscription[] | undefined
    for (const subscription of subscriptions) if (subscription.isAwaited) (awaiting ??= []).push(subscription)
    if (subscriptions.length === 0 && this.#earlierSession !== undefined) awaiting = []
    const kept = awaiting === undefined ? message : withOwnBytes(message)
    const receipt = this.#parts.acknowledgements.open(kept, release)
    for (const { window } of subscriptions) window?.deliver(kept, receipt)
    if (awaiting !== undefined) this.#storeUnrouted(kept, receipt, { subscriptions, awaiting })
    else if (subscriptions.length > 0) receipt.seal()
    else this.#release({ message, receipt, isDelivered: false })
  }

  #storeUnrouted(
    message: Message,
    receipt: Receipt,
    to: {
      readonly subscriptions: readonly FilterSubscription[]
      readonly awaiting: readonly FilterSubscription[]
    },
  ): void {
    const others = to.subscriptions.filter((subscription) => !to.awaiting.includes(subscription))
    const isDelivered = others.some(({ isWanted }) => isWanted)
    const deliveredTo = new Set(others.map(({ request }) => request.filter))
    this.#unrouted.add({ message, receipt, deliveredTo, isDelivered })
  }

  #subscriptionsOf(message: Message): readonly FilterSubscription[] {
    const matching = this.#routes.matches(message.topic)
    if (message.subscriptionIdentifiers === undefined || matching.length < 2) return matching
    const identified = matching.filter(({ identifier }) =>
      message.subscriptionIdentifiers?.includes(identifier),
    )
    return identified.length > 0 ? identified : matching
  }

  #subscriptionFor(request: SubscribeRequest): FilterSubscription {
    const existing = this.#byFilter.get(request.filter)
    if (existing === undefined) {
      const subscription = new FilterSubscription(request, this.#freeIdentifier(request.filter))
      this.#byFilter.set(request.filter, subscription)
      this.#routes.add(request.filter, subscription)
      return subscription
    }
    const conflict = conflictBetween(existing.request, request)
    if (conflict === undefined) return existing
    if (existing.isWanted) throw conflict
    existing.request = request
    return existing
  }

  /** The lowest identifier that no overlapping subscription has; filters that do not overlap can share a packet. */
  #freeIdentifier(filter: string): number {
    const used = new Set<number>()
    this.#routes.overlapping(filter, ({ identifier }) => used.add(identifier))
    let identifier = 1
    while (used.has(identifier)) identifier++
    return identifier
  }

  #remove(subscription: FilterSubscription): void {
    const { filter } = subscription.request
    if (this.#byFilter.get(filter) === subscription) this.#byFilter.delete(filter)
    this.#routes.delete(filter, subscription)
  }

  #openWindow(subscription: FilterSubscription, grantedQoS: 0 | 1 | 2): void {
    const { acknowledgements, report } = this.#parts
    const { request } = subscription
    const unsubscribe$ = this.#unsubscribe$(subscription)
    const onLeave = acknowledgements.advance
    const window = new OpenSubscription({ request, grantedQoS, unsubscribe$, onLeave, report })
    subscription.openWindow(window)
    this.#unrouted.offer(
      request.filter,
      (message) => this.#subscriptionsOf(message).includes(subscription),
      ({ message, receipt }) => window.deliver(message, receipt),
    )
  }

  /** See `SubscriptionWindow.unsubscribe$`. */
  #unsubscribe$(subscription: FilterSubscription): Observable<void> {
    return new Observable((subscriber) => {
      const onUnsubscribed = (): void => {
        subscriber.next()
        subscriber.complete()
      }
      if (subscription.unsubscribe(onUnsubscribed)) this.#negotiation.reconcile([subscription])
      else onUnsubscribed()
    })
  }

  /** Mosquitto 2.0 keeps the session over its restart, but not the shared subscriptions of it. */
  #renewShared(): void {
    const shared = [...this.#byFilter.values()].filter(
      ({ request, window, isWanted }) => isWanted && window !== undefined && isSharedFilter(request.filter),
    )
    this.#negotiation.renew(shared)
  }

  /** Closes all windows: the broker lost the subscriptions, or has another session with unknown ones. */
  #loseSession({ sessionPresent }: ConnectionInfo): void {
    if (!sessionPresent) this.#stopAwaitingEarlierSession()
    const subscriptions = [...this.#byFilter.values()]
    for (const subscription of subscriptions) subscription.brokerState = sessionPresent ? 'unknown' : 'absent'
    for (const subscription of subscriptions) subscription.closeWindow()
  }

  #awaitEarlierSession(): void {
    this.#earlierSession = this.#parts.deadlines.add(this.#parts.unrouted.ttl, () => {
      this.#earlierSession = undefined
      this.#releaseUnrouted()
    })
  }

  #stopAwaitingEarlierSession(): void {
    this.#earlierSession?.cancel()
    this.#earlierSession = undefined
  }

  #releaseUnrouted(): void {
    this.#unrouted.releaseUnawaited(({ message, isDelivered }) => {
      if (this.#earlierSession !== undefined && !isDelivered) return true
      return this.#isAwaited(message)
    })
  }

  /** Whether a subscriber of the message waits for SUBACK. */
  #isAwaited(message: Message): boolean {
    return this.#subscriptionsOf(message).some(({ isAwaited }) => isAwaited)
  }

  #release({
    message,
    receipt,
    isDelivered,
  }: Pick<UnroutedMessage, 'message' | 'receipt' | 'isDelivered'>): void {
    if (!isDelivered) this.#parts.report({ kind: 'unroutable', message })
    receipt.seal()
  }
}

import { Observable } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { TopicTrie } from '../topic/topic-trie.js'
import type { Acknowledgements, Receipt } from './acknowledgements.js'
import type { ConnectionInfo, Incident, SubscribeOptions, SubscriptionWindow } from './link.js'
import { Negotiation, type NegotiationOutcome } from './negotiation.js'
import { conflictOf, toSubscribeRequest } from './subscribe-request.js'
import { FilterSubscription } from './filter-subscription.js'
import type { SubscribeRequest, Transport } from './transport.js'
import { UnroutedMessages, type UnroutedMessage, type UnroutedBounds } from './unrouted-messages.js'
import { OpenWindow } from './open-window.js'

/** What the subscriptions of a link work with. */
export interface SubscriptionsParts {
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly acknowledgements: Acknowledgements
  readonly unrouted: Required<UnroutedBounds>
  readonly filtersPerSubscribe: number
  readonly report: (incident: Incident) => void
}

/** A connection as the subscriptions see it. */
export interface OnlineParts {
  readonly info: ConnectionInfo
  /** The session is certain to be that of the connection before. */
  readonly isSameSession: boolean
  /** Called once every wanted subscription stands. */
  readonly onReady: () => void
}

/**
 * Everything a link is subscribed to: one subscription per filter however many ask, windows that open with the broker's
 * grant and close with the session, and the way of each arriving message to those who asked for it.
 */
export class Subscriptions {
  readonly #parts: SubscriptionsParts
  readonly #negotiation: Negotiation
  readonly #unrouted: UnroutedMessages
  readonly #byFilter = new Map<string, FilterSubscription>()
  readonly #routes = new TopicTrie<FilterSubscription>()
  #end: { readonly error: AntiphonError | undefined } | undefined
  #hasBeenOnline = false
  /** Runs while a session older than this link may bring messages whose subscriber is still to come. */
  #earlierSession: Deadline | undefined

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
    this.#unrouted = new UnroutedMessages(parts.unrouted, (arrival) => this.#release(arrival))
    const { transport, filtersPerSubscribe } = parts
    const outcome: NegotiationOutcome = {
      granted: (subscription, qos) => this.#openWindow(subscription, qos),
      refused: (subscription, error) => subscription.end(error),
      gone: (subscription) => this.#drop(subscription),
      settled: () => this.#releaseUnrouted(),
    }
    this.#negotiation = new Negotiation({ transport, filtersPerSubscribe, outcome })
  }

  /** See `Link.subscription$`; `open` starts the link. */
  windows$(filter: string, options: SubscribeOptions, open: () => void): Observable<SubscriptionWindow> {
    return new Observable((subscriber) => {
      const request = toSubscribeRequest(filter, options)
      if (this.#end !== undefined) {
        if (this.#end.error === undefined) subscriber.complete()
        else subscriber.error(this.#end.error)
        return
      }
      const subscription = this.#find(request)
      subscription.join(subscriber)
      subscriber.add(() => {
        subscription.leave(subscriber)
        this.#negotiation.reconcile([subscription])
      })
      open()
      this.#negotiation.reconcile([subscription])
    })
  }

  /** The connection is up; calls back once every wanted subscription stands again. */
  online({ info, isSameSession, onReady }: OnlineParts): void {
    if (!isSameSession) this.#loseSession(info)
    if (info.sessionPresent && !this.#hasBeenOnline) this.#awaitEarlierSession()
    this.#hasBeenOnline = true
    // Not before: what is asked for from within a closing window shares the packets of all others.
    this.#negotiation.connected(info)
    this.#negotiation.reconcile([...this.#byFilter.values()], onReady)
  }

  /** The connection is gone; whether the session is too, the next one tells. */
  offline(): void {
    this.#negotiation.disconnected(this.#byFilter.values())
    this.#unrouted.clear()
  }

  /** Nothing comes any more: with an error for everybody, or as an orderly end. */
  end(error?: AntiphonError): void {
    this.#end ??= { error }
    this.#stopAwaiting()
    this.offline()
    const subscriptions = [...this.#byFilter.values()]
    this.#byFilter.clear()
    for (const subscription of subscriptions) subscription.end(error)
  }

  /** A message arrived; `release` sends its acknowledgement. */
  receive(message: Message, release: () => void): void {
    const receipt = this.#parts.acknowledgements.open(message, release)
    const subscriptions = this.#subscriptionsOf(message)
    let awaiting: FilterSubscription[] | undefined
    for (const subscription of subscriptions) {
      if (subscription.window !== undefined) subscription.window.deliver(message, receipt)
      else if (subscription.isWanted) (awaiting ??= []).push(subscription)
    }
    if (awaiting !== undefined) this.#hold(message, receipt, { subscriptions, awaiting })
    else if (subscriptions.length > 0) receipt.seal()
    else if (this.#earlierSession !== undefined) this.#hold(message, receipt, { subscriptions, awaiting: [] })
    else this.#release({ message, receipt, isDelivered: false })
  }

  #hold(
    message: Message,
    receipt: Receipt,
    to: {
      readonly subscriptions: readonly FilterSubscription[]
      readonly awaiting: readonly FilterSubscription[]
    },
  ): void {
    const context = to.subscriptions.filter((subscription) => !to.awaiting.includes(subscription))
    const isClaimed = context.some(({ isWanted }) => isWanted)
    const given = new Set(context.map(({ request }) => request.filter))
    this.#unrouted.add({ message, receipt, deliveredTo: given, isDelivered: isClaimed })
  }

  #subscriptionsOf(message: Message): readonly FilterSubscription[] {
    const matching = this.#routes.matches(message.topic)
    if (message.subscriptionIdentifiers === undefined || matching.length < 2) return matching
    const named = matching.filter(({ identifier }) => message.subscriptionIdentifiers?.includes(identifier))
    return named.length > 0 ? named : matching
  }

  #find(request: SubscribeRequest): FilterSubscription {
    const known = this.#byFilter.get(request.filter)
    if (known === undefined) {
      const subscription = new FilterSubscription(request, this.#freeIdentifier(request.filter))
      this.#byFilter.set(request.filter, subscription)
      this.#routes.add(request.filter, subscription)
      return subscription
    }
    const conflict = conflictOf(known.request, request)
    if (conflict === undefined) return known
    if (known.isWanted) throw conflict
    known.request = request
    return known
  }

  /** The lowest identifier no overlapping subscription has, so that those that do not overlap can share a packet. */
  #freeIdentifier(filter: string): number {
    const taken = new Set<number>()
    this.#routes.overlapping(filter, ({ identifier }) => taken.add(identifier))
    let identifier = 1
    while (taken.has(identifier)) identifier++
    return identifier
  }

  #drop(subscription: FilterSubscription): void {
    const { filter } = subscription.request
    if (this.#byFilter.get(filter) === subscription) this.#byFilter.delete(filter)
    this.#routes.delete(filter, subscription)
  }

  #openWindow(subscription: FilterSubscription, grantedQoS: 0 | 1 | 2): void {
    const { acknowledgements, report } = this.#parts
    const { request } = subscription
    const window = new OpenWindow({ request, grantedQoS, onLeave: acknowledgements.advance, report })
    subscription.openWindow(window)
    this.#unrouted.offer(
      request.filter,
      (message) => this.#subscriptionsOf(message).includes(subscription),
      ({ message, receipt }) => window.deliver(message, receipt),
    )
  }

  /** The broker has nothing of what we subscribed, or, where it has a session, perhaps not all of it. */
  #loseSession({ sessionPresent }: ConnectionInfo): void {
    if (!sessionPresent) this.#stopAwaiting()
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

  #stopAwaiting(): void {
    this.#earlierSession?.cancel()
    this.#earlierSession = undefined
  }

  #releaseUnrouted(): void {
    this.#unrouted.releaseUnawaited(({ message, isDelivered: isClaimed }) => {
      if (this.#earlierSession !== undefined && !isClaimed) return true
      return this.#subscriptionsOf(message).some(({ isAwaited }) => isAwaited)
    })
  }

  #release({
    message,
    receipt,
    isDelivered: isClaimed,
  }: Pick<UnroutedMessage, 'message' | 'receipt' | 'isDelivered'>): void {
    if (!isClaimed) this.#parts.report({ kind: 'unroutable', message })
    receipt.seal()
  }
}

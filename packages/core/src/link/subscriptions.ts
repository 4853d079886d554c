import { Observable } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { TopicTrie } from '../topic/topic-trie.js'
import type { Acknowledgements, Receipt } from './acknowledgements.js'
import type { Grant, Incident, SubscribeOptions, SubscriptionWindow } from './link.js'
import { Negotiation, type NegotiationOutcome } from './negotiation.js'
import { conflictOf, toSubscribeRequest } from './subscribe-request.js'
import { Subscription } from './subscription.js'
import type { SubscribeRequest, Transport } from './transport.js'
import { Unclaimed, type Arrival, type UnclaimedBounds } from './unclaimed.js'
import { Window } from './window.js'

/** What the subscriptions of a link work with. */
export interface SubscriptionsParts {
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly acknowledgements: Acknowledgements
  readonly unclaimed: Required<UnclaimedBounds>
  readonly filtersPerSubscribe: number
  readonly report: (incident: Incident) => void
}

/** A connection as the subscriptions see it. */
export interface OnlineParts {
  readonly grant: Grant
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
  readonly #unclaimed: Unclaimed
  readonly #byFilter = new Map<string, Subscription>()
  readonly #routes = new TopicTrie<Subscription>()
  #end: { readonly error: AntiphonError | undefined } | undefined
  #hasBeenOnline = false
  /** Runs while a session older than this link may bring messages whose subscriber is still to come. */
  #leftovers: Deadline | undefined

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
    this.#unclaimed = new Unclaimed(parts.unclaimed, (arrival) => this.#letGo(arrival))
    const { transport, filtersPerSubscribe } = parts
    const outcome: NegotiationOutcome = {
      granted: (subscription, qos) => this.#openWindow(subscription, qos),
      refused: (subscription, error) => subscription.end(error),
      gone: (subscription) => this.#drop(subscription),
      settled: () => this.#settleUnclaimed(),
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
  online({ grant, isSameSession, onReady }: OnlineParts): void {
    if (!isSameSession) this.#loseSession(grant)
    if (grant.sessionPresent && !this.#hasBeenOnline) this.#awaitLeftovers()
    this.#hasBeenOnline = true
    // Not before: what is asked for from within a closing window shares the packets of all others.
    this.#negotiation.connected(grant)
    this.#negotiation.reconcile([...this.#byFilter.values()], onReady)
  }

  /** The connection is gone; whether the session is too, the next one tells. */
  offline(): void {
    this.#negotiation.disconnected(this.#byFilter.values())
    this.#unclaimed.forget()
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
    let awaiting: Subscription[] | undefined
    for (const subscription of subscriptions) {
      if (subscription.window !== undefined) subscription.window.offer(message, receipt)
      else if (subscription.isWanted) (awaiting ??= []).push(subscription)
    }
    if (awaiting !== undefined) this.#hold(message, receipt, { subscriptions, awaiting })
    else if (subscriptions.length > 0) receipt.seal()
    else if (this.#leftovers !== undefined) this.#hold(message, receipt, { subscriptions, awaiting: [] })
    else this.#letGo({ message, receipt, isClaimed: false })
  }

  #hold(
    message: Message,
    receipt: Receipt,
    to: { readonly subscriptions: readonly Subscription[]; readonly awaiting: readonly Subscription[] },
  ): void {
    const served = to.subscriptions.filter((subscription) => !to.awaiting.includes(subscription))
    const isClaimed = served.some(({ isWanted }) => isWanted)
    const given = new Set(served.map(({ request }) => request.filter))
    this.#unclaimed.hold({ message, receipt, given, isClaimed })
  }

  #subscriptionsOf(message: Message): readonly Subscription[] {
    const matching = this.#routes.matches(message.topic)
    if (message.subscriptionIdentifiers === undefined || matching.length < 2) return matching
    const named = matching.filter(({ identifier }) => message.subscriptionIdentifiers?.includes(identifier))
    return named.length > 0 ? named : matching
  }

  #find(request: SubscribeRequest): Subscription {
    const known = this.#byFilter.get(request.filter)
    if (known === undefined) {
      const subscription = new Subscription(request, this.#freeIdentifier(request.filter))
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

  #drop(subscription: Subscription): void {
    const { filter } = subscription.request
    if (this.#byFilter.get(filter) === subscription) this.#byFilter.delete(filter)
    this.#routes.delete(filter, subscription)
  }

  #openWindow(subscription: Subscription, grantedQoS: 0 | 1 | 2): void {
    const { acknowledgements, report } = this.#parts
    const { request } = subscription
    const window = new Window({ request, grantedQoS, onLeave: acknowledgements.advance, report })
    subscription.openWindow(window)
    this.#unclaimed.offer(
      request.filter,
      (message) => this.#subscriptionsOf(message).includes(subscription),
      ({ message, receipt }) => window.offer(message, receipt),
    )
  }

  /** The broker has nothing of what we subscribed, or, where it has a session, perhaps not all of it. */
  #loseSession({ sessionPresent }: Grant): void {
    if (!sessionPresent) this.#stopAwaiting()
    const subscriptions = [...this.#byFilter.values()]
    for (const subscription of subscriptions) subscription.standing = sessionPresent ? 'unknown' : 'absent'
    for (const subscription of subscriptions) subscription.closeWindow()
  }

  #awaitLeftovers(): void {
    this.#leftovers = this.#parts.deadlines.add(this.#parts.unclaimed.keepFor, () => {
      this.#leftovers = undefined
      this.#settleUnclaimed()
    })
  }

  #stopAwaiting(): void {
    this.#leftovers?.cancel()
    this.#leftovers = undefined
  }

  #settleUnclaimed(): void {
    this.#unclaimed.settle(({ message, isClaimed }) => {
      if (this.#leftovers !== undefined && !isClaimed) return true
      return this.#subscriptionsOf(message).some(({ isAwaited }) => isAwaited)
    })
  }

  #letGo({ message, receipt, isClaimed }: Pick<Arrival, 'message' | 'receipt' | 'isClaimed'>): void {
    if (!isClaimed) this.#parts.report({ kind: 'unroutable', message })
    receipt.seal()
  }
}

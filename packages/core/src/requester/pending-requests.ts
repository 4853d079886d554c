import { Subject, type Observable } from 'rxjs'
import { invalidArgument } from '../argument.js'
import { AntiphonError, type ErrorCode } from '../errors.js'
import { baseOf, type BaseLink } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import type { QueueBounds } from '../link/outbox.js'
import type { Message } from '../message.js'
import { observationsOf } from '../observe/observations.js'
import { oncePer } from '../once-per.js'
import type { Deadlines } from '../time/deadlines.js'
import type { Exchange } from './exchange.js'
import { ResponseSubscription } from './response-subscription.js'
import { UnmatchedResponses } from './unmatched-responses.js'

/** The number of pending exchanges of a link and all middleware around it. */
class PendingCount {
  count = 0
  readonly idle = new Subject<void>()
}

const pendingCountOf: (base: BaseLink) => PendingCount = oncePer(() => new PendingCount())

/**
 * The pending exchanges of a link, from their creation to their settlement.
 *
 * An exchange is added, shares the response subscription of its response filter, and is registered under its response
 * topic and token before its request is published. A response that matches no registered exchange is unmatched.
 */
export class PendingRequests {
  readonly unmatched: UnmatchedResponses
  /** The deadlines that need not keep a process alive. */
  readonly background: Deadlines
  readonly #link: Link
  readonly #responseSubscriptions = new Map<string, ResponseSubscription>()
  readonly #shared: PendingCount
  readonly #bounds: Required<QueueBounds>
  readonly #maxResponseSubscriptions: number
  /** The exchanges that wait for a response subscription, because there are as many as allowed. */
  readonly #queued = new Set<Exchange>()
  #isAdmitting = false
  #waiting = 0
  #waitingBytes = 0

  constructor(link: Link) {
    this.#link = link
    this.unmatched = new UnmatchedResponses(link)
    const base = baseOf(link)
    this.#shared = pendingCountOf(base)
    this.#bounds = base.queueBounds
    this.background = base.background
    this.#maxResponseSubscriptions = base.maxResponseSubscriptions
  }

  /** Returns the number of pending exchanges of the link and all middleware around it. */
  get count(): number {
    return this.#shared.count
  }

  /** Returns the number of exchanges that are registered to receive a response. */
  get registered(): number {
    let registered = 0
    for (const { table } of this.#responseSubscriptions.values()) registered += table.size
    return registered
  }

  /** Emits each time the last pending exchange has settled. */
  get idle$(): Observable<void> {
    return this.#shared.idle
  }

  add(): void {
    this.#shared.count++
  }

  /**
   * Counts a request that cannot be published yet towards the bounds of the link's outgoing queue. Returns an error if it
   * exceeds them. The first one may always wait, because it opens the response subscription.
   */
  wait(exchange: Exchange): AntiphonError | undefined {
    const { topic, size } = exchange.request
    const { messages, bytes } = this.#bounds
    const isFull = this.#waiting >= messages || this.#waitingBytes + size > bytes
    if (isFull && this.#waiting > 0) {
      const cause = `${this.#waiting} requests wait for the connection or the response subscription`
      const fault = `cannot send a request to ${topic}: ${cause} (${this.#waitingBytes} bytes)`
      return new AntiphonError('overflow', `${fault}; slow down, or raise queue.messages or queue.bytes`)
    }
    exchange.waitingBytes = size
    this.#waiting++
    this.#waitingBytes += size
    return undefined
  }

  /**
   * Subscribes an exchange to its response filter, if that is known; calls its `onSubscribed` at once if the subscription is
   * acknowledged. Queues it if it needs a further subscription, and there are as many as allowed. Returns an error if the
   * request cannot be encoded or matched.
   */
  subscribe(exchange: Exchange): AntiphonError | undefined {
    try {
      exchange.request.resolveResponseTopic()
    } catch (thrown) {
      return AntiphonError.from(thrown)
    }
    const { responseFilter } = exchange.request
    if (responseFilter === undefined) return undefined
    const subscription =
      this.#responseSubscriptions.get(responseFilter) ?? this.#createAllowed(responseFilter)
    if (subscription === undefined) {
      this.#queued.add(exchange)
      return undefined
    }
    this.#queued.delete(exchange)
    exchange.responseSubscription = subscription
    subscription.acquire(exchange)
    return undefined
  }

  /** Whether exchanges wait for a response subscription, so that one that is released is ended at once. */
  get hasQueued(): boolean {
    return this.#queued.size > 0
  }

  /** Returns why an exchange waits; `undefined` if it does not wait for a response subscription of its own. */
  queueHint(exchange: Exchange): string | undefined {
    if (!this.#queued.has(exchange)) return undefined
    const count = this.#maxResponseSubscriptions
    return `. All ${count} response subscriptions of the link are in use: raise maxResponseSubscriptions, or let requests share a response topic or filter`
  }

  /** Returns the response subscription of a filter, of which there is one; beyond the limit, too. */
  subscriptionOf(filter: string): ResponseSubscription {
    return this.#responseSubscriptions.get(filter) ?? this.#createSubscription(filter)
  }

  /** Registers a subscribed exchange for an attempt. Returns an error if no response could be matched to it. */
  register(exchange: Exchange): AntiphonError | undefined {
    this.#endWait(exchange)
    if (exchange.tokenIndex !== undefined) return undefined
    try {
      exchange.request.prepare(exchange.attempts)
    } catch (thrown) {
      return AntiphonError.from(thrown)
    }
    if (exchange.responseSubscription?.table.add(exchange) === true) return undefined
    const fault = `another request is pending on response topic ${exchange.request.responseTopic} with the same correlation`
    return invalidArgument(`${fault}: use a response topic per request, or inOrder()`)
  }

  /** Removes an exchange from the correlation table until its next attempt, so that it receives no response. */
  unregister(exchange: Exchange): void {
    exchange.responseSubscription?.table.remove(exchange)
  }

  /** Removes an exchange that has settled. */
  settle(exchange: Exchange): void {
    this.#endWait(exchange)
    this.#queued.delete(exchange)
    this.unregister(exchange)
    exchange.responseSubscription?.release(exchange)
    this.#shared.count--
    if (this.#shared.count === 0) this.#shared.idle.next()
  }

  /** Passes a response to its exchange. */
  receive(message: Message, { table }: ResponseSubscription): void {
    // A retained message was published before the request, for example in response to an earlier one.
    if (message.retain || !table.dispatch(message)) this.unmatched.receive(message)
  }

  /** Reports to middleware that a published request has ended, as its cancel is sent later or never. */
  reportCancelled({ attempts, request }: Exchange, reason?: ErrorCode): void {
    const { cancelledRequests } = observationsOf(this.#link)
    if (!cancelledRequests.observed || attempts === 0) return
    const { identity } = request
    if (identity !== undefined) cancelledRequests.next({ ...identity, reason })
  }

  /** Forgets a response subscription that was released or has failed; the next request creates another one. */
  remove({ filter }: ResponseSubscription): void {
    this.#responseSubscriptions.delete(filter)
    this.#admitQueued()
  }

  /** Subscribes queued exchanges, in order, as long as there is room. */
  #admitQueued(): void {
    // A subscription that fails at once, on a closed link, would otherwise call this function for the rest of the queue.
    if (this.#isAdmitting) return
    this.#isAdmitting = true
    for (const exchange of this.#queued) {
      if (this.#responseSubscriptions.size >= this.#maxResponseSubscriptions) break
      this.#queued.delete(exchange)
      const fault = this.subscribe(exchange)
      if (fault !== undefined) exchange.fail(fault)
    }
    this.#isAdmitting = false
  }

  /** Creates a subscription; at the limit, in place of one that no exchange uses. Returns `undefined` if all are in use. */
  #createAllowed(filter: string): ResponseSubscription | undefined {
    if (this.#responseSubscriptions.size >= this.#maxResponseSubscriptions && !this.#closeUnused())
      return undefined
    return this.#createSubscription(filter)
  }

  #closeUnused(): boolean {
    // While exchanges are queued, no subscription is kept without a use.
    if (this.#queued.size > 0) return false
    for (const subscription of this.#responseSubscriptions.values()) {
      if (!subscription.isUnused) continue
      subscription.close()
      return true
    }
    return false
  }

  #endWait(exchange: Exchange): void {
    if (exchange.waitingBytes === undefined) return
    this.#waiting--
    this.#waitingBytes -= exchange.waitingBytes
    exchange.waitingBytes = undefined
  }

  #createSubscription(filter: string): ResponseSubscription {
    const subscription = new ResponseSubscription(this.#link, filter, this)
    this.#responseSubscriptions.set(filter, subscription)
    return subscription
  }
}

/** Returns the `PendingRequests` of a link, of which there is one. */
export const pendingRequestsOf: (link: Link) => PendingRequests = oncePer((link) => new PendingRequests(link))

import { Subject, type Observable } from 'rxjs'
import { invalidArgument } from '../argument.js'
import type { AntiphonError } from '../errors.js'
import type { Link } from '../link/link.js'
import type { Message } from '../message.js'
import { observationsOf } from '../observe/observations.js'
import { oncePer } from '../once-per.js'
import type { Exchange } from './exchange.js'
import { ResponseSubscription } from './response-subscription.js'

/**
 * The pending exchanges of a link, from their creation to their settlement.
 *
 * An exchange is added, shares the response subscription of its response filter, and is registered under its response
 * topic and token before its request is published. A response that matches no registered exchange is unmatched.
 */
export class PendingRequests {
  readonly #link: Link
  readonly #responseSubscriptions = new Map<string, ResponseSubscription>()
  readonly #idle = new Subject<void>()
  #count = 0

  constructor(link: Link) {
    this.#link = link
  }

  /** Returns the number of pending exchanges. */
  get count(): number {
    return this.#count
  }

  /** Returns the number of exchanges that are registered to receive a response. */
  get registered(): number {
    let registered = 0
    for (const { table } of this.#responseSubscriptions.values()) registered += table.size
    return registered
  }

  /** Emits each time the last pending exchange has settled. */
  get idle$(): Observable<void> {
    return this.#idle
  }

  add(): void {
    this.#count++
  }

  /** Subscribes an exchange to its responses; calls its `onSubscribed` at once if the subscription is acknowledged. */
  subscribe(exchange: Exchange, filter: string): void {
    const subscription = this.#responseSubscriptions.get(filter) ?? this.#createSubscription(filter)
    exchange.responseSubscription = subscription
    subscription.acquire(exchange)
  }

  /** Registers a subscribed exchange. Returns an error if another one has its response topic and token. */
  register(exchange: Exchange): AntiphonError | undefined {
    if (exchange.responseSubscription?.table.add(exchange) !== false) return undefined
    const fault = `another request is pending on response topic ${exchange.request.responseTopic} with the same correlation`
    return invalidArgument(`${fault}: use a response topic per request, or inOrder()`)
  }

  /** Removes an exchange that has settled. */
  settle(exchange: Exchange): void {
    const { responseSubscription } = exchange
    responseSubscription?.table.remove(exchange)
    responseSubscription?.release(exchange)
    this.#count--
    if (this.#count === 0) this.#idle.next()
  }

  /** Passes a response to its exchange, or reports it as unmatched. */
  receive(message: Message, { table }: ResponseSubscription): void {
    if (!table.dispatch(message)) observationsOf(this.#link).unmatchedResponses.next({ message })
  }

  /** Forgets a response subscription that was released or has failed; the next request creates another one. */
  remove({ filter }: ResponseSubscription): void {
    this.#responseSubscriptions.delete(filter)
  }

  #createSubscription(filter: string): ResponseSubscription {
    const subscription = new ResponseSubscription(this.#link, filter, this)
    this.#responseSubscriptions.set(filter, subscription)
    return subscription
  }
}

/** Returns the `PendingRequests` of a link, of which there is one. */
export const pendingRequestsOf: (link: Link) => PendingRequests = oncePer((link) => new PendingRequests(link))

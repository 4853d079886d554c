import type { Subscription as Teardown } from 'rxjs'
import type { Codec } from '../codec/codec.js'
import type { Correlation } from '../correlation/correlation.js'
import { AntiphonError } from '../errors.js'
import { LinkedQueue, type ListNode } from '../linked-queue.js'
import type { Link, SubscriptionWindow } from '../link/link.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Message } from '../message.js'
import { observationsOf } from '../observe/observations.js'
import type { Deadline } from '../time/deadlines.js'
import { CorrelationTable } from './correlation-table.js'

/** Milliseconds between the last release of a response subscription and its UNSUBSCRIBE, so that later requests reuse it. */
const RELEASE_DELAY = 30_000

/** A pending exchange that needs a response subscription. */
export interface ResponseSubscriber extends ListNode<ResponseSubscriber> {
  /** Called when the broker has acknowledged the subscription. Called again after `onSubscriptionLost`. */
  readonly onSubscribed: () => void
  /** Called when the session is lost. Responses may have been missed; `onSubscribed` follows. */
  readonly onSubscriptionLost: () => void
  /** Called when the subscription failed or the link closed. */
  readonly onSubscribeFailed: (error: AntiphonError) => void
}

/**
 * The SUBSCRIBE on one response filter, which all pending exchanges with that filter share.
 *
 * It subscribes on the first `acquire`, and unsubscribes a while after the last `release`. It dispatches each response to
 * its exchange by the correlation tables; responses without an exchange are unmatched.
 */
export class ResponseSubscription {
  readonly #link: Link
  readonly #filter: string
  /** Removes this response subscription from its owner; the next request creates another one. */
  readonly #discard: () => void
  readonly #tables: CorrelationTable[] = []
  readonly #subscribers = new LinkedQueue<ResponseSubscriber>()
  #subscription: Teardown | undefined
  #window: SubscriptionWindow | undefined
  #releaseDeadline: Deadline | undefined

  constructor(link: Link, filter: string, discard: () => void) {
    this.#link = link
    this.#filter = filter
    this.#discard = discard
  }

  /** Returns the number of exchanges in the correlation tables. */
  get pending(): number {
    return this.#tables.reduce((sum, table) => sum + table.size, 0)
  }

  /** Adds a subscriber. Calls its `onSubscribed` at once if the subscription is already acknowledged. */
  acquire(subscriber: ResponseSubscriber): void {
    this.#subscribers.push(subscriber)
    this.#releaseDeadline?.cancel()
    this.#releaseDeadline = undefined
    if (this.#window !== undefined) subscriber.onSubscribed()
    else if (this.#subscription === undefined) this.#subscribe()
  }

  /** Removes a subscriber, and schedules UNSUBSCRIBE if it was the last one. */
  release(subscriber: ResponseSubscriber): void {
    if (!this.#subscribers.remove(subscriber) || this.#subscribers.length > 0) return
    this.#releaseDeadline ??= deadlinesOf(this.#link).add(RELEASE_DELAY, () => this.#close())
  }

  /** Returns the table for a correlation; a correlation that reads the payload needs one per codec. */
  table(correlation: Correlation, codec: Codec<unknown>): CorrelationTable {
    const existing = this.#tables.find((table) => table.isFor(correlation, codec))
    if (existing !== undefined) return existing
    const table = new CorrelationTable(correlation, codec)
    this.#tables.push(table)
    return table
  }

  #subscribe(): void {
    const topic = this.#filter
    this.#subscription = this.#link.subscription$(topic).subscribe({
      next: (window) => this.#open(window),
      error: (error: unknown) => this.#fail(AntiphonError.from(error)),
      complete: () => this.#fail(new AntiphonError('link-closed', 'the link was closed', { topic })),
    })
  }

  #open(window: SubscriptionWindow): void {
    this.#window = window
    window.deliveries$.subscribe({
      next: (delivery) => {
        this.#receive(delivery.message)
        delivery.acknowledge()
      },
      complete: () => {
        this.#window = undefined
        for (const subscriber of this.#subscribers.items) subscriber.onSubscriptionLost()
      },
    })
    for (const subscriber of this.#subscribers.items) subscriber.onSubscribed()
  }

  #receive(message: Message): void {
    for (const table of this.#tables) if (table.dispatch(message)) return
    observationsOf(this.#link).unmatchedResponses.next({ message })
  }

  #fail(error: AntiphonError): void {
    this.#releaseDeadline?.cancel()
    this.#discard()
    for (const subscriber of this.#subscribers.clear()) subscriber.onSubscribeFailed(error)
  }

  #close(): void {
    this.#discard()
    this.#subscription?.unsubscribe()
  }
}

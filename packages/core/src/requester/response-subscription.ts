import type { Subscription as Teardown } from 'rxjs'
import { AntiphonError } from '../errors.js'
import { LinkedQueue } from '../linked-queue.js'
import type { Link, SubscriptionWindow } from '../link/link.js'
import type { Deadline } from '../time/deadlines.js'
import { CorrelationTable } from './correlation-table.js'
import type { PendingRequests } from './pending-requests.js'
import type { ResponseListener } from './response-listener.js'

/** Milliseconds between the last release of a response subscription and its UNSUBSCRIBE, so that later requests reuse it. */
const RELEASE_DELAY = 30_000

/**
 * The SUBSCRIBE on one response filter, which all pending exchanges with that filter share.
 *
 * It subscribes on the first `acquire`, and unsubscribes a while after the last `release`.
 */
export class ResponseSubscription {
  /** The exchanges that are registered to receive a response. */
  readonly table: CorrelationTable = new CorrelationTable()
  readonly filter: string
  readonly #link: Link
  readonly #owner: PendingRequests
  readonly #subscribers = new LinkedQueue<ResponseListener>()
  #subscription: Teardown | undefined
  #window: SubscriptionWindow | undefined
  #releaseDeadline: Deadline | undefined

  constructor(link: Link, filter: string, owner: PendingRequests) {
    this.#link = link
    this.filter = filter
    this.#owner = owner
  }

  /** Adds a subscriber. Calls its `onSubscribed` at once if the subscription is already acknowledged. */
  acquire(subscriber: ResponseListener): void {
    this.#subscribers.push(subscriber)
    this.#releaseDeadline?.cancel()
    this.#releaseDeadline = undefined
    if (this.#window !== undefined) subscriber.onSubscribed()
    else if (this.#subscription === undefined) this.#subscribe()
  }

  /** Removes a subscriber, and schedules UNSUBSCRIBE if it was the last one. */
  release(subscriber: ResponseListener): void {
    if (!this.#subscribers.remove(subscriber) || this.#subscribers.length > 0) return
    if (this.#owner.hasQueued) this.close()
    else this.#releaseDeadline ??= this.#owner.background.add(RELEASE_DELAY, () => this.close())
  }

  /** Whether it is only kept for later requests. */
  get isUnused(): boolean {
    return this.#subscribers.length === 0
  }

  /** Unsubscribes. */
  close(): void {
    this.#releaseDeadline?.cancel()
    this.#subscription?.unsubscribe()
    this.#owner.remove(this)
  }

  #subscribe(): void {
    const topic = this.filter
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
        try {
          this.#owner.receive(delivery.message, this)
        } finally {
          // An unacknowledged message would delay the acknowledgement of all later ones.
          delivery.acknowledge()
        }
      },
      complete: () => {
        this.#window = undefined
        for (const subscriber of this.#subscribers.items) subscriber.onSubscriptionLost()
      },
    })
    for (const subscriber of this.#subscribers.items) subscriber.onSubscribed()
  }

  #fail(error: AntiphonError): void {
    this.#releaseDeadline?.cancel()
    this.#owner.remove(this)
    for (const subscriber of this.#subscribers.clear()) subscriber.fail(error)
  }
}

import type { Subscription as Teardown } from 'rxjs'
import type { Codec } from '../codec/codec.js'
import type { Correlation } from '../correlation/correlation.js'
import { AntiphonError } from '../errors.js'
import { LinkedQueue, type ListNode } from '../linked-queue.js'
import type { Link, SubscriptionWindow } from '../link/link.js'
import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { CorrelationTable } from './correlation-table.js'

/** Milliseconds a response subscription outlives its last question, so that the next one finds it ready. */
const RELEASE_DELAY = 30_000

/** Whoever has a share in an inbox. */
export interface ResponseSubscriber extends ListNode<ResponseSubscriber> {
  /** The subscription stands; replies will be heard from now on. */
  readonly onSubscribed: () => void
  /** The broker lost the session; replies may have been missed. Another opening follows. */
  readonly onSubscriptionLost: () => void
  /** The subscription cannot be had. */
  readonly onSubscribeFailed: (error: AntiphonError) => void
}

/** What an inbox works with. */
export interface ResponseSubscriptionParts {
  readonly link: Link
  readonly deadlines: Deadlines
  readonly filter: string
  readonly onUnmatched: (message: Message) => void
  /** The inbox is of no more use: ask for a new one. */
  readonly discard: () => void
}

/** One response subscription, shared by all whose replies come on it, and the way of each reply to its question. */
export class ResponseSubscription {
  readonly #parts: ResponseSubscriptionParts
  readonly #tables: CorrelationTable[] = []
  readonly #subscribers = new LinkedQueue<ResponseSubscriber>()
  #subscription: Teardown | undefined
  #window: SubscriptionWindow | undefined
  #releaseDeadline: Deadline | undefined

  constructor(parts: ResponseSubscriptionParts) {
    this.#parts = parts
  }

  get pending(): number {
    return this.#tables.reduce((sum, table) => sum + table.size, 0)
  }

  /** Takes a share; who comes while the subscription stands is told so at once. */
  acquire(shareholder: ResponseSubscriber): void {
    this.#subscribers.push(shareholder)
    this.#releaseDeadline?.cancel()
    this.#releaseDeadline = undefined
    if (this.#window !== undefined) shareholder.onSubscribed()
    else if (this.#subscription === undefined) this.#subscribe()
  }

  release(shareholder: ResponseSubscriber): void {
    if (!this.#subscribers.remove(shareholder) || this.#subscribers.length > 0) return
    this.#releaseDeadline ??= this.#parts.deadlines.add(RELEASE_DELAY, () => this.#close())
  }

  /** The table for a way of finding answers. */
  table(correlation: Correlation, codec: Codec<unknown>): CorrelationTable {
    const known = this.#tables.find((table) => table.isFor(correlation, codec))
    if (known !== undefined) return known
    const table = new CorrelationTable(correlation, codec)
    this.#tables.push(table)
    return table
  }

  #subscribe(): void {
    const { link, filter } = this.#parts
    this.#subscription = link.subscription$(filter).subscribe({
      next: (window) => this.#open(window),
      error: (error: unknown) => this.#fail(AntiphonError.from(error)),
      complete: () => this.#fail(new AntiphonError('link-closed', 'the link was closed', { topic: filter })),
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
        for (const shareholder of this.#subscribers.items) shareholder.onSubscriptionLost()
      },
    })
    for (const shareholder of this.#subscribers.items) shareholder.onSubscribed()
  }

  #receive(message: Message): void {
    for (const table of this.#tables) if (table.dispatch(message)) return
    this.#parts.onUnmatched(message)
  }

  #fail(error: AntiphonError): void {
    this.#releaseDeadline?.cancel()
    this.#parts.discard()
    for (const shareholder of this.#subscribers.clear()) shareholder.onSubscribeFailed(error)
  }

  #close(): void {
    this.#parts.discard()
    this.#subscription?.unsubscribe()
  }
}

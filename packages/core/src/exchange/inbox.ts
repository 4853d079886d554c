import type { Subscription as Teardown } from 'rxjs'
import type { Codec } from '../codec/codec.js'
import type { Correlation } from '../correlation/correlation.js'
import { AntiphonError } from '../errors.js'
import { Line, type Queued } from '../line.js'
import type { Link, SubscriptionWindow } from '../link/link.js'
import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { Lane } from './lane.js'

/** Milliseconds a response subscription outlives its last question, so that the next one finds it ready. */
const LINGER = 30_000

/** Whoever has a share in an inbox. */
export interface Shareholder extends Queued<Shareholder> {
  /** The subscription stands; replies will be heard from now on. */
  readonly inboxOpened: () => void
  /** The broker lost the session; replies may have been missed. Another opening follows. */
  readonly inboxLapsed: () => void
  /** The subscription cannot be had. */
  readonly inboxFailed: (error: AntiphonError) => void
}

/** What an inbox works with. */
export interface InboxParts {
  readonly link: Link
  readonly deadlines: Deadlines
  readonly filter: string
  readonly stray: (message: Message) => void
  /** The inbox is of no more use: ask for a new one. */
  readonly discard: () => void
}

/** One response subscription, shared by all whose replies come on it, and the way of each reply to its question. */
export class Inbox {
  readonly #parts: InboxParts
  readonly #lanes: Lane[] = []
  readonly #shareholders = new Line<Shareholder>()
  #subscription: Teardown | undefined
  #window: SubscriptionWindow | undefined
  #lingering: Deadline | undefined

  constructor(parts: InboxParts) {
    this.#parts = parts
  }

  get pending(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, 0)
  }

  /** Takes a share; who comes while the subscription stands is told so at once. */
  acquire(shareholder: Shareholder): void {
    this.#shareholders.push(shareholder)
    this.#lingering?.cancel()
    this.#lingering = undefined
    if (this.#window !== undefined) shareholder.inboxOpened()
    else if (this.#subscription === undefined) this.#subscribe()
  }

  release(shareholder: Shareholder): void {
    if (!this.#shareholders.remove(shareholder) || this.#shareholders.length > 0) return
    this.#lingering ??= this.#parts.deadlines.add(LINGER, () => this.#close())
  }

  /** The table for a way of finding answers. */
  lane(correlation: Correlation, codec: Codec<unknown>): Lane {
    const known = this.#lanes.find((lane) => lane.serves(correlation, codec))
    if (known !== undefined) return known
    const lane = new Lane(correlation, codec)
    this.#lanes.push(lane)
    return lane
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
        for (const shareholder of this.#shareholders.all) shareholder.inboxLapsed()
      },
    })
    for (const shareholder of this.#shareholders.all) shareholder.inboxOpened()
  }

  #receive(message: Message): void {
    for (const lane of this.#lanes) if (lane.offer(message)) return
    this.#parts.stray(message)
  }

  #fail(error: AntiphonError): void {
    this.#lingering?.cancel()
    this.#parts.discard()
    for (const shareholder of this.#shareholders.clear()) shareholder.inboxFailed(error)
  }

  #close(): void {
    this.#parts.discard()
    this.#subscription?.unsubscribe()
  }
}

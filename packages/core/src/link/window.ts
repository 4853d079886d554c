import { Observable, type Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { Message, QoS } from '../message.js'
import type { Receipt } from './acknowledgements.js'
import type { Delivery, Incident, SubscriptionWindow } from './link.js'

/** How many topics a window remembers the retained message of. */
const RETAINED_LIMIT = 10_000

/** What a window tells of itself. */
export interface WindowOptions {
  readonly filter: string
  readonly grantedQoS: QoS
  /** A subscriber left and will acknowledge nothing more. */
  readonly onLeave: () => void
  readonly report: (incident: Incident) => void
}

/** An open subscription: hands what arrives to everybody who listens, each with a right of acknowledgement of its own. */
export class Window implements SubscriptionWindow {
  readonly filter: string
  readonly grantedQoS: QoS
  readonly deliveries$: Observable<Delivery>
  readonly #report: (incident: Incident) => void
  /** Replaced, never changed, so that who joins or leaves meanwhile does not disturb a delivery under way. */
  #listeners: readonly Subscriber<Delivery>[] = []
  readonly #retained = new Map<string, Message>()
  #isClosed = false

  constructor({ filter, grantedQoS, onLeave, report }: WindowOptions) {
    this.filter = filter
    this.grantedQoS = grantedQoS
    this.#report = report
    this.deliveries$ = new Observable((listener) => {
      this.#join(listener)
      return () => {
        this.#listeners = this.#listeners.filter((other) => other !== listener)
        onLeave()
      }
    })
  }

  /** Hands a message to everybody who listens now. */
  offer(message: Message, receipt: Receipt): void {
    this.#remember(message)
    for (const listener of this.#listeners) {
      try {
        listener.next(receipt.handTo(listener))
      } catch (thrown) {
        this.#report({ kind: 'subscriber-threw', error: AntiphonError.from(thrown), message })
      }
    }
  }

  close(): void {
    this.#isClosed = true
    this.#retained.clear()
    for (const listener of this.#listeners) listener.complete()
  }

  /**
   * The broker sends retained messages once per subscription, so whoever joins a shared one later hears them from here:
   * for every topic that had one, the last message seen.
   */
  #join(listener: Subscriber<Delivery>): void {
    if (this.#isClosed) {
      listener.complete()
      return
    }
    const retained = [...this.#retained.values()]
    this.#listeners = [...this.#listeners, listener]
    for (const message of retained) listener.next({ message, acknowledge: () => undefined })
  }

  #remember(message: Message): void {
    const { topic, payload } = message
    if (!message.retain && !this.#retained.has(topic)) return
    this.#retained.delete(topic)
    if (payload.length === 0) return
    if (this.#retained.size < RETAINED_LIMIT) this.#retained.set(topic, { ...message, retain: true })
  }
}

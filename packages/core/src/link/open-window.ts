import { Observable, type Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { Message, QoS } from '../message.js'
import { isSharedFilter } from '../topic/topic-filter.js'
import type { Receipt } from './acknowledgements.js'
import type { Delivery, Incident, SubscriptionWindow } from './link.js'
import type { SubscribeRequest } from './transport.js'

/** Of how many topics a window remembers the retained message. */
const RETAINED_TOPICS = 10_000

/** How many bytes of payload they may take together. */
const RETAINED_BYTES = 16 * 2 ** 20

/** What a window is opened with. */
export interface WindowOptions {
  /** What the broker granted. */
  readonly request: SubscribeRequest
  readonly grantedQoS: QoS
  /** A subscriber left and will acknowledge nothing more. */
  readonly onLeave: () => void
  readonly report: (incident: Incident) => void
}

/** An open subscription: hands what arrives to everybody who listens, each with a right of acknowledgement of its own. */
export class OpenWindow implements SubscriptionWindow {
  readonly filter: string
  readonly grantedQoS: QoS
  readonly deliveries$: Observable<Delivery>
  readonly #report: (incident: Incident) => void
  /** Replaced, never changed, so that who joins or leaves meanwhile does not disturb a delivery under way. */
  #listeners: readonly Subscriber<Delivery>[] = []
  #retainedBytes = 0
  /** Absent where the broker would not send a retained message to a subscription of its own either. */
  readonly #retained: Map<string, Message> | undefined
  /** The flag says of every message whether it is retained; else only what came at the subscription says so. */
  readonly #keepsFlag: boolean
  #isClosed = false

  constructor({ request, grantedQoS, onLeave, report }: WindowOptions) {
    const { filter, retainHandling, retainAsPublished } = request
    this.filter = filter
    this.grantedQoS = grantedQoS
    this.#report = report
    this.#retained = retainHandling === 2 || isSharedFilter(filter) ? undefined : new Map()
    this.#keepsFlag = retainAsPublished
    this.deliveries$ = new Observable((listener) => {
      this.#join(listener)
      return () => {
        this.#listeners = this.#listeners.filter((other) => other !== listener)
        onLeave()
      }
    })
  }

  /** Hands a message to everybody who listens now. */
  deliver(message: Message, receipt: Receipt): void {
    if (this.#retained !== undefined) this.#remember(message, this.#retained)
    for (const listener of this.#listeners) {
      // Who was made to leave by an earlier listener would hold the acknowledgement for ever.
      if (!listener.closed) this.#deliverTo(listener, receipt.deliverTo(listener))
    }
  }

  close(): void {
    this.#isClosed = true
    this.#retained?.clear()
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
    const retained = [...(this.#retained?.values() ?? [])]
    this.#listeners = [...this.#listeners, listener]
    for (const message of retained) {
      if (listener.closed) return
      this.#deliverTo(listener, { message, acknowledge: () => undefined })
    }
  }

  /** Whoever throws has had the message: it would throw at it again. */
  #deliverTo(listener: Subscriber<Delivery>, delivery: Delivery): void {
    try {
      listener.next(delivery)
    } catch (thrown) {
      const { message, acknowledge } = delivery
      this.#report({ kind: 'subscriber-threw', error: AntiphonError.from(thrown), message })
      acknowledge()
    }
  }

  #remember(message: Message, retained: Map<string, Message>): void {
    const { topic, payload, retain } = message
    const known = retained.get(topic)
    if (known === undefined ? !retain : !retain && this.#keepsFlag) return
    if (known !== undefined) {
      retained.delete(topic)
      this.#retainedBytes -= known.payload.length
    }
    const bytes = this.#retainedBytes + payload.length
    if (payload.length === 0 || retained.size >= RETAINED_TOPICS || bytes > RETAINED_BYTES) return
    retained.set(topic, { ...message, retain: true })
    this.#retainedBytes = bytes
  }
}

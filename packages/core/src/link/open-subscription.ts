import { Observable, type Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { Message, QoS } from '../message.js'
import { withOwnBytes } from '../own-bytes.js'
import { isSharedFilter } from '../topic/topic-filter.js'
import type { Receipt } from './acknowledgements.js'
import type { Delivery, Incident, SubscriptionWindow } from './link.js'
import type { SubscribeRequest } from './transport.js'

/** The most topics of which a window caches the retained message. */
const MAX_RETAINED_TOPICS = 10_000

/** The most payload bytes of cached retained messages. */
const MAX_RETAINED_BYTES = 16 * 2 ** 20

/** What a window works with. */
export interface WindowOptions {
  /** The subscription that the broker granted. */
  readonly request: SubscribeRequest
  readonly grantedQoS: QoS
  readonly unsubscribe$: Observable<void>
  /** Called when a subscriber unsubscribed; it will not acknowledge any more. */
  readonly onLeave: () => void
  readonly report: (incident: Incident) => void
}

/** An open subscription. Each subscriber of `deliveries$` receives every message, with its own acknowledgement. */
export class OpenSubscription implements SubscriptionWindow {
  readonly filter: string
  readonly grantedQoS: QoS
  readonly deliveries$: Observable<Delivery>
  readonly unsubscribe$: Observable<void>
  readonly #report: (incident: Incident) => void
  /** An immutable array, so that a subscriber may be added or removed during a delivery. */
  #subscribers: readonly Subscriber<Delivery>[] = []
  #retainedBytes = 0
  /** Whether to cache retained messages: the broker would send them to a new subscription. */
  readonly #cachesRetained: boolean
  /** Retained messages by topic; created with the first one. */
  #retained: Map<string, Message> | undefined
  /** If set, RETAIN is as published; otherwise only messages sent because of the SUBSCRIBE have it [MQTT-3.3.1-12]. */
  readonly #retainAsPublished: boolean
  #isClosed = false

  constructor({ request, grantedQoS, unsubscribe$, onLeave, report }: WindowOptions) {
    const { filter, retainHandling, retainAsPublished } = request
    this.filter = filter
    this.grantedQoS = grantedQoS
    this.unsubscribe$ = unsubscribe$
    this.#report = report
    this.#cachesRetained = retainHandling !== 2 && !isSharedFilter(filter)
    this.#retainAsPublished = retainAsPublished
    this.deliveries$ = new Observable((subscriber) => {
      this.#subscribe(subscriber)
      return () => {
        this.#subscribers = this.#subscribers.filter((other) => other !== subscriber)
        onLeave()
      }
    })
  }

  /** Delivers a message to the current subscribers. */
  deliver(message: Message, receipt: Receipt): void {
    // Most messages are not retained, and neither are earlier ones of their topic.
    if (this.#cachesRetained && (message.retain || this.#retained !== undefined))
      this.#cacheRetained(message, (this.#retained ??= new Map<string, Message>()))
    for (const subscriber of this.#subscribers) {
      // An earlier subscriber may have closed this one; its acknowledgement would never come.
      if (!subscriber.closed) this.#deliverTo(subscriber, receipt.deliverTo(subscriber))
    }
  }

  close(): void {
    this.#isClosed = true
    this.#retained?.clear()
    for (const subscriber of this.#subscribers) subscriber.complete()
  }

  /**
   * Adds a subscriber and sends it the cached retained messages, because the broker sends them only once per
   * subscription.
   */
  #subscribe(subscriber: Subscriber<Delivery>): void {
    if (this.#isClosed) {
      subscriber.complete()
      return
    }
    const retained = [...(this.#retained?.values() ?? [])]
    this.#subscribers = [...this.#subscribers, subscriber]
    for (const message of retained) {
      if (subscriber.closed) return
      this.#deliverTo(subscriber, { message, acknowledge: () => undefined })
    }
  }

  /** A subscriber that throws counts as having received the message; redelivery would only throw again. */
  #deliverTo(subscriber: Subscriber<Delivery>, delivery: Delivery): void {
    try {
      subscriber.next(delivery)
    } catch (error) {
      const { message, acknowledge } = delivery
      this.#report({ kind: 'subscriber-threw', error: AntiphonError.from(error), message })
      acknowledge()
    }
  }

  /** Keeps the last message of every topic that had a retained one; an empty payload clears the topic. */
  #cacheRetained(message: Message, retained: Map<string, Message>): void {
    const { topic, payload, retain } = message
    const previous = retained.get(topic)
    if (previous === undefined ? !retain : !retain && this.#retainAsPublished) return
    if (previous !== undefined) {
      retained.delete(topic)
      this.#retainedBytes -= previous.payload.length
    }
    const bytes = this.#retainedBytes + payload.length
    if (payload.length === 0 || retained.size >= MAX_RETAINED_TOPICS || bytes > MAX_RETAINED_BYTES) return
    retained.set(topic, { ...withOwnBytes(message), retain: true })
    this.#retainedBytes = bytes
  }
}

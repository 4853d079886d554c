import { AntiphonError } from '../errors.js'
import { baseOf } from '../link/base-link.js'
import type { Subscription as Teardown } from 'rxjs'
import type { Link, SubscriptionWindow } from '../link/link.js'
import type { Message } from '../message.js'
import { oncePer } from '../once-per.js'

/** A responder as its control subscription sees it. */
export interface ControlListener {
  /** Called when the subscription is open or refused, at once if it is already. */
  readonly onControlSettled: () => void
  /** Applies an exchange control message, if it is about a request of this responder. */
  readonly receiveControl: (message: Message) => void
}

/** The state of a control subscription: waiting for SUBACK, open, or refused by the broker. */
export type ControlState = 'pending' | 'open' | 'refused'

/**
 * The SUBSCRIBE on one control topic, which the responders of a link share.
 *
 * It has QoS 0, so that a cancel arrives while unacknowledged requests fill the broker's window. It lets messages of its own
 * client pass, because a link may have both requesters and responders.
 */
export class ControlSubscription {
  readonly topic: string
  readonly #link: Link
  readonly #onReleased: () => void
  readonly #listeners = new Set<ControlListener>()
  #subscription: Teardown | undefined
  #state: ControlState = 'pending'

  constructor(link: Link, topic: string, onReleased: () => void) {
    this.#link = link
    this.topic = topic
    this.#onReleased = onReleased
  }

  get state(): ControlState {
    return this.#state
  }

  /** Adds a listener; the first one subscribes. */
  acquire(listener: ControlListener): void {
    this.#listeners.add(listener)
    if (this.#state !== 'pending') listener.onControlSettled()
    else if (this.#listeners.size === 1) this.#subscribe()
  }

  /** Removes a listener; the last one unsubscribes. */
  release(listener: ControlListener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    this.#onReleased()
    this.#subscription?.unsubscribe()
  }

  #subscribe(): void {
    this.#subscription = this.#link.subscription$(this.topic, { qos: 0, retainHandling: 2 }).subscribe({
      next: (window) => this.#open(window),
      error: (error: unknown) => this.#refuse(AntiphonError.from(error)),
    })
  }

  #open({ deliveries$ }: SubscriptionWindow): void {
    deliveries$.subscribe(({ message, acknowledge }) => {
      acknowledge()
      // A retained message is older than the requests that are being handled.
      if (message.retain) return
      for (const listener of [...this.#listeners]) listener.receiveControl(message)
    })
    this.#settle('open')
  }

  #refuse(error: AntiphonError): void {
    // The end of the link is reported by the link.
    if (error.code === 'subscribe-refused') baseOf(this.#link).report({ kind: 'refused', error })
    this.#settle('refused')
  }

  /** Called again after a lost session; the broker may then refuse a topic that was open. */
  #settle(state: ControlState): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener.onControlSettled()
  }
}

const subscriptionsOf: (link: Link) => Map<string, ControlSubscription> = oncePer(() => new Map())

/** Returns the control subscription of a link for a topic, of which there is one. */
export function controlSubscription(link: Link, topic: string): ControlSubscription {
  const subscriptions = subscriptionsOf(link)
  const existing = subscriptions.get(topic)
  if (existing !== undefined) return existing
  const created = new ControlSubscription(link, topic, () => subscriptions.delete(topic))
  subscriptions.set(topic, created)
  return created
}

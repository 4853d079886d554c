import type { Subscriber } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { SubscriptionWindow } from './link.js'
import type { SubscribeRequest } from './transport.js'
import type { OpenSubscription } from './open-subscription.js'

/** One filter: its subscribers on this link, and the state of its subscription at the broker. */
export class FilterSubscription {
  request: SubscribeRequest
  /** The Subscription Identifier; overlapping subscriptions have different ones. */
  readonly identifier: number
  /** The last known state at the broker. */
  brokerState: 'absent' | 'present' | 'unknown' = 'absent'
  /** A SUBSCRIBE or UNSUBSCRIBE of this filter is in flight. */
  isBusy = false
  window: OpenSubscription | undefined
  #subscribers: readonly Subscriber<SubscriptionWindow>[] = []
  /** Called when the subscription has ended at the broker while its window is open. Set from UNSUBSCRIBE on. */
  #onUnsubscribed: (() => void) | undefined

  constructor(request: SubscribeRequest, identifier: number) {
    this.request = request
    this.identifier = identifier
  }

  /** Whether the broker should have the subscription: it has subscribers that have not ended it. */
  get isWanted(): boolean {
    return this.hasSubscribers && this.#onUnsubscribed === undefined
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.length > 0
  }

  /** Whether subscribers wait for a window to open. */
  get isAwaited(): boolean {
    return this.isWanted && this.window === undefined
  }

  join(subscriber: Subscriber<SubscriptionWindow>): void {
    // The window that is ending has a gap from its UNSUBACK on.
    if (this.#onUnsubscribed !== undefined) this.closeWindow()
    this.#subscribers = [...this.#subscribers, subscriber]
    if (this.window !== undefined) subscriber.next(this.window)
  }

  leave(subscriber: Subscriber<SubscriptionWindow>): void {
    this.#subscribers = this.#subscribers.filter((other) => other !== subscriber)
    if (!this.hasSubscribers) this.closeWindow()
  }

  /** Ends the subscription at the broker, but keeps the window. Returns `false` if others use the subscription. */
  unsubscribe(onUnsubscribed: () => void): boolean {
    if (this.#subscribers.length !== 1 || this.window === undefined) return false
    this.#onUnsubscribed = onUnsubscribed
    return true
  }

  /** Notes that the broker has no subscription while the window is open. */
  unsubscribed(): void {
    this.#onUnsubscribed?.()
  }

  openWindow(window: OpenSubscription): void {
    this.window = window
    for (const subscriber of this.#subscribers) subscriber.next(window)
  }

  closeWindow(): void {
    const { window } = this
    const onUnsubscribed = this.#onUnsubscribed
    this.window = this.#onUnsubscribed = undefined
    window?.close()
    onUnsubscribed?.()
  }

  end(error?: AntiphonError): void {
    const subscribers = this.#subscribers
    this.#subscribers = []
    this.closeWindow()
    for (const subscriber of subscribers) {
      if (error === undefined) subscriber.complete()
      else subscriber.error(error)
    }
  }
}

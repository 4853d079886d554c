import type { Subscriber } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { SubscriptionWindow } from './link.js'
import type { SubscribeRequest } from './transport.js'
import type { OpenWindow } from './open-window.js'

/** One filter: its subscribers on this link, and the state of its subscription at the broker. */
export class FilterSubscription {
  request: SubscribeRequest
  /** The Subscription Identifier; overlapping subscriptions have different ones. */
  readonly identifier: number
  /** The last known state at the broker. */
  brokerState: 'absent' | 'present' | 'unknown' = 'absent'
  /** A SUBSCRIBE or UNSUBSCRIBE of this filter is in flight. */
  isBusy = false
  window: OpenWindow | undefined
  #subscribers: readonly Subscriber<SubscriptionWindow>[] = []

  constructor(request: SubscribeRequest, identifier: number) {
    this.request = request
    this.identifier = identifier
  }

  /** Whether the filter has subscribers. */
  get isWanted(): boolean {
    return this.#subscribers.length > 0
  }

  /** Whether subscribers wait for a window to open. */
  get isAwaited(): boolean {
    return this.isWanted && this.window === undefined
  }

  join(subscriber: Subscriber<SubscriptionWindow>): void {
    this.#subscribers = [...this.#subscribers, subscriber]
    if (this.window !== undefined) subscriber.next(this.window)
  }

  leave(subscriber: Subscriber<SubscriptionWindow>): void {
    this.#subscribers = this.#subscribers.filter((other) => other !== subscriber)
    if (!this.isWanted) this.closeWindow()
  }

  openWindow(window: OpenWindow): void {
    this.window = window
    for (const subscriber of this.#subscribers) subscriber.next(window)
  }

  closeWindow(): void {
    const window = this.window
    this.window = undefined
    window?.close()
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

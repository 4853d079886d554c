import type { Subscriber } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { SubscriptionWindow } from './link.js'
import type { SubscribeRequest } from './transport.js'
import type { OpenWindow } from './open-window.js'

/** One filter somebody here asked for, as we want it and as the broker has it. */
export class FilterSubscription {
  request: SubscribeRequest
  /** Tells this subscription from those that overlap it, on brokers that name it in what they deliver. */
  readonly identifier: number
  /** What the broker has, as far as we know. */
  brokerState: 'absent' | 'present' | 'unknown' = 'absent'
  /** A SUBSCRIBE or UNSUBSCRIBE is under way. */
  isBusy = false
  window: OpenWindow | undefined
  #subscribers: readonly Subscriber<SubscriptionWindow>[] = []

  constructor(request: SubscribeRequest, identifier: number) {
    this.request = request
    this.identifier = identifier
  }

  get isWanted(): boolean {
    return this.#subscribers.length > 0
  }

  /** Somebody waits for a window that is not open yet. */
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

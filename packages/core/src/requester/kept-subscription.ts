import type { Subscriber } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { LinkedQueue } from '../linked-queue.js'
import { linkMonitorOf, type LinkObserver } from '../link/link-monitor.js'
import type { Link } from '../link/link.js'
import { pendingRequestsOf } from './pending-requests.js'
import type { ResponseListener } from './response-listener.js'
import type { ResponseSubscription } from './response-subscription.js'

/** Keeps a response subscription open without an exchange, and emits each time that the broker has acknowledged it. */
export class KeptSubscription implements ResponseListener, LinkObserver {
  queue: LinkedQueue<ResponseListener> | undefined = undefined
  prevNode: ResponseListener | undefined = undefined
  nextNode: ResponseListener | undefined = undefined
  readonly #link: Link
  readonly #filter: string | undefined
  readonly #subscriber: Subscriber<void>
  #subscription: ResponseSubscription | undefined

  /** Without a filter, it is the default response topic, which is known from CONNACK on. */
  constructor(link: Link, filter: string | undefined, subscriber: Subscriber<void>) {
    this.#link = link
    this.#filter = filter
    this.#subscriber = subscriber
  }

  start(): void {
    const monitor = linkMonitorOf(this.#link)
    this.#subscriber.add(() => this.#stop())
    monitor.start()
    monitor.addObserver(this)
    if (!this.#subscriber.closed) this.onLinkOnline()
  }

  onLinkOnline(): void {
    const filter = this.#filter ?? linkMonitorOf(this.#link).responseTopic
    if (this.#subscription !== undefined || filter === undefined) return
    this.#subscription = pendingRequestsOf(this.#link).subscriptionOf(filter)
    this.#subscription.acquire(this)
  }

  onLinkOffline(): void {
    // The subscription is made again on the next connection.
  }

  onLinkClosed(error: AntiphonError): void {
    this.fail(error)
  }

  onSubscribed(): void {
    this.#subscriber.next()
  }

  onSubscriptionLost(): void {
    // `onSubscribed` is called when it is made again.
  }

  fail(error: AntiphonError): void {
    if (error.code === 'link-closed' && error.cause === undefined) this.#subscriber.complete()
    else this.#subscriber.error(error)
  }

  #stop(): void {
    linkMonitorOf(this.#link).removeObserver(this)
    this.#subscription?.release(this)
  }
}

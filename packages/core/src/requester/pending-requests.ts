import { Subject, type Observable } from 'rxjs'
import type { Link } from '../link/link.js'
import { oncePer } from '../once-per.js'
import { ResponseSubscription } from './response-subscription.js'

/** The pending exchanges of a link: their number, and the response subscriptions whose correlation tables hold them. */
export class PendingRequests {
  readonly #link: Link
  readonly #responseSubscriptions = new Map<string, ResponseSubscription>()
  readonly #idle = new Subject<void>()
  #count = 0

  constructor(link: Link) {
    this.#link = link
  }

  /** Returns the number of pending exchanges. */
  get count(): number {
    return this.#count
  }

  /** Emits each time the last pending exchange has settled. */
  get idle$(): Observable<void> {
    return this.#idle
  }

  add(): void {
    this.#count++
  }

  settle(): void {
    this.#count--
    if (this.#count === 0) this.#idle.next()
  }

  /** Returns the shared subscription to a filter for responses. */
  responseSubscription(filter: string): ResponseSubscription {
    const existing = this.#responseSubscriptions.get(filter)
    if (existing !== undefined) return existing
    const subscription = new ResponseSubscription(this.#link, filter, () => {
      if (this.#responseSubscriptions.get(filter) === subscription) this.#responseSubscriptions.delete(filter)
    })
    this.#responseSubscriptions.set(filter, subscription)
    return subscription
  }
}

/** Returns the `PendingRequests` of a link, of which there is one. */
export const pendingRequestsOf: (link: Link) => PendingRequests = oncePer((link) => new PendingRequests(link))

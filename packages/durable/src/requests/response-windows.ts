import { responseSubscription$, type Endpoint, type Link } from '@antiphon/core'
import type { Subscription } from 'rxjs'
import type { StoredRequest } from './stored-request.js'

/** Called when the broker has acknowledged the subscription to the responses of a request, or has refused it. */
export interface ResponseWindowListener {
  readonly onOpen: (request: StoredRequest) => void
  readonly onFailed: (error: unknown) => void
}

/** The subscription to one response filter. */
interface ResponseWindow {
  isOpen: boolean
  /** The requests that are neither answered nor removed. */
  readonly requests: Set<StoredRequest>
  subscription: Subscription | undefined
}

/**
 * The subscriptions to the responses of the stored requests, each open as long as a request needs it.
 *
 * A request is sent after the subscription is acknowledged and the responses that the broker has kept have arrived: one of
 * them may be its own.
 */
export class ResponseWindows {
  readonly #link: Link
  readonly #endpoint: Endpoint
  readonly #listener: ResponseWindowListener
  readonly #windows = new Map<string, ResponseWindow>()

  constructor(link: Link, endpoint: Endpoint, listener: ResponseWindowListener) {
    this.#link = link
    this.#endpoint = endpoint
    this.#listener = listener
  }

  /** Adds a request; calls `onOpen` once, at once if the subscription is acknowledged. */
  add(request: StoredRequest): void {
    const filter = this.#filterOf(request)
    const existing = this.#windows.get(filter)
    if (existing === undefined) return this.#open(filter, request)
    existing.requests.add(request)
    if (existing.isOpen) this.#listener.onOpen(request)
  }

  /** Removes a request that needs no response any more. */
  remove(request: StoredRequest): void {
    const filter = this.#filterOf(request)
    const window = this.#windows.get(filter)
    if (window?.requests.delete(request) !== true || window.requests.size > 0) return
    this.#windows.delete(filter)
    window.subscription?.unsubscribe()
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const { subscription } of this.#windows.values()) subscription?.unsubscribe()
    this.#windows.clear()
  }

  #open(filter: string, first: StoredRequest): void {
    const window: ResponseWindow = { isOpen: false, requests: new Set([first]), subscription: undefined }
    this.#windows.set(filter, window)
    const { params = {}, responseTopic } = first.fields
    const options = this.#endpoint.responseTopic === undefined ? { responseTopic } : { params }
    window.subscription = responseSubscription$(this.#link, this.#endpoint, options).subscribe({
      next: () => {
        if (window.isOpen) return
        window.isOpen = true
        for (const request of [...window.requests]) this.#listener.onOpen(request)
      },
      error: (error: unknown) => this.#listener.onFailed(error),
    })
    if (window.requests.size === 0) window.subscription.unsubscribe()
  }

  #filterOf({ fields }: StoredRequest): string {
    return this.#endpoint.responseTopic?.format(fields.params ?? {}).filter ?? fields.responseTopic
  }
}

import { Subject, type Observable } from 'rxjs'
import type { Endpoint } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import type { ConnectionInfo, Link } from '../link/link.js'
import type { IgnoredRequest } from '../responder/ignored-request.js'
import { newResponderStats, type MutableResponderStats } from '../responder/responder-stats.js'
import { deadlines, type Deadlines } from '../time/deadlines.js'
import { newRequesterStats, type MutableRequesterStats } from './requester-stats.js'
import { ResponseSubscription } from './response-subscription.js'
import type { UnmatchedResponse } from './unmatched-response.js'

/** An observer of the link's state. */
export interface LinkObserver {
  readonly onLinkOnline: () => void
  readonly onLinkOffline: (error: AntiphonError) => void
  readonly onLinkClosed: (error: AntiphonError) => void
}

const pendingRequestsByLink = new WeakMap<Link, PendingRequests>()

/** Returns the `PendingRequests` of a link, of which there is one. */
export function pendingRequestsOf(link: Link): PendingRequests {
  const existing = pendingRequestsByLink.get(link)
  if (existing !== undefined) return existing
  const created = new PendingRequests(link)
  pendingRequestsByLink.set(link, created)
  return created
}

/**
 * The state that all exchanges on one link share: their number, response subscriptions and deadlines, the state of the
 * link, and the counts per endpoint.
 */
export class PendingRequests {
  readonly link: Link
  readonly deadlines: Deadlines
  readonly #responseSubscriptions = new Map<string, ResponseSubscription>()
  readonly #linkObservers = new Set<LinkObserver>()
  readonly #unmatchedResponses = new Subject<UnmatchedResponse>()
  readonly #ignoredRequests = new Subject<IgnoredRequest>()
  readonly #idle = new Subject<void>()
  readonly #requesterStats = new WeakMap<Endpoint, MutableRequesterStats>()
  readonly #responderStats = new WeakMap<Endpoint, MutableResponderStats>()
  #pendingCount = 0
  #isMonitoring = false
  #connectionInfo: ConnectionInfo | undefined
  #responseTopic: string | undefined
  #isOnline = false
  #closeError: AntiphonError | undefined

  constructor(link: Link) {
    this.link = link
    this.deadlines = deadlines(link.scheduler)
  }

  get unmatchedResponses$(): Observable<UnmatchedResponse> {
    return this.#unmatchedResponses
  }

  get ignoredRequests$(): Observable<IgnoredRequest> {
    return this.#ignoredRequests
  }

  /** Returns the number of pending requests. */
  get pendingCount(): number {
    return this.#pendingCount
  }

  /** Emits each time the last pending request has settled. */
  get idle$(): Observable<void> {
    return this.#idle
  }

  add(): void {
    this.#pendingCount++
  }

  settle(): void {
    this.#pendingCount--
    if (this.#pendingCount === 0) this.#idle.next()
  }

  readonly reportIgnored = (ignored: IgnoredRequest): void => this.#ignoredRequests.next(ignored)

  /** Returns the limits and facts of the latest CONNACK. */
  get connectionInfo(): ConnectionInfo | undefined {
    return this.#connectionInfo
  }

  /** Whether the link is online; `false` until `monitorLink` was called. */
  get isOnline(): boolean {
    return this.#isOnline
  }

  /** Returns the default response topic; `undefined` before the first connection. */
  get responseTopic(): string | undefined {
    return this.#responseTopic
  }

  /** Returns the mutable counts of an endpoint's exchanges on the requester's side. */
  requesterStats(endpoint: Endpoint): MutableRequesterStats {
    const existing = this.#requesterStats.get(endpoint)
    if (existing !== undefined) return existing
    const stats = newRequesterStats()
    this.#requesterStats.set(endpoint, stats)
    return stats
  }

  /** Returns the mutable counts of an endpoint's requests on the responder's side. */
  responderStats(endpoint: Endpoint): MutableResponderStats {
    const existing = this.#responderStats.get(endpoint)
    if (existing !== undefined) return existing
    const stats = newResponderStats()
    this.#responderStats.set(endpoint, stats)
    return stats
  }

  /** Returns the shared subscription to a filter for responses. */
  responseSubscription(filter: string): ResponseSubscription {
    const existing = this.#responseSubscriptions.get(filter)
    if (existing !== undefined) return existing
    const subscription = new ResponseSubscription({
      link: this.link,
      deadlines: this.deadlines,
      filter,
      onUnmatched: (message) => this.#unmatchedResponses.next({ message }),
      discard: () => {
        if (this.#responseSubscriptions.get(filter) === subscription)
          this.#responseSubscriptions.delete(filter)
      },
    })
    this.#responseSubscriptions.set(filter, subscription)
    return subscription
  }

  /** Subscribes to the link's state once, which opens the link. */
  monitorLink(): void {
    if (this.#isMonitoring) return
    this.#isMonitoring = true
    this.link.state$.subscribe((state) => {
      this.#isOnline = state.status === 'online'
      if (state.status === 'online') {
        this.#connectionInfo = state.info
        this.#responseTopic = defaultResponseTopic(state.info)
        for (const observer of [...this.#linkObservers]) observer.onLinkOnline()
      } else if (state.status === 'offline') {
        for (const observer of [...this.#linkObservers]) observer.onLinkOffline(state.error)
      } else if (state.status === 'closed') {
        const error = linkClosed(state.error)
        this.#closeError = error
        for (const observer of [...this.#linkObservers]) observer.onLinkClosed(error)
      }
    })
  }

  /** Adds an observer of the link's state. Calls it at once if the link has closed. */
  addLinkObserver(observer: LinkObserver): void {
    if (this.#closeError === undefined) this.#linkObservers.add(observer)
    else observer.onLinkClosed(this.#closeError)
  }

  removeLinkObserver(observer: LinkObserver): void {
    this.#linkObservers.delete(observer)
  }
}

function linkClosed(cause: AntiphonError | undefined): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', cause?.rawMessage ?? 'the link was closed', cause && { cause })
}

/** Returns the default response topic. Characters of the client id that are not allowed in a topic level are escaped. */
function defaultResponseTopic({ clientId, responseInformation }: ConnectionInfo): string {
  const level = clientId.replace(/[/+#%]/g, encodeURIComponent)
  const prefix = responseInformation?.replace(/\/$/, '')
  return prefix === undefined || prefix === '' ? `response/${level}` : `${prefix}/response/${level}`
}

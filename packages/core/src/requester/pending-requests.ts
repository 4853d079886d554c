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

/** Whoever needs to know when the link comes and goes. */
export interface LinkObserver {
  readonly onLinkOnline: () => void
  readonly onLinkOffline: (error: AntiphonError) => void
  readonly onLinkClosed: (error: AntiphonError) => void
}

const owners = new WeakMap<Link, PendingRequests>()

/** The one owner of all open questions on a link. */
export function pendingRequestsOf(link: Link): PendingRequests {
  const known = owners.get(link)
  if (known !== undefined) return known
  const owner = new PendingRequests(link)
  owners.set(link, owner)
  return owner
}

/** All open questions on one link: their inboxes, their deadlines, and what concerns them all. */
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

  /** How many questions are open. */
  get pendingCount(): number {
    return this.#pendingCount
  }

  /** Emits each time the last open question has been settled. */
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

  readonly reportIgnored = (refusal: IgnoredRequest): void => this.#ignoredRequests.next(refusal)

  /** What the broker allowed when last it let us in. */
  get connectionInfo(): ConnectionInfo | undefined {
    return this.#connectionInfo
  }

  /** Whether there is a connection, as far as anybody has asked. */
  get isOnline(): boolean {
    return this.#isOnline
  }

  /** Where replies come unless anybody says otherwise. */
  get responseTopic(): string | undefined {
    return this.#responseTopic
  }

  /** How the exchanges of an endpoint went so far. */
  requesterStats(endpoint: Endpoint): MutableRequesterStats {
    const known = this.#requesterStats.get(endpoint)
    if (known !== undefined) return known
    const stats = newRequesterStats()
    this.#requesterStats.set(endpoint, stats)
    return stats
  }

  /** How the requests of an endpoint went so far. */
  responderStats(endpoint: Endpoint): MutableResponderStats {
    const known = this.#responderStats.get(endpoint)
    if (known !== undefined) return known
    const stats = newResponderStats()
    this.#responderStats.set(endpoint, stats)
    return stats
  }

  responseSubscription(filter: string): ResponseSubscription {
    const known = this.#responseSubscriptions.get(filter)
    if (known !== undefined) return known
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

  /** Starts to follow the link; opens it. */
  monitorLink(): void {
    if (this.#isMonitoring) return
    this.#isMonitoring = true
    this.link.state$.subscribe((state) => {
      this.#isOnline = state.status === 'online'
      if (state.status === 'online') {
        this.#connectionInfo = state.info
        this.#responseTopic = defaultResponseTopic(state.info)
        for (const each of [...this.#linkObservers]) each.onLinkOnline()
      } else if (state.status === 'offline') {
        for (const each of [...this.#linkObservers]) each.onLinkOffline(state.error)
      } else if (state.status === 'closed') {
        const error = linkClosed(state.error)
        this.#closeError = error
        for (const each of [...this.#linkObservers]) each.onLinkClosed(error)
      }
    })
  }

  /** Tells it of what comes; that the link has ended, at once. */
  addLinkObserver(watcher: LinkObserver): void {
    if (this.#closeError === undefined) this.#linkObservers.add(watcher)
    else watcher.onLinkClosed(this.#closeError)
  }

  removeLinkObserver(watcher: LinkObserver): void {
    this.#linkObservers.delete(watcher)
  }
}

function linkClosed(cause: AntiphonError | undefined): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', cause?.rawMessage ?? 'the link was closed', cause && { cause })
}

/** A client id may hold what a topic level may not. */
function defaultResponseTopic({ clientId, responseInformation }: ConnectionInfo): string {
  const own = clientId.replace(/[/+#%]/g, encodeURIComponent)
  const prefix = responseInformation?.replace(/\/$/, '')
  return prefix === undefined || prefix === '' ? `response/${own}` : `${prefix}/response/${own}`
}

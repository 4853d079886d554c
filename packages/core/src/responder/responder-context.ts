import { isRight } from 'fp-ts/lib/Either.js'
import { decodeWith } from '../codec/guard.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { linkMonitorOf, type LinkMonitor } from '../link/link-monitor.js'
import type { ConnectionInfo, Link } from '../link/link.js'
import type { Endpoint } from '../endpoint.js'
import type { EventHub } from '../observe/event-hub.js'
import type { IgnoredReason, IgnoredRequest } from '../observe/ignored-request.js'
import { observationsOf } from '../observe/observations.js'
import type { MutableResponderStats } from '../observe/responder-stats.js'
import type { Message } from '../message.js'
import type { Deadlines } from '../time/deadlines.js'
import { AcceptanceSender } from './acceptance-sender.js'
import type { RequestContext } from './request-context.js'
import { ResponseCache, type ResponseCacheBounds } from './response-cache.js'
import { UnservedRequests } from './unserved-requests.js'

/** When a request is acknowledged. */
export type AcknowledgeMode = 'on-start' | 'after-response' | 'on-receipt'

/** What serves the requests of a responder, as seen by a responder that stops. */
export interface DrainListener {
  /** Releases the requests that wait unacknowledged, because the responder pauses. */
  readonly pause: (responder: ResponderContext) => void
  /** Answers 503 to what is acknowledged and releases the rest, because `drainTimeout` is over. */
  readonly interrupt: (responder: ResponderContext) => void
  /** Ends what is left without waiting for the broker. */
  readonly end: (responder: ResponderContext) => void
}

/** What a responder context is made from. */
export interface ResponderOptions {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly acknowledge: AcknowledgeMode
  readonly cacheBounds: Required<ResponseCacheBounds>
  /** The topic for exchange control messages; `undefined` for the default, `false` for none. */
  readonly controlTopic: string | false | undefined
  /** Whether it shares its requests with other members of a group. */
  readonly isGroup: boolean
  /** The group of its shared subscription, if `group` of `requests$` names it. */
  readonly group: string | undefined
  /** How many items of a request stream its requester may send ahead. */
  readonly itemCredit: number
}

/** What one subscription to `requests$` shares with the contexts of its requests. */
export class ResponderContext {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly acknowledge: AcknowledgeMode
  readonly deadlines: Deadlines
  readonly stats: MutableResponderStats
  readonly events: EventHub
  readonly cacheBounds: Required<ResponseCacheBounds>
  readonly cache: ResponseCache<RequestContext>
  /** Whether the link was closed, so that no response can be sent. */
  isLinkClosed = false
  /** Whether new requests stay unacknowledged at the broker, for the next start. */
  isPaused = false
  /** Called when no request is running. */
  onIdle: () => void = () => undefined
  /** Called with each exchange control message on the control topic. */
  onControl: (message: Message) => void = () => undefined
  readonly isGroup: boolean
  readonly group: string | undefined
  readonly itemCredit: number
  readonly acceptance: AcceptanceSender
  readonly unserved: UnservedRequests = new UnservedRequests()
  /** How many requests are neither answered, nor dropped, nor abandoned. */
  #inHand = 0
  #openBytes = 0
  readonly #monitor: LinkMonitor
  readonly #drainListeners = new Set<DrainListener>()
  readonly #onIgnored: (ignored: IgnoredRequest) => void

  constructor(options: ResponderOptions) {
    const { link, endpoint, acknowledge, cacheBounds, controlTopic, isGroup, group } = options
    const { responderStats, ignoredRequests, events } = observationsOf(link)
    this.link = link
    this.endpoint = endpoint
    this.acknowledge = acknowledge
    this.deadlines = deadlinesOf(link)
    this.stats = responderStats(endpoint)
    this.events = events
    this.group = group
    this.cacheBounds = cacheBounds
    this.cache = new ResponseCache(cacheBounds, () => this.stats.evicted++)
    this.#monitor = linkMonitorOf(link)
    this.isGroup = isGroup
    this.itemCredit = options.itemCredit
    this.acceptance = new AcceptanceSender({
      link,
      deadlines: this.deadlines,
      controlTopic: endpoint.cancel === 'local' ? false : controlTopic,
      isGroup,
      receiveControl: (message) => this.onControl(message),
    })
    this.#onIgnored = (ignored) => ignoredRequests.next(ignored)
  }

  get isIdle(): boolean {
    return this.#inHand === 0
  }

  get isOnline(): boolean {
    return this.#monitor.isOnline
  }

  /** What the broker allows on this connection. */
  get connectionInfo(): ConnectionInfo | undefined {
    return this.#monitor.connectionInfo
  }

  /** Whether a response can carry a status; on MQTT 3.1.1 it cannot. */
  get hasStatuses(): boolean {
    return this.connectionInfo?.protocolVersion !== 4
  }

  /** Whether a requester can decode an empty payload, as the response of a handler that completes without one. */
  get canRespondEmpty(): boolean {
    return isRight(decodeWith(this.endpoint.response, new Uint8Array()))
  }

  /** Returns the elapsed time. */
  now(): number {
    return this.deadlines.now()
  }

  /** Counts and emits a message that no handler receives. */
  reportIgnored(message: Message, reason: IgnoredReason, detail: string, status?: number): void {
    this.stats.ignored++
    const ignored = { reason, endpoint: this.endpoint.name, message, detail }
    this.#onIgnored(status === undefined ? ignored : { ...ignored, status })
  }

  addDrainListener(listener: DrainListener): void {
    this.#drainListeners.add(listener)
  }

  removeDrainListener(listener: DrainListener): void {
    this.#drainListeners.delete(listener)
  }

  /** Leaves new requests and those that wait unacknowledged at the broker. */
  pause(): void {
    this.isPaused = true
    for (const listener of [...this.#drainListeners]) listener.pause(this)
  }

  /** Answers 503 to the requests that are acknowledged and releases the others, because `drainTimeout` is over. */
  interrupt(): void {
    for (const listener of [...this.#drainListeners]) listener.interrupt(this)
  }

  /** Ends all running requests without waiting for the broker. */
  end(): void {
    for (const listener of [...this.#drainListeners]) listener.end(this)
  }

  /** Adds to the size of the items that are cached for open streams, and returns whether it is within the limit. */
  cacheOpenBytes(bytes: number): boolean {
    this.#openBytes += bytes
    return this.#openBytes <= this.cacheBounds.bytes
  }

  requestAccepted(): void {
    this.#inHand++
  }

  requestEnded(): void {
    this.#inHand--
    if (this.#inHand === 0) this.onIdle()
  }
}

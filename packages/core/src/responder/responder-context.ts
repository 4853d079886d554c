import { deadlinesOf } from '../link/link-deadlines.js'
import { linkMonitorOf, type LinkMonitor } from '../link/link-monitor.js'
import type { ConnectionInfo, Link } from '../link/link.js'
import type { Endpoint } from '../endpoint.js'
import { observationsOf } from '../observe/observations.js'
import type { MutableResponderStats } from '../observe/responder-stats.js'
import type { Deadlines } from '../time/deadlines.js'
import type { RequestContext } from './request-context.js'
import { ResponseCache, type ResponseCacheBounds } from './response-cache.js'

/** What one subscription to `requests$` shares with the contexts of its requests. */
export class ResponderContext {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly deadlines: Deadlines
  readonly stats: MutableResponderStats
  readonly cacheBounds: Required<ResponseCacheBounds>
  readonly cache: ResponseCache<RequestContext>
  /** Whether the link was closed, so that no response can be sent. */
  isLinkClosed = false
  readonly #monitor: LinkMonitor

  constructor(link: Link, endpoint: Endpoint, cacheBounds: Required<ResponseCacheBounds>) {
    this.link = link
    this.endpoint = endpoint
    this.deadlines = deadlinesOf(link)
    this.stats = observationsOf(link).responderStats(endpoint)
    this.cacheBounds = cacheBounds
    this.cache = new ResponseCache(cacheBounds)
    this.#monitor = linkMonitorOf(link)
  }

  /** What the broker allows on this connection. */
  get connectionInfo(): ConnectionInfo | undefined {
    return this.#monitor.connectionInfo
  }

  /** Whether a response can carry a status; on MQTT 3.1.1 it cannot. */
  get hasStatuses(): boolean {
    return this.connectionInfo?.protocolVersion !== 4
  }

  /** Returns the elapsed time. */
  now(): number {
    return this.deadlines.now()
  }
}

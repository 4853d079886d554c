import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { SessionHost } from './session-host.js'
import type { Session } from './session.js'

/** A new subscription that retained messages are to be sent for. */
export interface ReplayRequest {
  readonly filter: string
  readonly maximumQoS: QoS
  readonly identifiers: readonly number[] | null
}

/** A request and the last sequence number at that time: later messages reach the subscription anyway. */
interface QueuedReplay extends ReplayRequest {
  readonly latest: number
}

/**
 * The retained messages that are still to be sent to new subscriptions of a session, as fast as the client reads
 * them.
 *
 * The messages of one subscription are looked up when those of the previous one have been sent, so that a client that
 * subscribes faster than it reads does not accumulate them.
 */
export class Replay {
  readonly #session: Session
  readonly #host: SessionHost
  /** The queued requests by Topic Filter, in order. */
  readonly #queued = new Map<string, QueuedReplay>()
  #current: QueuedReplay | undefined
  #publications: readonly Publication[] = []
  #next = 0

  constructor(session: Session, host: SessionHost) {
    this.#session = session
    this.#host = host
  }

  /** Queues a request; replaces a queued one for the same Topic Filter. */
  add(request: ReplayRequest): void {
    this.#queued.delete(request.filter)
    this.#queued.set(request.filter, { ...request, latest: this.#host.retained().latestSequence })
  }

  /** Removes the request of a subscription [MQTT-3.10.4-2]. */
  drop(filter: string): void {
    this.#queued.delete(filter)
    if (this.#current?.filter === filter) this.#current = undefined
  }

  /** Sends as much as the client accepts; returns whether all requests are completed. */
  pump(): boolean {
    const { outbound } = this.#session
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      const { publication, maximumQoS, identifiers } = next
      const qos = Math.min(publication.qos, maximumQoS) as QoS
      const { peer } = this.#session
      if (peer === null || peer.isFull || (qos > 0 && !outbound.isReady)) return false
      this.#next++
      // A message that replaced it meanwhile was routed to the subscription as it was published.
      if (!this.#host.retained().isCurrent(publication) || publication.isExpired(this.#host.now())) continue
      if (qos === 0) outbound.deliverAtMostOnce(publication, true, identifiers)
      else outbound.deliver(publication, { qos, retain: true, identifiers, group: null, tracker: null })
    }
    return true
  }

  #peek(): (ReplayRequest & { readonly publication: Publication }) | undefined {
    while (this.#current === undefined || this.#next >= this.#publications.length) {
      const [request] = this.#queued.values()
      this.#current = request
      if (request === undefined) return undefined
      this.#queued.delete(request.filter)
      this.#publications = this.#host.retained().matching(request.filter, request.latest)
      this.#next = 0
    }
    return { ...this.#current, publication: this.#publications[this.#next] as Publication }
  }
}

import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { SessionHost } from './session-host.js'
import type { Session } from './session.js'

/** The retained messages that a new subscription is to get. */
export interface ReplayRequest {
  readonly filter: string
  readonly maximumQoS: QoS
  readonly identifiers: readonly number[] | null
}

/** A request, and the last message that was retained by then: what comes later is sent to its subscription anyway. */
interface Waiting extends ReplayRequest {
  readonly latest: number
}

/**
 * Retained messages on their way to new subscriptions, as fast as the client reads them. What a subscription is to get is
 * looked up when it is its turn, so that whoever subscribes faster than it reads holds one answer, not all of them.
 */
export class Replay {
  readonly #session: Session
  readonly #host: SessionHost
  /** By filter, in the order of asking. */
  readonly #waiting = new Map<string, Waiting>()
  #current: Waiting | undefined
  #publications: readonly Publication[] = []
  #next = 0

  constructor(session: Session, host: SessionHost) {
    this.#session = session
    this.#host = host
  }

  /** Takes a request; one for the same filter that still waits is the same. */
  add(request: ReplayRequest): void {
    this.#waiting.delete(request.filter)
    this.#waiting.set(request.filter, { ...request, latest: this.#host.retained().latest })
  }

  /** Forgets what a subscription has not got yet [MQTT-3.10.4-2]. */
  drop(filter: string): void {
    this.#waiting.delete(filter)
    if (this.#current?.filter === filter) this.#current = undefined
  }

  /** Sends as much as may go now; tells whether that was all. */
  pump(): boolean {
    const { downlink } = this.#session
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      const { publication, maximumQoS, identifiers } = next
      const qos = Math.min(publication.qos, maximumQoS) as QoS
      const { peer } = this.#session
      if (peer === null || peer.isFull || (qos > 0 && !downlink.isReady)) return false
      this.#next++
      // What was retained in its place meanwhile has been sent already.
      if (!this.#host.retained().isCurrent(publication) || publication.isExpired(this.#host.now())) continue
      if (qos === 0) downlink.deliverAtMostOnce(publication, true, identifiers)
      else downlink.deliver(publication, { qos, retain: true, identifiers, group: null, tracker: null })
    }
    return true
  }

  #peek(): (ReplayRequest & { readonly publication: Publication }) | undefined {
    while (this.#current === undefined || this.#next >= this.#publications.length) {
      const [request] = this.#waiting.values()
      this.#current = request
      if (request === undefined) return undefined
      this.#waiting.delete(request.filter)
      this.#publications = this.#host.retained().matching(request.filter, request.latest)
      this.#next = 0
    }
    return { ...this.#current, publication: this.#publications[this.#next] as Publication }
  }
}

import type { TopicSearch } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { TurnTaker } from './replay-turns.js'
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

/** The request whose messages are being sent. */
interface CurrentReplay extends QueuedReplay {
  readonly search: TopicSearch<Publication>
}

/**
 * The retained messages that are still to be sent to new subscriptions of a session, as fast as the client reads
 * them and in turns with other sessions.
 *
 * The messages of one subscription are looked up when those of the previous one have been sent, so that a client that
 * subscribes faster than it reads does not accumulate them.
 */
export class Replay implements TurnTaker {
  readonly #session: Session
  readonly #host: SessionHost
  /** The queued requests by Topic Filter, in order. */
  readonly #queued = new Map<string, QueuedReplay>()
  #current: CurrentReplay | undefined
  /** A message that was found and could not be sent yet. */
  #found: Publication | undefined

  constructor(session: Session, host: SessionHost) {
    this.#session = session
    this.#host = host
  }

  /** Whether all requests are completed. */
  get isComplete(): boolean {
    return this.#current === undefined && this.#queued.size === 0
  }

  /** Queues a request; replaces a queued one for the same Topic Filter. */
  add(request: ReplayRequest): void {
    this.#queued.delete(request.filter)
    this.#queued.set(request.filter, { ...request, latest: this.#host.retained().latestSequence })
  }

  /** Removes the request of a subscription [MQTT-3.10.4-2]. */
  drop(filter: string): void {
    this.#queued.delete(filter)
    if (this.#current?.filter === filter) this.#endCurrent()
  }

  /** Sends as much as the client accepts, within a number of steps. */
  take(steps: number): number {
    for (let taken = 0; taken < steps; taken++) {
      const current = this.#currentOrNext()
      if (current === undefined) return taken
      this.#found ??= current.search.next()
      if (this.#found !== undefined) {
        if (!this.#send(this.#found, current)) return taken
        this.#found = undefined
      } else if (current.search.isComplete) {
        this.#endCurrent()
      }
    }
    return steps
  }

  /** Sends a message if it is still to be sent; returns `false` if the client does not accept it yet. */
  #send(publication: Publication, { latest, maximumQoS, identifiers }: CurrentReplay): boolean {
    const { outbound, peer } = this.#session
    if (peer === null || peer.isFull) return false
    // A message that replaced it meanwhile was routed to the subscription as it was published.
    const isDue = publication.retainSequence <= latest && this.#host.retained().isCurrent(publication)
    if (!isDue || publication.isExpired(this.#host.now())) return true
    const qos = Math.min(publication.qos, maximumQoS) as QoS
    if (qos > 0 && !outbound.isReady) return false
    if (qos === 0) outbound.deliverAtMostOnce(publication, true, identifiers)
    else outbound.deliver(publication, { qos, retain: true, identifiers, group: null, tracker: null })
    return true
  }

  #currentOrNext(): CurrentReplay | undefined {
    if (this.#current !== undefined) return this.#current
    const [request] = this.#queued.values()
    if (request === undefined) return undefined
    this.#queued.delete(request.filter)
    this.#current = { ...request, search: this.#host.retained().search(request.filter) }
    return this.#current
  }

  #endCurrent(): void {
    this.#current = this.#found = undefined
  }
}

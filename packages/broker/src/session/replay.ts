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
  /** The messages that were found and are still to be sent, the next one last. */
  found: Publication[]
  isSending: boolean
}

/**
 * Up to this number, the messages of a subscription are sent in the order in which they were published. Beyond it, sorting
 * would hold up other clients, and they are sent in the order in which they are found.
 */
const sortedMessages = 1_000

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
    if (this.#current?.filter === filter) this.#current = undefined
  }

  /** Sends as much as the client accepts, within a number of steps. */
  take(steps: number): number {
    for (let taken = 0; taken < steps; taken++) {
      const current = this.#currentOrNext()
      if (current === undefined) return taken
      if (!current.isSending) this.#find(current)
      else if (!this.#sendNext(current)) return taken
    }
    return steps
  }

  /** Looks for the next message; begins to send when all have been found, or too many to sort. */
  #find(current: CurrentReplay): void {
    const { search, found } = current
    const publication = search.next()
    if (publication !== undefined) found.push(publication)
    if (!search.isComplete && found.length < sortedMessages) return
    current.isSending = true
    if (search.isComplete) found.sort((one, other) => other.retainSequence - one.retainSequence)
    else found.reverse()
  }

  /** Sends the next message; returns `false` if the client does not accept it yet. */
  #sendNext(current: CurrentReplay): boolean {
    const { search, found } = current
    const publication = found.at(-1) ?? search.next()
    if (publication === undefined) {
      if (search.isComplete) this.#current = undefined
      return true
    }
    const isSent = this.#send(publication, current)
    if (isSent) found.pop()
    else if (found.length === 0) found.push(publication)
    return isSent
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
    const { rights } = this.#host
    if (rights !== undefined) {
      const isAllowed = rights.allows(this.#session, publication)
      // The hook may have disconnected the client or unsubscribed it.
      if (this.#session.peer !== peer || (qos > 0 && !outbound.isReady)) return false
      if (!isAllowed) {
        this.#host.dropped(this.#session, publication, 'not-authorized')
        return true
      }
    }
    if (qos === 0) outbound.deliverAtMostOnce(publication, true, identifiers)
    else outbound.deliver(publication, { qos, retain: true, identifiers, group: null, tracker: null })
    return true
  }

  #currentOrNext(): CurrentReplay | undefined {
    if (this.#current !== undefined) return this.#current
    const [request] = this.#queued.values()
    if (request === undefined) return undefined
    this.#queued.delete(request.filter)
    const search = this.#host.retained().search(request.filter)
    this.#current = { ...request, search, found: [], isSending: false }
    return this.#current
  }
}

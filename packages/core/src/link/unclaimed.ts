import type { Message } from '../message.js'
import type { Receipt } from './acknowledgements.js'

/** How much a link keeps for subscribers that are still on their way. */
export interface UnclaimedBounds {
  /** @defaultValue 1 000 */
  readonly messages?: number
  /** Of payloads. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds for which an earlier session's messages wait for their subscriber. @defaultValue 10 000 */
  readonly keepFor?: number
}

/** A message that arrived before its subscriber. */
export interface Arrival {
  readonly message: Message
  readonly receipt: Receipt
  /** The filters it was given to, or came too early for. */
  readonly given: Set<string>
  /** Somebody came for it meanwhile. */
  isClaimed: boolean
}

/** Messages that arrived before their subscriber, in order, within bounds. */
export class Unclaimed {
  readonly #arrivals = new Set<Arrival>()
  #bytes = 0
  readonly #bounds: Required<UnclaimedBounds>
  readonly #letGo: (arrival: Arrival) => void

  /** `letGo` is told of each message that waits no longer, claimed or not. */
  constructor(bounds: Required<UnclaimedBounds>, letGo: (arrival: Arrival) => void) {
    this.#bounds = bounds
    this.#letGo = letGo
  }

  hold(arrival: Arrival): void {
    this.#arrivals.add(arrival)
    this.#bytes += arrival.message.payload.length
    const { messages, bytes } = this.#bounds
    for (const oldest of this.#arrivals) {
      if (this.#arrivals.size <= messages && this.#bytes <= bytes) return
      this.#release(oldest)
    }
  }

  /** Offers each to who came for it by a filter, in order, and never again by this filter. */
  offer(filter: string, isFor: (message: Message) => boolean, take: (arrival: Arrival) => void): void {
    for (const arrival of this.#present()) {
      const { message, given } = arrival
      if (!this.#arrivals.has(arrival) || given.has(filter) || !isFor(message)) continue
      given.add(filter)
      arrival.isClaimed = true
      take(arrival)
    }
  }

  /** Lets go of all that nobody awaits any more. */
  settle(isAwaited: (arrival: Arrival) => boolean): void {
    for (const arrival of this.#present()) {
      if (this.#arrivals.has(arrival) && !isAwaited(arrival)) this.#release(arrival)
    }
  }

  /** Forgets all: their connection is gone, and the broker delivers again. */
  forget(): void {
    this.#arrivals.clear()
    this.#bytes = 0
  }

  /** Those held now, whatever is held or let go of while they are gone through. */
  #present(): readonly Arrival[] {
    return this.#arrivals.size === 0 ? [] : [...this.#arrivals]
  }

  #release(arrival: Arrival): void {
    this.#arrivals.delete(arrival)
    this.#bytes -= arrival.message.payload.length
    this.#letGo(arrival)
  }
}

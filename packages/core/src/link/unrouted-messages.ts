import type { Message } from '../message.js'
import type { Receipt } from './acknowledgements.js'

/** How much a link keeps for subscribers that are still on their way. */
export interface UnroutedBounds {
  /** @defaultValue 1 000 */
  readonly messages?: number
  /** Of payloads. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds for which an earlier session's messages wait for their subscriber. @defaultValue 10 000 */
  readonly ttl?: number
}

/** A message that arrived before its subscriber. */
export interface UnroutedMessage {
  readonly message: Message
  readonly receipt: Receipt
  /** The filters it was given to, or came too early for. */
  readonly deliveredTo: Set<string>
  /** Somebody came for it meanwhile. */
  isDelivered: boolean
}

/** Messages that arrived before their subscriber, in order, within bounds. */
export class UnroutedMessages {
  readonly #messages = new Set<UnroutedMessage>()
  #bytes = 0
  readonly #bounds: Required<UnroutedBounds>
  readonly #onRelease: (arrival: UnroutedMessage) => void

  /** `letGo` is told of each message that waits no longer, claimed or not. */
  constructor(bounds: Required<UnroutedBounds>, letGo: (arrival: UnroutedMessage) => void) {
    this.#bounds = bounds
    this.#onRelease = letGo
  }

  add(arrival: UnroutedMessage): void {
    this.#messages.add(arrival)
    this.#bytes += arrival.message.payload.length
    const { messages, bytes } = this.#bounds
    for (const oldest of this.#messages) {
      if (this.#messages.size <= messages && this.#bytes <= bytes) return
      this.#release(oldest)
    }
  }

  /** Offers each to who came for it by a filter, in order, and never again by this filter. */
  offer(
    filter: string,
    isFor: (message: Message) => boolean,
    take: (arrival: UnroutedMessage) => void,
  ): void {
    for (const arrival of this.#present()) {
      const { message, deliveredTo: given } = arrival
      if (!this.#messages.has(arrival) || given.has(filter) || !isFor(message)) continue
      given.add(filter)
      arrival.isDelivered = true
      take(arrival)
    }
  }

  /** Lets go of all that nobody awaits any more. */
  releaseUnawaited(isAwaited: (arrival: UnroutedMessage) => boolean): void {
    for (const arrival of this.#present()) {
      if (this.#messages.has(arrival) && !isAwaited(arrival)) this.#release(arrival)
    }
  }

  /** Forgets all: their connection is gone, and the broker delivers again. */
  clear(): void {
    this.#messages.clear()
    this.#bytes = 0
  }

  /** Those held now, whatever is held or let go of while they are gone through. */
  #present(): readonly UnroutedMessage[] {
    return this.#messages.size === 0 ? [] : [...this.#messages]
  }

  #release(arrival: UnroutedMessage): void {
    this.#messages.delete(arrival)
    this.#bytes -= arrival.message.payload.length
    this.#onRelease(arrival)
  }
}

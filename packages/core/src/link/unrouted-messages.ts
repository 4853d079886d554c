import type { Message } from '../message.js'
import type { Receipt } from './acknowledgements.js'

/**
 * The limits on messages that a link keeps until their subscriber subscribes.
 *
 * A QoS 1 or 2 message whose subscriber already waits for SUBACK is not counted: it stays unacknowledged, so that our
 * Receive Maximum bounds these.
 */
export interface UnroutedBounds {
  /** The most messages. @defaultValue 1 000 */
  readonly messages?: number
  /** The most payload bytes. @defaultValue 16 MiB */
  readonly bytes?: number
  /** Milliseconds that messages of an earlier session wait for their subscriber. @defaultValue 10 000 */
  readonly ttl?: number
}

/** A message that arrived before its subscriber. */
export interface UnroutedMessage {
  readonly message: Message
  readonly receipt: Receipt
  /** The filters that received it, or had no subscribers when it arrived. */
  readonly deliveredTo: Set<string>
  /** Whether any subscription received it. */
  isDelivered: boolean
}

/** A bounded FIFO of messages that arrived before their subscriber. */
export class UnroutedMessages {
  readonly #messages = new Set<UnroutedMessage>()
  /** The messages that count towards the bounds, in order. */
  readonly #counted = new Set<UnroutedMessage>()
  #bytes = 0
  readonly #bounds: Required<UnroutedBounds>
  readonly #onRelease: (unrouted: UnroutedMessage) => void
  readonly #mustKeep: (message: Message) => boolean

  /**
   * `onRelease` is called for each message removed from the queue, delivered or not, except by `clear`. A message that
   * `mustKeep` is kept beyond the bounds.
   */
  constructor(
    bounds: Required<UnroutedBounds>,
    onRelease: (unrouted: UnroutedMessage) => void,
    mustKeep: (message: Message) => boolean = () => false,
  ) {
    this.#bounds = bounds
    this.#onRelease = onRelease
    this.#mustKeep = mustKeep
  }

  /** Appends a message; releases the oldest ones beyond the bounds. */
  add(unrouted: UnroutedMessage): void {
    this.#messages.add(unrouted)
    this.#counted.add(unrouted)
    this.#bytes += unrouted.message.payload.length
    const { messages, bytes } = this.#bounds
    for (const oldest of this.#counted) {
      if (this.#counted.size <= messages && this.#bytes <= bytes) return
      if (this.#mustKeep(oldest.message)) this.#uncount(oldest)
      else this.#release(oldest)
    }
  }

  /** Delivers the messages that match a filter, in order, each at most once per filter. */
  offer(
    filter: string,
    isMatching: (message: Message) => boolean,
    deliver: (unrouted: UnroutedMessage) => void,
  ): void {
    for (const unrouted of this.#snapshot()) {
      const { message, deliveredTo } = unrouted
      if (!this.#messages.has(unrouted) || deliveredTo.has(filter) || !isMatching(message)) continue
      deliveredTo.add(filter)
      unrouted.isDelivered = true
      deliver(unrouted)
    }
  }

  /** Releases the messages that no subscriber awaits any more. */
  releaseUnawaited(isAwaited: (unrouted: UnroutedMessage) => boolean): void {
    for (const unrouted of this.#snapshot()) {
      if (this.#messages.has(unrouted) && !isAwaited(unrouted)) this.#release(unrouted)
    }
  }

  /** Discards all messages after the connection was lost; the broker redelivers them. */
  clear(): void {
    this.#messages.clear()
    this.#counted.clear()
    this.#bytes = 0
  }

  /** A copy of the messages, because callbacks may add and release some during iteration. */
  #snapshot(): readonly UnroutedMessage[] {
    return this.#messages.size === 0 ? [] : [...this.#messages]
  }

  #release(unrouted: UnroutedMessage): void {
    this.#messages.delete(unrouted)
    this.#uncount(unrouted)
    this.#onRelease(unrouted)
  }

  #uncount(unrouted: UnroutedMessage): void {
    if (this.#counted.delete(unrouted)) this.#bytes -= unrouted.message.payload.length
  }
}

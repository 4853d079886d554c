import type { Message } from '../message.js'
import { Fifo } from './fifo.js'
import type { Delivery } from './link.js'

/** Whoever was handed a delivery; once gone, it will never acknowledge. */
export interface Holder {
  readonly closed: boolean
}

/** One arrived message on its way to being acknowledged. */
export interface Receipt {
  /** Hands the message to one holder. */
  readonly handTo: (holder: Holder) => Delivery
  /** Acknowledges what was handed to nobody, once everybody acknowledged who was; call it after handing out. */
  readonly seal: () => void
}

/**
 * Keeps acknowledgements in the order of receipt [MQTT-4.6.0-2]: a message is acknowledged when all who were handed it
 * have said so, and all that arrived before it are settled. One abandoned by its holders is never acknowledged on this
 * connection, does not hold up the others, and comes again on the next.
 */
export class Acknowledgements {
  readonly #arrived = new Fifo<PendingReceipt>()

  /** Opens the receipt of a message; `release` sends its acknowledgement. */
  open(message: Message, release: () => void): Receipt {
    if (message.qos === 0) return new UnacknowledgedReceipt(message)
    const receipt = new PendingReceipt(message, release, this.advance)
    this.#arrived.push(receipt)
    return receipt
  }

  /** Sends the acknowledgements that are due. Call it as well when a holder has gone. */
  readonly advance = (): void => {
    for (let first = this.#arrived.peek(); first?.isSettled; first = this.#arrived.peek()) {
      this.#arrived.shift()
      first.release()
    }
  }

  /** Forgets all: the connection they belonged to is gone, and the broker will deliver again. */
  forget(): void {
    this.#arrived.clear()
  }

  get size(): number {
    return this.#arrived.length
  }
}

const NOBODY: readonly Holder[] = []

const doNothing = (): void => undefined

/** QoS 0: nobody waits for an acknowledgement, so everybody is handed the same delivery. */
class UnacknowledgedReceipt implements Receipt {
  readonly #delivery: Delivery
  readonly seal = doNothing

  constructor(message: Message) {
    this.#delivery = { message, acknowledge: doNothing }
  }

  handTo(): Delivery {
    return this.#delivery
  }
}

/** A class and no literal: V8 makes the objects of a literal old from the start once most of them outlive a collection. */
class HeldDelivery implements Delivery {
  readonly message: Message
  readonly acknowledge: () => void

  constructor(message: Message, acknowledge: () => void) {
    this.message = message
    this.acknowledge = acknowledge
  }
}

class PendingReceipt implements Receipt {
  #isSealed = false
  /** Replaced, never changed: nearly always there is one. */
  #holders: readonly Holder[] = NOBODY
  readonly #message: Message
  readonly #release: () => void
  readonly #advance: () => void

  constructor(message: Message, release: () => void, advance: () => void) {
    this.#message = message
    this.#release = release
    this.#advance = advance
  }

  handTo(holder: Holder): Delivery {
    this.#holders = this.#holders === NOBODY ? [holder] : [...this.#holders, holder]
    return new HeldDelivery(this.#message, () => this.#settle(holder))
  }

  seal(): void {
    this.#isSealed = true
    this.#advance()
  }

  get isSettled(): boolean {
    return this.#isSealed && this.#holders.every((holder) => holder.closed)
  }

  release(): void {
    if (this.#holders.length === 0) this.#release()
  }

  #settle(holder: Holder): void {
    if (!this.#holders.includes(holder)) return
    this.#holders = this.#holders.length === 1 ? NOBODY : this.#holders.filter((other) => other !== holder)
    // Even where others hold it: they may have gone.
    this.#advance()
  }
}

import type { Message } from '../message.js'
import { Fifo } from './fifo.js'
import type { Delivery } from './link.js'

/** Whoever was handed a delivery; once gone, it will never acknowledge. */
export interface DeliveryHolder {
  readonly closed: boolean
}

/** One arrived message on its way to being acknowledged. */
export interface Receipt {
  /** Hands the message to one holder. */
  readonly deliverTo: (holder: DeliveryHolder) => Delivery
  /** Acknowledges what was handed to nobody, once everybody acknowledged who was; call it after handing out. */
  readonly seal: () => void
}

/**
 * Keeps acknowledgements in the order of receipt [MQTT-4.6.0-2]: a message is acknowledged when all who were handed it
 * have said so, and all that arrived before it are settled. One abandoned by its holders is never acknowledged on this
 * connection, does not hold up the others, and comes again on the next.
 */
export class Acknowledgements {
  readonly #receipts = new Fifo<PendingReceipt>()

  /** Opens the receipt of a message; `release` sends its acknowledgement. */
  open(message: Message, release: () => void): Receipt {
    if (message.qos === 0) return new QoS0Receipt(message)
    const receipt = new PendingReceipt(message, release, this.advance)
    this.#receipts.push(receipt)
    return receipt
  }

  /** Sends the acknowledgements that are due. Call it as well when a holder has gone. */
  readonly advance = (): void => {
    for (let first = this.#receipts.peek(); first?.isSettled; first = this.#receipts.peek()) {
      this.#receipts.shift()
      first.release()
    }
  }

  /** Forgets all: the connection they belonged to is gone, and the broker will deliver again. */
  forget(): void {
    this.#receipts.clear()
  }

  get size(): number {
    return this.#receipts.length
  }
}

const NO_HOLDERS: readonly DeliveryHolder[] = []

const doNothing = (): void => undefined

/** QoS 0: nobody waits for an acknowledgement, so everybody is handed the same delivery. */
class QoS0Receipt implements Receipt {
  readonly #delivery: Delivery
  readonly seal = doNothing

  constructor(message: Message) {
    this.#delivery = { message, acknowledge: doNothing }
  }

  deliverTo(): Delivery {
    return this.#delivery
  }
}

/** A class and no literal: V8 makes the objects of a literal old from the start once most of them outlive a collection. */
class PendingDelivery implements Delivery {
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
  #holders: readonly DeliveryHolder[] = NO_HOLDERS
  readonly #message: Message
  readonly #release: () => void
  readonly #advance: () => void

  constructor(message: Message, release: () => void, advance: () => void) {
    this.#message = message
    this.#release = release
    this.#advance = advance
  }

  deliverTo(holder: DeliveryHolder): Delivery {
    this.#holders = this.#holders === NO_HOLDERS ? [holder] : [...this.#holders, holder]
    return new PendingDelivery(this.#message, () => this.#settle(holder))
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

  #settle(holder: DeliveryHolder): void {
    if (!this.#holders.includes(holder)) return
    this.#holders =
      this.#holders.length === 1 ? NO_HOLDERS : this.#holders.filter((other) => other !== holder)
    // Even where others hold it: they may have gone.
    this.#advance()
  }
}

import type { Message } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { Fifo } from './fifo.js'
import type { Delivery } from './link.js'

/** A subscriber that received a delivery. Once `closed`, it will not acknowledge any more. */
export interface DeliveryHolder {
  readonly closed: boolean
}

/** One received message until its acknowledgement is sent. */
export interface Receipt {
  /** Creates the delivery for one subscriber. */
  readonly deliverTo: (holder: DeliveryHolder) => Delivery
  /** Marks the end of delivery. A message that no subscriber received is acknowledged at once. */
  readonly seal: () => void
}

/**
 * Sends PUBACK and PUBREC in the order in which the messages were received [MQTT-4.6.0-2].
 *
 * A message is acknowledged when every subscriber that received it has acknowledged it and all earlier messages are
 * settled. If its subscribers unsubscribe without acknowledging, it is never acknowledged on this connection, does not
 * delay later messages, and is redelivered on the next connection.
 */
export class Acknowledgements {
  readonly #receipts = new Fifo<PendingReceipt>()
  readonly #onBlocked: (message: Message, waiting: number) => void
  readonly #deadlines: Deadlines | undefined
  /** Runs while so many messages are unacknowledged that the broker's window may be full. */
  #stall: Deadline | undefined
  /** How many receipts are acknowledged by all holders, but wait for earlier ones. */
  #waiting = 0
  #isBlockReported = false

  /**
   * `onBlocked` is called with the first message that is not acknowledged, once many later ones wait for it, or, with
   * `deadlines`, once many have been unacknowledged for a while.
   */
  constructor(onBlocked: (message: Message, waiting: number) => void = doNothing, deadlines?: Deadlines) {
    this.#onBlocked = onBlocked
    this.#deadlines = deadlines
  }

  /** Opens the receipt of a message. `release` sends its acknowledgement. */
  open(message: Message, release: () => void): Receipt {
    if (message.qos === 0) return new QoS0Receipt(message)
    const receipt = new PendingReceipt(message, release, this)
    this.#receipts.push(receipt)
    if (this.#stall === undefined && this.#receipts.length >= BLOCKED_LIMIT) this.#watchForStall()
    return receipt
  }

  /** Sends the acknowledgements that are due. Call it after a holder has closed. */
  readonly advance = (): void => {
    let first = this.#receipts.peek()
    for (; first?.isSettled; first = this.#receipts.peek()) {
      this.#receipts.shift()
      this.#isBlockReported = false
      if (first.isAcknowledged) this.#waiting--
      first.release()
    }
    if (this.#stall !== undefined && this.#receipts.length < BLOCKED_LIMIT) this.#stopWatching()
    if (this.#waiting >= BLOCKED_LIMIT) this.#reportBlock(first, this.#waiting)
  }

  /** Counts a receipt that all its holders have acknowledged. */
  acknowledged(): void {
    this.#waiting++
  }

  /** Discards all receipts after the connection was lost; the broker redelivers their messages. */
  clear(): void {
    for (let first = this.#receipts.shift(); first !== undefined; first = this.#receipts.shift())
      first.discard()
    this.#receipts.clear()
    this.#waiting = 0
    this.#isBlockReported = false
    this.#stopWatching()
  }

  /** Reports a block if no acknowledgement is sent for a while: the handlers of a full window may all be running. */
  #watchForStall(): void {
    const first = this.#receipts.peek()
    this.#stall = this.#deadlines?.add(STALL_PERIOD, () => {
      if (this.#receipts.peek() !== first) return this.#watchForStall()
      this.#stall = undefined
      this.#reportBlock(first, this.#receipts.length - 1)
    })
  }

  #stopWatching(): void {
    this.#stall?.cancel()
    this.#stall = undefined
  }

  #reportBlock(first: PendingReceipt | undefined, waiting: number): void {
    if (first === undefined || this.#isBlockReported) return
    this.#isBlockReported = true
    this.#onBlocked(first.message, waiting)
  }

  get size(): number {
    return this.#receipts.length
  }
}

/** The number of waiting acknowledgements that is reported: the smallest window of common brokers. */
const BLOCKED_LIMIT = 10

/** Milliseconds without an acknowledgement after which a window that may be full is reported. */
const STALL_PERIOD = 5_000

const NO_HOLDERS: readonly DeliveryHolder[] = []

const doNothing = (): void => undefined

/** The receipt of a QoS 0 message. It needs no acknowledgement, so all subscribers share one delivery. */
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

/** A class, see decision 0009: literals of this shape would be allocated in V8's old generation. */
class PendingDelivery implements Delivery {
  readonly message: Message
  readonly acknowledge: () => void

  constructor(message: Message, acknowledge: () => void) {
    this.message = message
    this.acknowledge = acknowledge
  }
}

/** The receipt of a QoS 1 or 2 message. */
class PendingReceipt implements Receipt {
  readonly message: Message
  #isSealed = false
  #isAcknowledged = false
  /** An immutable array, see decision 0009: `push` would reserve room for 17 where there is nearly always one. */
  #holders: readonly DeliveryHolder[] = NO_HOLDERS
  readonly #release: () => void
  readonly #owner: Acknowledgements

  constructor(message: Message, release: () => void, owner: Acknowledgements) {
    this.message = message
    this.#release = release
    this.#owner = owner
  }

  deliverTo(holder: DeliveryHolder): Delivery {
    this.#holders = this.#holders === NO_HOLDERS ? [holder] : [...this.#holders, holder]
    return new PendingDelivery(this.message, () => this.#settle(holder))
  }

  seal(): void {
    this.#isSealed = true
    this.#countIfAcknowledged()
    this.#owner.advance()
  }

  get isSettled(): boolean {
    return this.#isSealed && this.#holders.every((holder) => holder.closed)
  }

  /** Whether all holders have acknowledged; `false` if some have closed instead. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged
  }

  release(): void {
    if (this.#holders.length === 0) this.#release()
  }

  /** Excludes the receipt from the count of those that wait, after its connection was lost. */
  discard(): void {
    this.#isAcknowledged = true
  }

  #settle(holder: DeliveryHolder): void {
    if (!this.#holders.includes(holder)) return
    this.#holders =
      this.#holders.length === 1 ? NO_HOLDERS : this.#holders.filter((other) => other !== holder)
    this.#countIfAcknowledged()
    // Advance even if other holders remain: they may have closed in the meantime.
    this.#owner.advance()
  }

  #countIfAcknowledged(): void {
    if (!this.#isSealed || this.#isAcknowledged || this.#holders.length > 0) return
    this.#isAcknowledged = true
    this.#owner.acknowledged()
  }
}

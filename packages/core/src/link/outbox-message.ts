import type { Observer, SchedulerLike, Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { LinkedQueue, ListNode } from '../linked-queue.js'
import type { PublishAck } from './link.js'
import { publishRefused } from './refusals.js'

/** Who carries messages, as each of them sees it. */
export interface OutboxContext {
  readonly scheduler: SchedulerLike
  readonly deadlines: Deadlines
  readonly isInFlight: (sending: OutboxMessage) => boolean
  /** The broker has answered, or never will; tells whether the message was in flight. */
  readonly settle: (sending: OutboxMessage) => boolean
  /** The message waits no longer. */
  readonly onLeftQueue: (sending: OutboxMessage) => void
  /** The message is to be sent anew, before all that waits. */
  readonly requeue: (sending: OutboxMessage) => void
  /** There is no connection, whatever was heard of it. */
  readonly pause: () => void
  /** Something has changed: sends what can be sent now. */
  readonly sendNext: () => void
}

/** One message under way; also the observer of its own acknowledgement. */
export class OutboxMessage implements Observer<PublishAck>, ListNode<OutboxMessage> {
  queue: LinkedQueue<OutboxMessage> | undefined = undefined
  prevNode: OutboxMessage | undefined = undefined
  nextNode: OutboxMessage | undefined = undefined
  readonly message: OutgoingMessage
  readonly takesQuota: boolean
  readonly #outbox: OutboxContext
  /** The instant at which its expiry runs out. */
  readonly #expiresAt: number
  #subscriber: Subscriber<PublishAck> | undefined
  #hasLeft = false
  #expiry: Deadline | undefined

  constructor(carrier: OutboxContext, message: OutgoingMessage, subscriber: Subscriber<PublishAck>) {
    const { messageExpiryInterval, qos } = message
    this.#outbox = carrier
    this.message = message
    this.takesQuota = qos !== 0
    this.#subscriber = subscriber
    this.#expiresAt =
      messageExpiryInterval === undefined ? Infinity : carrier.scheduler.now() + messageExpiryInterval * 1000
  }

  /** Nobody waits for an answer any more. */
  get isDone(): boolean {
    return this.#subscriber === undefined
  }

  /** Stands in a queue, where its expiry runs. */
  enqueue(queue: LinkedQueue<OutboxMessage>): void {
    queue.push(this)
    if (this.#expiresAt === Infinity) return
    this.#expiry = this.#outbox.deadlines.add(this.#left(), () => this.#expire())
  }

  /**
   * Leaves the queue where it stands in one: the message as it goes out now, with what is left of its expiry;
   * `undefined` where nothing is left, which its sender is told.
   */
  toPublish(): OutgoingMessage | undefined {
    this.#leaveQueue()
    if (this.#expiresAt === Infinity) {
      this.#hasLeft = true
      return this.message
    }
    const messageExpiryInterval = Math.ceil(this.#left() / 1000)
    if (messageExpiryInterval <= 0) {
      this.fail(this.#expired())
      return undefined
    }
    this.#hasLeft = true
    const isWhole = messageExpiryInterval === this.message.messageExpiryInterval
    return isWhole ? this.message : { ...this.message, messageExpiryInterval }
  }

  fail(error: AntiphonError): void {
    this.#leaveQueue()
    this.#release()?.error(error)
  }

  next(ack: PublishAck): void {
    if (!this.#outbox.settle(this)) return
    const subscriber = this.#release()
    if (ack.reasonCode < 0x80) {
      subscriber?.next(ack)
      subscriber?.complete()
    } else subscriber?.error(publishRefused(this.message.topic, ack.reasonCode))
    this.#outbox.sendNext()
  }

  error(error: unknown): void {
    if (!this.#outbox.settle(this)) return
    const known = AntiphonError.from(error)
    const { code } = known
    if (code === 'connection-lost') this.#outbox.pause()
    const isWorthRepeating = code === 'connection-lost' || code === 'session-lost'
    // QoS 0 goes at most once, and a transport cannot always tell whether it went.
    if (isWorthRepeating && this.takesQuota && !this.isDone) this.#outbox.requeue(this)
    else this.#release()?.error(known)
    this.#outbox.sendNext()
  }

  complete(): void {
    if (!this.#outbox.isInFlight(this)) return
    this.error(new AntiphonError('protocol', 'the transport ended a publish without an answer'))
  }

  /** The subscriber is gone, whether served or not. */
  unsubscribe(): void {
    this.#release()
    if (this.#leaveQueue()) this.#outbox.sendNext()
  }

  #release(): Subscriber<PublishAck> | undefined {
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    return subscriber
  }

  /** Tells whether it waited. */
  #leaveQueue(): boolean {
    if (this.queue === undefined || this.#outbox.isInFlight(this)) return false
    this.queue.remove(this)
    this.#expiry?.cancel()
    this.#expiry = undefined
    this.#outbox.onLeftQueue(this)
    return true
  }

  /** Milliseconds. */
  #left(): number {
    return this.#expiresAt - this.#outbox.scheduler.now()
  }

  #expire(): void {
    this.fail(this.#expired())
    this.#outbox.sendNext()
  }

  #expired(): AntiphonError<'expired'> {
    const { topic, messageExpiryInterval } = this.message
    const what = this.#hasLeft
      ? `could not be sent again, its session lost, within the ${messageExpiryInterval} s`
      : `waited to be sent for the whole ${messageExpiryInterval} s`
    const never = this.#hasLeft ? '' : '; it was never sent'
    return new AntiphonError('expired', `the message to ${topic} ${what} of its expiry${never}`, {
      topic,
      phase: this.#hasLeft ? 'after-network' : 'before-network',
    })
  }
}

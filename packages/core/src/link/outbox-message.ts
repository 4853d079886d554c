import type { Observer, Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { LinkedQueue, ListNode } from '../linked-queue.js'
import type { PublishAck } from './link.js'
import { publishRefused } from './refusals.js'
import { sendHookOf, withoutSendHook, type SendHook } from './send-hook.js'
import type { ResumedPublish, Transport } from './transport.js'

/** The outbox as its messages see it. */
export interface OutboxContext {
  readonly deadlines: Deadlines
  readonly isInFlight: (entry: OutboxMessage) => boolean
  /** Takes a message out of flight, which makes room in the send window; returns whether it was in flight. */
  readonly settle: (entry: OutboxMessage) => boolean
  /** Called when a message has left its queue. */
  readonly onLeftQueue: (entry: OutboxMessage) => void
  /** Called when the broker has acknowledged a message. */
  readonly onAcknowledged: (entry: OutboxMessage) => void
  /** Queues a message to be sent again, before all waiting messages. */
  readonly requeue: (entry: OutboxMessage) => void
  /** Stops sending: the connection is lost, even if the link has not reported it yet. */
  readonly pause: () => void
  /** Sends all messages that can be sent now. */
  readonly sendNext: () => void
}

/** An outgoing message until it is settled; also the observer of its own acknowledgement. */
export class OutboxMessage implements Observer<PublishAck | ResumedPublish>, ListNode<OutboxMessage> {
  queue: LinkedQueue<OutboxMessage> | undefined = undefined
  prevNode: OutboxMessage | undefined = undefined
  nextNode: OutboxMessage | undefined = undefined
  readonly message: OutgoingMessage
  /** Whether it counts against the broker's Receive Maximum. */
  readonly usesQuota: boolean
  readonly #outbox: OutboxContext
  readonly #hook: SendHook | undefined
  /** The elapsed time at which the message expires; 0 until that is needed. */
  #expiresAt = 0
  #subscriber: Subscriber<PublishAck> | undefined
  /** Whether it was handed to the transport at least once. */
  #wasSent = false
  #expiry: Deadline | undefined
  /** Set while it is queued to be sent again in a resumed session. */
  #resumed: ResumedPublish | undefined

  constructor(outbox: OutboxContext, message: OutgoingMessage, subscriber: Subscriber<PublishAck>) {
    this.#outbox = outbox
    this.#hook = sendHookOf(message)
    this.message = this.#hook === undefined ? message : withoutSendHook(message)
    this.usesQuota = message.qos !== 0
    this.#subscriber = subscriber
  }

  /** Whether no subscriber waits for the acknowledgement. */
  get isDone(): boolean {
    return this.#subscriber === undefined
  }

  /** Returns a new message that is sent at once. Only one that may be sent again needs to know when it expires. */
  toPublishAtOnce(): OutgoingMessage {
    if (this.usesQuota) this.#startExpiry()
    return this.message
  }

  /** Appends the message to a queue, where it may expire. */
  enqueue(queue: LinkedQueue<OutboxMessage>): void {
    queue.push(this)
    this.#startExpiry()
    if (this.#expiresAt === Infinity || this.#mustResend) return
    this.#expiry = this.#outbox.deadlines.add(this.#timeLeft(), () => this.#expire())
  }

  /**
   * Leaves the queue and returns the message with its remaining Message Expiry Interval. If it has expired, fails it and
   * returns `undefined`; also if its hook drops it.
   */
  toPublish(): OutgoingMessage | undefined {
    this.#leaveQueue()
    if (!this.#wasSent && this.#hook?.onSending() === false) {
      this.#release()
      return undefined
    }
    if (this.#expiresAt === Infinity) return this.message
    const left = Math.ceil(this.#timeLeft() / 1000)
    const messageExpiryInterval = this.#mustResend ? Math.max(1, left) : left
    if (messageExpiryInterval <= 0) {
      this.fail(this.#expiredError())
      return undefined
    }
    const isWhole = messageExpiryInterval === this.message.messageExpiryInterval
    return isWhole ? this.message : { ...this.message, messageExpiryInterval }
  }

  /** Sends `message`, which `toPublish` returned. */
  sendOver(transport: Transport, message: OutgoingMessage): void {
    const resumed = this.#resumed
    this.#wasSent = true
    this.#resumed = undefined
    if (resumed === undefined) transport.publish$(message).subscribe(this)
    else resumed.resend(message.messageExpiryInterval)
  }

  fail(error: AntiphonError): void {
    this.#leaveQueue()
    this.#resumed?.discard()
    this.#resumed = undefined
    this.#release()?.error(error)
  }

  next(event: PublishAck | ResumedPublish): void {
    if (event.reasonCode === undefined) {
      this.#resume(event)
      return
    }
    if (!this.#outbox.settle(this)) return
    this.#outbox.onAcknowledged(this)
    const subscriber = this.#release()
    if (event.reasonCode < 0x80) {
      subscriber?.next(event)
      subscriber?.complete()
    } else subscriber?.error(publishRefused(this.message.topic, event.reasonCode))
    this.#outbox.sendNext()
  }

  error(error: unknown): void {
    // A queued message of a resumed session whose session was lost after all is sent as a new one.
    const wasResumed = this.#resumed !== undefined && this.#leaveQueue()
    if (!this.#outbox.settle(this) && !wasResumed) return
    this.#resumed = undefined
    const failure = AntiphonError.from(error)
    const { code } = failure
    if (code === 'connection-lost') this.#outbox.pause()
    const canResend = code === 'connection-lost' || code === 'session-lost'
    // QoS 0 is sent at most once, and a transport cannot always tell whether it was sent.
    if (canResend && this.usesQuota && !this.isDone) this.#outbox.requeue(this)
    else this.#release()?.error(failure)
    this.#outbox.sendNext()
  }

  complete(): void {
    if (!this.#outbox.isInFlight(this)) return
    const text = `cannot publish to ${this.message.topic}: the transport completed without an acknowledgement`
    this.error(new AntiphonError('protocol', text))
  }

  /** Called when the subscriber has unsubscribed or was served. A message of a resumed session is sent all the same. */
  unsubscribe(): void {
    this.#release()
    if (this.#resumed === undefined && this.#leaveQueue()) this.#outbox.sendNext()
  }

  /** Queues the message to be sent again; if it has failed in the meantime, ends it at the transport too. */
  #resume(resumed: ResumedPublish): void {
    if (!this.#outbox.settle(this) && !this.#leaveQueue()) {
      resumed.discard()
      return
    }
    this.#resumed = resumed
    this.#outbox.requeue(this)
  }

  /** Whether it must be sent again: the broker may hold its Packet Identifier and would drop the next message with it. */
  get #mustResend(): boolean {
    return this.#resumed !== undefined && this.message.qos === 2
  }

  #release(): Subscriber<PublishAck> | undefined {
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    return subscriber
  }

  /** Leaves the queue; returns whether the message was queued. */
  #leaveQueue(): boolean {
    if (this.queue === undefined || this.#outbox.isInFlight(this)) return false
    this.queue.remove(this)
    this.#expiry?.cancel()
    this.#expiry = undefined
    this.#outbox.onLeftQueue(this)
    return true
  }

  #startExpiry(): void {
    if (this.#expiresAt !== 0) return
    const { messageExpiryInterval = Infinity } = this.message
    this.#expiresAt =
      messageExpiryInterval === Infinity
        ? Infinity
        : this.#outbox.deadlines.now() + messageExpiryInterval * 1000
  }

  /** Milliseconds until the message expires. */
  #timeLeft(): number {
    return this.#expiresAt - this.#outbox.deadlines.now()
  }

  #expire(): void {
    this.fail(this.#expiredError())
    this.#outbox.sendNext()
  }

  #expiredError(): AntiphonError<'expired'> {
    const { topic, messageExpiryInterval } = this.message
    const cause = this.#wasSent ? 'it was not acknowledged' : 'it was never sent'
    return new AntiphonError(
      'expired',
      `cannot publish to ${topic}: ${cause} within its messageExpiryInterval of ${messageExpiryInterval} s`,
      {
        topic,
        phase: this.#wasSent ? 'after-network' : 'before-network',
      },
    )
  }
}

import type { SchedulerLike, Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import type { Deadlines } from '../time/deadlines.js'
import { LinkedQueue } from '../linked-queue.js'
import type { ConnectionInfo, Incident, PublishAck } from './link.js'
import { connectionFault } from './outgoing-rules.js'
import { OutboxMessage, type OutboxContext } from './outbox-message.js'
import type { QueueBounds } from './queue-bounds.js'
import type { Transport } from './transport.js'

/** What an outbox works with. */
export interface OutboxParts {
  readonly transport: Transport
  readonly scheduler: SchedulerLike
  readonly deadlines: Deadlines
  readonly bounds: Required<QueueBounds>
  readonly report: (incident: Incident) => void
}

/**
 * The outgoing messages of a link.
 *
 * Sends up to the broker's Receive Maximum [MQTT-4.9.0-1] and queues the rest, in order and within bounds. Expires queued
 * messages, and resends messages whose session was lost.
 */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #context: OutboxContext
  /** Messages of a lost session, sent again before all waiting messages. */
  readonly #toResend = new LinkedQueue<OutboxMessage>()
  readonly #waiting = new LinkedQueue<OutboxMessage>()
  #waitingBytes = 0
  readonly #inFlight = new LinkedQueue<OutboxMessage>()
  #quotaUsed = 0
  #info: ConnectionInfo | undefined
  #isPumping = false
  /** The error of every new message once the outbox drains or has ended. */
  #closedBy: AntiphonError | undefined
  #onIdle: (() => void) | undefined

  constructor(parts: OutboxParts) {
    const { scheduler, deadlines } = parts
    this.#parts = parts
    this.#context = {
      scheduler,
      deadlines,
      isInFlight: (entry) => this.#inFlight.has(entry),
      settle: (entry) => this.#settle(entry),
      onLeftQueue: ({ message }) => {
        this.#waitingBytes -= message.payload.length
      },
      requeue: (entry) => this.#addToQueue(entry, this.#toResend),
      pause: () => this.pause(),
      sendNext: () => this.#pump(),
    }
  }

  /** Sends or queues a valid message; notifies `subscriber` of its acknowledgement or failure. */
  send(message: OutgoingMessage, subscriber: Subscriber<PublishAck>): void {
    if (this.#closedBy !== undefined) {
      subscriber.error(this.#closedBy)
      return
    }
    const entry = new OutboxMessage(this.#context, message, subscriber)
    subscriber.add(entry)
    if (entry.isDone) return
    if (this.#next === undefined && this.#hasRoomFor(message)) this.#dispatch(entry)
    else this.#enqueue(entry)
  }

  /** Sends queued messages, those of a lost session first. Call it when online with all subscriptions restored. */
  resume(info: ConnectionInfo): void {
    this.#info = info
    this.#pump()
  }

  /** Stops sending until `resume`. Messages to resend move to the front, behind those that the session may yet lose. */
  pause(): void {
    this.#info = undefined
    this.#waiting.unshiftAll(this.#toResend)
  }

  /** Fails all messages, and every later one. */
  end(error: AntiphonError): void {
    this.#closedBy ??= error
    this.#info = undefined
    for (const entry of this.#inFlight.clear()) entry.fail(error)
    for (let next = this.#next; next !== undefined; next = this.#next) next.fail(error)
    this.#checkIdle()
  }

  /** Refuses new messages; calls `onIdle` once nothing is queued or unacknowledged. */
  drain(error: AntiphonError, onIdle: () => void): void {
    this.#closedBy ??= error
    this.#onIdle = onIdle
    this.#checkIdle()
  }

  get #next(): OutboxMessage | undefined {
    return this.#toResend.first ?? this.#waiting.first
  }

  get #waitingCount(): number {
    return this.#toResend.length + this.#waiting.length
  }

  get #isIdle(): boolean {
    return this.#inFlight.length === 0 && this.#waitingCount === 0
  }

  #hasRoomFor({ qos }: OutgoingMessage): boolean {
    return this.#info !== undefined && (qos === 0 || this.#quotaUsed < this.#info.receiveMaximum)
  }

  #enqueue(entry: OutboxMessage): void {
    const { messages, bytes } = this.#parts.bounds
    const { message } = entry
    if (this.#waitingCount < messages && this.#waitingBytes + message.payload.length <= bytes) {
      this.#addToQueue(entry, this.#waiting)
      return
    }
    const { topic } = message
    const cause = `the outgoing queue is full (${this.#waitingCount} messages, ${this.#waitingBytes} bytes)`
    const text = `cannot publish to ${topic}: ${cause}; slow down, or raise queue.messages or queue.bytes`
    const error = new AntiphonError('overflow', text, { topic, phase: 'before-network' })
    this.#parts.report({ kind: 'dropped', error, message })
    entry.fail(error)
  }

  #addToQueue(entry: OutboxMessage, queue: LinkedQueue<OutboxMessage>): void {
    this.#waitingBytes += entry.message.payload.length
    entry.enqueue(queue)
  }

  /** Not re-entrant, because a transport that acknowledges synchronously would recurse once per message. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      for (let next = this.#next; next !== undefined; next = this.#next) {
        if (!this.#hasRoomFor(next.message)) break
        this.#dispatch(next)
      }
    } finally {
      this.#isPumping = false
    }
    this.#checkIdle()
  }

  #dispatch(entry: OutboxMessage): void {
    const message = entry.toPublish()
    if (message === undefined) return
    const fault = this.#info && connectionFault(message, this.#info)
    if (fault !== undefined) {
      entry.fail(fault)
      return
    }
    this.#inFlight.push(entry)
    if (entry.usesQuota) this.#quotaUsed++
    this.#parts.transport.publish$(message).subscribe(entry)
  }

  #settle(entry: OutboxMessage): boolean {
    if (!this.#inFlight.remove(entry)) return false
    if (entry.usesQuota) this.#quotaUsed--
    return true
  }

  #checkIdle(): void {
    if (this.#onIdle === undefined || !this.#isIdle) return
    const onIdle = this.#onIdle
    this.#onIdle = undefined
    onIdle()
  }
}

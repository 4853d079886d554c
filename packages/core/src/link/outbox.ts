import type { Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage, QoS } from '../message.js'
import type { Deadlines } from '../time/deadlines.js'
import { LinkedQueue } from '../linked-queue.js'
import type { ConnectionInfo, Incident, PublishAck } from './link.js'
import { connectionFault } from './outgoing-rules.js'
import { OutboxMessage, type OutboxContext } from './outbox-message.js'
import { refusedByClosing } from './refusals.js'
import { SendWindow } from './send-window.js'
import type { Transport } from './transport.js'

/** The limits of the outgoing queue, used while offline or while the send window is full. */
export interface QueueBounds {
  /** The most messages. @defaultValue 100 000 */
  readonly messages?: number
  /** The most payload bytes; as many again may be in flight, at least 16 MiB. @defaultValue 64 MiB */
  readonly bytes?: number
}

/** The outgoing messages of a link. */
export interface OutgoingCounts {
  /** Messages that wait for a connection or for room in the send window. */
  readonly waiting: number
  readonly waitingBytes: number
  /** Messages that the broker has not acknowledged. */
  readonly inFlight: number
}

/** What an outbox works with. */
export interface OutboxParts {
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly bounds: Required<QueueBounds>
  readonly report: (incident: Incident) => void
}

/** After this many connections in a row that the broker closed with the same suspect, the suspect counts as refused. */
const closeLimit = 3

/**
 * The outgoing messages of a link.
 *
 * Sends what the send window has room for, and queues the rest, in order and within bounds. Expires queued messages. Sends
 * again what was in flight: in a resumed session under its Packet Identifier, after a lost session as a new message.
 *
 * A 3.1.1 broker can refuse a message only by closing the connection, on every connection again. A broker acknowledges in
 * order, so the suspect is the oldest message in flight. It is sent alone on the next connection; an acknowledgement
 * clears it.
 */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #context: OutboxContext
  /** Messages that were in flight on an earlier connection, sent again before all waiting messages. */
  readonly #toResend = new LinkedQueue<OutboxMessage>()
  readonly #waiting = new LinkedQueue<OutboxMessage>()
  #waitingBytes = 0
  readonly #window: SendWindow
  #suspect: OutboxMessage | undefined
  #suspectCloses = 0
  #info: ConnectionInfo | undefined
  #isPumping = false
  /** The error of every new message once the outbox drains or has ended. */
  #closedBy: AntiphonError | undefined
  #onIdle: (() => void) | undefined

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#window = new SendWindow(parts.bounds)
    this.#context = {
      deadlines: parts.deadlines,
      isInFlight: (entry) => this.#window.has(entry),
      settle: (entry) => this.#window.remove(entry),
      onLeftQueue: ({ message }) => {
        this.#waitingBytes -= message.payload.length
      },
      onAcknowledged: (entry) => {
        if (entry === this.#suspect) this.#suspect = undefined
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
    if (this.#next === undefined && this.#hasRoomFor(entry)) this.#dispatch(entry, entry.toPublishAtOnce())
    else this.#enqueue(entry)
  }

  /** Sends queued messages, those to send again first. Call it when online with all subscriptions restored. */
  resume(info: ConnectionInfo): void {
    this.#info = info
    // The transport has not reported it to be sent again: the broker has sent PUBREC, which accepts it.
    if (this.#suspect !== undefined && this.#window.has(this.#suspect)) this.#suspect = undefined
    this.#pump()
  }

  /** Stops sending until `resume`. Messages to resend move to the front, behind those that the session may yet lose. */
  pause(): void {
    this.#info = undefined
    this.#waiting.unshiftAll(this.#toResend)
  }

  /** Suspects the oldest message in flight, because the broker closed the connection; fails it the third time. */
  closedByBroker(reasonCode: number | undefined): void {
    this.pause()
    const suspect = this.#window.oldest
    if (suspect === undefined) return
    this.#suspectCloses = suspect === this.#suspect ? this.#suspectCloses + 1 : 1
    this.#suspect = suspect
    if (this.#suspectCloses < closeLimit) return
    this.#suspect = undefined
    this.#window.remove(suspect)
    suspect.fail(refusedByClosing(suspect.message.topic, closeLimit, reasonCode))
  }

  /** Fails all messages, and every later one. */
  end(error: AntiphonError): void {
    this.#closedBy ??= error
    this.#info = undefined
    for (const entry of this.#window.clear()) entry.fail(error)
    for (let next = this.#next; next !== undefined; next = this.#next) next.fail(error)
    this.#checkIdle()
  }

  /** Refuses new messages; calls `onIdle` once nothing is queued or unacknowledged. */
  drain(error: AntiphonError, onIdle: () => void): void {
    this.#closedBy ??= error
    this.#onIdle = onIdle
    this.#checkIdle()
  }

  /** Whether a message of this QoS that is sent now would wait. */
  mustWait(qos: QoS): boolean {
    if (this.#info === undefined || this.#next !== undefined) return true
    return qos !== 0 && !this.#window.hasQuota(this.#info.receiveMaximum)
  }

  /** Returns how many messages wait and are in flight. */
  counts(): OutgoingCounts {
    return { waiting: this.#waitingCount, waitingBytes: this.#waitingBytes, inFlight: this.#window.size }
  }

  get #next(): OutboxMessage | undefined {
    return this.#toResend.first ?? this.#waiting.first
  }

  get #waitingCount(): number {
    return this.#toResend.length + this.#waiting.length
  }

  get #isIdle(): boolean {
    return this.#window.isEmpty && this.#waitingCount === 0
  }

  /** Whether a message may be sent now. */
  #hasRoomFor(entry: OutboxMessage): boolean {
    return (
      this.#info !== undefined && this.#window.hasRoomFor(entry, this.#info.receiveMaximum, this.#suspect)
    )
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
        if (!this.#hasRoomFor(next)) break
        const message = next.toPublish()
        if (message !== undefined) this.#dispatch(next, message)
      }
    } finally {
      this.#isPumping = false
    }
    this.#checkIdle()
  }

  #dispatch(entry: OutboxMessage, message: OutgoingMessage): void {
    const fault = this.#info && connectionFault(message, this.#info)
    if (fault !== undefined) {
      entry.fail(fault)
      return
    }
    this.#window.add(entry)
    entry.sendOver(this.#parts.transport, message)
  }

  #checkIdle(): void {
    if (this.#onIdle === undefined || !this.#isIdle) return
    const onIdle = this.#onIdle
    this.#onIdle = undefined
    onIdle()
  }
}

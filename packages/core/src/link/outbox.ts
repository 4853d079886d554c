import type { SchedulerLike, Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import type { Deadlines } from '../time/deadlines.js'
import { LinkedQueue } from '../linked-queue.js'
import type { ConnectionInfo, Incident, PublishAck } from './link.js'
import { connectionFault } from './outgoing-rules.js'
import { OutboxMessage, type OutboxContext } from './outbox-message.js'
import type { Transport } from './transport.js'

/** How much may wait to be sent, while offline or while the broker's quota is used up. */
export interface QueueBounds {
  /** @defaultValue 100 000 */
  readonly messages?: number
  /** Of payloads. @defaultValue 64 MiB */
  readonly bytes?: number
}

/** What an outbox works with. */
export interface OutboxParts {
  readonly transport: Transport
  readonly scheduler: SchedulerLike
  readonly deadlines: Deadlines
  readonly bounds: Required<QueueBounds>
  readonly report: (incident: Incident) => void
}

/**
 * Everything on its way out: sends while the broker's Receive Maximum has room [MQTT-4.9.0-1], keeps the rest in order
 * and within bounds, lets expiries run, and sends again what a lost session took with it.
 */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #context: OutboxContext
  /** What a lost session took with it, to go before all that waits. */
  readonly #toResend = new LinkedQueue<OutboxMessage>()
  readonly #waiting = new LinkedQueue<OutboxMessage>()
  #waitingBytes = 0
  readonly #inFlight = new LinkedQueue<OutboxMessage>()
  #quotaUsed = 0
  #info: ConnectionInfo | undefined
  #isPumping = false
  /** What a new message is told once none is taken any more. */
  #refusal: AntiphonError | undefined
  #onIdle: (() => void) | undefined

  constructor(parts: OutboxParts) {
    const { scheduler, deadlines } = parts
    this.#parts = parts
    this.#context = {
      scheduler,
      deadlines,
      isInFlight: (sending) => this.#inFlight.has(sending),
      settle: (sending) => this.#settle(sending),
      onLeftQueue: ({ message }) => {
        this.#waitingBytes -= message.payload.length
      },
      requeue: (sending) => this.#wait(sending, this.#toResend),
      pause: () => this.pause(),
      sendNext: () => this.#pump(),
    }
  }

  /** Takes a valid message on; the subscriber hears of its acknowledgement or failure. */
  send(message: OutgoingMessage, subscriber: Subscriber<PublishAck>): void {
    if (this.#refusal !== undefined) {
      subscriber.error(this.#refusal)
      return
    }
    const sending = new OutboxMessage(this.#context, message, subscriber)
    subscriber.add(sending)
    if (sending.isDone) return
    if (this.#next === undefined && this.#hasRoomFor(message)) this.#dispatch(sending)
    else this.#enqueue(sending)
  }

  /** The connection is up and every subscription stands: send what waits, the lost session's messages first. */
  resume(info: ConnectionInfo): void {
    this.#info = info
    this.#pump()
  }

  /** The connection is gone: everything waits, behind what its session may yet take with it. */
  pause(): void {
    this.#info = undefined
    this.#waiting.unshiftAll(this.#toResend)
  }

  /** Fails all that is left, and all that is yet to come. */
  end(error: AntiphonError): void {
    this.#refusal ??= error
    this.#info = undefined
    for (const sending of this.#inFlight.clear()) sending.fail(error)
    for (let next = this.#next; next !== undefined; next = this.#next) next.fail(error)
    this.#checkIdle()
  }

  /** Takes nothing new, and calls back once nothing waits and nothing is unacknowledged. */
  drain(error: AntiphonError, onIdle: () => void): void {
    this.#refusal ??= error
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

  #enqueue(sending: OutboxMessage): void {
    const { messages, bytes } = this.#parts.bounds
    const { message } = sending
    if (this.#waitingCount < messages && this.#waitingBytes + message.payload.length <= bytes) {
      this.#wait(sending, this.#waiting)
      return
    }
    const why = `the outgoing queue is full (${this.#waitingCount} messages, ${this.#waitingBytes} bytes wait)`
    const error = new AntiphonError('overflow', `${why}: slow down, or raise the link's queue bounds`, {
      topic: message.topic,
      phase: 'before-network',
    })
    this.#parts.report({ kind: 'dropped', error, message })
    sending.fail(error)
  }

  #wait(sending: OutboxMessage, line: LinkedQueue<OutboxMessage>): void {
    this.#waitingBytes += sending.message.payload.length
    sending.enqueue(line)
  }

  /** Not within itself: a transport that answers at once would pile up a call for every message that waits. */
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

  #dispatch(sending: OutboxMessage): void {
    const message = sending.toPublish()
    if (message === undefined) return
    const fault = this.#info && connectionFault(message, this.#info)
    if (fault !== undefined) {
      sending.fail(fault)
      return
    }
    this.#inFlight.push(sending)
    if (sending.takesQuota) this.#quotaUsed++
    this.#parts.transport.publish$(message).subscribe(sending)
  }

  #settle(sending: OutboxMessage): boolean {
    if (!this.#inFlight.remove(sending)) return false
    if (sending.takesQuota) this.#quotaUsed--
    return true
  }

  #checkIdle(): void {
    if (this.#onIdle === undefined || !this.#isIdle) return
    const onIdle = this.#onIdle
    this.#onIdle = undefined
    onIdle()
  }
}

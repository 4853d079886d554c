import type { SchedulerLike, Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import type { Deadlines } from '../time/deadlines.js'
import { Line } from '../line.js'
import type { Grant, Incident, PublishAck } from './link.js'
import { grantFault } from './outgoing-rules.js'
import { Sending, type Carrier } from './sending.js'
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
  readonly #carrier: Carrier
  /** What a lost session took with it, to go before all that waits. */
  readonly #lost = new Line<Sending>()
  readonly #waiting = new Line<Sending>()
  #waitingBytes = 0
  readonly #inFlight = new Line<Sending>()
  #quotaUsed = 0
  #grant: Grant | undefined
  #isPumping = false
  /** What a new message is told once none is taken any more. */
  #refusal: AntiphonError | undefined
  #onIdle: (() => void) | undefined

  constructor(parts: OutboxParts) {
    const { scheduler, deadlines } = parts
    this.#parts = parts
    this.#carrier = {
      scheduler,
      deadlines,
      isInFlight: (sending) => this.#inFlight.has(sending),
      landed: (sending) => this.#land(sending),
      leftQueue: ({ message }) => {
        this.#waitingBytes -= message.payload.length
      },
      sendAgain: (sending) => this.#wait(sending, this.#lost),
      pause: () => this.pause(),
      goOn: () => this.#pump(),
    }
  }

  /** Takes a valid message on; the subscriber hears of its acknowledgement or failure. */
  send(message: OutgoingMessage, subscriber: Subscriber<PublishAck>): void {
    if (this.#refusal !== undefined) {
      subscriber.error(this.#refusal)
      return
    }
    const sending = new Sending(this.#carrier, message, subscriber)
    subscriber.add(sending)
    if (sending.isDone) return
    if (this.#next === undefined && this.#hasRoomFor(message)) this.#dispatch(sending)
    else this.#enqueue(sending)
  }

  /** The connection is up and every subscription stands: send what waits, the lost session's messages first. */
  resume(grant: Grant): void {
    this.#grant = grant
    this.#pump()
  }

  /** The connection is gone: everything waits, behind what its session may yet take with it. */
  pause(): void {
    this.#grant = undefined
    this.#waiting.unshiftAll(this.#lost)
  }

  /** Fails all that is left, and all that is yet to come. */
  end(error: AntiphonError): void {
    this.#refusal ??= error
    this.#grant = undefined
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

  get #next(): Sending | undefined {
    return this.#lost.first ?? this.#waiting.first
  }

  get #waitingCount(): number {
    return this.#lost.length + this.#waiting.length
  }

  get #isIdle(): boolean {
    return this.#inFlight.length === 0 && this.#waitingCount === 0
  }

  #hasRoomFor({ qos }: OutgoingMessage): boolean {
    return this.#grant !== undefined && (qos === 0 || this.#quotaUsed < this.#grant.receiveMaximum)
  }

  #enqueue(sending: Sending): void {
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

  #wait(sending: Sending, line: Line<Sending>): void {
    this.#waitingBytes += sending.message.payload.length
    sending.wait(line)
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

  #dispatch(sending: Sending): void {
    const message = sending.depart()
    if (message === undefined) return
    const fault = this.#grant && grantFault(message, this.#grant)
    if (fault !== undefined) {
      sending.fail(fault)
      return
    }
    this.#inFlight.push(sending)
    if (sending.takesQuota) this.#quotaUsed++
    this.#parts.transport.publish$(message).subscribe(sending)
  }

  #land(sending: Sending): boolean {
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

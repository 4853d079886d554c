import type { Observer, SchedulerLike, Subscriber } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { OutgoingMessage } from '../message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { Fifo } from './fifo.js'
import type { Grant, Incident, PublishAck } from './link.js'
import { grantFault } from './outgoing-rules.js'
import { publishRefused } from './refusals.js'
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
  readonly #waiting = new Fifo<Sending>()
  #waitingCount = 0
  #waitingBytes = 0
  readonly #inFlight = new Set<Sending>()
  #quotaUsed = 0
  #lost: Sending[] = []
  #grant: Grant | undefined
  /** What a new message is told once none is taken any more. */
  #refusal: AntiphonError | undefined
  #onIdle: (() => void) | undefined

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** Takes a valid message on; the subscriber hears of its acknowledgement or failure. */
  send(message: OutgoingMessage, subscriber: Subscriber<PublishAck>): void {
    if (this.#refusal !== undefined) {
      subscriber.error(this.#refusal)
      return
    }
    const sending = new Sending(this, message, subscriber, this.#parts.scheduler.now())
    subscriber.add(sending)
    if (this.#waitingCount === 0 && this.#hasRoomFor(message)) this.#dispatch(sending)
    else this.#enqueue(sending)
  }

  /** The connection is up and every subscription stands: send what waits, the lost session's messages first. */
  resume(grant: Grant): void {
    this.#grant = grant
    const again = this.#lost.filter((sending) => !sending.isDone)
    this.#lost = []
    for (const sending of again) this.#count(sending)
    this.#waiting.unshift(again)
    this.#pump()
  }

  /** The connection is gone: everything waits. */
  pause(): void {
    this.#grant = undefined
  }

  /** Fails all that is left, and all that is yet to come. */
  end(error: AntiphonError): void {
    this.#refusal = error
    this.#grant = undefined
    const left = [...this.#inFlight, ...this.#lost]
    this.#lost = []
    this.#inFlight.clear()
    for (let sending = this.#waiting.shift(); sending; sending = this.#waiting.shift()) left.push(sending)
    this.#waitingCount = 0
    this.#waitingBytes = 0
    for (const sending of left) sending.fail(error)
    this.#checkIdle()
  }

  /** Takes nothing new, and calls back once nothing waits and nothing is unacknowledged. */
  drain(error: AntiphonError, onIdle: () => void): void {
    this.#refusal ??= error
    this.#onIdle = onIdle
    this.#checkIdle()
  }

  get size(): number {
    return this.#waitingCount + this.#inFlight.size
  }

  /** @internal A message left the queue without being sent. */
  forget(sending: Sending): void {
    this.#waitingCount--
    this.#waitingBytes -= sending.message.payload.length
    this.#checkIdle()
  }

  /** @internal The broker answered for a message, or can no longer do so. */
  settled(sending: Sending): void {
    this.#landed(sending)
    this.#pump()
    this.#checkIdle()
  }

  /** @internal A message whose session is lost wants to be sent anew. */
  sendAgain(sending: Sending): void {
    this.#landed(sending)
    this.#lost.push(sending)
  }

  #hasRoomFor(message: OutgoingMessage): boolean {
    return this.#grant !== undefined && (message.qos === 0 || this.#quotaUsed < this.#grant.receiveMaximum)
  }

  #enqueue(sending: Sending): void {
    const { messages, bytes } = this.#parts.bounds
    const { message } = sending
    if (this.#waitingCount >= messages || this.#waitingBytes + message.payload.length > bytes) {
      const why = `the outgoing queue is full (${this.#waitingCount} messages, ${this.#waitingBytes} bytes wait)`
      const error = new AntiphonError('overflow', `${why}: slow down, or raise the link's queue bounds`, {
        topic: message.topic,
        phase: 'before-network',
      })
      this.#parts.report({ kind: 'dropped', error, message })
      sending.fail(error)
      return
    }
    this.#count(sending)
    this.#waiting.push(sending)
  }

  #count(sending: Sending): void {
    this.#waitingCount++
    this.#waitingBytes += sending.message.payload.length
    sending.wait(this.#parts)
  }

  #pump(): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (!next.isDone && !this.#hasRoomFor(next.message)) return
      this.#waiting.shift()
      if (next.isDone) continue
      this.#waitingCount--
      this.#waitingBytes -= next.message.payload.length
      this.#dispatch(next)
    }
  }

  #dispatch(sending: Sending): void {
    const message = sending.leave(this.#parts.scheduler.now())
    const fault = this.#grant && grantFault(message, this.#grant)
    if (fault !== undefined) {
      sending.fail(fault)
      return
    }
    this.#inFlight.add(sending)
    if (sending.takesQuota) this.#quotaUsed++
    this.#parts.transport.publish$(message).subscribe(sending)
  }

  #landed(sending: Sending): void {
    if (this.#inFlight.delete(sending) && sending.takesQuota) this.#quotaUsed--
  }

  #checkIdle(): void {
    if (this.size > 0 || this.#lost.length > 0) return
    const onIdle = this.#onIdle
    this.#onIdle = undefined
    onIdle?.()
  }
}

/** One message under way; also the observer of its own acknowledgement. */
class Sending implements Observer<PublishAck> {
  readonly message: OutgoingMessage
  readonly takesQuota: boolean
  readonly #outbox: Outbox
  readonly #since: number
  #subscriber: Subscriber<PublishAck> | undefined
  #isWaiting = false
  #expiry: Deadline | undefined

  constructor(outbox: Outbox, message: OutgoingMessage, subscriber: Subscriber<PublishAck>, now: number) {
    this.#outbox = outbox
    this.message = message
    this.takesQuota = message.qos !== 0
    this.#subscriber = subscriber
    this.#since = now
  }

  get isDone(): boolean {
    return this.#subscriber === undefined
  }

  wait({ deadlines, scheduler }: OutboxParts): void {
    this.#isWaiting = true
    const { messageExpiryInterval } = this.message
    if (messageExpiryInterval === undefined) return
    const left = this.#since + messageExpiryInterval * 1000 - scheduler.now()
    this.#expiry = deadlines.add(left, () => this.#expire())
  }

  /** The message as it goes out now, with what is left of its expiry. */
  leave(now: number): OutgoingMessage {
    this.#stopWaiting()
    const { messageExpiryInterval } = this.message
    const waited = now - this.#since
    if (messageExpiryInterval === undefined || waited === 0) return this.message
    return { ...this.message, messageExpiryInterval: Math.ceil(messageExpiryInterval - waited / 1000) }
  }

  fail(error: AntiphonError): void {
    this.#stopWaiting()
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    subscriber?.error(error)
  }

  next(ack: PublishAck): void {
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    this.#outbox.settled(this)
    if (subscriber === undefined) return
    if (ack.reasonCode < 0x80) {
      subscriber.next(ack)
      subscriber.complete()
      return
    }
    subscriber.error(publishRefused(this.message.topic, ack.reasonCode))
  }

  error(error: unknown): void {
    const known = AntiphonError.from(error)
    const isWorthRepeating = known.code === 'session-lost' || known.code === 'connection-lost'
    if (isWorthRepeating && this.takesQuota && !this.isDone) {
      this.#outbox.sendAgain(this)
      return
    }
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    this.#outbox.settled(this)
    subscriber?.error(known)
  }

  complete(): void {
    if (!this.isDone)
      this.error(new AntiphonError('protocol', 'the transport ended a publish without an answer'))
  }

  /** The subscriber is gone, whether served or not. */
  unsubscribe(): void {
    this.#subscriber = undefined
    if (!this.#isWaiting) return
    this.#stopWaiting()
    this.#outbox.forget(this)
  }

  #expire(): void {
    const { topic, messageExpiryInterval } = this.message
    const waited = `waited ${messageExpiryInterval} s to be sent, which is its whole message expiry`
    this.#isWaiting = false
    this.#outbox.forget(this)
    this.fail(
      new AntiphonError('expired', `the message to ${topic} ${waited}; it was never sent`, {
        topic,
        phase: 'before-network',
      }),
    )
  }

  #stopWaiting(): void {
    this.#isWaiting = false
    this.#expiry?.cancel()
    this.#expiry = undefined
  }
}

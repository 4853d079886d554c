import type { ErrorCode } from '../errors.js'
import { cancel, controlRetry } from '../protocol/control-message.js'
import type { Deadline } from '../time/deadlines.js'
import type { Exchange } from './exchange.js'

/** Where the exchange control messages of an exchange go: to the control topic of the responder that has the request. */
export class ControlChannel {
  readonly #exchange: Exchange
  #topic: string
  #silence: Deadline | undefined
  #isSilent = false

  constructor(exchange: Exchange, topic: string) {
    this.#exchange = exchange
    this.#topic = topic
  }

  get topic(): string {
    return this.#topic
  }

  /** Whether the responder may still have the request, as it repeats itself on every retry. */
  get isAlive(): boolean {
    return !this.#isSilent
  }

  /** Notes that a responder has the request. After the first one has died, it may be another. */
  onAccepted(topic: string): void {
    this.#topic = topic
    this.onResponse()
  }

  /** Notes that the responder is alive. */
  onResponse(): void {
    this.#isSilent = false
    this.close()
  }

  /** Retries the request at its responder; calls `onSilent` if neither an acceptance nor a response arrives. */
  retry(timeLeft: number, onSilent: () => void): void {
    const { requester, request } = this.#exchange
    // The responder repeats itself without a handler, so the rest of the attempt remains for another responder.
    const timeout = requester.rules.attemptTimeout / 2
    this.close()
    this.#silence = requester.deadlines.add(timeout, () => {
      this.#isSilent = true
      onSilent()
    })
    request.publishControl(this.#topic, timeLeft, controlRetry())
  }

  /** Cancels the request at its responder. */
  cancel(timeLeft: number, reason: ErrorCode | undefined): void {
    this.#exchange.request.publishControl(this.#topic, timeLeft, cancel(reason))
  }

  /** Stops waiting for the responder. */
  close(): void {
    this.#silence?.cancel()
  }
}

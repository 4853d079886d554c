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

  /** Whether the responder may still have the request; it answers every retry until the exchange ends. */
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

  /** Asks the responder whether it still has the request; calls `onSilent` if it does not answer. */
  retry(timeLeft: number, onSilent: () => void): void {
    const { requester, request } = this.#exchange
    // The answer takes no handler, so the rest of the attempt remains for another responder.
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

  /** Stops waiting for an answer. */
  close(): void {
    this.#silence?.cancel()
  }
}

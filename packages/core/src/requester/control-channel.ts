import type { ErrorCode } from '../errors.js'
import type { UserProperties } from '../message.js'
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
  retry(onSilent: () => void): void {
    const { requester } = this.#exchange
    // The responder repeats itself without a handler, so the rest of the attempt remains for another responder.
    const timeout = requester.rules.attemptTimeout / 2
    this.close()
    this.#silence = requester.deadlines.add(timeout, () => {
      this.#isSilent = true
      onSilent()
    })
    this.send(controlRetry())
  }

  /** Sends an exchange control message. */
  send(userProperties: UserProperties): void {
    this.#exchange.request.publishControl(this.#topic, this.#exchange.timeLeft, userProperties)
  }

  /** Stops waiting for the responder. */
  close(): void {
    this.#silence?.cancel()
  }
}

/** Notes the control topic of the responder that has the request. */
export function noteControlTopic(exchange: Exchange, topic: string): void {
  if (exchange.control === undefined) exchange.control = new ControlChannel(exchange, topic)
  else exchange.control.onAccepted(topic)
}

/** Sends a request again. A responder that has accepted it comes first: another one would run it a second time. */
export function resend({ control }: Exchange, publish: () => void): void {
  if (control?.isAlive === true) control.retry(publish)
  else publish()
}

/** Sends credit to the responder, if its control topic is known. */
export function sendCredit(exchange: Exchange, userProperties: UserProperties): void {
  const { control, isSettled, requester } = exchange
  if (isSettled || control === undefined) return
  requester.events.requester?.credit(exchange, userProperties)
  control.send(userProperties)
}

/** Cancels the request at its responder: now, or when the responder has named its control topic. */
export function cancelAtResponder(exchange: Exchange, reason?: ErrorCode): void {
  const { attempts, control, request, requester, sendsControl, timeLeft } = exchange
  if (!sendsControl || attempts === 0) return
  if (control !== undefined) return control.send(cancel(reason))
  const { identity } = request
  if (identity !== undefined) requester.pendingRequests.unmatched.rememberCancel(identity, timeLeft, reason)
}

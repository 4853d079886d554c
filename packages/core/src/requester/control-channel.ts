import type { ErrorCode } from '../errors.js'
import type { UserProperties } from '../message.js'
import { cancel, controlRetry } from '../protocol/control-message.js'
import type { Deadline } from '../time/deadlines.js'
import type { Exchange } from './exchange.js'

/** How many further responders get a cancel: a hostile peer could name any number of control topics. */
const MAX_EARLIER_TOPICS = 8

/** Where the exchange control messages of an exchange go: to the control topic of the responder that has the request. */
export class ControlChannel {
  readonly #exchange: Exchange
  #topic: string
  /** The control topics of responders that accepted the request before another one did. */
  #earlierTopics: Set<string> | undefined
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

  /** Whether several responders have accepted the request. */
  get isShared(): boolean {
    return this.#earlierTopics !== undefined
  }

  /** Notes that a responder has the request. It may be another one: the first has died, or got an attempt late. */
  onAccepted(topic: string): void {
    if (topic !== this.#topic) {
      const earlier = (this.#earlierTopics ??= new Set())
      earlier.delete(topic)
      if (earlier.size < MAX_EARLIER_TOPICS) earlier.add(this.#topic)
    }
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

  /** Cancels the request at all responders that have accepted it. */
  cancel(reason?: ErrorCode): void {
    for (const topic of this.#earlierTopics ?? []) this.#sendTo(topic, cancel(reason))
    this.send(cancel(reason))
  }

  /** Sends an exchange control message. */
  send(userProperties: UserProperties): void {
    this.#sendTo(this.#topic, userProperties)
  }

  #sendTo(topic: string, userProperties: UserProperties): void {
    this.#exchange.request.publishControl(topic, this.#exchange.timeLeft, userProperties)
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
  const { attempts, control, sendsControl } = exchange
  if (!sendsControl || attempts === 0) return
  control?.cancel(reason)
  if (control === undefined || attempts > 1) cancelOnAcceptance(exchange, reason)
}

/**
 * Cancels a request that was sent again, and to which a responder has responded, at the others that have accepted it or will:
 * the broker may have kept the first attempt for a busy member of the group. The one that has responded ignores it.
 */
export function cancelAtOthers(exchange: Exchange): void {
  const { attempts, control, sendsControl } = exchange
  if (!sendsControl || attempts < 2) return
  if (control?.isShared === true) control.cancel()
  cancelOnAcceptance(exchange)
}

function cancelOnAcceptance({ request, requester, timeLeft }: Exchange, reason?: ErrorCode): void {
  const { identity } = request
  if (identity !== undefined) requester.pendingRequests.unmatched.rememberCancel(identity, timeLeft, reason)
}

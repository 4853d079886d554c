import type { ErrorCode } from '../errors.js'
import type { Link } from '../link/link.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Message } from '../message.js'
import { observationsOf } from '../observe/observations.js'
import {
  cancel,
  controlTopicOf,
  identityKey,
  isAcceptance,
  toControlMessage,
  type RequestIdentity,
} from '../protocol/control-message.js'
import type { Deadline } from '../time/deadlines.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'

/** How many cancels are remembered; further ones are not sent. */
const LIMIT = 10_000

/** A cancel and the deadline of its exchange. */
interface Entry {
  readonly identity: RequestIdentity
  readonly reason: ErrorCode | undefined
  readonly deadline: Deadline
}

/**
 * The messages on response topics that match no pending exchange: late, repeated and foreign responses, which are reported,
 * and acceptances of requests that were cancelled.
 *
 * A request that is cancelled before its responder's control topic is known is remembered until it expires, and its cancel
 * is sent when a message names that topic. A cancel is never sent to the request topic: a responder without exchange control
 * messages would take it for a request, and in a group it would reach any member.
 */
export class UnmatchedResponses {
  readonly #link: Link
  readonly #byKey = new Map<string, Entry>()

  constructor(link: Link) {
    this.#link = link
  }

  /** Returns the number of remembered cancels. */
  get cancels(): number {
    return this.#byKey.size
  }

  /** Cancels a request as soon as its responder's control topic is known. */
  rememberCancel(identity: RequestIdentity, timeLeft: number, reason: ErrorCode | undefined): void {
    if (timeLeft <= 0 || this.#byKey.size >= LIMIT) return
    const key = identityKey(identity)
    this.#byKey.get(key)?.deadline.cancel()
    // The request expires at its responder after whole seconds.
    const lifetime = toExpirySeconds(timeLeft) * 1_000
    const deadline = deadlinesOf(this.#link).add(lifetime, () => this.#byKey.delete(key))
    this.#byKey.set(key, { identity, reason, deadline })
  }

  /** Reports a message as an unmatched response, or sends the cancel that waits for it. */
  receive(message: Message): void {
    const controlTopic = controlTopicOf(message)
    if (controlTopic !== undefined) this.#cancelAt(controlTopic, message)
    // An acceptance is no response.
    if (!isAcceptance(message)) observationsOf(this.#link).unmatchedResponses.next({ message })
  }

  #cancelAt(controlTopic: string, { topic, correlationData }: Message): void {
    if (correlationData === undefined) return
    const key = identityKey({ responseTopic: topic, correlationData })
    const entry = this.#byKey.get(key)
    if (entry === undefined) return
    const { identity, reason, deadline } = entry
    this.#byKey.delete(key)
    deadline.cancel()
    const control = toControlMessage(controlTopic, identity, cancel(reason), deadline.left())
    this.#link.publish$(control).subscribe({ error: () => undefined })
  }
}

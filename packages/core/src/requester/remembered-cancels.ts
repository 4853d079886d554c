import { fromBytes } from '../correlation/token.js'
import type { ErrorCode } from '../errors.js'
import type { Link } from '../link/link.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Message, MessageProperties, OutgoingMessage, UserProperties } from '../message.js'
import { cancel, controlTopicOf, isAcceptance } from '../protocol/control-message.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import type { Deadline } from '../time/deadlines.js'

/** How many cancels are remembered; further ones are not. */
const LIMIT = 10_000

const EMPTY_PAYLOAD = new Uint8Array()

/** The properties by which a responder finds the request that a control message is about. */
export interface RequestIdentity extends Pick<MessageProperties, 'responseTopic' | 'correlationData'> {
  readonly responseTopic: string
  readonly correlationData: Uint8Array
}

/** A cancel and the deadline of its exchange. */
interface Entry {
  readonly identity: RequestIdentity
  readonly reason: ErrorCode | undefined
  readonly deadline: Deadline
}

/** Returns an exchange control message. At QoS 0 it takes no part of the window in which requests may wait. */
export function toControlMessage(
  topic: string,
  { responseTopic, correlationData }: RequestIdentity,
  userProperties: UserProperties,
  timeLeft: number,
): OutgoingMessage {
  return {
    topic,
    payload: EMPTY_PAYLOAD,
    qos: 0,
    messageExpiryInterval: toExpirySeconds(timeLeft),
    userProperties,
    responseTopic,
    correlationData,
  }
}

/**
 * The exchanges that were cancelled before their responder's control topic was known, until they expire.
 *
 * The cancel is sent when the acceptance arrives. It is never sent to the request topic: a responder without exchange
 * control messages would take it for a request, and in a group it would reach any member.
 */
export class RememberedCancels {
  readonly #link: Link
  readonly #byKey = new Map<string, Entry>()

  constructor(link: Link) {
    this.#link = link
  }

  get size(): number {
    return this.#byKey.size
  }

  add(identity: RequestIdentity, timeLeft: number, reason: ErrorCode | undefined): void {
    if (timeLeft <= 0 || this.#byKey.size >= LIMIT) return
    const key = keyOf(identity.responseTopic, identity.correlationData)
    this.#byKey.get(key)?.deadline.cancel()
    const deadline = deadlinesOf(this.#link).add(timeLeft, () => this.#byKey.delete(key))
    this.#byKey.set(key, { identity, reason, deadline })
  }

  /**
   * Reads a message without a pending exchange, and cancels its request if that is remembered. Returns whether the message
   * is an acceptance, which is no response.
   */
  receive(message: Message): boolean {
    const controlTopic = controlTopicOf(message)
    const { topic, correlationData } = message
    if (controlTopic === undefined || correlationData === undefined) return false
    const key = keyOf(topic, correlationData)
    const entry = this.#byKey.get(key)
    if (entry !== undefined) {
      const { identity, reason, deadline } = entry
      this.#byKey.delete(key)
      deadline.cancel()
      const control = toControlMessage(controlTopic, identity, cancel(reason), deadline.left())
      this.#link.publish$(control).subscribe({ error: () => undefined })
    }
    return isAcceptance(message)
  }
}

function keyOf(responseTopic: string, correlationData: Uint8Array): string {
  return `${responseTopic}\u0000${fromBytes(correlationData)}`
}

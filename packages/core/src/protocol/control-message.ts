import type { ErrorCode } from '../errors.js'
import {
  userProperty,
  type MessageProperties,
  type OutgoingMessage,
  type UserProperties,
} from '../message.js'
import { fromBytes } from '../correlation/token.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import { Status } from './status.js'
import { fromStreamPosition, streamPositionOf, type StreamPosition } from './stream-position.js'

const EMPTY_PAYLOAD = new Uint8Array()

/** The properties by which a responder finds the request that an exchange control message is about. */
export interface RequestIdentity extends Pick<MessageProperties, 'responseTopic' | 'correlationData'> {
  readonly responseTopic: string
  readonly correlationData: Uint8Array
}

/** A message with User Properties. */
type HasUserProperties = Pick<MessageProperties, 'userProperties'>

/** The User Property of requests and exchange control messages: the number of the attempt, or what the message does. */
const CONTROL = '__ctl'

/** The User Property that names a responder's control topic. */
const CONTROL_TOPIC = '__ctlTopic'

const CREDIT = '__credit'

/** The position of an item, or of the next item that a responder expects. */
const STREAM = '__stream'

/** The value of `__ctl` that begins a request stream, in place of the number of an attempt. */
const OPEN = 'open'

/** The User Property of the message that begins a request stream. */
export const OPENING: UserProperties = [[CONTROL, OPEN]]

/** The properties of the first attempts, which most requests share. */
const ATTEMPTS: readonly UserProperties[] = [1, 2, 3, 4].map((attempt) => [[CONTROL, String(attempt)]])

/** What an exchange control message does: it cancels a request, raises its credit, retries it, or carries an item of it. */
export type ControlKind = 'cancel' | 'credit' | 'retry' | 'item'

/** Returns the key of a request. A topic contains no U+0000 [MQTT-4.7.3-2]. */
export function identityKey({ responseTopic, correlationData }: RequestIdentity): string {
  return `${responseTopic}\u0000${fromBytes(correlationData)}`
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

/** Returns the User Property of a request whose requester reads acceptances and sends exchange control messages. */
export function attemptProperties(attempt: number): UserProperties {
  return ATTEMPTS[attempt - 1] ?? [[CONTROL, String(attempt)]]
}

/** Returns the User Properties of a message that cancels a request, with the error code if an error is the reason. */
export function cancel(reason?: ErrorCode): UserProperties {
  const properties: UserProperties = [
    [CONTROL, 'cancel'],
    ['__stat', String(Status.cancelled)],
  ]
  return reason === undefined ? properties : [...properties, ['__stMsg', reason]]
}

/** Returns the User Properties of a request with initial credit for its response stream. */
export function initialCredit(items: number): UserProperties {
  return [[CREDIT, String(items)]]
}

/** Returns the User Properties of a message that raises the credit of a response stream to a total. */
export function totalCredit(items: number): UserProperties {
  return [
    [CONTROL, 'credit'],
    [CREDIT, String(items)],
  ]
}

/** Returns the User Properties of a message that stands for a retry; the responder repeats what it has sent. */
export function controlRetry(): UserProperties {
  return [[CONTROL, 'retry']]
}

/** Returns the User Properties of an acceptance, which names the control topic of the responder that has the request. */
export function acceptance(controlTopic: string): UserProperties {
  return [['__stat', String(Status.accepted)], controlTopicProperty(controlTopic)]
}

/** Returns the User Property of a response that names the control topic of its responder. */
export function controlTopicProperty(controlTopic: string): UserProperties[number] {
  return [CONTROL_TOPIC, controlTopic]
}

/** Returns the User Properties of an item of a request stream, or of its end. */
export function requestItem(position: StreamPosition): UserProperties {
  return [
    [CONTROL, 'item'],
    [STREAM, fromStreamPosition(position)],
  ]
}

/** Returns the User Properties of a message that shows that the requester is there. */
export function signOfLife(): UserProperties {
  return [[CONTROL, 'credit']]
}

/** The credit of a request stream: how many items its requester may send in all, and which item the responder expects. */
export interface ItemCredit {
  readonly total: number
  readonly nextIndex: number
}

/** Returns the User Properties by which an acceptance gives credit to a request stream. */
export function itemCredit({ total, nextIndex }: ItemCredit): UserProperties {
  return [
    [CREDIT, String(total)],
    [STREAM, String(nextIndex)],
  ]
}

/** Returns the credit that an acceptance gives to a request stream; `undefined` if it gives none. */
export function itemCreditOf(acceptance: HasUserProperties): ItemCredit | undefined {
  const total = creditOf(acceptance)
  const position = streamPositionOf(userProperty(acceptance.userProperties, STREAM))
  return total === undefined || position === undefined ? undefined : { total, nextIndex: position.index }
}

/** Returns the control topic that a response or an acceptance names; `undefined` if it names none. */
export function controlTopicOf({ userProperties }: HasUserProperties): string | undefined {
  // A response without an acceptance has its status alone, and is not searched.
  return userProperties === undefined || userProperties.length < 2
    ? undefined
    : userProperty(userProperties, CONTROL_TOPIC)
}

/** Whether a message on a response topic is an acceptance, which settles no exchange. */
export function isAcceptance(message: HasUserProperties): boolean {
  return (
    controlTopicOf(message) !== undefined &&
    userProperty(message.userProperties, '__stat') === String(Status.accepted)
  )
}

/** Returns what an exchange control message does; `undefined` for any other message. */
export function controlKindOf({ userProperties }: HasUserProperties): ControlKind | undefined {
  const kind = userProperty(userProperties, CONTROL)
  return kind === 'cancel' || kind === 'credit' || kind === 'retry' || kind === 'item' ? kind : undefined
}

/** Whether a message begins a request stream. */
export function isOpening({ userProperties }: HasUserProperties): boolean {
  return userProperty(userProperties, CONTROL) === OPEN
}

/** Whether a request comes from a requester that reads acceptances and sends exchange control messages. */
export function readsAcceptances({ userProperties }: HasUserProperties): boolean {
  const attempt = userProperty(userProperties, CONTROL)
  return attempt !== undefined && (/^\d{1,9}$/.test(attempt) || attempt === OPEN)
}

/** Whether a message is an exchange control message, and not a request. */
export function isControlMessage(message: HasUserProperties): boolean {
  return controlKindOf(message) !== undefined
}

/**
 * Whether a message on a request topic is an exchange control message of version 0.1, which sent them there: a cancel message or
 * credit. Its requester reads no control topic, so that they have no effect; but they are no requests.
 */
export function isControlOfVersion01({
  payload,
  userProperties,
}: HasUserProperties & { readonly payload: Uint8Array }): boolean {
  // Most requests have a payload.
  if (payload.length > 0 || userProperties === undefined) return false
  return (
    userProperty(userProperties, '__stat') === String(Status.cancelled) ||
    userProperty(userProperties, '__grant') !== undefined
  )
}

/** Whether a message cancels the request with the same correlation. */
export function isCancel(message: HasUserProperties): boolean {
  return controlKindOf(message) === 'cancel'
}

/** Returns the credit that a request or a credit message sets; `undefined` if it sets none. */
export function creditOf({ userProperties }: HasUserProperties): number | undefined {
  const text = userProperty(userProperties, CREDIT)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

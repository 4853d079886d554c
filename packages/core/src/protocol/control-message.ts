import type { ErrorCode } from '../errors.js'
import { userProperty, type MessageProperties, type UserProperties } from '../message.js'
import { Status } from './status.js'

/** A message with User Properties. */
type HasUserProperties = Pick<MessageProperties, 'userProperties'>

/** Returns the User Properties of a message that cancels a request, with the error code if an error is the reason. */
export function cancel(reason?: ErrorCode): UserProperties {
  const status = ['__stat', String(Status.cancelled)] as const
  return reason === undefined ? [status] : [status, ['__stMsg', reason]]
}

/** Returns the User Properties of a request with initial credit for its response stream. */
export function initialCredit(items: number): UserProperties {
  return [['__credit', String(items)]]
}

/** Returns the User Properties of a message that grants more credit; with 0 items it is only a sign of life. */
export function addedCredit(items: number): UserProperties {
  return [['__grant', String(items)]]
}

/** Whether a message on a request topic is an exchange control message, which cancels a request or grants credit. */
export function isControlMessage(message: HasUserProperties): boolean {
  return isCancel(message) || addedCreditOf(message) !== undefined
}

/** Whether a message cancels the request with the same correlation. */
export function isCancel({ userProperties }: HasUserProperties): boolean {
  return userProperty(userProperties, '__stat') === String(Status.cancelled)
}

/** Returns the initial credit of a request; `Infinity` if it sets none. */
export function initialCreditOf({ userProperties }: HasUserProperties): number {
  return toCredit(userProperty(userProperties, '__credit')) ?? Infinity
}

/** Returns the credit that a message grants to its response stream; `undefined` if it grants none. */
export function addedCreditOf({ userProperties }: HasUserProperties): number | undefined {
  return toCredit(userProperty(userProperties, '__grant'))
}

function toCredit(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

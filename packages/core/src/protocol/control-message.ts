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

/**
 * Returns the User Properties of a message that grants credit: the total number of items that the requester has granted so
 * far, so that a redelivery counts once. The total of before is only a sign of life.
 */
export function grantedCredit(total: number): UserProperties {
  return [['__grant', String(total)]]
}

/** Whether a message on a request topic is an exchange control message, which cancels a request or grants credit. */
export function isControlMessage(message: HasUserProperties): boolean {
  return isCancel(message) || grantedCreditOf(message) !== undefined
}

/** Whether a message cancels the request with the same correlation. */
export function isCancel({ userProperties }: HasUserProperties): boolean {
  return userProperty(userProperties, '__stat') === String(Status.cancelled)
}

/** Returns the initial credit of a request; `Infinity` if it sets none. */
export function initialCreditOf({ userProperties }: HasUserProperties): number {
  const text = userProperty(userProperties, '__credit')
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Infinity
}

/** Returns how many items a message grants to its response stream in total; `undefined` if it grants none. */
export function grantedCreditOf({ userProperties }: HasUserProperties): number | undefined {
  const text = userProperty(userProperties, '__grant')
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

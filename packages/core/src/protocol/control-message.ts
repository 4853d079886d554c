import { userProperty, type MessageProperties } from '../message.js'
import { Status } from './status.js'

/** Anything that carries user properties. */
type HasUserProperties = Pick<MessageProperties, 'userProperties'>

/** Whether a message on a request topic is no request but a word about one: a cancel or a grant of credit. */
export function isControlMessage(message: HasUserProperties): boolean {
  return isCancel(message) || addedCreditOf(message) !== undefined
}

/** Whether a message calls off the request of the same correlation. */
export function isCancel({ userProperties }: HasUserProperties): boolean {
  return userProperty(userProperties, '__stat') === String(Status.cancelled)
}

/** How many items a request wants at first; `Infinity` when it sets no limit. */
export function initialCreditOf({ userProperties }: HasUserProperties): number {
  return toCredit(userProperty(userProperties, '__credit')) ?? Infinity
}

/** How many more items a message wants of the stream it belongs to; `undefined` on any other message. */
export function addedCreditOf({ userProperties }: HasUserProperties): number | undefined {
  return toCredit(userProperty(userProperties, '__grant'))
}

function toCredit(said: string | undefined): number | undefined {
  return said !== undefined && /^\d{1,9}$/.test(said) ? Number(said) : undefined
}

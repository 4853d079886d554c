import type { Message } from '../message.js'
import { Status, type Failure } from '../protocol/status.js'

/** What is wrong with a header of a request. */
export interface HeaderFault {
  /** The header as the caller knows it, such as `Correlation Data`. */
  readonly name: string
  /** What it says, where it is there at all. */
  readonly value?: string
  /** For people. */
  readonly reason: string
}

/** What the headers of a request must be like; a fault is answered 400. */
export type HeaderRule = (request: Message) => HeaderFault | undefined

/** How many bytes of correlation mRPC asks for: a UUID as it is. */
const UUID_BYTES = 16

/** mRPC to the letter: a request says when it expires, and its correlation is a UUID of 16 bytes. */
export const mrpcHeaders: HeaderRule = ({ correlationData, messageExpiryInterval }) => {
  if (correlationData === undefined) return { name: 'Correlation Data', reason: 'there is no correlation' }
  if (correlationData.length !== UUID_BYTES) {
    const value = `${correlationData.length} bytes`
    return {
      name: 'Correlation Data',
      value,
      reason: `the correlation must be a UUID of ${UUID_BYTES} bytes`,
    }
  }
  if (messageExpiryInterval === undefined) return { name: 'Message Expiry', reason: 'there is no expiry' }
  return undefined
}

/** A fault of a header as the caller is told it. */
export function toHeaderFailure({ name, value, reason }: HeaderFault): Failure {
  const failure = { code: Status.badRequest, message: reason, propertyName: name }
  return value === undefined ? failure : { ...failure, propertyValue: value }
}

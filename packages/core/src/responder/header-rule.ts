import type { Message } from '../message.js'
import { Status, type Failure } from '../protocol/status.js'

/** A header of a request that breaks the responder's header rule. */
export interface HeaderFault {
  /** The header's name in MQTT, such as `Correlation Data`. Sent to the requester. */
  readonly name: string
  /** The value found; absent if the header is missing. */
  readonly value?: string
  /** Why it is rejected. Sent to the requester. */
  readonly reason: string
}

/** Checks the headers of a request. The responder answers 400 if it returns a fault. */
export type HeaderRule = (request: Message) => HeaderFault | undefined

/** The length of a UUID in binary form, which mRPC requires as Correlation Data. */
const UUID_BYTES = 16

/** Enforces the headers that mRPC requires: a message expiry, and a UUID of 16 bytes as Correlation Data. */
export const mrpcHeaders: HeaderRule = ({ correlationData, messageExpiryInterval }) => {
  if (correlationData === undefined) return { name: 'Correlation Data', reason: 'the correlation is missing' }
  if (correlationData.length !== UUID_BYTES) {
    const value = `${correlationData.length} bytes`
    return {
      name: 'Correlation Data',
      value,
      reason: `the correlation must be a UUID of ${UUID_BYTES} bytes`,
    }
  }
  if (messageExpiryInterval === undefined) return { name: 'Message Expiry', reason: 'the expiry is missing' }
  return undefined
}

/** Returns the failure to send to the requester for a header fault. */
export function toHeaderFailure({ name, value, reason }: HeaderFault): Failure {
  const failure = { code: Status.badRequest, message: reason, propertyName: name }
  return value === undefined ? failure : { ...failure, propertyValue: value }
}

import { userProperty, type Message, type OutgoingMessage } from '@antiphon/core'
import { base64url } from 'jose'

/** The User Property with the signature. */
export const SIGNATURE = '__jws'

/** A message that is signed or verified. */
export type SignedMessage = Message | OutgoingMessage

const encoder = new TextEncoder()

/** Whether a message is a request or an exchange control message, a response, or belongs to no exchange. */
export type MessageKind = 'request' | 'response' | 'message'

export function kindOf({ responseTopic, correlationData }: SignedMessage): MessageKind {
  if (responseTopic !== undefined) return 'request'
  return correlationData === undefined ? 'message' : 'response'
}

/** Returns the type of the signature of a message, so that no message is taken for one of another kind. */
export function typeOf(message: SignedMessage): string {
  return `antiphon-${kindOf(message)}`
}

/** Whether a message is an exchange control message, which belongs to a request that was sent before. */
export function isControl({ userProperties }: SignedMessage): boolean {
  return ['cancel', 'credit', 'retry', 'item'].includes(userProperty(userProperties, '__ctl') ?? '')
}

/** Returns the key of the exchange that a message belongs to; `undefined` if it belongs to none. */
export function exchangeOf({
  topic,
  responseTopic = topic,
  correlationData,
}: SignedMessage): string | undefined {
  return correlationData && `${responseTopic}\u0000${base64url.encode(correlationData)}`
}

/** Returns the digest of everything in a message that its receivers read. The broker changes its expiry, and may its QoS. */
export function digestOf(message: SignedMessage): Promise<string> {
  const {
    topic,
    responseTopic = '',
    correlationData,
    contentType = '',
    payload,
    userProperties = [],
  } = message
  const properties = userProperties.filter(([name]) => name !== SIGNATURE).flat()
  return digest(topic, responseTopic, correlationData ?? '', contentType, payload, ...properties)
}

/** Returns what identifies a request with its signer and payload in its response. It is the same for all attempts. */
export function referenceOf(
  { topic, responseTopic = '', correlationData, contentType = '', payload }: SignedMessage,
  keyId: string,
): Promise<string> {
  return digest(keyId, topic, responseTopic, correlationData ?? '', contentType, payload)
}

/** Returns the SHA-256 of some fields, each with its length before it. */
async function digest(...fields: readonly (string | Uint8Array)[]): Promise<string> {
  const parts = fields.map((field) => (typeof field === 'string' ? encoder.encode(field) : field))
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + 4 + length, 0))
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const part of parts) {
    view.setUint32(offset, part.length)
    bytes.set(part, offset + 4)
    offset += 4 + part.length
  }
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

import type { Message, OutgoingMessage } from '@antiphon/core'
import type { ProtocolVersion } from '@antiphon/packet'
import { fromOutgoing, toMessage } from '../packet/publication.js'
import type { Publication, DeliveryFields } from '../packet/publication.js'

/** Returns the publication of a local client's message; MQTT 3.1.1 has no properties. */
export function fromLocalMessage(
  message: OutgoingMessage,
  clientId: string,
  now: number,
  version: ProtocolVersion,
): Publication {
  if (version === 5) return fromOutgoing(message, clientId, now)
  const { topic, payload, qos = 1, retain = false } = message
  return fromOutgoing({ topic, payload, qos, retain }, clientId, now)
}

/** Returns a publication as a local client receives it. The client may keep the message. */
export function toLocalMessage(
  publication: Publication,
  fields: DeliveryFields,
  now: number,
  version: ProtocolVersion,
): Message {
  const message = toMessage(publication, fields, now, version)
  const { payload } = message
  // A small slice of a socket's chunk would keep the whole chunk in memory.
  const isShared = payload.length * 4 < payload.buffer.byteLength
  return isShared ? { ...message, payload: Uint8Array.from(payload) } : message
}

import type { Message, OutgoingMessage } from '@antiphon/core'
import type { ProtocolVersion } from '../packet/codec.js'
import { fromOutgoing, toMessage } from '../packet/publication.js'
import type { Publication, Reception } from '../packet/publication.js'

/** What a local client publishes; over 3.1.1 no property travels. */
export function fromLocal(
  message: OutgoingMessage,
  clientId: string,
  now: number,
  version: ProtocolVersion,
): Publication {
  if (version === 5) return fromOutgoing(message, clientId, now)
  const { topic, payload, qos = 1, retain = false } = message
  return fromOutgoing({ topic, payload, qos, retain }, clientId, now)
}

/** What a local client gets, to keep for as long as it likes. */
export function toLocalMessage(
  publication: Publication,
  as: Reception,
  now: number,
  version: ProtocolVersion,
): Message {
  const message = toMessage(publication, as, now, version)
  const { payload } = message
  // Whoever keeps a small slice of a socket's chunk keeps all of it.
  const isShared = payload.length * 4 < payload.buffer.byteLength
  return isShared ? { ...message, payload: Uint8Array.from(payload) } : message
}

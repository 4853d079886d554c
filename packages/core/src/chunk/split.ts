import { publishSize } from '@antiphon/packet'
import { v4 as uuid } from 'uuid'
import { AntiphonError } from '../errors.js'
import type { ConnectionInfo } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import { CHUNK_ID_PROPERTY, CHUNK_PROPERTY, fromChunkHeader } from './chunk-header.js'
import { crc32c } from './crc32c.js'

/** Upper bound of the encoded size of the user properties of a chunk. */
const LONGEST_HEADER = 96

/**
 * Splits a message into chunks that fit the broker's Maximum Packet Size; returns the message alone if it fits.
 *
 * Throws `too-large` if the properties alone do not fit.
 */
export function split(
  message: OutgoingMessage,
  info: ConnectionInfo | undefined,
): readonly OutgoingMessage[] {
  const limit = info?.maximumPacketSize ?? Infinity
  if (limit === Infinity || info?.protocolVersion !== 5 || publishSize(message, 5) <= limit) return [message]
  // Without Payload Format Indicator, as a chunk of a text may end within a character.
  const { payload, topic, userProperties = [], payloadFormatIndicator: _, ...rest } = message
  const room = limit - publishSize({ ...message, payload: payload.subarray(0, 0) }, 5) - LONGEST_HEADER
  if (room < 1) {
    throw new AntiphonError(
      'too-large',
      `cannot publish to ${topic}: its properties alone exceed the broker's Maximum Packet Size of ${limit} bytes; shorten them`,
      {
        topic,
        phase: 'before-network',
      },
    )
  }
  const size = payload.length
  const id = uuid().slice(0, 8)
  const count = Math.ceil(size / room)
  return Array.from({ length: count }, (_, index) => {
    const header = { index, count, size, ...(index === 0 ? { checksum: crc32c(payload) } : {}) }
    return {
      ...rest,
      topic,
      payload: payload.subarray(index * room, (index + 1) * room),
      userProperties: [...userProperties, [CHUNK_PROPERTY, fromChunkHeader(header)], [CHUNK_ID_PROPERTY, id]],
    }
  })
}

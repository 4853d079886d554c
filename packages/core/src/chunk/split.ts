import { AntiphonError } from '../errors.js'
import type { ConnectionInfo } from '../link/link.js'
import { publishSize } from '../link/publish-size.js'
import type { OutgoingMessage } from '../message.js'
import { CHUNK_PROPERTY, fromChunkHeader } from './chunk-header.js'
import { crc32c } from './crc32c.js'

/** What the longest header of a part takes on the wire, with its name and their lengths. */
const LONGEST_HEADER = 64

/**
 * The message in parts that the broker takes, in order; the message itself where it fits. Throws `too-large` where not
 * even its properties fit.
 */
export function split(
  message: OutgoingMessage,
  info: ConnectionInfo | undefined,
): readonly OutgoingMessage[] {
  const limit = info?.maximumPacketSize ?? Infinity
  if (limit === Infinity || info?.protocolVersion !== 5 || publishSize(message, 5) <= limit) return [message]
  // A part of a text may end within a character, so no part claims to be text.
  const { payload, topic, userProperties = [], payloadFormatIndicator: _, ...rest } = message
  const room = limit - publishSize({ ...message, payload: payload.subarray(0, 0) }, 5) - LONGEST_HEADER
  if (room < 1) {
    throw new AntiphonError(
      'too-large',
      `the properties of the message to ${topic} alone exceed ${limit} bytes`,
      {
        topic,
        phase: 'before-network',
      },
    )
  }
  const size = payload.length
  const count = Math.ceil(size / room)
  return Array.from({ length: count }, (_, index) => {
    const header = { index, count, size, ...(index === 0 ? { checksum: crc32c(payload) } : {}) }
    return {
      ...rest,
      topic,
      payload: payload.subarray(index * room, (index + 1) * room),
      userProperties: [...userProperties, [CHUNK_PROPERTY, fromChunkHeader(header)]],
    }
  })
}

import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import type { ByteWriter, Cursor, ProtocolVersion, PublishMessage } from '../src/index.js'
import { ByteWriter as Writer, Framer, writePublish } from '../src/index.js'

/** Parses packets with mqtt-packet, which shares no code with this package; throws its error. */
export function parsedByReference(bytes: Uint8Array, protocolVersion: ProtocolVersion): Packet[] {
  const packets: Packet[] = []
  const reference = parser({ protocolVersion })
  reference.on('packet', (packet) => packets.push(packet))
  reference.on('error', (error: unknown) => {
    throw error
  })
  reference.parse(Buffer.from(bytes))
  return packets
}

/** Encodes a message with mqtt-packet. */
export function generatedByReference(
  message: PublishMessage,
  id: number,
  version: ProtocolVersion,
  more: Partial<IPublishPacket['properties']> = {},
): Uint8Array {
  const { topic, payload, qos = 1, retain = false } = message
  const packet = {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos,
    retain,
    dup: false,
    ...(qos > 0 && { messageId: id }),
    ...(version === 5 && { properties: { ...toReferenceProperties(message), ...more } }),
  } as IPublishPacket
  return new Uint8Array(generate(packet, { protocolVersion: version }))
}

/** The properties of a message as mqtt-packet has them: user properties grouped by name. */
export function toReferenceProperties(message: PublishMessage): NonNullable<IPublishPacket['properties']> {
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic } = message
  const { correlationData, userProperties } = message
  const all = {
    payloadFormatIndicator,
    messageExpiryInterval,
    contentType,
    responseTopic,
    correlationData: correlationData && Buffer.from(correlationData),
    userProperties: userProperties && toGroups(userProperties),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function toGroups(pairs: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const groups: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (const [name, value] of pairs) {
    const earlier = groups[name]
    groups[name] =
      earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value]
  }
  return groups
}

/** Encodes a whole PUBLISH. */
export function encoded(message: PublishMessage, id: number, protocolVersion: ProtocolVersion): Uint8Array {
  return written((to) => {
    writePublish(to, message, { protocolVersion, ...(message.qos !== 0 && { packetId: id }) })
    to.raw(message.payload)
  })
}

/** Returns what `write` writes. */
export function written(write: (to: ByteWriter) => void): Uint8Array {
  const to = new Writer(1)
  write(to)
  return to.take()
}

/** Reads the packets in a sequence of chunks. */
export function readAll<A>(
  chunks: readonly Uint8Array[],
  read: (firstByte: number, body: Cursor) => A,
  maximum = Infinity,
): A[] {
  const framer = new Framer<Uint8Array>(maximum, (size) => new Uint8Array(size))
  return chunks.flatMap((chunk) => {
    framer.append(chunk)
    const results: A[] = []
    while (framer.next()) results.push(read(framer.firstByte, framer.body))
    return results
  })
}

/** Splits bytes into chunks of a size. */
export function chunked(whole: Uint8Array, size: number): readonly Uint8Array[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, index) => whole.slice(index * size, (index + 1) * size))
}

/** Returns the bytes that hexadecimal digits denote. */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
}

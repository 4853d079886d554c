import type { MessageProperties } from '@antiphon/core'
import { invalidMessage } from './violation.js'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Decodes the properties of a PUBLISH that were checked before; User Properties keep their order. */
export function decodeProperties(bytes: Uint8Array): MessageProperties {
  const properties: { -readonly [K in keyof MessageProperties]: MessageProperties[K] } = {}
  const pairs: [string, string][] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const binary = (): Uint8Array => {
    const start = at + 2
    at = start + view.getUint16(at)
    return bytes.subarray(start, at)
  }
  const text = (): string => decoder.decode(binary())
  while (at < bytes.length) {
    const identifier = bytes[at++] as number
    switch (identifier) {
      case 0x01:
        properties.payloadFormatIndicator = bytes[at++] === 1
        break
      case 0x02:
        properties.messageExpiryInterval = view.getUint32(at)
        at += 4
        break
      case 0x03:
        properties.contentType = text()
        break
      case 0x08:
        properties.responseTopic = text()
        break
      case 0x09:
        properties.correlationData = binary()
        break
      case 0x26:
        pairs.push([text(), text()])
        break
    }
  }
  if (pairs.length > 0) properties.userProperties = pairs
  return properties
}

/**
 * Encodes the properties of a PUBLISH; `expiryOffset` is the offset of the value of the Message Expiry Interval, or
 * -1.
 */
export function encodeProperties(properties: MessageProperties): {
  readonly bytes: Uint8Array
  readonly expiryOffset: number
} {
  const parts: Uint8Array[] = []
  let length = 0
  let expiryOffset = -1
  const add = (...bytes: Uint8Array[]): void => {
    for (const part of bytes) length += part.length
    parts.push(...bytes)
  }
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData } =
    properties
  if (payloadFormatIndicator !== undefined) add(Uint8Array.of(0x01, payloadFormatIndicator ? 1 : 0))
  if (messageExpiryInterval !== undefined) {
    expiryOffset = length + 1
    const bytes = Buffer.alloc(5, 0x02)
    bytes.writeUInt32BE(messageExpiryInterval, 1)
    add(bytes)
  }
  if (contentType !== undefined) add(Uint8Array.of(0x03), ...text('contentType', contentType))
  if (responseTopic !== undefined) add(Uint8Array.of(0x08), ...text('responseTopic', responseTopic))
  if (correlationData !== undefined) add(Uint8Array.of(0x09), ...sized('correlationData', correlationData))
  for (const [name, value] of properties.userProperties ?? []) {
    add(Uint8Array.of(0x26), ...text('a user property name', name), ...text('a user property value', value))
  }
  return { bytes: Buffer.concat(parts, length), expiryOffset }
}

function text(field: string, value: string): [Uint8Array, Uint8Array] {
  return sized(field, Buffer.from(value))
}

function sized(field: string, bytes: Uint8Array): [Uint8Array, Uint8Array] {
  if (bytes.length > 0xffff)
    throw invalidMessage(`${field} has ${bytes.length} bytes: MQTT allows at most 65 535`)
  return [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]
}

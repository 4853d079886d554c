import type { OutgoingMessage } from '../message.js'

/** The largest Remaining Length of a packet: four bytes of seven bits each (MQTT 5, 2.1.4). */
export const maximumRemainingLength = 268_435_455

/** Returns the size of the message's PUBLISH packet in bytes, for a protocol version. */
export function publishSize(message: OutgoingMessage, protocolVersion: 4 | 5): number {
  const properties = protocolVersion === 5 ? propertiesSize(message) : 0
  const propertyLength = protocolVersion === 5 ? variableSize(properties) : 0
  const packetIdentifier = message.qos === 0 ? 0 : 2
  const remaining =
    stringSize(message.topic) + packetIdentifier + propertyLength + properties + message.payload.length
  return 1 + variableSize(remaining) + remaining
}

function propertiesSize(message: OutgoingMessage): number {
  const { responseTopic, correlationData, contentType, userProperties } = message
  let size = 0
  if (message.payloadFormatIndicator !== undefined) size += 2
  if (message.messageExpiryInterval !== undefined) size += 5
  if (responseTopic !== undefined) size += 1 + stringSize(responseTopic)
  if (correlationData !== undefined) size += 3 + correlationData.length
  if (contentType !== undefined) size += 1 + stringSize(contentType)
  for (const [name, value] of userProperties ?? []) size += 1 + stringSize(name) + stringSize(value)
  return size
}

function stringSize(text: string): number {
  let size = 2 + text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    // Each half of a surrogate pair counts as two of its four bytes.
    if (unit >= 0x80) size += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return size
}

function variableSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  return value < 0x200000 ? 3 : 4
}

import { ByteWriter } from './byte-writer.js'
import type { Cursor } from './cursor.js'
import { malformed } from './packet-error.js'
import { PacketType, type ProtocolVersion } from './packet-type.js'
import { checkProperties, Property, PropertyContext } from './property-reader.js'
import { describeReason } from './reason.js'
import { utf8Size } from './utf8.js'
import { packetSize, variableByteIntegerSize } from './variable-byte-integer.js'

/** A decoded PUBACK, PUBREC, PUBREL or PUBCOMP. */
export interface Acknowledgement {
  packetId: number
  reasonCode: number
}

/** The reason codes of PUBACK and PUBREC, and of PUBREL and PUBCOMP. */
const receiptCodes = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const releaseCodes = [0x00, 0x92]

const current: Acknowledgement = { packetId: 0, reasonCode: 0 }

/** Decodes an acknowledgement; the reason code and the properties are optional. The result is valid until the next call. */
export function readAcknowledgement(
  firstByte: number,
  cursor: Cursor,
  version: ProtocolVersion,
): Readonly<Acknowledgement> {
  current.packetId = cursor.packetIdentifier()
  current.reasonCode = 0
  if (cursor.rest === 0) return current
  if (version === 4) throw malformed('bytes follow the Packet Identifier')
  current.reasonCode = cursor.byte()
  const isReceipt = firstByte === PacketType.puback || firstByte === PacketType.pubrec
  if (!(isReceipt ? receiptCodes : releaseCodes).includes(current.reasonCode))
    throw malformed(
      `the reason code is ${describeReason(current.reasonCode)}: this packet may not have it [MQTT-3.4.2-1]`,
    )
  if (cursor.rest > 0) checkProperties(cursor, PropertyContext.acknowledgement)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return current
}

/** Returns the size of an acknowledgement in its shortest form, which has no reason code of 0. */
export function acknowledgementSize(reasonCode: number): number {
  return reasonCode === 0 ? 4 : 5
}

/** Writes an acknowledgement in its shortest form into `acknowledgementSize` bytes. */
export function writeAcknowledgement(
  bytes: Uint8Array,
  offset: number,
  firstByte: number,
  packetId: number,
  reasonCode: number,
): void {
  bytes[offset] = firstByte
  bytes[offset + 1] = acknowledgementSize(reasonCode) - 2
  bytes[offset + 2] = packetId >> 8
  bytes[offset + 3] = packetId
  if (reasonCode !== 0) bytes[offset + 4] = reasonCode
}

/** Encodes an acknowledgement with a Reason String. */
export function acknowledgementWithReason(
  firstByte: number,
  packetId: number,
  reasonCode: number,
  reasonString: string,
): Uint8Array {
  const propertyLength = 3 + utf8Size(reasonString)
  const bodyLength = 3 + variableByteIntegerSize(propertyLength) + propertyLength
  const packet = new ByteWriter(packetSize(bodyLength))
  packet.byte(firstByte)
  packet.variableByteInteger(bodyLength)
  packet.twoBytes(packetId)
  packet.byte(reasonCode)
  packet.variableByteInteger(propertyLength)
  packet.byte(Property.reasonString)
  packet.text(reasonString)
  return packet.take()
}

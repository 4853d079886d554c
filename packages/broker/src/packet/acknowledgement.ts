import type { ProtocolVersion } from './codec.js'
import type { Cursor } from './cursor.js'
import { PropertyContext, walkProperties } from './properties.js'
import { reasonText } from './reason.js'
import { malformed, protocolError } from './violation.js'

/** The first bytes of the packet types that this package reads or writes itself. */
export const Header = {
  connect: 0x10,
  publish: 0x30,
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62,
  pubcomp: 0x70,
  subscribe: 0x82,
  unsubscribe: 0xa2,
  pingreq: 0xc0,
  pingresp: 0xd0,
  disconnect: 0xe0,
  auth: 0xf0,
} as const

/** A decoded PUBACK, PUBREC, PUBREL or PUBCOMP. The object is reused for the next packet. */
export interface Acknowledgement {
  packetId: number
  reasonCode: number
}

const current: Acknowledgement = { packetId: 0, reasonCode: 0 }

/** The reason codes that a client may send in PUBACK and PUBREC, and in PUBREL and PUBCOMP. */
const receiptCodes = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const releaseCodes = [0x00, 0x92]

/** Decodes an acknowledgement; the reason code and the properties are optional. */
export function readAcknowledgement(
  header: number,
  cursor: Cursor,
  version: ProtocolVersion,
): Acknowledgement {
  current.packetId = cursor.word()
  current.reasonCode = 0
  if (current.packetId === 0) throw protocolError('the Packet Identifier is 0 [MQTT-2.2.1-3]')
  if (cursor.rest > 0) {
    if (version === 4) throw malformed('bytes follow the Packet Identifier')
    current.reasonCode = cursor.byte()
    const allowedCodes = header === Header.puback || header === Header.pubrec ? receiptCodes : releaseCodes
    if (!allowedCodes.includes(current.reasonCode))
      throw malformed(
        `the reason code is ${reasonText(current.reasonCode)}: this packet may not have it [MQTT-3.4.2-1]`,
      )
    if (cursor.rest > 0) walkProperties(cursor, PropertyContext.acknowledgement)
    if (cursor.rest > 0) throw malformed('bytes follow the properties')
  }
  return current
}

/** Encodes an acknowledgement in its shortest form, without a reason code of 0; returns the offset of its end. */
export function writeAcknowledgement(
  buffer: Buffer,
  offset: number,
  header: number,
  packetId: number,
  reasonCode: number,
): number {
  buffer[offset] = header
  buffer[offset + 1] = reasonCode === 0 ? 2 : 3
  buffer[offset + 2] = packetId >> 8
  buffer[offset + 3] = packetId & 0xff
  if (reasonCode === 0) return offset + 4
  buffer[offset + 4] = reasonCode
  return offset + 5
}

/** Encodes an acknowledgement with a Reason String, for a client that requested it [MQTT-3.1.2-29]. */
export function acknowledgementWithReason(
  header: number,
  packetId: number,
  reasonCode: number,
  text: string,
): Buffer {
  const reason = Buffer.from(text)
  const packet = Buffer.allocUnsafe(9 + reason.length)
  writeAcknowledgement(packet, 0, header, packetId, reasonCode)
  packet[1] = 7 + reason.length
  packet[5] = 3 + reason.length
  packet[6] = 0x1f
  packet.writeUInt16BE(reason.length, 7)
  packet.set(reason, 9)
  return packet
}

import type { ProtocolVersion } from './codec.js'
import type { Cursor } from './cursor.js'
import { Place, walkProperties } from './properties.js'
import { malformed, protocolError } from './violation.js'

/** The first byte of each packet type that is read or written by hand. */
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

/** A PUBACK, PUBREC, PUBREL or PUBCOMP as it was read; the one object is used again for the next packet. */
export interface Acknowledgement {
  packetId: number
  reasonCode: number
}

const read: Acknowledgement = { packetId: 0, reasonCode: 0 }

/** The reason codes a client may say in each acknowledgement; 0x10 and 0x92 included where they belong. */
const received = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const released = [0x00, 0x92]

/** Reads an acknowledgement; the reason code and the properties may be missing. */
export function readAcknowledgement(
  header: number,
  cursor: Cursor,
  version: ProtocolVersion,
): Acknowledgement {
  read.packetId = cursor.word()
  read.reasonCode = 0
  if (read.packetId === 0) throw protocolError('the packet identifier is 0 [MQTT-2.2.1-3]')
  if (cursor.rest > 0) {
    if (version === 4) throw malformed('bytes follow the packet identifier')
    read.reasonCode = cursor.byte()
    const allowed = header === Header.puback || header === Header.pubrec ? received : released
    if (!allowed.includes(read.reasonCode))
      throw malformed(`reason code ${read.reasonCode} does not belong here [MQTT-3.4.2-1]`)
    if (cursor.rest > 0) walkProperties(cursor, Place.acknowledgement)
    if (cursor.rest > 0) throw malformed('bytes follow the properties')
  }
  return read
}

/** Writes an acknowledgement in its shortest form and tells where it ends: the reason code of 0 is left out. */
export function writeAcknowledgement(
  into: Buffer,
  at: number,
  header: number,
  packetId: number,
  reasonCode: number,
): number {
  into[at] = header
  into[at + 1] = reasonCode === 0 ? 2 : 3
  into[at + 2] = packetId >> 8
  into[at + 3] = packetId & 0xff
  if (reasonCode === 0) return at + 4
  into[at + 4] = reasonCode
  return at + 5
}

/** An acknowledgement with a reason in words, for a client that wants problem information [MQTT-3.1.2-29]. */
export function explainedAcknowledgement(
  header: number,
  packetId: number,
  reasonCode: number,
  text: string,
): Buffer {
  const words = Buffer.from(text)
  const packet = Buffer.allocUnsafe(9 + words.length)
  writeAcknowledgement(packet, 0, header, packetId, reasonCode)
  packet[1] = 7 + words.length
  packet[5] = 3 + words.length
  packet[6] = 0x1f
  packet.writeUInt16BE(words.length, 7)
  packet.set(words, 9)
  return packet
}

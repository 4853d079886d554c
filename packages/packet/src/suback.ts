import type { Cursor } from './cursor.js'
import { malformed, protocolError } from './packet-error.js'
import type { ProtocolVersion } from './packet-type.js'
import { checkProperties, PropertyContext } from './property-reader.js'
import { describeReason } from './reason.js'

/** A SUBACK or UNSUBACK: a reason code for each Topic Filter, in their order [MQTT-3.8.4-6] [MQTT-3.11.3-1]. */
export interface SubscriptionAcknowledgement {
  readonly packetId: number
  /** Absent in the UNSUBACK of MQTT 3.1.1. */
  readonly reasonCodes?: readonly number[]
}

const returnCodes = [0x00, 0x01, 0x02, 0x80]
const subackCodes = [...returnCodes, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]
const unsubackCodes = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]

/** Decodes a SUBACK. */
export function readSuback(cursor: Cursor, version: ProtocolVersion): SubscriptionAcknowledgement {
  const packetId = cursor.packetIdentifier()
  if (version === 5) checkProperties(cursor, PropertyContext.acknowledgement)
  const reasonCodes = readCodes(cursor, version === 5 ? subackCodes : returnCodes, '[MQTT-3.9.3-2]')
  return { packetId, reasonCodes }
}

/** Decodes an UNSUBACK. */
export function readUnsuback(cursor: Cursor, version: ProtocolVersion): SubscriptionAcknowledgement {
  const packetId = cursor.packetIdentifier()
  if (version === 4) {
    if (cursor.rest > 0) throw malformed('bytes follow the Packet Identifier')
    return { packetId }
  }
  checkProperties(cursor, PropertyContext.acknowledgement)
  return { packetId, reasonCodes: readCodes(cursor, unsubackCodes, '[MQTT-3.11.3-2]') }
}

function readCodes(cursor: Cursor, allowed: readonly number[], rule: string): readonly number[] {
  if (cursor.rest === 0) throw protocolError('the packet has no reason code')
  const codes = [...cursor.view(cursor.rest)]
  for (const code of codes) {
    if (!allowed.includes(code))
      throw malformed(`a reason code is ${describeReason(code)}: this packet may not have it ${rule}`)
  }
  return codes
}

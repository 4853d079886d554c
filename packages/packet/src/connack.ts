import type { Cursor } from './cursor.js'
import { malformed, type PacketError, protocolError } from './packet-error.js'
import type { ProtocolVersion } from './packet-type.js'
import { PropertyContext } from './property-reader.js'
import { type PropertyNames, readPropertyValues } from './property-values.js'
import { describeReason } from './reason.js'

/** The properties of a CONNACK. */
export interface ConnackProperties {
  readonly sessionExpiryInterval?: number
  /** 0 breaks the norm, and is not checked: the client may have a better value. */
  readonly receiveMaximum?: number
  readonly maximumQoS?: number
  readonly retainAvailable?: boolean
  readonly maximumPacketSize?: number
  readonly assignedClientIdentifier?: string
  readonly topicAliasMaximum?: number
  readonly reasonString?: string
  readonly userProperties?: readonly (readonly [name: string, value: string])[]
  readonly wildcardSubscriptionAvailable?: boolean
  readonly subscriptionIdentifiersAvailable?: boolean
  readonly sharedSubscriptionAvailable?: boolean
  readonly serverKeepAlive?: number
  readonly responseInformation?: string
  readonly serverReference?: string
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** A CONNACK. */
export interface ConnackPacket {
  readonly sessionPresent: boolean
  /** The reason code, in MQTT 3.1.1 the return code. */
  readonly reasonCode: number
  readonly properties: ConnackProperties
}

const names: PropertyNames<ConnackProperties> = {
  0x11: 'sessionExpiryInterval',
  0x12: 'assignedClientIdentifier',
  0x13: 'serverKeepAlive',
  0x15: 'authenticationMethod',
  0x16: 'authenticationData',
  0x1a: 'responseInformation',
  0x1c: 'serverReference',
  0x1f: 'reasonString',
  0x21: 'receiveMaximum',
  0x22: 'topicAliasMaximum',
  0x24: 'maximumQoS',
  0x25: 'retainAvailable',
  0x27: 'maximumPacketSize',
  0x28: 'wildcardSubscriptionAvailable',
  0x29: 'subscriptionIdentifiersAvailable',
  0x2a: 'sharedSubscriptionAvailable',
}

/** The reason codes of MQTT 5; the return codes of 3.1.1 are 0 to 5. */
const reasonCodes: readonly number[] = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a,
  0x9b, 0x9c, 0x9d, 0x9f,
]

/** Decodes a CONNACK. */
export function readConnack(cursor: Cursor, version: ProtocolVersion): ConnackPacket {
  const flags = cursor.byte()
  if (flags > 1) throw malformed('reserved Connect Acknowledge Flags are set [MQTT-3.2.2-1]')
  const sessionPresent = flags === 1
  const reasonCode = cursor.byte()
  if (sessionPresent && reasonCode !== 0)
    throw protocolError('Session Present is set although the connection is refused [MQTT-3.2.2-6]')
  if (version === 4 || isFromEarlierVersion(reasonCode, cursor)) {
    if (reasonCode > 5) throw notAllowed(reasonCode)
    if (cursor.rest > 0) throw malformed('bytes follow the return code')
    return { sessionPresent, reasonCode, properties: {} }
  }
  if (!reasonCodes.includes(reasonCode)) throw notAllowed(reasonCode)
  const properties = readPropertyValues(cursor, PropertyContext.connack, names)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return { sessionPresent, reasonCode, properties }
}

/** Whether a server without MQTT 5 refuses CONNECT: with a return code of MQTT 3.1.1, and without properties. */
function isFromEarlierVersion(reasonCode: number, { rest }: Cursor): boolean {
  return rest === 0 && reasonCode > 0 && reasonCode <= 5
}

function notAllowed(reasonCode: number): PacketError {
  return malformed(
    `the reason code is ${describeReason(reasonCode)}: this packet may not have it [MQTT-3.2.2-8]`,
  )
}

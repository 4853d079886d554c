import { AntiphonError } from '@antiphon/core'
import { PacketError, Reason } from '@antiphon/packet'

/** Whether a reason code is an error: from 0x80. */
export function isFailure(code: number): boolean {
  return code >= 0x80
}

/** Returns the reason code and the Reason String with which an error ends a connection. */
export function toReason(error: unknown): { readonly reasonCode: number; readonly text: string } {
  if (error instanceof PacketError) return { reasonCode: error.reasonCode, text: error.message }
  const { reasonCode = Reason.unspecifiedError, rawMessage } = AntiphonError.from(error)
  return { reasonCode, text: rawMessage }
}

const connectReturnCodes = new Map<number, number>([
  [Reason.unsupportedProtocolVersion, 1],
  [Reason.clientIdentifierNotValid, 2],
  [Reason.badUserNameOrPassword, 4],
  [Reason.notAuthorized, 5],
  [Reason.banned, 5],
  [Reason.badAuthenticationMethod, 5],
])

/** Returns the CONNACK return code of MQTT 3.1.1 for a reason code; 3, "Server unavailable", if it has no other. */
export function toConnectReturnCode(code: number): number {
  return code === Reason.success ? 0 : (connectReturnCodes.get(code) ?? 3)
}

/** The packets in which the broker sends error reason codes. */
type ReasonCodePacket = 'connack' | 'acknowledgement' | 'suback' | 'unsuback' | 'disconnect'

/** The error reason codes that each packet may have. */
const allowedCodes: Readonly<Record<ReasonCodePacket, readonly number[]>> = {
  /** [MQTT-3.2.2-8] */
  connack: [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a,
    0x9b, 0x9c, 0x9d, 0x9f,
  ],
  /** PUBACK and PUBREC [MQTT-3.4.2-1, 3.5.2-1] */
  acknowledgement: [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  /** [MQTT-3.9.3-2] */
  suback: [0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  /** [MQTT-3.11.3-2] */
  unsuback: [0x80, 0x83, 0x87, 0x8f, 0x91],
  /** [MQTT-3.14.2-1] */
  disconnect: [
    0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
}

/** The nearest codes for packets that may not have a code. */
const nearestCodes = new Map<number, number>([
  [Reason.badUserNameOrPassword, Reason.notAuthorized],
  [Reason.banned, Reason.notAuthorized],
  [Reason.badAuthenticationMethod, Reason.notAuthorized],
  [Reason.serverShuttingDown, Reason.serverUnavailable],
  [Reason.serverUnavailable, Reason.serverBusy],
])

/** Returns the nearest error reason code that a packet may have; hooks may return any code. */
export function toAllowedCode(packet: ReasonCodePacket, code: number): number {
  const codes = allowedCodes[packet]
  if (codes.includes(code)) return code
  const nearestCode = nearestCodes.get(code) ?? Reason.unspecifiedError
  return codes.includes(nearestCode) ? nearestCode : Reason.unspecifiedError
}

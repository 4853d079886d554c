/** The MQTT 5 reason codes that the broker sends or receives, by their names in the norm. */
export const Reason = {
  success: 0x00,
  grantedQoS1: 0x01,
  grantedQoS2: 0x02,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const

const names = new Map<number, string>(
  Object.entries(Reason).map(([name, code]) => [
    code,
    name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  ]),
)

/** Returns a reason code with its name, for example `0x87 not authorized`. */
export function reasonText(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')} ${names.get(code) ?? 'unknown reason code'}`
}

/** Whether a reason code is an error: from 0x80. */
export function isFailure(code: number): boolean {
  return code >= 0x80
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
type ReasonCodePacket = 'connack' | 'acknowledgement' | 'suback' | 'disconnect'

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

/** The MQTT 5 reason codes the broker says or understands, by the norm's names. */
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

/** A reason code in words, such as `0x87 not authorized`. */
export function reasonText(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')} ${names.get(code) ?? 'of no known name'}`
}

/** Whether a reason code says no. */
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

/** The CONNACK return code by which 3.1.1 says a reason; what it cannot say is "server unavailable". */
export function toConnectReturnCode(code: number): number {
  return code === Reason.success ? 0 : (connectReturnCodes.get(code) ?? 3)
}

/** The packets in which the broker says no. */
type SpeakingPacket = 'connack' | 'acknowledgement' | 'suback' | 'disconnect'

/** The reason codes of 0x80 and above that each of them may say. */
const sayable: Readonly<Record<SpeakingPacket, readonly number[]>> = {
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

/** What comes nearest to some codes in packets that do not have them. */
const nearest = new Map<number, number>([
  [Reason.badUserNameOrPassword, Reason.notAuthorized],
  [Reason.banned, Reason.notAuthorized],
  [Reason.badAuthenticationMethod, Reason.notAuthorized],
  [Reason.serverShuttingDown, Reason.serverUnavailable],
  [Reason.serverUnavailable, Reason.serverBusy],
])

/** A refusal in the words of a packet: a hook may say any code, and a packet has only some. */
export function inWordsOf(packet: SpeakingPacket, code: number): number {
  const codes = sayable[packet]
  if (codes.includes(code)) return code
  const near = nearest.get(code) ?? Reason.unspecifiedError
  return codes.includes(near) ? near : Reason.unspecifiedError
}

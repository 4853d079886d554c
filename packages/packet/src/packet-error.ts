import { describeReason, Reason } from './reason.js'

/** The error of bytes that violate the protocol, with the reason code that names the violation. */
export class PacketError extends Error {
  override readonly name = 'PacketError'
  readonly reasonCode: number

  /** `rule` says what is wrong, and ends in the number of the norm's statement if it has one. */
  constructor(reasonCode: number, rule: string) {
    super(`${describeReason(reasonCode)}: ${rule}`)
    this.reasonCode = reasonCode
  }
}

/** Returns the error of a Malformed Packet [MQTT-4.13.1-1]. */
export function malformed(rule: string): PacketError {
  return new PacketError(Reason.malformedPacket, withRuleNumber(rule))
}

/** Returns the error of a Protocol Error [MQTT-4.13.1-1]. */
export function protocolError(rule: string): PacketError {
  return new PacketError(Reason.protocolError, withRuleNumber(rule))
}

/** Adds the number of the general statement to a rule that has none. */
function withRuleNumber(rule: string): string {
  return rule.includes('[MQTT-') ? rule : `${rule} [MQTT-4.13.1-1]`
}

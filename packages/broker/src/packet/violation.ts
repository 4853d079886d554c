import { AntiphonError } from '@antiphon/core'
import { Reason, reasonText } from './reason.js'

/** The error of a client that violates the protocol, with the reason code to send to it. */
export type Violation = AntiphonError<'protocol'> & { readonly reasonCode: number }

/**
 * Returns the error of a client that violates `rule`, which ends in the number of the norm's statement if it has one.
 */
export function violation(reasonCode: number, rule: string): Violation {
  return new AntiphonError('protocol', `${reasonText(reasonCode)}: ${rule}`, { reasonCode }) as Violation
}

/** Returns the violation of a Malformed Packet [MQTT-4.13.1-1]. */
export function malformed(rule: string): Violation {
  return violation(Reason.malformedPacket, withRuleNumber(rule))
}

/** Returns the violation of a Protocol Error [MQTT-4.13.1-1]. */
export function protocolError(rule: string): Violation {
  return violation(Reason.protocolError, withRuleNumber(rule))
}

/** Adds the number of the general statement to a rule that has none. */
function withRuleNumber(rule: string): string {
  return rule.includes('[MQTT-') ? rule : `${rule} [MQTT-4.13.1-1]`
}

/** Returns the error of a message that was published in process and cannot be encoded. */
export function invalidMessage(rule: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', rule, { phase: 'before-network' })
}

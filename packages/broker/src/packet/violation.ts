import { AntiphonError } from '@antiphon/core'
import { Reason, reasonText } from './reason.js'

/** A peer's breach of the protocol, with the reason code that names it. */
export type Violation = AntiphonError<'protocol'> & { readonly reasonCode: number }

/** The error of a peer that broke a rule; `rule` says which, with the norm's number where there is one. */
export function violation(reasonCode: number, rule: string): Violation {
  return new AntiphonError('protocol', `${reasonText(reasonCode)}: ${rule}`, { reasonCode }) as Violation
}

/** A packet that cannot be read [MQTT-4.13.1-1]. */
export function malformed(rule: string): Violation {
  return violation(Reason.malformedPacket, cited(rule))
}

/** A packet that can be read and must not have been sent [MQTT-4.13.1-1]. */
export function protocolError(rule: string): Violation {
  return violation(Reason.protocolError, cited(rule))
}

/** A rule that has no number of its own falls under the one for all of them. */
function cited(rule: string): string {
  return rule.includes('[MQTT-') ? rule : `${rule} [MQTT-4.13.1-1]`
}

/** The error of a message handed to the broker in process that could not go on the wire. */
export function invalidMessage(rule: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', rule, { phase: 'before-network' })
}

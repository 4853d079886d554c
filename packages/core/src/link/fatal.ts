import type { AntiphonError } from '../errors.js'

/** CONNACK codes of MQTT 5 (including those about the will) and 3.1.1 that a retry cannot change. */
const PERMANENT_REFUSALS: ReadonlySet<number> = new Set([
  0x01, 0x02, 0x81, 0x82, 0x84, 0x85, 0x8a, 0x8c, 0x90, 0x95, 0x99, 0x9a, 0x9b, 0x9d,
])

/** CONNACK codes that refuse the credentials. */
const CREDENTIAL_REFUSALS: ReadonlySet<number> = new Set([0x04, 0x05, 0x86, 0x87])

/** Another client connected under our client id; reconnecting would disconnect it in turn, for ever. */
const TAKEN_OVER = 0x8e

/**
 * Whether a lost or refused connection ends the link.
 *
 * Refused credentials end a link that was never online. A link that was online before keeps retrying: a renewed token
 * or a restored user directory of the broker may accept it again.
 */
export function isFatal({ code, reasonCode }: AntiphonError, hasBeenOnline: boolean): boolean {
  if (code === 'invalid-argument' || code === 'protocol') return true
  if (reasonCode === undefined) return false
  if (code !== 'connection-refused') return reasonCode === TAKEN_OVER
  return PERMANENT_REFUSALS.has(reasonCode) || (CREDENTIAL_REFUSALS.has(reasonCode) && !hasBeenOnline)
}

import type { AntiphonError } from '../errors.js'

/** Refusals that asking again cannot change, in MQTT 5 (those of a will included) and in 3.1.1. */
const HOPELESS: ReadonlySet<number> = new Set([
  0x01, 0x02, 0x81, 0x82, 0x84, 0x85, 0x8a, 0x8c, 0x90, 0x95, 0x99, 0x9a, 0x9b, 0x9d,
])

/** Refusals of who we say we are. */
const CREDENTIALS: ReadonlySet<number> = new Set([0x04, 0x05, 0x86, 0x87])

/** Somebody else connected under our client id; coming back would throw them out in turn, for ever. */
const TAKEN_OVER = 0x8e

/**
 * Whether a lost or refused connection ends the link.
 *
 * Refused credentials end a link that never was online; one that was keeps trying, since what let it in before (a
 * renewed token, the broker's own directory) may do so again.
 */
export function isFatal({ code, reasonCode }: AntiphonError, hasBeenOnline: boolean): boolean {
  if (code === 'invalid-argument') return true
  if (reasonCode === undefined) return false
  if (code !== 'connection-refused') return reasonCode === TAKEN_OVER
  return HOPELESS.has(reasonCode) || (CREDENTIALS.has(reasonCode) && !hasBeenOnline)
}

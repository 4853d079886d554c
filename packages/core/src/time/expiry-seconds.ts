/** Converts milliseconds to a Message Expiry Interval: whole seconds, rounded up, at least 1. */
export function toExpirySeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000))
}

/** Milliseconds as a Message Expiry Interval has them: whole seconds, up, and never none. */
export function toExpirySeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000))
}

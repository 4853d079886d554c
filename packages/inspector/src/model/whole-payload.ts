import type { ObservedMessage } from '@antiphon/core/events'

/** Whether an event has the payload of its message, and not only its beginning or what a rule has left of it. */
export function hasWholePayload({ payload, payloadEncoding, bytes }: ObservedMessage): boolean {
  if (payload === undefined) return false
  // A recording may contain anything, so the text is not decoded.
  const length =
    payloadEncoding === 'base64'
      ? Math.floor((payload.replace(/=+$/, '').length * 3) / 4)
      : new TextEncoder().encode(payload).length
  return length === bytes
}

import type { Channel } from './channel.js'
import type { WriteBuffer } from './write-buffer.js'
import type { Reader } from './reader.js'

/**
 * How many milliseconds a client may still be silent, asked again and again, when it may be so for `allowed`. Whoever is
 * not being read from cannot be blamed for silence, but for reading nothing of what it is sent.
 */
export function silenceLeft(
  allowed: number,
  {
    reader,
    outbox,
    channel,
  }: { readonly reader: Reader; readonly outbox: WriteBuffer; readonly channel: Channel },
  now: () => number,
): () => number {
  let unread = Infinity
  return () => {
    const { isFull } = outbox
    const { pending } = channel
    if (reader.isHeld && (!isFull || pending < unread)) reader.lastPacketAt = now()
    unread = isFull ? pending : Infinity
    return reader.lastPacketAt + allowed - now()
  }
}

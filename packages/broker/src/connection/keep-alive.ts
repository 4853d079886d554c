import type { Channel } from './channel.js'
import type { WriteBuffer } from './write-buffer.js'
import type { Reader } from './reader.js'

/**
 * Returns a function that returns how many milliseconds are left until a client has been silent for `allowed` ones.
 *
 * While the broker does not read from a client, the client counts as alive unless it reads nothing of what the broker
 * sends.
 */
export function keepAliveRemaining(
  allowed: number,
  {
    reader,
    writeBuffer,
    channel,
  }: { readonly reader: Reader; readonly writeBuffer: WriteBuffer; readonly channel: Channel },
  now: () => number,
): () => number {
  let lastPending = Infinity
  return () => {
    const { isFull } = writeBuffer
    const { pending } = channel
    if (reader.isPaused && (!isFull || pending < lastPending)) reader.lastPacketAt = now()
    lastPending = isFull ? pending : Infinity
    return reader.lastPacketAt + allowed - now()
  }
}

import type { Duplex } from 'node:stream'
import { hex } from '../world.js'

/** Reads until the bytes end with PINGRESP or the stream ends. */
export async function readUntilPingresp(socket: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if (Buffer.concat(chunks).subarray(-2).equals(hex('d0 00'))) break
  }
  return Buffer.concat(chunks)
}

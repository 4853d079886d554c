import type { Duplex } from 'node:stream'
import type { Address } from '../../address.js'
import type { StreamOptions } from '../byte-stream.js'

/** Opens the tunnel, if the options have one. */
export function openTunnel({ host, port }: Address, { tunnel }: StreamOptions): Duplex | undefined {
  return tunnel?.({ host, port }) as Duplex | undefined
}

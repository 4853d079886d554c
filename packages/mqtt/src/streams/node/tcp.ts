import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address } from '../../address.js'
import type { StreamOptions } from '../byte-stream.js'
import { openTunnel } from './open-tunnel.js'

/** Opens a TCP connection, or a tunnel in its place. */
export function openTcp(address: Address, options: StreamOptions): Duplex {
  const { host, port } = address
  return openTunnel(address, options) ?? connect({ host, port })
}

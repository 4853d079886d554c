import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions } from 'node:tls'
import type { Address } from '../../address.js'
import type { StreamOptions } from '../byte-stream.js'
import { openTunnel } from './open-tunnel.js'

/** Opens a TLS connection, through a tunnel if there is one. */
export function openTls(address: Address, options: StreamOptions): Duplex {
  const { host, port } = address
  const socket = openTunnel(address, options)
  // The name for Server Name Indication, which may not be an IP address [RFC 6066, 3].
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connect({ host, port, ...servername, ...tlsOptions(options), ...(socket && { socket }) })
}

/** Returns the options of TLS as Node expects them: without those that are `undefined`, which would replace defaults. */
export function tlsOptions(options: StreamOptions): ConnectionOptions {
  const { ca, cert, key, passphrase, rejectUnauthorized = true, servername, ALPNProtocols } = options
  const values = { ca, cert, key, passphrase, rejectUnauthorized, servername, ALPNProtocols }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

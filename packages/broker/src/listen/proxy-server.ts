import { createServer, type Server, type Socket } from 'node:net'
import { AntiphonError } from '@antiphon/core'
import type { ClientAddresses } from './client-addresses.js'
import { readProxyHeader } from './proxy-header.js'

/** Options of `proxyServer`. */
export interface ProxyServerOptions {
  readonly addresses: ClientAddresses
  /** Called with the socket before its first byte is read. */
  readonly begun: (socket: Socket) => void
  /** Called with the socket after the header; it continues with the client's bytes. */
  readonly accept: (socket: Socket) => void
  /** A connection was closed because it has no valid header, or does not come from a trusted proxy. */
  readonly refused: (remoteAddress: string, reason: string) => void
}

/** Returns a server that reads the PROXY protocol header of each connection. */
export function proxyServer(options: ProxyServerOptions): Server {
  const { addresses, begun, accept, refused } = options
  return createServer((socket) => {
    const refuse = (reason: string): void => {
      socket.destroy()
      refused(addresses.ownOf(socket), reason)
    }
    socket.on('error', () => socket.destroy())
    if (!addresses.trusts(socket)) return refuse('the connection does not come from one of trustedProxies')
    begun(socket)
    let received = Buffer.alloc(0)
    const receive = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      try {
        const header = readProxyHeader(received)
        if (header === undefined) return
        socket.off('data', receive)
        // What was read stays in the stream until the next reader, which may be a TLS socket above it.
        socket.pause()
        if (header.source !== undefined) addresses.set(socket, header.source)
        if (received.length > header.length) socket.unshift(received.subarray(header.length))
      } catch (error) {
        socket.off('data', receive)
        return refuse(AntiphonError.from(error).rawMessage)
      }
      accept(socket)
    }
    socket.on('data', receive)
  })
}

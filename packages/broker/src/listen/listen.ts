import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Channel } from '../connection/channel.js'
import { SocketChannel } from './socket-channel.js'

/** An address to listen on. */
export interface Place {
  /** 0 takes any free one. @defaultValue 0 */
  readonly port?: number
  /** @defaultValue '127.0.0.1' */
  readonly host?: string
}

/** Where and how to accept connections. */
export type ListenOptions = (
  { readonly protocol: 'tcp' } | { readonly protocol: 'tls'; readonly tls: TlsOptions }
) &
  Place

/** Something the broker listens on. */
export interface Listener {
  /** How clients reach it, such as `mqtt://127.0.0.1:1883`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Accepts no more; connections that are there stay. */
  readonly close: () => Promise<void>
}

/** Listens, and hands every accepted stream over as a channel. */
export function listen(options: ListenOptions, accept: (channel: Channel) => void): Promise<Listener> {
  const { host = '127.0.0.1', port = 0 } = options
  let url = ''
  const server: Server = createTcpServer({ noDelay: true }, (socket) =>
    accept(new SocketChannel(socket, url)),
  )
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address() as AddressInfo
      url = `mqtt://${host}:${address.port}`
      resolve({
        url,
        host,
        port: address.port,
        close: () => new Promise((done) => server.close(() => done())),
      })
    })
  })
}

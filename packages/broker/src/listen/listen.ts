import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { Channel, PeerCertificate } from '../connection/channel.js'
import type { Limits } from '../limits.js'
import { SocketChannel } from './socket-channel.js'
import { acceptWebSockets } from './web-socket.js'

/** An address to listen on. */
export interface ListenAddress {
  /** 0 takes any free one. @defaultValue 0 */
  readonly port?: number
  /** @defaultValue '127.0.0.1', this machine only */
  readonly host?: string
}

/** Where and how to accept connections. TLS takes Node's own options: `key`, `cert`, `ca`, `requestCert`, … */
export type ListenOptions = ListenAddress &
  (
    | { readonly protocol: 'tcp' }
    | { readonly protocol: 'tls'; readonly tls: TlsOptions }
    /** Without a `path` any will do. */
    | { readonly protocol: 'ws'; readonly path?: string }
    | { readonly protocol: 'wss'; readonly tls: TlsOptions; readonly path?: string }
  )

/** Something the broker listens on. */
export interface Listener {
  /** How clients reach it, such as `mqtt://127.0.0.1:1883`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Accepts no more; connections that are there stay. */
  readonly close: () => Promise<void>
}

/** Who takes what a listener brings. */
export interface ListenHost {
  readonly accept: Accept
  /** There were too many connections for one more. */
  readonly turnedAway: (remoteAddress: string) => void
  /** Accepting failed once; the listener goes on. */
  readonly failed: (url: string, error: Error) => void
}

/** Takes a channel that was accepted. */
export type Accept = (channel: Channel) => void

const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' } as const

/** Listens, and hands every accepted stream over as a channel. */
export function listen(options: ListenOptions, limits: Limits, taker: ListenHost): Promise<Listener> {
  const { host = '127.0.0.1', port = 0, protocol } = options
  const path = 'path' in options && options.path !== undefined ? options.path : ''
  let url = ''
  const server = serverFor(options, limits, () => url, taker.accept)
  // Handshakes count, too, though nobody has come in yet.
  server.maxConnections = limits.connections
  server.on('drop', (peer) =>
    taker.turnedAway(`${peer?.remoteAddress ?? 'unknown'}:${peer?.remotePort ?? 0}`),
  )
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      // A system out of sockets, for example: what is there goes on.
      server.on('error', (error) => taker.failed(url, error))
      const address = server.address() as AddressInfo
      url = `${schemes[protocol]}://${host.includes(':') ? `[${host}]` : host}:${address.port}${path}`
      resolve({
        url,
        host,
        port: address.port,
        close: () => new Promise((done) => server.close(() => done())),
      })
    })
  })
}

function serverFor(options: ListenOptions, limits: Limits, url: () => string, accept: Accept): Server {
  const { connectTimeout } = limits
  switch (options.protocol) {
    case 'tcp':
      return createTcpServer((socket) => accept(new SocketChannel(socket, url())))
    case 'tls':
      return createTlsServer({ ...options.tls, handshakeTimeout: connectTimeout }, (socket) =>
        accept(new SocketChannel(socket, url(), certificateOf(socket))),
      )
    case 'ws': {
      const server = createHttpServer({ headersTimeout: connectTimeout, requestTimeout: connectTimeout })
      acceptWebSockets(server, { ...options, limits, url, certificateOf: () => undefined }, accept)
      return server
    }
    case 'wss': {
      const timeouts = {
        handshakeTimeout: connectTimeout,
        headersTimeout: connectTimeout,
        requestTimeout: connectTimeout,
      }
      const server = createHttpsServer({ ...options.tls, ...timeouts })
      acceptWebSockets(
        server,
        { ...options, limits, url, certificateOf: (socket) => certificateOf(socket as TLSSocket) },
        accept,
      )
      return server
    }
  }
}

/** The client's certificate, where it sent one that the server's authorities vouch for. */
function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined
  const certificate = socket.getPeerCertificate()
  if (certificate.raw === undefined) return undefined
  const { subject, fingerprint256, raw } = certificate
  const { CN } = subject
  return { commonName: Array.isArray(CN) ? (CN[0] ?? '') : (CN ?? ''), fingerprint256, raw }
}

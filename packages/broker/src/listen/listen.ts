import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Server as TlsServer, TLSSocket, TlsOptions } from 'node:tls'
import { AntiphonError } from '@antiphon/core'
import type { Deadlines } from '@antiphon/core/link'
import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { Channel } from '../connection/channel.js'
import type { Limits } from '../limits.js'
import { Handshakes } from './handshakes.js'
import { SocketChannel } from './socket-channel.js'
import { acceptWebSockets } from './web-socket.js'

/** An address to listen on. */
export interface ListenAddress {
  /** The port; 0 takes any free port. @defaultValue 0 */
  readonly port?: number
  /** @defaultValue '127.0.0.1', this machine only */
  readonly host?: string
}

/** The address and protocol to listen on. `tls` takes Node's options: `key`, `cert`, `ca`, `requestCert`, … */
export type ListenOptions = ListenAddress &
  (
    | { readonly protocol: 'tcp' }
    | { readonly protocol: 'tls'; readonly tls: TlsOptions }
    /** `path` is the only path that clients may use; without it, any. */
    | { readonly protocol: 'ws'; readonly path?: string }
    | { readonly protocol: 'wss'; readonly tls: TlsOptions; readonly path?: string }
  )

/** An address that the broker listens on. */
export interface Listener {
  /** The URL for clients, for example `mqtt://127.0.0.1:1883`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /**
   * Replaces the certificate, its key, the authorities and the revocation lists for new connections. Connected clients stay
   * connected. Throws `invalid-argument` if the listener has no TLS, and as Node does for invalid certificates.
   */
  readonly updateTls: (tls: TlsOptions) => void
  /**
   * Stops accepting connections, and closes those in a TLS or WebSocket handshake; connected clients stay connected.
   */
  readonly close: () => Promise<void>
}

/** The callbacks of a listener. */
export interface ListenHost {
  readonly accept: (channel: Channel) => void
  readonly deadlines: Deadlines
  /** A connection was rejected because `limits.connections` was reached. */
  readonly rejected: (remoteAddress: string) => void
  /** A connection was closed because its TLS or WebSocket handshake took longer than `limits.connectTimeout`. */
  readonly timedOut: (remoteAddress: string) => void
  /** A connection could not be accepted; the listener continues. */
  readonly failed: (url: string, error: Error) => void
}

/** Receives an accepted channel, and its socket. */
export type AcceptSocket = (channel: Channel, socket: Socket) => void

const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' } as const

/** Starts to listen, and passes every accepted stream to `events.accept` as a channel. */
export function listen(options: ListenOptions, limits: Limits, events: ListenHost): Promise<Listener> {
  const { host = '127.0.0.1', port = 0, protocol } = options
  const path = 'path' in options && options.path !== undefined ? options.path : ''
  let url = ''
  const { deadlines, timedOut } = events
  const handshakes = new Handshakes({ deadlines, timeout: limits.connectTimeout, timedOut })
  const accept = (channel: Channel, socket: Socket): void => {
    handshakes.complete(socket)
    events.accept(channel)
  }
  const server = serverFor(options, limits, () => url, accept)
  if (protocol !== 'tcp') server.on('connection', (socket: Socket) => handshakes.begin(socket))
  // Limits sockets in a TLS or WebSocket handshake too, which are no channels yet.
  server.maxConnections = limits.connections
  server.on('drop', (peer) => events.rejected(`${peer?.remoteAddress ?? 'unknown'}:${peer?.remotePort ?? 0}`))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      // For example when the system is out of file descriptors; existing connections are not affected.
      server.on('error', (error) => events.failed(url, error))
      const address = server.address() as AddressInfo
      url = `${schemes[protocol]}://${host.includes(':') ? `[${host}]` : host}:${address.port}${path}`
      resolve({
        url,
        host,
        port: address.port,
        updateTls: (tls) => updateTls(server, url, tls),
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            handshakes.abort()
          }),
      })
    })
  })
}

function updateTls(server: Server, url: string, tls: TlsOptions): void {
  if (!('setSecureContext' in server))
    throw new AntiphonError('invalid-argument', `cannot update the certificate of ${url}: it has no TLS`)
  // As when the listener was created: sessions of the earlier certificates cannot be resumed.
  ;(server as TlsServer).setSecureContext(tls)
}

function serverFor(options: ListenOptions, limits: Limits, url: () => string, accept: AcceptSocket): Server {
  const { connectTimeout } = limits
  switch (options.protocol) {
    case 'tcp':
      return createTcpServer((socket) => accept(new SocketChannel(socket, url()), socket))
    case 'tls':
      return createTlsServer(options.tls, (socket) =>
        accept(new SocketChannel(socket, url(), certificateOf(socket)), socket),
      )
    case 'ws': {
      const server = createHttpServer({ headersTimeout: connectTimeout, requestTimeout: connectTimeout })
      acceptWebSockets(server, { ...options, limits, url, certificateOf: () => undefined }, accept)
      return server
    }
    case 'wss': {
      const timeouts = { headersTimeout: connectTimeout, requestTimeout: connectTimeout }
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

/** Returns the client's certificate if it was verified against the server's certificate authorities. */
function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined
  const certificate = socket.getPeerCertificate()
  if (certificate.raw === undefined) return undefined
  const { subject, fingerprint256, raw } = certificate
  const { CN } = subject
  return { commonName: Array.isArray(CN) ? (CN[0] ?? '') : (CN ?? ''), fingerprint256, raw }
}

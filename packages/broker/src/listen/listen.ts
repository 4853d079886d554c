import { createServer as createHttpServer } from 'node:http'
import type { Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Server as TlsServer, TLSSocket, TlsOptions } from 'node:tls'
import { AntiphonError } from '@antiphon/core'
import type { Deadlines } from '@antiphon/core/link'
import type { Channel } from '../connection/channel.js'
import type { Limits } from '../limits.js'
import { certificateOf } from './certificate-of.js'
import { ClientAddresses } from './client-addresses.js'
import { Handshakes } from './handshakes.js'
import { checkListenOptions } from './listen-rules.js'
import { proxyServer } from './proxy-server.js'
import { StreamChannel } from './stream-channel.js'
import { TrustedProxies } from './trusted-proxies.js'
import { listenOnUnixSocket } from './unix-socket.js'
import { WebSocketUpgrades, type WebSocketUpgradesOptions } from './web-socket.js'

/** An address to listen on. */
export interface ListenAddress {
  /** The port; 0 takes any free port. @defaultValue 0 */
  readonly port?: number
  /** The address to listen on. @defaultValue '127.0.0.1', this machine only */
  readonly host?: string
  /**
   * The path of a Unix socket, or the name of a Windows pipe, in place of `port` and `host`. Every process that may write to
   * it can connect. The socket of a process that has died is replaced. Not with TLS.
   */
  readonly socketPath?: string
}

/** The proxies in front of a listener. */
export interface ProxyOptions {
  /**
   * The addresses and networks of proxies, for example `['127.0.0.1', '10.0.0.0/8']`. Their `X-Forwarded-For` headers name
   * the clients of WebSockets, from the right up to the first address that is not trusted. @defaultValue none is trusted
   */
  readonly trustedProxies?: readonly string[]
  /**
   * Whether each connection begins with a PROXY protocol header, version 1 or 2, which names the client. Other connections,
   * and those from elsewhere than `trustedProxies`, are closed. @defaultValue false
   */
  readonly proxyProtocol?: boolean
}

/** Which WebSockets a listener accepts. */
export interface WebSocketOptions {
  /** The only path that clients may use. @defaultValue any */
  readonly path?: string
  /**
   * The origins whose web pages may connect, for example `['https://example.org']`. It protects users of browsers; other
   * programs send any origin, or none. @defaultValue all
   */
  readonly origins?: readonly string[]
}

/** The address and protocol to listen on. `tls` takes Node's options: `key`, `cert`, `ca`, `requestCert`, … */
export type ListenOptions = ListenAddress &
  ProxyOptions &
  (
    | { readonly protocol: 'tcp' }
    | { readonly protocol: 'tls'; readonly tls: TlsOptions }
    | ({ readonly protocol: 'ws' } & WebSocketOptions)
    | ({ readonly protocol: 'wss'; readonly tls: TlsOptions } & WebSocketOptions)
  )

/** An address that the broker listens on. */
export interface Listener {
  /** The URL for clients, for example `mqtt://127.0.0.1:1883`. */
  readonly url: string
  /** The host; empty for a Unix socket, whose path is in the URL. */
  readonly host: string
  /** The port; 0 for a Unix socket. */
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
  /** Whether the listener and its connections do not keep the process alive. */
  readonly isUnref: boolean
  readonly deadlines: Deadlines
  /** A connection was rejected because `limits.connections` was reached. */
  readonly rejected: (remoteAddress: string) => void
  /** A connection was closed because what the broker awaited took longer than `limits.connectTimeout`. */
  readonly timedOut: (remoteAddress: string, awaited: string) => void
  /** A connection was closed before CONNECT for another reason. */
  readonly refused: (remoteAddress: string, reason: string) => void
  /** A connection could not be accepted; the listener continues. */
  readonly failed: (url: string, error: Error) => void
}

const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' } as const

/** Starts to listen, and passes every accepted stream to `events.accept` as a channel. */
export async function listen(options: ListenOptions, limits: Limits, events: ListenHost): Promise<Listener> {
  checkListenOptions(options)
  const { protocol, socketPath, trustedProxies, proxyProtocol = false } = options
  let url = ''
  const addresses = new ClientAddresses({
    trusted: trustedProxies && new TrustedProxies(trustedProxies),
    isLocal: () => socketPath !== undefined,
  })
  const awaited = proxyProtocol ? 'PROXY protocol header or handshake' : 'TLS or WebSocket handshake'
  const handshakes = new Handshakes({
    deadlines: events.deadlines,
    timeout: limits.connectTimeout,
    timedOut: (socket) => events.timedOut(addresses.ownOf(socket), awaited),
  })
  const begun = (socket: Socket): void => handshakes.begin(socket)
  const accept = (channel: Channel, socket: Socket): void => {
    handshakes.complete(socket)
    events.accept(channel)
  }
  const { refused } = events
  const server = serverFor(options, { limits, addresses, url: () => url, accept, refused })
  const acceptProxied = (socket: Socket): void => {
    server.emit('connection', socket)
    // A TLS socket reads from the socket below it by itself.
    if (!('tls' in options)) socket.resume()
  }
  const front = proxyProtocol ? proxyServer({ addresses, begun, refused, accept: acceptProxied }) : server
  if (!proxyProtocol && protocol !== 'tcp') server.on('connection', begun)
  // Limits sockets in a TLS or WebSocket handshake too, which are no channels yet.
  front.maxConnections = limits.connections
  front.on('drop', (peer) => events.rejected(`${peer?.remoteAddress ?? 'unknown'}:${peer?.remotePort ?? 0}`))
  if (events.isUnref) front.on('connection', (socket) => socket.unref())
  await open(front, options)
  if (events.isUnref) front.unref()
  // For example when the system is out of file descriptors; existing connections are not affected.
  front.on('error', (error) => events.failed(url, error))
  const address = front.address() as AddressInfo | string
  url = urlOf(options, address)
  return {
    url,
    host: socketPath === undefined ? (options.host ?? defaultHost) : '',
    port: typeof address === 'string' ? 0 : address.port,
    updateTls: (tls) => updateTls(server, url, tls),
    close: () =>
      new Promise((done) => {
        front.close(() => done())
        handshakes.abort()
      }),
  }
}

const defaultHost = '127.0.0.1'

function open(server: Server, { host = defaultHost, port = 0, socketPath }: ListenAddress): Promise<void> {
  if (socketPath !== undefined) return listenOnUnixSocket(server, socketPath)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function updateTls(server: Server, url: string, tls: TlsOptions): void {
  if (!('setSecureContext' in server))
    throw new AntiphonError('invalid-argument', `cannot update the certificate of ${url}: it has no TLS`)
  // As when the listener was created: sessions of the earlier certificates cannot be resumed.
  ;(server as TlsServer).setSecureContext(tls)
}

function urlOf(options: ListenOptions, address: AddressInfo | string): string {
  const { host = defaultHost, protocol } = options
  const scheme = schemes[protocol]
  const path = 'path' in options ? (options.path ?? '') : ''
  // As the package `ws` writes it.
  if (typeof address === 'string') return `${scheme}+unix:${address}${path === '' ? '' : `:${path}`}`
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}${path}`
}

/** What the servers of all protocols need. */
type ServerOptions = Pick<WebSocketUpgradesOptions, 'limits' | 'addresses' | 'url' | 'accept' | 'refused'>

function serverFor(options: ListenOptions, context: ServerOptions): Server {
  const { limits, addresses, url, accept } = context
  const timeouts = { headersTimeout: limits.connectTimeout, requestTimeout: limits.connectTimeout }
  const acceptStream = (socket: Socket): void => {
    const certificate = certificateOf(socket as TLSSocket)
    const origin = {
      ...addresses.of(socket),
      listener: url(),
      ...(certificate === undefined ? {} : { certificate }),
    }
    accept(new StreamChannel(socket, origin), socket)
  }
  switch (options.protocol) {
    case 'tcp':
      return createTcpServer(acceptStream)
    case 'tls':
      return createTlsServer(options.tls, acceptStream)
    case 'ws':
      return withUpgrades(createHttpServer(timeouts), { ...context, ...options })
    case 'wss':
      return withUpgrades(createHttpsServer({ ...options.tls, ...timeouts }), { ...context, ...options })
  }
}

/** Accepts WebSockets on an HTTP server. All other HTTP requests get status 426. */
function withUpgrades(server: HttpServer, options: WebSocketUpgradesOptions): Server {
  server.on('request', (_, response) => {
    response.writeHead(426, { Upgrade: 'websocket' }).end('MQTT over WebSocket only\n')
  })
  return server.on('upgrade', new WebSocketUpgrades(options).handle)
}

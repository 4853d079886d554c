import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { WebSocketRequest } from '../authority/web-socket-request.js'
import type { Channel, ChannelListener, ChannelOrigin } from '../connection/channel.js'
import type { Limits } from '../limits.js'
import { certificateOf } from './certificate-of.js'
import type { ClientAddresses } from './client-addresses.js'
import { isAllowedOrigin } from './origins.js'
import { tuneSocket } from './stream-channel.js'
import { toWebSocketRequest } from './web-socket-request.js'

/** Receives an accepted channel, and its socket. */
export type AcceptSocket = (channel: Channel, socket: Socket) => void

/** Options of the upgrades of one listener. */
export interface WebSocketUpgradesOptions {
  /** The only path that clients may use; any without it. */
  readonly path?: string
  /** The origins whose pages may connect; any without it. */
  readonly origins?: readonly string[]
  readonly limits: Limits
  readonly addresses: ClientAddresses
  readonly url: () => string
  readonly accept: AcceptSocket
  /** A request was refused, for a reason that an operator should see. */
  readonly refused: (remoteAddress: string, reason: string) => void
}

/** The HTTP requests that become WebSockets with MQTT. */
export class WebSocketUpgrades {
  readonly #options: WebSocketUpgradesOptions
  readonly #sockets: WebSocketServer

  constructor(options: WebSocketUpgradesOptions) {
    this.#options = options
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // One frame may contain several packets, and `ws` buffers a whole frame.
      maxPayload: 2 * options.limits.packetSize,
      handleProtocols: () => 'mqtt', // [MQTT-6.0.0-4]
    })
  }

  /** Whether a request is for this listener. */
  matches({ url = '/' }: IncomingMessage): boolean {
    const { path } = this.#options
    return path === undefined || url.split('?', 1)[0] === path
  }

  /** Handles the `upgrade` event of an HTTP server. */
  readonly handle = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { url, accept } = this.#options
    if (!this.matches(request)) return refuseUpgrade(socket, '404 Not Found')
    const offered = request.headers['sec-websocket-protocol']?.split(',') ?? []
    if (!offered.some((protocol) => protocol.trim() === 'mqtt'))
      return refuseUpgrade(socket, '400 Bad Request') // [MQTT-6.0.0-3]
    const { remoteAddress, proxyAddress } = this.#addressesOf(request, socket)
    const { origin } = request.headers
    if (!isAllowedOrigin(origin, this.#options.origins)) {
      this.#options.refused(remoteAddress, `the origin ${origin?.slice(0, 100)} is not one of origins`)
      return refuseUpgrade(socket, '403 Forbidden')
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const certificate = certificateOf(socket as TLSSocket)
      const channel = new WebSocketChannel(webSocket, socket, {
        remoteAddress,
        listener: url(),
        ...(proxyAddress === undefined ? {} : { proxyAddress }),
        ...(certificate === undefined ? {} : { certificate }),
        request: toWebSocketRequest(request),
      })
      accept(channel, socket as Socket)
    })
  }

  #addressesOf({ headers }: IncomingMessage, socket: Duplex): ReturnType<ClientAddresses['of']> {
    // Node joins several of these headers by commas.
    return this.#options.addresses.of(socket as Socket, headers['x-forwarded-for'] as string | undefined)
  }
}

/** Refuses an upgrade with an HTTP status. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** A channel over the binary frames of a WebSocket. Packets need not align with frames [MQTT-6.0.0-2]. */
class WebSocketChannel implements Channel {
  declare readonly remoteAddress: string
  declare readonly listener: string
  declare readonly proxyAddress?: string
  declare readonly certificate?: PeerCertificate
  declare request?: WebSocketRequest | undefined
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  #failure: Error | undefined

  constructor(webSocket: WebSocket, socket: Duplex, origin: ChannelOrigin) {
    Object.assign(this, origin)
    this.#webSocket = webSocket
    this.#socket = socket
    tuneSocket(socket)
    // At once: the connection may fail before the broker is ready to listen.
    webSocket.on('error', (error) => (this.#failure = error))
  }

  get isClosed(): boolean {
    return this.#webSocket.readyState === this.#webSocket.CLOSED
  }

  get pending(): number {
    return this.#webSocket.bufferedAmount
  }

  listen({ onData, onDrain, onClose }: ChannelListener): void {
    const webSocket = this.#webSocket
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) onData(data as Buffer)
      else webSocket.close(1003, 'MQTT requires binary frames') // [MQTT-6.0.0-1]
    })
    this.#socket.on('drain', onDrain)
    webSocket.on('close', () => onClose(this.#failure))
  }

  write(pieces: readonly Uint8Array[]): void {
    const webSocket = this.#webSocket
    if (webSocket.readyState !== webSocket.OPEN) return
    for (const piece of pieces) webSocket.send(piece)
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  end(): void {
    this.#webSocket.close(1000)
  }

  destroy(): void {
    this.#webSocket.terminate()
  }
}

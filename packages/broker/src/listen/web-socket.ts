import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { PeerCertificate } from '../authority/peer-certificate.js'
import type { Channel, ChannelListener } from '../connection/channel.js'
import type { Limits } from '../limits.js'
import type { AcceptSocket } from './listen.js'

/** Options of a WebSocket listener. */
export interface WebSocketOptions {
  readonly path?: string
  readonly limits: Limits
  readonly url: () => string
  readonly certificateOf: (socket: Duplex) => PeerCertificate | undefined
}

/** Accepts WebSockets on an HTTP server. All other HTTP requests get status 426. */
export function acceptWebSockets(server: Server, options: WebSocketOptions, accept: AcceptSocket): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // One frame may contain several packets, and `ws` buffers a whole frame.
    maxPayload: 2 * options.limits.packetSize,
    handleProtocols: () => 'mqtt', // [MQTT-6.0.0-4]
  })
  server.on('request', (_, response) => {
    response.writeHead(426, { Upgrade: 'websocket' }).end('MQTT over WebSocket only\n')
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request, options)
    if (refusal !== undefined) {
      socket.on('error', () => socket.destroy())
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const channel = new WebSocketChannel(
        webSocket,
        socket as Socket,
        options.url(),
        options.certificateOf(socket),
      )
      accept(channel, socket as Socket)
    })
  })
}

function refusalOf({ url = '/', headers }: IncomingMessage, { path }: WebSocketOptions): string | undefined {
  if (path !== undefined && url.split('?', 1)[0] !== path) return '404 Not Found'
  const offered = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim()) ?? []
  return offered.includes('mqtt') ? undefined : '400 Bad Request' // [MQTT-6.0.0-3]
}

/** A channel over the binary frames of a WebSocket. Packets need not align with frames [MQTT-6.0.0-2]. */
class WebSocketChannel implements Channel {
  readonly remoteAddress: string
  readonly listener: string
  readonly certificate?: PeerCertificate
  readonly #webSocket: WebSocket
  readonly #socket: Socket

  constructor(
    webSocket: WebSocket,
    socket: Socket,
    listener: string,
    certificate: PeerCertificate | undefined,
  ) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.remoteAddress = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    this.listener = listener
    if (certificate !== undefined) this.certificate = certificate
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
  }

  get pending(): number {
    return this.#webSocket.bufferedAmount
  }

  listen({ onData, onDrain, onClose }: ChannelListener): void {
    const webSocket = this.#webSocket
    let failure: Error | undefined
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) onData(data as Buffer)
      else webSocket.close(1003, 'MQTT requires binary frames') // [MQTT-6.0.0-1]
    })
    this.#socket.on('drain', onDrain)
    webSocket.on('error', (error) => (failure = error))
    webSocket.on('close', () => onClose(failure))
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

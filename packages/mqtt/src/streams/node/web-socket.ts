import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocket } from 'ws'
import type { Address } from '../../address.js'
import { type StreamOptions, subprotocol, webSocketUrl } from '../byte-stream.js'
import { openTunnel } from './open-tunnel.js'
import { tlsOptions } from './tls.js'

/** Opens a WebSocket, through a tunnel if there is one. `wsOptions` take precedence over the options of TLS. */
export function openWebSocket(address: Address, options: StreamOptions): Duplex {
  const socket = openTunnel(address, options)
  const tunnel: object = address.protocol === 'wss' ? { socket } : { createConnection: () => socket }
  const webSocketOptions: object = {
    ...tlsOptions(options),
    ...options.wsOptions,
    ...(socket !== undefined && tunnel),
  }
  const webSocket = new WebSocket(webSocketUrl(address), [subprotocol], webSocketOptions)
  // The stream of a WebSocket has no `unref`, and its socket is not known before.
  if (options.unref === true) webSocket.on('upgrade', ({ socket }) => socket.unref())
  const stream = createWebSocketStream(webSocket)
  // Bytes that were not sent when the WebSocket closed would keep the stream open.
  webSocket.on('close', () => stream.destroy())
  return stream
}

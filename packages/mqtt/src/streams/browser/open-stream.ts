import { type OpenStream, webSocketUrl } from '../byte-stream.js'
import { WebSocketStream } from './web-socket-stream.js'

/** Opens a WebSocket, the only stream to a broker that a browser has. */
export const openStream: OpenStream = (address, _options, events) =>
  new WebSocketStream(webSocketUrl(address), events)

import type { SessionOptions } from '../options.js'
import type { WebSocketConstructor } from '../streams/browser/web-socket-stream.js'

/** The options of a connection over the platform's WebSocket. */
export interface WebOptions extends SessionOptions {
  /**
   * The class of the WebSocket, for runtimes without one or to pass headers: `WebSocket` of the npm package `ws` fits.
   * @defaultValue the global `WebSocket`
   */
  readonly webSocket?: WebSocketConstructor
}

/**
 * A link over the platform's own WebSocket, without MQTT.js, for browsers and other runtimes that have one.
 *
 * @packageDocumentation
 */
export { connect } from './connect.js'
export type { WebConnectOptions } from './connect.js'
export type { WebOptions } from './options.js'
export { webTransport } from './transport.js'
export type { BrokerUrl } from '../address.js'
export type {
  Authentication,
  AuthenticationExchange,
  ConnectProperties,
  Credentials,
  ServerRedirection,
  SessionOptions,
  Will,
} from '../options.js'
export type { WebSocketConstructor, WebSocketLike } from '../streams/browser/web-socket-stream.js'

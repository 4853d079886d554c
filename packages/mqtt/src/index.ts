export type { BrokerUrl } from './address.js'
export { connect } from './connect.js'
export type { ConnectOptions } from './connect.js'
export type {
  Authentication,
  AuthenticationExchange,
  ConnectProperties,
  Credentials,
  MqttOptions,
  ServerRedirection,
  SessionOptions,
  TlsMaterial,
  Will,
} from './options.js'
export type { Tunnel, TunnelTarget } from './tunnel.js'
export { mqttTransport } from './transport.js'

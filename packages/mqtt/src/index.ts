export { connect } from './connect.js'
export type { ConnectOptions } from './connect.js'
export type { ConnectProperties, Credentials, MqttOptions, TlsMaterial, Will } from './options.js'
export { mqttTransport } from './transport.js'

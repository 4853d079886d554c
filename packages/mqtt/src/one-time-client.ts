import mqtt, { type IClientOptions, type MqttClient, type StreamBuilder } from 'mqtt'

/** The parser of MQTT.js. */
export interface PacketSink {
  readonly write: (packet: Uint8Array) => unknown
}

/**
 * Creates an MQTT.js client for one connection, without reconnecting, resubscribing or queueing. `onData` receives every
 * inbound chunk together with the parser of MQTT.js, which reads only what `onData` writes to it.
 */
export function oneTimeClient(
  options: IClientOptions,
  onData: (chunk: Uint8Array, parser: PacketSink) => void,
): MqttClient {
  const client = mqtt.connect({
    ...options,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    manualConnect: true,
    log: () => undefined,
  })
  const build = tunnelStream(options) ?? (client['streamBuilder'] as StreamBuilder)
  const buildTapped: StreamBuilder = (mqttClient) => {
    const stream = build(mqttClient)
    // MQTT.js calls `pipe` once, with its parser.
    stream.pipe = (parser) => {
      stream.on('data', (chunk: Uint8Array) => onData(chunk, parser))
      return parser
    }
    return stream
  }
  client['streamBuilder'] = buildTapped
  return client
}

/** Builds the stream for a tunnel over plain TCP; MQTT.js has an option for it only for TLS and WebSockets. */
function tunnelStream(options: IClientOptions & { readonly socket?: unknown }): StreamBuilder | undefined {
  const { protocol, socket } = options
  return protocol === 'mqtt' && socket !== undefined ? () => socket as ReturnType<StreamBuilder> : undefined
}

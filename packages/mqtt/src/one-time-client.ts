import mqtt, { type IClientOptions, type MqttClient, type StreamBuilder } from 'mqtt'

/** Where MQTT.js takes what is for it. */
export interface PacketSink {
  readonly write: (packet: Uint8Array) => unknown
}

/**
 * A client that connects once, when told, and keeps nothing. What its stream brings is given to `arrived`, and with it
 * where MQTT.js reads: it sees no more than it is let see.
 */
export function oneTimeClient(
  options: IClientOptions,
  arrived: (chunk: Uint8Array, rest: PacketSink) => void,
): MqttClient {
  const client = mqtt.connect({
    ...options,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    manualConnect: true,
    log: () => undefined,
  })
  const build = ownStream(options) ?? (client['streamBuilder'] as StreamBuilder)
  const buildTapped: StreamBuilder = (by) => {
    const stream = build(by)
    // The one time it is called, it is with what parses.
    stream.pipe = (rest) => {
      stream.on('data', (chunk: Uint8Array) => arrived(chunk, rest))
      return rest
    }
    return stream
  }
  client['streamBuilder'] = buildTapped
  return client
}

/** A socket of our own; MQTT.js takes it for TLS and WebSockets only. */
function ownStream(options: IClientOptions & { readonly socket?: unknown }): StreamBuilder | undefined {
  const { protocol, socket } = options
  return protocol === 'mqtt' && socket !== undefined ? () => socket as ReturnType<StreamBuilder> : undefined
}

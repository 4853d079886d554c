import mqtt, { type MqttClient } from 'mqtt'
import { echoCodec } from './contract.js'
import { reportFailure } from './run-peer.js'

/** Connects an MQTT.js client with the options of an experienced user. */
export async function connectClient(port: number): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
  })
  // MQTT.js does not disable Nagle's algorithm, which delays single requests.
  ;(client.stream as unknown as { setNoDelay?: (isOn: boolean) => void }).setNoDelay?.(true)
  client.setMaxListeners(0)
  client.on('disconnect', ({ reasonCode = 0 }) => reportFailure(`0x${reasonCode.toString(16)}`))
  client.on('close', () => reportFailure('the connection was closed'))
  client.on('error', (error) => reportFailure(error.message))
  return client
}

/** The properties that all contestants set for a JSON payload. */
export const jsonProperties = { contentType: 'application/json', payloadFormatIndicator: true } as const

/** Encodes by the codec that all contestants use, without copying. */
export function encode(value: Parameters<typeof echoCodec.encode>[0]): Buffer {
  const { buffer, byteOffset, byteLength } = echoCodec.encode(value)
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Subscribes to many filters, in packets of a size that brokers accept. */
export async function subscribeAll(
  client: MqttClient,
  topics: readonly string[],
  qos: 0 | 1 | 2,
): Promise<void> {
  for (let start = 0; start < topics.length; start += 500) {
    await client.subscribeAsync(topics.slice(start, start + 500), { qos })
  }
}

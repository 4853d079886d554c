import mqtt, { type MqttClient } from 'mqtt'
import { talk } from './contract.js'
import { die } from './run-peer.js'

/** A connected MQTT.js client, set up as one does who knows it. */
export async function connected(port: number): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
  })
  // What the client leaves out: without it, calls one by one wait for Nagle's timer.
  ;(client.stream as unknown as { setNoDelay?: (isOn: boolean) => void }).setNoDelay?.(true)
  client.setMaxListeners(0)
  client.on('disconnect', ({ reasonCode = 0 }) => die(`0x${reasonCode.toString(16)}`))
  client.on('close', () => die('the connection was closed'))
  client.on('error', (error) => die(error.message))
  return client
}

/** What all of them say of a JSON payload. */
export const jsonProperties = { contentType: 'application/json', payloadFormatIndicator: true } as const

/** Encodes by the codec that all use, copying nothing. */
export function encoded(value: Parameters<typeof talk.encode>[0]): Buffer {
  const { buffer, byteOffset, byteLength } = talk.encode(value)
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Subscribes to many filters, so many in a packet as a broker takes. */
export async function subscribeAll(
  client: MqttClient,
  topics: readonly string[],
  qos: 0 | 1 | 2,
): Promise<void> {
  for (let start = 0; start < topics.length; start += 500) {
    await client.subscribeAsync(topics.slice(start, start + 500), { qos })
  }
}

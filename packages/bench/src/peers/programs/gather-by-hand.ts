import type { MqttClient } from 'mqtt'
import { connectClient, encode, jsonProperties } from '../by-hand.js'
import { decodeOrThrow, firstId, echoMessage, echoCodec, topic } from '../contract.js'
import { measureGather, timeout, type GatherResult, type GatherOptions } from '../gather.js'
import { runPeer } from '../run-peer.js'

async function serveOn(client: MqttClient): Promise<void> {
  client.on('message', (_, payload, { qos, properties = {} }) => {
    const { responseTopic, correlationData } = properties
    if (responseTopic === undefined || correlationData === undefined) return
    const options = { qos, properties: { correlationData, ...jsonProperties } }
    client.publish(responseTopic, encode(decodeOrThrow(echoCodec, payload)), options)
  })
  await client.subscribeAsync(topic, { qos: 1 })
}

await runPeer(async ({ part, port, qos, endpoints = 1 }) => {
  if (part === 'responder') {
    const clients = await Promise.all(Array.from({ length: endpoints }, () => connectClient(port)))
    await Promise.all(clients.map(serveOn))
    return {}
  }
  const client = await connectClient(port)
  const responseTopic = `response/${client.options.clientId}`
  const pending = new Map<string, (payload: Buffer) => void>()
  client.on('message', (_, payload, { properties }) => {
    pending.get(properties?.correlationData?.toString('latin1') ?? '')?.(payload)
  })
  await client.subscribeAsync(responseTopic, { qos: 1 })
  const sendRequest = (id: number, responders: number): Promise<number> =>
    new Promise((resolve) => {
      const token = id.toString(36)
      let responses = 0
      const end = (): void => {
        clearTimeout(timer)
        pending.delete(token)
        resolve(responses)
      }
      const timer = setTimeout(end, timeout)
      pending.set(token, (payload) => {
        decodeOrThrow(echoCodec, payload)
        responses += 1
        if (responses === responders) end()
      })
      const correlationData = Buffer.from(token, 'latin1')
      const properties = { responseTopic, correlationData, ...jsonProperties }
      client.publish(topic, encode(echoMessage(firstId + id, 32)), { qos, properties })
    })
  return {
    gather: (options: GatherOptions): Promise<GatherResult> =>
      measureGather(options, (id) => sendRequest(id, options.responders)),
  }
})

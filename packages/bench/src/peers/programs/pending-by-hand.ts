import { connectClient, encode, jsonProperties } from '../by-hand.js'
import { decodeOrThrow, echoCodec, topic, type EchoMessage } from '../contract.js'
import { pendingCommands } from '../pending.js'
import { runPeer } from '../run-peer.js'

await runPeer(async ({ port, qos }) => {
  const client = await connectClient(port)
  const responseTopic = `response/${client.options.clientId}`
  const pending = new Map<string, (response: EchoMessage) => void>()
  let last = 0
  client.on('message', (_, payload, { properties }) => {
    const token = properties?.correlationData?.toString('latin1') ?? ''
    const settle = pending.get(token)
    pending.delete(token)
    settle?.(decodeOrThrow(echoCodec, payload))
  })
  await client.subscribeAsync(responseTopic, { qos: 1 })
  return pendingCommands(({ onResponse }) => (request) => {
    const token = (last++).toString(36)
    pending.set(token, onResponse)
    const correlationData = Buffer.from(token, 'latin1')
    const properties = { responseTopic, correlationData, ...jsonProperties, messageExpiryInterval: 600 }
    client.publish(topic, encode(request), { qos, properties })
  })
})

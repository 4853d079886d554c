import { connected, encoded, jsonProperties } from '../by-hand.js'
import { decoded, talk, topic, type Talk } from '../contract.js'
import { pendingCommands } from '../pending.js'
import { runPeer } from '../run-peer.js'

await runPeer(async ({ port, qos }) => {
  const client = await connected(port)
  const responseTopic = `response/${client.options.clientId}`
  const pending = new Map<string, (response: Talk) => void>()
  let last = 0
  client.on('message', (_, payload, { properties }) => {
    const token = properties?.correlationData?.toString('latin1') ?? ''
    const settle = pending.get(token)
    pending.delete(token)
    settle?.(decoded(talk, payload))
  })
  await client.subscribeAsync(responseTopic, { qos: 1 })
  return pendingCommands(({ answered }) => (request) => {
    const token = (last++).toString(36)
    pending.set(token, answered)
    const correlationData = Buffer.from(token, 'latin1')
    const properties = { responseTopic, correlationData, ...jsonProperties, messageExpiryInterval: 600 }
    client.publish(topic, encoded(request), { qos, properties })
  })
})

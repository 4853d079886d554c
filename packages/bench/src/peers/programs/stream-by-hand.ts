import { connected, encoded, jsonProperties } from '../by-hand.js'
import { decoded, question, talk, topic } from '../contract.js'
import { runPeer } from '../run-peer.js'
import { receiving, type Received, type StreamOrder } from '../stream.js'

/** Items under way at once; a plain loop would pile up all of them in the client. */
const ahead = 256

await runPeer(async ({ part, port, qos }) => {
  const client = await connected(port)
  if (part === 'responder') {
    client.on('message', (_, payload, { properties = {} }) => {
      const { responseTopic, correlationData } = properties
      if (responseTopic === undefined || correlationData === undefined) return
      const { id: items } = decoded(talk, payload)
      const options = { qos, properties: { correlationData, ...jsonProperties } }
      let sent = 0
      const send = (): void => {
        if (sent < items) client.publish(responseTopic, encoded(question(sent++, 32)), options, send)
      }
      while (sent < Math.min(ahead, items)) send()
    })
    await client.subscribeAsync(topic, { qos: 2 })
    return {}
  }
  const responseTopic = `response/${client.options.clientId}`
  const pending = new Map<string, (payload: Buffer) => void>()
  let last = 0
  client.on('message', (_, payload, { properties }) => {
    pending.get(properties?.correlationData?.toString('latin1') ?? '')?.(payload)
  })
  await client.subscribeAsync(responseTopic, { qos: 1 })
  return {
    stream: ({ items }: StreamOrder): Promise<Received> =>
      receiving((next, end, fail) => {
        const token = (last++).toString(36)
        let left = items
        pending.set(token, (payload) => {
          next(decoded(talk, payload))
          left -= 1
          if (left > 0) return
          pending.delete(token)
          end()
        })
        const correlationData = Buffer.from(token, 'latin1')
        const properties = { responseTopic, correlationData, ...jsonProperties }
        client.publish(topic, encoded(question(items, 32)), { qos, properties }, (error) => {
          if (error) fail(error)
        })
      }),
  }
})

import { connectClient, encode, jsonProperties } from '../by-hand.js'
import { decodeOrThrow, echoMessage, echoCodec, topic } from '../contract.js'
import { runPeer } from '../run-peer.js'
import { measureStream, type StreamResult, type StreamOptions } from '../stream.js'

/** Items in flight at once; a plain loop would queue all of them in the client. */
const maxInFlight = 256

await runPeer(async ({ part, port, qos }) => {
  const client = await connectClient(port)
  if (part === 'responder') {
    client.on('message', (_, payload, { properties = {} }) => {
      const { responseTopic, correlationData } = properties
      if (responseTopic === undefined || correlationData === undefined) return
      const { id: items } = decodeOrThrow(echoCodec, payload)
      const options = { qos, properties: { correlationData, ...jsonProperties } }
      let sent = 0
      const send = (): void => {
        if (sent < items) client.publish(responseTopic, encode(echoMessage(sent++, 32)), options, send)
      }
      while (sent < Math.min(maxInFlight, items)) send()
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
    stream: ({ items }: StreamOptions): Promise<StreamResult> =>
      measureStream((next, end, fail) => {
        const token = (last++).toString(36)
        let left = items
        pending.set(token, (payload) => {
          next(decodeOrThrow(echoCodec, payload))
          left -= 1
          if (left > 0) return
          pending.delete(token)
          end()
        })
        const correlationData = Buffer.from(token, 'latin1')
        const properties = { responseTopic, correlationData, ...jsonProperties }
        client.publish(topic, encode(echoMessage(items, 32)), { qos, properties }, (error) => {
          if (error) fail(error)
        })
      }),
  }
})

import { connectClient, jsonProperties } from '../by-hand.js'
import { topic } from '../contract.js'
import { runPeer } from '../run-peer.js'

/** A request that has not been answered yet. */
interface WaitingRequest {
  readonly responseTopic: string
  readonly correlationData: Buffer
  readonly payload: Buffer
}

/** A responder that answers only on command, in random order. */
await runPeer(async ({ port, qos }) => {
  const client = await connectClient(port)
  const waiting: WaitingRequest[] = []
  let onRequest: () => void = () => undefined
  client.on('message', (_, payload, { properties = {} }) => {
    const { responseTopic, correlationData } = properties
    if (responseTopic === undefined || correlationData === undefined) return
    waiting.push({ responseTopic, correlationData, payload })
    onRequest()
  })
  await client.subscribeAsync(topic, { qos: 1 })
  return {
    /** Resolves when this many requests are waiting. */
    awaitRequests: (count: number): Promise<void> =>
      new Promise((resolve) => {
        onRequest = () => {
          if (waiting.length >= count) resolve()
        }
        onRequest()
      }),
    respond: (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        // Removes a random element by moving the last element to its position.
        const position = Math.floor(Math.random() * waiting.length)
        const selected = waiting[position]
        const last = waiting.pop()
        if (selected === undefined || last === undefined) return
        if (position < waiting.length) waiting[position] = last
        const { responseTopic, correlationData, payload } = selected
        client.publish(responseTopic, payload, { qos, properties: { correlationData, ...jsonProperties } })
      }
    },
  }
})

import { connected, jsonProperties } from '../by-hand.js'
import { topic } from '../contract.js'
import { runPeer } from '../run-peer.js'

/** A request that waits for its answer. */
interface Held {
  readonly responseTopic: string
  readonly correlationData: Buffer
  readonly payload: Buffer
}

/** Answers nothing until it is told to, then any of what it holds. */
await runPeer(async ({ port, qos }) => {
  const client = await connected(port)
  const held: Held[] = []
  let onHeld: () => void = () => undefined
  client.on('message', (_, payload, { properties = {} }) => {
    const { responseTopic, correlationData } = properties
    if (responseTopic === undefined || correlationData === undefined) return
    held.push({ responseTopic, correlationData, payload })
    onHeld()
  })
  await client.subscribeAsync(topic, { qos: 1 })
  return {
    /** Resolves when it holds so many. */
    held: (count: number): Promise<void> =>
      new Promise((resolve) => {
        onHeld = () => {
          if (held.length >= count) resolve()
        }
        onHeld()
      }),
    answer: (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        // One from anywhere, the last taking its place.
        const place = Math.floor(Math.random() * held.length)
        const chosen = held[place]
        const last = held.pop()
        if (chosen === undefined || last === undefined) return
        if (place < held.length) held[place] = last
        const { responseTopic, correlationData, payload } = chosen
        client.publish(responseTopic, payload, { qos, properties: { correlationData, ...jsonProperties } })
      }
    },
  }
})

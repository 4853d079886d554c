import { createBroker } from '@antiphon/broker'
import { afterEach, describe, expect, it } from 'vitest'
import { field, FloorClient, type FloorMessage } from '../src/peers/floor-client.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function startClients(): Promise<readonly [sender: FloorClient, receiver: FloorClient]> {
  const broker = createBroker()
  const { port } = await broker.listen({ protocol: 'tcp' })
  cleanups.push(() => broker.close())
  const clients = [
    await FloorClient.connect(port, 'sender'),
    await FloorClient.connect(port, 'receiver'),
  ] as const
  cleanups.unshift(() => clients.map((client) => client.close()))
  return clients
}

const textOf = ({ bytes }: FloorMessage, start: number, end: number): string =>
  bytes.toString('utf8', start, end)

describe('FloorClient', () => {
  for (const qos of [0, 1] as const) {
    it(`sends and receives the parts of a request at QoS ${qos}, with payloads larger than one read`, async () => {
      const [sender, receiver] = await startClients()
      const received: string[] = []
      const sizes = [0, 10, 300, 20_000, 200_000, 70_000]
      const done = new Promise<void>((resolve) => {
        receiver.onMessage = (message) => {
          received.push(
            [
              message.qos,
              textOf(message, message.topicStart, message.topicEnd),
              textOf(message, message.responseTopicStart + 2, message.responseTopicEnd),
              textOf(message, message.correlationStart + 2, message.correlationEnd),
              message.end - message.payloadStart,
            ].join(' '),
          )
          if (received.length === sizes.length) resolve()
        }
      })
      await receiver.subscribe(['request'], 1)
      const topic = field('request')
      const properties = Buffer.concat([
        Buffer.from([1, 1, 2, 0, 0, 0, 60, 3]),
        field('application/json'),
        Buffer.from([0x26]),
        field('name'),
        field('value'),
        Buffer.from([8]),
        field('response'),
        Buffer.from([9]),
      ])
      for (const size of sizes) {
        const correlation = field('token')
        const payload = new Uint8Array(size)
        sender.publish(
          qos,
          [topic, 0, topic.length],
          properties,
          [correlation, 0, correlation.length],
          payload,
        )
      }
      await done
      expect(received).toEqual(sizes.map((size) => `${qos} request response token ${size}`))
    })
  }

  it('reports that a message has neither Response Topic nor Correlation Data', async () => {
    const [sender, receiver] = await startClients()
    const ends = new Promise<readonly number[]>((resolve) => {
      receiver.onMessage = ({ responseTopicEnd, correlationEnd }) =>
        resolve([responseTopicEnd, correlationEnd])
    })
    await receiver.subscribe(['request'], 0)
    const topic = field('request')
    const none = [Buffer.alloc(0), 0, 0] as const
    sender.publish(0, [topic, 0, topic.length], Buffer.alloc(0), none, new Uint8Array(3))
    expect(await ends).toEqual([0, 0])
  })
})

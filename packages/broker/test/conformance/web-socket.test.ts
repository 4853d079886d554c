import { once } from 'node:events'
import { createBroker } from '../../src/index.js'
import type { Broker } from '../../src/index.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectBytes, publishBytes } from './bytes.js'
import { rawClientOver } from './raw-client.js'
import type { RawClient } from './raw-client.js'

let broker: Broker
let url: string
beforeEach(async () => {
  broker = createBroker()
  url = (await broker.listen({ protocol: 'ws' })).url
})
afterEach(() => broker.close())

async function dial(version: 4 | 5): Promise<[RawClient, WebSocket]> {
  const socket = new WebSocket(url, 'mqtt')
  await once(socket, 'open')
  const client = rawClientOver(version, {
    write: (bytes) => socket.send(bytes),
    onData: (listener) => void socket.on('message', (frame: Buffer) => listener(frame)),
    onClose: (listener) => void socket.on('close', listener),
    cut: () => socket.terminate(),
  })
  return [client, socket]
}

describe.each([5, 4] as const)('broker with protocol version %s over WebSocket', (version) => {
  it('[MQTT-6.0.0-1] closes a WebSocket that sends a text frame', async () => {
    const [client, socket] = await dial(version)
    socket.send('text')
    await client.untilClosed()
  })

  it('[MQTT-6.0.0-2] reads packets split over and joined in WebSocket frames', async () => {
    const [client] = await dial(version)
    const stream = Buffer.concat([
      connectBytes(version),
      publishBytes(version, 'a', { flags: 2, id: 1 }),
      publishBytes(version, 'b', { flags: 2, id: 2 }),
      Buffer.from([0xc0, 0]),
    ])
    for (const byte of stream) client.send(Buffer.from([byte]))
    const order = ['connack', 'puback', 'puback', 'pingresp']
    expect((await client.take(4)).map(({ cmd }) => cmd)).toEqual(order)
    const [other] = await dial(version)
    other.send(stream)
    expect((await other.take(4)).map(({ cmd }) => cmd)).toEqual(order)
    for (const rawClient of [client, other]) rawClient.cut()
  })

  it('[MQTT-6.0.0-3] refuses a WebSocket that does not offer the subprotocol mqtt', async () => {
    for (const offered of [[], ['other']]) {
      const [error] = (await once(new WebSocket(url, offered), 'error')) as [Error]
      expect(error.message).toContain('400')
    }
  })

  it('[MQTT-6.0.0-4] selects the WebSocket subprotocol mqtt', async () => {
    const socket = new WebSocket(url, ['other', 'mqtt'])
    await once(socket, 'open')
    expect(socket.protocol).toBe('mqtt')
    socket.terminate()
  })

  it('[MQTT-4.13.1-1] disconnects a WebSocket client on a malformed packet, with 0x81', async () => {
    const [client] = await dial(version)
    client.send(connectBytes(version))
    await client.next('connack')
    client.send('c0 01 00')
    await client.expectDisconnected(0x81)
  })
})

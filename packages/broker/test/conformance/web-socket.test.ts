import { once } from 'node:events'
import { createBroker } from '../../src/index.js'
import type { Broker } from '../../src/index.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectBytes, publishBytes } from './bytes.js'
import { rawClient } from './raw-client.js'
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
  const client = rawClient(version, {
    write: (bytes) => socket.send(bytes),
    onData: (take) => void socket.on('message', (frame: Buffer) => take(frame)),
    onClose: (note) => void socket.on('close', note),
    cut: () => socket.terminate(),
  })
  return [client, socket]
}

describe.each([5, 4] as const)('protocol version %s over WebSockets', (version) => {
  it('[MQTT-6.0.0-1] a text frame ends the connection', async () => {
    const [client, socket] = await dial(version)
    socket.send('text')
    await client.ended()
  })

  it('[MQTT-6.0.0-2] packets lie in frames as they like', async () => {
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
    for (const each of [client, other]) each.cut()
  })

  it('[MQTT-6.0.0-3] a client offers the subprotocol mqtt, or is turned away', async () => {
    for (const offered of [[], ['other']]) {
      const [error] = (await once(new WebSocket(url, offered), 'error')) as [Error]
      expect(error.message).toContain('400')
    }
  })

  it('[MQTT-6.0.0-4] mqtt is the subprotocol chosen', async () => {
    const socket = new WebSocket(url, ['other', 'mqtt'])
    await once(socket, 'open')
    expect(socket.protocol).toBe('mqtt')
    socket.terminate()
  })

  it('[MQTT-4.13.1-1] a malformed packet ends the connection', async () => {
    const [client] = await dial(version)
    client.send(connectBytes(version))
    await client.next('connack')
    client.send('c0 01 00')
    await client.expelled(0x81)
  })
})

import { mqttTransport } from '@antiphon/mqtt'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connackBytes } from './scripted-broker.js'
import { openConnection, until } from './test-connection.js'

const pingreq = 0xc0
/** CONNACK with a Server Keep Alive of 1 s. */
const withServerKeepAlive = Uint8Array.of(0x20, 6, 0, 0, 3, 0x13, 0, 1)

let connack: Uint8Array
let server: Server
let url: string
let received: number[]
let sockets: Socket[]
beforeEach(async () => {
  connack = withServerKeepAlive
  received = []
  sockets = []
  server = createServer((socket) => {
    sockets.push(socket)
    socket.once('data', () => {
      socket.write(connack)
      socket.on('data', (bytes) => received.push(...bytes))
    })
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

/** Expects a client to ping, and to close the connection because the server does not respond. */
async function expectToGiveUp(keepalive: number): Promise<void> {
  const connection = await openConnection(mqttTransport(url, { keepalive }))
  await until(() => received.includes(pingreq))
  expect(await connection.ended).toMatchObject({
    code: 'connection-lost',
    message: expect.stringContaining('Keepalive') as string,
  })
}

it.each([0, 60])('uses the Server Keep Alive in place of keepalive %i', expectToGiveUp)

it('closes the connection if the broker is silent for longer than the keepalive', async () => {
  connack = Uint8Array.from(connackBytes(5))
  await expectToGiveUp(1)
})

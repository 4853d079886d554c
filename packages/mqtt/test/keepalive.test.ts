import { mqttTransport } from '@antiphon/mqtt'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openConnection, until } from './test-connection.js'

const pingreq = 0xc0
/** CONNACK with a Server Keep Alive of 1 s. */
const connack = Uint8Array.of(0x20, 6, 0, 0, 3, 0x13, 0, 1)

let server: Server
let url: string
let received: number[]
let sockets: Socket[]
beforeEach(async () => {
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

it.each([0, 60])('uses the Server Keep Alive in place of keepalive %i', async (keepalive) => {
  const connection = await openConnection(mqttTransport(url, { keepalive }))
  await until(() => received.includes(pingreq))
  // The server does not answer.
  expect(await connection.ended).toMatchObject({
    code: 'connection-lost',
    message: expect.stringContaining('Keepalive') as string,
  })
})

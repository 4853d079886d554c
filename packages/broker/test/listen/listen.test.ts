import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { clearInterval, setInterval } from 'node:timers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createBroker } from '../../src/index.js'
import type { Broker, BrokerEvent, BrokerOptions, Listener } from '../../src/index.js'
import { hex } from '../world.js'
import { readUntilPingresp } from './read-until-pingresp.js'
import { untilClosed } from './until-closed.js'

const connect = hex('10 0e 00044d515454 05 02 0000 00 0001 61')
const ping = hex('c0 00')

let broker: Broker
let events: BrokerEvent[]
const start = (options: BrokerOptions = {}): void => {
  broker = createBroker(options)
  events = []
  broker.events$.subscribe((event) => events.push(event))
}
beforeEach(() => start())
afterEach(() => broker.close())

describe('listen', () => {
  it('listens on several free TCP ports', async () => {
    const listeners = await Promise.all([1, 2].map(() => broker.listen({ protocol: 'tcp' })))
    for (const { url, port } of listeners) {
      expect(url).toBe(`mqtt://127.0.0.1:${port}`)
      const socket = connectTcp(port, '127.0.0.1')
      socket.write(Buffer.concat([connect, ping]))
      expect((await readUntilPingresp(socket))[0]).toBe(0x20)
    }
    expect(events.filter(({ type }) => type === 'listening')).toHaveLength(2)
  })

  it('rejects listen when the port is in use', async () => {
    const { port } = await broker.listen({ protocol: 'tcp' })
    await expect(broker.listen({ protocol: 'tcp', port })).rejects.toThrow('EADDRINUSE')
  })

  it('refuses new connections after a listener closes and keeps the existing ones', async () => {
    const { port, close } = await broker.listen({ protocol: 'tcp' })
    const socket = connectTcp(port, '127.0.0.1')
    socket.write(connect)
    await once(socket, 'data')
    void close()
    const late = connectTcp(port, '127.0.0.1')
    const [error] = (await once(late, 'error').catch((thrown: unknown) => [thrown])) as [Error]
    expect(error.message).toMatch('ECONNREFUSED')
    socket.write(ping)
    expect(await readUntilPingresp(socket)).toEqual(hex('d0 00'))
  })

  it('closes a connection beyond limits.connections', async () => {
    start({ limits: { connections: 1 } })
    const { port } = await broker.listen({ protocol: 'tcp' })
    const first = connectTcp(port, '127.0.0.1')
    first.write(connect)
    await once(first, 'data')
    const second = connectTcp(port, '127.0.0.1')
    second.on('error', () => undefined)
    await untilClosed(second)
    first.write(ping)
    expect(await readUntilPingresp(first)).toEqual(hex('d0 00'))
  })
})

/** Opens a TCP connection that sends `bytes` and then nothing. */
async function openSilent(port: number, bytes = ''): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

const silentClients = [
  ['TLS', { protocol: 'tls', tls: {} }, ''],
  ['WebSocket', { protocol: 'ws' }, ''],
  ['half a WebSocket request', { protocol: 'ws' }, 'GET /mqtt HTTP/1.1\r\nHost: localhost\r\n'],
  ['a plain HTTP request', { protocol: 'ws' }, 'GET /mqtt HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['WebSocket over TLS', { protocol: 'wss', tls: {} }, ''],
] as const

describe('a client that connects and does not finish its handshake', () => {
  it.each(silentClients)('is disconnected after connectTimeout: %s', async (_, options, bytes) => {
    start({ limits: { connectTimeout: 50, connections: 2 } })
    const { port } = await broker.listen(options)
    const sockets = await Promise.all([1, 2].map(() => openSilent(port, bytes)))
    await Promise.all(
      sockets.map((socket) => {
        socket.resume()
        return untilClosed(socket)
      }),
    )
    const reason = 'no TLS or WebSocket handshake within 50 ms, which is limits.connectTimeout'
    expect(events.filter(({ type }) => type === 'refused')).toMatchObject(
      [1, 2].map(() => ({ reasonCode: 0x87, reason })),
    )
    // There is room for another one.
    const next = await openSilent(port, bytes)
    expect(events.filter(({ type }) => type === 'refused')).toHaveLength(2)
    next.destroy()
  })

  it('is disconnected after connectTimeout although it sends a byte now and then', async () => {
    start({ limits: { connectTimeout: 100 } })
    const { port } = await broker.listen({ protocol: 'tls', tls: {} })
    const socket = await openSilent(port)
    // The beginning of a TLS record that announces 8 kB.
    const record = Buffer.alloc(8_197)
    record.set([0x16, 0x03, 0x01, 0x20, 0x00, 0x01, 0x00, 0x1f, 0xfc])
    let at = 0
    const drip = setInterval(() => socket.write(record.subarray(at, ++at)), 20)
    socket.resume()
    await untilClosed(socket)
    clearInterval(drip)
    expect(events.at(-1)).toMatchObject({ type: 'refused' })
  })

  it.each(silentClients)('does not delay close(): %s', async (_, options, bytes) => {
    const { port } = await broker.listen(options)
    await openSilent(port, bytes)
    await broker.close()
  })
})

describe('close', () => {
  it('disconnects clients with 0x8B when the broker closes, and closes once', async () => {
    const { port } = await broker.listen({ protocol: 'tcp' })
    const socket = connectTcp(port, '127.0.0.1')
    socket.write(connect)
    await once(socket, 'data')
    const rest = readUntilPingresp(socket)
    await broker.close()
    expect((await rest).subarray(0, 3)).toEqual(Buffer.from([0xe0, (await rest).length - 2, 0x8b]))
    await broker.close()
  })

  it('acknowledges a message whose authorizePublish is pending before the broker closes', async () => {
    let decide = (): void => undefined
    const requested = new Promise<void>((resolve) => {
      start({
        authority: {
          authorizePublish: () => {
            resolve()
            return new Promise((response) => (decide = () => response({ refuse: 0x87 })))
          },
        },
      })
    })
    const { port } = await broker.listen({ protocol: 'tcp' })
    const socket = connectTcp(port, '127.0.0.1')
    socket.write(Buffer.concat([connect, hex('32 06 0001 74 0001 00')]))
    const rest = readUntilPingresp(socket)
    await requested
    const closing = broker.close()
    decide()
    await closing
    expect((await rest).includes(hex('40 1c 0001 87'))).toBe(true)
  })
})

describe('over WebSocket', () => {
  const open = async ({ url }: Listener, protocols: string[] = ['mqtt']): Promise<WebSocket> => {
    const socket = new WebSocket(url, protocols)
    await once(socket, 'open')
    return socket
  }
  /** Returns at least the next `count` bytes. */
  const receive = async (socket: WebSocket, count: number): Promise<Buffer> => {
    let bytes = Buffer.alloc(0)
    while (bytes.length < count) {
      const [data] = (await once(socket, 'message')) as [Buffer]
      bytes = Buffer.concat([bytes, data])
    }
    return bytes
  }

  it('reads packets split over WebSocket frames [MQTT-6.0.0-2] and selects the subprotocol mqtt [MQTT-6.0.0-4]', async () => {
    const socket = await open(await broker.listen({ protocol: 'ws' }), ['other', 'mqtt'])
    expect(socket.protocol).toBe('mqtt')
    const bytes = Buffer.concat([connect, ping, ping])
    for (const part of [bytes.subarray(0, 3), bytes.subarray(3, 17), bytes.subarray(17)]) socket.send(part)
    const response = await receive(socket, 4)
    expect([response[0], ...response.subarray(-4)]).toEqual([0x20, ...hex('d0 00 d0 00')])
    socket.close()
    await once(socket, 'close')
  })

  it('closes a WebSocket that sends a text frame [MQTT-6.0.0-1]', async () => {
    const socket = await open(await broker.listen({ protocol: 'ws' }))
    socket.send('text')
    expect(await once(socket, 'close')).toMatchObject([1003, Buffer.from('MQTT requires binary frames')])
  })

  it('refuses a WebSocket without the subprotocol mqtt [MQTT-6.0.0-3] or with another path', async () => {
    const { url } = await broker.listen({ protocol: 'ws', path: '/mqtt' })
    const refusal = async (address: string, protocols: string[]): Promise<string> => {
      const socket = new WebSocket(address, protocols)
      const [error] = (await once(socket, 'error')) as [Error]
      return error.message
    }
    expect(await refusal(url, [])).toMatch('400')
    expect(await refusal(url, ['mqttv3.1'])).toMatch('400')
    expect(await refusal(url.replace('/mqtt', '/other'), ['mqtt'])).toMatch('404')
    expect((await fetch(url.replace('ws:', 'http:'))).status).toBe(426)
    expect((await open({ url: `${url}?token=x` } as Listener)).readyState).toBe(WebSocket.OPEN)
  })

  it('closes the WebSocket when the broker closes the connection', async () => {
    const socket = await open(await broker.listen({ protocol: 'ws' }))
    socket.send(hex('00 00'))
    expect((await once(socket, 'close'))[0]).toBe(1000)
  })
})

import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { clearInterval, setInterval } from 'node:timers'
import { makeCertificates } from '@antiphon/workshop/certificates'
import type { Certificates } from '@antiphon/workshop/certificates'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ListenOptions } from '../../src/index.js'
import { hex } from '../world.js'
import { connectAndPing, recordAttempts, type RecordingBroker } from './attempts.js'
import { readUntilPingresp } from './read-until-pingresp.js'
import { untilClosed } from './until-closed.js'

const header1 = Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 4711 1883\r\n')
const header2 = hex('0d0a0d0a 000d0a51 5549540a 21 11 000c c0000201 0a000001 1267 075b')
const trusted = { trustedProxies: ['127.0.0.1'], proxyProtocol: true } as const

let recording: RecordingBroker
beforeEach(() => {
  recording = recordAttempts()
})
afterEach(() => recording.broker.close())

async function dial(options: ListenOptions = { protocol: 'tcp', ...trusted }): Promise<Socket> {
  const { port } = await recording.broker.listen(options)
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const refusals = (): string[] =>
  recording.events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []))

async function closed(socket: Socket): Promise<void> {
  socket.resume()
  await untilClosed(socket)
}

describe('proxyProtocol', () => {
  it.each([
    ['version 1', header1],
    ['version 2', header2],
  ])('names the client of a header in the first bytes: %s', async (_, header) => {
    const socket = await dial()
    socket.write(Buffer.concat([header, connectAndPing]))
    expect((await readUntilPingresp(socket))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ remoteAddress: '192.0.2.1:4711' }])
    expect(recording.attempts[0]?.proxyAddress).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  it('reads a header that arrives in pieces, and the bytes after it', async () => {
    const socket = await dial()
    socket.setNoDelay(true)
    const bytes = Buffer.concat([header2, connectAndPing])
    for (const at of [0, 5, 11, 20, 30]) {
      socket.write(bytes.subarray(at, at === 30 ? undefined : [5, 11, 20, 30][[0, 5, 11, 20].indexOf(at)]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await readUntilPingresp(socket))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ remoteAddress: '192.0.2.1:4711' }])
  })

  it('reads the client after a header without one, under the address of the proxy', async () => {
    const socket = await dial()
    socket.write('PROXY UNKNOWN\r\n')
    await new Promise((resolve) => setImmediate(resolve))
    socket.write(connectAndPing)
    expect((await readUntilPingresp(socket))[0]).toBe(0x20)
    expect(recording.attempts[0]?.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(recording.attempts[0]).not.toHaveProperty('proxyAddress')
  })

  it.each([
    ['MQTT without a header', connectAndPing, 'the connection does not begin with a PROXY protocol header'],
    ['an endless line', Buffer.from(`PROXY ${'x'.repeat(500)}`), 'no line end within 107 bytes'],
    ['a long header', hex('0d0a0d0a 000d0a51 5549540a 21 11 ffff'), '65551 bytes: 2048 are read at most'],
  ])('closes a connection at once and counts it: %s', async (_, bytes, reason) => {
    const socket = await dial()
    socket.write(bytes)
    await closed(socket)
    expect(refusals()).toEqual([expect.stringContaining(reason)])
    expect(recording.attempts).toEqual([])
  })

  it('closes a connection that does not come from a trusted proxy', async () => {
    const socket = await dial({ protocol: 'tcp', proxyProtocol: true, trustedProxies: ['10.0.0.0/8'] })
    socket.write(header1)
    await closed(socket)
    expect(refusals()).toEqual(['the connection does not come from one of trustedProxies'])
  })

  it('closes a connection whose header takes longer than connectTimeout, also byte by byte', async () => {
    await recording.broker.close()
    recording = recordAttempts({ limits: { connectTimeout: 60 } })
    const socket = await dial()
    let at = 0
    const drip = setInterval(() => socket.write(header1.subarray(at, ++at)), 15)
    await closed(socket)
    clearInterval(drip)
    const reason = 'no PROXY protocol header or handshake within 60 ms, which is limits.connectTimeout'
    expect(refusals()).toEqual([reason])
  })

  it('does not delay close() by a connection without a header, and counts it in limits.connections', async () => {
    await recording.broker.close()
    recording = recordAttempts({ limits: { connections: 1 } })
    const first = await dial()
    const { port } = first.address() as { port: number }
    expect(port).toBeGreaterThan(0)
    const second = connectTcp(first.remotePort ?? 0, '127.0.0.1')
    second.on('error', () => undefined)
    await closed(second)
    await recording.broker.close()
    await closed(first)
  })

  it('survives a client that resets the connection before its header ends', async () => {
    const socket = await dial()
    socket.write('PROXY ')
    await new Promise((resolve) => setImmediate(resolve))
    socket.resetAndDestroy()
    const next = await dial()
    next.write(Buffer.concat([header1, connectAndPing]))
    expect((await readUntilPingresp(next))[0]).toBe(0x20)
  })
})

describe('proxyProtocol before TLS and WebSockets', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates({ clients: ['device-7'] })
  })
  afterAll(() => certificates.remove())
  const tls = (): { cert: string; key: string; ca: string; requestCert: boolean } => ({
    ...certificates.server,
    ca: certificates.ca,
    requestCert: true,
  })
  const client = (): object => ({
    ca: certificates.ca,
    servername: 'localhost',
    ...certificates.clients['device-7'],
  })

  it('names the client of a TLS connection, with its certificate', async () => {
    const socket = await dial({ protocol: 'tls', tls: tls(), ...trusted })
    socket.write(header2)
    const secure = connectTls({ socket, ...client() })
    secure.write(connectAndPing)
    expect((await readUntilPingresp(secure))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([
      { remoteAddress: '192.0.2.1:4711', certificate: { commonName: 'device-7' } },
    ])
  })

  it('names the client of a TLS connection whose first bytes come with the header', async () => {
    const socket = await dial({ protocol: 'tls', tls: tls(), ...trusted })
    socket.cork()
    socket.write(header1)
    const secure = connectTls({ socket, ...client() })
    setImmediate(() => socket.uncork())
    secure.write(connectAndPing)
    expect((await readUntilPingresp(secure))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ remoteAddress: '192.0.2.1:4711' }])
  })

  it.each(['ws', 'wss'] as const)(
    'names the client of a WebSocket, also behind a second proxy: %s',
    async (protocol) => {
      const options = protocol === 'ws' ? { protocol } : { protocol, tls: tls() }
      const proxies = { proxyProtocol: true, trustedProxies: ['127.0.0.1', '192.0.2.0/24'] }
      for (const headers of [{}, { 'x-forwarded-for': '198.51.100.9' }]) {
        const raw = await dial({ ...options, ...proxies })
        raw.write(header1)
        const socket = protocol === 'ws' ? raw : connectTls({ socket: raw, ...client() })
        const webSocket = new WebSocket('ws://localhost/', ['mqtt'], {
          createConnection: () => socket,
          headers,
        })
        await once(webSocket, 'open')
        webSocket.send(connectAndPing)
        await once(webSocket, 'message')
        webSocket.terminate()
      }
      expect(recording.attempts.map(({ remoteAddress }) => remoteAddress)).toEqual([
        '192.0.2.1:4711',
        '198.51.100.9:0',
      ])
    },
  )

  it('closes a silent client after the header: TLS and WebSocket', async () => {
    await recording.broker.close()
    recording = recordAttempts({ limits: { connectTimeout: 50 } })
    for (const options of [{ protocol: 'tls', tls: tls() }, { protocol: 'ws' }] as const) {
      const socket = await dial({ ...options, ...trusted })
      socket.write(header1)
      await closed(socket)
    }
    expect(refusals()).toHaveLength(2)
  })
})

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { AttachOptions } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import { connectAndPing, recordAttempts, type RecordingBroker } from './attempts.js'

let recording: RecordingBroker
let server: Server
beforeEach(async () => {
  recording = recordAttempts()
  server = createHttpServer((_, response) => response.end('the page'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  await recording.broker.close()
  server.closeAllConnections()
  server.close()
})

const portOf = (of: Server): number => (of.address() as AddressInfo).port
const address = (path: string): string => `ws://127.0.0.1:${portOf(server)}${path}`

/** Opens a WebSocket and sends CONNECT; resolves with the first packet. */
async function join(url: string, options: WebSocket.ClientOptions = {}): Promise<Buffer> {
  const socket = new WebSocket(url, ['mqtt'], options)
  await once(socket, 'open')
  socket.send(connectAndPing)
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data
}

/** Returns the error of a WebSocket that is refused. */
async function refusal(url: string, options: WebSocket.ClientOptions = {}): Promise<string> {
  const [error] = (await once(new WebSocket(url, ['mqtt'], options), 'error')) as [Error]
  return error.message
}

describe('attach', () => {
  it('accepts WebSockets on /mqtt and leaves other requests to the server', async () => {
    recording.broker.attach(server)
    expect((await join(address('/mqtt?x=1')))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ listener: address('/mqtt') }])
    expect(await (await fetch(address('/mqtt').replace('ws', 'http'))).text()).toBe('the page')
    expect(await refusal(address('/other'))).toMatch('404')
  })

  it('leaves other paths to the other listeners of upgrade', async () => {
    const others = new WebSocketServer({ noServer: true })
    recording.broker.attach(server, { path: '/broker' })
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/other')
        others.handleUpgrade(request, socket, head, (other) => other.send('hello'))
    })
    const other = new WebSocket(address('/other'), ['mqtt'])
    expect(String((await once(other, 'message'))[0])).toBe('hello')
    expect((await join(address('/broker')))[0]).toBe(0x20)
    other.terminate()
  })

  it('stops accepting when the attachment or the broker is closed, and keeps clients and server', async () => {
    const { broker } = recording
    const attachment = broker.attach(server)
    const socket = new WebSocket(address('/mqtt'), ['mqtt'])
    await once(socket, 'open')
    attachment.close()
    expect(server.listenerCount('upgrade')).toBe(0)
    socket.send(connectAndPing)
    expect(((await once(socket, 'message')) as [Buffer])[0][0]).toBe(0x20)
    broker.attach(server)
    await broker.close()
    expect([server.listenerCount('upgrade'), server.listening]).toEqual([0, true])
    expect(() => broker.attach(server)).toThrow('cannot attach: the broker is closed')
  })

  it('counts its connections against limits.connections', async () => {
    const { broker } = recordAttempts({ limits: { connections: 1 } })
    broker.attach(server)
    await join(address('/mqtt'))
    const second = new WebSocket(address('/mqtt'), ['mqtt'])
    await once(second, 'close')
    await broker.close()
  })

  it('serves a WebSocket when the stored state is restored, and forgets one that closes before', async () => {
    let finish = (): void => undefined
    const gate = new Promise<void>((resolve) => (finish = resolve))
    const load = async function* (): AsyncGenerator<[string, Uint8Array]> {
      await gate
      yield* []
    }
    const { broker, attempts } = recordAttempts({ storage: { ...memoryStorage(), load } })
    broker.attach(server)
    const connections: Socket[] = []
    server.on('connection', (socket) => connections.push(socket))
    const sockets: WebSocket[] = []
    for (const _ of [1, 2]) {
      const socket = new WebSocket(address('/mqtt'), ['mqtt'])
      sockets.push(socket)
      await once(socket, 'open')
      socket.send(connectAndPing)
    }
    const [first, second] = sockets as [WebSocket, WebSocket]
    connections[0]?.destroy()
    await once(first, 'close')
    finish()
    expect(((await once(second, 'message')) as [Buffer])[0][0]).toBe(0x20)
    expect(attempts).toHaveLength(1)
    await broker.close()
  })

  it('emits wss in the URL of an HTTPS server, and the certificate of its clients', async () => {
    const certificates = await makeCertificates({ clients: ['device-7'] })
    const { cert, key } = certificates.server
    const https = createHttpsServer({ cert, key, ca: certificates.ca, requestCert: true })
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    recording.broker.attach(https)
    await join(`wss://localhost:${portOf(https)}/mqtt`, {
      ca: certificates.ca,
      ...certificates.clients['device-7'],
    })
    expect(recording.attempts).toMatchObject([
      { listener: `wss://127.0.0.1:${portOf(https)}/mqtt`, certificate: { commonName: 'device-7' } },
    ])
    https.closeAllConnections()
    https.close()
    await certificates.remove()
  })

  it('serves connections that the program passes to a server that does not listen', async () => {
    const silent = createHttpServer()
    recording.broker.attach(silent)
    server.on('connection', (socket) => silent.emit('connection', socket))
    server.removeAllListeners('upgrade')
    const inner = createHttpServer()
    inner.listen(0, '::1')
    await once(inner, 'listening')
    inner.removeAllListeners('connection')
    inner.on('connection', (socket) => silent.emit('connection', socket))
    expect((await join(`ws://[::1]:${portOf(inner)}/mqtt`))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ listener: 'ws:/mqtt' }])
    inner.close()
  })

  it('brackets the address of a server on IPv6', async () => {
    const six = createHttpServer().listen(0, '::1')
    await once(six, 'listening')
    recording.broker.attach(six)
    await join(`ws://[::1]:${portOf(six)}/mqtt`)
    expect(recording.attempts).toMatchObject([{ listener: `ws://[::1]:${portOf(six)}/mqtt` }])
    six.closeAllConnections()
    six.close()
  })

  it('refuses unknown and invalid options', () => {
    const cases: [string, object][] = [
      ['options.paht is not known: did you mean path?', { paht: '/' }],
      ['options.path is "mqtt": it must be a path that begins with /', { path: 'mqtt' }],
      ['options.origins is an array of 1: it must be an array of origins', { origins: ['https://a/'] }],
      ['options.trustedProxies is an array of 1: it must be an array of IP', { trustedProxies: ['a'] }],
    ]
    for (const [message, options] of cases)
      expect(() => recording.broker.attach(server, options as AttachOptions)).toThrow(message)
  })
})

describe('the request of a WebSocket', () => {
  it('passes path, query, headers and cookies to authenticate, and to no other hook', async () => {
    recording.broker.attach(server)
    const headers = {
      authorization: 'Bearer x',
      cookie: 'session=a%20b; quoted="q"; odd=%zz; session=second; =none; bare; __proto__=p',
    }
    await join(address('/mqtt?token=t&token=u'), { headers })
    const request = recording.attempts[0]?.webSocketRequest
    expect(request?.path).toBe('/mqtt')
    expect(request?.query.getAll('token')).toEqual(['t', 'u'])
    expect(request?.headers['authorization']).toBe('Bearer x')
    expect([...(request?.cookies ?? [])]).toEqual([
      ['session', 'a b'],
      ['quoted', 'q'],
      ['odd', '%zz'],
      ['__proto__', 'p'],
    ])
    expect(recording.broker.session('a')?.client).not.toHaveProperty('webSocketRequest')
  })

  it('is absent without a WebSocket', async () => {
    const { port } = await recording.broker.listen({ protocol: 'tcp' })
    const socket = connectTcp(port, '127.0.0.1')
    socket.write(connectAndPing)
    await once(socket, 'data')
    expect(recording.attempts[0]).not.toHaveProperty('webSocketRequest')
    socket.destroy()
  })
})

describe('origins', () => {
  it.each<[string | undefined, boolean]>([
    ['https://example.org', true],
    ['null', true],
    [undefined, true],
    ['https://example.org.evil', false],
    ['http://example.org', false],
    ['', true],
  ])('accepts the web pages of the listed origins, and programs: %s', async (origin, isAccepted) => {
    recording.broker.attach(server, { origins: ['https://example.org', 'null'] })
    const options = origin === undefined ? {} : { headers: { origin } }
    if (isAccepted && origin !== '') {
      expect((await join(address('/mqtt'), options))[0]).toBe(0x20)
      return
    }
    expect(await refusal(address('/mqtt'), options)).toMatch('403')
    expect(recording.events).toMatchObject([
      { type: 'refused', reasonCode: 0x87, reason: `the origin ${origin} is not one of origins` },
    ])
  })

  it('are an option of listen too', async () => {
    const { url } = await recording.broker.listen({ protocol: 'ws', origins: ['https://example.org'] })
    expect(await refusal(url, { headers: { origin: 'https://other.org' } })).toMatch('403')
    expect((await join(url, { headers: { origin: 'https://example.org' } }))[0]).toBe(0x20)
  })
})

describe('trustedProxies', () => {
  it('names the client that a trusted proxy forwards', async () => {
    recording.broker.attach(server, { trustedProxies: ['127.0.0.1'] })
    await join(address('/mqtt'), { headers: { 'x-forwarded-for': '198.51.100.9, 192.0.2.1' } })
    expect(recording.attempts).toMatchObject([{ remoteAddress: '192.0.2.1:0' }])
    expect(recording.attempts[0]?.proxyAddress).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(recording.broker.session('a')?.client).toMatchObject({ remoteAddress: '192.0.2.1:0' })
  })

  it.each([
    ['none is trusted', {}],
    ['it is not in the list', { trustedProxies: ['10.0.0.0/8'] }],
  ])('ignores X-Forwarded-For of another peer: %s', async (_, options) => {
    recording.broker.attach(server, options)
    await join(address('/mqtt'), { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect(recording.attempts[0]?.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(recording.attempts[0]).not.toHaveProperty('proxyAddress')
  })
})

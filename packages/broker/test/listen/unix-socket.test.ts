import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectAndPing, recordAttempts, type RecordingBroker } from './attempts.js'
import { readUntilPingresp } from './read-until-pingresp.js'

let folder: string
let recording: RecordingBroker
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-unix-'))
  recording = recordAttempts()
})
afterEach(async () => {
  await recording.broker.close()
  await rm(folder, { recursive: true })
})

const path = (): string => join(folder, 'broker.sock')

async function ping(socketPath: string, before = Buffer.alloc(0)): Promise<Buffer> {
  const socket = connect(socketPath)
  socket.write(Buffer.concat([before, connectAndPing]))
  const bytes = await readUntilPingresp(socket)
  socket.destroy()
  return bytes
}

async function pingOverWebSocket(url: string, headers = {}): Promise<void> {
  const socket = new WebSocket(url, ['mqtt'], { headers })
  await once(socket, 'open')
  socket.send(connectAndPing)
  await once(socket, 'message')
  socket.terminate()
}

describe('listen on a Unix socket', () => {
  it('accepts clients and removes the socket when it is closed', async () => {
    const listener = await recording.broker.listen({ protocol: 'tcp', socketPath: path() })
    expect(listener).toMatchObject({ url: `mqtt+unix:${path()}`, host: '', port: 0 })
    expect((await ping(path()))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ remoteAddress: 'unix', listener: listener.url }])
    await listener.close()
    expect(existsSync(path())).toBe(false)
  })

  it('replaces the socket of a process that has died, but none that is in use and no file', async () => {
    const died = createServer().listen(`${path()}.old`)
    await once(died, 'listening')
    await rename(`${path()}.old`, path())
    died.close()
    await recording.broker.listen({ protocol: 'tcp', socketPath: path() })
    expect((await ping(path()))[0]).toBe(0x20)
    await expect(recording.broker.listen({ protocol: 'tcp', socketPath: path() })).rejects.toThrow(
      'EADDRINUSE',
    )
    const file = join(folder, 'file')
    await writeFile(file, 'x')
    await expect(recording.broker.listen({ protocol: 'tcp', socketPath: file })).rejects.toThrow('EADDRINUSE')
    expect(existsSync(file)).toBe(true)
    const absent = join(folder, 'absent', 'socket')
    await expect(recording.broker.listen({ protocol: 'tcp', socketPath: absent })).rejects.toThrow('EACCES')
  })

  it('accepts WebSockets, several at a time, and X-Forwarded-For of the process in front of it', async () => {
    const { broker, attempts } = recording
    const { url } = await broker.listen({
      protocol: 'ws',
      path: '/mqtt',
      socketPath: path(),
      trustedProxies: ['10.0.0.0/8'],
    })
    expect(url).toBe(`ws+unix:${path()}:/mqtt`)
    await Promise.all([pingOverWebSocket(url), pingOverWebSocket(url)])
    await pingOverWebSocket(url, { 'x-forwarded-for': '192.0.2.1, 10.0.0.7' })
    expect(attempts.map(({ remoteAddress, proxyAddress }) => [remoteAddress, proxyAddress])).toEqual([
      ['unix', undefined],
      ['unix', undefined],
      ['192.0.2.1:0', 'unix'],
    ])
  })

  it('reads PROXY protocol headers without trustedProxies', async () => {
    await recording.broker.listen({ protocol: 'tcp', socketPath: path(), proxyProtocol: true })
    await ping(path(), Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 4711 1883\r\n'))
    expect(recording.attempts).toMatchObject([{ remoteAddress: '192.0.2.1:4711', proxyAddress: 'unix' }])
  })

  it('is an address of a server that the broker is attached to', async () => {
    const server = createHttpServer().listen(path())
    await once(server, 'listening')
    recording.broker.attach(server)
    await pingOverWebSocket(`ws+unix:${path()}:/mqtt`)
    expect(recording.attempts).toMatchObject([{ remoteAddress: 'unix', listener: `ws+unix:${path()}:/mqtt` }])
    server.close()
  })
})

describe('listen', () => {
  it.each<[string, object]>([
    ['options is undefined: it must be an object', undefined as never],
    ['options.protocol is null: it must be tcp or tls or ws or wss', {}],
    ['options.protocol is "mqtt": it must be tcp or tls or ws or wss', { protocol: 'mqtt' }],
    ['options.prot is not known: did you mean port?', { protocol: 'tcp', prot: 1 }],
    ['options.path is not known', { protocol: 'tcp', path: '/mqtt' }],
    ['options.port is 65536: it must be a whole number from 0 to 65535', { protocol: 'tcp', port: 65_536 }],
    ['options.socketPath: it replaces port and host', { protocol: 'tcp', port: 1, socketPath: '/x' }],
    ['options.socketPath: it replaces port and host', { protocol: 'tcp', host: 'a', socketPath: '/x' }],
    [
      'options.socketPath: a Unix socket has no TLS; use the protocol tcp',
      { protocol: 'tls', tls: {}, socketPath: '/x' },
    ],
    [
      'options.socketPath: a Unix socket has no TLS; use the protocol ws',
      { protocol: 'wss', tls: {}, socketPath: '/x' },
    ],
    ['options.proxyProtocol is true: it requires trustedProxies', { protocol: 'tcp', proxyProtocol: true }],
    ['options.proxyProtocol is "on": it must be true or false', { protocol: 'tcp', proxyProtocol: 'on' }],
  ])('refuses options that are unknown, invalid or exclude each other: %s', async (message, options) => {
    await expect(recording.broker.listen(options as never)).rejects.toThrow(message)
  })
})

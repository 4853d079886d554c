import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundlePrograms } from '@antiphon/workshop/bundle'
import { connect } from '@antiphon/mqtt'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ref, unref } from '../../src/handle.js'
import { connack } from '../versioned-broker.js'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const folder = fromHere('../../.cache')
const name = `unref-${process.pid}`

/** Accepts the client, and acknowledges what it sends after a while, in which the process could end. */
function answer(socket: Duplex): void {
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) {
      const [type, , high = 0, low = 0] = bytes.subarray(at)
      const topicEnd = at + 4 + low
      if (type === 0x10) socket.write(Uint8Array.from(connack.accept5))
      if (type === 0x82) socket.write(Uint8Array.of(0x90, 4, high, low, 0, 1))
      if (type === 0x32)
        setTimeout(
          () => socket.write(Uint8Array.of(0x40, 2, bytes[topicEnd] ?? 0, bytes[topicEnd + 1] ?? 0)),
          200,
        )
    }
  })
}

describe('unref', () => {
  const server = createServer(answer)
  const webSockets = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
  const portOf = (address: unknown): number => (address as AddressInfo).port
  beforeAll(async () => {
    webSockets.on('connection', (webSocket) => answer(createWebSocketStream(webSocket)))
    server.listen(0, '127.0.0.1')
    await Promise.all([
      once(server, 'listening'),
      bundlePrograms({ sources: { [name]: fromHere('program.ts') }, folder }),
    ])
  })
  afterAll(async () => {
    server.close()
    webSockets.close()
    await rm(`${folder}/${name}.mjs`, { force: true })
  })

  /** Runs the program until it ends by itself, and returns what it has printed. It fails if its exit code is not 0. */
  async function run(url: string, what: string): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [`${folder}/${name}.mjs`, url, what])
    return stdout.trim()
  }
  const tcp = (): string => `mqtt://127.0.0.1:${portOf(server.address())}`

  it('lets a process end whose link is open over TCP', async () => {
    expect(await run(tcp(), 'idle')).toBe('online')
  })

  it('lets a process end whose link is open over WebSocket', async () => {
    expect(await run(`ws://127.0.0.1:${portOf(webSockets.address())}`, 'idle')).toBe('online')
  })

  it('lets a process end whose link waits to reconnect', async () => {
    expect(await run('mqtt://127.0.0.1:1', 'offline')).toBe('offline')
  })

  it('keeps the process alive until messages are acknowledged', async () => {
    expect([await run(tcp(), 'publish'), await run(tcp(), 'reused')]).toEqual([
      'acknowledged',
      'both acknowledged',
    ])
  })

  it('keeps the process alive while a request is pending', async () => {
    expect(await run(tcp(), 'request')).toBe('timeout')
  })

  it('keeps the process alive until the link is closed', async () => {
    expect(await run(tcp(), 'close')).toBe('online\nclosed')
  })

  it('is no option of a link with another type', () => {
    expect(() => connect('mqtt://localhost', { unref: 'yes' as never })).toThrow('it must be true or false')
  })
})

describe('unref and ref', () => {
  it('leave a handle alone that has neither, such as a timer of a browser', () => {
    expect([unref(1), ref({})]).toEqual([undefined, undefined])
  })
})

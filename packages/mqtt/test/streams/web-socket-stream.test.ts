import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { WebSocketStream } from '../../src/streams/browser/web-socket-stream.js'
import { until } from '../test-connection.js'

/** The stream of a browser over the WebSocket of `ws`, which has the same interface. */
describe('WebSocketStream', () => {
  let server: WebSocketServer
  let url: string
  beforeEach(async () => {
    vi.stubGlobal('WebSocket', WebSocket)
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`
  })
  afterEach(async () => {
    vi.unstubAllGlobals()
    for (const client of server.clients) client.terminate()
    const closed = once(server, 'close')
    server.close()
    await closed
  })

  /** Opens a stream and records its events. */
  const openStream = (): { readonly stream: WebSocketStream; readonly events: readonly unknown[] } => {
    const events: unknown[] = []
    const stream = new WebSocketStream(url, {
      onData: (chunk) => events.push([...chunk]),
      onDrain: () => events.push('drain'),
      onError: (error) => events.push((error as Error).message),
      onClose: () => events.push('close'),
    })
    return { stream, events }
  }

  const accepted = async (): Promise<WebSocket> => ((await once(server, 'connection')) as [WebSocket])[0]

  it('sends what was written before it opened, in order, with the subprotocol of MQTT', async () => {
    const { stream, events } = openStream()
    const received: number[] = []
    expect([stream.write(Uint8Array.of(1, 2)), stream.write(Uint8Array.of(3))]).toEqual([true, true])
    const peer = await accepted()
    peer.on('message', (bytes: Buffer) => received.push(...bytes))
    await until(() => received.length === 3)
    stream.write(Uint8Array.of(4))
    await until(() => received.length === 4)
    expect([received, peer.protocol]).toEqual([[1, 2, 3, 4], 'mqtt'])
    peer.send(Uint8Array.of(5, 6))
    await until(() => events.length === 1)
    expect(events).toEqual([[5, 6]])
    stream.destroy()
  })

  it('sends everything before it closes with end, and emits close once', async () => {
    const { stream, events } = openStream()
    const peer = await accepted()
    const received: number[] = []
    peer.on('message', (bytes: Buffer) => received.push(...bytes))
    peer.send(Uint8Array.of(1))
    await until(() => events.length === 1)
    stream.write(Uint8Array.of(2))
    stream.end()
    await until(() => events.includes('close'))
    stream.destroy()
    await Promise.resolve()
    expect([received, events]).toEqual([[2], [[1], 'close']])
  })

  it('emits close after destroy without waiting for the peer, and no data any more', async () => {
    const { stream, events } = openStream()
    const peer = await accepted()
    stream.destroy()
    peer.send(Uint8Array.of(1))
    expect(events).toEqual([])
    await Promise.resolve()
    expect(events).toEqual(['close'])
    await once(peer, 'close')
    expect(events).toEqual(['close'])
  })

  it('fails on text, which MQTT does not use', async () => {
    const { events } = openStream()
    const peer = await accepted()
    peer.send('text')
    await until(() => events.length === 2)
    expect(events).toEqual([expect.stringContaining('MQTT-6.0.0-1'), 'close'])
  })

  it('fails once if there is no server', async () => {
    url = 'ws://127.0.0.1:1/'
    const { events } = openStream()
    await until(() => events.length === 2)
    expect(events).toEqual([expect.any(String), 'close'])
  })

  it('is full from 512 KiB of unsent bytes on, and emits drain when they have been sent', async () => {
    const { stream, events } = openStream()
    const peer = await accepted()
    peer.send(Uint8Array.of(1))
    await until(() => events.length === 1)
    const buffered = vi.spyOn(WebSocket.prototype, 'bufferedAmount', 'get').mockReturnValue(512 * 1024 + 1)
    expect([stream.write(Uint8Array.of(1)), stream.write(Uint8Array.of(2))]).toEqual([false, false])
    buffered.mockReturnValue(512 * 1024)
    await until(() => events.includes('drain'))
    expect([events.slice(1), stream.write(Uint8Array.of(3))]).toEqual([['drain'], true])
    buffered.mockRestore()
    stream.destroy()
  })
})

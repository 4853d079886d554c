import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freeFlow } from '../../src/faults/flow.js'
import { startProxy, type Proxy } from '../../src/faults/proxy.js'

let server: Server
let proxy: Proxy
/** The broker's ends, in the order in which they came. */
let ends: Socket[]
beforeEach(async () => {
  ends = []
  server = createServer({ allowHalfOpen: true }, (socket) => ends.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startProxy((server.address() as AddressInfo).port)
})
afterEach(async () => {
  await proxy.close()
  for (const end of ends) end.destroy()
  server.close()
})

/** A connection through the proxy: the peer's end and the broker's. */
async function join(): Promise<readonly [peer: Socket, broker: Socket]> {
  const arrived = once(server, 'connection')
  const peer = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }).on(
    'error',
    () => undefined,
  )
  await arrived
  const broker = ends.at(-1)
  if (broker === undefined) throw new Error('nobody came')
  return [peer, broker]
}

/** Resolves when a socket is gone, in peace or not. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

async function read(socket: Socket, length: number): Promise<string> {
  let text = ''
  for (;;) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    text += bytes.toString()
    if (text.length >= length) return text
  }
}

describe('the proxy', () => {
  it('carries bytes both ways, and the end of either', async () => {
    const [peer, broker] = await join()
    peer.write('up')
    expect(await read(broker, 2)).toBe('up')
    broker.end('down')
    expect(await read(peer, 4)).toBe('down')
    await once(peer, 'end')
  })

  it('keeps back what is stalled, one way alone, and delivers it in order', async () => {
    const [peer, broker] = await join()
    proxy.rule('up', { isStalled: true })
    let early = ''
    broker.on('data', (bytes) => (early += bytes.toString()))
    peer.write('one ')
    broker.write('down')
    expect(await read(peer, 4)).toBe('down')
    peer.write('two')
    expect(early).toBe('')
    const whole = read(broker, 7)
    proxy.rule('up', freeFlow)
    expect(await whole).toBe('one two')
  })

  it('delays and throttles', async () => {
    const [peer, broker] = await join()
    proxy.rule('up', { delay: 60 })
    const start = performance.now()
    peer.write('late')
    await read(broker, 4)
    expect(performance.now() - start).toBeGreaterThan(50)
    proxy.rule('up', { delay: 0, bytesPerSecond: 1_000 })
    const again = performance.now()
    peer.write('x'.repeat(100))
    expect(await read(broker, 100)).toBe('x'.repeat(100))
    expect(performance.now() - again).toBeGreaterThan(60)
  })

  it('changes bytes', async () => {
    const [peer, broker] = await join()
    proxy.rule('down', { change: (bytes) => Buffer.from(bytes.toString().toUpperCase()) })
    broker.write('shout')
    expect(await read(peer, 5)).toBe('SHOUT')
  })

  it('cuts both sides, and turns away who comes', async () => {
    const [peer, broker] = await join()
    proxy.refuse(true)
    const gone = Promise.all([closed(peer), closed(broker)])
    proxy.cut()
    await gone
    const turnedAway = connect({ port: proxy.port, host: '127.0.0.1' }).on('error', () => undefined)
    await closed(turnedAway)
    expect(ends).toHaveLength(1)
  })

  it('cuts one side, and leaves the other open without an answer', async () => {
    const [peer, broker] = await join()
    const gone = closed(peer)
    proxy.cutSide('peer')
    await gone
    broker.write('is anybody there')
    const [second] = await join()
    second.write('another one')
    expect(broker.destroyed).toBe(false)
    const end = closed(broker)
    proxy.cut()
    await end
  })

  it('closes one way, and goes on with the other', async () => {
    const [peer, broker] = await join()
    const end = once(broker.resume(), 'end')
    proxy.halfClose('up')
    await end
    peer.write('lost')
    broker.write('down')
    expect(await read(peer, 4)).toBe('down')
  })
})

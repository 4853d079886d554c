import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freeFlow } from '../../src/faults/flow.js'
import { startProxy, type Proxy } from '../../src/faults/proxy.js'

let server: Server
let proxy: Proxy
/** The broker's sockets, in the order of connection. */
let brokerSockets: Socket[]
beforeEach(async () => {
  brokerSockets = []
  server = createServer({ allowHalfOpen: true }, (socket) =>
    brokerSockets.push(socket.on('error', () => undefined)),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startProxy((server.address() as AddressInfo).port)
})
afterEach(async () => {
  await proxy.close()
  for (const end of brokerSockets) end.destroy()
  server.close()
})

/** Opens a connection through the proxy and returns the sockets of both sides. */
async function connectPair(): Promise<readonly [peer: Socket, broker: Socket]> {
  const connected = once(server, 'connection')
  const peer = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }).on(
    'error',
    () => undefined,
  )
  await connected
  const broker = brokerSockets.at(-1)
  if (broker === undefined) throw new Error('the proxy did not connect to the broker')
  return [peer, broker]
}

/** Resolves when a socket has closed, with or without an error. */
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

describe('startProxy', () => {
  it('forwards bytes and the end of the stream in both directions', async () => {
    const [peer, broker] = await connectPair()
    peer.write('up')
    expect(await read(broker, 2)).toBe('up')
    broker.end('down')
    expect(await read(peer, 4)).toBe('down')
    await once(peer, 'end')
  })

  it('holds bytes of a stalled direction back and delivers them in order', async () => {
    const [peer, broker] = await connectPair()
    proxy.rule('outbound', { isStalled: true })
    let early = ''
    broker.on('data', (bytes) => (early += bytes.toString()))
    peer.write('one ')
    broker.write('down')
    expect(await read(peer, 4)).toBe('down')
    peer.write('two')
    expect(early).toBe('')
    const delivered = read(broker, 7)
    proxy.rule('outbound', freeFlow)
    expect(await delivered).toBe('one two')
  })

  it('delays and throttles bytes', async () => {
    const [peer, broker] = await connectPair()
    proxy.rule('outbound', { delay: 60 })
    const start = performance.now()
    peer.write('late')
    await read(broker, 4)
    expect(performance.now() - start).toBeGreaterThan(50)
    proxy.rule('outbound', { delay: 0, bytesPerSecond: 1_000 })
    const throttledFrom = performance.now()
    peer.write('x'.repeat(100))
    expect(await read(broker, 100)).toBe('x'.repeat(100))
    expect(performance.now() - throttledFrom).toBeGreaterThan(60)
  })

  it('changes bytes by the rule', async () => {
    const [peer, broker] = await connectPair()
    proxy.rule('inbound', { change: (bytes) => Buffer.from(bytes.toString().toUpperCase()) })
    broker.write('shout')
    expect(await read(peer, 5)).toBe('SHOUT')
  })

  it('resets both sides of a connection and rejects new connections', async () => {
    const [peer, broker] = await connectPair()
    proxy.refuse(true)
    const allClosed = Promise.all([closed(peer), closed(broker)])
    proxy.cut()
    await allClosed
    const rejected = connect({ port: proxy.port, host: '127.0.0.1' }).on('error', () => undefined)
    await closed(rejected)
    expect(brokerSockets).toHaveLength(1)
  })

  it('resets one side of a connection and keeps the other open and silent', async () => {
    const [peer, broker] = await connectPair()
    const allClosed = closed(peer)
    proxy.cutSide('peer')
    await allClosed
    broker.write('no receiver')
    const [second] = await connectPair()
    second.write('another connection')
    expect(broker.destroyed).toBe(false)
    const end = closed(broker)
    proxy.cut()
    await end
  })

  it('closes one direction and keeps forwarding the other', async () => {
    const [peer, broker] = await connectPair()
    const end = once(broker.resume(), 'end')
    proxy.halfClose('outbound')
    await end
    peer.write('lost')
    broker.write('down')
    expect(await read(peer, 4)).toBe('down')
  })
})

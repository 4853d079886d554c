import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { AntiphonError } from '@antiphon/core'
import type { Link, OutgoingMessage } from '@antiphon/core'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, forkJoin, lastValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  subscribeRequest,
  openConnection,
  disconnect,
  textMessage,
  publish,
  subscribe,
  textOf,
} from '../test-connection.js'
import { type Proxy, startProxy } from '../proxy.js'

describeForeign(['mosquitto'], 'facts of MQTT.js about publishing', () => {
  let broker: Mosquitto
  let proxy: Proxy
  beforeEach(async () => {
    broker = await startMosquitto()
    proxy = await startProxy(broker.port)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await proxy.stop()
    await broker.stop()
  })

  it.each([1, 2] as const)(
    'fact 4: emits reason code 0x10 to the publisher at QoS %i if the broker sends it',
    async (qos) => {
      const transport = mqttTransport(broker.url)
      await openConnection(transport)
      // Mosquitto 2.0 sends it for QoS 1 only.
      expect(await publish(transport, textMessage('unsubscribed', 'x', { qos }))).toEqual({
        reasonCode: qos === 1 ? 0x10 : 0,
      })
      await disconnect(transport)
    },
  )

  it('fact 7: keeps at most Receive Maximum messages unacknowledged', async () => {
    const link = connect(proxy.url)
    const online$ = link.state$.pipe(filter(({ status }) => status === 'online'))
    expect(await firstValueFrom(online$)).toMatchObject({ info: { receiveMaximum: 20 } })
    const message = textMessage('a', 'x', { qos: 2 })
    const acks = Array.from({ length: 200 }, () => firstValueFrom(link.publish$(message)))
    let most = 0
    const sampling = setInterval(() => (most = Math.max(most, inFlightCount(proxy))), 0)
    expect(await Promise.all(acks)).toEqual(Array(200).fill({ reasonCode: 0 }))
    clearInterval(sampling)
    expect(most).toBeLessThanOrEqual(20)
    await link.close()
  })

  it('fact 7: fails messages above the packet size, QoS and retain limits of CONNACK before sending', async () => {
    await broker.stop()
    const strict = await startMosquitto({
      config: ['max_packet_size 1000', 'max_qos 1', 'retain_available false'],
    })
    const link = connect(strict.url)
    const failing = (message: OutgoingMessage): Promise<unknown> =>
      firstValueFrom(link.publish$(message)).catch((error: unknown) => error)
    const refused = { code: 'publish-refused', phase: 'before-network' }
    expect(await failing(textMessage('a', 'x'.repeat(1_000)))).toMatchObject({
      code: 'too-large',
      reasonCode: 0x95,
    })
    expect(await failing(textMessage('a', 'x', { qos: 2 }))).toMatchObject({ ...refused, reasonCode: 0x9b })
    expect(await failing(textMessage('a', 'x', { retain: true }))).toMatchObject({
      ...refused,
      reasonCode: 0x9a,
    })
    expect(await failing(textMessage('a', 'x'))).toEqual({ reasonCode: 0x10 })
    await link.close()
    // The log is complete once the broker has exited.
    await strict.stop()
    expect(strict.log.filter((line) => line.includes('New client connected'))).toHaveLength(1)
  })

  it('fact 9: bounds the offline queue, QoS 0 included', async () => {
    proxy.isRefusing = true
    const link = connect(proxy.url, { queue: { messages: 1_000 }, closeTimeout: 0 })
    const errors: AntiphonError[] = []
    for (let count = 0; count < 3_000; count += 1) {
      link.publish$(textMessage('a', 'x', { qos: count % 2 === 0 ? 0 : 1 })).subscribe({
        error: (error: unknown) => errors.push(error as AntiphonError),
      })
    }
    expect(errors.filter(({ code }) => code === 'overflow')).toHaveLength(2_000)
    await link.close()
    expect(errors.filter(({ code }) => code === 'link-closed')).toHaveLength(1_000)
  })

  it('fact 10: delivers all of 70 000 messages published offline at QoS 1', async () => {
    const count = 70_000
    // By default Mosquitto drops QoS 0 messages for a receiver that is more than 1 000 messages behind.
    await broker.stop()
    await proxy.stop()
    broker = await startMosquitto({ config: ['max_queued_messages 0'] })
    proxy = await startProxy(broker.port)
    const listener = mqttTransport(broker.url)
    const listening = await openConnection(listener)
    await subscribe(listener, subscribeRequest('a', { qos: 0 }))
    proxy.isRefusing = true
    const link = connect(proxy.url, { reconnect: { initial: 10, maximum: 10 } })
    const acks = lastValueFrom(
      forkJoin(Array.from({ length: count }, (_, number) => link.publish$(textMessage('a', `${number}`)))),
    )
    proxy.isRefusing = false
    expect((await acks).every(({ reasonCode }) => reasonCode === 0)).toBe(true)
    expect(new Set((await listening.received(count)).map(textOf)).size).toBe(count)
    await link.close()
    await disconnect(listener)
    // The most work of all tests of this tier.
  }, 600_000)

  it.each<[what: string, change: object]>([
    ['user properties that are not an array', { userProperties: {} }],
    ['a user property that is undefined', { userProperties: [['a', undefined]] }],
    ['a string over 64 KiB', { userProperties: [['a', 'x'.repeat(65_536)]] }],
    ['a value of the wrong type', { contentType: 5 }],
    ['a wildcard in the response topic', { responseTopic: 'a/#' }],
    ['a wildcard in the topic', { topic: 'a/#' }],
    ['U+0000 in the topic', { topic: 'a\0' }],
  ])('fact 17: fails a publish with %s before any packet, and keeps the connection', async (_, change) => {
    const link = connect(proxy.url)
    await isOnline(link)
    const bad = firstValueFrom(link.publish$({ ...textMessage('a', 'x'), ...change }))
    await expect(bad).rejects.toMatchObject({ code: 'invalid-argument', phase: 'before-network' })
    await firstValueFrom(link.publish$(textMessage('a', 'good')))
    expect(proxy.sent.map(({ cmd }) => cmd)).toEqual(['connect', 'publish'])
    await link.close()
  })

  it('fact 20: does not copy a message in flight', async () => {
    const transport = mqttTransport(broker.url, { protocolVersion: 4 })
    const connection = await openConnection(transport)
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    const payload = new Uint8Array(2 ** 21)
    const before = process.memoryUsage().arrayBuffers
    for (let count = 0; count < 100; count += 1) {
      transport.publish$({ topic: 'a', payload, qos: 1 }).subscribe({ error: () => undefined })
    }
    await turn()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * payload.length)
    connection.drop()
    await disconnect(transport)
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })

  it('fact 21: disables Nagle’s algorithm on the socket of the broker', async () => {
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    const transport = mqttTransport(broker.url)
    await openConnection(transport)
    expect(setNoDelay).toHaveBeenCalledWith(true)
    const socket = setNoDelay.mock.contexts[0] as Socket
    expect(socket.remotePort).toBe(broker.port)
    await disconnect(transport)
  })

  it('fact 23: writes 1 000 messages published in one turn of the event loop in fewer than 10 writes', async () => {
    const transport = mqttTransport(broker.url)
    await openConnection(transport)
    const write = vi.spyOn(Socket.prototype, 'write')
    const message = textMessage('service/temperature/query', 'query:Vienna', {
      qos: 0,
      contentType: 'text/plain',
    })
    await Promise.all(Array.from({ length: 1_000 }, () => publish(transport, message)))
    const brokerWrites = write.mock.contexts.filter((socket) => (socket as Socket).remotePort === broker.port)
    expect(brokerWrites.length).toBeLessThan(10)
    await disconnect(transport)
  })
})

async function isOnline(link: Link): Promise<void> {
  await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
}

/** Counts the QoS 2 messages for which the proxy saw PUBLISH but not PUBREL. */
function inFlightCount({ sent }: Proxy): number {
  const count = (cmd: string): number => sent.filter((packet) => packet.cmd === cmd).length
  return count('publish') - count('pubrel')
}

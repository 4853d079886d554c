import type { AntiphonError } from '@antiphon/core'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IPublishPacket } from 'mqtt-packet'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  subscribeRequest,
  openConnection,
  disconnect,
  textMessage,
  publish,
  subscribe,
  textOf,
  until,
} from './test-connection.js'
import { type Proxy, startProxy } from './proxy.js'

const large = 'x'.repeat(2_000)
const reconnect = { initial: 1, maximum: 1 }

describeForeign(['mosquitto'], 'a message that the broker refuses by closing the connection', () => {
  let broker: Mosquitto
  let proxy: Proxy
  beforeEach(async () => {
    // On 3.1.1 the broker cannot announce its limit, and can refuse a larger message only by closing.
    broker = await startMosquitto({ config: ['max_packet_size 1000', 'persistent_client_expiration 1h'] })
    proxy = await startProxy(broker.port, 4)
  })
  afterEach(async () => {
    await proxy.stop()
    await broker.stop()
  })

  const sent = (topic: string): readonly IPublishPacket[] =>
    proxy.sent.filter(
      (packet): packet is IPublishPacket => packet.cmd === 'publish' && packet.topic === topic,
    )

  it.each([
    ['resumed', { clean: false, clientId: 'device' }],
    ['started on every connection', { clean: true }],
  ] as const)(
    'fails a message with publish-refused after it closed three connections and delivers all others: session %s',
    async (_, session) => {
      const listener = mqttTransport(broker.url)
      const listening = await openConnection(listener)
      await subscribe(listener, subscribeRequest('good', { qos: 2 }))
      const link = connect(proxy.url, { protocolVersion: 4, reconnect, ...session })
      const good = (text: string): Promise<unknown> =>
        firstValueFrom(link.publish$(textMessage('good', text)))
      const before = ['1', '2', '3'].map(good)
      const bad = firstValueFrom(link.publish$(textMessage('bad', large))).catch(
        (error: AntiphonError) => error,
      )
      const after = ['4', '5', '6'].map(good)
      expect(await bad).toMatchObject({ code: 'publish-refused', topic: 'bad', phase: 'after-network' })
      await Promise.all([...before, ...after, good('7')])
      const texts = (await listening.received(7)).map(textOf)
      expect([...new Set(texts)].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7'])
      // Four if acknowledgements of earlier messages were lost, so that another message was the first suspect.
      expect([3, 4]).toContain(sent('bad').length)
      await link.close()
      await disconnect(listener)
    },
  )

  it('sends a suspected message alone', async () => {
    const options = { protocolVersion: 4, clean: false, clientId: 'device', reconnect } as const
    const link = connect(proxy.url, options)
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    const publishText = (topic: string, text: string): Promise<unknown> =>
      firstValueFrom(link.publish$(textMessage(topic, text)))
    const bad = publishText('bad', large).catch((error: unknown) => error)
    const good = [publishText('good', 'x'), publishText('good', 'y')]
    expect(await bad).toMatchObject({ code: 'publish-refused' })
    await Promise.all(good)
    const commands = proxy.sent.map(({ cmd }) => cmd)
    expect(commands.join(' ')).toBe(
      'connect publish publish publish connect publish connect publish connect publish publish',
    )
    await link.close()
  })

  it('does not refuse a message that was in flight when connections were reset twice', async () => {
    const transport = mqttTransport(proxy.url, { protocolVersion: 4, clean: false, clientId: 'device' })
    const publishing = publishOnce(transport)
    for (let losses = 0; losses < 2; losses += 1) {
      const connection = await openConnection(transport)
      proxy.isHoldingInbound = true
      publishing.start()
      await until(() => sent('good').length === losses + 1)
      proxy.cut('reset')
      await connection.ended
      proxy.isHoldingInbound = false
    }
    await openConnection(transport)
    expect(await publishing.settled).toEqual({ reasonCode: 0 })
    await disconnect(transport)
  })
})

/** Publishes a message on the first call of `start`; later calls do nothing. */
function publishOnce(transport: ReturnType<typeof mqttTransport>): {
  readonly start: () => void
  readonly settled: Promise<unknown>
} {
  let hasStarted = false
  let settle: (outcome: unknown) => void
  const settled = new Promise((resolve) => (settle = resolve))
  return {
    start: () => {
      if (!hasStarted) publish(transport, textMessage('good', 'x')).then(settle, settle)
      hasStarted = true
    },
    settled,
  }
}

import type { AntiphonError } from '@antiphon/core'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IPublishPacket } from 'mqtt-packet'
import { firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { asking, converse, disconnect, outgoing, publish, subscribe, textOf, until } from './conversation.js'
import { type Proxy, startProxy } from './proxy.js'

const large = 'x'.repeat(2_000)
const reconnect = { initial: 1, maximum: 1 }

describeForeign(['mosquitto'], 'a message that the broker refuses by closing the connection', () => {
  let broker: Mosquitto
  let proxy: Proxy
  beforeEach(async () => {
    // On 3.1.1 it cannot say so beforehand, and has no other answer to a larger one.
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
    ['of its own for every connection', { clean: true }],
  ] as const)(
    'fails with publish-refused after three connections, in a session %s; all others arrive',
    async (_, session) => {
      const listener = mqttTransport(broker.url)
      const heard = await converse(listener)
      await subscribe(listener, asking('good', { qos: 2 }))
      const link = connect(proxy.url, { protocolVersion: 4, reconnect, ...session })
      const good = (text: string): Promise<unknown> => firstValueFrom(link.publish$(outgoing('good', text)))
      const before = ['1', '2', '3'].map(good)
      const bad = firstValueFrom(link.publish$(outgoing('bad', large))).catch((error: AntiphonError) => error)
      const after = ['4', '5', '6'].map(good)
      expect(await bad).toMatchObject({ code: 'publish-refused', topic: 'bad', phase: 'after-network' })
      await Promise.all([...before, ...after, good('7')])
      const texts = (await heard.arrived(7)).map(textOf)
      expect([...new Set(texts)].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7'])
      // Once more where the answers to those before it got lost, so that the first suspect was another.
      expect([3, 4]).toContain(sent('bad').length)
      await link.close()
      await disconnect(listener)
    },
  )

  it('is alone under way once it is suspected', async () => {
    const transport = mqttTransport(proxy.url, { protocolVersion: 4, clean: false, clientId: 'device' })
    const first = await converse(transport)
    const bad = publish(transport, outgoing('bad', large)).catch((error: unknown) => error)
    const good = publish(transport, outgoing('good', 'x'))
    await first.ended
    const before = proxy.sent.length
    const second = await converse(transport)
    const later = publish(transport, outgoing('good', 'y'))
    await second.ended
    expect(proxy.sent.slice(before).map(({ cmd }) => cmd)).toEqual(['connect', 'publish'])
    await (
      await converse(transport)
    ).ended
    expect(await bad).toMatchObject({ code: 'publish-refused' })
    await converse(transport)
    await Promise.all([good, later])
    await disconnect(transport)
  })

  it('is not one that was under way when a connection broke for another reason', async () => {
    const transport = mqttTransport(proxy.url, { protocolVersion: 4, clean: false, clientId: 'device' })
    const ack = publishedThrough(transport)
    for (let losses = 0; losses < 2; losses += 1) {
      const conversation = await converse(transport)
      proxy.isDeaf = true
      ack.begin()
      await until(() => sent('good').length === losses + 1)
      proxy.cut('reset')
      await conversation.ended
      proxy.isDeaf = false
    }
    await converse(transport)
    expect(await ack.settled).toEqual({ reasonCode: 0 })
    await disconnect(transport)
  })
})

/** A publish that is begun once, with the first connection. */
function publishedThrough(transport: ReturnType<typeof mqttTransport>): {
  readonly begin: () => void
  readonly settled: Promise<unknown>
} {
  let hasBegun = false
  let settle: (outcome: unknown) => void
  const settled = new Promise((resolve) => (settle = resolve))
  return {
    begin: () => {
      if (!hasBegun) publish(transport, outgoing('good', 'x')).then(settle, settle)
      hasBegun = true
    },
    settled,
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Link, Message } from '@antiphon/core'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import mqtt from 'mqtt'
import type { ISubscribePacket } from 'mqtt-packet'
import { filter, firstValueFrom, forkJoin, skip, take } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { asking, converse, disconnect, outgoing, publish, subscribe, textOf, until } from '../conversation.js'
import { dynamicSecurity } from '../dynamic-security.js'
import { type Proxy, startProxy } from '../proxy.js'

const reconnect = { initial: 10, maximum: 10 }

describeForeign(['mosquitto'], 'what MQTT.js does to a subscription, and what we do', () => {
  let broker: Mosquitto
  let proxy: Proxy
  beforeEach(async () => {
    broker = await startMosquitto()
    proxy = await startProxy(broker.port)
  })
  afterEach(async () => {
    await proxy.stop()
    await broker.stop()
  })

  /** The SUBSCRIBE packets that came through the proxy. */
  const subscribes = (): readonly ISubscribePacket[] =>
    proxy.sent.filter((packet): packet is ISubscribePacket => packet.cmd === 'subscribe')

  it('fact 1: the copies of a message for overlapping subscriptions say which they are for', async () => {
    const transport = mqttTransport(broker.url)
    const conversation = await converse(transport)
    await firstValueFrom(transport.subscribe$([asking('a/#')], 1))
    await firstValueFrom(transport.subscribe$([asking('a/b')], 268_435_455))
    await publish(transport, outgoing('a/b', 'x'))
    const messages = await conversation.arrived(2)
    expect(messages.map(({ subscriptionIdentifiers }) => subscriptionIdentifiers).sort()).toEqual([
      [1],
      [268_435_455],
    ])
    await disconnect(transport)
  })

  it('fact 1: overlapping subscriptions neither double a message nor lose it', async () => {
    const link = connect(broker.url)
    const heard: Record<string, string[]> = { 'a/#': [], 'a/+': [], 'a/b': [] }
    for (const [each, texts] of Object.entries(heard)) {
      link.messages$(each).subscribe((message) => texts.push(textOf(message)))
    }
    await granted(link, ...Object.keys(heard))
    for (const text of ['1', '2', '3']) await firstValueFrom(link.publish$(outgoing('a/b', text)))
    await firstValueFrom(link.publish$(outgoing('a/c', 'other')))
    await until(() => heard['a/+']?.length === 4 && heard['a/#']?.length === 4)
    expect(heard).toEqual({
      'a/#': ['1', '2', '3', 'other'],
      'a/+': ['1', '2', '3', 'other'],
      'a/b': ['1', '2', '3'],
    })
    await link.close()
  })

  it('fact 11: who subscribes to a filter once more gets its retained message', async () => {
    const link = connect(proxy.url)
    await firstValueFrom(link.publish$(outgoing('a', 'kept', { retain: true })))
    const first = link.messages$('a').subscribe()
    await granted(link, 'a')
    const late: Message = await firstValueFrom(link.messages$('a'))
    expect([textOf(late), late.retain]).toEqual(['kept', true])
    expect(subscribes()).toHaveLength(1)
    first.unsubscribe()
    await link.close()
  })

  it('fact 11: the transport sends every SUBSCRIBE it is asked for', async () => {
    const transport = mqttTransport(proxy.url)
    const conversation = await converse(transport)
    await publish(transport, outgoing('a', 'kept', { retain: true }))
    await subscribe(transport, asking('a'))
    await subscribe(transport, asking('a', { qos: 0 }))
    expect((await conversation.arrived(2)).map(({ qos }) => qos)).toEqual([1, 0])
    await disconnect(transport)
  })

  it('fact 12: a subscription made offline waits, and is made once', async () => {
    proxy.isRefusing = true
    const link = connect(proxy.url, { reconnect })
    const errors: unknown[] = []
    const first = firstValueFrom(link.messages$('a')).catch((error: unknown) => errors.push(error))
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'offline')))
    proxy.isRefusing = false
    await granted(link, 'a')
    await firstValueFrom(link.publish$(outgoing('a', 'x')))
    expect(textOf((await first) as Message)).toBe('x')
    expect(errors).toEqual([])
    expect(subscribes().map(({ subscriptions }) => subscriptions.length)).toEqual([1])
    await link.close()
  })

  it('fact 13: after a lost session all filters are subscribed to again in one packet', async () => {
    const link = connect(proxy.url, { clientId: 'forgotten', reconnect })
    const filters = Array.from({ length: 50 }, (_, number) => `a/${number}`)
    const reopened = firstValueFrom(
      forkJoin(filters.map((each) => link.subscription$(each).pipe(skip(1), take(1)))),
    )
    await granted(link, ...filters)
    const before = subscribes().length
    proxy.isRefusing = true
    proxy.cut()
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'offline')))
    await (
      await mqtt.connectAsync(broker.url, { protocolVersion: 5, clientId: 'forgotten', clean: true })
    ).endAsync()
    proxy.isRefusing = false
    await reopened
    const after = subscribes().slice(before)
    expect(after.map(({ subscriptions }) => subscriptions.length)).toEqual([50])
    await link.close()
  })

  it.each([4, 5] as const)(
    'fact 19: every filter gets its own reason code, MQTT version %i',
    async (protocolVersion) => {
      const folder = await mkdtemp(join(tmpdir(), 'antiphon-rules-'))
      const { config, rules } = dynamicSecurity(join(folder, 'rules.json'), { subscribe: ['secret', '1'] })
      await writeFile(join(folder, 'rules.json'), rules)
      const strict = await startMosquitto({ config })
      const transport = mqttTransport(strict.url, { protocolVersion })
      await converse(transport)
      const refused = protocolVersion === 5 ? 0x87 : 0x80
      // Names of digits, which objects keep in an order of their own.
      const asked = [
        asking('b', { qos: 2 }),
        asking('secret'),
        asking('2'),
        asking('1'),
        asking('a', { qos: 0 }),
      ]
      expect(await subscribe(transport, ...asked)).toEqual([2, refused, 1, refused, 0])
      const left = firstValueFrom(transport.unsubscribe$(['b', 'never subscribed', 'a']))
      expect(await left).toEqual(protocolVersion === 5 ? [0, 0x11, 0] : [0, 0, 0])
      await disconnect(transport)
      await strict.stop()
      await rm(folder, { recursive: true })
    },
  )

  it('a request cut off is settled with connection-lost, and so is one made offline', async () => {
    const transport = mqttTransport(proxy.url)
    const { ended } = await converse(transport)
    proxy.isDeaf = true
    const [subscribing, leaving] = [
      subscribe(transport, asking('a')),
      firstValueFrom(transport.unsubscribe$(['a'])),
    ]
    for (const each of [subscribing, leaving]) each.catch(() => undefined)
    await until(() => proxy.sent.length === 3)
    proxy.cut()
    await ended
    await expect(subscribing).rejects.toMatchObject({ code: 'connection-lost' })
    await expect(leaving).rejects.toMatchObject({ code: 'connection-lost' })
    await expect(subscribe(transport, asking('a'))).rejects.toMatchObject({ code: 'connection-lost' })
    await expect(publish(transport, outgoing('a', 'x'))).rejects.toMatchObject({ code: 'connection-lost' })
  })
})

/** Resolves when all these filters are granted. */
async function granted(link: Link, ...filters: readonly string[]): Promise<void> {
  await firstValueFrom(forkJoin(filters.map((each) => link.subscription$(each).pipe(take(1)))))
}

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
import {
  subscribeRequest,
  openConnection,
  disconnect,
  textMessage,
  publish,
  subscribe,
  textOf,
  until,
} from '../test-connection.js'
import { dynamicSecurity } from '../dynamic-security.js'
import { type Proxy, startProxy } from '../proxy.js'

const reconnect = { initial: 10, maximum: 10 }

describeForeign(['mosquitto'], 'facts of MQTT.js about subscriptions', () => {
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

  /** The SUBSCRIBE packets that passed the proxy. */
  const subscribes = (): readonly ISubscribePacket[] =>
    proxy.sent.filter((packet): packet is ISubscribePacket => packet.cmd === 'subscribe')

  it('fact 1: passes the Subscription Identifier of each copy for overlapping subscriptions', async () => {
    const transport = mqttTransport(broker.url)
    const connection = await openConnection(transport)
    await firstValueFrom(transport.subscribe$([subscribeRequest('a/#')], 1))
    await firstValueFrom(transport.subscribe$([subscribeRequest('a/b')], 268_435_455))
    await publish(transport, textMessage('a/b', 'x'))
    const messages = await connection.received(2)
    expect(messages.map(({ subscriptionIdentifiers }) => subscriptionIdentifiers).sort()).toEqual([
      [1],
      [268_435_455],
    ])
    await disconnect(transport)
  })

  it('fact 1: delivers a message exactly once to each of several overlapping subscriptions', async () => {
    const link = connect(broker.url)
    const receivedTexts: Record<string, string[]> = { 'a/#': [], 'a/+': [], 'a/b': [] }
    for (const [topicFilter, texts] of Object.entries(receivedTexts)) {
      link.messages$(topicFilter).subscribe((message) => texts.push(textOf(message)))
    }
    await granted(link, ...Object.keys(receivedTexts))
    for (const text of ['1', '2', '3']) await firstValueFrom(link.publish$(textMessage('a/b', text)))
    await firstValueFrom(link.publish$(textMessage('a/c', 'other')))
    await until(() => receivedTexts['a/+']?.length === 4 && receivedTexts['a/#']?.length === 4)
    expect(receivedTexts).toEqual({
      'a/#': ['1', '2', '3', 'other'],
      'a/+': ['1', '2', '3', 'other'],
      'a/b': ['1', '2', '3'],
    })
    await link.close()
  })

  it('fact 11: delivers the retained message to a second subscriber of a filter without another SUBSCRIBE', async () => {
    const link = connect(proxy.url)
    await firstValueFrom(link.publish$(textMessage('a', 'kept', { retain: true })))
    const first = link.messages$('a').subscribe()
    await granted(link, 'a')
    const late: Message = await firstValueFrom(link.messages$('a'))
    expect([textOf(late), late.retain]).toEqual(['kept', true])
    expect(subscribes()).toHaveLength(1)
    first.unsubscribe()
    await link.close()
  })

  it('fact 11: sends a SUBSCRIBE for every subscribe$ of the transport', async () => {
    const transport = mqttTransport(proxy.url)
    const connection = await openConnection(transport)
    await publish(transport, textMessage('a', 'kept', { retain: true }))
    await subscribe(transport, subscribeRequest('a'))
    await subscribe(transport, subscribeRequest('a', { qos: 0 }))
    expect((await connection.received(2)).map(({ qos }) => qos)).toEqual([1, 0])
    await disconnect(transport)
  })

  it('fact 12: sends one SUBSCRIBE for a subscription made offline, once connected', async () => {
    proxy.isRefusing = true
    const link = connect(proxy.url, { reconnect })
    const errors: unknown[] = []
    const first = firstValueFrom(link.messages$('a')).catch((error: unknown) => errors.push(error))
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'offline')))
    proxy.isRefusing = false
    await granted(link, 'a')
    await firstValueFrom(link.publish$(textMessage('a', 'x')))
    expect(textOf((await first) as Message)).toBe('x')
    expect(errors).toEqual([])
    expect(subscribes().map(({ subscriptions }) => subscriptions.length)).toEqual([1])
    await link.close()
  })

  it('fact 13: subscribes to all filters again in one packet after a lost session', async () => {
    const link = connect(proxy.url, { clientId: 'forgotten', reconnect })
    const filters = Array.from({ length: 50 }, (_, number) => `a/${number}`)
    const reopened = firstValueFrom(
      forkJoin(filters.map((topicFilter) => link.subscription$(topicFilter).pipe(skip(1), take(1)))),
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
    'fact 19: emits a reason code for each filter in request order, protocolVersion %i',
    async (protocolVersion) => {
      const folder = await mkdtemp(join(tmpdir(), 'antiphon-rules-'))
      const { config, rules } = dynamicSecurity(join(folder, 'rules.json'), { subscribe: ['secret', '1'] })
      await writeFile(join(folder, 'rules.json'), rules)
      const strict = await startMosquitto({ config })
      const transport = mqttTransport(strict.url, { protocolVersion })
      await openConnection(transport)
      const refused = protocolVersion === 5 ? 0x87 : 0x80
      // Filters of digits: JavaScript objects sort such keys, so an object could not preserve the order.
      const requests = [
        subscribeRequest('b', { qos: 2 }),
        subscribeRequest('secret'),
        subscribeRequest('2'),
        subscribeRequest('1'),
        subscribeRequest('a', { qos: 0 }),
      ]
      expect(await subscribe(transport, ...requests)).toEqual([2, refused, 1, refused, 0])
      const unsubscribed = firstValueFrom(transport.unsubscribe$(['b', 'never subscribed', 'a']))
      expect(await unsubscribed).toEqual(protocolVersion === 5 ? [0, 0x11, 0] : [0, 0, 0])
      await disconnect(transport)
      await strict.stop()
      await rm(folder, { recursive: true })
    },
  )

  it('fails SUBSCRIBE and UNSUBSCRIBE with connection-lost when the connection drops, and when offline', async () => {
    const transport = mqttTransport(proxy.url)
    const { ended } = await openConnection(transport)
    proxy.isHoldingInbound = true
    const [subscribing, unsubscribing] = [
      subscribe(transport, subscribeRequest('a')),
      firstValueFrom(transport.unsubscribe$(['a'])),
    ]
    for (const pending of [subscribing, unsubscribing]) pending.catch(() => undefined)
    await until(() => proxy.sent.length === 3)
    proxy.cut()
    await ended
    await expect(subscribing).rejects.toMatchObject({ code: 'connection-lost' })
    await expect(unsubscribing).rejects.toMatchObject({ code: 'connection-lost' })
    await expect(subscribe(transport, subscribeRequest('a'))).rejects.toMatchObject({
      code: 'connection-lost',
    })
    await expect(publish(transport, textMessage('a', 'x'))).rejects.toMatchObject({ code: 'connection-lost' })
  })
})

/** Resolves when all filters are granted. */
async function granted(link: Link, ...filters: readonly string[]): Promise<void> {
  await firstValueFrom(forkJoin(filters.map((topicFilter) => link.subscription$(topicFilter).pipe(take(1)))))
}

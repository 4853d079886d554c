import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type AntiphonError, userProperty } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import { config as rxjs, firstValueFrom, take, toArray } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { asking, converse, disconnect, outgoing, publish, subscribe, textOf, until } from '../conversation.js'
import { type Proxy, startProxy } from '../proxy.js'

const run = promisify(execFile)
const session = { clean: false, clientId: 'remembered' } as const

describeForeign(['mosquitto'], 'what MQTT.js does to what arrives, and what we do', () => {
  let broker: Mosquitto
  let proxy: Proxy
  beforeEach(async () => {
    broker = await startMosquitto({ config: ['max_inflight_messages 1000', 'max_queued_messages 0'] })
    proxy = await startProxy(broker.port)
  })
  afterEach(async () => {
    await proxy.stop()
    await broker.stop()
  })

  it('fact 2: a subscriber that throws does not wedge the client', async () => {
    const reported: unknown[] = []
    rxjs.onUnhandledError = (error) => reported.push(error)
    const transport = mqttTransport(broker.url)
    const texts: string[] = []
    transport.connect$(1).subscribe((event: TransportEvent) => {
      if (event.type === 'message') {
        event.acknowledge()
        texts.push(textOf(event.message))
        throw new Error(`upset by ${textOf(event.message)}`)
      }
      subscribe(transport, asking('a')).then(async () => {
        for (const text of ['1', '2', '3']) await publish(transport, outgoing('a', text))
      }, reported.push)
    })
    await until(() => texts.length === 3 && reported.length === 3)
    expect(reported.map(String)).toEqual(['Error: upset by 1', 'Error: upset by 2', 'Error: upset by 3'])
    rxjs.onUnhandledError = null
    await disconnect(transport)
  })

  it('fact 3: a publish may be awaited while a message is handled', async () => {
    const transport = mqttTransport(broker.url)
    const answered: string[] = []
    const conversation = await converse(transport, { acknowledge: false })
    await subscribe(transport, asking('asked'), asking('more'))
    await publish(transport, outgoing('asked', 'x'))
    await conversation.arrived(1)
    answered.push(String((await publish(transport, outgoing('more', 'y'))).reasonCode))
    await conversation.arrived(2)
    conversation.acknowledge(0)
    expect(answered).toEqual(['0'])
    await disconnect(transport)
  })

  it.each([1, 2] as const)(
    'fact 3: 500 messages arrive unacknowledged at QoS %i; after 300 acknowledgements and a cut the other 200 come again',
    async (qos) => {
      const transport = mqttTransport(proxy.url, session)
      const sender = mqttTransport(broker.url)
      const first = await converse(transport, { acknowledge: false })
      await converse(sender)
      await subscribe(transport, asking('a', { qos }))
      await Promise.all(
        Array.from({ length: 500 }, (_, place) => publish(sender, outgoing('a', `${place}`, { qos }))),
      )
      await first.arrived(500)
      first.acknowledge(...Array.from({ length: 300 }, (_, place) => place))
      const released = qos === 1 ? 'puback' : 'pubcomp'
      const done = (): number =>
        proxy.sent.filter(({ cmd }) => cmd === (qos === 1 ? released : 'pubrec')).length
      await until(() => done() === 300)
      // The broker has read them once it has answered for what came after them.
      await publish(transport, outgoing('b', 'x'))
      proxy.cut()
      await first.ended
      // Of a connection that is gone; the broker never hears of it.
      first.acknowledge(400)
      const second = await converse(transport, { acknowledge: true })
      const again = await second.arrived(200)
      expect(again.map(textOf)).toEqual(Array.from({ length: 200 }, (_, place) => `${place + 300}`))
      expect(again.every(({ dup }) => dup)).toBe(true)
      await publish(transport, outgoing('b', 'x'))
      await publish(sender, outgoing('a', 'last', { qos }))
      expect(textOf((await second.arrived(201)).at(-1) ?? outgoing('', ''))).toBe('last')
      await Promise.all([disconnect(transport), disconnect(sender)])
    },
  )

  it('a QoS 2 message that was acknowledged is not handed on again, though the broker sends it again', async () => {
    const transport = mqttTransport(proxy.url, session)
    const first = await converse(transport, { acknowledge: false })
    await subscribe(transport, asking('a', { qos: 2 }))
    await publish(transport, outgoing('a', 'once', { qos: 2 }))
    await first.arrived(1)
    // The acknowledgement gets lost on its way.
    proxy.isMute = true
    first.acknowledge(0)
    const acknowledged = (): number => proxy.sent.filter(({ cmd }) => cmd === 'pubrec').length
    await until(() => acknowledged() === 1)
    proxy.cut()
    await first.ended
    proxy.isMute = false
    const second = await converse(transport)
    await until(() => acknowledged() === 2)
    await publish(transport, outgoing('a', 'another', { qos: 2 }))
    expect((await second.arrived(1)).map(textOf)).toEqual(['another'])
    await disconnect(transport)
  })

  it('messages of a resumed session wait for the subscriber of a link', async () => {
    const before = mqttTransport(broker.url, session)
    await converse(before)
    await subscribe(before, asking('a'))
    await disconnect(before)
    const sender = mqttTransport(broker.url)
    await converse(sender)
    for (const text of ['1', '2', '3']) await publish(sender, outgoing('a', text))
    const link = connect(broker.url, session)
    const messages = await firstValueFrom(link.messages$('a').pipe(take(3), toArray()))
    expect(messages.map(textOf)).toEqual(['1', '2', '3'])
    await link.close()
    await disconnect(sender)
  })

  it('a topic alias stands for the topic it was given with', async () => {
    const transport = mqttTransport(proxy.url, { properties: { topicAliasMaximum: 2 } })
    const conversation = await converse(transport)
    const [named, alias] = [
      [0, 3, 0x61, 0x2f, 0x62],
      [3, 0x23, 0, 1],
    ]
    proxy.inject(Uint8Array.of(0x30, 10, ...named, ...alias, 0x31))
    proxy.inject(Uint8Array.of(0x30, 7, 0, 0, ...alias, 0x32))
    const messages = await conversation.arrived(2)
    expect(messages.map((message) => [message.topic, textOf(message)])).toEqual([
      ['a/b', '1'],
      ['a/b', '2'],
    ])
    await disconnect(transport)
  })
})

describeForeign(['mosquitto', 'mosquitto-clients'], 'what a foreign client sends', () => {
  it('fact 18: user properties keep their repeats and their order', async () => {
    const broker = await startMosquitto()
    const transport = mqttTransport(broker.url)
    const conversation = await converse(transport)
    await subscribe(transport, asking('a'))
    const properties = ['a', '1', 'b', '2', 'a', '3', '__proto__', '4', 'constructor', '5']
    const pairs = properties.flatMap((name, place) =>
      place % 2 === 0 ? ['-D', 'publish', 'user-property', name, properties[place + 1] ?? ''] : [],
    )
    const rest = ['-D', 'publish', 'content-type', 'text/plain', '-D', 'publish', 'response-topic', 'r']
    await run('mosquitto_pub', [
      '-p',
      `${broker.port}`,
      '-V',
      '5',
      '-q',
      '1',
      '-t',
      'a',
      '-m',
      'x',
      ...pairs,
      ...rest,
    ])
    const [message] = await conversation.arrived(1)
    const received = message?.userProperties ?? []
    expect(received).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['__proto__', '4'],
      ['constructor', '5'],
    ])
    expect(userProperty(received, '__proto__')).toBe('4')
    expect(message).toMatchObject({ contentType: 'text/plain', responseTopic: 'r', qos: 1 })
    await disconnect(transport)
    await broker.stop()
  })
})

describeForeign(['mosquitto'], 'what no broker should send', () => {
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

  const text = (value: string): readonly number[] => {
    const bytes = [...new TextEncoder().encode(value)]
    return [bytes.length >> 8, bytes.length & 0xff, ...bytes]
  }
  const publishOf = (topic: string, properties: readonly number[] = []): Uint8Array => {
    const body = [...text(topic), 0, 77, properties.length, ...properties, 0x78]
    return Uint8Array.of(0x32, body.length, ...body)
  }

  it.each<[what: string, packet: Uint8Array, rule: RegExp]>([
    ['an empty topic', publishOf(''), /empty/],
    ['a wildcard in the topic', publishOf('a/#'), /wildcard/],
    ['U+0000 in the topic', publishOf('a\0b'), /U\+0000/],
    ['two content types', publishOf('a', [3, ...text('x'), 3, ...text('y')]), /Content Type/],
    ['two response topics', publishOf('a', [8, ...text('x'), 8, ...text('y')]), /Response Topic/],
    ['two correlation data', publishOf('a', [9, ...text('x'), 9, ...text('y')]), /Correlation Data/],
    ['two expiries', publishOf('a', [2, 0, 0, 0, 9, 2, 0, 0, 0, 9]), /Message Expiry Interval/],
    ['two format indicators', publishOf('a', [1, 1, 1, 1]), /Payload Format Indicator/],
    ['U+0000 in a user property', publishOf('a', [0x26, ...text('n'), ...text('v\0')]), /User Property/],
  ])(
    'fact 18: %s is told as malformed and acknowledged, and the stream lives on',
    async (_, packet, rule) => {
      const transport = mqttTransport(proxy.url)
      const conversation = await converse(transport)
      await subscribe(transport, asking('a'))
      proxy.inject(packet)
      await until(() => conversation.events.length === 2)
      const event = conversation.events[1]
      expect(event?.type === 'malformed' && event.error).toMatchObject({
        code: 'protocol',
        message: expect.stringMatching(rule) as string,
      })
      await until(() => proxy.sent.some(({ cmd, messageId }) => cmd === 'puback' && messageId === 77))
      await publish(transport, outgoing('a', 'fit'))
      expect((await conversation.arrived(1)).map(textOf)).toEqual(['fit'])
      await disconnect(transport)
    },
  )

  it('an unfit message is acknowledged in its turn, after those that came before it', async () => {
    const transport = mqttTransport(proxy.url)
    const conversation = await converse(transport, { acknowledge: false })
    proxy.inject(Uint8Array.of(0x32, 7, ...text('a'), 0, 1, 0, 0x78))
    proxy.inject(publishOf('a/#'))
    proxy.inject(Uint8Array.of(0x32, 7, ...text('a'), 0, 2, 0, 0x78))
    await conversation.arrived(2)
    conversation.acknowledge(0, 1)
    const acknowledged = (): readonly unknown[] =>
      proxy.sent.flatMap(({ cmd, messageId }) => (cmd === 'puback' ? [messageId] : []))
    await until(() => acknowledged().length === 3)
    expect(acknowledged()).toEqual([1, 77, 2])
    await disconnect(transport)
  })

  it.each<[what: string, packet: readonly number[]]>([
    ['no packet at all', [0x00, 0x00]],
    ['a reserved flag', [0x41, 2, 0, 1]],
    ['QoS 3', [0x36, 5, 0, 1, 0x61, 0, 1]],
    ['a length without end', [0x30, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['an unknown property', [0x30, 5, 0, 1, 0x61, 1, 0x7f]],
    ['a second CONNACK', [0x20, 3, 0, 0, 0]],
    ['a topic alias nobody asked for', [0x30, 8, 0, 1, 0x61, 3, 0x23, 0, 1, 0x78]],
    ['an AUTH nobody asked for', [0xf0, 2, 0x18, 0]],
  ])('%s ends the connection, and nothing else', async (_, packet) => {
    const transport = mqttTransport(proxy.url)
    const first = await converse(transport)
    proxy.inject(Uint8Array.from(packet))
    const error = (await first.ended) as AntiphonError
    expect(error).toMatchObject({ code: 'connection-lost', phase: 'after-network' })
    const second = await converse(transport)
    expect(second.grant.sessionPresent).toBe(true)
    await disconnect(transport)
  })
})

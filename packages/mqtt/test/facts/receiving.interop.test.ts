import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type AntiphonError, userProperty } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import { config as rxjs, firstValueFrom, take, toArray } from 'rxjs'
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
import { type Proxy, startProxy } from '../proxy.js'

const run = promisify(execFile)
const session = { clean: false, clientId: 'remembered' } as const

describeForeign(['mosquitto'], 'facts of MQTT.js about receiving', () => {
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

  it('fact 2: keeps receiving after a subscriber throws', async () => {
    const reported: unknown[] = []
    rxjs.onUnhandledError = (error) => reported.push(error)
    const transport = mqttTransport(broker.url)
    const texts: string[] = []
    transport.connect$(1).subscribe((event: TransportEvent) => {
      if (event.type === 'message') {
        event.acknowledge()
        texts.push(textOf(event.message))
        throw new Error(`thrown on ${textOf(event.message)}`)
      }
      subscribe(transport, subscribeRequest('a')).then(async () => {
        for (const text of ['1', '2', '3']) await publish(transport, textMessage('a', text))
      }, reported.push)
    })
    await until(() => texts.length === 3 && reported.length === 3)
    expect(reported.map(String)).toEqual(['Error: thrown on 1', 'Error: thrown on 2', 'Error: thrown on 3'])
    rxjs.onUnhandledError = null
    await disconnect(transport)
  })

  it('fact 3: publishes and receives while a message is unacknowledged', async () => {
    const transport = mqttTransport(broker.url)
    const reasonCodes: string[] = []
    const connection = await openConnection(transport, { acknowledge: false })
    await subscribe(transport, subscribeRequest('first'), subscribeRequest('second'))
    await publish(transport, textMessage('first', 'x'))
    await connection.received(1)
    reasonCodes.push(String((await publish(transport, textMessage('second', 'y'))).reasonCode))
    await connection.received(2)
    connection.acknowledge(0)
    expect(reasonCodes).toEqual(['0'])
    await disconnect(transport)
  })

  it.each([1, 2] as const)(
    'fact 3: receives 500 unacknowledged messages at QoS %i and, after a cut, only the 200 that were not acknowledged redelivered',
    async (qos) => {
      const transport = mqttTransport(proxy.url, session)
      const sender = mqttTransport(broker.url)
      const first = await openConnection(transport, { acknowledge: false })
      await openConnection(sender)
      await subscribe(transport, subscribeRequest('a', { qos }))
      await Promise.all(
        Array.from({ length: 500 }, (_, index) => publish(sender, textMessage('a', `${index}`, { qos }))),
      )
      await first.received(500)
      first.acknowledge(...Array.from({ length: 300 }, (_, index) => index))
      const released = qos === 1 ? 'puback' : 'pubcomp'
      const acknowledgedCount = (): number =>
        proxy.sent.filter(({ cmd }) => cmd === (qos === 1 ? released : 'pubrec')).length
      await until(() => acknowledgedCount() === 300)
      // PUBACK for a later message means that the broker has read the acknowledgements before it.
      await publish(transport, textMessage('b', 'x'))
      proxy.cut()
      await first.ended
      // The connection has closed: this acknowledgement is not sent.
      first.acknowledge(400)
      const second = await openConnection(transport, { acknowledge: true })
      const redelivered = await second.received(200)
      expect(redelivered.map(textOf)).toEqual(Array.from({ length: 200 }, (_, index) => `${index + 300}`))
      expect(redelivered.every(({ dup }) => dup)).toBe(true)
      await publish(transport, textMessage('b', 'x'))
      await publish(sender, textMessage('a', 'last', { qos }))
      expect(textOf((await second.received(201)).at(-1) ?? textMessage('', ''))).toBe('last')
      await Promise.all([disconnect(transport), disconnect(sender)])
    },
  )

  it('does not emit an acknowledged QoS 2 message again when the broker redelivers it', async () => {
    const transport = mqttTransport(proxy.url, session)
    const first = await openConnection(transport, { acknowledge: false })
    await subscribe(transport, subscribeRequest('a', { qos: 2 }))
    await publish(transport, textMessage('a', 'once', { qos: 2 }))
    await first.received(1)
    // PUBREC is lost.
    proxy.isDroppingOutbound = true
    first.acknowledge(0)
    const acknowledged = (): number => proxy.sent.filter(({ cmd }) => cmd === 'pubrec').length
    await until(() => acknowledged() === 1)
    proxy.cut()
    await first.ended
    proxy.isDroppingOutbound = false
    const second = await openConnection(transport)
    await until(() => acknowledged() === 2)
    await publish(transport, textMessage('a', 'another', { qos: 2 }))
    expect((await second.received(1)).map(textOf)).toEqual(['another'])
    await disconnect(transport)
  })

  it('keeps messages of a resumed session until the link has a subscriber for them', async () => {
    const before = mqttTransport(broker.url, session)
    await openConnection(before)
    await subscribe(before, subscribeRequest('a'))
    await disconnect(before)
    const sender = mqttTransport(broker.url)
    await openConnection(sender)
    for (const text of ['1', '2', '3']) await publish(sender, textMessage('a', text))
    const link = connect(broker.url, session)
    const messages = await firstValueFrom(link.messages$('a').pipe(take(3), toArray()))
    expect(messages.map(textOf)).toEqual(['1', '2', '3'])
    await link.close()
    await disconnect(sender)
  })

  it('resolves a Topic Alias to the topic it was sent with', async () => {
    const transport = mqttTransport(proxy.url, { properties: { topicAliasMaximum: 2 } })
    const connection = await openConnection(transport)
    const [named, alias] = [
      [0, 3, 0x61, 0x2f, 0x62],
      [3, 0x23, 0, 1],
    ]
    proxy.inject(Uint8Array.of(0x30, 10, ...named, ...alias, 0x31))
    proxy.inject(Uint8Array.of(0x30, 7, 0, 0, ...alias, 0x32))
    const messages = await connection.received(2)
    expect(messages.map((message) => [message.topic, textOf(message)])).toEqual([
      ['a/b', '1'],
      ['a/b', '2'],
    ])
    await disconnect(transport)
  })
})

describeForeign(['mosquitto', 'mosquitto-clients'], 'messages of a foreign client', () => {
  it('fact 18: keeps repeated user properties and their order', async () => {
    const broker = await startMosquitto()
    const transport = mqttTransport(broker.url)
    const connection = await openConnection(transport)
    await subscribe(transport, subscribeRequest('a'))
    const properties = ['a', '1', 'b', '2', 'a', '3', '__proto__', '4', 'constructor', '5']
    const pairs = properties.flatMap((name, index) =>
      index % 2 === 0 ? ['-D', 'publish', 'user-property', name, properties[index + 1] ?? ''] : [],
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
    const [message] = await connection.received(1)
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

describeForeign(['mosquitto'], 'invalid packets from a broker', () => {
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
    'fact 18: reports a message with %s as malformed, acknowledges it, and keeps the connection',
    async (_, packet, rule) => {
      const transport = mqttTransport(proxy.url)
      const connection = await openConnection(transport)
      await subscribe(transport, subscribeRequest('a'))
      proxy.inject(packet)
      await until(() => connection.events.length === 2)
      const event = connection.events[1]
      expect(event?.type === 'malformed' && event.error).toMatchObject({
        code: 'protocol',
        message: expect.stringMatching(rule) as string,
      })
      await until(() => proxy.sent.some(({ cmd, messageId }) => cmd === 'puback' && messageId === 77))
      await publish(transport, textMessage('a', 'fit'))
      expect((await connection.received(1)).map(textOf)).toEqual(['fit'])
      await disconnect(transport)
    },
  )

  it('acknowledges a malformed message after the messages that arrived before it', async () => {
    const transport = mqttTransport(proxy.url)
    const connection = await openConnection(transport, { acknowledge: false })
    proxy.inject(Uint8Array.of(0x32, 7, ...text('a'), 0, 1, 0, 0x78))
    proxy.inject(publishOf('a/#'))
    proxy.inject(Uint8Array.of(0x32, 7, ...text('a'), 0, 2, 0, 0x78))
    await connection.received(2)
    connection.acknowledge(0, 1)
    const acknowledged = (): readonly unknown[] =>
      proxy.sent.flatMap(({ cmd, messageId }) => (cmd === 'puback' ? [messageId] : []))
    await until(() => acknowledged().length === 3)
    expect(acknowledged()).toEqual([1, 77, 2])
    await disconnect(transport)
  })

  it.each<[what: string, packet: readonly number[]]>([
    ['an invalid packet type', [0x00, 0x00]],
    ['a reserved flag', [0x41, 2, 0, 1]],
    ['QoS 3', [0x36, 5, 0, 1, 0x61, 0, 1]],
    ['a length without end', [0x30, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['an unknown property', [0x30, 5, 0, 1, 0x61, 1, 0x7f]],
    ['a second CONNACK', [0x20, 3, 0, 0, 0]],
    ['a Topic Alias above Topic Alias Maximum', [0x30, 8, 0, 1, 0x61, 3, 0x23, 0, 1, 0x78]],
    ['an unexpected AUTH', [0xf0, 2, 0x18, 0]],
  ])('closes only the connection on %s, and resumes the session', async (_, packet) => {
    const transport = mqttTransport(proxy.url)
    const first = await openConnection(transport)
    proxy.inject(Uint8Array.from(packet))
    const error = (await first.ended) as AntiphonError
    expect(error).toMatchObject({ code: 'connection-lost', phase: 'after-network' })
    const second = await openConnection(transport)
    expect(second.info.sessionPresent).toBe(true)
    await disconnect(transport)
  })
})

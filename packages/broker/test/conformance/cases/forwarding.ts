import { expect } from 'vitest'
import { uint32, properties, property, publishBytes, text } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const atQos0 = { qos: 0 }

/** Forwarding: unaltered properties, message expiry, overlapping subscriptions. */
export const forwardingCases: readonly NormCase[] = normCases(
  {
    norm: '3.3.2-3',
    title: 'sends the published topic name, whichever filter matches',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('#', atQos0)
      for (const topic of ['a', '/a//b/', 'ü/ ', 'a\ufeffb']) {
        client.send(publishBytes(version, topic))
        expect((await client.next('publish')).topic).toBe(topic)
      }
    },
  },
  ...(
    [
      ['3.3.2-4', 'Payload Format Indicator', property(0x01, Buffer.from([1]))],
      ['3.3.2-15', 'Response Topic', property(0x08, text('responses/ü'))],
      [
        '3.3.2-16',
        'Correlation Data',
        property(0x09, Buffer.from('0004 00ff c328'.replaceAll(' ', ''), 'hex')),
      ],
      ['3.3.2-20', 'Content Type', property(0x03, text('text/plain'))],
    ] as const
  ).map(([norm, name, bytes]): NormCase => ({
    norm,
    versions: [5],
    title: `forwards the ${name} unaltered at each QoS and when retained`,
    run: async ({ join }) => {
      const client = await join('a')
      const section = properties(bytes)
      client.send(publishBytes(5, 't', { flags: 1, section, payload: 'x' }))
      await client.subscribe('t')
      client.send(
        publishBytes(5, 't', { flags: 2, id: 1, section }),
        publishBytes(5, 't', { flags: 4, id: 2, section }),
      )
      expect((await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')).toHaveLength(3)
      expect(occurrences(client.bytes(), section)).toBe(3)
    },
  })),
  {
    norm: '3.3.2-17',
    versions: [5],
    title: 'forwards user properties unaltered',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', atQos0)
      const section = properties(
        property(0x26, text(''), text('')),
        property(0x26, text('__proto__'), text('ü')),
      )
      client.send(publishBytes(5, 't', { section }))
      await client.next('publish')
      expect(client.bytes().includes(section)).toBe(true)
    },
  },
  {
    norm: '3.3.2-17 (long)',
    versions: [5],
    title: 'forwards properties and topics longer than the write buffer unaltered',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('#')
      const section = properties(
        ...Array.from({ length: 3 }, () => property(0x26, text('k'), text('v'.repeat(60_000)))),
      )
      const topic = 't'.repeat(60_000)
      const payload = 'p'.repeat(10_000)
      client.send(
        publishBytes(5, topic, { section, payload }),
        publishBytes(5, topic, { flags: 2, id: 7, section, payload: 'short' }),
      )
      const received = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      expect(
        received.map((message) => [message.topic === topic, message.qos, String(message.payload).length]),
      ).toEqual([
        [true, 0, 10_000],
        [true, 1, 5],
      ])
      expect(occurrences(client.bytes(), section)).toBe(2)
    },
  },
  {
    norm: '3.3.2-18',
    versions: [5],
    title: 'keeps the order of user properties, with repeated and interleaved names',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', atQos0)
      const names = ['b', 'a', 'b', '1', 'a', 'b']
      const section = properties(...names.map((name, index) => property(0x26, text(name), text(`v${index}`))))
      client.send(publishBytes(5, 't', { section }))
      await client.next('publish')
      expect(client.bytes().includes(section)).toBe(true)
    },
  },
  {
    norm: '3.3.2-5',
    versions: [5],
    title: 'does not send a queued or retained message that has expired',
    run: async ({ join, advance, broker }) => {
      const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const away = await join('away', persistent)
      await away.subscribe('t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      const section = properties(property(0x02, uint32(10)))
      sender.send(publishBytes(5, 't', { flags: 3, id: 1, section, payload: 'x' }))
      await sender.next('puback')
      advance(10_001)
      const back = await join('away', persistent)
      await back.expectQuiet()
      await sender.subscribe('t')
      await sender.expectQuiet()
      expect(broker.session('away')).toMatchObject({ inFlight: 0, queued: 0 })
    },
  },
  {
    norm: '3.3.2-6',
    versions: [5],
    title: 'sends the remaining Message Expiry Interval of a queued or retained message',
    run: async ({ join, advance }) => {
      const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const away = await join('away', persistent)
      await away.subscribe('t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      const section = properties(property(0x02, uint32(60)))
      sender.send(publishBytes(5, 't', { flags: 3, id: 1, section, payload: 'x' }))
      await sender.next('puback')
      advance(20_000)
      const back = await join('away', persistent)
      expect((await back.next('publish')).properties?.messageExpiryInterval).toBe(40)
      await sender.subscribe('t', atQos0)
      expect((await sender.next('publish')).properties?.messageExpiryInterval).toBe(40)
    },
  },
  {
    norm: '3.3.4-2',
    norm311: '3.3.5-1',
    title: 'sends one copy to overlapping subscriptions, at their highest QoS',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t/#', { qos: 0 })
      await client.subscribe('t/+', { qos: 2 })
      await client.subscribe('t/a', { qos: 1 })
      client.send(publishBytes(version, 't/a', { flags: 4, id: 1 }))
      const copies = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      expect(copies).toMatchObject([{ qos: 2 }])
    },
  },
  {
    norm: '3.3.4-3',
    versions: [5],
    title: 'sends the Subscription Identifier with live and retained messages',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 1, payload: 'x' }))
      await client.subscribe('t', { qos: 0, properties: { subscriptionIdentifier: 268_435_455 } })
      client.send(publishBytes(5, 't'))
      const seen = (await client.receiveAll()).map(
        ({ properties: { subscriptionIdentifier } = {} }) => subscriptionIdentifier,
      )
      expect(seen.flat()).toEqual([268_435_455, 268_435_455])
    },
  },
  {
    norm: '3.3.4-4',
    versions: [5],
    title: 'sends all Subscription Identifiers of overlapping subscriptions in one copy',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t/#', { qos: 0, properties: { subscriptionIdentifier: 1 } })
      await client.subscribe('t/+', { qos: 0, properties: { subscriptionIdentifier: 200 } })
      await client.subscribe('t/a', { qos: 0 })
      client.send(publishBytes(5, 't/a'))
      const [copy, ...others] = await client.receiveAll()
      expect(others).toEqual([])
      expect([copy?.properties?.subscriptionIdentifier].flat().sort()).toEqual([1, 200])
    },
  },
  {
    norm: '3.8.2.1.2 (last SUBSCRIBE)',
    versions: [5],
    title:
      'replaces the Subscription Identifier of a filter on each SUBSCRIBE, and removes it when the SUBSCRIBE has none',
    run: async ({ join }) => {
      const client = await join('a')
      const seen: unknown[] = []
      for (const section of [{ subscriptionIdentifier: 1 }, { subscriptionIdentifier: 2 }, {}]) {
        await client.subscribe('t', { qos: 0, properties: section })
        client.send(publishBytes(5, 't'))
        seen.push((await client.next('publish')).properties?.subscriptionIdentifier)
      }
      expect(seen).toEqual([1, 2, undefined])
    },
  },
  {
    norm: '3.3.4 (mixed versions)',
    title: 'forwards messages between MQTT 5 and 3.1.1 clients, to 3.1.1 without properties',
    run: async ({ join, version }) => {
      const other = version === 5 ? 4 : 5
      const here = await join('here')
      const there = await join('there', { protocolVersion: other })
      await here.subscribe('to/here', atQos0)
      await there.subscribe('to/there', atQos0)
      const section = properties(property(0x03, text('c')))
      here.send(publishBytes(version, 'to/there', { section, payload: 'x' }))
      there.send(publishBytes(other, 'to/here', { section, payload: 'y' }))
      expect(await there.next('publish')).toMatchObject({ topic: 'to/there', payload: Buffer.from('x') })
      expect(await here.next('publish')).toMatchObject({ topic: 'to/here', payload: Buffer.from('y') })
    },
  },
)

function occurrences(bytes: Buffer, searched: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(searched); at >= 0; at = bytes.indexOf(searched, at + 1)) count++
  return count
}

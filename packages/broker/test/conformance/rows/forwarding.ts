import { expect } from 'vitest'
import { long, properties, property, publishBytes, text } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const onlyQos0 = { qos: 0 }

/** What of a message is forwarded unaltered, what has expired, and how often it comes. */
export const forwardingRows: readonly Row[] = rows(
  {
    norm: '3.3.2-3',
    says: 'the topic name sent is the one published, whatever filter selected it',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('#', onlyQos0)
      for (const topic of ['a', '/a//b/', 'ü/ ', 'a\ufeffb']) {
        client.send(publishBytes(version, topic))
        expect((await client.next('publish')).topic).toBe(topic)
      }
    },
  },
  ...(
    [
      ['3.3.2-4', 'the payload format indicator', property(0x01, Buffer.from([1]))],
      ['3.3.2-15', 'the response topic', property(0x08, text('answers/ü'))],
      [
        '3.3.2-16',
        'the correlation data',
        property(0x09, Buffer.from('0004 00ff c328'.replaceAll(' ', ''), 'hex')),
      ],
      ['3.3.2-20', 'the content type', property(0x03, text('text/plain'))],
    ] as const
  ).map(([norm, what, bytes]): Row => ({
    norm,
    versions: [5],
    says: `${what} is forwarded unaltered, at each QoS, retained too`,
    run: async ({ join }) => {
      const client = await join('a')
      const section = properties(bytes)
      client.send(publishBytes(5, 't', { flags: 1, section, payload: 'x' }))
      await client.subscribe('t')
      client.send(
        publishBytes(5, 't', { flags: 2, id: 1, section }),
        publishBytes(5, 't', { flags: 4, id: 2, section }),
      )
      expect((await client.gather()).filter(({ cmd }) => cmd === 'publish')).toHaveLength(3)
      expect(occurrences(client.bytes(), section)).toBe(3)
    },
  })),
  {
    norm: '3.3.2-17',
    versions: [5],
    says: 'user properties are forwarded unaltered',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', onlyQos0)
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
    says: 'so are properties and topics longer than any buffer the broker writes with',
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
      const received = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      expect(received.map((each) => [each.topic === topic, each.qos, String(each.payload).length])).toEqual([
        [true, 0, 10_000],
        [true, 1, 5],
      ])
      expect(occurrences(client.bytes(), section)).toBe(2)
    },
  },
  {
    norm: '3.3.2-18',
    versions: [5],
    says: 'user properties keep their order, repeats and other names between them included',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', onlyQos0)
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
    says: 'a message that expired before it was sent is not sent, queued or retained',
    run: async ({ join, advance, broker }) => {
      const kept = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const away = await join('away', kept)
      await away.subscribe('t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      const section = properties(property(0x02, long(10)))
      sender.send(publishBytes(5, 't', { flags: 3, id: 1, section, payload: 'x' }))
      await sender.next('puback')
      advance(10_001)
      const back = await join('away', kept)
      await back.quiet()
      await sender.subscribe('t')
      await sender.quiet()
      expect(broker.session('away')).toMatchObject({ inFlight: 0, queued: 0 })
    },
  },
  {
    norm: '3.3.2-6',
    versions: [5],
    says: 'what is left of the expiry interval is sent, queued or retained',
    run: async ({ join, advance }) => {
      const kept = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const away = await join('away', kept)
      await away.subscribe('t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      const section = properties(property(0x02, long(60)))
      sender.send(publishBytes(5, 't', { flags: 3, id: 1, section, payload: 'x' }))
      await sender.next('puback')
      advance(20_000)
      const back = await join('away', kept)
      expect((await back.next('publish')).properties?.messageExpiryInterval).toBe(40)
      await sender.subscribe('t', onlyQos0)
      expect((await sender.next('publish')).properties?.messageExpiryInterval).toBe(40)
    },
  },
  {
    norm: '3.3.4-2',
    norm311: '3.3.5-1',
    says: 'overlapping subscriptions make one copy, at the highest QoS of them',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t/#', { qos: 0 })
      await client.subscribe('t/+', { qos: 2 })
      await client.subscribe('t/a', { qos: 1 })
      client.send(publishBytes(version, 't/a', { flags: 4, id: 1 }))
      const copies = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      expect(copies).toMatchObject([{ qos: 2 }])
    },
  },
  {
    norm: '3.3.4-3',
    versions: [5],
    says: 'the identifier of the subscription is sent, retained messages included',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 1, payload: 'x' }))
      await client.subscribe('t', { qos: 0, properties: { subscriptionIdentifier: 268_435_455 } })
      client.send(publishBytes(5, 't'))
      const seen = (await client.gather()).map(
        ({ properties: { subscriptionIdentifier } = {} }) => subscriptionIdentifier,
      )
      expect(seen.flat()).toEqual([268_435_455, 268_435_455])
    },
  },
  {
    norm: '3.3.4-4',
    versions: [5],
    says: 'the one copy of overlapping subscriptions has all their identifiers',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t/#', { qos: 0, properties: { subscriptionIdentifier: 1 } })
      await client.subscribe('t/+', { qos: 0, properties: { subscriptionIdentifier: 200 } })
      await client.subscribe('t/a', { qos: 0 })
      client.send(publishBytes(5, 't/a'))
      const [copy, ...others] = await client.gather()
      expect(others).toEqual([])
      expect([copy?.properties?.subscriptionIdentifier].flat().sort()).toEqual([1, 200])
    },
  },
  {
    norm: '3.8.2.1.2 (last SUBSCRIBE)',
    versions: [5],
    says: 'the identifier is the one of the last SUBSCRIBE of the filter, and goes with a SUBSCRIBE without one',
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
    says: 'v5 and 3.1.1 clients hear each other; 3.1.1 ones without properties',
    run: async ({ join, version }) => {
      const other = version === 5 ? 4 : 5
      const here = await join('here')
      const there = await join('there', { protocolVersion: other })
      await here.subscribe('to/here', onlyQos0)
      await there.subscribe('to/there', onlyQos0)
      const section = properties(property(0x03, text('c')))
      here.send(publishBytes(version, 'to/there', { section, payload: 'x' }))
      there.send(publishBytes(other, 'to/here', { section, payload: 'y' }))
      expect(await there.next('publish')).toMatchObject({ topic: 'to/there', payload: Buffer.from('x') })
      expect(await here.next('publish')).toMatchObject({ topic: 'to/here', payload: Buffer.from('y') })
    },
  },
)

function occurrences(bytes: Buffer, wanted: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) count++
  return count
}

import { expect } from 'vitest'
import { uint32, properties, property, publishBytes, text, varint, uint16 } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** Inbound PUBLISH: malformed packets, topic aliases and Receive Maximum. */
export const publishCases: readonly NormCase[] = normCases(
  {
    norm: '3.3.1-1',
    title: 'sets DUP only when it resends a message',
    run: async ({ join, version }) => {
      const persistent = {
        clean: false,
        ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
      }
      const first = await join('a', persistent)
      await first.subscribe('t')
      first.send(publishBytes(version, 't', { flags: 2, id: 9 }))
      const sent = (await first.take(2)).find(({ cmd }) => cmd === 'publish')
      expect(sent?.dup).toBe(false)
      const second = await join('a', persistent)
      expect(await second.next('publish')).toMatchObject({ dup: true, messageId: sent?.messageId })
    },
  },
  {
    norm: '3.3.1-2',
    title: 'disconnects on DUP at QoS 0, with 0x81',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 8 }))
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: '3.3.1-3',
    title: 'does not forward the publisher’s DUP flag',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 0x0a, id: 1 }))
      expect((await client.take(2)).find(({ cmd }) => cmd === 'publish')).toMatchObject({ dup: false })
    },
  },
  {
    norm: '3.3.1-4',
    title: 'disconnects on a PUBLISH with both QoS bits, with 0x81',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 6, id: 1 }))
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: '3.3.2-1',
    title: 'disconnects on a topic name that is not valid UTF-8, with 0x81',
    run: async ({ join, version }) => {
      for (const topic of ['c328', '61 00', 'eda080', 'fffe']) {
        const client = await join('a')
        const bytes = Buffer.from(topic.replace(' ', ''), 'hex')
        const tail = version === 5 ? '00' : ''
        const length = (2 + bytes.length + tail.length / 2).toString(16).padStart(2, '0')
        client.send(`30 ${length} 000${bytes.length} ${topic} ${tail}`)
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '3.3.2-2',
    title: 'disconnects on a topic name with a wildcard, with 0x90',
    run: async ({ join, version }) => {
      for (const topic of ['a/+', '#', 'a#b', 'ü/+']) {
        const client = await join('a')
        client.send(publishBytes(version, topic))
        await client.expectDisconnected(0x90)
      }
    },
  },
  {
    norm: '3.3.2 (empty topic)',
    norm311: '4.7.3-1',
    title: 'disconnects on an empty topic name without a topic alias',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, ''))
      const [last] = await client.untilClosed()
      if (version === 4) expect(last).toBeUndefined()
      else expect([0x82, 0x90]).toContain(last?.reasonCode)
    },
  },
  {
    norm: '2.2.1-3',
    norm311: '2.3.1-1',
    title: 'disconnects on a Packet Identifier of 0, with 0x82',
    run: async ({ join, version }) => {
      const section = version === 5 ? '00' : ''
      const length = version === 5 ? '06' : '05'
      for (const digits of [
        `32 ${length} 0001 74 0000 ${section}`,
        version === 5 ? '82 07 0000 00 0001 74 00' : '82 06 0000 0001 74 00',
        version === 5 ? 'a2 06 0000 00 0001 74' : 'a2 05 0000 0001 74',
        '40 02 0000',
      ]) {
        const client = await join('a')
        client.send(digits)
        await client.expectDisconnected(0x82)
      }
    },
  },
  {
    norm: '3.3.2-8',
    versions: [5],
    title: 'disconnects on a topic alias of 0, with 0x94',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { section: properties(property(0x23, uint16(0))) }))
      await client.expectDisconnected(0x94)
    },
  },
  {
    norm: '3.3.2-9',
    versions: [5],
    title: 'disconnects on a topic alias above the Topic Alias Maximum, with 0x94',
    options: { limits: { topicAliases: 3 } },
    run: async ({ connect }) => {
      const [client, { properties: section }] = await connect('a')
      expect(section?.topicAliasMaximum).toBe(3)
      client.send(publishBytes(5, 't', { section: properties(property(0x23, uint16(4))) }))
      await client.expectDisconnected(0x94)
    },
  },
  {
    norm: '3.3.2-7',
    versions: [5],
    title: 'applies a topic alias to one connection and one direction only',
    run: async ({ join }) => {
      const client = await join('a', { properties: { topicAliasMaximum: 5 } })
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(5, 't'))
      expect((await client.next('publish')).properties?.topicAlias).toBe(1)
      client.send(publishBytes(5, '', { section: properties(property(0x23, uint16(1))) }))
      await client.expectDisconnected(0x82)
      const again = await join('a')
      again.send(publishBytes(5, '', { section: properties(property(0x23, uint16(1))) }))
      await again.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.3.2-12',
    versions: [5],
    title: 'accepts each topic alias up to the maximum and lets a client reassign it',
    options: { limits: { topicAliases: 300 } },
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('+', { qos: 0 })
      const alias = (index: number): Buffer => properties(property(0x23, uint16(index)))
      for (const index of [1, 255, 256, 300])
        client.send(
          publishBytes(5, `t${index}`, { section: alias(index) }),
          publishBytes(5, '', { section: alias(index) }),
        )
      client.send(publishBytes(5, 'other', { section: alias(1) }), publishBytes(5, '', { section: alias(1) }))
      const topics = (await client.receiveAll()).map(({ topic }) => topic)
      expect(topics).toEqual(['t1', 't1', 't255', 't255', 't256', 't256', 't300', 't300', 'other', 'other'])
    },
  },
  {
    norm: '3.3.2-14',
    versions: [5],
    title: 'disconnects on a Response Topic that is empty or has a wildcard, with 0x82',
    run: async ({ join }) => {
      for (const topic of ['a/+', 'a/#', '']) {
        const client = await join('a')
        client.send(publishBytes(5, 't', { section: properties(property(0x08, text(topic))) }))
        await client.expectDisconnected(0x82)
      }
    },
  },
  {
    norm: '3.3.2-13',
    versions: [5],
    title: 'disconnects on a property string that is not valid UTF-8, with 0x81',
    run: async ({ join }) => {
      const bad = Buffer.from('0002c328', 'hex')
      for (const section of [
        properties(property(0x08, bad)),
        properties(property(0x03, bad)),
        properties(property(0x26, text('k'), bad)),
        properties(property(0x26, bad, text('v'))),
      ]) {
        const client = await join('a')
        client.send(publishBytes(5, 't', { section }))
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '2.2.2-2',
    versions: [5],
    title: 'disconnects on a property of another packet with 0x81, on a repeated property with 0x82',
    run: async ({ join }) => {
      for (const [section, reasonCode] of [
        [properties(property(0x11, uint32(1))), 0x81],
        [properties(property(0x7f)), 0x81],
        [properties(property(0x02, uint32(1)), property(0x02, uint32(1))), 0x82],
        [properties(property(0x08, text('a')), property(0x08, text('a'))), 0x82],
        [properties(property(0x01, Buffer.from([2]))), 0x82],
        [Buffer.from([200, 1]), 0x81],
        [Buffer.from([3, 0x02, 0, 0]), 0x81],
      ] as const) {
        const client = await join('a')
        client.send(publishBytes(5, 't', { section }))
        await client.expectDisconnected(reasonCode)
      }
    },
  },
  {
    norm: '3.3.4-6',
    versions: [5],
    title: 'disconnects on a Subscription Identifier in a client’s PUBLISH, with 0x82',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { section: properties(property(0x0b, varint(1))) }))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.3.4-9',
    versions: [5],
    title: 'sends no more unacknowledged messages than the client’s Receive Maximum',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 2 } })
      await client.subscribe('t')
      const sender = await join('sender')
      for (let id = 1; id <= 4; id++) sender.send(publishBytes(5, 't', { flags: 2, id }))
      await sender.take(4)
      const first = await client.receiveAll()
      expect(first).toHaveLength(2)
      client.send({ cmd: 'puback', messageId: first[1]?.messageId ?? 0 })
      expect(await client.receiveAll()).toHaveLength(1)
    },
  },
  {
    norm: '3.3.4-7',
    versions: [5],
    title: 'disconnects a client that exceeds the broker’s Receive Maximum, with 0x93',
    options: { limits: { receiveMaximum: 3 } },
    run: async ({ connect }) => {
      const [client, { properties: section }] = await connect('a')
      expect(section?.receiveMaximum).toBe(3)
      for (let id = 1; id <= 3; id++) client.send(publishBytes(5, 't', { flags: 4, id }))
      expect(await client.receiveAll()).toHaveLength(3)
      client.send(publishBytes(5, 't', { flags: 4, id: 4 }))
      await client.expectDisconnected(0x93)
    },
  },
  {
    norm: '3.3.4-10',
    versions: [5],
    title: 'sends acknowledgements and QoS 0 messages while the Receive Maximum is reached',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 1 } })
      await client.subscribe('t', { qos: 1 })
      const sender = await join('sender')
      for (const id of [1, 2]) sender.send(publishBytes(5, 't', { flags: 2, id }))
      await sender.take(2)
      expect(await client.receiveAll()).toHaveLength(1)
      expect(await client.subscribe('other')).toEqual([2])
      client.send(publishBytes(5, 'other', { flags: 2, id: 1 }), publishBytes(5, 't'))
      expect((await client.receiveAll()).map(({ cmd, qos }) => [cmd, cmd === 'publish' ? qos : 0])).toEqual([
        ['puback', 0],
        ['publish', 0],
      ])
    },
  },
)

import { expect } from 'vitest'
import { long, properties, property, publishBytes, text, varint, word } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

/** PUBLISH on its way up: what is malformed, and what aliases stand for. */
export const publishRows: readonly Row[] = rows(
  {
    norm: '3.3.1-1',
    says: 'DUP is set where the broker sends a message again, and only there',
    run: async ({ join, version }) => {
      const kept = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) }
      const first = await join('a', kept)
      await first.subscribe('t')
      first.send(publishBytes(version, 't', { flags: 2, id: 9 }))
      const sent = (await first.take(2)).find(({ cmd }) => cmd === 'publish')
      expect(sent?.dup).toBe(false)
      const second = await join('a', kept)
      expect(await second.next('publish')).toMatchObject({ dup: true, messageId: sent?.messageId })
    },
  },
  {
    norm: '3.3.1-2',
    says: 'DUP at QoS 0 is malformed',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 8 }))
      await client.expelled(0x81)
    },
  },
  {
    norm: '3.3.1-3',
    says: 'a publisher’s DUP is its own and is not passed on',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 0x0a, id: 1 }))
      expect((await client.take(2)).find(({ cmd }) => cmd === 'publish')).toMatchObject({ dup: false })
    },
  },
  {
    norm: '3.3.1-4',
    says: 'both QoS bits are malformed',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 6, id: 1 }))
      await client.expelled(0x81)
    },
  },
  {
    norm: '3.3.2-1',
    says: 'the topic name is UTF-8',
    run: async ({ join, version }) => {
      for (const topic of ['c328', '61 00', 'eda080', 'fffe']) {
        const client = await join('a')
        const bytes = Buffer.from(topic.replace(' ', ''), 'hex')
        const tail = version === 5 ? '00' : ''
        const length = (2 + bytes.length + tail.length / 2).toString(16).padStart(2, '0')
        client.send(`30 ${length} 000${bytes.length} ${topic} ${tail}`)
        await client.expelled(0x81)
      }
    },
  },
  {
    norm: '3.3.2-2',
    says: 'a topic name with a wildcard is refused with 0x90',
    run: async ({ join, version }) => {
      for (const topic of ['a/+', '#', 'a#b', 'ü/+']) {
        const client = await join('a')
        client.send(publishBytes(version, topic))
        await client.expelled(0x90)
      }
    },
  },
  {
    norm: '3.3.2 (empty topic)',
    norm311: '4.7.3-1',
    says: 'an empty topic name is a protocol error without an alias',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, ''))
      const [last] = await client.ended()
      if (version === 4) expect(last).toBeUndefined()
      else expect([0x82, 0x90]).toContain(last?.reasonCode)
    },
  },
  {
    norm: '2.2.1-3',
    norm311: '2.3.1-1',
    says: 'a packet identifier of 0 is a protocol error',
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
        await client.expelled(0x82)
      }
    },
  },
  {
    norm: '3.3.2-8',
    versions: [5],
    says: 'a topic alias of 0 is refused with 0x94',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { section: properties(property(0x23, word(0))) }))
      await client.expelled(0x94)
    },
  },
  {
    norm: '3.3.2-9',
    versions: [5],
    says: 'a topic alias above the maximum that was told is refused with 0x94',
    options: { limits: { topicAliases: 3 } },
    run: async ({ enter }) => {
      const [client, { properties: told }] = await enter('a')
      expect(told?.topicAliasMaximum).toBe(3)
      client.send(publishBytes(5, 't', { section: properties(property(0x23, word(4))) }))
      await client.expelled(0x94)
    },
  },
  {
    norm: '3.3.2-7',
    versions: [5],
    says: 'an alias is of one connection and one direction',
    run: async ({ join }) => {
      const client = await join('a', { properties: { topicAliasMaximum: 5 } })
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(5, 't'))
      expect((await client.next('publish')).properties?.topicAlias).toBe(1)
      client.send(publishBytes(5, '', { section: properties(property(0x23, word(1))) }))
      await client.expelled(0x82)
      const again = await join('a')
      again.send(publishBytes(5, '', { section: properties(property(0x23, word(1))) }))
      await again.expelled(0x82)
    },
  },
  {
    norm: '3.3.2-12',
    versions: [5],
    says: 'every alias up to the maximum is taken, stands for its topic, and may come to stand for another',
    options: { limits: { topicAliases: 300 } },
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('+', { qos: 0 })
      const alias = (index: number): Buffer => properties(property(0x23, word(index)))
      for (const index of [1, 255, 256, 300])
        client.send(
          publishBytes(5, `t${index}`, { section: alias(index) }),
          publishBytes(5, '', { section: alias(index) }),
        )
      client.send(publishBytes(5, 'other', { section: alias(1) }), publishBytes(5, '', { section: alias(1) }))
      const topics = (await client.gather()).map(({ topic }) => topic)
      expect(topics).toEqual(['t1', 't1', 't255', 't255', 't256', 't256', 't300', 't300', 'other', 'other'])
    },
  },
  {
    norm: '3.3.2-14',
    versions: [5],
    says: 'a response topic with a wildcard is a protocol error',
    run: async ({ join }) => {
      for (const topic of ['a/+', 'a/#']) {
        const client = await join('a')
        client.send(publishBytes(5, 't', { section: properties(property(0x08, text(topic))) }))
        await client.expelled(0x82)
      }
    },
  },
  {
    norm: '3.3.2-13',
    versions: [5],
    says: 'strings of properties are UTF-8, or the packet is malformed',
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
        await client.expelled(0x81)
      }
    },
  },
  {
    norm: '2.2.2-2',
    versions: [5],
    says: 'a property of another packet is malformed, one sent twice a protocol error',
    run: async ({ join }) => {
      for (const [section, reasonCode] of [
        [properties(property(0x11, long(1))), 0x81],
        [properties(property(0x7f)), 0x81],
        [properties(property(0x02, long(1)), property(0x02, long(1))), 0x82],
        [properties(property(0x08, text('a')), property(0x08, text('a'))), 0x82],
        [properties(property(0x01, Buffer.from([2]))), 0x82],
        [Buffer.from([200, 1]), 0x81],
        [Buffer.from([3, 0x02, 0, 0]), 0x81],
      ] as const) {
        const client = await join('a')
        client.send(publishBytes(5, 't', { section }))
        await client.expelled(reasonCode)
      }
    },
  },
  {
    norm: '3.3.4-6',
    versions: [5],
    says: 'a subscription identifier from a client is a protocol error',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { section: properties(property(0x0b, varint(1))) }))
      await client.expelled(0x82)
    },
  },
  {
    norm: '3.3.4-9',
    versions: [5],
    says: 'no more than the client’s receive maximum is unacknowledged',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 2 } })
      await client.subscribe('t')
      const sender = await join('sender')
      for (let id = 1; id <= 4; id++) sender.send(publishBytes(5, 't', { flags: 2, id }))
      await sender.take(4)
      const first = await client.gather()
      expect(first).toHaveLength(2)
      client.send({ cmd: 'puback', messageId: first[1]?.messageId ?? 0 })
      expect(await client.gather()).toHaveLength(1)
    },
  },
  {
    norm: '3.3.4-7',
    versions: [5],
    says: 'more than the broker’s receive maximum unacknowledged ends the connection with 0x93',
    options: { limits: { receiveMaximum: 3 } },
    run: async ({ enter }) => {
      const [client, { properties: told }] = await enter('a')
      expect(told?.receiveMaximum).toBe(3)
      for (let id = 1; id <= 3; id++) client.send(publishBytes(5, 't', { flags: 4, id }))
      expect(await client.gather()).toHaveLength(3)
      client.send(publishBytes(5, 't', { flags: 4, id: 4 }))
      await client.expelled(0x93)
    },
  },
  {
    norm: '3.3.4-10',
    versions: [5],
    says: 'nothing but messages waits for the receive maximum',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 1 } })
      await client.subscribe('t', { qos: 1 })
      const sender = await join('sender')
      for (const id of [1, 2]) sender.send(publishBytes(5, 't', { flags: 2, id }))
      await sender.take(2)
      expect(await client.gather()).toHaveLength(1)
      expect(await client.subscribe('other')).toEqual([2])
      client.send(publishBytes(5, 'other', { flags: 2, id: 1 }), publishBytes(5, 't'))
      expect((await client.gather()).map(({ cmd, qos }) => [cmd, cmd === 'publish' ? qos : 0])).toEqual([
        ['puback', 0],
        ['publish', 0],
      ])
    },
  },
)

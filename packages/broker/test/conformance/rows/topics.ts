import { expect } from 'vitest'
import { packet, properties, publishBytes, text, word } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

/** Topic filters and topic names. */
export const topicRows: readonly Row[] = rows(
  {
    norm: '4.7.1-1',
    norm311: '4.7.1-2',
    says: '# stands alone on the last level',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['a#', 'a/#/b', '##', '#/'])
        expect(await client.subscribe(filter)).toEqual([version === 5 ? 0x8f : 0x80])
      for (const filter of ['#', 'a/#', '/#']) expect(await client.subscribe(filter)).toEqual([2])
    },
  },
  {
    norm: '4.7.1-2',
    norm311: '4.7.1-3',
    says: '+ stands alone on any level',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['a+', '+a/b', 'a/++'])
        expect(await client.subscribe(filter)).toEqual([version === 5 ? 0x8f : 0x80])
      for (const filter of ['+', 'a/+/b', '+/+', '/+', '+/a/#'])
        expect(await client.subscribe(filter)).toEqual([2])
    },
  },
  {
    norm: '4.7.1 (matching)',
    says: 'wildcards select what the norm says they do',
    run: async ({ join, version }) => {
      for (const [filter, topic, isSelected] of [
        ['sport/#', 'sport', true],
        ['sport/#', 'sport/a/b', true],
        ['sport/#', 'sports', false],
        ['sport/+', 'sport', false],
        ['sport/+', 'sport/', true],
        ['sport/+', 'sport/a/b', false],
        ['+/+', '/finance', true],
        ['/+', '/finance', true],
        ['+', '/finance', false],
        ['+/b/#', 'a/b', true],
        ['#', '/', true],
      ] as const) {
        const client = await join('a')
        await client.subscribe(filter, { qos: 0 })
        client.send(publishBytes(version, topic))
        expect([filter, topic, (await client.gather()).length]).toEqual([filter, topic, isSelected ? 1 : 0])
      }
    },
  },
  {
    norm: '4.7.2-1',
    says: 'a wildcard on the first level selects no topic that begins with $',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['#', '+/info', '+/#']) await client.subscribe(filter, { qos: 0 })
      client.send(publishBytes(version, '$own/info', { flags: 1, payload: 'x' }))
      await client.quiet()
      for (const filter of ['#', '+/info']) await client.subscribe(filter, { qos: 0 })
      await client.quiet()
      await client.subscribe('$own/#', { qos: 0 })
      expect(await client.next('publish')).toMatchObject({ topic: '$own/info' })
    },
  },
  {
    norm: '4.7.3-1',
    says: 'filters have at least one character',
    run: async ({ join, version }) => {
      const client = await join('a')
      expect(await client.subscribe('')).toEqual([version === 5 ? 0x8f : 0x80])
    },
  },
  {
    norm: '4.7.3-2',
    says: 'neither names nor filters hold U+0000',
    run: async ({ join, version }) => {
      const section = version === 5 ? [properties()] : []
      const publish = publishBytes(version, 'a\u0000b')
      const subscribe = packet(0x82, word(1), ...section, text('a\u0000b'), Buffer.from([0]))
      for (const bytes of [publish, subscribe]) {
        const client = await join('a')
        client.send(bytes)
        await client.expelled(0x81)
      }
    },
  },
  {
    norm: '4.7.3-3',
    says: 'names and filters go up to 65 535 bytes',
    run: async ({ join, version }) => {
      const client = await join('a')
      const topic = 'x'.repeat(65_535)
      expect(await client.subscribe(topic, { qos: 0 })).toEqual([0])
      client.send(publishBytes(version, topic))
      expect((await client.next('publish')).topic).toBe(topic)
    },
  },
  {
    norm: '4.7.3-4',
    says: 'neither letters’ case nor look-alikes are made the same',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('\u00e9', { qos: 0 })
      client.send(publishBytes(version, 'e\u0301'), publishBytes(version, '\u00c9'))
      await client.quiet()
    },
  },
  {
    norm: '1.5.4-3',
    norm311: '1.5.3-3',
    says: 'U+FEFF is a character as any other, never skipped',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('\ufefft', { qos: 0 })
      client.send(publishBytes(version, 't'), publishBytes(version, '\ufefft'))
      const [only] = await client.gather()
      expect(only?.topic).toBe('\ufefft')
    },
  },
)

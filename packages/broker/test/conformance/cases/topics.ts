import { firstValueFrom } from 'rxjs'
import { expect } from 'vitest'
import { hex } from '../../world.js'
import { packet, properties, publishBytes, text, uint16 } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** Topic names, topic filters and wildcards. */
export const topicCases: readonly NormCase[] = normCases(
  {
    norm: '4.7.1-1',
    norm311: '4.7.1-2',
    title: '# stands alone on the last level',
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
    title: 'accepts + only alone on a level of a filter',
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
    title: 'matches wildcards as in the examples of the standard',
    run: async ({ join, version }) => {
      for (const [filter, topic, isMatch] of [
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
        expect([filter, topic, (await client.receiveAll()).length]).toEqual([filter, topic, isMatch ? 1 : 0])
      }
    },
  },
  {
    norm: '4.7.2-1',
    title: 'does not match topics that start with $ by a wildcard on the first level',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['#', '+/info', '+/#']) await client.subscribe(filter, { qos: 0 })
      client.send(publishBytes(version, '$own/info', { flags: 1, payload: 'x' }))
      await client.expectQuiet()
      for (const filter of ['#', '+/info']) await client.subscribe(filter, { qos: 0 })
      await client.expectQuiet()
      await client.subscribe('$own/#', { qos: 0 })
      expect(await client.next('publish')).toMatchObject({ topic: '$own/info' })
    },
  },
  {
    norm: '4.7.3-1',
    title: 'disconnects on an empty topic filter, with 0x81',
    run: async ({ join, version }) => {
      const section = version === 5 ? '00' : ''
      for (const body of [`0001 ${section} 0000 00`, `0001 ${section} 0001 74 00 0000 00`]) {
        const client = await join('a')
        client.send(packet(0x82, hex(body)))
        await client.expectDisconnected(0x81)
      }
      const client = await join('a')
      client.send(packet(0xa2, hex(`0001 ${section} 0000`)))
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: 'choice: $SYS',
    norm311: 'choice: $SYS',
    title: 'publishes no message of a client to a topic below $SYS, with 0x90',
    run: async ({ join, version, broker }) => {
      const client = await join('a')
      await client.subscribe('$SYS/#', { qos: 0 })
      for (const topic of ['$SYS', '$SYS/broker/uptime'])
        client.send(
          publishBytes(version, topic, { flags: 1 }),
          publishBytes(version, topic, { flags: 2, id: 1 }),
          publishBytes(version, topic, { flags: 4, id: 2 }),
        )
      const reasonCode = version === 5 ? 0x90 : 0
      const refused = ['puback', 'pubrec'].map(
        (cmd) => expect.objectContaining({ cmd, reasonCode }) as unknown,
      )
      const received = await client.receiveAll()
      if (version === 5) expect(received).toEqual([...refused, ...refused])
      else expect(received.map(({ cmd }) => cmd)).toEqual(['puback', 'pubrec', 'puback', 'pubrec'])
      expect(broker.retained()).toEqual([])
      await firstValueFrom(
        broker.publish$({ topic: '$SYS/broker/uptime', payload: Buffer.from('1'), qos: 0 }),
      )
      expect(await client.next('publish')).toMatchObject({ topic: '$SYS/broker/uptime' })
    },
  },
  {
    norm: 'choice: $SYS (Will)',
    norm311: 'choice: $SYS (Will)',
    title: 'refuses a Will Topic below $SYS, with 0x90',
    run: async ({ dial, version }) => {
      const client = await dial()
      const will = { topic: '$SYS/broker/uptime', payload: 'x', qos: 0, retain: false }
      client.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: version,
        clean: true,
        keepalive: 0,
        clientId: 'a',
        will,
      })
      await client.expectRefused(0x90, 3)
    },
  },
  {
    norm: '4.7.3-2',
    title: 'disconnects on U+0000 in a topic name or filter, with 0x81',
    run: async ({ join, version }) => {
      const section = version === 5 ? [properties()] : []
      const publish = publishBytes(version, 'a\u0000b')
      const subscribe = packet(0x82, uint16(1), ...section, text('a\u0000b'), Buffer.from([0]))
      for (const bytes of [publish, subscribe]) {
        const client = await join('a')
        client.send(bytes)
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '4.7.3-3',
    title: 'accepts topic names and filters of 65 535 bytes',
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
    title: 'matches topics without Unicode or case normalization',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('\u00e9', { qos: 0 })
      client.send(publishBytes(version, 'e\u0301'), publishBytes(version, '\u00c9'))
      await client.expectQuiet()
    },
  },
  {
    norm: '1.5.4-3',
    norm311: '1.5.3-3',
    title: 'keeps U+FEFF in topic names and filters',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('\ufefft', { qos: 0 })
      client.send(publishBytes(version, 't'), publishBytes(version, '\ufefft'))
      const [only] = await client.receiveAll()
      expect(only?.topic).toBe('\ufefft')
    },
  },
)

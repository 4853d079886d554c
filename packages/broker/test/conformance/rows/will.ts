import { expect } from 'vitest'
import { connectBytes, long, properties, property, text } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const will = { topic: 'will', payload: 'gone', qos: 1 as const, retain: false }

/** The will, from CONNECT to its publication. */
export const willRows: readonly Row[] = rows(
  {
    norm: '3.1.2-8',
    says: 'the will is published when the connection is lost',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will')
      const client = await join('a', { will })
      client.cut()
      expect(await watcher.next('publish')).toMatchObject({
        topic: 'will',
        qos: 1,
        payload: Buffer.from('gone'),
      })
    },
  },
  {
    norm: '3.1.2-9',
    says: 'the will flag asks for a will topic and a will message',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 6 }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-10',
    says: 'the will is gone once it was published',
    run: async ({ join, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const first = await join('a', { clean: false, will, ...kept })
      first.cut()
      await watcher.next('publish')
      const second = await join('a', { clean: false, ...kept })
      second.cut()
      await (await join('b')).quiet()
      await watcher.quiet()
    },
  },
  {
    norm: '3.1.2-11',
    norm311: '3.1.2-13',
    says: 'a will QoS without a will is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x0a }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-12',
    norm311: '3.1.2-14',
    says: 'a will QoS of 3 is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      const payload = Buffer.concat([
        text('a'),
        ...(version === 5 ? [properties()] : []),
        text('t'),
        text('m'),
      ])
      client.send(connectBytes(version, { flags: 0x1e, payload }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-13',
    norm311: '3.1.2-15',
    says: 'will retain without a will is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x22 }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-14',
    norm311: '3.1.2-16',
    says: 'a will without retain is not kept',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      ;(await join('a', { will })).cut()
      await watcher.next('publish')
      const late = await join('late')
      await late.subscribe('will')
      await late.quiet()
    },
  },
  {
    norm: '3.1.2-15',
    norm311: '3.1.2-17',
    says: 'a will with retain is kept for those who come later',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      ;(await join('a', { will: { ...will, retain: true } })).cut()
      await watcher.next('publish')
      const late = await join('late')
      await late.subscribe('will')
      expect(await late.next('publish')).toMatchObject({ topic: 'will', retain: true })
    },
  },
  {
    norm: '4.7.0-1',
    norm311: '4.7.1-1',
    says: 'a will topic has no wildcard, or the will is refused with 0x90; 3.1.1 has no word for it and closes',
    run: async ({ dial, version }) => {
      for (const topic of ['a/+', '#', '']) {
        const client = await dial()
        const section = version === 5 ? [properties()] : []
        const payload = Buffer.concat([text('a'), ...section, text(topic), text('m')])
        client.send(connectBytes(version, { flags: 6, payload }))
        await client.refused(0x90)
      }
    },
  },
  {
    norm: '3.1.3-9',
    versions: [5],
    says: 'a will whose delay still runs is not published when its client comes back',
    run: async ({ join, advance }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const kept = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const will = {
        topic: 'will',
        payload: 'm',
        qos: 0,
        retain: false,
        properties: { willDelayInterval: 10 },
      }
      ;(await join('a', { ...kept, will })).cut()
      await watcher.quiet()
      advance(9_000)
      const back = await join('a', kept)
      advance(20_000)
      await watcher.quiet()
      back.cut()
      await watcher.quiet()
    },
  },
  {
    norm: '3.1.3.2.2 (Will Delay)',
    versions: [5],
    says: 'the will comes after its delay, or when the session ends before',
    run: async ({ join, advance }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const will = {
        topic: 'will',
        payload: 'm',
        qos: 0,
        retain: false,
        properties: { willDelayInterval: 10 },
      }
      for (const [sessionExpiryInterval, delay] of [
        [100, 10],
        [5, 5],
      ] as const) {
        ;(await join('a', { will, properties: { sessionExpiryInterval } })).cut()
        await watcher.quiet()
        advance(delay * 1_000 - 100)
        await watcher.quiet()
        advance(200)
        expect(await watcher.next('publish')).toMatchObject({ topic: 'will' })
      }
    },
  },
  {
    norm: '3.1.3-10',
    versions: [5],
    says: 'the will is published with its properties, without its delay',
    run: async ({ join, dial }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const client = await dial()
      const section = properties(
        property(0x02, long(30)),
        property(0x18, long(0)),
        property(0x26, text('k'), text('1')),
        property(0x03, text('text/plain')),
        property(0x26, text('k'), text('2')),
      )
      const payload = Buffer.concat([text('a'), section, text('will'), text('m')])
      client.send(connectBytes(5, { flags: 6, payload }))
      await client.next('connack')
      client.cut()
      await watcher.next('publish')
      const expected = properties(
        property(0x02, long(30)),
        property(0x26, text('k'), text('1')),
        property(0x03, text('text/plain')),
        property(0x26, text('k'), text('2')),
      )
      expect(watcher.bytes().includes(expected)).toBe(true)
    },
  },
)

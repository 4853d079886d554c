import { expect } from 'vitest'
import { connectBytes, uint32, properties, property, text } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const will = { topic: 'will', payload: 'gone', qos: 1 as const, retain: false }

/** The will, from CONNECT to its publication. */
export const willCases: readonly NormCase[] = normCases(
  {
    norm: '3.1.2-8',
    title: 'publishes the will when the connection is lost',
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
    title: 'refuses a CONNECT whose Will Flag is set without a will, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 6 }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-10',
    title: 'removes the will from the session once it is published',
    run: async ({ join, version }) => {
      const persistent = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const first = await join('a', { clean: false, will, ...persistent })
      first.cut()
      await watcher.next('publish')
      const second = await join('a', { clean: false, ...persistent })
      second.cut()
      await (await join('b')).expectQuiet()
      await watcher.expectQuiet()
    },
  },
  {
    norm: '3.1.2-11',
    norm311: '3.1.2-13',
    title: 'refuses a Will QoS without a will, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x0a }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-12',
    norm311: '3.1.2-14',
    title: 'refuses a Will QoS of 3, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      const payload = Buffer.concat([
        text('a'),
        ...(version === 5 ? [properties()] : []),
        text('t'),
        text('m'),
      ])
      client.send(connectBytes(version, { flags: 0x1e, payload }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-13',
    norm311: '3.1.2-15',
    title: 'refuses Will Retain without a will, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x22 }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-14',
    norm311: '3.1.2-16',
    title: 'does not retain a will without Will Retain',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      ;(await join('a', { will })).cut()
      await watcher.next('publish')
      const late = await join('late')
      await late.subscribe('will')
      await late.expectQuiet()
    },
  },
  {
    norm: '3.1.2-15',
    norm311: '3.1.2-17',
    title: 'retains a will with Will Retain for later subscribers',
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
    title: 'refuses a will topic that is empty or has a wildcard, with 0x90, in 3.1.1 by closing',
    run: async ({ dial, version }) => {
      for (const topic of ['a/+', '#', '']) {
        const client = await dial()
        const section = version === 5 ? [properties()] : []
        const payload = Buffer.concat([text('a'), ...section, text(topic), text('m')])
        client.send(connectBytes(version, { flags: 6, payload }))
        await client.expectRefused(0x90)
      }
    },
  },
  {
    norm: '3.1.3-9',
    versions: [5],
    title: 'does not publish a will whose client reconnects within the Will Delay Interval',
    run: async ({ join, advance }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const will = {
        topic: 'will',
        payload: 'm',
        qos: 0,
        retain: false,
        properties: { willDelayInterval: 10 },
      }
      ;(await join('a', { ...persistent, will })).cut()
      await watcher.expectQuiet()
      advance(9_000)
      const back = await join('a', persistent)
      advance(20_000)
      await watcher.expectQuiet()
      back.cut()
      await watcher.expectQuiet()
    },
  },
  {
    norm: '3.1.3.2.2 (Will Delay)',
    versions: [5],
    title: 'publishes the will after the Will Delay Interval, or earlier when the session ends',
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
        await watcher.expectQuiet()
        advance(delay * 1_000 - 100)
        await watcher.expectQuiet()
        advance(200)
        expect(await watcher.next('publish')).toMatchObject({ topic: 'will' })
      }
    },
  },
  {
    norm: '3.1.3-10',
    versions: [5],
    title: 'publishes the will with its properties, without the Will Delay Interval',
    run: async ({ join, dial }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will', { qos: 0 })
      const client = await dial()
      const section = properties(
        property(0x02, uint32(30)),
        property(0x18, uint32(0)),
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
        property(0x02, uint32(30)),
        property(0x26, text('k'), text('1')),
        property(0x03, text('text/plain')),
        property(0x26, text('k'), text('2')),
      )
      expect(watcher.bytes().includes(expected)).toBe(true)
    },
  },
)

import { expect } from 'vitest'
import { connectBytes, properties, publishBytes, text } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** CONNACK and the broker’s limits in it. */
export const connackCases: readonly NormCase[] = normCases(
  {
    norm: '3.2.0-1',
    title: 'sends CONNACK before any other packet',
    run: async ({ join, connect, version }) => {
      const persistent = {
        clean: false,
        ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
      }
      const first = await join('a', persistent)
      await first.subscribe('t', { qos: 1 })
      first.cut()
      const sender = await join('sender')
      sender.send(publishBytes(version, 't', { flags: 2, id: 1 }))
      await sender.next('puback')
      const [second] = await connect('a', persistent)
      expect(await second.next()).toMatchObject({ cmd: 'publish' })
    },
  },
  {
    norm: '3.2.0-2',
    norm311: '3.2.0-1',
    title: 'sends CONNACK once',
    run: async ({ join }) => {
      await (await join('a')).expectQuiet()
    },
  },
  {
    norm: '3.2.2-1',
    norm311: '3.2.2.1 (flags)',
    title: 'sets no Connect Acknowledge Flag but Session Present',
    run: async ({ join, version }) => {
      const persistent = {
        clean: false,
        ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
      }
      const first = await join('a', persistent)
      const second = await join('a', persistent)
      expect([first.bytes()[2], second.bytes()[2]]).toEqual([0, 1])
    },
  },
  {
    norm: '3.2.2-2',
    norm311: '3.2.2-1',
    title: 'sends Session Present 0 after Clean Start',
    run: async ({ join, connect, version }) => {
      const persistent = {
        clean: false,
        ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
      }
      await join('a', persistent)
      const [, connack] = await connect('a', { ...persistent, clean: true })
      expect(connack.sessionPresent).toBe(false)
    },
  },
  {
    norm: '3.2.2-3',
    norm311: '3.2.2-2',
    title: 'sends Session Present 1 only when it resumes a session',
    run: async ({ connect, version }) => {
      const persistent = {
        clean: false,
        ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
      }
      const [, first] = await connect('a', persistent)
      const [, second] = await connect('a', persistent)
      expect([first.sessionPresent, second.sessionPresent]).toEqual([false, true])
    },
  },
  {
    norm: '3.2.2-6',
    norm311: '3.2.2-4',
    title: 'sends Session Present 0 when it refuses a client that has a session',
    options: {
      authority: {
        authenticate: ({ keepAlive }) =>
          keepAlive === 9 ? { admit: false, reasonCode: 0x87 } : { admit: true },
      },
    },
    run: async ({ join, dial, version, broker }) => {
      const persistent = {
        clean: false,
        ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
      }
      ;(await join('a', persistent)).cut()
      const refused = await dial()
      refused.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: version,
        clientId: 'a',
        keepalive: 9,
        ...persistent,
      })
      await refused.expectRefused(0x87, 5)
      expect(broker.session('a')).toBeDefined()
    },
  },
  {
    norm: '3.2.2-7',
    norm311: '3.2.2-5',
    title: 'closes the connection after a CONNACK that refuses',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x88 }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version))
      await client.expectRefused(0x88, 3)
    },
  },
  {
    norm: '3.2.2-9',
    versions: [5],
    title: 'sends a Maximum QoS below 2',
    options: { maximumQoS: 1 },
    run: async ({ connect }) => {
      const [, { properties: section }] = await connect('a')
      expect(section?.maximumQoS).toBe(1)
    },
  },
  {
    norm: '3.2.2-10',
    norm311: '3.8.4-5',
    title: 'grants subscriptions at most at the Maximum QoS',
    options: { maximumQoS: 1 },
    run: async ({ join }) => {
      expect(await (await join('a')).subscribe('t', { qos: 2 })).toEqual([1])
    },
  },
  {
    norm: '3.2.2-11',
    versions: [5],
    title: 'disconnects a client that publishes above the Maximum QoS, with 0x9B',
    options: { maximumQoS: 1 },
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 4, id: 1 }))
      await client.expectDisconnected(0x9b)
    },
  },
  {
    norm: '3.2.2-12',
    versions: [5],
    title: 'refuses a will above the Maximum QoS, with 0x9B',
    options: { maximumQoS: 1 },
    run: async ({ dial }) => {
      const client = await dial()
      const payload = Buffer.concat([text('a'), properties(), text('t'), text('m')])
      client.send(connectBytes(5, { flags: 0x16, payload }))
      await client.expectRefused(0x9b)
    },
  },
  {
    norm: '3.2.2-13',
    versions: [5],
    title: 'refuses a retained will without Retain Available, with 0x9A',
    options: { retainAvailable: false },
    run: async ({ dial }) => {
      const client = await dial()
      const payload = Buffer.concat([text('a'), properties(), text('t'), text('m')])
      client.send(connectBytes(5, { flags: 0x26, payload }))
      await client.expectRefused(0x9a)
    },
  },
  {
    norm: '3.2.2-14',
    versions: [5],
    title: 'disconnects a client that retains without Retain Available, with 0x9A',
    options: { retainAvailable: false },
    run: async ({ connect }) => {
      const [client, { properties: section }] = await connect('a')
      expect(section?.retainAvailable).toBe(false)
      client.send(publishBytes(5, 't', { flags: 1 }))
      await client.expectDisconnected(0x9a)
    },
  },
  {
    norm: '3.2.2-15',
    norm311: '4.8.0-2',
    title: 'disconnects at the header of a packet above the Maximum Packet Size, with 0x95',
    options: { limits: { packetSize: 1_000 } },
    run: async ({ connect, version }) => {
      const [client, { properties: section }] = await connect('a')
      if (version === 5) expect(section?.maximumPacketSize).toBe(1_000)
      client.send('30 ff ff ff 7f')
      await client.expectDisconnected(0x95)
    },
  },
  {
    norm: '3.2.2-21',
    versions: [5],
    title: 'sends Server Keep Alive only when it differs from the client’s',
    options: { limits: { keepAlive: 20 } },
    run: async ({ connect, advance }) => {
      const [, { properties: unchanged }] = await connect('a', { keepalive: 10 })
      const [client, { properties: lowered }] = await connect('b', { keepalive: 30 })
      expect([unchanged?.serverKeepAlive, lowered?.serverKeepAlive]).toEqual([undefined, 20])
      advance(30_000)
      await client.expectDisconnected(0x8d)
    },
  },
  {
    norm: '3.2.2.3.2 (Session Expiry)',
    versions: [5],
    title:
      'repeats the Session Expiry Interval of the client, or sends the one to which the broker lowered it',
    options: { limits: { sessionExpiryInterval: 50 } },
    run: async ({ connect }) => {
      const [, { properties: lowered }] = await connect('a', { properties: { sessionExpiryInterval: 60 } })
      const [, { properties: unchanged }] = await connect('b', { properties: { sessionExpiryInterval: 40 } })
      const [, { properties: absent }] = await connect('c', { properties: {} })
      const intervals = [lowered, unchanged, absent].map((properties) => properties?.sessionExpiryInterval)
      expect(intervals).toEqual([50, 40, undefined])
    },
  },
  {
    norm: '3.2.2.3.2 (Session Expiry)',
    versions: [5],
    title: 'repeats a Session Expiry Interval without end as 0xFFFFFFFF',
    options: { limits: { sessionExpiryInterval: Infinity } },
    run: async ({ connect }) => {
      const [, { properties }] = await connect('a', { properties: { sessionExpiryInterval: 0xffffffff } })
      expect(properties?.sessionExpiryInterval).toBe(0xffffffff)
    },
  },
  {
    norm: '3.2.2.3.11 (wildcards, shares)',
    versions: [5],
    title: 'announces that wildcard and shared subscriptions are off and refuses them with 0xA2 and 0x9E',
    options: { wildcardSubscriptions: false, sharedSubscriptions: false },
    run: async ({ connect }) => {
      const [client, { properties: section }] = await connect('a')
      expect(section).toMatchObject({
        wildcardSubscriptionAvailable: false,
        sharedSubscriptionAvailable: false,
      })
      expect(await client.subscribe('a/#')).toEqual([0xa2])
      expect(await client.subscribe('$share/g/a')).toEqual([0x9e])
    },
  },
)

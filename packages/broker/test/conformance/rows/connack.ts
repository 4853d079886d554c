import { expect } from 'vitest'
import { connectBytes, properties, publishBytes, text } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

/** CONNACK, and the bounds it tells. */
export const connackRows: readonly Row[] = rows(
  {
    norm: '3.2.0-1',
    says: 'CONNACK comes before everything else',
    run: async ({ join, enter, version }) => {
      const kept = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) }
      const first = await join('a', kept)
      await first.subscribe('t', { qos: 1 })
      first.cut()
      const sender = await join('sender')
      sender.send(publishBytes(version, 't', { flags: 2, id: 1 }))
      await sender.next('puback')
      const [second] = await enter('a', kept)
      expect(await second.next()).toMatchObject({ cmd: 'publish' })
    },
  },
  {
    norm: '3.2.0-2',
    norm311: '3.2.0-1',
    says: 'CONNACK comes once',
    run: async ({ join }) => {
      await (await join('a')).quiet()
    },
  },
  {
    norm: '3.2.2-1',
    norm311: '3.2.2.1 (flags)',
    says: 'the acknowledge flags hold nothing but session present',
    run: async ({ join, version }) => {
      const kept = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) }
      const first = await join('a', kept)
      const second = await join('a', kept)
      expect([first.bytes()[2], second.bytes()[2]]).toEqual([0, 1])
    },
  },
  {
    norm: '3.2.2-2',
    norm311: '3.2.2-1',
    says: 'after a clean start there is no session present',
    run: async ({ join, enter, version }) => {
      const kept = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) }
      await join('a', kept)
      const [, connack] = await enter('a', { ...kept, clean: true })
      expect(connack.sessionPresent).toBe(false)
    },
  },
  {
    norm: '3.2.2-3',
    norm311: '3.2.2-2',
    says: 'session present tells whether there was a session to resume',
    run: async ({ enter, version }) => {
      const kept = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) }
      const [, first] = await enter('a', kept)
      const [, second] = await enter('a', kept)
      expect([first.sessionPresent, second.sessionPresent]).toEqual([false, true])
    },
  },
  {
    norm: '3.2.2-6',
    norm311: '3.2.2-4',
    says: 'a refusal says that no session is present, even where there is one',
    options: {
      authority: {
        authenticate: ({ keepAlive }) =>
          keepAlive === 9 ? { admit: false, reasonCode: 0x87 } : { admit: true },
      },
    },
    run: async ({ join, dial, version, broker }) => {
      const kept = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) }
      ;(await join('a', kept)).cut()
      const refused = await dial()
      refused.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: version,
        clientId: 'a',
        keepalive: 9,
        ...kept,
      })
      await refused.refused(0x87, 5)
      expect(broker.session('a')).toBeDefined()
    },
  },
  {
    norm: '3.2.2-7',
    norm311: '3.2.2-5',
    says: 'after a refusal the connection ends',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x88 }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version))
      await client.refused(0x88, 3)
    },
  },
  {
    norm: '3.2.2-9',
    versions: [5],
    says: 'a maximum QoS below 2 is told',
    options: { maximumQoS: 1 },
    run: async ({ enter }) => {
      const [, { properties: told }] = await enter('a')
      expect(told?.maximumQoS).toBe(1)
    },
  },
  {
    norm: '3.2.2-10',
    norm311: '3.8.4-5',
    says: 'subscriptions above the maximum QoS are granted at it',
    options: { maximumQoS: 1 },
    run: async ({ join }) => {
      expect(await (await join('a')).subscribe('t', { qos: 2 })).toEqual([1])
    },
  },
  {
    norm: '3.2.2-11',
    versions: [5],
    says: 'publishing above the maximum QoS ends the connection with 0x9B',
    options: { maximumQoS: 1 },
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 4, id: 1 }))
      await client.expelled(0x9b)
    },
  },
  {
    norm: '3.2.2-12',
    versions: [5],
    says: 'a will above the maximum QoS is refused with 0x9B',
    options: { maximumQoS: 1 },
    run: async ({ dial }) => {
      const client = await dial()
      const payload = Buffer.concat([text('a'), properties(), text('t'), text('m')])
      client.send(connectBytes(5, { flags: 0x16, payload }))
      await client.refused(0x9b)
    },
  },
  {
    norm: '3.2.2-13',
    versions: [5],
    says: 'a retained will is refused with 0x9A where nothing is retained',
    options: { retainAvailable: false },
    run: async ({ dial }) => {
      const client = await dial()
      const payload = Buffer.concat([text('a'), properties(), text('t'), text('m')])
      client.send(connectBytes(5, { flags: 0x26, payload }))
      await client.refused(0x9a)
    },
  },
  {
    norm: '3.2.2-14',
    versions: [5],
    says: 'retaining where nothing is retained ends the connection with 0x9A',
    options: { retainAvailable: false },
    run: async ({ enter }) => {
      const [client, { properties: told }] = await enter('a')
      expect(told?.retainAvailable).toBe(false)
      client.send(publishBytes(5, 't', { flags: 1 }))
      await client.expelled(0x9a)
    },
  },
  {
    norm: '3.2.2-15',
    norm311: '4.8.0-2',
    says: 'a packet above the maximum size ends the connection with 0x95 before it is there',
    options: { limits: { packetSize: 1_000 } },
    run: async ({ enter, version }) => {
      const [client, { properties: told }] = await enter('a')
      if (version === 5) expect(told?.maximumPacketSize).toBe(1_000)
      client.send('30 ff ff ff 7f')
      await client.expelled(0x95)
    },
  },
  {
    norm: '3.2.2-21',
    versions: [5],
    says: 'the server’s keep alive is told where it is not the client’s',
    options: { limits: { keepAlive: 20 } },
    run: async ({ enter, advance }) => {
      const [, { properties: kept }] = await enter('a', { keepalive: 10 })
      const [client, { properties: lowered }] = await enter('b', { keepalive: 30 })
      expect([kept?.serverKeepAlive, lowered?.serverKeepAlive]).toEqual([undefined, 20])
      advance(30_000)
      await client.expelled(0x8d)
    },
  },
  {
    norm: '3.2.2.3.2 (Session Expiry)',
    versions: [5],
    says: 'a session expiry that was lowered is told',
    options: { limits: { sessionExpiryInterval: 50 } },
    run: async ({ enter }) => {
      const [, { properties: lowered }] = await enter('a', { properties: { sessionExpiryInterval: 60 } })
      const [, { properties: kept }] = await enter('b', { properties: { sessionExpiryInterval: 40 } })
      expect([lowered?.sessionExpiryInterval, kept?.sessionExpiryInterval]).toEqual([50, undefined])
    },
  },
  {
    norm: '3.2.2.3.11 (wildcards, shares)',
    versions: [5],
    says: 'what is not offered is told, and refused with 0xA2 and 0x9E',
    options: { wildcardSubscriptions: false, sharedSubscriptions: false },
    run: async ({ enter }) => {
      const [client, { properties: told }] = await enter('a')
      expect(told).toMatchObject({ wildcardSubscriptionAvailable: false, sharedSubscriptionAvailable: false })
      expect(await client.subscribe('a/#')).toEqual([0xa2])
      expect(await client.subscribe('$share/g/a')).toEqual([0x9e])
    },
  },
)

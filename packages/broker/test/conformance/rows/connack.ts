import { expect } from 'vitest'
import { connectBytes, long, properties, property, publishBytes, text } from '../bytes.js'
import type { Row } from '../table.js'

/** The client's name, whom it takes the place of, and CONNACK. */
export const connackRows: readonly Row[] = [
  {
    norm: '3.1.3-3',
    says: 'the client identifier is there, or the packet is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: Buffer.alloc(0) }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.3-4',
    says: 'the client identifier is UTF-8',
    run: async ({ dial, version }) => {
      for (const digits of ['0002 c328', '0001 00', '0003 eda080']) {
        const client = await dial()
        client.send(connectBytes(version, { payload: Buffer.from(digits.replace(' ', ''), 'hex') }))
        await client.refused(0x81)
      }
    },
  },
  {
    norm: '3.1.3-5',
    says: 'identifiers of 1 to 23 letters and digits are accepted, and longer ones here too',
    run: async ({ join }) => {
      for (const clientId of ['a', '0123456789abcdefghijABC', 'ü'.repeat(1_000)]) {
        await (await join(clientId)).quiet()
      }
    },
  },
  {
    norm: '3.1.3-6',
    says: 'a client without an identifier is given one of its own',
    run: async ({ join, broker }) => {
      await Promise.all([join(''), join('')])
      expect(new Set(broker.sessions().map(({ clientId }) => clientId)).size).toBe(2)
    },
  },
  {
    norm: '3.1.3-7',
    versions: [5],
    says: 'the identifier given is told in CONNACK',
    run: async ({ enter, broker }) => {
      const [, connack] = await enter('')
      expect(broker.session(connack.properties?.assignedClientIdentifier ?? '?')).toBeDefined()
      const [, named] = await enter('named')
      expect(named.properties?.assignedClientIdentifier).toBeUndefined()
    },
  },
  {
    norm: '3.1.3-8',
    says: 'a client without an identifier may be refused with 0x85, return code 2',
    options: { assignsClientIds: false },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: text('') }))
      await client.refused(0x85, 2)
    },
  },
  {
    norm: '3.1.3-7 (3.1.1)',
    versions: [4],
    says: 'a client without an identifier needs a clean session, or is refused with return code 2',
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(4, { flags: 0, payload: text('') }))
      await client.refused(undefined, 2)
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
    norm: '3.1.3-11',
    norm311: '3.1.3-10',
    says: 'the will topic and the user name are UTF-8',
    run: async ({ dial, version }) => {
      const bad = Buffer.from('0002c328', 'hex')
      const section = version === 5 ? [properties()] : []
      for (const [flags, payload] of [
        [0x06, Buffer.concat([text('a'), ...section, bad, text('m')])],
        [0x82, Buffer.concat([text('a'), bad])],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(version, { flags, payload }))
        await client.refused(0x81)
      }
    },
  },
  {
    norm: '3.1.4-2',
    says: 'whom the authority does not admit is refused with its reason',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x86 }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version))
      await client.refused(0x86, 4)
    },
  },
  {
    norm: '3.1.4-3',
    norm311: '3.1.4-2',
    says: 'whoever has the same identifier is disconnected, with 0x8E',
    run: async ({ join }) => {
      const first = await join('a')
      const second = await join('a')
      await first.expelled(0x8e)
      await second.quiet()
    },
  },
  {
    norm: '3.1.4-6',
    norm311: '3.1.4-5',
    says: 'nothing that follows a refused CONNECT is carried out',
    options: {
      authority: {
        authenticate: ({ clientId }) =>
          clientId === 'raw' ? { admit: false, reasonCode: 0x87 } : { admit: true },
      },
    },
    run: async ({ dial, join, version, broker }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('#')
      const client = await dial()
      client.send(connectBytes(version), publishBytes(version, 't', { flags: 1, payload: 'sneaked in' }))
      await client.refused(0x87, 5)
      await watcher.quiet()
      expect(broker.retained()).toEqual([])
    },
  },
  {
    norm: '3.1.4-6 (before CONNACK)',
    says: 'what a client sends before it was answered is carried out once it is in',
    options: { authority: { authenticate: () => Promise.resolve({ admit: true }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version), 'c0 00', publishBytes(version, 't', { flags: 2, id: 1 }))
      expect((await client.take(3)).map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp', 'puback'])
    },
  },
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
    says: 'CONNACK comes once',
    run: async ({ join }) => {
      await (await join('a')).quiet()
    },
  },
  {
    norm: '3.2.2-1',
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
    options: { limits: { sessionExpiry: 50 } },
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
  {
    norm: '3.1.3.2 (Will properties)',
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
]

import { expect } from 'vitest'
import { connectBytes, long, properties, property, publishBytes, text, word } from '../bytes.js'
import type { Row } from '../table.js'

const will = { topic: 'will', payload: 'gone', qos: 1 as const, retain: false }

/** CONNECT: what a client says first, and what becomes of it. */
export const connectRows: readonly Row[] = [
  {
    norm: '3.1.0-1',
    says: 'the first packet is CONNECT, or the connection ends',
    run: async ({ dial }) => {
      const client = await dial()
      client.send('c0 00')
      expect(await client.ended()).toEqual([])
    },
  },
  {
    norm: '3.1.0-2',
    says: 'a second CONNECT is a protocol error',
    run: async ({ join }) => {
      const client = await join('twice')
      client.send(connectBytes(client.version))
      await client.expelled(0x82)
    },
  },
  {
    norm: '3.1.2-1',
    says: 'what does not call itself MQTT is not answered',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { name: 'MQTX' }))
      expect(await client.ended()).toEqual([])
    },
  },
  {
    norm: '3.1.2-2',
    says: 'an unknown protocol level is refused with 0x84, an older one with return code 1',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { level: version === 5 ? 6 : 3 }))
      await client.refused(0x84, 1)
    },
  },
  {
    norm: '3.1.2-3',
    says: 'the reserved connect flag is 0, or the packet is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 3 }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-4',
    norm311: '3.1.2-6',
    says: 'a clean start ends the session that was',
    run: async ({ join, enter, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const before = await join('a', { clean: false, ...kept })
      await before.subscribe('t')
      before.cut()
      const [after, connack] = await enter('a')
      expect(connack.sessionPresent).toBe(false)
      after.send(publishBytes(version, 't', { payload: 'x' }))
      await after.quiet()
    },
  },
  {
    norm: '3.1.2-5',
    norm311: '3.1.2-4',
    says: 'a session that is there is resumed',
    run: async ({ join, enter, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const before = await join('a', { clean: false, ...kept })
      await before.subscribe('t')
      before.cut()
      const [after, connack] = await enter('a', { clean: false })
      expect(connack.sessionPresent).toBe(true)
      after.send(publishBytes(version, 't', { payload: 'x' }))
      expect(await after.next('publish')).toMatchObject({ topic: 't' })
    },
  },
  {
    norm: '3.1.2-6',
    norm311: '3.1.2-4',
    says: 'a session that is not there is begun',
    run: async ({ enter }) => {
      const [client, connack] = await enter('nobody', { clean: false })
      expect(connack.sessionPresent).toBe(false)
      await client.quiet()
    },
  },
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
    norm: '3.1.2-17',
    norm311: '3.1.2-19',
    says: 'the user name flag asks for a user name',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x82 }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-16',
    norm311: '3.1.2-18',
    says: 'a user name without its flag is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: Buffer.concat([text('a'), text('user')]) }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-22 (3.1.1)',
    says: 'a password without a user name is malformed in 3.1.1, and is none in 5',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x42, payload: Buffer.concat([text('a'), text('secret')]) }))
      if (version === 4) await client.refused()
      else expect(await client.next('connack')).toMatchObject({ reasonCode: 0 })
    },
  },
  {
    norm: '3.1.2-22',
    norm311: '3.1.2-24',
    says: 'silence for one and a half times the keep alive ends the connection, with 0x8D',
    run: async ({ join, advance }) => {
      const client = await join('a', { keepalive: 10 })
      advance(14_900)
      await client.quiet()
      advance(15_000)
      await client.expelled(0x8d)
    },
  },
  {
    norm: '3.1.2-23',
    norm311: '3.1.2-5',
    says: 'the session is kept for as long as it was to be',
    run: async ({ join, enter, advance, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}
      const first = await join('a', { clean: false, ...kept })
      await first.subscribe('t')
      first.cut()
      const sender = await join('sender')
      await sender.quiet()
      advance(59_000)
      sender.send(publishBytes(version, 't', { flags: 2, id: 1, payload: 'kept' }))
      await sender.next('puback')
      const [second, connack] = await enter('a', { clean: false, ...kept })
      expect(connack.sessionPresent).toBe(true)
      expect(await second.next('publish')).toMatchObject({ qos: 1, payload: Buffer.from('kept') })
      second.cut()
      await sender.quiet()
      advance(61_000)
      const [, last] = await enter('a', { clean: false, ...kept })
      expect(last.sessionPresent).toBe(version === 4)
    },
  },
  {
    norm: '3.1.2-24',
    versions: [5],
    says: 'nothing larger than the client’s maximum packet size is sent to it',
    run: async ({ join }) => {
      const small = await join('small', { properties: { maximumPacketSize: 40 } })
      await small.subscribe('t', { qos: 0 })
      small.send(publishBytes(5, 't', { payload: 'x'.repeat(60) }), publishBytes(5, 't', { payload: 'fits' }))
      expect(await small.gather()).toMatchObject([{ payload: Buffer.from('fits') }])
    },
  },
  {
    norm: '3.1.2-25',
    versions: [5],
    says: 'a message that is too large for one is as good as delivered, and others get it',
    run: async ({ join, broker }) => {
      const small = await join('small', { properties: { maximumPacketSize: 40 } })
      const large = await join('large')
      for (const client of [small, large]) await client.subscribe('t', { qos: 1 })
      large.send(publishBytes(5, 't', { flags: 2, id: 1, payload: 'x'.repeat(60) }))
      expect((await large.take(2)).map(({ cmd }) => cmd).sort()).toEqual(['puback', 'publish'])
      await small.quiet()
      expect(broker.session('small')).toMatchObject({ inFlight: 0, queued: 0 })
    },
  },
  {
    norm: '3.1.2-26',
    versions: [5],
    says: 'no alias above the client’s topic alias maximum is sent to it',
    run: async ({ join }) => {
      const client = await join('a', { properties: { topicAliasMaximum: 1 } })
      await client.subscribe('+', { qos: 0 })
      for (const topic of ['one', 'two', 'one', 'two']) client.send(publishBytes(5, topic))
      const seen = (await client.gather()).map(({ topic, properties: { topicAlias } = {} }) => [
        topic,
        topicAlias,
      ])
      expect(seen).toEqual([
        ['one', 1],
        ['two', undefined],
        ['', 1],
        ['two', undefined],
      ])
    },
  },
  {
    norm: '3.1.2-27',
    versions: [5],
    says: 'no alias is sent to a client that named no maximum',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(5, 't'), publishBytes(5, 't'))
      for (const { topic, properties: section } of await client.gather()) {
        expect(topic).toBe('t')
        expect(section?.topicAlias).toBeUndefined()
      }
    },
  },
  {
    norm: '3.1.2-28',
    versions: [5],
    says: 'response information goes only to those who ask',
    options: { responseInformation: ({ clientId }) => `answers/${clientId}` },
    run: async ({ enter }) => {
      const [, asked] = await enter('a', { properties: { requestResponseInformation: true } })
      expect(asked.properties?.responseInformation).toBe('answers/a')
      for (const request of [{}, { properties: { requestResponseInformation: false } }]) {
        const [, unasked] = await enter('b', request)
        expect(unasked.properties?.responseInformation).toBeUndefined()
      }
    },
  },
  {
    norm: '3.1.2-29',
    versions: [5],
    says: 'no reason string goes on a PUBACK to those who want no problem information',
    options: { authority: { authorizePublish: () => ({ refuse: 0x87, reasonString: 'not here' }) } },
    run: async ({ join }) => {
      for (const requestProblemInformation of [true, false]) {
        const client = await join('a', { properties: { requestProblemInformation } })
        client.send(publishBytes(5, 't', { flags: 2, id: 1 }))
        const { reasonCode, properties: section } = await client.next('puback')
        expect(reasonCode).toBe(0x87)
        expect(section?.reasonString !== undefined).toBe(requestProblemInformation)
      }
    },
  },
  {
    norm: '3.1.2-30',
    versions: [5],
    says: 'only AUTH or DISCONNECT may come while an authentication is under way',
    options: {
      authenticationMethods: ['riddle'],
      authority: { authenticate: () => ({ challenge: Buffer.from('?') }) },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(property(0x15, text('riddle'))) }))
      expect(await client.next('auth')).toMatchObject({ reasonCode: 0x18 })
      client.send('c0 00')
      await client.refused(0x82)
    },
  },
  {
    norm: '3.1.2 (Receive Maximum)',
    versions: [5],
    says: 'a receive maximum or maximum packet size of 0, or one sent twice, is a protocol error',
    run: async ({ dial }) => {
      const wrong = [
        properties(property(0x21, word(0))),
        properties(property(0x27, long(0))),
        properties(property(0x21, word(5)), property(0x21, word(5))),
        properties(property(0x17, Buffer.from([2]))),
        properties(property(0x16, text('data without a method'))),
      ]
      for (const section of wrong) {
        const client = await dial()
        client.send(connectBytes(5, { section }))
        await client.refused(0x82)
      }
    },
  },
]

import { expect } from 'vitest'
import { connectBytes, long, properties, property, publishBytes, text, word } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

/** What a v5 client says in CONNECT that it can take, and wants. */
export const clientBoundRows: readonly Row[] = rows(
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
    norm: '3.1.2-24 (answers)',
    versions: [5],
    says: 'an answer that is too large ends the connection: with 0x95, or without a CONNACK that would be it',
    run: async ({ join, dial }) => {
      const tiny = await dial()
      tiny.send(connectBytes(5, { section: properties(property(0x27, long(10))) }))
      expect(await tiny.ended()).toEqual([])
      const small = await join('small', { properties: { maximumPacketSize: 40 } })
      const filters = Array.from({ length: 50 }, (_, index) => `t/${index}`)
      small.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: filters.map((topic) => ({ topic, qos: 0 })),
      })
      await small.expelled(0x95)
      const other = await join('other', { properties: { maximumPacketSize: 40 } })
      other.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: filters })
      await other.expelled(0x95)
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
      const [, requested] = await enter('a', { properties: { requestResponseInformation: true } })
      expect(requested.properties?.responseInformation).toBe('answers/a')
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
)

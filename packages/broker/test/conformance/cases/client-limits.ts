import { expect } from 'vitest'
import { connectBytes, uint32, properties, property, publishBytes, text, uint16 } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** The limits and requests that an MQTT 5 client sends in CONNECT. */
export const clientLimitCases: readonly NormCase[] = normCases(
  {
    norm: '3.1.2-24',
    versions: [5],
    title: 'does not send a message larger than the client’s Maximum Packet Size',
    run: async ({ join }) => {
      const small = await join('small', { properties: { maximumPacketSize: 40 } })
      await small.subscribe('t', { qos: 0 })
      small.send(publishBytes(5, 't', { payload: 'x'.repeat(60) }), publishBytes(5, 't', { payload: 'fits' }))
      expect(await small.receiveAll()).toMatchObject([{ payload: Buffer.from('fits') }])
    },
  },
  {
    norm: '3.1.2-24 (acknowledgements)',
    versions: [5],
    title:
      'disconnects with 0x95 when a SUBACK or UNSUBACK is too large for the client, and closes when the CONNACK is',
    run: async ({ join, dial }) => {
      const tiny = await dial()
      tiny.send(connectBytes(5, { section: properties(property(0x27, uint32(10))) }))
      expect(await tiny.untilClosed()).toEqual([])
      const small = await join('small', { properties: { maximumPacketSize: 40 } })
      const filters = Array.from({ length: 50 }, (_, index) => `t/${index}`)
      small.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: filters.map((topic) => ({ topic, qos: 0 })),
      })
      await small.expectDisconnected(0x95)
      const other = await join('other', { properties: { maximumPacketSize: 40 } })
      other.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: filters })
      await other.expectDisconnected(0x95)
    },
  },
  {
    norm: '3.1.2-25',
    versions: [5],
    title: 'treats a message too large for one client as delivered to it and sends it to the others',
    run: async ({ join, broker }) => {
      const small = await join('small', { properties: { maximumPacketSize: 40 } })
      const large = await join('large')
      for (const client of [small, large]) await client.subscribe('t', { qos: 1 })
      large.send(publishBytes(5, 't', { flags: 2, id: 1, payload: 'x'.repeat(60) }))
      expect((await large.take(2)).map(({ cmd }) => cmd).sort()).toEqual(['puback', 'publish'])
      await small.expectQuiet()
      expect(broker.session('small')).toMatchObject({ inFlight: 0, queued: 0 })
    },
  },
  {
    norm: '3.1.2-26',
    versions: [5],
    title: 'sends no topic alias above the client’s Topic Alias Maximum',
    run: async ({ join }) => {
      const client = await join('a', { properties: { topicAliasMaximum: 1 } })
      await client.subscribe('+', { qos: 0 })
      for (const topic of ['one', 'two', 'one', 'two']) client.send(publishBytes(5, topic))
      const seen = (await client.receiveAll()).map(({ topic, properties: { topicAlias } = {} }) => [
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
    title: 'sends no topic alias to a client without a Topic Alias Maximum',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(5, 't'), publishBytes(5, 't'))
      for (const { topic, properties: section } of await client.receiveAll()) {
        expect(topic).toBe('t')
        expect(section?.topicAlias).toBeUndefined()
      }
    },
  },
  {
    norm: '3.1.2-28',
    versions: [5],
    title: 'sends Response Information only to clients that request it',
    options: { responseInformation: ({ clientId }) => `responses/${clientId}` },
    run: async ({ connect }) => {
      const [, withRequest] = await connect('a', { properties: { requestResponseInformation: true } })
      expect(withRequest.properties?.responseInformation).toBe('responses/a')
      for (const request of [{}, { properties: { requestResponseInformation: false } }]) {
        const [, withoutRequest] = await connect('b', request)
        expect(withoutRequest.properties?.responseInformation).toBeUndefined()
      }
    },
  },
  {
    norm: '3.1.2-29',
    versions: [5],
    title: 'sends no Reason String in PUBACK to a client without Request Problem Information',
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
    title: 'refuses a packet other than AUTH or DISCONNECT during authentication, with 0x82',
    options: {
      authenticationMethods: ['challenge'],
      authority: { authenticate: () => ({ challenge: Buffer.from('?') }) },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(property(0x15, text('challenge'))) }))
      expect(await client.next('auth')).toMatchObject({ reasonCode: 0x18 })
      client.send('c0 00')
      await client.expectRefused(0x82)
    },
  },
  {
    norm: '3.1.2 (Receive Maximum)',
    versions: [5],
    title: 'refuses CONNECT properties that are invalid or repeated, with 0x82',
    run: async ({ dial }) => {
      const wrong = [
        properties(property(0x21, uint16(0))),
        properties(property(0x27, uint32(0))),
        properties(property(0x21, uint16(5)), property(0x21, uint16(5))),
        properties(property(0x17, Buffer.from([2]))),
        properties(property(0x16, text('data without a method'))),
      ]
      for (const section of wrong) {
        const client = await dial()
        client.send(connectBytes(5, { section }))
        await client.expectRefused(0x82)
      }
    },
  },
)

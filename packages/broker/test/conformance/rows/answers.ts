import { expect } from 'vitest'
import type { AnyPacket } from '../../world.js'
import { connectBytes, long, packet, properties, property, publishBytes, text, word } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const kept = (version: 4 | 5): AnyPacket => ({
  clean: false,
  ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
})
const riddle = property(0x15, text('riddle'))
const auth = (reasonCode: number, ...more: readonly Uint8Array[]): Buffer =>
  packet(0xf0, Buffer.from([reasonCode]), properties(...more))

/** What answers may say, and what becomes of messages and sessions between them. */
export const answerRows: readonly Row[] = rows(
  {
    norm: '3.2.2-8',
    versions: [5],
    says: 'CONNACK has a reason code of its own kind, whatever a hook says',
    options: {
      authority: { authenticate: ({ keepAlive }) => ({ admit: false, reasonCode: keepAlive }) },
    },
    run: async ({ dial }) => {
      for (const [requested, said] of [
        [0x87, 0x87],
        [0x8b, 0x88],
        [0x93, 0x80],
      ] as const) {
        const client = await dial()
        const plain = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, clientId: 'a' }
        client.send({ ...plain, keepalive: requested })
        await client.refused(said)
      }
    },
  },
  {
    norm: '3.2.2-16',
    versions: [5],
    says: 'the identifier assigned is nobody else’s',
    run: async ({ enter }) => {
      const given = await Promise.all(Array.from({ length: 10 }, () => enter('')))
      const names = given.map(([, { properties: told }]) => told?.assignedClientIdentifier)
      expect(new Set(names).size).toBe(10)
    },
  },
  {
    norm: '3.2.2-19',
    versions: [5],
    says: 'the reason string of a CONNACK is left out where it would be too large with it',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x87, reasonString: 'no' }) } },
    run: async ({ dial }) => {
      for (const [size, isSaid] of [
        [5, false],
        [100, true],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(5, { section: properties(property(0x27, long(size))) }))
        const [connack] = await client.ended()
        expect(connack?.properties?.reasonString !== undefined).toBe(isSaid)
      }
    },
  },
  {
    norm: '3.2.2-22',
    says: 'where the broker names no keep alive, the client’s is used',
    norm311: '3.1.2-24',
    run: async ({ join, advance }) => {
      const client = await join('a', { keepalive: 100 })
      advance(149_000)
      await client.quiet()
      advance(150_001)
      await client.expelled(0x8d)
    },
  },
  {
    norm: '3.3.4-1',
    says: 'a PUBLISH is answered as its QoS asks: not at all, by PUBACK, by PUBREC',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const [qos, responses] of [[], ['puback'], ['pubrec']].entries()) {
        client.send(publishBytes(version, 't', { flags: qos * 2, ...(qos > 0 && { id: 1 }) }))
        expect((await client.gather()).map(({ cmd }) => cmd)).toEqual(responses)
      }
    },
  },
  ...(
    [
      ['3.4.2-1', 2, 'puback'],
      ['3.5.2-1', 4, 'pubrec'],
    ] as const
  ).map(([norm, flags, cmd]): Row => ({
    norm,
    versions: [5],
    says: `${cmd.toUpperCase()} has a reason code of its own kind, whatever a hook says`,
    options: {
      authority: { authorizePublish: ({ message: { topic } }) => ({ refuse: Number(topic) }) },
    },
    run: async ({ join }) => {
      const client = await join('a')
      for (const [requested, said] of [
        [0x97, 0x97],
        [0x86, 0x87],
        [0x9a, 0x80],
        [0x10, 0x87],
      ] as const) {
        client.send(publishBytes(5, `${requested}`, { flags, id: 1 }))
        expect(await client.next(cmd)).toMatchObject({ reasonCode: said })
      }
    },
  })),
  ...(
    [
      ['3.4.2-2', 2, 'puback'],
      ['3.5.2-2', 4, 'pubrec'],
    ] as const
  ).map(([norm, flags, cmd]): Row => ({
    norm,
    versions: [5],
    says: `the reason string of a ${cmd.toUpperCase()} is left out where it would be too large with it`,
    options: { authority: { authorizePublish: () => ({ refuse: 0x87 }) } },
    run: async ({ join }) => {
      for (const [maximumPacketSize, isSaid] of [
        [20, false],
        [100, true],
      ] as const) {
        const client = await join('a', { properties: { maximumPacketSize } })
        client.send(publishBytes(5, 't', { flags, id: 1 }))
        const { reasonCode, properties: told } = await client.next(cmd)
        expect([reasonCode, told?.reasonString !== undefined]).toEqual([0x87, isSaid])
      }
    },
  })),
  {
    norm: '3.7.2-1',
    versions: [5],
    says: 'PUBCOMP says success, or that it knows no such identifier',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 4, id: 1 }), packet(0x62, word(1)), packet(0x62, word(2)))
      const codes = (await client.take(3)).map(({ cmd, reasonCode }) => [cmd, reasonCode])
      expect(codes.slice(1)).toEqual([
        ['pubcomp', 0],
        ['pubcomp', 0x92],
      ])
    },
  },
  {
    norm: '3.9.3-1',
    says: 'the reason codes of a SUBACK are in the order of its filters',
    run: async ({ join, version }) => {
      const client = await join('a')
      const lines = [2, 0, 1, 0].flatMap((qos) => [text(`t/${qos}`), Buffer.from([qos])])
      client.send(packet(0x82, word(1), ...(version === 5 ? [properties()] : []), ...lines))
      expect((await client.next('suback')).granted).toEqual([2, 0, 1, 0])
    },
  },
  {
    norm: '3.9.3-2',
    says: 'SUBACK has reason codes of its own kind, whatever a hook says; 3.1.1 knows 0x80 alone',
    options: { authority: { authorizeSubscribe: ({ filter }) => ({ refuse: Number(filter) }) } },
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const [requested, said] of [
        [0x97, 0x97],
        [0x8a, 0x87],
        [0x93, 0x80],
        [0x01, 0x87],
      ] as const) {
        expect(await client.subscribe(`${requested}`)).toEqual([version === 5 ? said : 0x80])
      }
    },
  },
  {
    norm: '3.11.3-2',
    versions: [5],
    says: 'UNSUBACK says success, that there was no such subscription, or that a filter is none',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t')
      client.send(packet(0xa2, word(1), properties(), text('t'), text('u'), text('a/#/b')))
      expect((await client.next('unsuback')).granted).toEqual([0, 0x11, 0x8f])
    },
  },
  {
    norm: '3.14.0-1',
    versions: [5],
    says: 'no DISCONNECT comes from the broker before a CONNACK',
    run: async ({ dial }) => {
      for (const bytes of ['e0 01 ff', 'c0 00', '10 01 00']) {
        const client = await dial()
        client.send(bytes)
        expect((await client.ended()).filter(({ cmd }) => cmd === 'disconnect')).toEqual([])
      }
    },
  },
  {
    norm: '3.14.2-1',
    versions: [5],
    says: 'DISCONNECT has a reason code of its own kind, whatever a hook says, and so must the client’s',
    options: { authority: { authorizePublish: ({ message: { topic } }) => ({ close: Number(topic) }) } },
    run: async ({ join }) => {
      for (const [requested, said] of [
        [0x97, 0x97],
        [0x86, 0x87],
        [0x92, 0x80],
      ] as const) {
        const client = await join('a')
        client.send(publishBytes(5, `${requested}`))
        await client.expelled(said)
      }
      const client = await join('a')
      client.send('e0 01 8e')
      await client.expelled(0x81)
    },
  },
  {
    norm: '4.1.0-1',
    says: 'a session lasts for as long as its connection, however short it was to be kept',
    run: async ({ join, version, advance }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      advance(1_000_000)
      client.send(publishBytes(version, 't'))
      expect(await client.gather()).toHaveLength(1)
    },
  },
  {
    norm: '4.1.0-2',
    versions: [5],
    says: 'a session ends when its expiry has passed after its connection',
    run: async ({ join, enter, advance, broker }) => {
      ;(await join('a', kept(5))).cut()
      await (await join('other')).quiet()
      advance(99_000)
      expect(broker.session('a')).toBeDefined()
      advance(1_001)
      expect(broker.session('a')).toBeUndefined()
      const [, connack] = await enter('a', kept(5))
      expect(connack.sessionPresent).toBe(false)
    },
  },
  ...(
    [
      ['4.3.2-1', '4.3.2-1', 1],
      ['4.3.3-1', '4.3.3-1', 2],
      ['4.3.3-2', '4.3.3-1', 2],
    ] as const
  ).map(([norm, norm311, qos]): Row => ({
    norm,
    norm311,
    says: `QoS ${qos} goes out under an identifier that is not in use, DUP 0`,
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos })
      for (const id of [1, 2]) client.send(publishBytes(version, 't', { flags: qos * 2, id }))
      const sent = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      expect(sent.map((each) => [each.qos, each.dup])).toEqual([
        [qos, false],
        [qos, false],
      ])
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(2)
    },
  })),
  {
    norm: '4.3.3-3',
    norm311: '4.3.3-1',
    says: 'QoS 2 is unacknowledged until PUBREC, and sent again under its identifier on resume',
    run: async ({ join, version }) => {
      const client = await join('a', kept(version))
      await client.subscribe('t')
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
      const sent = (await client.gather()).find(({ cmd }) => cmd === 'publish')
      const again = await join('a', kept(version))
      expect(await again.next()).toMatchObject({ cmd: 'publish', dup: true, messageId: sent?.messageId })
    },
  },
  ...(
    [
      ['4.3.3-7', 'no message expires that was sent'],
      ['4.3.3-13', 'the answers go on though the message has expired'],
    ] as const
  ).map(([norm, says]): Row => ({
    norm,
    versions: [5],
    says: `${says}, at QoS 2`,
    run: async ({ join, advance }) => {
      const client = await join('a', kept(5))
      await client.subscribe('t')
      const section = properties(property(0x02, long(1)))
      client.send(publishBytes(5, 't', { flags: 4, id: 1, section }))
      const sent = (await client.gather()).find(({ cmd }) => cmd === 'publish')
      advance(5_000)
      const again = await join('a', kept(5))
      expect(await again.next()).toMatchObject({ cmd: 'publish', messageId: sent?.messageId })
      again.send(packet(0x50, word(sent?.messageId ?? 0)), packet(0x62, word(1)))
      expect((await again.take(2)).map(({ cmd, reasonCode }) => [cmd, reasonCode])).toEqual([
        ['pubrel', 0],
        ['pubcomp', 0],
      ])
    },
  })),
  {
    norm: '4.3.3-11',
    norm311: '4.3.3-2',
    says: 'PUBREL is answered by PUBCOMP with its identifier, also after a resume',
    run: async ({ join, version }) => {
      const client = await join('a', kept(version))
      client.send(publishBytes(version, 't', { flags: 4, id: 7 }))
      await client.next('pubrec')
      const again = await join('a', kept(version))
      again.send(packet(0x62, word(7)))
      expect(await again.next('pubcomp')).toMatchObject({ messageId: 7 })
    },
  },
  {
    norm: '4.6.0-6',
    norm311: '4.6.0-5',
    says: 'every topic is ordered, for wildcards over many of them as well',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('#', { qos: 1 })
      const topics = Array.from({ length: 60 }, (_, index) => `t/${index % 7}/${index}`)
      for (const [id, topic] of topics.entries())
        client.send(publishBytes(version, topic, { flags: 2, id: id + 1 }))
      const seen = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      expect(seen.map(({ topic }) => topic)).toEqual(topics)
    },
  },
  {
    norm: '4.9.0-2',
    versions: [5],
    says: 'at a quota of 0 no message of QoS 1 or 2 is sent',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 1 } })
      await client.subscribe('t')
      const sender = await join('sender')
      for (const [id, flags] of [2, 4, 2].entries()) sender.send(publishBytes(5, 't', { flags, id: id + 1 }))
      await sender.take(3)
      expect(await client.gather()).toHaveLength(1)
    },
  },
  {
    norm: '4.9.0-3',
    versions: [5],
    says: 'at a quota of 0 everything else is answered',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 1 } })
      await client.subscribe('t')
      client.send(publishBytes(5, 't', { flags: 2, id: 1 }), publishBytes(5, 't', { flags: 2, id: 2 }))
      expect(await client.gather()).toHaveLength(3)
      client.send(publishBytes(5, 'u', { flags: 4, id: 3 }), packet(0x62, word(3)))
      client.send(packet(0xa2, word(1), properties(), text('t')))
      const responses = (await client.gather()).map(({ cmd }) => cmd)
      expect(responses).toEqual(['pubrec', 'pubcomp', 'unsuback'])
    },
  },
  {
    norm: '4.12.0-3',
    versions: [5],
    says: 'an AUTH that answers a challenge says 0x18, or is a protocol error',
    options: {
      authenticationMethods: ['riddle'],
      authority: {
        authenticate: ({ step }) => (step === 0 ? { challenge: Buffer.from('?') } : { admit: true }),
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(riddle) }))
      await client.next('auth')
      client.send(auth(0x19, riddle))
      await client.refused(0x82)
    },
  },
  {
    norm: '4.12.0-4',
    versions: [5],
    says: 'a failed authentication is refused, and the connection ends',
    options: {
      authenticationMethods: ['riddle'],
      authority: {
        authenticate: ({ step }) =>
          step === 0 ? { challenge: Buffer.from('?') } : { admit: false, reasonCode: 0x87 },
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(riddle) }))
      await client.next('auth')
      client.send(auth(0x18, riddle))
      await client.refused(0x87)
    },
  },
  {
    norm: '4.12.0-5',
    versions: [5],
    says: 'every AUTH and the CONNACK name the method of CONNECT, and so must the client’s',
    options: {
      authenticationMethods: ['riddle'],
      authority: {
        authenticate: ({ step }) => (step === 0 ? { challenge: Buffer.from('?') } : { admit: true }),
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(riddle) }))
      const challenge = await client.next('auth')
      client.send(auth(0x18, riddle))
      const connack = await client.next('connack')
      const methods = [challenge, connack].map(({ properties: told }) => told?.authenticationMethod)
      expect(methods).toEqual(['riddle', 'riddle'])
      client.send(auth(0x19))
      await client.expelled(0x82)
    },
  },
  {
    norm: '4.12.0-7',
    versions: [5],
    says: 'an AUTH from a client whose CONNECT named no method is a protocol error',
    options: { authenticationMethods: ['riddle'] },
    run: async ({ join }) => {
      const client = await join('a')
      client.send(auth(0x18, riddle))
      await client.expelled(0x82)
    },
  },
  {
    norm: '4.12.1-2',
    versions: [5],
    says: 'a failed re-authentication ends the connection with a DISCONNECT',
    options: {
      authenticationMethods: ['riddle'],
      authority: {
        authenticate: ({ isReAuthentication }) =>
          isReAuthentication ? { admit: false, reasonCode: 0x87 } : { admit: true },
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(riddle) }))
      await client.next('connack')
      client.send(auth(0x19, riddle))
      await client.expelled(0x87)
    },
  },
)

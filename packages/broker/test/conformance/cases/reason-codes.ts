import { expect } from 'vitest'
import type { AnyPacket } from '../../world.js'
import { connectBytes, uint32, packet, properties, property, publishBytes, text, uint16 } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const persistent = (version: 4 | 5): AnyPacket => ({
  clean: false,
  ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
})
const methodProperty = property(0x15, text('challenge'))
const auth = (reasonCode: number, ...more: readonly Uint8Array[]): Buffer =>
  packet(0xf0, Buffer.from([reasonCode]), properties(...more))

/** Reason codes and Reason Strings, session lifetime, QoS 2 flows and enhanced authentication. */
export const reasonCodeCases: readonly NormCase[] = normCases(
  {
    norm: '3.2.2-8',
    versions: [5],
    title: 'sends only reason codes that CONNACK defines, whatever authenticate returns',
    options: {
      authority: { authenticate: ({ keepAlive }) => ({ admit: false, reasonCode: keepAlive }) },
    },
    run: async ({ dial }) => {
      for (const [requested, expected] of [
        [0x87, 0x87],
        [0x8b, 0x88],
        [0x93, 0x80],
      ] as const) {
        const client = await dial()
        const defaults = {
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 5,
          clean: true,
          clientId: 'a',
        }
        client.send({ ...defaults, keepalive: requested })
        await client.expectRefused(expected)
      }
    },
  },
  {
    norm: '3.2.2-16',
    versions: [5],
    title: 'assigns a different client identifier to each client',
    run: async ({ connect }) => {
      const connections = await Promise.all(Array.from({ length: 10 }, () => connect('')))
      const names = connections.map(([, { properties: section }]) => section?.assignedClientIdentifier)
      expect(new Set(names).size).toBe(10)
    },
  },
  {
    norm: '3.2.2-19',
    versions: [5],
    title: 'omits the Reason String of a CONNACK that would exceed the Maximum Packet Size',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x87, reasonString: 'no' }) } },
    run: async ({ dial }) => {
      for (const [size, isPresent] of [
        [5, false],
        [100, true],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(5, { section: properties(property(0x27, uint32(size))) }))
        const [connack] = await client.untilClosed()
        expect(connack?.properties?.reasonString !== undefined).toBe(isPresent)
      }
    },
  },
  {
    norm: '3.2.2-22',
    title: 'applies the client’s Keep Alive when the broker sets none',
    norm311: '3.1.2-24',
    run: async ({ join, advance }) => {
      const client = await join('a', { keepalive: 100 })
      advance(149_000)
      await client.expectQuiet()
      advance(150_001)
      await client.expectDisconnected(0x8d)
    },
  },
  {
    norm: '3.3.4-1',
    title: 'answers PUBLISH by its QoS: not at all, with PUBACK, with PUBREC',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const [qos, responses] of [[], ['puback'], ['pubrec']].entries()) {
        client.send(publishBytes(version, 't', { flags: qos * 2, ...(qos > 0 && { id: 1 }) }))
        expect((await client.receiveAll()).map(({ cmd }) => cmd)).toEqual(responses)
      }
    },
  },
  ...(
    [
      ['3.4.2-1', 2, 'puback'],
      ['3.5.2-1', 4, 'pubrec'],
    ] as const
  ).map(([norm, flags, cmd]): NormCase => ({
    norm,
    versions: [5],
    title: `sends only reason codes that ${cmd.toUpperCase()} defines, whatever authorizePublish returns`,
    options: {
      authority: { authorizePublish: ({ message: { topic } }) => ({ refuse: Number(topic) }) },
    },
    run: async ({ join }) => {
      const client = await join('a')
      for (const [requested, expected] of [
        [0x97, 0x97],
        [0x86, 0x87],
        [0x9a, 0x80],
        [0x10, 0x87],
      ] as const) {
        client.send(publishBytes(5, `${requested}`, { flags, id: 1 }))
        expect(await client.next(cmd)).toMatchObject({ reasonCode: expected })
      }
    },
  })),
  ...(
    [
      ['3.4.2-2', 2, 'puback'],
      ['3.5.2-2', 4, 'pubrec'],
    ] as const
  ).map(([norm, flags, cmd]): NormCase => ({
    norm,
    versions: [5],
    title: `omits the Reason String of a ${cmd.toUpperCase()} that would exceed the Maximum Packet Size`,
    options: { authority: { authorizePublish: () => ({ refuse: 0x87 }) } },
    run: async ({ join }) => {
      for (const [maximumPacketSize, isPresent] of [
        [20, false],
        [100, true],
      ] as const) {
        const client = await join('a', { properties: { maximumPacketSize } })
        client.send(publishBytes(5, 't', { flags, id: 1 }))
        const { reasonCode, properties: section } = await client.next(cmd)
        expect([reasonCode, section?.reasonString !== undefined]).toEqual([0x87, isPresent])
      }
    },
  })),
  {
    norm: '3.7.2-1',
    versions: [5],
    title: 'sends PUBCOMP with 0x00, or with 0x92 for an unknown Packet Identifier',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 4, id: 1 }), packet(0x62, uint16(1)), packet(0x62, uint16(2)))
      const codes = (await client.take(3)).map(({ cmd, reasonCode }) => [cmd, reasonCode])
      expect(codes.slice(1)).toEqual([
        ['pubcomp', 0],
        ['pubcomp', 0x92],
      ])
    },
  },
  {
    norm: '3.9.3-1',
    title: 'sends the reason codes of SUBACK in the order of the filters',
    run: async ({ join, version }) => {
      const client = await join('a')
      const lines = [2, 0, 1, 0].flatMap((qos) => [text(`t/${qos}`), Buffer.from([qos])])
      client.send(packet(0x82, uint16(1), ...(version === 5 ? [properties()] : []), ...lines))
      expect((await client.next('suback')).granted).toEqual([2, 0, 1, 0])
    },
  },
  {
    norm: '3.9.3-2',
    title: 'sends only reason codes that SUBACK defines, whatever authorizeSubscribe returns; 0x80 in 3.1.1',
    options: { authority: { authorizeSubscribe: ({ filter }) => ({ refuse: Number(filter) }) } },
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const [requested, expected] of [
        [0x97, 0x97],
        [0x8a, 0x87],
        [0x93, 0x80],
        [0x01, 0x87],
      ] as const) {
        expect(await client.subscribe(`${requested}`)).toEqual([version === 5 ? expected : 0x80])
      }
    },
  },
  {
    norm: '3.11.3-2',
    versions: [5],
    title: 'sends UNSUBACK with 0x00, 0x11 without a subscription, 0x8F for an invalid filter',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t')
      client.send(packet(0xa2, uint16(1), properties(), text('t'), text('u'), text('a/#/b')))
      expect((await client.next('unsuback')).granted).toEqual([0, 0x11, 0x8f])
    },
  },
  {
    norm: '3.14.0-1',
    versions: [5],
    title: 'sends no DISCONNECT before CONNACK',
    run: async ({ dial }) => {
      for (const bytes of ['e0 01 ff', 'c0 00', '10 01 00']) {
        const client = await dial()
        client.send(bytes)
        expect((await client.untilClosed()).filter(({ cmd }) => cmd === 'disconnect')).toEqual([])
      }
    },
  },
  {
    norm: '3.14.2-1',
    versions: [5],
    title: 'sends only reason codes that DISCONNECT defines and rejects others from a client with 0x81',
    options: { authority: { authorizePublish: ({ message: { topic } }) => ({ close: Number(topic) }) } },
    run: async ({ join }) => {
      for (const [requested, expected] of [
        [0x97, 0x97],
        [0x86, 0x87],
        [0x92, 0x80],
      ] as const) {
        const client = await join('a')
        client.send(publishBytes(5, `${requested}`))
        await client.expectDisconnected(expected)
      }
      const client = await join('a')
      client.send('e0 01 8e')
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: '4.1.0-1',
    title: 'keeps a session while its connection is open, whatever its Session Expiry Interval',
    run: async ({ join, version, advance }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      advance(1_000_000)
      client.send(publishBytes(version, 't'))
      expect(await client.receiveAll()).toHaveLength(1)
    },
  },
  {
    norm: '4.1.0-2',
    versions: [5],
    title: 'ends a session when its Session Expiry Interval has passed after the connection closed',
    run: async ({ join, connect, advance, broker }) => {
      ;(await join('a', persistent(5))).cut()
      await (await join('other')).expectQuiet()
      advance(99_000)
      expect(broker.session('a')).toBeDefined()
      advance(1_001)
      expect(broker.session('a')).toBeUndefined()
      const [, connack] = await connect('a', persistent(5))
      expect(connack.sessionPresent).toBe(false)
    },
  },
  ...(
    [
      ['4.3.2-1', '4.3.2-1', 1],
      ['4.3.3-1', '4.3.3-1', 2],
      ['4.3.3-2', '4.3.3-1', 2],
    ] as const
  ).map(([norm, norm311, qos]): NormCase => ({
    norm,
    norm311,
    title: `sends QoS ${qos} messages under unused Packet Identifiers with DUP 0`,
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos })
      for (const id of [1, 2]) client.send(publishBytes(version, 't', { flags: qos * 2, id }))
      const sent = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      expect(sent.map((message) => [message.qos, message.dup])).toEqual([
        [qos, false],
        [qos, false],
      ])
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(2)
    },
  })),
  {
    norm: '4.3.3-3',
    norm311: '4.3.3-1',
    title: 'resends a QoS 2 message without PUBREC under its Packet Identifier on resume',
    run: async ({ join, version }) => {
      const client = await join('a', persistent(version))
      await client.subscribe('t')
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
      const sent = (await client.receiveAll()).find(({ cmd }) => cmd === 'publish')
      const again = await join('a', persistent(version))
      expect(await again.next()).toMatchObject({ cmd: 'publish', dup: true, messageId: sent?.messageId })
    },
  },
  ...(
    [
      ['4.3.3-7', 'resends a sent message after it has expired'],
      ['4.3.3-13', 'completes the acknowledgements of an expired message'],
    ] as const
  ).map(([norm, says]): NormCase => ({
    norm,
    versions: [5],
    title: `${says}, at QoS 2`,
    run: async ({ join, advance }) => {
      const client = await join('a', persistent(5))
      await client.subscribe('t')
      const section = properties(property(0x02, uint32(1)))
      client.send(publishBytes(5, 't', { flags: 4, id: 1, section }))
      const sent = (await client.receiveAll()).find(({ cmd }) => cmd === 'publish')
      advance(5_000)
      const again = await join('a', persistent(5))
      expect(await again.next()).toMatchObject({ cmd: 'publish', messageId: sent?.messageId })
      again.send(packet(0x50, uint16(sent?.messageId ?? 0)), packet(0x62, uint16(1)))
      expect((await again.take(2)).map(({ cmd, reasonCode }) => [cmd, reasonCode])).toEqual([
        ['pubrel', 0],
        ['pubcomp', 0],
      ])
    },
  })),
  {
    norm: '4.3.3-11',
    norm311: '4.3.3-2',
    title: 'answers PUBREL with a PUBCOMP of its Packet Identifier after a resume',
    run: async ({ join, version }) => {
      const client = await join('a', persistent(version))
      client.send(publishBytes(version, 't', { flags: 4, id: 7 }))
      await client.next('pubrec')
      const again = await join('a', persistent(version))
      again.send(packet(0x62, uint16(7)))
      expect(await again.next('pubcomp')).toMatchObject({ messageId: 7 })
    },
  },
  {
    norm: '4.6.0-6',
    norm311: '4.6.0-5',
    title: 'keeps the order of messages across the topics of a wildcard subscription',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('#', { qos: 1 })
      const topics = Array.from({ length: 60 }, (_, index) => `t/${index % 7}/${index}`)
      for (const [id, topic] of topics.entries())
        client.send(publishBytes(version, topic, { flags: 2, id: id + 1 }))
      const seen = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      expect(seen.map(({ topic }) => topic)).toEqual(topics)
    },
  },
  {
    norm: '4.9.0-2',
    versions: [5],
    title: 'sends no QoS 1 or 2 message at a send quota of 0',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 1 } })
      await client.subscribe('t')
      const sender = await join('sender')
      for (const [id, flags] of [2, 4, 2].entries()) sender.send(publishBytes(5, 't', { flags, id: id + 1 }))
      await sender.take(3)
      expect(await client.receiveAll()).toHaveLength(1)
    },
  },
  {
    norm: '4.9.0-3',
    versions: [5],
    title: 'answers other packets at a send quota of 0',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 1 } })
      await client.subscribe('t')
      client.send(publishBytes(5, 't', { flags: 2, id: 1 }), publishBytes(5, 't', { flags: 2, id: 2 }))
      expect(await client.receiveAll()).toHaveLength(3)
      client.send(publishBytes(5, 'u', { flags: 4, id: 3 }), packet(0x62, uint16(3)))
      client.send(packet(0xa2, uint16(1), properties(), text('t')))
      const responses = (await client.receiveAll()).map(({ cmd }) => cmd)
      expect(responses).toEqual(['pubrec', 'pubcomp', 'unsuback'])
    },
  },
  {
    norm: '4.12.0-3',
    versions: [5],
    title: 'refuses an AUTH response to a challenge without 0x18, with 0x82',
    options: {
      authenticationMethods: ['challenge'],
      authority: {
        authenticate: ({ step }) => (step === 0 ? { challenge: Buffer.from('?') } : { admit: true }),
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(methodProperty) }))
      await client.next('auth')
      client.send(auth(0x19, methodProperty))
      await client.expectRefused(0x82)
    },
  },
  {
    norm: '4.12.0-4',
    versions: [5],
    title: 'refuses a failed authentication and closes the connection',
    options: {
      authenticationMethods: ['challenge'],
      authority: {
        authenticate: ({ step }) =>
          step === 0 ? { challenge: Buffer.from('?') } : { admit: false, reasonCode: 0x87 },
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(methodProperty) }))
      await client.next('auth')
      client.send(auth(0x18, methodProperty))
      await client.expectRefused(0x87)
    },
  },
  {
    norm: '4.12.0-5',
    versions: [5],
    title: 'sends the Authentication Method of CONNECT in AUTH and CONNACK and requires it from the client',
    options: {
      authenticationMethods: ['challenge'],
      authority: {
        authenticate: ({ step }) => (step === 0 ? { challenge: Buffer.from('?') } : { admit: true }),
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(methodProperty) }))
      const challenge = await client.next('auth')
      client.send(auth(0x18, methodProperty))
      const connack = await client.next('connack')
      const methods = [challenge, connack].map(({ properties: section }) => section?.authenticationMethod)
      expect(methods).toEqual(['challenge', 'challenge'])
      client.send(auth(0x19))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '4.12.0-7',
    versions: [5],
    title: 'disconnects on AUTH after a CONNECT without an Authentication Method, with 0x82',
    options: { authenticationMethods: ['challenge'] },
    run: async ({ join }) => {
      const client = await join('a')
      client.send(auth(0x18, methodProperty))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '4.12.1-2',
    versions: [5],
    title: 'disconnects a client whose re-authentication fails',
    options: {
      authenticationMethods: ['challenge'],
      authority: {
        authenticate: ({ isReAuthentication }) =>
          isReAuthentication ? { admit: false, reasonCode: 0x87 } : { admit: true },
      },
    },
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(methodProperty) }))
      await client.next('connack')
      client.send(auth(0x19, methodProperty))
      await client.expectDisconnected(0x87)
    },
  },
)

import { expect } from 'vitest'
import { connectBytes, packet, properties, property, publishBytes, text, uint16 } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const bad = Buffer.from('0002c328', 'hex')
const section = (version: 4 | 5): Buffer[] => (version === 5 ? [properties()] : [])

/** Encoding of packets: strings, flags, Packet Identifiers, the order of fields. */
export const encodingCases: readonly NormCase[] = normCases(
  {
    norm: '1.5.4-1',
    norm311: '1.5.3-1',
    title: 'disconnects on strings that are ill-formed UTF-8 or contain surrogates, with 0x81',
    run: async ({ join, version }) => {
      for (const bytes of ['c328', 'eda080', 'c0af', 'f5808080', 'e282']) {
        const topic = Buffer.from(bytes, 'hex')
        const client = await join('a')
        client.send(packet(0xa2, uint16(1), ...section(version), uint16(topic.length), topic))
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '1.5.4-2',
    norm311: '1.5.3-2',
    title: 'disconnects on a string that contains U+0000, with 0x81',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, uint16(1), ...section(version), text('a\u0000')))
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: '1.5.7-1',
    versions: [5],
    title: 'disconnects on a UTF-8 String Pair with an invalid name or value in any packet, with 0x81',
    run: async ({ join }) => {
      for (const pair of [property(0x26, bad, text('v')), property(0x26, text('k'), bad)]) {
        const packets = [
          packet(0x82, uint16(1), properties(pair), text('t'), Buffer.from([0])),
          packet(0xe0, Buffer.from([0]), properties(pair)),
          packet(0x40, uint16(1), Buffer.from([0]), properties(pair)),
        ]
        for (const bytes of packets) {
          const client = await join('a')
          client.send(bytes)
          await client.expectDisconnected(0x81)
        }
      }
    },
  },
  {
    norm: '2.2.1-2',
    norm311: '2.3.1-5',
    title: 'sends QoS 0 messages without a Packet Identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 4, id: 9, payload: 'x' }))
      await client.receiveAll()
      expect(client.bytes().includes(publishBytes(version, 't', { payload: 'x' }))).toBe(true)
    },
  },
  {
    norm: '2.2.1-4',
    norm311: '2.3.1-4',
    title: 'sends QoS 1 and 2 messages with unused non-zero Packet Identifiers',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t')
      for (let id = 1; id <= 20; id++) client.send(publishBytes(version, 't', { flags: id % 2 ? 2 : 4, id }))
      const sent = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      const ids = new Set(sent.map(({ messageId = 0 }) => messageId))
      expect([ids.size, ids.has(0)]).toEqual([20, false])
    },
  },
  {
    norm: '2.2.1-5',
    norm311: '2.3.1-6',
    title: 'sends PUBACK, PUBREC and PUBCOMP with the Packet Identifier of the PUBLISH',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 2, id: 0xfffe }))
      client.send(publishBytes(version, 't', { flags: 4, id: 0xffff }), packet(0x62, uint16(0xffff)))
      expect((await client.take(3)).map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
        ['puback', 0xfffe],
        ['pubrec', 0xffff],
        ['pubcomp', 0xffff],
      ])
    },
  },
  {
    norm: '2.2.1-6',
    norm311: '2.3.1-7',
    title: 'sends SUBACK and UNSUBACK with the Packet Identifier of SUBSCRIBE and UNSUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, uint16(0xfffe), ...section(version), text('t'), Buffer.from([0])))
      client.send(packet(0xa2, uint16(0xffff), ...section(version), text('t')))
      expect((await client.take(2)).map(({ messageId }) => messageId)).toEqual([0xfffe, 0xffff])
    },
  },
  {
    norm: '2.2.2-1',
    versions: [5],
    title: 'sends a property length of 0 when there are no properties',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      const before = client.bytes().length
      client.send(publishBytes(5, 't', { payload: 'x' }))
      await client.next('publish')
      expect(client.bytes().subarray(before).toString('hex')).toBe('300500017400' + '78')
    },
  },
  ...(
    [
      ['3.6.1-1', [0x60, 0x63, 0x66], 'PUBREL'],
      ['3.10.1-1', [0xa0, 0xa3, 0xa6], 'UNSUBSCRIBE'],
      ['3.14.1-1', [0xe1, 0xe2, 0xe8], 'DISCONNECT'],
    ] as const
  ).map(([norm, headers, name]): NormCase => ({
    norm,
    title: `disconnects on wrong reserved bits of ${name}, with 0x81`,
    run: async ({ join, version }) => {
      for (const header of headers) {
        const client = await join('a')
        client.send(packet(header, uint16(1), ...section(version), text('t'), Buffer.from([0])))
        await client.expectDisconnected(0x81)
      }
    },
  })),
  {
    norm: '3.15.1-1',
    versions: [5],
    title: 'disconnects on wrong reserved bits of AUTH, with 0x81',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0xf1, Buffer.from([0x19]), properties(property(0x15, text('challenge')))))
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: '3.1.2-18',
    norm311: '3.1.2-20',
    title: 'refuses a CONNECT with a password but without its flag, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      const payload = Buffer.concat([text('a'), text('user'), text('secret')])
      client.send(connectBytes(version, { flags: 0x82, payload }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-19',
    norm311: '3.1.2-21',
    title: 'refuses a CONNECT whose Password Flag is set without a password, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0xc2, payload: Buffer.concat([text('a'), text('user')]) }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.3-1',
    title: 'reads the CONNECT payload in order: identifier, will, user name, password',
    options: {
      authority: {
        authenticate: ({ clientId, userName, password, will }) => {
          const seen = [clientId, will?.topic, String(will?.payload), userName, String(password)]
          return seen.join() === 'a,will,gone,user,secret'
            ? { admit: true }
            : { admit: false, reasonCode: 0x87 }
        },
      },
    },
    run: async ({ dial, version }) => {
      const client = await dial()
      const will = [...section(version), text('will'), text('gone')]
      const payload = Buffer.concat([text('a'), ...will, text('user'), text('secret')])
      client.send(connectBytes(version, { flags: 0xc6, payload }))
      const connack = await client.next('connack')
      expect(connack.reasonCode ?? connack.returnCode).toBe(0)
    },
  },
  {
    norm: '3.1.3-12',
    norm311: '3.1.3-11',
    title: 'refuses a user name that is not valid UTF-8, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x82, payload: Buffer.concat([text('a'), bad]) }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.4-1',
    title: 'closes the connection on a malformed CONNECT, in 3.1.1 without CONNACK',
    run: async ({ dial, version }) => {
      for (const bytes of [connectBytes(version).subarray(2, 10), Buffer.alloc(0)]) {
        const client = await dial()
        client.send(packet(0x10, bytes))
        const received = await client.untilClosed()
        expect(received.every(({ cmd, reasonCode }) => cmd === 'connack' && reasonCode === 0x81)).toBe(true)
        if (version === 4) expect(received).toEqual([])
      }
    },
  },
  {
    norm: '3.3.2-19',
    versions: [5],
    title: 'rejects a Content Type that is not valid UTF-8 in PUBLISH and in a will, with 0x81',
    run: async ({ join, dial }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { section: properties(property(0x03, bad)) }))
      await client.expectDisconnected(0x81)
      const refusedClient = await dial()
      const will = [properties(property(0x03, bad)), text('will'), text('gone')]
      refusedClient.send(connectBytes(5, { flags: 6, payload: Buffer.concat([text('a'), ...will]) }))
      await refusedClient.expectRefused(0x81)
    },
  },
  {
    norm: '3.10.3-1',
    title: 'disconnects on an UNSUBSCRIBE filter that is not valid UTF-8, with 0x81',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, uint16(1), ...section(version), bad))
      await client.expectDisconnected(0x81)
    },
  },
)

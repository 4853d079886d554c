import { expect } from 'vitest'
import { connectBytes, packet, properties, property, publishBytes, text, word } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const bad = Buffer.from('0002c328', 'hex')
const section = (version: 4 | 5): Buffer[] => (version === 5 ? [properties()] : [])

/** How packets are written: strings, flags, identifiers, the order of fields. */
export const encodingRows: readonly Row[] = rows(
  {
    norm: '1.5.4-1',
    norm311: '1.5.3-1',
    says: 'strings are well-formed UTF-8 without surrogates, wherever they stand',
    run: async ({ join, version }) => {
      for (const bytes of ['c328', 'eda080', 'c0af', 'f5808080', 'e282']) {
        const topic = Buffer.from(bytes, 'hex')
        const client = await join('a')
        client.send(packet(0xa2, word(1), ...section(version), word(topic.length), topic))
        await client.expelled(0x81)
      }
    },
  },
  {
    norm: '1.5.4-2',
    norm311: '1.5.3-2',
    says: 'no string holds U+0000',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, word(1), ...section(version), text('a\u0000')))
      await client.expelled(0x81)
    },
  },
  {
    norm: '1.5.7-1',
    versions: [5],
    says: 'both halves of a string pair are UTF-8, in any packet',
    run: async ({ join }) => {
      for (const pair of [property(0x26, bad, text('v')), property(0x26, text('k'), bad)]) {
        const packets = [
          packet(0x82, word(1), properties(pair), text('t'), Buffer.from([0])),
          packet(0xe0, Buffer.from([0]), properties(pair)),
          packet(0x40, word(1), Buffer.from([0]), properties(pair)),
        ]
        for (const bytes of packets) {
          const client = await join('a')
          client.send(bytes)
          await client.expelled(0x81)
        }
      }
    },
  },
  {
    norm: '2.2.1-2',
    norm311: '2.3.1-5',
    says: 'a message sent at QoS 0 has no packet identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 4, id: 9, payload: 'x' }))
      await client.gather()
      expect(client.bytes().includes(publishBytes(version, 't', { payload: 'x' }))).toBe(true)
    },
  },
  {
    norm: '2.2.1-4',
    norm311: '2.3.1-4',
    says: 'a message sent at QoS 1 or 2 has a packet identifier that is not 0 and not in use',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t')
      for (let id = 1; id <= 20; id++) client.send(publishBytes(version, 't', { flags: id % 2 ? 2 : 4, id }))
      const sent = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      const ids = new Set(sent.map(({ messageId = 0 }) => messageId))
      expect([ids.size, ids.has(0)]).toEqual([20, false])
    },
  },
  {
    norm: '2.2.1-5',
    norm311: '2.3.1-6',
    says: 'PUBACK, PUBREC and PUBCOMP have the identifier of the PUBLISH',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 2, id: 0xfffe }))
      client.send(publishBytes(version, 't', { flags: 4, id: 0xffff }), packet(0x62, word(0xffff)))
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
    says: 'SUBACK and UNSUBACK have the identifier of what they answer',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, word(0xfffe), ...section(version), text('t'), Buffer.from([0])))
      client.send(packet(0xa2, word(0xffff), ...section(version), text('t')))
      expect((await client.take(2)).map(({ messageId }) => messageId)).toEqual([0xfffe, 0xffff])
    },
  },
  {
    norm: '2.2.2-1',
    versions: [5],
    says: 'a packet without properties says so by a length of 0',
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
  ).map(([norm, headers, name]): Row => ({
    norm,
    says: `the reserved bits of ${name} are as they must be, or it is malformed`,
    run: async ({ join, version }) => {
      for (const header of headers) {
        const client = await join('a')
        client.send(packet(header, word(1), ...section(version), text('t'), Buffer.from([0])))
        await client.expelled(0x81)
      }
    },
  })),
  {
    norm: '3.15.1-1',
    versions: [5],
    says: 'the reserved bits of AUTH are 0, or it is malformed',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0xf1, Buffer.from([0x19]), properties(property(0x15, text('riddle')))))
      await client.expelled(0x81)
    },
  },
  {
    norm: '3.1.2-18',
    norm311: '3.1.2-20',
    says: 'a password without its flag is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      const payload = Buffer.concat([text('a'), text('user'), text('secret')])
      client.send(connectBytes(version, { flags: 0x82, payload }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-19',
    norm311: '3.1.2-21',
    says: 'the password flag asks for a password',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0xc2, payload: Buffer.concat([text('a'), text('user')]) }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.3-1',
    says: 'the fields of CONNECT are read in their order: identifier, will, user name, password',
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
    says: 'the user name is UTF-8',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x82, payload: Buffer.concat([text('a'), bad]) }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.4-1',
    says: 'a CONNECT that is malformed ends the connection, on 3.1.1 without a CONNACK',
    run: async ({ dial, version }) => {
      for (const bytes of [connectBytes(version).subarray(2, 10), Buffer.alloc(0)]) {
        const client = await dial()
        client.send(packet(0x10, bytes))
        const said = await client.ended()
        expect(said.every(({ cmd, reasonCode }) => cmd === 'connack' && reasonCode === 0x81)).toBe(true)
        if (version === 4) expect(said).toEqual([])
      }
    },
  },
  {
    norm: '3.3.2-19',
    versions: [5],
    says: 'the content type is UTF-8, of a will too',
    run: async ({ join, dial }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { section: properties(property(0x03, bad)) }))
      await client.expelled(0x81)
      const willed = await dial()
      const will = [properties(property(0x03, bad)), text('will'), text('gone')]
      willed.send(connectBytes(5, { flags: 6, payload: Buffer.concat([text('a'), ...will]) }))
      await willed.refused(0x81)
    },
  },
  {
    norm: '3.10.3-1',
    says: 'the filters of UNSUBSCRIBE are UTF-8',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, word(1), ...section(version), bad))
      await client.expelled(0x81)
    },
  },
)

import { expect } from 'vitest'
import { packet, properties, property, publishBytes, text, varint, word } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const section = (version: 4 | 5, ...parts: readonly Uint8Array[]): Buffer[] =>
  version === 5 ? [properties(...parts)] : []

/** SUBSCRIBE, UNSUBSCRIBE and the filters they name. */
export const subscribeRows: readonly Row[] = rows(
  {
    norm: '3.8.1-1',
    says: 'the reserved bits of SUBSCRIBE and UNSUBSCRIBE are 0010, or the packet is malformed',
    run: async ({ join, version }) => {
      for (const header of [0x80, 0x83, 0xa0, 0xa3]) {
        const client = await join('a')
        client.send(
          packet(header, word(1), ...section(version), text('t'), Buffer.from(header < 0x90 ? [0] : [])),
        )
        await client.expelled(0x81)
      }
    },
  },
  {
    norm: '3.8.3-1',
    norm311: '3.8.3-1',
    says: 'filters are UTF-8',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, word(1), ...section(version), Buffer.from('0002c32800', 'hex')))
      await client.expelled(0x81)
    },
  },
  {
    norm: '3.8.3-2',
    norm311: '3.8.3-3',
    says: 'a SUBSCRIBE without a filter is a protocol error',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, word(1), ...section(version)))
      await client.expelled(0x82)
    },
  },
  {
    norm: '3.8.3-3',
    versions: [5],
    says: 'no local: whoever publishes does not get its own, others do',
    run: async ({ join }) => {
      const client = await join('a')
      const other = await join('b')
      for (const each of [client, other]) await each.subscribe('t', { qos: 0, nl: true })
      client.send(publishBytes(5, 't'))
      await client.quiet()
      expect(await other.next('publish')).toMatchObject({ topic: 't' })
    },
  },
  {
    norm: '3.8.3-4',
    versions: [5],
    says: 'no local on a shared subscription is a protocol error',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0x82, word(1), properties(), text('$share/g/t'), Buffer.from([0x04])))
      await client.expelled(0x82)
    },
  },
  {
    norm: '3.8.3-5',
    norm311: '3.8.3-4',
    says: 'reserved subscription options, and a QoS of 3, are malformed; a retain handling of 3 a protocol error',
    run: async ({ join, version }) => {
      const wrong: (readonly [number, number])[] =
        version === 5
          ? [
              [0x40, 0x81],
              [0x80, 0x81],
              [0x03, 0x81],
              [0x30, 0x82],
            ]
          : [
              [0x04, 0],
              [0x03, 0],
            ]
      for (const [options, reasonCode] of wrong) {
        const client = await join('a')
        client.send(packet(0x82, word(1), ...section(version), text('t'), Buffer.from([options])))
        await client.expelled(reasonCode)
      }
    },
  },
  {
    norm: '3.8.2.1.2 (Subscription Identifier)',
    versions: [5],
    says: 'a subscription identifier of 0, or two of them, is a protocol error',
    run: async ({ join }) => {
      for (const parts of [
        [property(0x0b, varint(0))],
        [property(0x0b, varint(1)), property(0x0b, varint(2))],
      ]) {
        const client = await join('a')
        client.send(packet(0x82, word(1), properties(...parts), text('t'), Buffer.from([0])))
        await client.expelled(0x82)
      }
    },
  },
  {
    norm: '3.8.4-1',
    says: 'a SUBSCRIBE is answered by a SUBACK',
    run: async ({ join }) => {
      expect(await (await join('a')).subscribe('t')).toEqual([2])
    },
  },
  {
    norm: '3.8.4-2',
    says: 'the SUBACK has the SUBSCRIBE’s packet identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, word(0xabcd), ...section(version), text('t'), Buffer.from([1])))
      expect(await client.next('suback')).toMatchObject({ messageId: 0xabcd, granted: [1] })
    },
  },
  {
    norm: '3.8.4-3',
    says: 'the same filter again replaces the subscription',
    run: async ({ join, version, broker }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 1 })
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 2, id: 1 }))
      const copies = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      expect(copies).toMatchObject([{ qos: 0 }])
      expect(broker.session('a')?.subscriptions).toHaveLength(1)
    },
  },
  {
    norm: '3.8.4-4',
    norm311: '3.8.4-3',
    says: 'replacing a subscription loses no message',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      const again = packet(0x82, word(7), ...section(version), text('t'), Buffer.from([0]))
      for (let index = 0; index < 50; index++)
        client.send(publishBytes(version, 't', { payload: `${index}` }), again)
      const received = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
      expect(received.map(({ payload }) => Number(String(payload)))).toEqual([...Array(50).keys()])
    },
  },
  {
    norm: '3.8.4-5',
    norm311: '3.8.4-4',
    says: 'several filters in one SUBSCRIBE are as several SUBSCRIBEs, but for the one answer',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(
        packet(0x82, word(1), ...section(version), text('a'), Buffer.from([0]), text('b'), Buffer.from([1])),
        publishBytes(version, 'a'),
        publishBytes(version, 'b'),
      )
      expect((await client.gather()).map(({ cmd, topic }) => topic ?? cmd)).toEqual(['suback', 'a', 'b'])
    },
  },
  {
    norm: '3.8.4-6',
    norm311: '3.8.4-5',
    says: 'the SUBACK has a reason code for each filter',
    options: {
      authority: { authorizeSubscribe: ({ filter }) => (filter === 'secret' ? { refuse: 0x87 } : 'allow') },
    },
    run: async ({ join, version }) => {
      const client = await join('a')
      const lines = ['a', 'secret', 'b'].flatMap((filter, qos) => [text(filter), Buffer.from([qos])])
      client.send(packet(0x82, word(1), ...section(version), ...lines))
      expect((await client.next('suback')).granted).toEqual([0, version === 5 ? 0x87 : 0x80, 2])
      client.send(publishBytes(version, 'secret'))
      await client.quiet()
    },
  },
  {
    norm: '3.8.4-7',
    norm311: '3.8.4-5',
    says: 'the reason code is the QoS granted, which an authority may lower, or a refusal',
    options: { authority: { authorizeSubscribe: () => ({ maximumQoS: 1 }) } },
    run: async ({ join }) => {
      const client = await join('a')
      expect(await client.subscribe('t', { qos: 2 })).toEqual([1])
      expect(await client.subscribe('t', { qos: 0 })).toEqual([0])
    },
  },
  {
    norm: '3.8.4-8',
    norm311: '3.8.4-6',
    says: 'messages come at the lower of the QoS published and the QoS granted',
    run: async ({ join, version }) => {
      for (const granted of [0, 1, 2]) {
        const client = await join('a')
        await client.subscribe('t', { qos: granted })
        for (const published of [0, 1, 2])
          client.send(
            publishBytes(version, 't', { flags: published * 2, ...(published > 0 ? { id: published } : {}) }),
          )
        const received = (await client.gather()).filter(({ cmd }) => cmd === 'publish')
        expect(received.map(({ qos }) => qos)).toEqual(
          [0, 1, 2].map((published) => Math.min(published, granted)),
        )
      }
    },
  },
  {
    norm: '3.10.3-2',
    says: 'an UNSUBSCRIBE without a filter is a protocol error',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, word(1), ...section(version)))
      await client.expelled(0x82)
    },
  },
  {
    norm: '3.10.4-1',
    says: 'filters are compared letter by letter',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t/+', { qos: 0 })
      client.send(packet(0xa2, word(1), ...section(version), text('t/#'), text('T/+'), text('t/a')))
      await client.next('unsuback')
      client.send(publishBytes(version, 't/a'))
      expect(await client.gather()).toHaveLength(1)
    },
  },
  {
    norm: '3.10.4-2',
    says: 'nothing new is sent for a subscription that was ended',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(packet(0xa2, word(1), ...section(version), text('t')), publishBytes(version, 't'))
      expect((await client.gather()).map(({ cmd }) => cmd)).toEqual(['unsuback'])
    },
  },
  {
    norm: '3.10.4-3',
    says: 'what was begun to be sent is completed after UNSUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t')
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
      const sent = (await client.gather()).find(({ cmd }) => cmd === 'publish')
      client.send(packet(0xa2, word(1), ...section(version), text('t')))
      await client.next('unsuback')
      client.send(packet(0x50, word(sent?.messageId ?? 0)))
      expect(await client.next('pubrel')).toMatchObject({ messageId: sent?.messageId })
    },
  },
  {
    norm: '3.10.4-4',
    says: 'an UNSUBSCRIBE is answered with its packet identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, word(0xabcd), ...section(version), text('t')))
      expect(await client.next('unsuback')).toMatchObject({ messageId: 0xabcd })
    },
  },
  {
    norm: '3.10.4-5',
    says: 'also where no filter was subscribed',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, word(1), ...section(version), text('never')))
      await client.next('unsuback')
      await client.quiet()
    },
  },
  {
    norm: '3.10.4-6',
    says: 'several filters are ended as if one by one, with one answer',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['a', 'b']) await client.subscribe(filter, { qos: 0 })
      client.send(packet(0xa2, word(1), ...section(version), text('a'), text('b')))
      client.send(publishBytes(version, 'a'), publishBytes(version, 'b'))
      expect((await client.gather()).map(({ cmd }) => cmd)).toEqual(['unsuback'])
    },
  },
  {
    norm: '3.11.3-1',
    versions: [5],
    says: 'UNSUBACK has a reason code for each filter, 0x11 where there was none',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('a')
      client.send(packet(0xa2, word(1), properties(), text('never'), text('a'), text('a')))
      expect((await client.next('unsuback')).granted).toEqual([0x11, 0, 0x11])
    },
  },
)

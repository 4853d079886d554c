import { expect } from 'vitest'
import { packet, properties, property, publishBytes, text, varint, uint16 } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const section = (version: 4 | 5, ...parts: readonly Uint8Array[]): Buffer[] =>
  version === 5 ? [properties(...parts)] : []

/** SUBSCRIBE, UNSUBSCRIBE and their topic filters. */
export const subscribeCases: readonly NormCase[] = normCases(
  {
    norm: '3.8.1-1',
    title: 'disconnects on wrong reserved bits of SUBSCRIBE and UNSUBSCRIBE, with 0x81',
    run: async ({ join, version }) => {
      for (const header of [0x80, 0x83, 0xa0, 0xa3]) {
        const client = await join('a')
        client.send(
          packet(header, uint16(1), ...section(version), text('t'), Buffer.from(header < 0x90 ? [0] : [])),
        )
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '3.8.3-1',
    norm311: '3.8.3-1',
    title: 'disconnects on a topic filter that is not valid UTF-8, with 0x81',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, uint16(1), ...section(version), Buffer.from('0002c32800', 'hex')))
      await client.expectDisconnected(0x81)
    },
  },
  {
    norm: '3.8.3-2',
    norm311: '3.8.3-3',
    title: 'disconnects on a SUBSCRIBE without a topic filter, with 0x82',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, uint16(1), ...section(version)))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.8.3-3',
    versions: [5],
    title: 'does not send a message back to its publisher with No Local, but sends it to others',
    run: async ({ join }) => {
      const client = await join('a')
      const other = await join('b')
      for (const subscriber of [client, other]) await subscriber.subscribe('t', { qos: 0, nl: true })
      client.send(publishBytes(5, 't'))
      await client.expectQuiet()
      expect(await other.next('publish')).toMatchObject({ topic: 't' })
    },
  },
  {
    norm: '3.8.3-4',
    versions: [5],
    title: 'disconnects on No Local with a shared subscription, with 0x82',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0x82, uint16(1), properties(), text('$share/g/t'), Buffer.from([0x04])))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.8.3-5',
    norm311: '3.8.3-4',
    title: 'disconnects on reserved subscription options and QoS 3 with 0x81, on Retain Handling 3 with 0x82',
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
        client.send(packet(0x82, uint16(1), ...section(version), text('t'), Buffer.from([options])))
        await client.expectDisconnected(reasonCode)
      }
    },
  },
  {
    norm: '3.8.2.1.2 (Subscription Identifier)',
    versions: [5],
    title: 'disconnects on a Subscription Identifier that is 0 or repeated, with 0x82',
    run: async ({ join }) => {
      for (const parts of [
        [property(0x0b, varint(0))],
        [property(0x0b, varint(1)), property(0x0b, varint(2))],
      ]) {
        const client = await join('a')
        client.send(packet(0x82, uint16(1), properties(...parts), text('t'), Buffer.from([0])))
        await client.expectDisconnected(0x82)
      }
    },
  },
  {
    norm: '3.8.4-1',
    title: 'answers SUBSCRIBE with SUBACK',
    run: async ({ join }) => {
      expect(await (await join('a')).subscribe('t')).toEqual([2])
    },
  },
  {
    norm: '3.8.4-2',
    title: 'sends SUBACK with the Packet Identifier of the SUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0x82, uint16(0xabcd), ...section(version), text('t'), Buffer.from([1])))
      expect(await client.next('suback')).toMatchObject({ messageId: 0xabcd, granted: [1] })
    },
  },
  {
    norm: '3.8.4-3',
    title: 'replaces the subscription when a client subscribes to the same filter again',
    run: async ({ join, version, broker }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 1 })
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 2, id: 1 }))
      const copies = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      expect(copies).toMatchObject([{ qos: 0 }])
      expect(broker.session('a')?.subscriptions).toHaveLength(1)
    },
  },
  {
    norm: '3.8.4-4',
    norm311: '3.8.4-3',
    title: 'loses no message while a subscription is replaced',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      const again = packet(0x82, uint16(7), ...section(version), text('t'), Buffer.from([0]))
      for (let index = 0; index < 50; index++)
        client.send(publishBytes(version, 't', { payload: `${index}` }), again)
      const received = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
      expect(received.map(({ payload }) => Number(String(payload)))).toEqual([...Array(50).keys()])
    },
  },
  {
    norm: '3.8.4-5',
    norm311: '3.8.4-4',
    title: 'subscribes to several filters of one SUBSCRIBE with one SUBACK',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(
        packet(
          0x82,
          uint16(1),
          ...section(version),
          text('a'),
          Buffer.from([0]),
          text('b'),
          Buffer.from([1]),
        ),
        publishBytes(version, 'a'),
        publishBytes(version, 'b'),
      )
      expect((await client.receiveAll()).map(({ cmd, topic }) => topic ?? cmd)).toEqual(['suback', 'a', 'b'])
    },
  },
  {
    norm: '3.8.4-6',
    norm311: '3.8.4-5',
    title: 'sends a reason code for each filter in SUBACK',
    options: {
      authority: { authorizeSubscribe: ({ filter }) => (filter === 'secret' ? { refuse: 0x87 } : 'allow') },
    },
    run: async ({ join, version }) => {
      const client = await join('a')
      const lines = ['a', 'secret', 'b'].flatMap((filter, qos) => [text(filter), Buffer.from([qos])])
      client.send(packet(0x82, uint16(1), ...section(version), ...lines))
      expect((await client.next('suback')).granted).toEqual([0, version === 5 ? 0x87 : 0x80, 2])
      client.send(publishBytes(version, 'secret'))
      await client.expectQuiet()
    },
  },
  {
    norm: '3.8.4-7',
    norm311: '3.8.4-5',
    title: 'grants the QoS that authorizeSubscribe lowers',
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
    title: 'sends messages at the lower of the published and the granted QoS',
    run: async ({ join, version }) => {
      for (const granted of [0, 1, 2]) {
        const client = await join('a')
        await client.subscribe('t', { qos: granted })
        for (const published of [0, 1, 2])
          client.send(
            publishBytes(version, 't', { flags: published * 2, ...(published > 0 ? { id: published } : {}) }),
          )
        const received = (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish')
        expect(received.map(({ qos }) => qos)).toEqual(
          [0, 1, 2].map((published) => Math.min(published, granted)),
        )
      }
    },
  },
  {
    norm: '3.10.3-2',
    title: 'disconnects on an UNSUBSCRIBE without a topic filter, with 0x82',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, uint16(1), ...section(version)))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.10.4-1',
    title: 'unsubscribes only a filter that is equal character by character',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t/+', { qos: 0 })
      client.send(packet(0xa2, uint16(1), ...section(version), text('t/#'), text('T/+'), text('t/a')))
      await client.next('unsuback')
      client.send(publishBytes(version, 't/a'))
      expect(await client.receiveAll()).toHaveLength(1)
    },
  },
  {
    norm: '3.10.4-2',
    title: 'sends no new messages after UNSUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(packet(0xa2, uint16(1), ...section(version), text('t')), publishBytes(version, 't'))
      expect((await client.receiveAll()).map(({ cmd }) => cmd)).toEqual(['unsuback'])
    },
  },
  {
    norm: '3.10.4-3',
    title: 'completes QoS 2 deliveries in flight after UNSUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t')
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
      const sent = (await client.receiveAll()).find(({ cmd }) => cmd === 'publish')
      client.send(packet(0xa2, uint16(1), ...section(version), text('t')))
      await client.next('unsuback')
      client.send(packet(0x50, uint16(sent?.messageId ?? 0)))
      expect(await client.next('pubrel')).toMatchObject({ messageId: sent?.messageId })
    },
  },
  {
    norm: '3.10.4-4',
    title: 'sends UNSUBACK with the Packet Identifier of the UNSUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, uint16(0xabcd), ...section(version), text('t')))
      expect(await client.next('unsuback')).toMatchObject({ messageId: 0xabcd })
    },
  },
  {
    norm: '3.10.4-5',
    title: 'sends UNSUBACK when no filter was subscribed',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(packet(0xa2, uint16(1), ...section(version), text('never')))
      await client.next('unsuback')
      await client.expectQuiet()
    },
  },
  {
    norm: '3.10.4-6',
    title: 'unsubscribes several filters of one UNSUBSCRIBE with one UNSUBACK',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['a', 'b']) await client.subscribe(filter, { qos: 0 })
      client.send(packet(0xa2, uint16(1), ...section(version), text('a'), text('b')))
      client.send(publishBytes(version, 'a'), publishBytes(version, 'b'))
      expect((await client.receiveAll()).map(({ cmd }) => cmd)).toEqual(['unsuback'])
    },
  },
  {
    norm: '3.11.3-1',
    versions: [5],
    title: 'sends a reason code for each filter in UNSUBACK, 0x11 for one that was not subscribed',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('a')
      client.send(packet(0xa2, uint16(1), properties(), text('never'), text('a'), text('a')))
      expect((await client.next('unsuback')).granted).toEqual([0x11, 0, 0x11])
    },
  },
)

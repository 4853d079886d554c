import { NEVER } from 'rxjs'
import { expect } from 'vitest'
import type { AnyPacket } from '../../world.js'
import { packet, publishBytes, uint16 } from '../bytes.js'
import type { RawClient } from '../raw-client.js'
import { normCases } from '../norm-case.js'
import type { NormCase, NormCaseContext } from '../norm-case.js'

const persistent = (version: 4 | 5): AnyPacket => ({
  clean: false,
  ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
})

/** Subscribes a client with a persistent session to `t`, publishes to it and returns it with what it received. */
async function deliver(
  { join, version }: NormCaseContext,
  qos: 1 | 2,
  count = 1,
): Promise<[RawClient, AnyPacket[]]> {
  const client = await join('receiver', persistent(version))
  await client.subscribe('t', { qos })
  const sender = await join('sender')
  for (let id = 1; id <= count; id++) {
    sender.send(publishBytes(version, 't', { flags: qos * 2, id, payload: `${id}` }))
    await sender.next()
  }
  return [client, await client.receiveAll()]
}

const idOf = (received: AnyPacket | undefined): Buffer => uint16(received?.messageId ?? 0)

/** QoS 1 and QoS 2 flows, resending and message order. */
export const flowCases: readonly NormCase[] = normCases(
  {
    norm: '4.3.1-1',
    title: 'sends QoS 0 messages without a Packet Identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 2, id: 3 }))
      const copy = (await client.receiveAll()).find(({ cmd }) => cmd === 'publish')
      expect(copy).toMatchObject({ qos: 0, dup: false })
      expect(copy?.messageId).toBeUndefined()
    },
  },
  {
    norm: '4.3.2-2',
    norm311: '4.3.2-1',
    title: 'sends QoS 1 messages under unused Packet Identifiers with DUP 0',
    run: async (context) => {
      const [, sent] = await deliver(context, 1, 5)
      expect(sent.every(({ dup, qos }) => dup === false && qos === 1)).toBe(true)
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(5)
    },
  },
  {
    norm: '4.3.2-3',
    norm311: '4.3.2-1',
    title: 'ends a QoS 1 delivery at PUBACK',
    run: async (context) => {
      const [client, [sent]] = await deliver(context, 1)
      client.send(packet(0x40, idOf(sent)))
      await client.expectQuiet()
      expect(context.broker.session('receiver')).toMatchObject({ inFlight: 0 })
      await (await context.join('receiver', persistent(context.version))).expectQuiet()
    },
  },
  {
    norm: '4.3.2-4',
    norm311: '4.3.2-2',
    title: 'answers a QoS 1 PUBLISH with a PUBACK of its Packet Identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 2, id: 0xabcd }))
      expect(await client.next('puback')).toMatchObject({ messageId: 0xabcd })
    },
  },
  {
    norm: '4.3.2-5',
    norm311: '4.3.2-2',
    title: 'treats a Packet Identifier reused after PUBACK as a new message, even with DUP',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(
        publishBytes(version, 't', { flags: 2, id: 1 }),
        publishBytes(version, 't', { flags: 0x0a, id: 1 }),
      )
      expect((await client.receiveAll()).map(({ cmd }) => cmd).sort()).toEqual([
        'puback',
        'puback',
        'publish',
        'publish',
      ])
    },
  },
  {
    norm: '4.3.3-4',
    norm311: '4.3.3-1',
    title: 'answers PUBREC with a PUBREL of its Packet Identifier',
    run: async (context) => {
      const [client, [sent]] = await deliver(context, 2)
      client.send(packet(0x50, idOf(sent)))
      expect(await client.next('pubrel')).toMatchObject({ messageId: sent?.messageId })
      client.send(packet(0x70, idOf(sent)))
      await client.expectQuiet()
      expect(context.broker.session('receiver')).toMatchObject({ inFlight: 0 })
    },
  },
  {
    norm: '4.3.3-5',
    norm311: '4.3.3-1',
    title: 'does not reuse the Packet Identifier of a QoS 2 message before PUBCOMP',
    run: async (context) => {
      const [client, [sent]] = await deliver(context, 2)
      client.send(packet(0x50, idOf(sent)))
      await client.next('pubrel')
      client.send(publishBytes(context.version, 't', { flags: 4, id: 1 }))
      const other = (await client.receiveAll()).find(({ cmd }) => cmd === 'publish')
      expect(other?.messageId).not.toBe(sent?.messageId)
    },
  },
  {
    norm: '4.3.3-6',
    title: 'resends PUBREL and not the message on resume after PUBREC',
    norm311: '4.3.3-1',
    run: async (context) => {
      const [client, [sent]] = await deliver(context, 2)
      client.send(packet(0x50, idOf(sent)))
      await client.next('pubrel')
      const again = await context.join('receiver', persistent(context.version))
      expect(await again.receiveAll()).toMatchObject([{ cmd: 'pubrel', messageId: sent?.messageId }])
    },
  },
  {
    norm: '4.3.3-8',
    norm311: '4.3.3-2',
    title: 'answers a QoS 2 PUBLISH with PUBREC and PUBREL with PUBCOMP',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 4, id: 0xabcd }))
      expect(await client.next('pubrec')).toMatchObject({ messageId: 0xabcd })
      client.send(packet(0x62, uint16(0xabcd)))
      expect(await client.next('pubcomp')).toMatchObject({ messageId: 0xabcd })
    },
  },
  {
    norm: '4.3.3-9',
    versions: [5],
    title: 'treats a Packet Identifier reused after a PUBREC of 0x80 or more as a new message',
    options: {
      authority: {
        authorizePublish: ({ message: { topic } }) => (topic === 'no' ? { refuse: 0x87 } : 'allow'),
      },
    },
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(5, 'no', { flags: 4, id: 1 }))
      expect(await client.next('pubrec')).toMatchObject({ reasonCode: 0x87 })
      client.send(publishBytes(5, 't', { flags: 4, id: 1 }))
      expect((await client.take(2)).map(({ cmd }) => cmd).sort()).toEqual(['publish', 'pubrec'])
    },
  },
  {
    norm: '4.3.3-10',
    norm311: '4.3.3-2',
    title: 'answers a QoS 2 duplicate before PUBREL without delivering it again',
    run: async ({ join, version }) => {
      const client = await join('a', persistent(version))
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
      expect(await client.receiveAll()).toHaveLength(2)
      client.send(publishBytes(version, 't', { flags: 0x0c, id: 1 }))
      expect(await client.receiveAll()).toMatchObject([{ cmd: 'pubrec' }])
      const again = await join('a', persistent(version))
      again.send(publishBytes(version, 't', { flags: 0x0c, id: 1 }))
      expect(await again.receiveAll()).toMatchObject([{ cmd: 'pubrec' }])
    },
  },
  {
    norm: '4.3.3-12',
    norm311: '4.3.3-2',
    title: 'treats a Packet Identifier reused after PUBCOMP as a new message',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      for (let round = 0; round < 2; round++) {
        client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
        expect(await client.receiveAll()).toHaveLength(2)
        client.send(packet(0x62, uint16(1)))
        await client.next('pubcomp')
      }
    },
  },
  {
    norm: '4.4.0-1',
    title: 'resends unacknowledged messages in order on resume, and not before',
    run: async (context) => {
      const [client, sent] = await deliver(context, 1, 3)
      context.advance(60_000)
      await client.expectQuiet()
      const again = await context.join('receiver', persistent(context.version))
      expect((await again.receiveAll()).map(({ messageId, dup }) => [messageId, dup])).toEqual(
        sent.map(({ messageId }) => [messageId, true]),
      )
    },
  },
  {
    norm: '4.4.0-2',
    versions: [5],
    title: 'ends a delivery at a PUBACK or PUBREC of 0x80 or more',
    run: async (context) => {
      for (const [qos, header] of [
        [1, 0x40],
        [2, 0x50],
      ] as const) {
        const [client, [sent]] = await deliver(context, qos)
        client.send(packet(header, idOf(sent), Buffer.from([0x97])))
        await client.expectQuiet()
        await (await context.join('receiver', persistent(5))).expectQuiet()
      }
    },
  },
  {
    norm: '4.3.3 (0x92)',
    versions: [5],
    title: 'answers PUBREL and PUBREC of an unknown Packet Identifier with 0x92',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0x62, uint16(77)), packet(0x50, uint16(78)))
      expect(await client.receiveAll()).toMatchObject([
        { cmd: 'pubcomp', messageId: 77, reasonCode: 0x92 },
        { cmd: 'pubrel', messageId: 78, reasonCode: 0x92 },
      ])
    },
  },
  {
    norm: '4.3.3 (unknown PUBACK)',
    title: 'ignores acknowledgements of unknown Packet Identifiers',
    run: async (context) => {
      const [client] = await deliver(context, 2)
      client.send(packet(0x40, uint16(999)), packet(0x70, uint16(998)))
      await client.expectQuiet()
      expect(context.broker.session('receiver')).toMatchObject({ inFlight: 1 })
    },
  },
  {
    norm: '4.3.2, 4.3.3 (wrong acknowledgement)',
    norm311: '4.3.2, 4.3.3 (wrong acknowledgement)',
    title: 'disconnects on an acknowledgement of the wrong kind or state, with 0x82',
    run: async (context) => {
      for (const [qos, header] of [
        [1, 0x50],
        [1, 0x70],
        [2, 0x40],
        [2, 0x70],
      ] as const) {
        const [client, [sent]] = await deliver(context, qos)
        client.send(packet(header, idOf(sent)))
        await client.expectDisconnected(0x82)
        context.broker.forget('receiver')
      }
    },
  },
  {
    norm: '4.3.3 (early PUBREL)',
    norm311: '4.3.3 (early PUBREL)',
    title: 'disconnects on a PUBREL before the PUBREC, with 0x82',
    options: { authority: { authorizePublish: () => NEVER } },
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }), packet(0x62, uint16(1)))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '4.5.0-1',
    title: 'delivers a message to every subscribed session, connected or not',
    run: async (context) => {
      const [client] = await deliver(context, 1)
      client.cut()
      const sender = await context.join('sender')
      sender.send(publishBytes(context.version, 't', { flags: 2, id: 1, payload: 'while offline' }))
      await sender.next('puback')
      const again = await context.join('receiver', persistent(context.version))
      expect((await again.receiveAll()).map(({ payload }) => String(payload))).toEqual(['1', 'while offline'])
    },
  },
  {
    norm: '4.6.0-5',
    norm311: '4.6.0-6',
    title: 'keeps the order of one client’s messages on one topic at each QoS',
    run: async ({ join, version }) => {
      const receiver = await join('receiver')
      const sender = await join('sender')
      for (const qos of [0, 1, 2]) {
        const topic = `t${qos}`
        await receiver.subscribe(topic)
        for (let id = 1; id <= 100; id++)
          sender.send(
            publishBytes(version, topic, {
              flags: qos * 2,
              payload: `${id}`,
              ...(qos > 0 ? { id: qos * 200 + id } : {}),
            }),
          )
        const order: number[] = []
        while (order.length < 100) order.push(Number(String((await receiver.next('publish')).payload)))
        expect(order).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
      }
    },
  },
  {
    norm: '4.6.0-2',
    title: 'sends PUBACK, PUBREC and PUBCOMP in the order of the packets they acknowledge',
    run: async ({ join, version }) => {
      const client = await join('a')
      const ids = [9, 3, 7, 1]
      for (const id of ids) client.send(publishBytes(version, 't', { flags: 2, id }))
      for (const id of ids) client.send(publishBytes(version, 't', { flags: 4, id: id + 100 }))
      for (const id of ids) client.send(packet(0x62, uint16(id + 100)))
      const responses = (await client.receiveAll()).map(({ cmd, messageId }) => [cmd, messageId])
      expect(responses.filter(([cmd]) => cmd === 'puback')).toEqual(ids.map((id) => ['puback', id]))
      expect(responses.filter(([cmd]) => cmd === 'pubrec')).toEqual(ids.map((id) => ['pubrec', id + 100]))
      expect(responses.filter(([cmd]) => cmd === 'pubcomp')).toEqual(ids.map((id) => ['pubcomp', id + 100]))
    },
  },
  {
    norm: '4.9.0-1',
    versions: [5],
    title: 'restores the send quota on PUBACK, PUBCOMP and failing PUBREC, up to the Receive Maximum',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 2 } })
      await client.subscribe('t')
      const sender = await join('sender')
      for (let id = 1; id <= 6; id++) sender.send(publishBytes(5, 't', { flags: 4, id }))
      await sender.take(6)
      const first = await client.receiveAll()
      expect(first).toHaveLength(2)
      client.send(packet(0x50, idOf(first[0])))
      expect((await client.receiveAll()).map(({ cmd }) => cmd)).toEqual(['pubrel'])
      client.send(packet(0x70, idOf(first[0])))
      expect((await client.receiveAll()).map(({ cmd }) => cmd)).toEqual(['publish'])
      client.send(packet(0x50, idOf(first[1]), Buffer.from([0x80])))
      expect((await client.receiveAll()).map(({ cmd }) => cmd)).toEqual(['publish'])
      client.send(packet(0x40, uint16(4_000)), packet(0x70, uint16(4_001)))
      await client.expectQuiet()
    },
  },
)

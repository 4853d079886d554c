import { expect } from 'vitest'
import type { AnyPacket } from '../../world.js'
import { packet, publishBytes, word } from '../bytes.js'
import type { RawClient } from '../raw-client.js'
import { rows } from '../table.js'
import type { Row, Table } from '../table.js'

const kept = (version: 4 | 5): AnyPacket => ({
  clean: false,
  ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
})

/** A client with a stored session that is subscribed to `t`, and another that has published so many messages to it. */
async function deliver({ join, version }: Table, qos: 1 | 2, count = 1): Promise<[RawClient, AnyPacket[]]> {
  const client = await join('receiver', kept(version))
  await client.subscribe('t', { qos })
  const sender = await join('sender')
  for (let id = 1; id <= count; id++) {
    sender.send(publishBytes(version, 't', { flags: qos * 2, id, payload: `${id}` }))
    await sender.next()
  }
  return [client, await client.gather()]
}

const idOf = (received: AnyPacket | undefined): Buffer => word(received?.messageId ?? 0)

/** The QoS 1 and 2 machines, sending again, and order. */
export const flowRows: readonly Row[] = rows(
  {
    norm: '4.3.1-1',
    says: 'QoS 0 has no packet identifier and no answer',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 2, id: 3 }))
      const copy = (await client.gather()).find(({ cmd }) => cmd === 'publish')
      expect(copy).toMatchObject({ qos: 0, dup: false })
      expect(copy?.messageId).toBeUndefined()
    },
  },
  {
    norm: '4.3.2-2',
    norm311: '4.3.2-1',
    says: 'QoS 1 goes out with a packet identifier that is not in use, DUP 0',
    run: async (table) => {
      const [, sent] = await deliver(table, 1, 5)
      expect(sent.every(({ dup, qos }) => dup === false && qos === 1)).toBe(true)
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(5)
    },
  },
  {
    norm: '4.3.2-3',
    norm311: '4.3.2-1',
    says: 'it is unacknowledged until PUBACK, and then over',
    run: async (table) => {
      const [client, [sent]] = await deliver(table, 1)
      client.send(packet(0x40, idOf(sent)))
      await client.quiet()
      expect(table.broker.session('receiver')).toMatchObject({ inFlight: 0 })
      await (await table.join('receiver', kept(table.version))).quiet()
    },
  },
  {
    norm: '4.3.2-4',
    norm311: '4.3.2-2',
    says: 'a QoS 1 message is answered by a PUBACK with its identifier',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 2, id: 0xabcd }))
      expect(await client.next('puback')).toMatchObject({ messageId: 0xabcd })
    },
  },
  {
    norm: '4.3.2-5',
    norm311: '4.3.2-2',
    says: 'after PUBACK the identifier belongs to a new message, DUP or not',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      client.send(
        publishBytes(version, 't', { flags: 2, id: 1 }),
        publishBytes(version, 't', { flags: 0x0a, id: 1 }),
      )
      expect((await client.gather()).map(({ cmd }) => cmd).sort()).toEqual([
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
    says: 'PUBREC is answered by PUBREL with the identifier',
    run: async (table) => {
      const [client, [sent]] = await deliver(table, 2)
      client.send(packet(0x50, idOf(sent)))
      expect(await client.next('pubrel')).toMatchObject({ messageId: sent?.messageId })
      client.send(packet(0x70, idOf(sent)))
      await client.quiet()
      expect(table.broker.session('receiver')).toMatchObject({ inFlight: 0 })
    },
  },
  {
    norm: '4.3.3-5',
    norm311: '4.3.3-1',
    says: 'the identifier stays in use until PUBCOMP',
    run: async (table) => {
      const [client, [sent]] = await deliver(table, 2)
      client.send(packet(0x50, idOf(sent)))
      await client.next('pubrel')
      client.send(publishBytes(table.version, 't', { flags: 4, id: 1 }))
      const other = (await client.gather()).find(({ cmd }) => cmd === 'publish')
      expect(other?.messageId).not.toBe(sent?.messageId)
    },
  },
  {
    norm: '4.3.3-6',
    says: 'after PUBREC the message is not sent again, only PUBREL is',
    norm311: '4.3.3-1',
    run: async (table) => {
      const [client, [sent]] = await deliver(table, 2)
      client.send(packet(0x50, idOf(sent)))
      await client.next('pubrel')
      const again = await table.join('receiver', kept(table.version))
      expect(await again.gather()).toMatchObject([{ cmd: 'pubrel', messageId: sent?.messageId }])
    },
  },
  {
    norm: '4.3.3-8',
    norm311: '4.3.3-2',
    says: 'a QoS 2 message is answered by PUBREC, PUBREL by PUBCOMP',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 4, id: 0xabcd }))
      expect(await client.next('pubrec')).toMatchObject({ messageId: 0xabcd })
      client.send(packet(0x62, word(0xabcd)))
      expect(await client.next('pubcomp')).toMatchObject({ messageId: 0xabcd })
    },
  },
  {
    norm: '4.3.3-9',
    versions: [5],
    says: 'after a PUBREC of 0x80 or more the identifier belongs to a new message',
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
    says: 'until PUBREL the same identifier is the same message, answered and not delivered again',
    run: async ({ join, version }) => {
      const client = await join('a', kept(version))
      await client.subscribe('t', { qos: 0 })
      client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
      expect(await client.gather()).toHaveLength(2)
      client.send(publishBytes(version, 't', { flags: 0x0c, id: 1 }))
      expect(await client.gather()).toMatchObject([{ cmd: 'pubrec' }])
      const again = await join('a', kept(version))
      again.send(publishBytes(version, 't', { flags: 0x0c, id: 1 }))
      expect(await again.gather()).toMatchObject([{ cmd: 'pubrec' }])
    },
  },
  {
    norm: '4.3.3-12',
    norm311: '4.3.3-2',
    says: 'after PUBCOMP the identifier belongs to a new message',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      for (let round = 0; round < 2; round++) {
        client.send(publishBytes(version, 't', { flags: 4, id: 1 }))
        expect(await client.gather()).toHaveLength(2)
        client.send(packet(0x62, word(1)))
        await client.next('pubcomp')
      }
    },
  },
  {
    norm: '4.4.0-1',
    says: 'what is unacknowledged is sent again on resume, in order, and never before',
    run: async (table) => {
      const [client, sent] = await deliver(table, 1, 3)
      table.advance(60_000)
      await client.quiet()
      const again = await table.join('receiver', kept(table.version))
      expect((await again.gather()).map(({ messageId, dup }) => [messageId, dup])).toEqual(
        sent.map(({ messageId }) => [messageId, true]),
      )
    },
  },
  {
    norm: '4.4.0-2',
    versions: [5],
    says: 'PUBACK and PUBREC of 0x80 or more end a message as well',
    run: async (table) => {
      for (const [qos, header] of [
        [1, 0x40],
        [2, 0x50],
      ] as const) {
        const [client, [sent]] = await deliver(table, qos)
        client.send(packet(header, idOf(sent), Buffer.from([0x97])))
        await client.quiet()
        await (await table.join('receiver', kept(5))).quiet()
      }
    },
  },
  {
    norm: '4.3.3 (0x92)',
    versions: [5],
    says: 'PUBREL and PUBREC of an unknown identifier are answered with 0x92',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0x62, word(77)), packet(0x50, word(78)))
      expect(await client.gather()).toMatchObject([
        { cmd: 'pubcomp', messageId: 77, reasonCode: 0x92 },
        { cmd: 'pubrel', messageId: 78, reasonCode: 0x92 },
      ])
    },
  },
  {
    norm: '4.3.3 (unknown PUBACK)',
    says: 'acknowledgements of nothing are without effect',
    run: async (table) => {
      const [client, [sent]] = await deliver(table, 2)
      client.send(packet(0x40, idOf(sent)), packet(0x40, word(999)), packet(0x70, idOf(sent)))
      await client.quiet()
      expect(table.broker.session('receiver')).toMatchObject({ inFlight: 1 })
    },
  },
  {
    norm: '4.5.0-1',
    says: 'a message goes to every session subscribed, connected or not',
    run: async (table) => {
      const [client] = await deliver(table, 1)
      client.cut()
      const sender = await table.join('sender')
      sender.send(publishBytes(table.version, 't', { flags: 2, id: 1, payload: 'while away' }))
      await sender.next('puback')
      const again = await table.join('receiver', kept(table.version))
      expect((await again.gather()).map(({ payload }) => String(payload))).toEqual(['1', 'while away'])
    },
  },
  {
    norm: '4.6.0-5',
    norm311: '4.6.0-6',
    says: 'messages of one client on one topic come in order, at each QoS',
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
    says: 'PUBACKs, PUBRECs and PUBCOMPs come in the order of what they answer',
    run: async ({ join, version }) => {
      const client = await join('a')
      const ids = [9, 3, 7, 1]
      for (const id of ids) client.send(publishBytes(version, 't', { flags: 2, id }))
      for (const id of ids) client.send(publishBytes(version, 't', { flags: 4, id: id + 100 }))
      for (const id of ids) client.send(packet(0x62, word(id + 100)))
      const responses = (await client.gather()).map(({ cmd, messageId }) => [cmd, messageId])
      expect(responses.filter(([cmd]) => cmd === 'puback')).toEqual(ids.map((id) => ['puback', id]))
      expect(responses.filter(([cmd]) => cmd === 'pubrec')).toEqual(ids.map((id) => ['pubrec', id + 100]))
      expect(responses.filter(([cmd]) => cmd === 'pubcomp')).toEqual(ids.map((id) => ['pubcomp', id + 100]))
    },
  },
  {
    norm: '4.9.0-1',
    versions: [5],
    says: 'each PUBACK, PUBCOMP and failing PUBREC gives the quota back, up to the receive maximum',
    run: async ({ join }) => {
      const client = await join('a', { properties: { receiveMaximum: 2 } })
      await client.subscribe('t')
      const sender = await join('sender')
      for (let id = 1; id <= 6; id++) sender.send(publishBytes(5, 't', { flags: 4, id }))
      await sender.take(6)
      const first = await client.gather()
      expect(first).toHaveLength(2)
      client.send(packet(0x50, idOf(first[0])))
      expect((await client.gather()).map(({ cmd }) => cmd)).toEqual(['pubrel'])
      client.send(packet(0x70, idOf(first[0])))
      expect((await client.gather()).map(({ cmd }) => cmd)).toEqual(['publish'])
      client.send(packet(0x50, idOf(first[1]), Buffer.from([0x80])))
      expect((await client.gather()).map(({ cmd }) => cmd)).toEqual(['publish'])
      client.send(packet(0x40, word(4_000)), packet(0x70, word(4_001)))
      await client.quiet()
    },
  },
)

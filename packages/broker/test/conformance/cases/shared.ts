import { expect } from 'vitest'
import { packet, properties, property, publishBytes, text, uint16 } from '../bytes.js'
import type { RawClient } from '../raw-client.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }

const publishes = async (client: RawClient): Promise<string[]> =>
  (await client.receiveAll()).filter(({ cmd }) => cmd === 'publish').map(({ payload }) => String(payload))

/** Shared subscriptions, and behaviour that the standard leaves to the broker. */
export const sharedCases: readonly NormCase[] = normCases(
  {
    norm: '4.8.2-1',
    norm311: 'choice: 4.8.2-1 of MQTT 5',
    title: 'refuses a share name that is empty or contains + or #',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['$share//t', '$share/a+/t', '$share/#/t'])
        expect(await client.subscribe(filter)).toEqual([version === 5 ? 0x8f : 0x80])
    },
  },
  {
    norm: '4.8.2-2',
    norm311: 'choice: 4.8.2-2 of MQTT 5',
    title: 'refuses a share name without a topic filter after it',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['$share/g', '$share/g/', '$share/'])
        expect(await client.subscribe(filter)).toEqual([version === 5 ? 0x8f : 0x80])
      expect(await client.subscribe('$share/g//t')).toEqual([2])
    },
  },
  {
    norm: '4.8.2 (balance)',
    norm311: 'choice: 4.8.2 of MQTT 5',
    title: 'sends each message to one member in round-robin order, and to other groups and subscribers',
    run: async ({ join, version }) => {
      const clients = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => join(name)))
      const filters = ['$share/g/t', '$share/g/t', '$share/g/t', '$share/h/t', 't']
      for (const [index, client] of clients.entries())
        await client.subscribe(filters[index] ?? '', { qos: 0 })
      const sender = await join('sender')
      for (let index = 0; index < 30; index++)
        sender.send(publishBytes(version, 't', { payload: `${index}` }))
      await sender.expectQuiet()
      const received = await Promise.all(clients.map(publishes))
      expect(received.map(({ length }) => length)).toEqual([10, 10, 10, 30, 30])
      expect(new Set(received.slice(0, 3).flat()).size).toBe(30)
    },
  },
  {
    norm: '4.8.2-3',
    norm311: 'choice: 4.8.2-3 of MQTT 5',
    title: 'sends to each member at the QoS granted to it',
    run: async ({ join, version }) => {
      const clients = [await join('a'), await join('b')]
      for (const [qos, client] of clients.entries()) await client.subscribe('$share/g/t', { qos })
      const sender = await join('sender')
      for (const id of [1, 2]) sender.send(publishBytes(version, 't', { flags: 4, id }))
      await sender.take(2)
      const received = await Promise.all(clients.map((client) => client.receiveAll()))
      const qos = received.map((all) =>
        all.filter(({ cmd }) => cmd === 'publish').map((message) => message.qos),
      )
      expect(qos).toEqual([[0], [1]])
    },
  },
  {
    norm: '4.8.2-4',
    title: 'completes a QoS 2 delivery in flight with the same member when it reconnects',
    versions: [5],
    run: async ({ join }) => {
      const first = await join('first', persistent)
      await first.subscribe('$share/g/t')
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 4, id: 1, payload: 'in flight' }))
      await sender.next('pubrec')
      await first.next('publish')
      const second = await join('second')
      await second.subscribe('$share/g/t')
      first.cut()
      await second.expectQuiet()
      const back = await join('first', persistent)
      expect(await back.next('publish')).toMatchObject({ payload: Buffer.from('in flight'), dup: true })
    },
  },
  {
    norm: '4.8.2-5',
    title: 'does not send a QoS 2 message in flight to another member when its session ends',
    versions: [5],
    run: async ({ join, broker }) => {
      const first = await join('first', persistent)
      const second = await join('second')
      await first.subscribe('$share/g/t')
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 4, id: 1 }))
      await sender.next('pubrec')
      await first.next('publish')
      await second.subscribe('$share/g/t')
      broker.forget('first')
      await first.untilClosed()
      await second.expectQuiet()
    },
  },
  {
    norm: '4.8.2-6',
    versions: [5],
    title: 'does not send a message that a member refused to another member',
    run: async ({ join }) => {
      const members = [await join('a'), await join('b')]
      for (const member of members) await member.subscribe('$share/g/t', { qos: 1 })
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 2, id: 1 }))
      await sender.next('puback')
      const received = await Promise.all(members.map((member) => member.receiveAll()))
      const index = received.findIndex(({ length }) => length === 1)
      members[index]?.send(packet(0x40, uint16(received[index]?.[0]?.messageId ?? 0), Buffer.from([0x80])))
      for (const member of members) await member.expectQuiet()
    },
  },
  {
    norm: '3.3.1.3 (no retained)',
    norm311: 'choice: 3.3.1.3 of MQTT 5',
    title: 'sends no retained messages to a shared subscription',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 1, payload: 'x' }))
      await client.subscribe('$share/g/t')
      await client.expectQuiet()
    },
  },
  {
    norm: 'choice: redelivery',
    title: 'sends unacknowledged QoS 1 messages of a lost member to another member',
    run: async ({ join, version }) => {
      const members = [await join('a'), await join('b')]
      for (const member of members) await member.subscribe('$share/g/t', { qos: 1 })
      const sender = await join('sender')
      for (let id = 1; id <= 10; id++)
        sender.send(publishBytes(version, 't', { flags: 2, id, payload: `${id}` }))
      await sender.take(10)
      const [first = [], second = []] = await Promise.all(members.map((member) => publishes(member)))
      expect([first.length, second.length]).toEqual([5, 5])
      members[0]?.cut()
      const moved: string[] = []
      while (moved.length < 5) moved.push(String((await members[1]?.next('publish'))?.payload))
      expect(moved.sort()).toEqual(first.sort())
    },
  },
  {
    norm: 'choice: offline members',
    versions: [5],
    title: 'skips offline members, and sends 0x10 when all are offline and sharedOffline is skip',
    options: { sharedOffline: 'skip' },
    run: async ({ join }) => {
      const online = await join('online')
      const offline = await join('offline', persistent)
      for (const member of [online, offline]) await member.subscribe('$share/g/t', { qos: 1 })
      offline.cut()
      const sender = await join('sender')
      for (let id = 1; id <= 4; id++) sender.send(publishBytes(5, 't', { flags: 2, id }))
      expect((await sender.take(4)).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0, 0])
      expect(await publishes(online)).toHaveLength(4)
      online.cut()
      await sender.expectQuiet()
      const publisher = await join('publisher')
      publisher.send(publishBytes(5, 't', { flags: 2, id: 1 }))
      expect(await publisher.next('puback')).toMatchObject({ reasonCode: 0x10 })
    },
  },
  {
    norm: 'choice: offline members queued',
    versions: [5],
    title: 'queues QoS 1 messages for one offline member by default',
    run: async ({ join }) => {
      const offline = await join('offline', persistent)
      await offline.subscribe('$share/g/t', { qos: 1 })
      offline.cut()
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 2, id: 1, payload: 'queued' }))
      expect(await sender.next('puback')).toMatchObject({ reasonCode: 0 })
      expect(await publishes(await join('offline', persistent))).toEqual(['queued'])
    },
  },
  {
    norm: 'choice: 0x10',
    versions: [5],
    title: 'sends PUBACK and PUBREC with 0x10 when there is no subscriber',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(
        publishBytes(5, 'not/subscribed', { flags: 2, id: 1 }),
        publishBytes(5, 'not/subscribed', { flags: 4, id: 2 }),
      )
      expect(await client.take(2)).toMatchObject([
        { cmd: 'puback', reasonCode: 0x10 },
        { cmd: 'pubrec', reasonCode: 0x10 },
      ])
      client.send(packet(0x62, uint16(2)))
      expect(await client.next('pubcomp')).toMatchObject({ reasonCode: 0 })
    },
  },
  {
    norm: 'choice: 0x99',
    versions: [5],
    title:
      'refuses a payload that is not the UTF-8 text it claims to be with 0x99 when checksPayloadFormat is on',
    options: { checksPayloadFormat: true },
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0 })
      const section = properties(property(0x01, Buffer.from([1])))
      const payload = Buffer.from([0xc3, 0x28])
      for (const [flags, cmd] of [
        [2, 'puback'],
        [4, 'pubrec'],
      ] as const) {
        client.send(publishBytes(5, 't', { flags, id: 1, section, payload }))
        expect(await client.next(cmd)).toMatchObject({ reasonCode: 0x99 })
      }
      await client.expectQuiet()
    },
  },
  {
    norm: 'choice: 0x97',
    versions: [5],
    title: 'sends PUBACK with 0x97 when the queues of all subscribers are full',
    options: { limits: { queueMessages: 2 } },
    run: async ({ join }) => {
      const offline = await join('offline', persistent)
      await offline.subscribe('t', { qos: 1 })
      offline.cut()
      const sender = await join('sender')
      for (let id = 1; id <= 3; id++) sender.send(publishBytes(5, 't', { flags: 2, id }))
      expect((await sender.take(3)).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0x97])
    },
  },
  {
    norm: 'choice: outbound aliases',
    versions: [5],
    title: 'sends a topic name once and then its topic alias',
    run: async ({ join }) => {
      const client = await join('a', { properties: { topicAliasMaximum: 10 } })
      await client.subscribe('t/#', { qos: 1 })
      const section = properties(property(0x26, text('k'), text('v')))
      for (const topic of ['t/1', 't/2', 't/1', 't/2']) client.send(publishBytes(5, topic, { section }))
      const seen = (await client.receiveAll()).map(({ topic, properties: told }) => [topic, told?.topicAlias])
      expect(seen).toEqual([
        ['t/1', 1],
        ['t/2', 2],
        ['', 1],
        ['', 2],
      ])
    },
  },
)

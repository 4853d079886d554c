import { expect } from 'vitest'
import { packet, properties, property, publishBytes, text, word } from '../bytes.js'
import type { RawClient } from '../raw-client.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const kept = { clean: false, properties: { sessionExpiryInterval: 100 } }

const publishes = async (client: RawClient): Promise<string[]> =>
  (await client.gather()).filter(({ cmd }) => cmd === 'publish').map(({ payload }) => String(payload))

/** Shared subscriptions, and what the norm leaves open and this broker does. */
export const sharedRows: readonly Row[] = rows(
  {
    norm: '4.8.2-1',
    norm311: 'choice: 4.8.2-1 of MQTT 5',
    says: 'a share name has at least one character, and is none of / + #',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const filter of ['$share//t', '$share/a+/t', '$share/#/t'])
        expect(await client.subscribe(filter)).toEqual([version === 5 ? 0x8f : 0x80])
    },
  },
  {
    norm: '4.8.2-2',
    norm311: 'choice: 4.8.2-2 of MQTT 5',
    says: 'a share name is followed by / and a filter',
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
    says: 'each message goes to one member, to all of them in turn; other groups and subscribers get their own',
    run: async ({ join, version }) => {
      const clients = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => join(name)))
      const filters = ['$share/g/t', '$share/g/t', '$share/g/t', '$share/h/t', 't']
      for (const [index, client] of clients.entries())
        await client.subscribe(filters[index] ?? '', { qos: 0 })
      const sender = await join('sender')
      for (let index = 0; index < 30; index++)
        sender.send(publishBytes(version, 't', { payload: `${index}` }))
      await sender.quiet()
      const received = await Promise.all(clients.map(publishes))
      expect(received.map(({ length }) => length)).toEqual([10, 10, 10, 30, 30])
      expect(new Set(received.slice(0, 3).flat()).size).toBe(30)
    },
  },
  {
    norm: '4.8.2-3',
    norm311: 'choice: 4.8.2-3 of MQTT 5',
    says: 'each member has the QoS granted to it',
    run: async ({ join, version }) => {
      const clients = [await join('a'), await join('b')]
      for (const [qos, client] of clients.entries()) await client.subscribe('$share/g/t', { qos })
      const sender = await join('sender')
      for (const id of [1, 2]) sender.send(publishBytes(version, 't', { flags: 4, id }))
      await sender.take(2)
      const received = await Promise.all(clients.map((client) => client.gather()))
      const qos = received.map((all) => all.filter(({ cmd }) => cmd === 'publish').map((each) => each.qos))
      expect(qos).toEqual([[0], [1]])
    },
  },
  {
    norm: '4.8.2-4',
    says: 'a QoS 2 message whose sending has begun is completed with its member when that comes back',
    versions: [5],
    run: async ({ join }) => {
      const first = await join('first', kept)
      await first.subscribe('$share/g/t')
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 4, id: 1, payload: 'mine' }))
      await sender.next('pubrec')
      await first.next('publish')
      const second = await join('second')
      await second.subscribe('$share/g/t')
      first.cut()
      await second.quiet()
      const back = await join('first', kept)
      expect(await back.next('publish')).toMatchObject({ payload: Buffer.from('mine'), dup: true })
    },
  },
  {
    norm: '4.8.2-5',
    says: 'and goes to nobody else when its session ends',
    versions: [5],
    run: async ({ join, broker }) => {
      const first = await join('first', kept)
      const second = await join('second')
      await first.subscribe('$share/g/t')
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 4, id: 1 }))
      await sender.next('pubrec')
      await first.next('publish')
      await second.subscribe('$share/g/t')
      broker.forget('first')
      await first.ended()
      await second.quiet()
    },
  },
  {
    norm: '4.8.2-6',
    versions: [5],
    says: 'a message that a member refuses goes to nobody else',
    run: async ({ join }) => {
      const members = [await join('a'), await join('b')]
      for (const member of members) await member.subscribe('$share/g/t', { qos: 1 })
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 2, id: 1 }))
      await sender.next('puback')
      const received = await Promise.all(members.map((member) => member.gather()))
      const index = received.findIndex(({ length }) => length === 1)
      members[index]?.send(packet(0x40, word(received[index]?.[0]?.messageId ?? 0), Buffer.from([0x80])))
      for (const member of members) await member.quiet()
    },
  },
  {
    norm: '3.3.1.3 (no retained)',
    norm311: 'choice: 3.3.1.3 of MQTT 5',
    says: 'no retained messages go to a shared subscription',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(publishBytes(version, 't', { flags: 1, payload: 'x' }))
      await client.subscribe('$share/g/t')
      await client.quiet()
    },
  },
  {
    norm: 'choice: re-dispatch',
    says: 'QoS 1 that a member had not acknowledged when it died goes to another one',
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
    says: 'members that are away are skipped; where all are, it is as if nobody were subscribed',
    run: async ({ join }) => {
      const here = await join('here')
      const away = await join('away', kept)
      for (const member of [here, away]) await member.subscribe('$share/g/t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      for (let id = 1; id <= 4; id++) sender.send(publishBytes(5, 't', { flags: 2, id }))
      expect((await sender.take(4)).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0, 0])
      expect(await publishes(here)).toHaveLength(4)
      here.cut()
      await sender.quiet()
      const lonely = await join('lonely')
      lonely.send(publishBytes(5, 't', { flags: 2, id: 1 }))
      expect(await lonely.next('puback')).toMatchObject({ reasonCode: 0x10 })
    },
  },
  {
    norm: 'choice: offline members queued',
    versions: [5],
    says: 'where told so, a group whose members are all away keeps QoS 1 for one of them',
    options: { sharedOffline: 'queue' },
    run: async ({ join }) => {
      const away = await join('away', kept)
      await away.subscribe('$share/g/t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      sender.send(publishBytes(5, 't', { flags: 2, id: 1, payload: 'kept' }))
      expect(await sender.next('puback')).toMatchObject({ reasonCode: 0 })
      expect(await publishes(await join('away', kept))).toEqual(['kept'])
    },
  },
  {
    norm: 'choice: 0x10',
    versions: [5],
    says: 'PUBACK and PUBREC say 0x10 where nobody is subscribed',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(
        publishBytes(5, 'nobody', { flags: 2, id: 1 }),
        publishBytes(5, 'nobody', { flags: 4, id: 2 }),
      )
      expect(await client.take(2)).toMatchObject([
        { cmd: 'puback', reasonCode: 0x10 },
        { cmd: 'pubrec', reasonCode: 0x10 },
      ])
      client.send(packet(0x62, word(2)))
      expect(await client.next('pubcomp')).toMatchObject({ reasonCode: 0 })
    },
  },
  {
    norm: 'choice: 0x99',
    versions: [5],
    says: 'where told so, a payload that says it is text and is not is refused with 0x99',
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
      await client.quiet()
    },
  },
  {
    norm: 'choice: 0x97',
    versions: [5],
    says: 'a publisher hears 0x97 where the queue of everybody subscribed is full',
    options: { limits: { queueMessages: 2 } },
    run: async ({ join }) => {
      const away = await join('away', kept)
      await away.subscribe('t', { qos: 1 })
      away.cut()
      const sender = await join('sender')
      for (let id = 1; id <= 3; id++) sender.send(publishBytes(5, 't', { flags: 2, id }))
      expect((await sender.take(3)).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0x97])
    },
  },
  {
    norm: 'choice: outbound aliases',
    versions: [5],
    says: 'a topic is written out once, and by its alias from then on',
    run: async ({ join }) => {
      const client = await join('a', { properties: { topicAliasMaximum: 10 } })
      await client.subscribe('t/#', { qos: 1 })
      const section = properties(property(0x26, text('k'), text('v')))
      for (const topic of ['t/1', 't/2', 't/1', 't/2']) client.send(publishBytes(5, topic, { section }))
      const seen = (await client.gather()).map(({ topic, properties: told }) => [topic, told?.topicAlias])
      expect(seen).toEqual([
        ['t/1', 1],
        ['t/2', 2],
        ['', 1],
        ['', 2],
      ])
    },
  },
)

import fc from 'fast-check'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connectCorpus, packetCorpus } from '../fuzz/corpus.js'
import { mutate, mutation } from '../fuzz/mutation.js'
import { connectBytes, text } from '../conformance/bytes.js'
import { dialTcp } from '../conformance/raw-client.js'
import { useDurableBroker } from './durable-broker.js'
import { Publisher, Receiver, Subscriber } from './session-client.js'

const kills = Number(process.env['ANTIPHON_KILLS'] ?? 2)
const broker = useDurableBroker()

/** Milliseconds between two batches, and the messages of a batch. */
const tick = 10
const batch = 4
const maxPending = 400
const filters = Array.from({ length: 12 }, (_, index) => `changing/${index}`)
const topics = ['plain', 'exact', 'group/one', 'group/two'] as const
const qosOf = (topic: (typeof topics)[number]): 1 | 2 => (topic === 'plain' || topic === 'group/one' ? 1 : 2)

/** Sends mutated packets until the connection is closed. */
async function attack(port: number): Promise<void> {
  const attacker = await dialTcp(port, 5)
  const isValid = Math.random() < 0.7
  const [first] = isValid ? [connectBytes(5, { payload: text('attacker') })] : connectCorpus(5)
  const packets = [first as Buffer, ...fc.sample(fc.shuffledSubarray([...packetCorpus(5)]), 1).flat()]
  const changes = fc.sample(mutation, 3)
  for (const bytes of changes.reduce((all: readonly Buffer[], change) => mutate(all, change), packets))
    attacker.send(bytes)
  attacker.cut()
}

describe('a broker with durable storage and default settings', () => {
  it(
    `loses no message, doubles no QoS 2 message and keeps acknowledged subscriptions over ${kills} kills`,
    { timeout: 120_000 + kills * 30_000 },
    async () => {
      const publisher = new Publisher(broker, 'publisher')
      const prober = new Publisher(broker, 'prober')
      const subscriber = new Subscriber(broker, 'subscriber')
      const receiver = new Receiver(broker, 'receiver')
      const members = ['one', 'two', 'three'].map((name) => new Receiver(broker, `member-${name}`))
      const all = [publisher, prober, subscriber, receiver, ...members]
      for (const client of all) await client.connect()
      receiver.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic: 'plain', qos: 1 },
          { topic: 'exact', qos: 2 },
        ],
      })
      for (const member of members)
        member.send({
          cmd: 'subscribe',
          messageId: 1,
          subscriptions: [
            { topic: '$share/workers/group/one', qos: 1 },
            { topic: '$share/workers/group/two', qos: 2 },
          ],
        })
      for (const client of all) await client.flush()

      const received = (topic: string): readonly Receiver[] =>
        topic.startsWith('group') ? members : [receiver]
      const countOf = (topic: string, number: number): number =>
        received(topic).reduce((sum, { counts }) => sum + (counts.get(`${topic} ${number}`) ?? 0), 0)
      const lost = (): readonly string[] =>
        topics.flatMap((topic) =>
          (publisher.acknowledged.get(topic) ?? [])
            .filter((number) => countOf(topic, number) === 0)
            .map((number) => `${topic} ${number}`),
        )

      for (let kill = 0; kill < kills; kill++) {
        // One member is away in each round, all of them in every fourth.
        for (const [index, member] of members.entries())
          if (kill % 4 === 3 || index === kill % 4) await member.cut()
        const killAt = performance.now() + 300 + Math.random() * 400
        const hasKnown = (): boolean => subscriber.isSubscribed.size > 0
        for (let round = 0; performance.now() < killAt || !hasKnown(); round++) {
          for (let count = 0; count < batch && publisher.pending < maxPending; count++) {
            const topic = topics[count % topics.length] ?? 'plain'
            publisher.publish(topic, qosOf(topic))
          }
          const filter = filters[round % filters.length] ?? ''
          subscriber.change(filter, subscriber.isSubscribed.get(filter) !== true)
          if (round % 5 === 0) void attack(broker.port).catch(() => undefined)
          // The rate needs real time.
          await wait(tick)
        }
        await broker.kill()
        for (const client of all) await client.ended()
        await broker.start()

        // The probes are published while the subscriber is away: its session alone knows the subscriptions.
        expect(await prober.connect()).toBe(true)
        for (const filter of filters) prober.publish(`${filter}`, 1)
        while (prober.pending > 0) await prober.flush()
        const known = [...subscriber.isSubscribed]
        expect(known.length).toBeGreaterThan(0)
        subscriber.counts.clear()
        for (const client of [publisher, subscriber, receiver, ...members])
          expect(await client.connect()).toBe(true)
        await subscriber.flush()
        const probed = (filter: string): boolean =>
          [...subscriber.counts.keys()].some((message) => message.startsWith(`${filter} `))
        expect(known.map(([filter]) => [filter, probed(filter)])).toEqual(known)

        while (publisher.pending > 0) await publisher.flush()
        await expect.poll(lost, { timeout: 60_000 }).toEqual([])
      }

      // What was sent twice would arrive before PINGRESP.
      for (const client of all) await client.flush()
      const doubled = (['exact', 'group/two'] as const).flatMap((topic) =>
        (publisher.acknowledged.get(topic) ?? [])
          .filter((number) => countOf(topic, number) > 1)
          .map((number) => `${topic} ${number}`),
      )
      expect(doubled).toEqual([])
      if (process.env['ANTIPHON_KILLS'] !== undefined) {
        const total = topics.reduce((sum, topic) => sum + (publisher.acknowledged.get(topic)?.length ?? 0), 0)
        console.log(`${kills} kills, ${total} messages, none lost, no QoS 2 message doubled`)
      }
    },
  )
})

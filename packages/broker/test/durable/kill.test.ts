import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { publishBytes } from '../conformance/bytes.js'
import type { RawClient } from '../conformance/raw-client.js'
import { kept, receive, useDurableBroker } from './durable-broker.js'

const kills = Number(process.env['ANTIPHON_KILLS'] ?? 2)
/** Messages a second, as so many in each of a hundred ticks. */
const rate = 1_000
const tick = 10
const broker = useDurableBroker()

/** Publishes at the rate until the connection is gone; what was acknowledged by then counts. */
async function publishUntilKilled(
  client: RawClient,
  first: number,
  acknowledged: Set<number>,
): Promise<number> {
  let next = first
  let isGone = false
  const pending = new Map<number, number>()
  const listening = (async () => {
    for (;;) {
      const { cmd, messageId = 0, reasonCode = 0 } = await client.next()
      const number = pending.get(messageId)
      if (cmd !== 'puback' || number === undefined) continue
      if (reasonCode < 0x80) acknowledged.add(number)
      pending.delete(messageId)
    }
  })().catch(() => (isGone = true))
  while (!isGone) {
    for (let count = 0; count < (rate * tick) / 1_000 && pending.size < 500; count++, next++) {
      const id = (next % 60_000) + 1
      pending.set(id, next)
      client.send(publishBytes(5, 'durable', { flags: 2, id, payload: `${next}` }))
    }
    // A rate is a matter of the clock.
    await wait(tick)
  }
  await listening
  return next
}

describe('a broker on the durable storage', () => {
  it(
    `killed ${kills} times under ${rate} publishes a second loses nothing it acknowledged`,
    { timeout: 60_000 + kills * 10_000 },
    async () => {
      const acknowledged = new Set<number>()
      const seen = new Set<number>()
      let next = 0
      const [first] = await broker.connect('receiver', kept)
      await first.subscribe('durable', { qos: 1 })
      first.send('e0 00')
      for (let kill = 0; kill < kills; kill++) {
        const before = acknowledged.size
        const [sender] = await broker.connect('sender')
        // Every other time the receiver is there, so that messages die in flight as well as in the queue.
        const receiving =
          kill % 2 === 0 ? receive((await broker.connect('receiver', kept))[0], seen, () => false) : undefined
        const publishing = publishUntilKilled(sender, next, acknowledged)
        await wait(300 + Math.floor(Math.random() * 300))
        await broker.kill()
        next = await publishing
        await receiving
        expect(acknowledged.size).toBeGreaterThan(before)
        await broker.start()
        const [receiver, connack] = await broker.connect('receiver', kept)
        expect(connack.sessionPresent).toBe(true)
        // What waits comes before the end mark, which is queued behind it.
        receiver.send(publishBytes(5, 'durable', { flags: 2, id: 1, payload: '-1' }))
        seen.delete(-1)
        await receive(receiver, seen, () => seen.has(-1))
        receiver.send('e0 00')
        expect([...acknowledged].filter((number) => !seen.has(number))).toEqual([])
      }
      if (process.env['ANTIPHON_KILLS'] !== undefined)
        console.log(`${kills} kills, ${acknowledged.size} of ${next} messages acknowledged, none lost`)
    },
  )

  it('has its retained messages, subscriptions and wills again after being killed', async () => {
    const [client] = await broker.connect('a', {
      ...kept,
      will: { topic: 'will', payload: 'gone', qos: 1, retain: false },
    })
    expect(await client.subscribe('t/#', { qos: 2, properties: { subscriptionIdentifier: 7 } })).toEqual([2])
    const [watcher] = await broker.connect('watcher', kept)
    await watcher.subscribe('will', { qos: 1 })
    for (const [id, topic] of ['kept/1', 'kept/2', 'kept/1'].entries())
      watcher.send(publishBytes(5, topic, { flags: 3, id: id + 1, payload: `${id}` }))
    watcher.send(publishBytes(5, 'kept/2', { flags: 3, id: 9 }))
    await watcher.take(4)
    // A QoS 2 message between PUBREC and PUBREL: the same identifier is still the same message afterwards.
    client.send(publishBytes(5, 'inbound', { flags: 4, id: 5, payload: 'once' }))
    await client.next('pubrec')
    await broker.kill()
    await broker.start()

    const [again, connack] = await broker.connect('watcher', kept)
    expect(connack.sessionPresent).toBe(true)
    expect(await again.next('publish')).toMatchObject({ topic: 'will', payload: Buffer.from('gone') })
    await again.subscribe('kept/#', { qos: 0 })
    expect(await again.gather()).toMatchObject([{ topic: 'kept/1', payload: Buffer.from('2'), retain: true }])
    await again.subscribe('inbound', { qos: 0 })
    const [back, present] = await broker.connect('a', kept)
    expect(present.sessionPresent).toBe(true)
    back.send(publishBytes(5, 'inbound', { flags: 0x0c, id: 5, payload: 'once' }))
    expect(await back.next('pubrec')).toMatchObject({ reasonCode: 0 })
    await again.quiet()
    again.send(publishBytes(5, 't/1', { flags: 2, id: 1, payload: 'x' }))
    expect(await back.next('publish')).toMatchObject({ qos: 1, properties: { subscriptionIdentifier: 7 } })
  })
})
